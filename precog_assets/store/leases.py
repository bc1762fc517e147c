"""Leases: who feeds a source, and who decides; rows of `ops.leases` with a growing epoch.

Belongs here: taking, renewing, giving up and fencing a lease, by the database's clock. Does not: what a holder may do
with it (`pipeline.roles`). A world that is simulated at twenty times our speed must not age a heartbeat: no instant of
the caller's is used.

A lease is held by one process. Its epoch grows with each change of hands and never falls, so that a process that was
away finds out. `require_epoch` locks the row against a change of hands to the end of the transaction that decides;
heartbeats pass that lock, a taker waits for it. Nobody else can therefore become the holder between the question and
the commit.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.domain.errors import PrecogError

EXPIRY_S = 10.0
"""A holder whose heartbeat is older may be replaced."""
FROZEN_S = 60
"""A process that stops in the middle of a fenced transaction loses it after so long: others wait for it."""


class Kind(StrEnum):
    """What a holder is. One earlier in this list takes a lease from a later one at once."""

    COLLECTOR = "collector"
    ONCE = "once"
    """A command or a run that decides once."""
    SENSORS = "sensors"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as its holder has it."""

    role: str
    holder: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as the database has it now."""

    role: str
    holder: str
    epoch: int
    acquired_at: datetime
    heartbeat_at: datetime
    age_s: float
    """Since the last heartbeat, by the database's clock."""
    released: bool
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """collector, once or sensors."""
        return self.holder.partition(":")[0]

    @property
    def live(self) -> bool:
        """Whether its holder is there: it has not given it up, and its heartbeat is not older than EXPIRY_S."""
        return not self.released and self.age_s <= EXPIRY_S

    def said(self) -> str:
        """For people: who, and since when nothing was heard."""
        return f"{self.holder}, epoch {self.epoch}, heartbeat {self.age_s:.1f} s ago"


def new_holder(kind: Kind) -> str:
    """A name for this process, never given before."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


_ROW = sa.text(
    "INSERT INTO ops.leases (role, holder, epoch, acquired_at, heartbeat_at, released_at) VALUES "
    "(:role, '', 0, clock_timestamp(), clock_timestamp(), clock_timestamp()) ON CONFLICT (role) DO NOTHING"
)
_FREE = """
    SELECT holder, epoch, released_at IS NULL AND holder = :holder AS mine FROM ops.leases
    WHERE role = :role
      AND (released_at IS NOT NULL OR holder = :holder OR split_part(holder, ':', 1) = ANY(:lower)
           OR heartbeat_at < clock_timestamp() - make_interval(secs => :expiry_s))
    FOR UPDATE
"""
_FREE_NOW, _FREE_WHEN_UNLOCKED = sa.text(_FREE + " SKIP LOCKED"), sa.text(_FREE)
_TAKE = sa.text(
    """
    UPDATE ops.leases SET holder = :holder, epoch = epoch + 1, acquired_at = clock_timestamp(),
        heartbeat_at = clock_timestamp(), released_at = NULL, details = :details
    WHERE role = :role RETURNING epoch
    """
).bindparams(sa.bindparam("details", type_=JSONB))
_RENEW = sa.text(
    """
    UPDATE ops.leases SET heartbeat_at = clock_timestamp(), details = coalesce(:details, details)
    WHERE role = :role AND holder = :holder AND epoch = :epoch AND released_at IS NULL
    """
).bindparams(sa.bindparam("details", type_=JSONB(none_as_null=True)))
_RELEASE = sa.text(
    "UPDATE ops.leases SET released_at = clock_timestamp() "
    "WHERE role = :role AND holder = :holder AND epoch = :epoch AND released_at IS NULL"
)
_FENCE = sa.text(
    "SELECT holder, epoch, released_at IS NOT NULL AS released FROM ops.leases WHERE role = :role FOR KEY SHARE"
)
_FROZEN = sa.text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)")
_READ = sa.text(
    """
    SELECT role, holder, epoch, acquired_at, heartbeat_at, released_at IS NOT NULL AS released, details,
        extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS age_s
    FROM ops.leases WHERE holder <> '' ORDER BY role
    """
)


def acquire(
    connection: sa.Connection,
    role: str,
    holder: str,
    *,
    details: Mapping[str, Any] | None = None,
    wait: bool = False,
    expiry_s: float = EXPIRY_S,
) -> Lease | None:
    """Take a lease, or go on holding it; None while another holds it.

    It is taken where nobody holds it, where the holder's heartbeat is older than `expiry_s`, and from a holder of a
    lower kind. A change of hands waits for transactions that are fenced under the old epoch with `wait`, else it does
    not happen this time. One's own lease is renewed in its epoch, even after it expired, unless it was given up.
    """
    given = {"role": role, "holder": holder, "expiry_s": expiry_s, "lower": _lower(holder)}
    mine = _renewed(connection, role, holder, details)
    if mine is not None:
        return mine
    connection.execute(_ROW, {"role": role})
    free = connection.execute(_FREE_WHEN_UNLOCKED if wait else _FREE_NOW, given).one_or_none()
    if free is None:
        return None
    if free.mine:
        return Lease(role, holder, free.epoch)
    taken = {"role": role, "holder": holder, "details": dict(details or {})}
    return Lease(role, holder, connection.execute(_TAKE, taken).scalar_one())


def renew(connection: sa.Connection, lease: Lease, details: Mapping[str, Any] | None = None) -> bool:
    """A heartbeat, with what the holder tells of itself where given; False when the lease is another's by now."""
    given = {"role": lease.role, "holder": lease.holder, "epoch": lease.epoch}
    return connection.execute(_RENEW, {**given, "details": _told(details)}).rowcount == 1


def release(connection: sa.Connection, lease: Lease) -> bool:
    """Give a lease up, so that nobody has to wait for it to expire; False when it was another's already."""
    given = {"role": lease.role, "holder": lease.holder, "epoch": lease.epoch}
    return connection.execute(_RELEASE, given).rowcount == 1


def limit_frozen(connection: sa.Connection) -> None:
    """From here on this transaction is ended by the server when its process says nothing for FROZEN_S."""
    connection.execute(_FROZEN, {"limit": f"{FROZEN_S}s"})


def require_epoch(connection: sa.Connection, role: str, epoch: int) -> None:
    """Hold the lease's row to the transaction's end; nobody becomes the holder before.

    Raises PrecogError(system.epoch) when the role's epoch is another, or its holder gave it up: nothing of this
    transaction may be committed.
    """
    limit_frozen(connection)
    row = connection.execute(_FENCE, {"role": role}).one_or_none()
    if row is None or row.epoch != epoch or row.released:
        now = "nobody" if row is None or row.released else f"{row.holder} in epoch {row.epoch}"
        raise PrecogError("system.epoch", f"{role} was ours in epoch {epoch} and is held by {now}: nothing is written.")


def read_leases(connection: sa.Connection) -> dict[str, Held]:
    """Every lease that was ever held, by role."""
    return {row.role: Held(**row._asdict()) for row in connection.execute(_READ)}


def _renewed(connection: sa.Connection, role: str, holder: str, details: Mapping[str, Any] | None) -> Lease | None:
    """The lease with a new heartbeat where this holder has it; takes no lock that a fenced transaction holds off."""
    query = sa.text("SELECT epoch FROM ops.leases WHERE role = :role AND holder = :holder AND released_at IS NULL")
    epoch = connection.execute(query, {"role": role, "holder": holder}).scalar_one_or_none()
    if epoch is None:
        return None
    lease = Lease(role, holder, epoch)
    return lease if renew(connection, lease, details) else None


def _lower(holder: str) -> list[str]:
    """The kinds that this holder takes a lease from at once. Raises ValueError for a name without a kind."""
    order = list(Kind)
    return [kind.value for kind in order[order.index(Kind(holder.partition(":")[0])) + 1 :]]


def _told(details: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if details is None else dict(details)
