"""The collector's leases: taken, kept by heartbeats, known to be lost before anyone else may have them.

Belongs here: what this process holds, by its own monotonic clock. Does not: the rows (`store.leases`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa

from precog_assets.pipeline.feeds import in_database
from precog_assets.store.leases import EXPIRY_S, Kind, Lease, acquire, new_holder, release

BEAT_S = 2.0
"""Several heartbeats within the lease's life: one that is lost changes nothing."""


class Leases:
    """The roles that a collector has or wants. Safe for threads."""

    every_s = BEAT_S

    def __init__(
        self, engine: sa.Engine, roles: Sequence[str], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.holder = new_holder(Kind.COLLECTOR)
        self._engine, self._roles, self._monotonic = engine, tuple(roles), monotonic
        self._held: dict[str, tuple[Lease, float]] = {}
        self._guard = threading.Lock()

    def beat(self, details: Mapping[str, object] | None = None) -> None:
        """Take or keep every role. Raises PrecogError(system.database)."""
        for role in self._roles:
            now_s = self._monotonic()
            with in_database(self._engine) as connection:
                lease = acquire(connection, role, self.holder, details=details)
            with self._guard:
                if lease is None:
                    self._held.pop(role, None)
                else:
                    self._held[role] = (lease, now_s)

    def held(self, role: str) -> Lease | None:
        """The lease of a role while nobody else can have it."""
        with self._guard:
            found = self._held.get(role)
        if found is None or self._monotonic() - found[1] >= EXPIRY_S:
            return None
        return found[0]

    def epochs(self) -> dict[str, int | None]:
        """The epoch of each role that is held."""
        return {role: None if (lease := self.held(role)) is None else lease.epoch for role in self._roles}

    def release(self) -> None:
        """Give every role up. Raises PrecogError(system.database)."""
        with self._guard:
            held, self._held = [lease for lease, _ in self._held.values()], {}
        if held:
            with in_database(self._engine) as connection:
                for lease in held:
                    release(connection, lease)
