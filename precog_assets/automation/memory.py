"""What a process remembers between ticks: when each league was last polled, when each sensor last reported; and news.

Belongs here: monotonic times, lost with the process, which then polls once more than needed. Does not:
anything that must survive: that stands in the database, or in a sensor's cursor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from precog_assets.pipeline.backfill import add
from precog_assets.pipeline.live.venue_watch import VenueWatch
from precog_assets.pipeline.report import StepReport
from precog_assets.store.leases import Kind, new_holder

HEARTBEAT_S = 60.0
TELL_S = 29.0
"""Seconds between two materializations of an asset that keeps changing: each comes with its checks, evaluated."""


class News:
    """That facts changed: told by the ticks that poll, waited for by the one that decides, in the same process."""

    def __init__(self) -> None:
        self._count = 0
        self._turn = threading.Condition()

    def tell(self) -> None:
        """Something changed."""
        with self._turn:
            self._count += 1
            self._turn.notify_all()

    def seen(self) -> int:
        """How often something changed so far."""
        with self._turn:
            return self._count

    def wait(self, seen: int, timeout_s: float) -> bool:
        """Whether something changed since `seen`, or does within a time."""
        with self._turn:
            return self._turn.wait_for(lambda: self._count != seen, max(0.0, timeout_s))


@dataclass(slots=True)
class TickMemory:
    """Times of one process for one database; `monotonic` is given by tests."""

    database: str = ""
    monotonic: Callable[[], float] = time.monotonic
    holder: str = field(default_factory=lambda: new_holder(Kind.SENSORS))
    """This process's name in leases."""
    relayed: dict[str, int] = field(default_factory=dict)
    """How far the steps of others were told, by name: the last step_id."""
    inserts: dict[str, int] = field(default_factory=dict)
    """Rows ever added to the tables of a stream, when they were last counted."""
    news: News = field(default_factory=News)
    venue: VenueWatch = field(default_factory=VenueWatch)
    """Since when Kalshi does not answer this process."""
    _polled: dict[tuple[str, str], float] = field(default_factory=dict)
    _reported: dict[str, float] = field(default_factory=dict)
    _untold: dict[str, StepReport] = field(default_factory=dict)

    def polled_s_ago(self, feed: str) -> dict[str, float]:
        """Seconds since the last poll of each league of a feed began; leagues never polled are missing."""
        now = self.monotonic()
        return {league: now - at for (name, league), at in self._polled.items() if name == feed}

    def polled(self, feed: str, leagues: Iterable[str], began_s: float) -> None:
        """These leagues were polled, from `began_s` (monotonic) on.

        Intervals count from there: counted from its end, a poll of some seconds would make the tick after it, five
        seconds later, find nothing due.
        """
        self._polled.update({(feed, league): began_s for league in leagues})

    def heartbeat_due(self, sensor: str) -> bool:
        """Whether a sensor reported nothing for a minute: freshness policies live on materializations."""
        last = self._reported.get(sensor)
        return last is None or self.monotonic() - last >= HEARTBEAT_S

    def tell_due(self, sensor: str) -> bool:
        """Whether a sensor may tell a change now, or has told one just before."""
        last = self._reported.get(sensor)
        return last is None or self.monotonic() - last >= TELL_S

    def gathered(self, sensor: str, report: StepReport) -> StepReport:
        """The report together with those that were not told yet."""
        before = self._untold.get(sensor)
        if before is not None:
            add(before, report)
            before.correlation_id = report.correlation_id
        return self._untold.setdefault(sensor, report)

    def reported(self, sensor: str) -> None:
        self._reported[sensor] = self.monotonic()
        self._untold.pop(sensor, None)


@cache
def memory_of(database: str) -> TickMemory:
    """This process's memory for a database, named by its address without secrets."""
    return TickMemory(database)
