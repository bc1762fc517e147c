"""Schedules of leagues that play most nights: NBA, NHL, WNBA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, on, pair_up, spread
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import shuffled

_NIGHT: tuple[Slot, ...] = ((19, 0), (19, 0), (19, 30), (19, 30), (20, 0), (20, 30), (21, 0), (22, 0), (22, 30))
_SATURDAY: tuple[Slot, ...] = ((13, 0), (15, 30), (17, 0), (19, 0), (19, 0), (19, 30), (20, 0), (20, 30), (22, 0))
_SUNDAY: tuple[Slot, ...] = ((13, 0), (15, 30), (17, 0), (18, 0), (18, 0), (19, 0), (20, 0), (21, 0))
_PRESEASON_DAYS = (1, 4, 6)
NEUTRAL_SHARE = 0.006


@dataclass(frozen=True, slots=True)
class Nights:
    """Games by weekday, Monday first, and how many a team plays at most where the season is as long as in life."""

    games: tuple[int, ...]
    at_most: int


NIGHTS = {
    "nba": Nights((7, 5, 9, 4, 10, 9, 8), 82),
    "nhl": Nights((4, 9, 4, 10, 5, 13, 5), 82),
    "wnba": Nights((0, 3, 2, 3, 4, 4, 4), 44),
}
_STARS_AWAY: tuple[int, ...] = (3, 4, 5, 6)
"""Weekdays of the all-star week without league games; the next one begins on Wednesday."""
_BACK_FROM_STARS: tuple[int, ...] = (0, 1)


def nightly_fixtures(league: str, plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """Preseason and regular season; nobody plays twice a day, and rarely on two days running."""
    nights = NIGHTS[league]
    fixtures = []
    for week in range(plan.around.preseason):
        for weekday in _PRESEASON_DAYS:
            order = shuffled(teams, rng)[: 2 * (len(teams) // 4)]
            day = plan.preseason_day(week, weekday)
            fixtures += _night(day, list(zip(order[::2], order[1::2], strict=True)), rng, 1)
    played = dict.fromkeys((team.espn_id for team in teams), 0)
    home_games = dict.fromkeys(played, 0)
    yesterday: set[str] = set()
    for week in range(plan.weeks):
        for weekday, count in enumerate(nights.games):
            free = [team for team in teams if plan.anchored or played[team.espn_id] < nights.at_most]
            chosen = [] if _stars_play(plan, week, weekday) else _playing(free, played, yesterday, count, rng)
            yesterday = {team.espn_id for team in chosen}
            for team in chosen:
                played[team.espn_id] += 1
            pairs = pair_up(shuffled(chosen, rng), home_games)
            fixtures += _night(plan.day(week, weekday), pairs, rng, 2)
    return fixtures


def _stars_play(plan: SeasonPlan, week: int, weekday: int) -> bool:
    if plan.all_star is None:
        return False
    return (week == plan.all_star and weekday in _STARS_AWAY) or (
        week == plan.all_star + 1 and weekday in _BACK_FROM_STARS
    )


def _playing(
    teams: Sequence[SimTeam], played: dict[str, int], yesterday: set[str], count: int, rng: Random
) -> list[SimTeam]:
    """The teams of a night, an even number: those that have played least, and rather not yesterday."""
    order = sorted(
        teams,
        key=lambda team: played[team.espn_id] + 2.0 * rng.random() + 2.5 * (team.espn_id in yesterday),
    )
    return order[: min(2 * count, len(order) - len(order) % 2)]


def _night(day: date, pairs: list[tuple[SimTeam, SimTeam]], rng: Random, season_type: int) -> list[Fixture]:
    if not pairs:
        return []
    slots = {5: _SATURDAY, 6: _SUNDAY}.get(day.weekday(), _NIGHT)
    return [
        Fixture(*pair, on(day, slot), neutral=rng.random() < NEUTRAL_SHARE, season_type=season_type)
        for pair, slot in zip(pairs, spread(len(pairs), slots), strict=True)
    ]
