"""The NFL's schedule: a game a week at most, seventeen in all, on Thursday, Saturday, Sunday and Monday."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Pair, Slot, on, rounds, spread
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import shuffled

GAMES_A_TEAM = 17
_WEEK: tuple[tuple[int, Slot], ...] = (
    (3, (20, 15)),
    (5, (13, 0)),
    (5, (18, 0)),
    (5, (20, 15)),
    (7, (20, 15)),
    (6, (20, 20)),
    (6, (16, 25)),
    (6, (16, 25)),
    (6, (16, 5)),
)
"""Weekday (7 is the Monday after) and slot of a week's first games; the rest play on Sunday at one."""
_SUNDAY: tuple[int, Slot] = (6, (13, 0))
_ABROAD: tuple[int, Slot] = (6, (9, 30))


def football_fixtures(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """Preseason and regular season. Byes fall where a week's games leave a team out."""
    fixtures = _preseason(plan, teams, rng)
    pool = [pair for number in rounds(shuffled(teams, rng))[:GAMES_A_TEAM] for pair in shuffled(number, rng)]
    at_most = -(-len(pool) // (plan.weeks - 1))
    for week in range(plan.weeks):
        chosen = _week_of(pool, at_most)
        for index, pair in enumerate(shuffled(chosen, rng)):
            weekday, slot = _WEEK[index] if index < len(_WEEK) else _SUNDAY
            abroad = week % 5 == 2 and index == len(_WEEK)
            if abroad:
                weekday, slot = _ABROAD
            fixtures.append(Fixture(*pair, on(plan.day(week, weekday), slot), neutral=abroad, week=week + 1))
    return fixtures


def _week_of(pool: list[Pair], at_most: int) -> list[Pair]:
    """Takes up to `at_most` pairs of different teams out of the pool, in its order."""
    busy: set[str] = set()
    chosen: list[Pair] = []
    for pair in list(pool):
        ids = {pair[0].espn_id, pair[1].espn_id}
        if len(chosen) < at_most and not ids & busy:
            busy |= ids
            chosen.append(pair)
            pool.remove(pair)
    return chosen


def _preseason(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    fixtures = []
    for week in range(plan.preseason_weeks):
        order = shuffled(teams, rng)
        pairs = list(zip(order[::2], order[1::2], strict=False))
        for index, slot in enumerate(spread(len(pairs), ((19, 0), (19, 30), (20, 0)))):
            day = plan.day(week - plan.preseason_weeks, (3, 4, 4, 5)[index % 4])
            fixtures.append(Fixture(*pairs[index], on(day, slot), season_type=1, week=week + 1))
    return fixtures
