"""College schedules: games across conferences first, then rounds within each conference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Pair, Slot, double_rounds, on, pair_up, spread
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import shuffled

_SATURDAY: tuple[Slot, ...] = tuple((hour, minute) for hour in range(12, 23) for minute in (0, 30))
_EVENING: tuple[Slot, ...] = ((18, 30), (19, 0), (19, 0), (19, 30), (20, 0), (20, 30), (21, 0), (22, 0))


@dataclass(frozen=True, slots=True)
class College:
    """How a college sport fills its weeks."""

    open_weeks: int
    """Weeks of games across conferences."""
    open_days: tuple[int, ...]
    open_share: float
    """Chance that a team plays on such a day."""
    weekend_days: tuple[int, ...]
    """Days of conference rounds, dealt to the conferences in turn."""
    rounds: int
    """A conference's weekend rounds, spread over the weeks that are left: one a week at most."""
    midweek_days: tuple[int, ...]
    midweek_every: int
    neutral_share: float


_BASKETBALL = College(6, (1, 5), 0.75, (5, 5, 5, 6, 5, 3), 30, (1, 2), 2, 0.14)
HOSTED_SHARE = 0.6
"""Of the games a weaker side would host, those that the stronger one does."""
COLLEGES = {
    "ncaab": _BASKETBALL,
    "wncaab": _BASKETBALL,
    "ncaaf": College(4, (5,), 0.8, (5,), 9, (), 1, 0.08),
}


def college_fixtures(
    league: str,
    plan: SeasonPlan,
    teams: Sequence[SimTeam],
    conference: Mapping[str, str],
    strong: Callable[[SimTeam], float],
    rng: Random,
) -> list[Fixture]:
    """The regular season; games carry no week in basketball, and the week's number in football.

    Across conferences the stronger side is rather at home.
    """
    college = COLLEGES[league]
    numbered = league == "ncaaf"
    home_games = dict.fromkeys((team.espn_id for team in teams), 0)
    by_day: dict[date, list[tuple[Pair, bool, int]]] = {}
    for week in range(college.open_weeks):
        for weekday in college.open_days:
            willing = [team for team in shuffled(teams, rng) if rng.random() < college.open_share]
            for pair in pair_up(_mixed(willing, conference), home_games):
                if strong(pair[0]) < strong(pair[1]) and rng.random() < HOSTED_SHARE:
                    pair = (pair[1], pair[0])
                neutral = rng.random() < college.neutral_share
                by_day.setdefault(plan.day(week, weekday), []).append((pair, neutral, week + 1))
    for index, name in enumerate(sorted(set(conference.values()))):
        members = [team for team in teams if conference[team.espn_id] == name]
        for day, pairs, week in _conference_rounds(college, plan, members, index, rng):
            by_day.setdefault(day, []).extend((pair, False, week) for pair in pairs)
    fixtures = []
    for day in sorted(by_day):
        games = shuffled(by_day[day], rng)
        slots = spread(len(games), _SATURDAY if day.weekday() >= 5 else _EVENING)
        fixtures += [
            Fixture(*pair, on(day, slot), neutral=neutral, week=week if numbered else None)
            for (pair, neutral, week), slot in zip(games, slots, strict=True)
        ]
    return fixtures


def _mixed(teams: list[SimTeam], conference: Mapping[str, str]) -> list[SimTeam]:
    """The same teams, neighbours of one conference parted where the next but one is of another."""
    order = list(teams)
    for place in range(0, len(order) - 2, 2):
        if conference[order[place].espn_id] == conference[order[place + 1].espn_id]:
            order[place + 1], order[place + 2] = order[place + 2], order[place + 1]
    return order


def _conference_rounds(
    college: College, plan: SeasonPlan, members: list[SimTeam], index: int, rng: Random
) -> list[tuple[date, list[Pair], int]]:
    if len(members) < 2:
        return []
    numbers = double_rounds(shuffled(members, rng))
    weeks = plan.weeks - college.open_weeks
    often = min(college.rounds, weeks)
    result, played = [], 0
    for week in range(college.open_weeks, plan.weeks):
        days = []
        if college.midweek_days and (week + index) % college.midweek_every == 0:
            days.append(college.midweek_days[index % len(college.midweek_days)])
        past = week - college.open_weeks + index % 2
        if (past + 1) * often // weeks > past * often // weeks:
            days.append(college.weekend_days[index % len(college.weekend_days)])
        for weekday in days:
            result.append((plan.day(week, weekday), numbers[played % len(numbers)], week + 1))
            played += 1
    return result
