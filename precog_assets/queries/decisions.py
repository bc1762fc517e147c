"""Decisions as they were recorded: one by its id, the latest of a market, frames of many, the funnel of gates.

Belongs here: reading `book.decisions`. Does not: what a market without a decision lacks (`why`), where its numbers
come from (`explain`), deciding (`trading`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.trading import GateResult
from precog_assets.queries.connection import PRICE, UTC_INSTANT, aware, frame

TAKEN = "taken"
"""The reason of a decision that no gate stopped."""
DECISIONS = {
    "decision_id": pl.String,
    "market_id": pl.String,
    "game_id": pl.String,
    "league": pl.String,
    "strategy": pl.String,
    "as_of": UTC_INSTANT,
    "action": pl.String,
    "reason": pl.String,
    "side": pl.String,
    "limit_price": PRICE,
    "contracts": pl.Decimal(20, 2),
    "p_model": pl.Float64,
    "p_market": pl.Float64,
    "p_trading": pl.Float64,
    "divergence": pl.Float64,
    "net_value": PRICE,
    "rung": pl.String,
    "repeats": pl.Int32,
    "last_repeated_at": UTC_INSTANT,
}
FUNNEL = {
    "strategy": pl.String,
    "position": pl.Int32,
    "gate": pl.String,
    "markets": pl.Int64,
    "passed": pl.Int64,
    "stopped": pl.Int64,
    "share_passed": pl.Float64,
    "share_of_all": pl.Float64,
}
SHORTEST_PREFIX = 4
_HEX = re.compile(r"[0-9a-f]+")
_RECORD = (
    "decision_id, market_id, game_id, league, strategy, strategy_hash, limits_hash, as_of, action, reason, side, "
    "limit_price, contracts, p_model, p_market, p_trading, divergence, net_value, rung, gates, snapshot, details, "
    "repeats, last_repeated_at, computed_at"
)
_BY_PREFIX = sa.text(
    f"SELECT {_RECORD} FROM book.decisions WHERE decision_id >= :prefix AND decision_id <= :last "
    "AND starts_with(decision_id, :prefix) ORDER BY decision_id LIMIT 6"
)
_LATEST = sa.text(
    f"SELECT DISTINCT ON (strategy) {_RECORD} FROM book.decisions WHERE market_id = :market_id "
    "AND (CAST(:strategy AS text) IS NULL OR strategy = :strategy) ORDER BY strategy, as_of DESC, computed_at DESC"
)
_CHOSEN = (
    "coalesce(d.last_repeated_at, d.as_of) >= :since AND d.as_of < :until "
    "AND (CAST(:league AS text) IS NULL OR d.league = :league) "
    "AND (CAST(:strategy AS text) IS NULL OR d.strategy = :strategy)"
)
_MANY = sa.text(
    f"SELECT {', '.join('d.' + name for name in DECISIONS)} FROM book.decisions d WHERE {_CHOSEN} "
    "ORDER BY d.as_of, d.market_id, d.strategy"
)
_FUNNEL = sa.text(
    f"""
    WITH reached AS (
        SELECT d.strategy, d.market_id, d.decision_id, d.as_of,
            CASE WHEN d.reason = '{TAKEN}' THEN jsonb_array_length(d.gates) + 1 ELSE coalesce(
                (SELECT min(g.ord) FROM jsonb_array_elements(d.gates) WITH ORDINALITY g (gate, ord)
                 WHERE g.gate ->> 'name' = d.reason),
                (SELECT min(g.ord) FROM jsonb_array_elements(d.gates) WITH ORDINALITY g (gate, ord)
                 WHERE g.gate ->> 'passed' IS DISTINCT FROM 'true'), 1) END AS stopped_at
        FROM book.decisions d WHERE {_CHOSEN}
    ), furthest AS (
        SELECT DISTINCT ON (strategy, market_id) * FROM reached
        ORDER BY strategy, market_id, stopped_at DESC, as_of DESC
    ), asked AS (
        SELECT f.strategy, g.gate ->> 'name' AS gate, g.ord, f.stopped_at
        FROM furthest f JOIN book.decisions d USING (decision_id)
        CROSS JOIN LATERAL jsonb_array_elements(d.gates) WITH ORDINALITY g (gate, ord)
    ), counted AS (
        SELECT strategy, gate, max(ord) AS place, count(*) FILTER (WHERE stopped_at >= ord) AS markets,
            count(*) FILTER (WHERE stopped_at > ord) AS passed
        FROM asked GROUP BY strategy, gate
    ), totals AS (
        SELECT strategy, count(*) AS markets FROM furthest GROUP BY strategy
    )
    SELECT c.strategy, CAST(row_number() OVER (PARTITION BY c.strategy ORDER BY c.place, c.gate) AS int), c.gate,
        c.markets, c.passed, c.markets - c.passed, CAST(c.passed AS double precision) / nullif(c.markets, 0),
        CAST(c.passed AS double precision) / nullif(t.markets, 0)
    FROM counted c JOIN totals t USING (strategy) ORDER BY c.strategy, c.place, c.gate
    """
)


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A row of `book.decisions`; types as in `domain.trading.Decision`, `snapshot` and `details` as JSON."""

    decision_id: str
    market_id: str
    game_id: str | None
    league: str | None
    strategy: str
    strategy_hash: str
    limits_hash: str
    as_of: datetime
    action: str
    reason: str
    side: str | None
    limit_price: Decimal | None
    contracts: Decimal
    p_model: float | None
    p_market: float | None
    p_trading: float | None
    divergence: float | None
    net_value: Decimal | None
    rung: str
    gates: tuple[GateResult, ...]
    snapshot: Mapping[str, Any]
    details: Mapping[str, Any]
    repeats: int
    """How often the same verdict came again."""
    last_repeated_at: datetime | None
    computed_at: datetime

    @property
    def taken(self) -> bool:
        return self.reason == TAKEN

    @property
    def stopped_by(self) -> GateResult | None:
        """The gate the reason names; None where it was taken, or the reason is no gate's."""
        return next((gate for gate in self.gates if gate.name == self.reason), None)


def decision(engine: sa.Engine, decision_id: str) -> RecordedDecision:
    """The decision of an id, or of the beginning of one (four digits or more) where it is the only one.

    Raises ConfigurationError for what is no id, for none, and for several.
    """
    prefix = decision_id.strip().lower()
    if len(prefix) < SHORTEST_PREFIX or not _HEX.fullmatch(prefix):
        raise ConfigurationError(
            f"decision {decision_id!r}: expected its id or its first {SHORTEST_PREFIX} or more hexadecimal digits; "
            "`precog why TICKER` shows ids."
        )
    with engine.connect() as connection:
        rows = connection.execute(_BY_PREFIX, {"prefix": prefix, "last": f"{prefix}g"}).all()
    exact = [row for row in rows if row.decision_id == prefix]
    if not rows:
        raise ConfigurationError(f"decision {decision_id!r}: there is none; `precog why TICKER` shows ids.")
    if len(rows) > 1 and not exact:
        some = ", ".join(row.decision_id for row in rows[:5])
        raise ConfigurationError(f"decision {decision_id!r}: several begin so: {some}; give more digits.")
    return _recorded((exact or rows)[0])


def latest_decisions(engine: sa.Engine, market_id: str, *, strategy: str | None = None) -> list[RecordedDecision]:
    """The last decision of every strategy on a market, by the strategy's name; of one strategy if named."""
    with engine.connect() as connection:
        rows = connection.execute(_LATEST, {"market_id": market_id, "strategy": strategy}).all()
    return [_recorded(row) for row in rows]


def decisions(
    engine: sa.Engine, *, since: datetime, until: datetime, league: str | None = None, strategy: str | None = None
) -> pl.DataFrame:
    """Decisions that were made before `until` and held at `since` or later, by instant; columns of DECISIONS.

    A verdict that came again is one row: `repeats` counts, `last_repeated_at` is when last.
    """
    return frame(engine, _MANY, _range(since, until, league, strategy), DECISIONS)


def funnel(
    engine: sa.Engine, *, since: datetime, until: datetime, league: str | None = None, strategy: str | None = None
) -> pl.DataFrame:
    """How many markets came to each gate, and how many passed it, a row a strategy and gate; columns of FUNNEL.

    A market counts once a strategy, by the decision of the time that came furthest: one that was priced at noon and
    closed at night passed what it passed at noon. `stopped`: the gate named as the reason. `share_passed` is of those
    that came to the gate, `share_of_all` of all markets decided on; both 0 to 1.
    """
    return frame(engine, _FUNNEL, _range(since, until, league, strategy), FUNNEL)


def _range(since: datetime, until: datetime, league: str | None, strategy: str | None) -> dict[str, Any]:
    if until <= since:
        raise ValueError(f"until={until!r} is not after since={since!r}")
    return {"since": aware("since", since), "until": aware("until", until), "league": league, "strategy": strategy}


def _recorded(row: Any) -> RecordedDecision:
    values = row._asdict()
    gates = tuple(
        GateResult(gate["name"], gate["passed"], gate["value"], gate["threshold"], gate.get("detail") or "")
        for gate in values.pop("gates")
    )
    return RecordedDecision(gates=gates, **values)
