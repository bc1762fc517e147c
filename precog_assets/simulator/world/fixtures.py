"""What schedules are made of: fixtures, rounds in which everyone meets everyone, and slots of a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from precog_assets.simulator.world.calendars import at_eastern
from precog_assets.simulator.world.model import Announced, Fate, Pause, SimTeam

Pair = tuple[SimTeam, SimTeam]
"""Home, away."""
Slot = tuple[int, int]
"""Hour and minute, Eastern; hours from 24 on are those of the next day."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game as the schedule knows it, before it has an id and a strength gap; fields as in `SimGame`."""

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
    home_known_from: datetime | None = None
    away_known_from: datetime | None = None
    fate: Fate = "played"
    exhibition: bool = False
    knockout: bool = False
    first_leg_lead: int | None = None
    series: str | None = None
    note: str | None = None
    """A headline shown at all times; where the schedule has a history, its entries carry their own."""
    announced: tuple[Announced, ...] = ()
    off_from: datetime | None = None
    off_until: datetime | None = None
    pauses: tuple[Pause, ...] = ()

    @property
    def plain(self) -> bool:
        """Nothing has been decided about it but who plays, where and when."""
        return not (self.announced or self.pauses or self.note or self.exhibition or self.off_from)

    @property
    def sides(self) -> tuple[str, str]:
        return self.home.espn_id, self.away.espn_id

    @property
    def history(self) -> tuple[Announced, ...]:
        """What the schedule says of it, from the beginning."""
        if self.announced or not self.note:
            return self.announced
        return (Announced(None, self.start, note=self.note),)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a fixture that was played."""

    winner: SimTeam
    """Who goes through; of a game that ends level, the home side."""
    level: bool
    home_score: int
    away_score: int
    over_at: datetime

    def won_by(self, team: SimTeam) -> bool:
        return not self.level and self.winner == team


Play = Callable[[int, Fixture], Outcome]
"""Plays a fixture under a number of its own."""


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


def weekday_of(day: date, weekday: int) -> date:
    """The day of the same week (from Monday) with a weekday (0 Monday)."""
    return day + timedelta(days=weekday - day.weekday())


def moved_hours(fixture: Fixture, first: datetime, before: timedelta, *, time_valid: bool = True) -> Fixture:
    """The fixture, first announced for another instant and set to its own that long before it."""
    if first == fixture.start:
        return fixture
    history = (
        Announced(None, first, time_valid, fixture.note),
        Announced(fixture.start - before, fixture.start, note=fixture.note),
    )
    return replace(fixture, announced=history)


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
