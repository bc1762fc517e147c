"""Prices of markets as stored: a row for each change of what is said of a market's outcome, none for the same again.

Belongs here: `model.prices`. Does not: making prices (`pricing.event`), which markets are priced (`pipeline.price`).

A market that has no price any more keeps its last row: what was said at an instant, not what holds now. A decision
reads quotes and forecasts, never this table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import ForecastFacts, PriceFacts
from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, WriteCounts, write

PRICES = CurrentTarget(
    tables.prices,
    key=("market_id", "model_version", "as_of"),
    values=(),
    once=(
        "game_id",
        "outcome",
        "p_model",
        "p_market",
        "p_trading",
        "model_weight",
        "divergence",
        "forecast_computed_at",
        "quote_observed_at",
        "computed_at",
    ),
)
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('model.prices', 0))")
_LAST = sa.text(
    """
    SELECT p.market_id, p.model_version, p.as_of, p.game_id, p.outcome, p.p_model, p.p_market, p.p_trading,
           p.model_weight, p.forecast_computed_at
    FROM unnest(CAST(:markets AS text[]), CAST(:versions AS text[])) AS w (market_id, model_version)
    CROSS JOIN LATERAL (
        SELECT * FROM model.prices WHERE market_id = w.market_id AND model_version = w.model_version
        ORDER BY as_of DESC LIMIT 1
    ) p
    """
)
_PRICED = sa.text(
    "SELECT w.market_id FROM unnest(CAST(:markets AS text[])) AS w (market_id) "
    "WHERE EXISTS (SELECT 1 FROM model.prices p WHERE p.market_id = w.market_id)"
)


Said = tuple[str, str, float | None, float, float, float, datetime | None]


@dataclass(frozen=True, slots=True)
class Priced:
    """What is said of a market by one model version."""

    market_id: str
    model_version: str
    game_id: str
    outcome: Outcome
    price: PriceFacts
    p_model: float | None
    """Of YES, now: in play by the model of games in play."""
    forecast: ForecastFacts | None
    quote_observed_at: datetime
    """Of the newest quote that went into it."""

    @property
    def said(self) -> Said:
        """Everything whose change is a change of price."""
        made = self.forecast
        return (
            self.game_id,
            self.outcome.value,
            self.p_model,
            self.price.p_market,
            self.price.p_trading,
            self.price.model_weight,
            None if made is None else made.computed_at,
        )


def take_turn(connection: sa.Connection) -> None:
    """Wait for the turn to price, held to the transaction's end: two at once would both see a change."""
    connection.execute(_TURN)


def write_prices(connection: sa.Connection, priced: Sequence[Priced], as_of: datetime) -> WriteCounts:
    """Write what differs from the last row of its market and version. The caller has the turn.

    An `as_of` that is not after the last row's changes nothing: instants must not go back.
    """
    if not priced:
        return WriteCounts()
    given = {"markets": [one.market_id for one in priced], "versions": [one.model_version for one in priced]}
    last = {(row.market_id, row.model_version): row for row in connection.execute(_LAST, given)}
    rows, changed = [], 0
    for one in priced:
        before = last.get((one.market_id, one.model_version))
        if before is not None and (before.as_of >= as_of or _is_same(tuple(before[3:]), one.said)):
            continue
        changed += before is not None
        said = one.said
        key = (one.market_id, one.model_version, as_of)
        rows.append((*key, *said[:6], one.price.divergence, said[6], one.quote_observed_at, as_of))
    write(connection, PRICES, rows)
    return WriteCounts(len(priced), len(rows) - changed, changed)


def _is_same(before: Said, now: Said) -> bool:
    """Whether nothing changed. In play a clock alone moves the model's probability, from one look to the next by less
    than anybody acts on: that counts once it comes to a thousandth."""
    return (*before[:2], *before[3:]) == (*now[:2], *now[3:]) and _thousandths(before[2]) == _thousandths(now[2])


def _thousandths(p: float | None) -> float | None:
    return None if p is None else round(p, 3)


def ever_priced(connection: sa.Connection, market_ids: Sequence[str]) -> set[str]:
    """Those of the markets that have a price of any instant."""
    return set(connection.scalars(_PRICED, {"markets": list(market_ids)}))
