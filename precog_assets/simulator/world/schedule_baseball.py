"""MLB's schedule: series of three or four games, doubleheaders, and the weeks of spring before them.

What the weather does to it is in `weather`.
"""

from __future__ import annotations

from collections import Counter
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
MONDAY_SERIES = 5
"""Of the midweek series, those that begin on Monday and have four games."""
GAMES_A_TEAM = 162
EARLY: Slot = (13, 5)
LATE: Slot = (18, 40)
_NIGHT: tuple[Slot, ...] = ((18, 40), (18, 45), (19, 5), (19, 7), (19, 10), (19, 40), (20, 5), (21, 40), (22, 10))
_SATURDAY: tuple[Slot, ...] = ((13, 5), (14, 10), (16, 10), (18, 10), (19, 5), (19, 10), (19, 15), (20, 40), (21, 40))
_SUNDAY: tuple[Slot, ...] = ((12, 5), (13, 35), (13, 40), (14, 10), (15, 40), (16, 10), (19, 10))
_SPRING: tuple[Slot, ...] = ((13, 5), (13, 5), (13, 10), (15, 5), (16, 10), (18, 40))


def baseball_fixtures(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """Spring games on most days, then a midweek and a weekend series every week; no midweek one at the all-star game.

    Nobody plays more than 162 games.
    """
    home_games = dict.fromkeys((team.espn_id for team in teams), 0)
    fixtures: list[Fixture] = []
    for week in range(plan.weeks):
        for weekdays in ((1, 2, 3), (4, 5, 6)):
            if weekdays[0] == 1 and week == plan.all_star:
                continue
            pairs = pair_up(shuffled(teams, rng), home_games)
            for index, pair in enumerate(pairs):
                early = weekdays[0] == 1 and index < MONDAY_SERIES
                days = [plan.day(week, weekday) for weekday in ((0, *weekdays) if early else weekdays)]
                fixtures += _series(pair, days, index, len(pairs), rng)
    return [*_spring(plan, teams, rng), *_at_most(fixtures, GAMES_A_TEAM)]


def _at_most(fixtures: list[Fixture], most: int) -> list[Fixture]:
    """The fixtures in time order, without those of a team that has had all its games."""
    played: Counter[str] = Counter()
    kept = []
    for fixture in sorted(fixtures, key=lambda one: (one.start, one.home.espn_id)):
        if max(played[side] for side in fixture.sides) < most:
            kept.append(fixture)
            played.update(fixture.sides)
    return kept


def _slot(day: date, index: int, count: int) -> Slot:
    return spread(count, {5: _SATURDAY, 6: _SUNDAY}.get(day.weekday(), _NIGHT))[index]


def _series(pair: Pair, days: list[date], index: int, count: int, rng: Random) -> list[Fixture]:
    games = [Fixture(*pair, on(day, _slot(day, index, count))) for day in days]
    if rng.random() < DOUBLEHEADER_SHARE:
        games[1] = replace(games[1], start=on(days[1], EARLY), note="Doubleheader - Game 1")
        games[-1] = replace(games[-1], start=on(days[1], LATE), note="Doubleheader - Game 2")
    return games


def _spring(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """Exhibition grounds in Florida and Arizona: every team plays six days a week."""
    fixtures = []
    for week in range(plan.around.preseason):
        for weekday in (1, 2, 3, 4, 5, 6):
            order = shuffled(teams, rng)
            pairs = list(zip(order[::2], order[1::2], strict=False))
            day = plan.preseason_day(week, weekday)
            for pair, slot in zip(pairs, spread(len(pairs), _SPRING), strict=True):
                fixtures.append(Fixture(*pair, on(day, slot), season_type=1))
    return fixtures
