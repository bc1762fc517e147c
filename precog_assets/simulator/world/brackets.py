"""How a postseason is played: entrants who become known, ties of one game or a series, and the next round.

A game of a round is on the schedule before its sides are known; a game a series may not need is not,
until it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from precog_assets.simulator.world.fixtures import Fixture, Outcome, Play, Slot, on
from precog_assets.simulator.world.model import Announced, SimTeam

FIRST_NUMBER = 9000
"""Numbers of postseason games; regular ones stay below."""
EVENING: tuple[Slot, ...] = ((19, 0), (21, 30), (19, 30), (20, 30))
_AT_BETTER = {1: "h", 3: "haa", 5: "hhaah", 7: "hhaahah"}
"""Whose ground each game of a series is played on: h the better seed's."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A side on its way through."""

    team: SimTeam
    seed: int
    """1 is the best; the better of a pair plays at home."""
    known_from: datetime | None
    """When it was certain that it plays this round."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One round of a postseason."""

    name: str
    first: date
    """Day of the first games."""
    days: tuple[int, ...] = (0,)
    """Days after the first one of each game a series may have; one for a single game."""
    pattern: str | None = None
    """Grounds where they differ from the usual 2-2-1-1-1: `hhh` all at the better seed's."""
    neutral: bool = False
    week: int | None = None
    slots: tuple[Slot, ...] = EVENING
    knockout: bool = False
    season_type: int = 3
    staggered: int = 1
    """Over how many days the round's ties are spread."""

    @property
    def best_of(self) -> int:
        return len(self.days)

    def start(self, place: int, game: int, ties: int) -> datetime:
        """Start of a game (0 first) of the tie at a place among the round's."""
        later = place * self.staggered // ties + self.days[game]
        within = place % max(1, -(-ties // self.staggered))
        return on(self.first + timedelta(days=later), self.slots[within % len(self.slots)])


class Ladder:
    """Plays ties one after the other and keeps their games, numbered."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.fixtures: list[tuple[int, Fixture]] = []

    def game(self, fixture: Fixture) -> Outcome:
        """Plays a single fixture."""
        number = FIRST_NUMBER + len(self.fixtures)
        self.fixtures.append((number, fixture))
        return self._play(number, fixture)

    def stage(self, stage: Stage, pairs: Sequence[tuple[Entrant, Entrant]], note: str = "") -> list[Entrant]:
        """Plays a round; those who go through, in the order of the pairs. `note` goes before the stage's name."""
        return [self._tie(stage, pair, place, len(pairs), note) for place, pair in enumerate(pairs)]

    def _tie(self, stage: Stage, pair: tuple[Entrant, Entrant], place: int, ties: int, note: str) -> Entrant:
        better, worse = sorted(pair, key=lambda one: (one.seed, one.team.espn_id))
        title = f"{note} {stage.name}".strip()
        needed = stage.best_of // 2 + 1
        pattern = stage.pattern or _AT_BETTER[stage.best_of]
        wins = {better.team.espn_id: 0, worse.team.espn_id: 0}
        over: datetime | None = None
        for game in range(stage.best_of):
            headline = f"{title} - Game {game + 1}" if stage.best_of > 1 else title
            fixture = self._fixture(stage, better, worse, stage.start(place, game, ties), headline)
            if pattern[game] == "a":
                fixture = _swapped(fixture)
            if game >= needed:
                fixture = _added(fixture, over)
            outcome = self.game(fixture)
            over = outcome.over_at
            wins[outcome.winner.espn_id] += 1
            if max(wins.values()) == needed:
                break
        through = better if wins[better.team.espn_id] == needed else worse
        return Entrant(through.team, through.seed, over)

    def _fixture(self, stage: Stage, better: Entrant, worse: Entrant, start: datetime, headline: str) -> Fixture:
        both = _later(better.known_from, worse.known_from)
        return Fixture(
            better.team,
            worse.team,
            start,
            neutral=stage.neutral,
            season_type=stage.season_type,
            week=stage.week,
            home_known_from=better.known_from if better.seed == 1 else both,
            away_known_from=both,
            knockout=stage.knockout,
            series=f"{headline.split(' - Game ')[0]} - {better.team.espn_id} {worse.team.espn_id}",
            note=headline,
        )


def _swapped(fixture: Fixture) -> Fixture:
    return replace(
        fixture,
        home=fixture.away,
        away=fixture.home,
        home_known_from=fixture.away_known_from,
        away_known_from=fixture.home_known_from,
    )


def _added(fixture: Fixture, needed_from: datetime | None) -> Fixture:
    return replace(fixture, announced=(Announced(needed_from, fixture.start, note=fixture.note),))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [instant for instant in (one, other) if instant is not None]
    return max(known, default=None)


def seeded(size: int) -> list[int]:
    """Seeds (0 first) in the order of the bracket, so that the best two can meet only in the final."""
    order = [0]
    while len(order) < size:
        order = [seed for place in order for seed in (place, 2 * len(order) - 1 - place)]
    return order


def neighbours(entrants: Sequence[Entrant]) -> list[tuple[Entrant, Entrant]]:
    """The pairs of a round in bracket order."""
    return list(zip(entrants[::2], entrants[1::2], strict=True))


def reseeded(entrants: Sequence[Entrant]) -> list[tuple[Entrant, Entrant]]:
    """The best plays the worst, and so on inwards."""
    order = sorted(entrants, key=lambda one: one.seed)
    return [(order[place], order[-1 - place]) for place in range(len(order) // 2)]
