"""Soccer schedules: a double round robin at weekends and in some midweeks, at the hours each league plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, double_rounds, on
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import shuffled

Times = tuple[tuple[int, Slot], ...]
"""Weekday and Eastern slot of each match of a round, the last repeated for the rest."""


@dataclass(frozen=True, slots=True)
class Matchdays:
    """When a league's rounds are played, and how many there are."""

    rounds: int
    weekend: Times
    midweek: Times


_EPL_WEEKEND: Times = (
    (5, (7, 30)),
    (5, (10, 0)),
    (5, (10, 0)),
    (5, (12, 30)),
    (6, (9, 0)),
    (6, (11, 30)),
    (6, (9, 0)),
    (4, (15, 0)),
    (5, (10, 0)),
)
_LIGUE1_WEEKEND: Times = (
    (5, (11, 0)),
    (5, (13, 0)),
    (5, (15, 5)),
    (4, (14, 45)),
    (6, (9, 0)),
    (6, (11, 15)),
    (6, (14, 45)),
    (6, (11, 15)),
    (6, (9, 0)),
)
_MLS_WEEKEND: Times = ((5, (14, 30)), (5, (19, 30)), (5, (20, 30)), (5, (22, 30)), (6, (16, 45)), (5, (19, 30)))
MATCHDAYS = {
    "epl": Matchdays(38, _EPL_WEEKEND, ((1, (14, 30)), (1, (15, 15)), (2, (14, 30)), (2, (15, 15)))),
    "ligue1": Matchdays(34, _LIGUE1_WEEKEND, ((1, (13, 0)), (2, (13, 0)), (2, (15, 0)))),
    "mls": Matchdays(34, _MLS_WEEKEND, ((2, (19, 30)), (2, (22, 30)))),
}


def soccer_fixtures(league: str, plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """One round each weekend, the remaining ones in midweeks spread over the season."""
    days = MATCHDAYS[league]
    numbers = double_rounds(shuffled(teams, rng))[: days.rounds]
    midweeks = len(numbers) - plan.weeks
    fixtures: list[Fixture] = []
    left = iter(numbers)
    for week in range(plan.weeks):
        kinds = [days.weekend]
        if (week + 1) * midweeks // plan.weeks > week * midweeks // plan.weeks:
            kinds.insert(0, days.midweek)
        for times in kinds:
            for index, pair in enumerate(shuffled(next(left, []), rng)):
                weekday, slot = times[min(index, len(times) - 1)]
                fixtures.append(Fixture(*pair, on(plan.day(week, weekday), slot)))
    return fixtures
