"""The prices of an event: what the market says of each outcome, and what may be traded on once a model is heard.

Belongs here: from the quotes of an event's markets to `PriceFacts`. Does not: removing the vig (`vig.py`), the pool
itself (`blend.py`), which markets are of one event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from math import nan

import numpy as np

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import PriceFacts
from precog_assets.pricing.blend import blend
from precog_assets.pricing.vig import MIDS_FROM, MIDS_TO

Sides = tuple[Decimal | None, Decimal | None]
"""Bid and ask of YES, dollars; None where nobody bids or asks."""
NOT_QUOTED = "not_quoted"
EMPTY = "empty_book"
ONE_SIDED = "one_sided_book"
CROSSED = "crossed_book"
LOCKED = "locked_book"
NO_SUM = "prices_sum_to_nothing"
"""The books are fine one by one, and their mids far from 1 together."""


def why_no_price(outcomes: Sequence[Outcome], sides: Mapping[Outcome, Sides]) -> str:
    """The first thing, in the order of `outcomes`, that keeps an event from `market_probabilities`; empty: nothing.

    One of NOT_QUOTED, EMPTY, ONE_SIDED, CROSSED, LOCKED, NO_SUM. An event of two outcomes needs one of them quoted. At
    0 and 1 nobody bids or asks.
    """
    quoted = [one for one in outcomes if one in sides]
    if len(quoted) < (1 if len(outcomes) == 2 else len(outcomes)):
        return NOT_QUOTED
    for one in quoted:
        bid, ask = (side if side is not None and 0 < side < 1 else None for side in sides[one])
        if bid is None or ask is None:
            return EMPTY if bid is ask else ONE_SIDED
        if bid >= ask:
            return CROSSED if bid > ask else LOCKED
    return "" if market_probabilities(outcomes, sides) is not None else NO_SUM


def market_probabilities(outcomes: Sequence[Outcome], sides: Mapping[Outcome, Sides]) -> tuple[float, ...] | None:
    """The mids of all outcomes brought to sum 1; of two outcomes with one market quoted, its mid and the rest.

    None where an outcome has no two-sided quote, a book is crossed or locked, or the mids sum to nothing like 1: where
    `vig.event_probabilities` raises. The same numbers, without arrays: events are many, and their outcomes few.
    """
    quoted = [one for one in outcomes if one in sides]
    if len(quoted) < (1 if len(outcomes) == 2 else len(outcomes)):
        return None
    mids: list[float] = []
    for one in quoted:
        bid, ask = sides[one]
        low, high = (nan, nan) if bid is None or ask is None else (float(bid), float(ask))
        if not 0.0 < low < high < 1.0:
            return None
        mids.append((low + high) / 2.0)
    if len(quoted) < len(outcomes):
        return (mids[0], 1.0 - mids[0]) if quoted[0] is outcomes[0] else (1.0 - mids[0], mids[0])
    total = sum(mids)
    return tuple(mid / total for mid in mids) if MIDS_FROM <= total <= MIDS_TO else None


def event_prices(
    outcomes: Sequence[Outcome],
    sides: Mapping[Outcome, Sides],
    model: Mapping[Outcome, float] | None,
    model_weight: float,
) -> dict[Outcome, PriceFacts] | None:
    """The price of every outcome of an event; None where the market has none.

    `model`: the forecast of every outcome; None or one that lacks an outcome: the market alone, at weight 0.
    `model_weight`, 0 to 1, as earlier seasons earned it.
    """
    said = market_probabilities(outcomes, sides)
    if said is None:
        return None
    if model is None or any(one not in model for one in outcomes):
        return {one: PriceFacts(p, p, 0.0, None) for one, p in zip(outcomes, said, strict=True)}
    believed = tuple(model[one] for one in outcomes)
    moved = _moved(believed, said, model_weight) if model_weight else said
    return {
        one: PriceFacts(p_market=p, p_trading=trading, model_weight=model_weight, divergence=model[one] - p)
        for one, p, trading in zip(outcomes, said, moved, strict=True)
    }


@lru_cache(maxsize=8192)
def _moved(model: tuple[float, ...], market: tuple[float, ...], weight: float) -> tuple[float, ...]:
    """`blend` of one event, made once for all steps that price it."""
    return tuple(blend(np.array([model], np.float64), np.array([market]), weight)[0].tolist())
