"""Who does what now: which process feeds a source, and which one decides.

Belongs here: what sensors, commands and runs do about leases (`store.leases`). Does not: the lease's rows, the
collector's own life (`live/`).

The collector is preferred: while its heartbeat of a source is younger than EXPIRY_S, sensors leave that source to it,
and when it is older they feed it. Facts are taken from anyone, at any time: they are appended on change, so two feeders
at once cost requests and nothing else. Decisions and orders count from the holder of the lease TRADING alone, asked in
their own transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from precog_assets.store.leases import Held, Kind, Lease, acquire, new_holder, read_leases, release, require_epoch

TRADING = "trading"
"""The role of deciding and ordering; every other role is a source, e.g. espn, kalshi."""
TRADING_STEPS = ("prices", "decisions", "orders", "settlements")
"""What is done in it: steps of ops.steps, of which a collector writes several a second."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a process may do in a role now."""

    lease: Lease | None
    """Ours, where it was to be had."""
    why: str = ""
    """Why we yield; empty: we do not."""
    by_collector: bool = False
    """Whether the collector has the role."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of who has it instead: its name, its heartbeat's age, what it tells of itself."""


def sensors_turn(connection: sa.Connection, role: str, holder: str) -> Turn:
    """The turn of sensors: theirs unless a collector is there. `holder` is their process's, of kind SENSORS.

    In the role of a source, sensors of another process are no reason to yield: each step is taken by one at a time
    anyway. In TRADING they are.
    """
    held = read_leases(connection).get(role)
    if held is not None and held.live and held.kind == Kind.COLLECTOR:
        return Turn(None, f"the collector has {role} ({held.said()})", by_collector=True, facts=told(held))
    lease = acquire(connection, role, holder)
    if lease is not None:
        return Turn(lease)
    held = read_leases(connection).get(role)
    if held is None or (role != TRADING and held.kind == Kind.SENSORS):
        return Turn(None)
    return Turn(None, f"{role} is another's ({held.said()})", held.kind == Kind.COLLECTOR, told(held))


def told(held: Held) -> dict[str, Any]:
    """What a holder tells of itself, for metadata: numbers and short texts."""
    facts = {name: value for name, value in held.details.items() if isinstance(value, int | float | str)}
    return {"fed_by": held.holder, "epoch": held.epoch, "heartbeat_age_s": round(held.age_s, 1), **facts}


def fence(connection: sa.Connection, lease: Lease | None) -> str:
    """Make sure, to the end of this transaction, that its decisions and orders count; else why they do not.

    With a lease: raises PrecogError(system.epoch) when it is another's by now. Without one (a command, a run) the role
    is taken for this transaction, from sensors too, and the reason is given where a collector or another pass has it.
    """
    if lease is not None:
        require_epoch(connection, lease.role, lease.epoch)
        return ""
    mine = acquire(connection, TRADING, new_holder(Kind.ONCE), wait=True)
    if mine is None:
        held = read_leases(connection).get(TRADING)
        return f"{TRADING} is another's ({held.said()})" if held is not None else f"{TRADING} is another's"
    # Given up at once, and seen so by others when this transaction is over: they wait for the row until then.
    release(connection, mine)
    return ""
