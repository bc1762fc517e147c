"""Games that count for nothing: all-star games in the middle of a season, and a guest of the NBA's preseason."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, on
from precog_assets.simulator.world.guests import ALL_STARS, visiting_clubs
from precog_assets.simulator.world.model import SimTeam

_STAR_DAYS: dict[str, tuple[int, Slot]] = {
    "nba": (6, (20, 0)),
    "nhl": (5, (20, 0)),
    "mlb": (1, (20, 0)),
    "wnba": (5, (20, 30)),
}
_GUEST_DAY = 0
"""Monday, on which nobody else plays in a preseason."""


def exhibitions(league: str, plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """The season's exhibition games but the NFL's, whose all-stars play in the postseason."""
    fixtures = []
    if plan.around.preseason:
        for club in visiting_clubs(league):
            host = teams[int(len(teams) * rng.random())]
            start = on(plan.preseason_day(0, _GUEST_DAY), (19, 30))
            fixtures.append(Fixture(host, club, start, season_type=1, exhibition=True))
    if plan.all_star is not None:
        weekday, slot = _STAR_DAYS[league]
        home, away = ALL_STARS[league]
        note = f"{league.upper()} All-Star Game"
        start = on(plan.day(plan.all_star, weekday), slot)
        fixtures.append(Fixture(home, away, start, neutral=True, exhibition=True, note=note))
    return fixtures
