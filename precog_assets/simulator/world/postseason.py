"""Postseasons: the strongest teams of a league in a single-elimination bracket at the end of a past season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, Winner, on
from precog_assets.simulator.world.model import SimTeam

FIRST_NUMBER = 9000
"""Numbers of postseason games; regular ones stay below."""
_SLOTS: tuple[Slot, ...] = ((13, 0), (15, 30), (18, 0), (20, 30))
_EIGHT: tuple[tuple[int, int], ...] = ((0, 5), (1, 5), (2, 6))
_SIXTY_FOUR: tuple[tuple[int, int], ...] = ((0, 3), (0, 5), (1, 3), (1, 5), (2, 4), (2, 6))
"""Week of the postseason and weekday of each round."""
_NEUTRAL = frozenset({"ncaab", "wncaab", "ncaaf"})
TOURNAMENT = {
    "ncaab": "NCAA Men's Basketball Championship",
    "wncaab": "NCAA Women's Basketball Championship",
}


def postseason_fixtures(
    league: str,
    plan: SeasonPlan,
    teams: Sequence[SimTeam],
    strength: Mapping[str, float],
    winner: Winner,
) -> list[tuple[int, Fixture]]:
    """The bracket's games with their numbers; the better seed is at home, the final of football on neutral ground."""
    if not plan.postseason_weeks:
        return []
    days = _SIXTY_FOUR if league in TOURNAMENT else _EIGHT
    ranked = sorted(teams, key=lambda team: (-strength[team.espn_id], team.espn_id))[: 2 ** len(days)]
    field = [ranked[place] for place in _bracket(len(ranked))]
    known: list[datetime | None] = [None] * len(field)
    fixtures: list[tuple[int, Fixture]] = []
    for number, (week, weekday) in enumerate(days, start=1):
        winners: list[SimTeam] = []
        ends: list[datetime | None] = []
        day = plan.day(plan.weeks + week, weekday)
        for match in range(len(field) // 2):
            home, away = sorted(field[2 * match : 2 * match + 2], key=lambda team: -strength[team.espn_id])
            feeders = [end for end in known[2 * match : 2 * match + 2] if end is not None]
            fixture = Fixture(
                home,
                away,
                on(day, _SLOTS[match % len(_SLOTS)]),
                neutral=league in _NEUTRAL or (league == "nfl" and number == len(days)),
                season_type=3,
                week=number if league in {"nfl", "ncaaf"} else None,
                known_from=max(feeders) if feeders else None,
                note=f"{TOURNAMENT[league]} - Round {number}" if league in TOURNAMENT else None,
            )
            index = FIRST_NUMBER + len(fixtures)
            fixtures.append((index, fixture))
            through, end = winner(index, fixture)
            winners.append(through)
            ends.append(end)
        field, known = winners, ends
    return fixtures


def _bracket(size: int) -> list[int]:
    """Seeds (0 first) in the order of the bracket, so that the best two can meet only in the final."""
    order = [0]
    while len(order) < size:
        order = [seed for place in order for seed in (place, 2 * len(order) - 1 - place)]
    return order
