"""The anchor's own day: games moved so that whoever starts the world then sees one over, one running, one to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.fixtures import Fixture

_OVER_AFTER = {
    Sport.FOOTBALL: timedelta(hours=5),
    Sport.BASKETBALL: timedelta(hours=3, minutes=30),
    Sport.HOCKEY: timedelta(hours=3, minutes=15),
    Sport.BASEBALL: timedelta(hours=5),
    Sport.SOCCER: timedelta(hours=2, minutes=15),
}
"""Games that began so long ago are over for all purposes."""
_RUNNING = (timedelta(minutes=20), timedelta(minutes=90))
_SOON = timedelta(minutes=15)


def settle_slate(fixtures: list[Fixture], sport: Sport, anchor: datetime) -> list[Fixture]:
    """The same fixtures, at most three of the anchor's Eastern day moved to other hours of that day.

    A soccer match moved so is played abroad, on neutral ground. Games with a note (doubleheaders,
    make-ups) stay where they are, and so does everything where a day has no game to spare.
    """
    over = _OVER_AFTER[sport]
    needs: tuple[tuple[Callable[[datetime], bool], datetime], ...] = (
        (lambda start: _RUNNING[0] <= anchor - start <= _RUNNING[1], anchor - timedelta(minutes=50)),
        (lambda start: start >= anchor + _SOON, anchor + timedelta(minutes=90)),
        (lambda start: start <= anchor - over, anchor - over - timedelta(minutes=30)),
    )
    result = list(fixtures)
    day = eastern_day(anchor)
    places = [i for i, one in enumerate(result) if eastern_day(one.start) == day and one.plain]
    kept: set[int] = set()
    for fits, _ in needs:
        serving = [place for place in places if place not in kept and fits(result[place].start)]
        if serving:
            kept.add(serving[0])
    for fits, target in needs:
        if any(fits(result[place].start) for place in places) or eastern_day(target) != day:
            continue
        spare = [place for place in places if place not in kept]
        if spare:
            moved = result[spare[-1]]
            neutral = moved.neutral or sport is Sport.SOCCER
            result[spare[-1]] = replace(moved, start=_rounded(target), neutral=neutral)
            kept.add(spare[-1])
    return result


def _rounded(instant: datetime) -> datetime:
    return instant.replace(minute=instant.minute - instant.minute % 5, second=0, microsecond=0)
