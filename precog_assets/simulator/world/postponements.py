"""Games of the nightly and college leagues that are not played when they should be, or at another hour.

A postponed game keeps its id and is made up under a new one, on a day on which both sides are free; a college
game across conferences is rather canceled. Hours that change are announced some days before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from precog_assets.domain.times import EASTERN, eastern_day
from precog_assets.simulator.world.fixtures import Fixture, moved_hours, on
from precog_assets.simulator.world.model import Announced

POSTPONED_SHARE = 0.003
PRESEASON_CANCELED_SHARE = 0.01
NEW_HOUR_SHARE = 0.02
NEW_HOUR_BEFORE = timedelta(days=9)
CANCELED_ACROSS = 0.6
"""Of the college games across conferences that cannot be played: those without a make-up."""
_WAIT = (5, 60)


def postponements(
    fixtures: Sequence[Fixture], spared: frozenset[date], conference: Mapping[str, str], rng: Random
) -> list[Fixture]:
    """The fixtures with what became of some of them, make-ups added; `conference` is empty outside of college."""
    busy = {(side, eastern_day(fixture.start)) for fixture in fixtures for side in fixture.sides}
    last = max(eastern_day(fixture.start) for fixture in fixtures)
    result: list[Fixture] = []
    for fixture in fixtures:
        chance, more = rng.random(), rng.random()
        day = eastern_day(fixture.start)
        if not fixture.plain or day in spared:
            result.append(fixture)
        elif fixture.season_type == 1:
            canceled = chance < PRESEASON_CANCELED_SHARE
            result.append(_off(fixture, more, canceled=True) if canceled else fixture)
        elif chance < POSTPONED_SHARE:
            result += _put_off(fixture, day, last, busy, conference, more)
        elif chance > 1.0 - NEW_HOUR_SHARE:
            other = fixture.start + timedelta(minutes=30 if fixture.start.astimezone(EASTERN).hour < 20 else -60)
            result.append(moved_hours(fixture, other, NEW_HOUR_BEFORE))
        else:
            result.append(fixture)
    return result


def _put_off(
    fixture: Fixture,
    day: date,
    last: date,
    busy: set[tuple[str, date]],
    conference: Mapping[str, str],
    more: float,
) -> list[Fixture]:
    home, away = fixture.sides
    across = bool(conference) and conference.get(home) != conference.get(away)
    makeup_day = next(
        (
            free
            for free in (day + timedelta(days=ahead) for ahead in range(*_WAIT))
            if free <= last and not any((side, free) in busy for side in fixture.sides)
        ),
        None,
    )
    if makeup_day is None or (across and more < CANCELED_ACROSS):
        return [_off(fixture, more, canceled=True)]
    off = _off(fixture, more, canceled=False)
    busy |= {(side, makeup_day) for side in fixture.sides}
    start = on(makeup_day, (19, 0))
    known = fixture.start + timedelta(hours=18 + int(40 * more))
    note = f"Makeup from {day:%B} {day.day}"
    makeup = Fixture(
        fixture.home, fixture.away, start, week=fixture.week, announced=(Announced(known, start, note=note),)
    )
    return [off, makeup]


def _off(fixture: Fixture, more: float, *, canceled: bool) -> Fixture:
    off_from = fixture.start - timedelta(hours=2 + int(28 * more))
    return replace(fixture, fate="canceled" if canceled else "postponed", off_from=off_from)
