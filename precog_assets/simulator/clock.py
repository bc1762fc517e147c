"""The world's clock: runs at any speed, jumps, is set; remembers how, so that world time can be told in wall time.

A clock's past is a row of stretches, each a straight line from real to world time (`domain.times.ScaledClock`)
that holds until the next one begins. Belongs here: stretches and who reads them. Where they are stored is
`world_file`'s; who may change them, `control`'s.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import Clock, ScaledClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOWEST_SPEED, HIGHEST_SPEED = 1e-9, 100_000.0
STRETCHES_KEPT = 500
"""Older ones are forgotten; what happened in them has no wall time any more."""
LOOKED_AFTER_S = 0.2
"""How often, at most, a followed file is looked at."""
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Between which instants a clock can be set: the years that tickers of two digits can name."""

_shift: ContextVar[timedelta] = ContextVar("shift", default=timedelta(0))
_skew: ContextVar[timedelta] = ContextVar("skew", default=timedelta(0))


def real_now() -> datetime:
    """The machine's instant."""
    return datetime.now(UTC)


def venue_real_now() -> datetime:
    """The real instant by the venues' own clock: the machine's, unless a fault makes it wrong (`skewed`)."""
    return datetime.now(UTC) + _skew.get()


def checked_speed(speed: float) -> float:
    """The speed. Raises ConfigurationError when no clock can run at it."""
    if not (math.isfinite(speed) and LOWEST_SPEED <= speed <= HIGHEST_SPEED):
        raise ConfigurationError(
            f"Simulator speed {speed}: expected a number from {LOWEST_SPEED:g} to {HIGHEST_SPEED:g}, e.g. 1 or 60; "
            "0 and below, a clock that stands still or runs backwards, are not offered."
        )
    return float(speed)


class Stretches:
    """The row of stretches of one clock, oldest first; the last is the one that runs."""

    def __init__(self, stretches: Sequence[ScaledClock]) -> None:
        if not stretches:
            raise ValueError("a clock needs at least one stretch")
        self.all = tuple(stretches)[-STRETCHES_KEPT:]

    @property
    def current(self) -> ScaledClock:
        return self.all[-1]

    def then(self, real: datetime, world: datetime, speed: float) -> Stretches:
        """The row with a further stretch that begins at `real`."""
        return Stretches((*self.all, ScaledClock(real, world, checked_speed(speed))))

    def wall_of(self, world: datetime) -> datetime | None:
        """When, in real time, the clock showed `world`: the last time if often, None if it jumped over it.

        Instants before the clock began are None too; ones to come are when they will be at the current speed.
        """
        until: datetime | None = None
        for stretch in reversed(self.all):
            if world >= stretch.world_anchor:
                real = stretch.real_anchor + (world - stretch.world_anchor) / stretch.speed
                if until is None or real < until:
                    return real
            until = stretch.real_anchor
        return None


class Moves(Protocol):
    """Where a clock's new row of stretches is kept."""

    def __call__(self, stretches: Stretches) -> None: ...


class WorldClock:
    """A simulated world's clock, in the process that runs the world; safe to read from any thread."""

    def __init__(
        self, stretches: Stretches, *, moved: Moves | None = None, real_now: Callable[[], datetime] = real_now
    ) -> None:
        self._stretches = stretches
        self._moved = moved
        self._real_now = real_now
        self._moving = threading.Lock()

    @property
    def stretches(self) -> Stretches:
        return self._stretches

    @property
    def speed(self) -> float:
        return self._stretches.current.speed

    @property
    def real_anchor(self) -> datetime:
        return self._stretches.current.real_anchor

    @property
    def world_anchor(self) -> datetime:
        return self._stretches.current.world_anchor

    def now(self) -> datetime:
        return self._stretches.current.at(self._real_now())

    def move(self, *, speed: float | None = None, to: datetime | None = None, by: timedelta | None = None) -> datetime:
        """Go on from now at another speed, from the instant `to`, or from `by` further; the world's new now.

        Raises ConfigurationError for a speed or an instant no clock can have.
        """
        with self._moving:
            real = self._real_now()
            at = self._stretches.current.at(real)
            world = at if to is None else to.astimezone(UTC)
            try:
                world += by or timedelta(0)
            except OverflowError:
                world = LATEST
            if not EARLIEST <= world < LATEST:
                raise ConfigurationError(
                    f"Clock set to {world.isoformat()}: expected an instant from {EARLIEST:%Y} to {LATEST:%Y}."
                )
            stretches = self._stretches.then(real, world, self.speed if speed is None else speed)
            if self._moved is not None:
                self._moved(stretches)
            self._stretches = stretches
            return world


class FollowedClock:
    """The clock of a world that another process runs: it notices when that process moves it.

    The file is looked at when the clock is read, at most every `LOOKED_AFTER_S`, and read when it was changed.
    A file that is gone is not a moved clock: the last known stretch goes on. One that is broken raises as `read` does.
    """

    def __init__(self, path: Path, read: Callable[[Path], Stretches]) -> None:
        self._path = path
        self._read = read
        self._stamp = self._stamped()
        self._stretches = read(path)
        self._looked = time.monotonic()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FollowedClock) and self._path == other._path

    def __hash__(self) -> int:
        return hash(self._path)

    @property
    def stretch(self) -> ScaledClock:
        """The stretch that runs."""
        if time.monotonic() - self._looked >= LOOKED_AFTER_S:
            self._looked = time.monotonic()
            stamp = self._stamped()
            if stamp is not None and stamp != self._stamp:
                with contextlib.suppress(FileNotFoundError):  # a world begun anew goes through a moment without one
                    self._stretches, self._stamp = self._read(self._path), stamp
        return self._stretches.current

    @property
    def speed(self) -> float:
        return self.stretch.speed

    @property
    def real_anchor(self) -> datetime:
        return self.stretch.real_anchor

    @property
    def world_anchor(self) -> datetime:
        return self.stretch.world_anchor

    def now(self) -> datetime:
        return self.stretch.now()

    def _stamped(self) -> tuple[int, int] | None:
        """What changes whenever the file is replaced."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino


class ShiftedClock:
    """A clock that shows an earlier instant inside `shifted`: for answers of a while ago."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() - _shift.get()


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Have every `ShiftedClock` read in this context, and in threads it starts, lag `by` behind."""
    token = _shift.set(by)
    try:
        yield
    finally:
        _shift.reset(token)


@contextmanager
def skewed(by: timedelta) -> Iterator[None]:
    """Have `venue_real_now` be ahead by as much in this context, and in threads it starts."""
    token = _skew.set(_skew.get() + by)
    try:
        yield
    finally:
        _skew.reset(token)
