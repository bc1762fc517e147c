"""What the simulated world consists of: teams, games, and the truth of a game at an instant.

Types only. `world.World` makes them from a seed; `espn` and `kalshi` show them on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

Fate = Literal["played", "postponed", "canceled", "walkover"]
"""What becomes of a game under its id. A game that is suspended, moved or retired from is played."""


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
class Announced:
    """What the schedule says of a game from an instant on."""

    since: datetime | None
    """None: for as long as the game has been known. An instant on the first entry: no board has it before."""
    start: datetime
    time_valid: bool = True
    """False while the hour is a placeholder."""
    note: str | None = None
    """A headline the boards show, e.g. `Doubleheader - Game 1 - Makeup from June 4`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Play stops `after_s` seconds of play after the start, for `length_s`; void where the game is over by then."""

    after_s: float
    length_s: float
    status: str
    """STATUS_RAIN_DELAY, or STATUS_SUSPENDED for one that lasts to another day."""
    note: str | None = None
    """Shown while it lasts, e.g. `Will resume at 2:10 p.m. ET on 6/7.`"""


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
    """When play truly began, or would have begun. What the schedule says at an instant is `WorldView.listing`."""
    home: SimTeam
    away: SimTeam
    neutral: bool
    home_gap: float
    """True strength gap home minus away on the Elo scale on the day, home edge included."""
    tournament_id: str | None = None
    """In tennis. A major has the same one in both tours."""
    tournament_name: str | None = None
    round_name: str | None = None
    best_of: int | None = None
    home_known_from: datetime | None = None
    """When the home side became known; before it no venue may name it. None: always."""
    away_known_from: datetime | None = None
    fate: Fate = "played"
    exhibition: bool = False
    """All-star games, and games against a guest who is not of the league."""
    knockout: bool = False
    """Soccer: someone must go through, so extra time and a shoot-out follow a level score."""
    first_leg_lead: int | None = None
    """Soccer: goals the home side leads by from the first leg, negative if behind. None: one game decides."""
    series: str | None = None
    """Postseason series or two-legged tie the game belongs to: equal for its games."""
    announced: tuple[Announced, ...] = ()
    """The schedule's history, oldest first. Empty: announced as it was, always."""
    off_from: datetime | None = None
    """Called off at this instant: postponed, canceled or given away without play. None: never."""
    off_until: datetime | None = None
    """Back on the schedule under the same id from this instant (soccer). None with `off_from`: never."""
    pauses: tuple[Pause, ...] = ()

    def __hash__(self) -> int:
        """By the id alone: games are keys of caches, and asked for often."""
        return hash(self.event_id)

    @property
    def first_start(self) -> datetime:
        """The start as it was announced first."""
        return self.announced[0].start if self.announced else self.start

    @property
    def listed_from(self) -> datetime | None:
        """The instant from which boards have the game (make-ups, games a series turned out to need). None: always."""
        return self.announced[0].since if self.announced else None

    @property
    def known_from(self) -> datetime | None:
        """When both sides became known. None: always."""
        instants = [one for one in (self.home_known_from, self.away_known_from) if one is not None]
        return max(instants, default=None)

    @property
    def note(self) -> str | None:
        """The headline as it stands in the end; `Listing.note` is the one shown at an instant."""
        return self.announced[-1].note if self.announced else None

    @property
    def postponed(self) -> bool:
        """Never played under this id: it is pre, then post without being completed, and has no winner."""
        return self.fate == "postponed"


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
    """home, away or draw once completed: the outcome markets settle on, in soccer that of the 90 minutes."""
    advanced: str | None = None
    """home or away once a knock-out game that decides a tie is completed: who goes through. Else None."""
    home_shootout: int | None = None
    """Soccer: penalties scored in the shoot-out, from its beginning on; `home_score` does not count them."""
    away_shootout: int | None = None
    void: bool = False
    """True once it is certain that no play comes of it under this id: markets settle at the fair price."""
    situation: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """How the schedule shows a game at one instant: games are moved, and sides become known."""

    start: datetime
    """The start as it is announced; `SimGame.start` is the one it truly had, or would have had."""
    time_valid: bool
    """False while the hour is a placeholder."""
    home_known: bool
    away_known: bool
    note: str | None = None
    """The headline boards show at that instant."""

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
