"""Decisions of a period with what came of their orders at one venue: fills, fees, payout.

Belongs here: reading `book`. Does not: what a backtest would have done (`pipeline.divergence`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.queries.connection import aware

_TRADED = sa.text(
    """
    SELECT d.decision_id, d.strategy, d.strategy_hash, d.limits_hash, d.market_id, d.league, d.as_of, d.action,
        d.reason, d.side, d.limit_price, coalesce(f.contracts, 0) AS contracts, coalesce(f.cost, 0) AS cost,
        coalesce(f.fees, 0) AS fees, s.yes_value, s.given_back
    FROM book.decisions d
    LEFT JOIN LATERAL (
        SELECT sum(f.contracts) AS contracts, sum(f.contracts * f.price) AS cost, sum(f.fee) AS fees
        FROM book.orders o JOIN book.fills f USING (client_id)
        WHERE o.decision_id = d.decision_id AND o.venue = :venue
    ) f ON true
    LEFT JOIN LATERAL (
        SELECT yes_value, result = 'void' AND venue_value IS NULL AS given_back FROM book.settlements s
        WHERE s.market_id = d.market_id ORDER BY amends DESC LIMIT 1
    ) s ON true
    WHERE d.as_of >= :since AND d.as_of < :until
        AND (CAST(:league AS text) IS NULL OR d.league = :league)
        AND (CAST(:strategy AS text) IS NULL OR d.strategy = :strategy)
    ORDER BY d.as_of, d.market_id, d.strategy
    """
)
_RULES = sa.text(
    """
    SELECT s.parameters AS strategy, l.parameters AS limits FROM book.strategies s, book.limits l
    WHERE s.strategy_hash = :strategy_hash AND l.limits_hash = :limits_hash
    """
)


@dataclass(frozen=True, slots=True)
class Traded:
    """A decision and what its order came to; dollars, prices those of the side bought."""

    decision_id: str
    strategy: str
    strategy_hash: str
    limits_hash: str
    market_id: str
    league: str | None
    as_of: datetime
    action: str
    reason: str
    side: str | None
    limit_price: Decimal | None
    contracts: Decimal
    """Filled; 0 where there was no order, or nobody sold."""
    cost: Decimal
    fees: Decimal
    yes_value: Decimal | None
    """None while the market is not settled."""
    given_back: bool | None


def traded(
    engine: sa.Engine,
    *,
    since: datetime,
    until: datetime,
    league: str | None = None,
    strategy: str | None = None,
    venue: str = "paper",
) -> list[Traded]:
    """Decisions made from `since` to before `until`, in time order. Raises ValueError for instants without a zone."""
    given = {"league": league, "strategy": strategy, "venue": venue}
    bounds = {"since": aware("since", since), "until": aware("until", until)}
    with engine.connect() as connection:
        return [Traded(*row) for row in connection.execute(_TRADED, {**given, **bounds})]


def recorded_rules(engine: sa.Engine, strategy_hash: str, limits_hash: str) -> tuple[Strategy, Limits]:
    """The configuration that decisions name. Raises PrecogError(system.internal) where it is not stored."""
    named = {"strategy_hash": strategy_hash, "limits_hash": limits_hash}
    with engine.connect() as connection:
        row = connection.execute(_RULES, named).one_or_none()
    if row is None:
        raise PrecogError(
            "system.internal",
            f"strategy {strategy_hash} with limits {limits_hash}: not both are in book.strategies and book.limits.",
        )
    return Strategy.model_validate(row.strategy), Limits.model_validate(row.limits)
