"""A decision made again: its snapshot from stored facts, today's code, the configuration that was recorded.

What comes out differently has one of two causes, told apart by deciding twice: on the facts as they stand now (a fact
came late, or was mended), and on the snapshot that was recorded (the code has changed).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from math import isclose
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_fees
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import Decision, Rung, Snapshot
from precog_assets.pipeline.feeds import in_database
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.queries.decisions import RecordedDecision, decision
from precog_assets.queries.explain_fees import observed_by
from precog_assets.store.fees import read_fee_facts
from precog_assets.store.snapshots import from_json, read_for, snapshot_at, snapshot_of
from precog_assets.trading.decide import Decider

FIELDS = (
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
)
"""Of a decision, compared besides its gates and details."""
_CONFIGURATION = sa.text(
    """
    SELECT s.parameters AS strategy, l.parameters AS limits
    FROM (SELECT 1) one LEFT JOIN book.strategies s ON s.strategy_hash = :strategy_hash
    LEFT JOIN book.limits l ON l.limits_hash = :limits_hash
    """
)
_SIZED_WITH = sa.text(
    """
    SELECT market_id, CASE WHEN as_of = :as_of THEN snapshot END AS snapshot,
           as_of = :as_of OR last_repeated_at = :as_of AS surely
    FROM book.decisions
    WHERE as_of BETWEEN :since AND :as_of AND (as_of = :as_of OR last_repeated_at >= :as_of)
      AND strategy_hash = :strategy_hash AND market_id <> :market_id
      AND (details ? 'kelly_together' OR reason = 'skill')
    ORDER BY market_id
    """
)
"""Bets that stood at the instant. Between the first time of a verdict and its last, not every time is on record."""
NOISE = 1e-9
"""Relative difference of two floats that are the same: another build of the same library rounds elsewhere."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is not what was recorded."""

    name: str
    """With its place, e.g. `quote.observed_at` or `gates.spread.value`."""
    recorded: Any
    now: Any

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "recorded": _plain(self.recorded), "now": _plain(self.now)}


@dataclass(frozen=True, slots=True)
class DecisionReplay:
    """What deciding again came to. Empty everywhere: the same."""

    recorded: RecordedDecision
    facts: tuple[Change, ...]
    """Of the snapshot, rebuilt from what is stored."""
    verdict: tuple[Change, ...]
    """Of the decision on the rebuilt snapshot."""
    code: tuple[Change, ...]
    """Of the decision on the recorded snapshot: what today's code alone does differently."""
    sized_with: int = 0
    """Other bets of that instant, which shared the limits."""

    @property
    def same(self) -> bool:
        return not (self.facts or self.verdict or self.code)

    @property
    def summary(self) -> str:
        """`same`, or what differs, in one line."""
        if self.code:
            return "differs: today's code decides otherwise on what was read then"
        if self.verdict:
            return "differs: facts are not what was read then; today's code decides the same on those"
        return "differs: facts are not what was read then; the decision stays the same" if self.facts else "same"

    def as_json(self) -> dict[str, Any]:
        """Everything, with nothing but JSON's types."""
        one = self.recorded
        parts = {"facts": self.facts, "verdict": self.verdict, "code": self.code}
        return {
            "decision_id": one.decision_id,
            "market_id": one.market_id,
            "strategy": one.strategy,
            "as_of": one.as_of.isoformat(),
            "action": one.action,
            "reason": one.reason,
            "same": self.same,
            "summary": self.summary,
            "sized_with": self.sized_with,
            **{name: [change.as_json() for change in changes] for name, changes in parts.items()},
        }


def replay_decision(engine: sa.Engine, decision_id: str) -> DecisionReplay:
    """Decide again what an id, or the unique beginning of one, names; nothing is written.

    Raises ConfigurationError for an id that is none, PrecogError(system.internal) where the configuration that the
    decision names was never stored.
    """
    recorded = decision(engine, decision_id)
    read = from_json(dict(recorded.snapshot))
    with in_database(engine) as connection:
        strategy, limits = _configuration(connection, recorded)
        stated = observed_by(read_fee_facts(connection, as_of=recorded.as_of), recorded.as_of)
        fees = FeeBook.of(load_fees(), stated)
        rebuilt = snapshot_at(connection, recorded.market_id, strategy, recorded.as_of, recorded=read)
        slates = _slates(connection, recorded, strategy)
    decider = Decider(strategy, limits, fees=fees, live_allowed=recorded.rung == Rung.LIVE.value)
    tried = [(others, _changes(recorded, decider.slate([read, *others])[0])) for others in slates]
    others, code = next((one for one in tried if not one[1]), tried[0])
    if rebuilt is None:
        missing = Change("market", recorded.market_id, None)
        return DecisionReplay(recorded, (missing,), (missing,), code, len(others))
    facts = tuple(_between("", asdict(read), asdict(rebuilt)))
    verdict = _changes(recorded, decider.slate([rebuilt, *others])[0]) if facts else code
    return DecisionReplay(recorded, facts, verdict, code, len(others))


def _configuration(connection: sa.Connection, recorded: RecordedDecision) -> tuple[Strategy, Limits]:
    row = connection.execute(
        _CONFIGURATION, {"strategy_hash": recorded.strategy_hash, "limits_hash": recorded.limits_hash}
    ).one()
    if row.strategy is None or row.limits is None:
        raise PrecogError(
            "system.internal",
            f"decision {recorded.decision_id} names strategy {recorded.strategy_hash} and limits "
            f"{recorded.limits_hash}; not both are stored in book.strategies and book.limits.",
        )
    return Strategy.model_validate(row.strategy), Limits.model_validate(row.limits)


def _slates(connection: sa.Connection, recorded: RecordedDecision, strategy: Strategy) -> list[list[Snapshot]]:
    """What the decision may have been sized together with: every bet that stood, or those surely decided then.

    Of the others what was recorded is taken, where it is of this instant: whether it still holds is their own replay.
    """
    if "kelly_together" not in recorded.details:
        return [[]]
    chosen = {
        "strategy_hash": recorded.strategy_hash,
        "market_id": recorded.market_id,
        "as_of": recorded.as_of,
        "since": recorded.as_of - timedelta(hours=strategy.gates.max_hours_to_start),
    }
    rows = connection.execute(_SIZED_WITH, chosen).all()
    stood = {row.market_id: from_json(row.snapshot) for row in rows if row.snapshot is not None}
    again = [row.market_id for row in rows if row.snapshot is None]
    if again:
        known, exposure = read_for(connection, again, [strategy], recorded.as_of)
        stood |= {
            one: snapshot_of(known, exposure, one, strategy, recorded.as_of) for one in again if one in known.markets
        }
    surely = [stood[row.market_id] for row in rows if row.surely and row.market_id in stood]
    return [list(stood.values())] if len(surely) == len(stood) else [list(stood.values()), surely]


def _changes(recorded: RecordedDecision, now: Decision) -> tuple[Change, ...]:
    found = [
        Change(name, old, new)
        for name in FIELDS
        if not _same(old := getattr(recorded, name), new := _value(getattr(now, name)))
    ]
    gates = {gate.name: gate for gate in recorded.gates}
    again = {gate.name: replace(gate, **_plain(gate)) for gate in now.gates}
    for name in dict.fromkeys((*gates, *again)):
        old, new = gates.get(name), again.get(name)
        if old is None or new is None:
            found.append(Change(f"gates.{name}", "asked" if old else "not asked", "asked" if new else "not asked"))
            continue
        parts = ("passed", "value", "threshold", "detail")
        found.extend(
            Change(f"gates.{name}.{part}", getattr(old, part), getattr(new, part))
            for part in parts
            if not _same(getattr(old, part), getattr(new, part))
        )
    found.extend(_between("details", dict(recorded.details), _plain(now.details)))
    return tuple(found)


def _between(place: str, old: Any, new: Any) -> Iterator[Change]:
    """Where two values differ, leaf by leaf; numbers by their value, whatever their decimals."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _between(f"{place}.{name}" if place else str(name), old.get(name), new.get(name))
    elif not _same(old, new):
        yield Change(place, _plain(old), _plain(new))


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=str))


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return isclose(old, new, rel_tol=NOISE, abs_tol=NOISE)
    return old == new


def _value(value: Any) -> Any:
    """As a row of the table has it."""
    return str(value) if isinstance(value, str) else value
