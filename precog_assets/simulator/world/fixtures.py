"""What schedules are made of: fixtures, rounds in which everyone meets everyone, and slots of a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from precog_assets.simulator.world.calendars import at_eastern
from precog_assets.simulator.world.model import SimTeam

Pair = tuple[SimTeam, SimTeam]
"""Home, away."""
Slot = tuple[int, int]
"""Hour and minute, Eastern."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game as the schedule knows it, before it has an id and a strength gap."""

    home: SimTeam
    away: SimTeam
    start: datetime
    neutral: bool = False
    season_type: int = 2
    week: int | None = None
    tournament_id: str | None = None
    tournament_name: str | None = None
    round_name: str | None = None
    best_of: int | None = None
    known_from: datetime | None = None
    postponed: bool = False
    note: str | None = None


Winner = Callable[[int, Fixture], tuple[SimTeam, datetime]]
"""Plays a fixture under a number of its own; gives who wins, and when it is over."""


def rounds(teams: Sequence[SimTeam]) -> list[list[Pair]]:
    """Rounds in which every team meets every other once (circle method); with an odd number one rests."""
    circle: list[SimTeam | None] = list(teams)
    if len(circle) % 2:
        circle.append(None)
    size = len(circle)
    result = []
    for number in range(size - 1):
        pairs: list[Pair] = []
        for place in range(size // 2):
            first, second = circle[place], circle[size - 1 - place]
            if first is not None and second is not None:
                swap = number % 2 if place == 0 else place % 2
                pairs.append((second, first) if swap else (first, second))
        result.append(pairs)
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return result


def double_rounds(teams: Sequence[SimTeam]) -> list[list[Pair]]:
    """Every pair twice, once at each side's home."""
    first = rounds(teams)
    return [*first, *([(away, home) for home, away in pairs] for pairs in first)]


def spread(count: int, slots: Sequence[Slot]) -> list[Slot]:
    """A slot for each of `count` games, spread over the day's slots in their order."""
    return [slots[index * len(slots) // count] for index in range(count)]


def on(day: date, slot: Slot) -> datetime:
    """The UTC instant of a slot."""
    return at_eastern(day, *slot)


def pair_up(teams: Sequence[SimTeam], home_games: dict[str, int]) -> list[Pair]:
    """Neighbours paired in the order given; who has been home less often is at home. Counts are kept up."""
    pairs = []
    for first, second in zip(teams[::2], teams[1::2], strict=False):
        home, away = (first, second) if home_games[first.espn_id] <= home_games[second.espn_id] else (second, first)
        home_games[home.espn_id] += 1
        pairs.append((home, away))
    return pairs
