"""What the weather does to baseball: rain-outs and their make-ups under new ids, suspensions, rain delays, late starts.

A game rained out is made up on the next day as the first of a doubleheader; after a series' last game it
waits for the next one of the pair at the same ground, or for a day on which both are free. Where there is
none it is canceled, as rained-out spring games are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.fixtures import Fixture, on
from precog_assets.simulator.world.model import Announced, Fate, Pause
from precog_assets.simulator.world.schedule_baseball import EARLY, LATE
from precog_assets.simulator.world.stages import SUSPENDED

RAINED_OUT_SHARE = 0.013
SPRING_CANCELED_SHARE = 0.03
SUSPENDED_SHARE = 0.0015
RAIN_DELAY_SHARE = 0.025
LATE_START_SHARE = 0.012
CALLED_OFF_BEFORE = timedelta(minutes=90)
RAIN_DELAY = "STATUS_RAIN_DELAY"
_WAIT_AT_LEAST = timedelta(days=6)
_WAIT_AT_MOST = timedelta(days=75)
_RESUMES = (14, 10)


class Weather:
    """Rain over one season's fixtures; days in `spared` stay dry."""

    def __init__(self, fixtures: Sequence[Fixture], spared: frozenset[date], rng: Random) -> None:
        self._fixtures = list(fixtures)
        self._spared, self._rng = spared, rng
        self._makeups: list[Fixture] = []
        self._busy: set[tuple[str, date]] = set()
        self._places: dict[tuple[str, str], dict[date, list[int]]] = {}
        for place, fixture in enumerate(fixtures):
            day = eastern_day(fixture.start)
            self._busy |= {(side, day) for side in fixture.sides}
            if fixture.season_type == 2:
                self._places.setdefault(fixture.sides, {}).setdefault(day, []).append(place)
        self._last_day = max(eastern_day(fixture.start) for fixture in fixtures)

    def fixtures(self) -> list[Fixture]:
        """What becomes of them, make-ups added."""
        for place in range(len(self._fixtures)):
            self._rain_on(place)
        return [*self._fixtures, *self._makeups]

    def _rain_on(self, place: int) -> None:
        fixture, chance, more = self._fixtures[place], self._rng.random(), self._rng.random()
        day = eastern_day(fixture.start)
        if not fixture.plain or fixture.neutral or day in self._spared:
            return
        if fixture.season_type == 1:
            if chance < SPRING_CANCELED_SHARE:
                self._fixtures[place] = _off(fixture, "canceled", "Inclement Weather")
            return
        bounds = (RAINED_OUT_SHARE, SUSPENDED_SHARE, RAIN_DELAY_SHARE, LATE_START_SHARE)
        if chance < bounds[0]:
            self._rained_out(place, day)
        elif chance < sum(bounds[:2]):
            self._suspended(place, day, more)
        elif chance < sum(bounds[:3]):
            pause = Pause(600.0 + 5400.0 * more, 1200.0 + 4800.0 * self._rng.random(), RAIN_DELAY)
            self._fixtures[place] = replace(fixture, pauses=(pause,))
        elif chance < sum(bounds):
            later = fixture.start + timedelta(minutes=20 + int(90 * more))
            self._fixtures[place] = replace(fixture, start=later, announced=(Announced(None, fixture.start),))

    def _rained_out(self, place: int, day: date) -> None:
        fixture = self._fixtures[place]
        off = fixture.start - CALLED_OFF_BEFORE
        made_up = self._makeup_day(fixture, day)
        if made_up is None:
            self._fixtures[place] = _off(fixture, "canceled", "Inclement Weather")
            return
        note = f"Inclement Weather - Makeup date {_named(made_up)}"
        self._fixtures[place] = _off(fixture, "postponed", note)
        self._busy |= {(side, made_up) for side in fixture.sides}
        second = self._on(fixture, made_up)
        from_day = f"Makeup from {_named(day)}"
        known = off + timedelta(minutes=40)
        if second is None:
            start, headline = on(made_up, LATE), from_day
        else:
            start, headline = on(made_up, EARLY), f"Doubleheader - Game 1 - {from_day}"
            self._fixtures[second] = _second_game(self._fixtures[second], known, on(made_up, LATE))
        self._makeups.append(
            Fixture(fixture.home, fixture.away, start, announced=(Announced(known, start, note=headline),))
        )

    def _makeup_day(self, fixture: Fixture, day: date) -> date | None:
        """The next day if the series goes on, a later series of the pair, or a day both are free."""
        if self._on(fixture, day + timedelta(days=1)) is not None:
            return day + timedelta(days=1)
        for later in sorted(self._places[fixture.sides]):
            waits = timedelta(days=(later - day).days)
            if _WAIT_AT_LEAST <= waits <= _WAIT_AT_MOST and self._on(fixture, later) is not None:
                return later
        for ahead in range(_WAIT_AT_LEAST.days, _WAIT_AT_MOST.days):
            free = day + timedelta(days=ahead)
            if free < self._last_day and not any((side, free) in self._busy for side in fixture.sides):
                return free
        return None

    def _on(self, fixture: Fixture, day: date) -> int | None:
        """The one game of the pair on that day, to which nothing has happened; None where there is none or more."""
        places = self._places[fixture.sides].get(day, [])
        if len(places) != 1 or day in self._spared or not self._fixtures[places[0]].plain:
            return None
        return places[0]

    def _suspended(self, place: int, day: date, more: float) -> None:
        """Play stops in the middle innings and goes on the next day before that day's game."""
        fixture, tomorrow = self._fixtures[place], day + timedelta(days=1)
        following = self._on(fixture, tomorrow)
        if following is None:
            return
        after_s = 3000.0 + 3000.0 * more
        resumes = on(tomorrow, _RESUMES)
        length_s = (resumes - fixture.start).total_seconds() - after_s
        note = f"Will resume at 2:10 p.m. ET on {tomorrow.month}/{tomorrow.day}."
        self._fixtures[place] = replace(fixture, pauses=(Pause(after_s, length_s, SUSPENDED, note),))
        night = on(tomorrow, LATE)
        if self._fixtures[following].start < night:
            self._fixtures[following] = _moved(self._fixtures[following], fixture.start + timedelta(hours=4), night)


def _off(fixture: Fixture, fate: Fate, note: str) -> Fixture:
    off = fixture.start - CALLED_OFF_BEFORE
    history = (Announced(None, fixture.start), Announced(off, fixture.start, note=note))
    return replace(fixture, fate=fate, off_from=off, announced=history)


def _moved(fixture: Fixture, since: datetime, start: datetime, note: str | None = None) -> Fixture:
    history = (Announced(None, fixture.start), Announced(since, start, note=note))
    return replace(fixture, start=start, announced=history)


def _second_game(fixture: Fixture, since: datetime, start: datetime) -> Fixture:
    return _moved(fixture, since, start, "Doubleheader - Game 2")


def _named(day: date) -> str:
    """`June 5`."""
    return f"{day:%B} {day.day}"
