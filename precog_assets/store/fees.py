"""Writing what venues said they charge, and reading it back for a fee book.

Belongs here: `market.fee_changes`. Does not: which statement holds at an instant (`pricing.fee_book`).
A change that was in force already when it was first read was no secret of ours: it is known since it took effect,
and not live.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.fees import FeeFact, FeeScope, FeeTermsSeen
from precog_assets.store.bulk import FactTarget, WriteCounts, write
from precog_assets.store.tables.market import fee_changes

FEE_CHANGES = FactTarget(
    fee_changes,
    key=("venue", "change_id"),
    values=("scope", "ticker", "series_ticker", "effective_at", "fee_type", "fee_multiplier"),
)


def write_fee_terms(connection: sa.Connection, observed: Sequence[tuple[FeeTermsSeen, Observation]]) -> WriteCounts:
    """Append the statements that are new or have changed; the others' last confirmation is moved on."""
    return write(connection, FEE_CHANGES, [_row(terms, seen) for terms, seen in observed])


def read_fee_facts(
    connection: sa.Connection, venue: str | None = None, *, as_of: datetime | None = None
) -> list[FeeFact]:
    """Every stored statement that was known at `as_of` (default: now), of one venue or all.

    A confirmation later than `as_of` is cut to it, as nobody had seen it then.
    """
    conditions = [] if venue is None else [fee_changes.c.venue == venue]
    if as_of is not None:
        conditions.append(fee_changes.c.known_at <= as_of)
    chosen = sa.select(fee_changes).where(*conditions).order_by(fee_changes.c.change_id, fee_changes.c.observed_at)
    return [_fact(row, as_of) for row in connection.execute(chosen)]


def overridden_events(connection: sa.Connection, venue: str) -> set[str]:
    """Events that ever had an override here: an override that is gone has to be written too."""
    chosen = sa.select(fee_changes.c.ticker).where(
        fee_changes.c.venue == venue, fee_changes.c.scope == FeeScope.EVENT.value
    )
    return set(connection.scalars(chosen.distinct()))


def _row(terms: FeeTermsSeen, seen: Observation) -> tuple[Any, ...]:
    known_at, origin = seen.observed_at, seen.origin
    if terms.effective_at is not None and terms.effective_at < seen.observed_at:
        known_at, origin = terms.effective_at, Origin.BACKFILL
    return (
        terms.venue,
        terms.change_id,
        seen.observed_at,
        terms.scope.value,
        terms.ticker,
        terms.series_ticker,
        terms.effective_at,
        terms.fee_type,
        terms.multiplier,
        known_at,
        origin.value,
        seen.response_id,
    )


def _fact(row: Any, as_of: datetime | None) -> FeeFact:
    terms = FeeTermsSeen(
        venue=row.venue,
        change_id=row.change_id,
        scope=FeeScope(row.scope),
        ticker=row.ticker,
        series_ticker=row.series_ticker,
        effective_at=row.effective_at,
        fee_type=row.fee_type,
        multiplier=row.fee_multiplier,
    )
    confirmed_at = row.confirmed_at if as_of is None else min(row.confirmed_at, as_of)
    return FeeFact(terms, observed_at=row.observed_at, confirmed_at=confirmed_at, known_at=row.known_at)
