"""The fee schedule that a market had at an instant, from what was known then, and where it was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.fees import FeeFact


def observed_by(stated: Iterable[FeeFact], as_of: datetime) -> list[FeeFact]:
    """Statements that had been read by then: one that was read later counts as known since it took effect."""
    return [one for one in stated if one.observed_at <= as_of]


def fees_of(connection: sa.Connection, market: Mapping[str, Any], as_of: datetime) -> tuple[str, dict[str, Any]]:
    """The schedule in one line and by name; why there is none where there is none."""
    # Here, since all queries are imported by every command that asks, and few of them need the arithmetic.
    from precog_assets.config import load_fees
    from precog_assets.pricing.fee_book import FeeBook
    from precog_assets.pricing.fees import UnknownFeeError
    from precog_assets.store.fees import read_fee_facts

    try:
        stated = observed_by(read_fee_facts(connection, market["venue"], as_of=as_of), as_of)
        found = FeeBook.of(load_fees(), stated).schedule_at(
            market["venue"], market["series_ticker"], market["event_ticker"], as_of, as_of=as_of
        )
    except UnknownFeeError as error:
        return f"fees not known: {error}", {}
    times, taker, maker = (f"{one.normalize():f}" for one in (found.multiplier, found.taker_rate, found.maker_rate))
    title = f"fees {found.fee_type} times {times}: taker {taker}, maker {maker}, the multiplier included"
    values = {
        "venue": found.venue,
        "fee_type": found.fee_type,
        "multiplier": found.multiplier,
        "taker_rate": found.taker_rate,
        "maker_rate": found.maker_rate,
        "round_up_to": found.round_up_to,
        "said_by": found.source,
        "since": found.since,
    }
    return title, values
