"""Clocks and lag: how far ours is from a venue's, whether it jumped, and how long things take.

Belongs here: arithmetic of instants that are passed in. Does not: reading a clock. Durations are monotonic; wall time
serves only to be compared with a venue's, and to say when something was seen.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from precog_assets.domain.live import DateSeen

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Offset:
    """Seconds by which a venue's clock is ahead of ours; the truth lies within `error_s` of it."""

    offset_s: float
    error_s: float
    samples: int

    def surely_beyond(self, limit_s: float) -> bool:
        """Whether the clocks differ by more than a limit whatever the error."""
        return abs(self.offset_s) - self.error_s > limit_s


class ClockOffset:
    """A venue's clock against ours, from `Date` headers.

    A header is cut off to whole seconds and was written between question and answer, so each says that the offset lies
    in (date - answered, date + 1 s - asked). All of the last while hold together, and narrow it to well below a second
    (Cristian's method, over many answers). One that contradicts the others says that a clock was set.
    """

    def __init__(self, *, window_s: float = 600.0, most: int = 256) -> None:
        self._window_s = window_s
        self._bounds: deque[tuple[float, float, float]] = deque(maxlen=most)
        """Monotonic instant, least and greatest offset."""
        self.jumps = 0
        """How often an answer contradicted those before."""

    def observe(self, seen: DateSeen) -> None:
        """Take an answer's date in."""
        low = (seen.date - seen.answered_at).total_seconds()
        high = (seen.date + _SECOND - seen.asked_at).total_seconds()
        if self._bounds and (low > min(bound[2] for bound in self._bounds) or high < self._least()):
            self.reset()
            self.jumps += 1
        self._bounds.append((seen.monotonic_s, low, high))

    def reset(self) -> None:
        """Forget what was seen: a clock was set, nobody knows by how much."""
        self._bounds.clear()

    def ours_set(self, by_s: float) -> None:
        """Our own clock was set ahead by so many seconds: the venue's is as much further behind it from now on."""
        self._bounds = deque(((at_s, low - by_s, high - by_s) for at_s, low, high in self._bounds), self._bounds.maxlen)

    def estimate(self, now_s: float) -> Offset | None:
        """The offset by the answers of the last while; None without any. `now_s` is monotonic."""
        while self._bounds and now_s - self._bounds[0][0] > self._window_s:
            self._bounds.popleft()
        if not self._bounds:
            return None
        low, high = self._least(), min(bound[2] for bound in self._bounds)
        return Offset((low + high) / 2, (high - low) / 2, len(self._bounds))

    def _least(self) -> float:
        return max(bound[1] for bound in self._bounds)


class WallWatch:
    """Notices that our wall clock was set, by the monotonic one."""

    def __init__(self, *, tolerance_s: float = 0.5) -> None:
        self._tolerance_s = tolerance_s
        self._difference_s: float | None = None

    def observe(self, wall: datetime, now_s: float) -> float | None:
        """Seconds by which the wall clock jumped since the last look; None where it ran evenly. Look every second."""
        difference_s = wall.timestamp() - now_s
        before_s, self._difference_s = self._difference_s, difference_s
        if before_s is None or abs(difference_s - before_s) <= self._tolerance_s:
            return None
        return difference_s - before_s


def venue_lag_s(sent_ms: int, received_at: datetime, offset: Offset | None, speed: float = 1.0) -> float:
    """Real seconds from a venue's sending to our receiving, by the venue's clock where the offset is known.

    `speed` is of the clock that both instants are by; the offset is of machines, which no world makes run faster.
    """
    passed_s = (received_at.timestamp() - sent_ms / 1000) / speed
    return passed_s + (offset.offset_s if offset is not None else 0.0)


@dataclass(frozen=True, slots=True)
class LagSummary:
    """Seconds; percentiles are right within 2.5 %."""

    count: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


class LagMeter:
    """How long something takes, in buckets that grow by 5 % from 10 microseconds on."""

    _LEAST_S, _GROWTH = 1e-5, math.log(1.05)

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0
        self._max_s = 0.0

    def record(self, seconds: float, times: int = 1) -> None:
        """Take a duration in; below zero (clocks differ) counts as zero."""
        bucket = 0 if seconds <= self._LEAST_S else 1 + int(math.log(seconds / self._LEAST_S) / self._GROWTH)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + times
        self._count += times
        self._max_s = max(self._max_s, seconds)

    def summary(self) -> LagSummary:
        """What was taken in since the last reset."""
        p50_s, p95_s, p99_s = (self._percentile(share) for share in (0.5, 0.95, 0.99))
        return LagSummary(self._count, p50_s, p95_s, p99_s, self._max_s)

    def reset(self) -> LagSummary:
        """The summary, and begin anew."""
        summary = self.summary()
        self._buckets.clear()
        self._count, self._max_s = 0, 0.0
        return summary

    def _percentile(self, share: float) -> float:
        rank = math.ceil(share * self._count)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                middle = self._LEAST_S * math.exp((bucket - 0.5) * self._GROWTH) if bucket else 0.0
                return min(middle, self._max_s)
        return 0.0


@dataclass(slots=True)
class CollectorLags:
    """From receiving a frame."""

    written: LagMeter = field(default_factory=LagMeter)
    """To its fact's commit."""
    reacted: LagMeter = field(default_factory=LagMeter)
    """To the end of the reaction to it."""


class VenueLag:
    """How long frames are under way, from the venue's sending to our receiving.

    It is known as well as the venue's clock is: within the error of `offset_of`, which is asked every `LOOK_S`.
    """

    LOOK_S = 1.0

    def __init__(self, offset_of: Callable[[], Offset | None], speed: float) -> None:
        self.meter = LagMeter()
        self._offset_of, self._speed = offset_of, speed
        self._offset: Offset | None = None
        self._looked_s = float("-inf")

    def observe(self, sent_ms: int, received_at: datetime, now_s: float) -> None:
        """Take a frame in. `now_s` is monotonic."""
        if now_s - self._looked_s >= self.LOOK_S:
            self._offset, self._looked_s = self._offset_of(), now_s
        self.meter.record(venue_lag_s(sent_ms, received_at, self._offset, self._speed))
