"""Tennis tours: two tournaments a week with 32 players each, later rounds known once the earlier ones are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, Winner, on
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.names import CITIES
from precog_assets.simulator.world.randomness import shuffled
from precog_assets.simulator.world.roster import normal

DRAW = 32
FORM = 220.0
"""Elo points of chance in who enters: the best do not play every week."""
MAJOR_WEEK = 9
SEEDS_AT = (0, 31, 16, 15, 8, 23, 24, 7)
_KINDS = ("Open", "Classic", "Trophy", "Indoors")
_ROUNDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("Round 1", (0, 1)),
    ("Round 2", (2, 3)),
    ("Quarterfinal", (4,)),
    ("Semifinal", (5,)),
    ("Final", (6,)),
)
_SLOTS: dict[bool, dict[int, tuple[Slot, ...]]] = {
    False: {
        8: ((5, 0), (5, 10), (7, 0), (7, 10), (9, 0), (11, 0), (13, 0), (13, 10)),
        4: ((5, 0), (7, 0), (9, 0), (13, 0)),
        2: ((7, 0), (9, 30)),
        1: ((9, 0),),
    },
    True: {
        8: ((11, 0), (11, 10), (13, 0), (13, 10), (15, 0), (17, 0), (19, 0), (21, 0)),
        4: ((12, 0), (14, 0), (19, 0), (21, 0)),
        2: ((19, 0), (21, 0)),
        1: ((15, 0),),
    },
}
"""By whether the city is on American time, then by the day's matches."""


def tennis_fixtures(
    league: str,
    plan: SeasonPlan,
    players: Sequence[SimTeam],
    strength: Mapping[str, float],
    rng: Random,
    winner: Winner,
) -> list[tuple[int, Fixture]]:
    """All matches of a season with their numbers: 64 to a tournament, 31 of them used."""
    fixtures: list[tuple[int, Fixture]] = []
    first_number = 101 if league == "atp" else 301
    for week in range(plan.weeks):
        entries = sorted(players, key=lambda player: -(strength[player.espn_id] + FORM * normal(rng)))[: 2 * DRAW]
        for place in (0, 1):
            number = 2 * week + place
            city, _ = CITIES[number % len(CITIES)]
            name = f"{city} {_KINDS[number // len(CITIES) % len(_KINDS)]}"
            field = sorted(entries[place::2], key=lambda player: -strength[player.espn_id])
            best_of = 5 if league == "atp" and week == MAJOR_WEEK and place else 3
            base = Fixture(
                field[0],
                field[1],
                on(plan.day(week, 0), (0, 0)),
                neutral=True,
                tournament_id=f"{first_number + number}-{plan.label}",
                tournament_name=name,
                best_of=best_of,
            )
            fixtures += _tournament(base, plan, week, 64 * number, _draw(field, rng), winner, american=place == 1)
    return fixtures


def _draw(field: Sequence[SimTeam], rng: Random) -> list[SimTeam]:
    """The field in the order of the draw: eight seeds in their places, the others anywhere."""
    others = iter(shuffled(field[len(SEEDS_AT) :], rng))
    seeds = dict(zip(SEEDS_AT, field, strict=False))
    return [seeds[place] if place in seeds else next(others) for place in range(DRAW)]


def _tournament(
    base: Fixture,
    plan: SeasonPlan,
    week: int,
    first: int,
    draw: list[SimTeam],
    winner: Winner,
    *,
    american: bool,
) -> list[tuple[int, Fixture]]:
    played: list[tuple[int, Fixture]] = []
    known: list[datetime | None] = [None] * len(draw)
    for name, weekdays in _ROUNDS:
        count = len(draw) // 2
        daily = count // len(weekdays)
        winners: list[SimTeam] = []
        ends: list[datetime | None] = []
        for match in range(count):
            one, other = sorted(draw[2 * match : 2 * match + 2], key=lambda player: player.espn_id)
            day = plan.day(week, weekdays[match // daily])
            feeders = [end for end in known[2 * match : 2 * match + 2] if end is not None]
            fixture = Fixture(
                one,
                other,
                on(day, _SLOTS[american][daily][match % daily]),
                neutral=True,
                tournament_id=base.tournament_id,
                tournament_name=base.tournament_name,
                round_name=name,
                best_of=base.best_of,
                known_from=max(feeders) if feeders else None,
            )
            number = first + len(played)
            played.append((number, fixture))
            through, end = winner(number, fixture)
            winners.append(through)
            ends.append(end)
        draw, known = winners, ends
    return played
