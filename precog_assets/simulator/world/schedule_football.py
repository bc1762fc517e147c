"""The NFL's schedule: seventeen games in as many weeks and a bye, from Thursday to Monday, and a preseason.

The hours of the last week are announced six days before it; some games of the second half of the season
change their hour twelve days before (flexible scheduling), and now and then snow moves a game by a day or two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from precog_assets.domain.times import EASTERN, eastern_day
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import (
    Fixture,
    Pair,
    Slot,
    moved_hours,
    on,
    rounds,
    spread,
    weekday_of,
)
from precog_assets.simulator.world.model import Announced, SimTeam
from precog_assets.simulator.world.randomness import shuffled

GAMES_A_TEAM = 17
_BYE_WEEKS = range(4, 14)
_BYE_GAMES_A_WEEK = 3
"""At most so many games leave a week, so that each team rests once."""
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
_AUTUMN = (*_WEEK[:1], *_WEEK[4:])
"""In September to November Saturdays belong to the colleges."""
_LAST_WEEK: tuple[tuple[int, Slot], ...] = (
    (5, (16, 30)),
    (5, (20, 15)),
    (6, (20, 20)),
    *[(6, (16, 25)) for _ in range(6)],
)
_SUNDAY: tuple[int, Slot] = (6, (13, 0))
_ABROAD: tuple[int, Slot] = (6, (9, 30))
_ONE: Slot = (13, 0)
FLEXED_FROM = 5
"""The first week whose hours may change."""
FLEXED_SHARE = 0.12
FLEXED_BEFORE = timedelta(days=12)
LAST_SET_BEFORE = timedelta(days=6)
SNOW_SHARE = 0.003
CANCELED_SHARE = 0.02
"""Of the preseason."""
_FIRST_PRESEASON_GAME: Slot = (20, 0)


def football_fixtures(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """Preseason and regular season. Byes fall where a week's games leave a team out."""
    fixtures = _preseason(plan, teams, rng)
    weeks = [pairs for pairs in _weeks(plan, teams, rng) if pairs]
    for week, pairs in enumerate(weeks):
        last = week == len(weeks) - 1
        days = _LAST_WEEK if last else _WEEK if plan.anchored or len(weeks) - week <= 4 else _AUTUMN
        for index, pair in enumerate(shuffled(pairs, rng)):
            weekday, slot = days[index] if index < len(days) else _SUNDAY
            abroad = week % 5 == 2 and index == len(days)
            if abroad:
                weekday, slot = _ABROAD
            fixtures.append(Fixture(*pair, on(plan.day(week, weekday), slot), neutral=abroad, week=week + 1))
    return fixtures


def football_changes(fixtures: Sequence[Fixture], spared: frozenset[date], rng: Random) -> list[Fixture]:
    """The same fixtures with what the schedule said of them before, and games moved by snow or called off.

    On days in `spared` no game is moved to another day.
    """
    last = max(fixture.week or 0 for fixture in fixtures if fixture.season_type == 2)
    return [_changed(fixture, last, spared, rng) for fixture in fixtures]


def _changed(fixture: Fixture, last_week: int, spared: frozenset[date], rng: Random) -> Fixture:
    chance = rng.random()
    if not fixture.plain or fixture.week is None:
        return fixture
    day = eastern_day(fixture.start)
    if fixture.season_type == 1:
        if chance >= CANCELED_SHARE:
            return fixture
        return replace(fixture, fate="canceled", off_from=fixture.start - timedelta(hours=26))
    if fixture.week == last_week:
        midnight = on(weekday_of(day, 6), (0, 0))
        return moved_hours(fixture, midnight, LAST_SET_BEFORE, time_valid=False)
    sunday = day.weekday() == 6
    if fixture.week > FLEXED_FROM and sunday and not fixture.neutral and chance < FLEXED_SHARE:
        early = fixture.start.astimezone(EASTERN).hour < 16
        return moved_hours(fixture, on(day, (16, 25) if early else _ONE), FLEXED_BEFORE)
    if sunday and day not in spared and chance > 1.0 - SNOW_SHARE and fixture.week > FLEXED_FROM:
        return _snowed_in(fixture, on(day + timedelta(days=1), (19, 0)))
    return fixture


def _snowed_in(fixture: Fixture, later: datetime) -> Fixture:
    history = (Announced(None, fixture.start), Announced(fixture.start - timedelta(hours=22), later))
    return replace(fixture, start=later, announced=history)


def _weeks(plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[list[Pair]]:
    """The pairs of each week; with one week more than games, every team rests once in the middle of the season."""
    numbers = [shuffled(number, rng) for number in rounds(shuffled(teams, rng))[:GAMES_A_TEAM]]
    if plan.weeks == GAMES_A_TEAM + 1:
        return _with_byes(numbers, rng)
    pool = [pair for number in numbers for pair in number]
    at_most = -(-len(pool) // (plan.weeks - 1))
    return [_week_of(pool, at_most) for _ in range(plan.weeks)]


def _with_byes(numbers: list[list[Pair]], rng: Random) -> list[list[Pair]]:
    """One week more: games of the bye weeks that together have every team once make up the last week."""
    candidates = shuffled([(week, pair) for week in _BYE_WEEKS for pair in numbers[week]], rng)
    leaving = _leaving(candidates, frozenset(side.espn_id for pair in numbers[0] for side in pair), {})
    if leaving is None:
        raise ValueError(
            f"No choice of games of weeks {_BYE_WEEKS.start + 1} to {_BYE_WEEKS.stop} has every team once."
        )
    weeks = [[pair for pair in pairs if (week, pair) not in leaving] for week, pairs in enumerate(numbers)]
    return [*weeks, [pair for _, pair in leaving]]


def _leaving(
    candidates: Sequence[tuple[int, Pair]], left: frozenset[str], taken: Mapping[int, int]
) -> list[tuple[int, Pair]] | None:
    """Games that have every team of `left` once, a few of a week at most; the hardest team to place first."""
    if not left:
        return []
    fitting = [
        (week, pair)
        for week, pair in candidates
        if {pair[0].espn_id, pair[1].espn_id} <= left and taken.get(week, 0) < _BYE_GAMES_A_WEEK
    ]
    options: dict[str, list[tuple[int, Pair]]] = {team: [] for team in sorted(left)}
    for week, pair in fitting:
        for side in pair:
            options[side.espn_id].append((week, pair))
    for week, pair in min(options.values(), key=len):
        ids = {pair[0].espn_id, pair[1].espn_id}
        rest = _leaving(fitting, left - ids, {**taken, week: taken.get(week, 0) + 1})
        if rest is not None:
            return [(week, pair), *rest]
    return None


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
    """One game in the first week, on neutral ground, then a game a week for everyone."""
    fixtures = []
    for week in range(plan.around.preseason):
        order = shuffled(teams, rng)
        if week == 0:
            start = on(plan.preseason_day(week, 3), _FIRST_PRESEASON_GAME)
            fixtures.append(Fixture(order[0], order[1], start, neutral=True, season_type=1, week=1))
            continue
        pairs = list(zip(order[::2], order[1::2], strict=False))
        for index, slot in enumerate(spread(len(pairs), ((19, 0), (19, 30), (20, 0)))):
            day = plan.preseason_day(week, (3, 4, 4, 5)[index % 4])
            fixtures.append(Fixture(*pairs[index], on(day, slot), season_type=1, week=week + 1))
    return fixtures
