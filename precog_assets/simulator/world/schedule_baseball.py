"""MLB's schedule: series of three or four games, doubleheaders, and postponed games made up under a new id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Pair, Slot, on, pair_up, spread
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import shuffled

DOUBLEHEADER_SHARE = 0.03
"""Of series: the last game is played on the second day."""
POSTPONED_SHARE = 0.012
"""Of series: the first game is rained out and made up the next day."""
MONDAY_SERIES = 5
"""Of the midweek series, those that begin on Monday and have four games."""
EARLY: Slot = (13, 5)
LATE: Slot = (18, 40)
_NIGHT: tuple[Slot, ...] = ((18, 40), (18, 45), (19, 5), (19, 7), (19, 10), (19, 40), (20, 5), (21, 40), (22, 10))
_SATURDAY: tuple[Slot, ...] = ((13, 5), (14, 10), (16, 10), (18, 10), (19, 5), (19, 10), (19, 15), (20, 40), (21, 40))
_SUNDAY: tuple[Slot, ...] = ((12, 5), (13, 35), (13, 40), (14, 10), (15, 40), (16, 10), (19, 10))


def baseball_fixtures(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """A midweek and a weekend series every week."""
    home_games = dict.fromkeys((team.espn_id for team in teams), 0)
    fixtures: list[Fixture] = []
    for week in range(plan.weeks):
        for weekdays in ((1, 2, 3), (4, 5, 6)):
            pairs = pair_up(shuffled(teams, rng), home_games)
            for index, pair in enumerate(pairs):
                early = weekdays[0] == 1 and index < MONDAY_SERIES
                days = [plan.day(week, weekday) for weekday in ((0, *weekdays) if early else weekdays)]
                fixtures += _series(pair, days, index, len(pairs), rng)
    return fixtures


def _slot(day: date, index: int, count: int) -> Slot:
    return spread(count, {5: _SATURDAY, 6: _SUNDAY}.get(day.weekday(), _NIGHT))[index]


def _series(pair: Pair, days: list[date], index: int, count: int, rng: Random) -> list[Fixture]:
    games = [Fixture(*pair, on(day, _slot(day, index, count))) for day in days]
    chance = rng.random()
    if chance < DOUBLEHEADER_SHARE:
        games[1] = replace(games[1], start=on(days[1], EARLY), note="Doubleheader - Game 1")
        games[-1] = replace(games[-1], start=on(days[1], LATE), note="Doubleheader - Game 2")
    elif chance < DOUBLEHEADER_SHARE + POSTPONED_SHARE:
        rained, made_up = f"{days[0]:%B} {days[0].day}", f"{days[1]:%B} {days[1].day}"
        games[0] = replace(games[0], postponed=True, note=f"Inclement Weather - Makeup date {made_up}")
        makeup = Fixture(*pair, on(days[1], EARLY), note=f"Doubleheader - Game 1 - Makeup from {rained}")
        games[1] = replace(games[1], start=on(days[1], LATE), note="Doubleheader - Game 2")
        games.append(makeup)
    return games
