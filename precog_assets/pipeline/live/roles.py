"""Who feeds a source: what a holder and those in wait do about the lease, by what the database says of it.

Belongs here: the decision, pure. Does not: the table (`ops.leases`), clocks: ages are the database's own.

A lease names its holder and an epoch that grows with every change of hands. The preferred holder is the collector;
the sensors take over when its heartbeat is old, and yield when it is back. Facts are taken from anyone; decisions and
orders only from the holder of the current epoch, which is asked in their own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

STALE_S = 10.0
"""A heartbeat older than this is a holder that is gone."""
BEAT_S = 2.0
"""How often a holder says that it is there: several times within STALE_S, so that one lost beat changes nothing."""
COLLECTOR, SENSORS = "collector", "sensors"
PREFERENCE = (COLLECTOR, SENSORS)
"""First the one that is to hold it whenever it can."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A source's lease as the database has it."""

    source: str
    role: str
    """collector or sensors."""
    holder: str
    """One process: host, pid and start."""
    epoch: int
    beat_age_s: float
    """Since the holder's last heartbeat, by the database's clock."""


class Move(Enum):
    """What to do now."""

    BEAT = "beat"
    """It is ours: say that we are there."""
    TAKE = "take"
    """Take it, with the next epoch."""
    WAIT = "wait"
    """It is another's."""
    YIELD = "yield"
    """It was ours and is not any more: stop deciding at once."""


def next_move(
    lease: Lease | None,
    role: str,
    holder: str,
    *,
    held_epoch: int | None,
    stale_s: float = STALE_S,
    preference: Sequence[str] = PREFERENCE,
) -> Move:
    """What a process in a role does about a lease. `held_epoch` is the epoch it believes to hold, None without.

    A process that was away longer than `stale_s` may find that it is still named: then it goes on in its epoch. Once
    another was named it yields, and takes it back, if it is preferred, with an epoch of its own.
    """
    if lease is None:
        return Move.TAKE
    if lease.holder == holder:
        return Move.BEAT if held_epoch == lease.epoch else Move.TAKE
    if held_epoch is not None:
        return Move.YIELD
    if lease.beat_age_s > stale_s:
        return Move.TAKE
    preferred = _rank(role, preference) < _rank(lease.role, preference)
    return Move.TAKE if preferred else Move.WAIT


def may_decide(lease: Lease | None, holder: str, held_epoch: int | None) -> bool:
    """Whether decisions and orders of this process count: it holds the current epoch, however old its heartbeat.

    To be asked in the transaction that writes them, on the row locked for share.
    """
    return lease is not None and lease.holder == holder and lease.epoch == held_epoch


def _rank(role: str, preference: Sequence[str]) -> int:
    return preference.index(role) if role in preference else len(preference)
