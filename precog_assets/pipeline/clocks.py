"""Our clock against the sources': measured by every answer's `Date` header, kept by source, held against a limit.

Belongs here: collecting what HTTP clients see, keeping it, and why decisions wait. Does not: the arithmetic
(`live.timing`), the rows (`store.clocks`). What is compared is the machine's own clock: over a simulated world facts
are dated by the world's, and the simulator's headers tell the machine's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.live import DateSeen
from precog_assets.pipeline.live.timing import ClockOffset, Offset
from precog_assets.store.clocks import keep_clock, read_clocks

if TYPE_CHECKING:
    from precog_assets.services import Services

KEEP_EACH_S = 15.0


class Clocks:
    """What one process saw of the sources' clocks. Safe for threads; `monotonic` is given by tests."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._offsets: dict[str, ClockOffset] = {}
        self._kept_s = float("-inf")

    def observe(self, seen: DateSeen) -> None:
        """Take in the date of an answer."""
        with self._lock:
            self._offsets.setdefault(seen.source, ClockOffset()).observe(seen)

    def ours_set(self, by_s: float) -> None:
        """Our clock was set ahead by so many seconds: every measurement follows, and is to be kept at once."""
        with self._lock:
            for offset in self._offsets.values():
                offset.ours_set(by_s)
            self._kept_s = float("-inf")

    def estimates(self) -> dict[str, tuple[Offset, int]]:
        """The offset of each source that answered lately, and how often a clock was set."""
        now_s = self._monotonic()
        with self._lock:
            found = {source: (one.estimate(now_s), one.jumps) for source, one in self._offsets.items()}
        return {source: (offset, jumps) for source, (offset, jumps) in found.items() if offset is not None}

    def keep(self, connection: sa.Connection, *, at_once: bool = False) -> int:
        """Keep the measurements, at most every KEEP_EACH_S seconds; how many were kept."""
        now_s = self._monotonic()
        if not at_once and now_s - self._kept_s < KEEP_EACH_S:
            return 0
        found = self.estimates()
        for source, (offset, jumps) in sorted(found.items()):
            keep_clock(connection, source, offset.offset_s, offset.error_s, offset.samples, jumps)
        self._kept_s = now_s
        return len(found)


def why_clocks_forbid(connection: sa.Connection, limits_s: Mapping[str, float]) -> str:
    """Why nothing may be decided by our clock; empty where it agrees with every source's, or none was measured lately.

    `limits_s`: seconds by source. Only what is surely beyond its limit counts: a header tells whole seconds.
    """
    measured = read_clocks(connection)
    wrong = [
        f"{measured[source].said()}, more than the {limit_s:g} s of config/sources.yaml"
        for source, limit_s in sorted(limits_s.items())
        if source in measured and measured[source].fresh and measured[source].surely_beyond(limit_s)
    ]
    return "; ".join(wrong)


def clock_limits_s(services: Services) -> dict[str, float]:
    """The limit of every source in use, in seconds, as `sources.yaml` has it now."""
    return {name: services.limiter.config(name).clock_limit_s for name in services.environment.venues}
