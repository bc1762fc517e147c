"""When the exchange trades: every day around the clock but for the weekly maintenance, and closures on request.

Weekly maintenance is Thursday 03:00 to 05:00 Eastern and stops trading only. A closure is set from outside, for
faults and demonstrations; it stops trading, or the whole exchange.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from precog_assets.domain.times import EASTERN
from precog_assets.simulator.kalshi.instants import HOUR_US, instant_of, microseconds

_THURSDAY = 3
_MAINTENANCE_HOURS = (3, 4)
_LONGEST_WAIT_H = 8 * 24
_CLOSURES_KEPT = 200


class Closure(NamedTuple):
    """A span, begin included and end not, without trading; `exchange` means without anything at all."""

    begin_us: int
    end_us: int
    exchange: bool


@lru_cache(maxsize=4_096)
def maintained(hour: int) -> bool:
    """Whether the weekly maintenance takes that hour, counted since 1970."""
    local = instant_of(hour * HOUR_US).astimezone(EASTERN)
    return local.weekday() == _THURSDAY and local.hour in _MAINTENANCE_HOURS


@lru_cache(maxsize=4_096)
def _weekly_edge(hour: int) -> int:
    """The hour at which weekly maintenance next begins or ends."""
    return next(h for h in range(hour + 1, hour + _LONGEST_WAIT_H) if maintained(h) != maintained(hour))


class Hours:
    """The exchange's hours; `version` grows with every closure set or lifted, for whoever keeps derived things."""

    def __init__(self) -> None:
        self._closures: tuple[Closure, ...] = ()
        self.version = 0

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The closures set so far, oldest first."""
        return self._closures

    def close(self, begin: datetime, end: datetime, *, exchange: bool = False) -> None:
        """Stop trading, or the exchange, for a span. Raises ValueError when it is empty or meets another one."""
        closure = Closure(microseconds(begin), microseconds(end), exchange)
        if closure.end_us <= closure.begin_us:
            raise ValueError(f"closure from {begin.isoformat()} to {end.isoformat()}: its end must be after its begin")
        met = next((c for c in self._closures if c.begin_us < closure.end_us and closure.begin_us < c.end_us), None)
        if met is not None:
            raise ValueError(
                f"closure from {begin.isoformat()} to {end.isoformat()} meets the one from "
                f"{instant_of(met.begin_us).isoformat()} to {instant_of(met.end_us).isoformat()}; lift that one first"
            )
        self._closures = tuple(sorted((*self._closures, closure)))[-_CLOSURES_KEPT:]
        self.version += 1

    def reopen(self, now: datetime) -> None:
        """Lift the closure that is on, and those to come; what is past stays."""
        now_us = microseconds(now)
        kept = [c._replace(end_us=min(c.end_us, now_us)) for c in self._closures if c.begin_us < now_us]
        self._closures = tuple(kept)
        self.version += 1

    def closure_at(self, time_us: int) -> Closure | None:
        """The closure that is on, or None."""
        return next((c for c in self._closures if c.begin_us <= time_us < c.end_us), None)

    def open_at(self, time_us: int) -> bool:
        """Whether orders trade then."""
        return not maintained(time_us // HOUR_US) and (not self._closures or self.closure_at(time_us) is None)

    def trading_active(self, now: datetime) -> bool:
        """Whether orders trade now."""
        return self.open_at(microseconds(now))

    def exchange_active(self, now: datetime) -> bool:
        """Whether the exchange takes any change at all now."""
        closure = self.closure_at(microseconds(now))
        return closure is None or not closure.exchange

    def next_edge_us(self, time_us: int) -> int:
        """The first instant after `time_us` at which trading may begin or stop."""
        edge = _weekly_edge(time_us // HOUR_US) * HOUR_US
        for closure in self._closures:
            for at in (closure.begin_us, closure.end_us):
                if time_us < at < edge:
                    edge = at
        return edge

    def resumes_us(self, time_us: int) -> int | None:
        """When trading is next on; None while it is."""
        if self.open_at(time_us):
            return None
        while not self.open_at(time_us):
            time_us = self.next_edge_us(time_us)
        return time_us
