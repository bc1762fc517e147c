"""The games a market can be tied to, indexed by league and Eastern day.

What belongs here: the candidate row and its index. What does not: choosing among candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from precog_assets.domain.facts import RATED_KINDS, GameKind
from precog_assets.domain.statuses import GamePhase
from precog_assets.domain.times import eastern_day

_NOT_PLAYED = frozenset({GamePhase.POSTPONED, GamePhase.CANCELED})


@dataclass(frozen=True, slots=True)
class GameCandidate:
    game_id: str
    league: str
    start_time: datetime
    start_time_valid: bool
    home_team_id: str | None
    away_team_id: str | None
    game_kind: GameKind
    phase: str
    """`domain.statuses.GamePhase`."""
    home_name: str = ""
    """Display name; in tennis the player's full name, which the rules compare."""
    away_name: str = ""
    season: int | None = None
    tournament: str = ""
    """Of tennis matches, where known."""
    original_days: tuple[date, ...] = ()
    """Eastern days the game was scheduled on before it was moved; markets stay on the first one."""

    @property
    def day(self) -> date:
        """The Eastern day the game is scheduled on now."""
        return eastern_day(self.start_time)

    @property
    def days(self) -> frozenset[date]:
        return frozenset((self.day, *self.original_days))

    @property
    def teams(self) -> frozenset[str]:
        """Ids of the decided sides."""
        return frozenset(team for team in (self.home_team_id, self.away_team_id) if team is not None)

    @property
    def is_exhibition(self) -> bool:
        return self.game_kind not in RATED_KINDS

    @property
    def is_off(self) -> bool:
        """Postponed or canceled under this id."""
        return self.phase in _NOT_PLAYED

    def in_words(self) -> str:
        sides = f"{self.away_name or self.away_team_id} at {self.home_name or self.home_team_id}"
        return f"{self.game_id} ({sides}, {self.start_time:%Y-%m-%d %H:%M} UTC, Eastern day {self.day})"


class GameIndex:
    """Candidates by (league, Eastern day) and by (league, pair of teams). Immutable once built."""

    def __init__(self, games: Iterable[GameCandidate]) -> None:
        by_day: defaultdict[tuple[str, date], list[GameCandidate]] = defaultdict(list)
        by_pair: defaultdict[tuple[str, frozenset[str]], list[GameCandidate]] = defaultdict(list)
        for game in sorted(games, key=lambda game: (game.start_time, game.game_id)):
            for day in game.days:
                by_day[game.league, day].append(game)
            by_pair[game.league, game.teams].append(game)
        self._by_day, self._by_pair = dict(by_day), dict(by_pair)
        self._by_id = {game.game_id: game for games in by_day.values() for game in games}

    def get(self, game_id: str) -> GameCandidate:
        """The game of that id. Raises KeyError when it is not among them."""
        return self._by_id[game_id]

    def on(self, league: str, day: date) -> list[GameCandidate]:
        """Games of that Eastern day, also those first scheduled on it, in order of start."""
        return list(self._by_day.get((league, day), ()))

    def near(self, league: str, day: date, *, within_days: int) -> list[GameCandidate]:
        """Games of the Eastern days around `day`, each once, in order of start."""
        days = (day + timedelta(days=shift) for shift in range(-within_days, within_days + 1))
        found = {game.game_id: game for each in days for game in self.on(league, each)}
        return sorted(found.values(), key=lambda game: (game.start_time, game.game_id))

    def of_pair(self, league: str, pair: Collection[str]) -> list[GameCandidate]:
        """All games between the two teams, in order of start."""
        return list(self._by_pair.get((league, frozenset(pair)), ()))
