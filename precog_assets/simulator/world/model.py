"""What the simulated world consists of: teams, games, and the truth of a game at an instant.

Types only. `world.World` makes them from a seed; `espn` and `kalshi` show them on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SimTeam:
    """A team, or a player in tennis; ids, names and codes come from the seeds (players are invented)."""

    league: str
    espn_id: str
    abbreviation: str
    location: str
    name: str
    display_name: str
    kalshi_code: str


@dataclass(frozen=True, slots=True)
class SimGame:
    event_id: str
    """ESPN event id; in tennis the competition id."""
    league: str
    season: int
    """The provider's label."""
    season_type: int
    """1 preseason, 2 regular, 3 postseason."""
    week: int | None
    start: datetime
    home: SimTeam
    away: SimTeam
    neutral: bool
    home_gap: float
    """True strength gap home minus away on the Elo scale, home edge included."""
    tournament_id: str | None = None
    tournament_name: str | None = None
    round_name: str | None = None
    best_of: int | None = None
    known_from: datetime | None = None
    """When both sides became known (later rounds of a draw); before it no venue may name them. None: always."""
    postponed: bool = False
    """Never played under this id: it stays pre, then post without being completed, and has no winner."""
    note: str | None = None
    """A headline the boards show, e.g. `Doubleheader - Game 1 - Makeup from June 4`."""
    exhibition: bool = False
    """An all-star game or one against a guest: it counts for nothing."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A game as it truly is at one instant, and the true probabilities from here on."""

    at: datetime
    """When this state began: the last change at or before the asked instant."""
    state: str
    """pre, in, post."""
    status: str
    """ESPN's status name, e.g. STATUS_IN_PROGRESS."""
    completed: bool
    period: int
    clock_s: float
    display_clock: str
    detail: str
    home_score: int
    away_score: int
    home_lines: tuple[int, ...]
    away_lines: tuple[int, ...]
    """Scores by period so far; in tennis games by set."""
    home_win: float
    draw: float
    away_win: float
    """True probabilities of the outcomes the market settles on (soccer: 90 minutes), summing to 1."""
    winner: str | None = None
    """home, away or draw once completed."""
    situation: dict[str, object] | None = None
    advanced: str | None = None
    """home or away: who goes through where someone must, after extra time and penalties too; `winner` stays what
    the market settles on."""
    home_shootout: int | None = None
    away_shootout: int | None = None
    """Penalties scored in a soccer shoot-out."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How the schedule shows a game at one instant: games are moved, and sides become known."""

    start: datetime
    """The start as it is announced; `SimGame.start` is the one it truly had, or would have had."""
    time_valid: bool
    """False while the hour is a placeholder."""
    home_known: bool
    away_known: bool

    @property
    def decided(self) -> bool:
        return self.home_known and self.away_known


class WorldView(Protocol):
    """What the venues may ask of the world."""

    @property
    def leagues(self) -> tuple[str, ...]: ...

    def games_on(self, league: str, day: date) -> list[SimGame]:
        """Games whose start falls on that US Eastern day, by start, then id. Cached."""
        ...

    def listed_on(self, league: str, day: date, now: datetime) -> list[SimGame]:
        """Games a board of that US Eastern day shows at `now`, by announced start, then id: moved ones included."""
        ...

    def listing(self, game: SimGame, now: datetime) -> Listing:
        """How the schedule shows the game at `now`."""
        ...

    def season_days(self, league: str, season: int) -> tuple[date, date]:
        """First and last Eastern day with games of a season."""
        ...

    def seasons(self, league: str) -> tuple[int, ...]:
        """The seasons the world knows, oldest first: at least one before the current one."""
        ...

    def teams(self, league: str) -> tuple[SimTeam, ...]: ...

    def truth(self, game: SimGame, now: datetime) -> Truth: ...

    def timeline(self, game: SimGame) -> tuple[Truth, ...]:
        """Every state the game goes through, from pre to final, in time order. Cached, deterministic."""
        ...
