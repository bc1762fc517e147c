"""Writing decisions: a row for each change of verdict, a count of the same again, the configuration they rest on.

Belongs here: `book.decisions`, `book.strategies`, `book.limits`. Does not: reading them for people
(`queries.decisions`), what follows from a decision (`book.py`), deciding (`trading`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import Action, Decision, Snapshot
from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, write
from precog_assets.store.snapshots import to_json

DECISIONS = CurrentTarget(
    tables.decisions,
    key=("decision_id",),
    values=(),
    once=(
        "market_id",
        "game_id",
        "league",
        "strategy",
        "strategy_hash",
        "limits_hash",
        "as_of",
        "action",
        "reason",
        "side",
        "limit_price",
        "contracts",
        "p_model",
        "p_market",
        "p_trading",
        "divergence",
        "net_value",
        "rung",
        "gates",
        "snapshot",
        "details",
        "computed_at",
    ),
)
_LAST = sa.text(
    """
    SELECT w.market_id, w.strategy, d.*
    FROM unnest(CAST(:markets AS text[]), CAST(:strategies AS text[])) AS w (market_id, strategy)
    CROSS JOIN LATERAL (
        SELECT decision_id, action, reason, side, strategy_hash, as_of, last_repeated_at FROM book.decisions
        WHERE market_id = w.market_id AND strategy = w.strategy ORDER BY as_of DESC LIMIT 1
    ) d
    """
)
_REPEATED = sa.text(
    """
    UPDATE book.decisions d SET repeats = repeats + 1, last_repeated_at = r.at
    FROM unnest(CAST(:ids AS text[]), CAST(:instants AS timestamptz[])) AS r (decision_id, at)
    WHERE d.decision_id = r.decision_id
    """
)


@dataclass(frozen=True, slots=True)
class WrittenDecisions:
    """What became of decisions: ids of those that are rows of their own now, and how many said the same as before."""

    new: frozenset[str]
    repeated: int


def limits_hash(limits: Limits) -> str:
    """Twelve hex digits of every limit."""
    canonical = orjson.dumps(limits.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()[:12]


def write_rules(connection: sa.Connection, strategies: Iterable[Strategy], limits: Limits, now: datetime) -> None:
    """Record the configuration in force, once each, so that decisions can be made again under it."""
    bounds = limits.model_dump(mode="json")
    for strategy in strategies:
        row = {
            "strategy_hash": strategy.hash,
            "name": strategy.name,
            "parameters": strategy.model_dump(mode="json"),
            "limits": bounds,
            "created_at": now,
        }
        connection.execute(insert(tables.strategies).values(row).on_conflict_do_nothing())
    row = {"limits_hash": limits_hash(limits), "parameters": bounds, "created_at": now}
    connection.execute(insert(tables.limits).values(row).on_conflict_do_nothing())


def write_decisions(
    connection: sa.Connection, decided: Sequence[tuple[Decision, Snapshot]], limits: str, computed_at: datetime
) -> WrittenDecisions:
    """Write each change of verdict as a row, and count the verdicts that came again.

    A verdict is action, reason and side, of a version of a strategy. A take is always a row of its own, since an
    order follows from it. `limits` is the hash of the limits; instants must not go back. Written twice, a decision
    changes nothing.
    """
    last = _last_verdicts(connection, [one for one, _ in decided])
    rows: list[tuple[Any, ...]] = []
    again: dict[str, datetime] = {}
    for decision, snapshot in decided:
        before = last.get((decision.market_id, decision.strategy))
        if before is not None and max(before.as_of, before.last_repeated_at or before.as_of) >= decision.as_of:
            continue
        if before is None or decision.action is Action.TAKE or _verdict(before) != _verdict(decision):
            rows.append(_decision_row(decision, snapshot, limits, computed_at))
        else:
            again[before.decision_id] = decision.as_of
    write(connection, DECISIONS, rows)
    if again:
        connection.execute(_REPEATED, {"ids": list(again), "instants": list(again.values())})
    return WrittenDecisions(frozenset(row[0] for row in rows), len(again))


def _last_verdicts(connection: sa.Connection, decisions: Sequence[Decision]) -> dict[tuple[str, str], Any]:
    given = {"markets": [one.market_id for one in decisions], "strategies": [one.strategy for one in decisions]}
    return {(row.market_id, row.strategy): row for row in connection.execute(_LAST, given)} if decisions else {}


def _verdict(one: Any) -> tuple[str, str, str | None, str]:
    return str(one.action), one.reason, None if one.side is None else str(one.side), one.strategy_hash


def _decision_row(one: Decision, snapshot: Snapshot, limits: str, computed_at: datetime) -> tuple[Any, ...]:
    return (
        one.decision_id,
        one.market_id,
        one.game_id,
        one.league,
        one.strategy,
        one.strategy_hash,
        limits,
        one.as_of,
        one.action.value,
        one.reason,
        None if one.side is None else one.side.value,
        one.limit_price,
        one.contracts,
        one.p_model,
        one.p_market,
        one.p_trading,
        one.divergence,
        one.net_value,
        one.rung.value,
        orjson.dumps(one.gates).decode(),
        to_json(snapshot),
        orjson.dumps(one.details, default=str).decode(),
        computed_at,
    )
