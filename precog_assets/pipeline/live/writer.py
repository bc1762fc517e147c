"""Facts to the database, and to the spool while it is away; in order, each once, none dropped silently.

Belongs here: which way a batch goes, and going back. Does not: the statements (`Apply`), when to call (`collector`).

While anything waits in the spool, what is new goes behind it: facts reach the database in the order they came. Facts
are appended on change under a lock per source, so a batch given twice leaves the same rows; a crash between the
database's commit and the spool's note of it gives one twice. Before a batch is written its frames are flushed: a fact
never points at raw bytes that a crash can lose.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.pacing import Backoff
from precog_assets.pipeline.live.facts import FactBatch, decoded, encoded
from precog_assets.store.spool import Spool
from precog_assets.store.spool_files import Spooled
from precog_assets.store.spool_state import SpoolState

log = logging.getLogger("precog.live")

AWAY = "system.database"
DRAINED_AT_ONCE = 5_000
Apply = Callable[[FactBatch], object]
"""Writes a batch in one transaction, idempotently. Raises PrecogError(system.database) when the database is away."""


class Way(Enum):
    """Where a batch went."""

    WRITTEN = "written"
    SPOOLED = "spooled"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class WriterState:
    """For metrics and checks."""

    away_since_s: float | None
    """Monotonic; None while the database answers."""
    spool: SpoolState


class FactWriter:
    """Writes batches. Every method runs in one thread at a time; `now_s` is monotonic."""

    def __init__(self, apply: Apply, spool: Spool, backoff: Backoff, flush_raw: Callable[[], object]) -> None:
        self.counts: Counter[str] = Counter()
        self._apply, self._spool, self._backoff, self._flush_raw = apply, spool, backoff, flush_raw
        self._away_since_s: float | None = None
        self._try_again_s = 0.0

    def write(self, batch: FactBatch, now_s: float) -> Way:
        """Write a batch, or put it into the spool.

        Raises SpoolFull when neither takes it: nothing of the batch is kept then but its raw frames, and the caller
        stops taking in more. Raises PrecogError(system.archive) when frames cannot be flushed.
        """
        self._flush_raw()
        if not len(batch):
            return Way.NOTHING
        if self._away_since_s is None and not self._spool.depth:
            try:
                self._apply(batch)
            except PrecogError as error:
                if error.code != AWAY:
                    raise
                self._gone(now_s, error)
            else:
                self.counts["written"] += len(batch)
                return Way.WRITTEN
        kept = self._spool.append_many(encoded(fact) for fact in batch.facts())
        self.counts["spooled"] += kept.kept
        self.counts["spool_shed"] += kept.shed
        return Way.SPOOLED

    def confirm(self, batch: FactBatch, now_s: float) -> bool:
        """Write what only says that facts still hold; whether it was. It is worth nothing later: never spooled."""
        if self._away_since_s is not None or self._spool.depth or not len(batch):
            return False
        try:
            self._apply(batch)
        except PrecogError as error:
            if error.code != AWAY:
                raise
            self._gone(now_s, error)
            return False
        self.counts["confirmed"] += len(batch)
        return True

    def catch_up(self, now_s: float) -> int:
        """Drain what waits, a bounded part of it; how many facts reached the database. Call it often."""
        if not self._spool.depth:
            self._away_since_s = None
            return 0
        if now_s < self._try_again_s:
            return 0
        try:
            drained = self._spool.drain(self._drained, most=DRAINED_AT_ONCE)
        except PrecogError as error:
            if error.code != AWAY:
                raise
            self._gone(now_s, error)
            return 0
        self._backoff.succeeded(now_s)
        self.counts["drained"] += drained
        if not self._spool.depth:
            log.warning("the database is back and the spool is empty: drained=%d", self.counts["drained"])
            self._away_since_s = None
        return drained

    def state(self) -> WriterState:
        """How it stands."""
        return WriterState(self._away_since_s, self._spool.state())

    def _drained(self, records: Sequence[Spooled]) -> None:
        batch = FactBatch()
        for record in records:
            try:
                batch.add(decoded(record.kind, record.body))
            except ValueError as error:
                # Another version wrote it: it is named and passed over, or it would stand in front of all others.
                self.counts["unreadable"] += 1
                log.error("a fact in the spool cannot be read: number=%d %s", record.number, error)
        self._apply(batch)

    def _gone(self, now_s: float, error: PrecogError) -> None:
        if self._away_since_s is None:
            log.warning("facts go to the spool: %s", error)
            self._away_since_s = now_s
        self._try_again_s = now_s + self._backoff.failed(now_s)
