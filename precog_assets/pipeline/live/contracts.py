"""The keys of a stream's frames on their way to `ops.contract_counts`, where the check `contract` finds them.

Belongs here: keeping counts until the database has them, each once. Does not: counting keys
(`sources.kalshi.stream.frames`), the rows and what counts as vanished (`store.ops`).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from precog_assets.domain.facts import ContractCounts
from precog_assets.pipeline.feeds import in_database
from precog_assets.store import ops
from precog_assets.store.error_counts import count_errors

if TYPE_CHECKING:
    from precog_assets.services import Services

log = logging.getLogger("precog.live")

COUNT_EACH_S = 10.0
VANISHED = "contract.vanished"
_KEYS = ("unknown", "missing_required", "missing_optional", "nulls")


class StreamContracts:
    """Counts that are not written yet, by kind of frame. Safe for threads."""

    def __init__(self, services: Services, source: str) -> None:
        self._services, self._source = services, source
        self._waiting: dict[str, ContractCounts] = {}
        self._broken: frozenset[str] = frozenset()
        """Kinds that lacked a required key when a frame of theirs was counted last."""
        self._guard = threading.Lock()

    def add(self, counts: Iterable[ContractCounts]) -> None:
        """Take in what was counted since the last call."""
        with self._guard:
            self._waiting = together(self._waiting, counts)

    def record(self) -> None:
        """Write what waits; while the database is away it goes on waiting. Raises PrecogError(system.database)."""
        with self._guard:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return
        done = False
        try:
            self._write(taken)
            done = True
        finally:
            if not done:
                with self._guard:
                    self._waiting = together(taken, self._waiting.values())

    def _write(self, taken: Mapping[str, ContractCounts]) -> None:
        at = self._services.clock.now()
        with in_database(self._services.engine) as connection:
            broken = frozenset(ops.record_contracts(connection, taken.values(), at))
            new = sorted(broken - self._broken)
            count_errors(connection, {(self._source, VANISHED): len(new)}, at)
        for kind in new:
            log.error("code=%s: frames of %s lack %s", VANISHED, kind, ", ".join(taken[kind].vanished))
        self._broken = (self._broken - taken.keys()) | broken


def together(known: Mapping[str, ContractCounts], counts: Iterable[ContractCounts]) -> dict[str, ContractCounts]:
    """Counts by kind and more of them as one; kinds of which no frame came are left out."""
    found = dict(known)
    for one in counts:
        if one.rows:
            found[one.payload_type] = _sum(found.get(one.payload_type, ContractCounts(one.payload_type)), one)
    return found


def _sum(one: ContractCounts, other: ContractCounts) -> ContractCounts:
    total = ContractCounts(one.payload_type, one.rows + other.rows, sample=one.sample or other.sample)
    for name in _KEYS:
        setattr(total, name, dict(Counter(getattr(one, name)) + Counter(getattr(other, name))))
    return total
