"""The responses that stand for raw segments, as facts on their way need them.

Belongs here: remembering them, and making those that are missing. Does not: the statements (`store.stream_log`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import RawPlace
from precog_assets.domain.times import Clock
from precog_assets.pipeline.feeds import in_database
from precog_assets.store.segments import SealedSegment
from precog_assets.store.stream_log import seal_segments, segment_row

REMEMBERED = 64


class SegmentRows:
    """The response of each segment of a source."""

    def __init__(self, engine: sa.Engine, source: str, clock: Clock) -> None:
        self._engine, self._source, self._clock = engine, source, clock
        self._known: dict[str, int] = {}
        self._waiting: list[SealedSegment] = []
        self._guard = threading.Lock()

    def response_of(self, place: RawPlace) -> int:
        """The response of a fact's segment, committed. Raises PrecogError(system.database)."""
        found = self._known.get(place.segment)
        if found is None:
            with in_database(self._engine) as connection:
                found = segment_row(connection, self._source, place.segment, self._clock.now())
            self._known[place.segment] = found
            while len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return found

    def seal(self, sealed: Sequence[SealedSegment]) -> None:
        """Say what sealed segments hold, now or, while the database is away, with the next call."""
        with self._guard:
            self._waiting += sealed
            if not self._waiting:
                return
            try:
                with in_database(self._engine) as connection:
                    seal_segments(connection, self._waiting)
            except PrecogError as error:
                if error.code != "system.database":
                    raise
                return
            self._waiting = []
