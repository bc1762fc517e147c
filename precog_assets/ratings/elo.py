"""Elo ratings of a league: games in order in, rating changes and the state after them out.

What belongs here: the rows, the state, the replay, the forecast of one game. What does not: the
arithmetic (`kernel.py`), which games count (`rules.py`), reading or writing a database.

Replaying games in pieces gives bit for bit what replaying them at once gives: the state carries every
number the loop reads. A season regresses a team once, at its first game of a later season label.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import overload

import numpy as np

from precog_assets.domain.leagues import EloParameters
from precog_assets.ratings import kernel

_NO_SEASON = -(2**31)


@dataclass(frozen=True, slots=True)
class RatedGame:
    """A finished game that counts. `winner` (home, away, draw) decides where it is given, else the score."""

    game_id: str
    league: str
    season: int
    start_time: datetime
    home_team_id: str
    away_team_id: str
    home_score: int
    away_score: int
    neutral: bool = False
    playoff: bool = False
    winner: str | None = None
    """Needed where the score does not tell: a tennis retirement, a shoot-out kept apart from the score."""


@dataclass(frozen=True, slots=True)
class RatingChange:
    """What one game did to one side; `before` is after the season's regression, if it was due."""

    game_id: str
    team_id: str
    opponent_id: str
    is_home: bool
    before: float
    after: float
    games_before: int
    opponent_before: float
    expected: float
    """Expected score of this side before the game; of the home side: the home win probability
    (in soccer, where a draw scores one half, the expected score)."""


@dataclass(frozen=True, slots=True)
class TeamRating:
    rating: float
    games: int
    season: int
    """Label of the last season played in."""
    season_games: int


@dataclass(frozen=True, slots=True)
class EloState:
    """Every number needed to go on rating a league; `last` is the (start_time, game_id) rated last."""

    model_version: str = ""
    """`model_version()` of the parameters it was made with; empty while nothing has been rated."""
    teams: Mapping[str, TeamRating] = field(default_factory=dict)
    last: tuple[datetime, str] | None = None


class RatingChanges(Sequence[RatingChange]):
    """The changes of a replay, two rows a game (home, then away), kept as columns and built when read."""

    __slots__ = ("games", "numbers", "played")

    def __init__(self, games: Sequence[RatedGame], numbers: np.ndarray, played: np.ndarray) -> None:
        self.games = games
        self.numbers = numbers
        """Per game: before (home, away), after (home, away), expected score of home."""
        self.played = played
        """Per game: rated games played before (home, away)."""

    def __len__(self) -> int:
        return 2 * len(self.games)

    @overload
    def __getitem__(self, index: int) -> RatingChange: ...
    @overload
    def __getitem__(self, index: slice) -> list[RatingChange]: ...
    def __getitem__(self, index: int | slice) -> RatingChange | list[RatingChange]:
        if isinstance(index, slice):
            return [self._row(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"rating change {index} of {len(self)}")
        return self._row(index % len(self))

    def __iter__(self) -> Iterator[RatingChange]:
        return (self._row(i) for i in range(len(self)))

    def _row(self, index: int) -> RatingChange:
        at, side = divmod(index, 2)
        game, row = self.games[at], self.numbers[at]
        teams = (game.home_team_id, game.away_team_id)
        expected = float(row[4])
        return RatingChange(
            game_id=game.game_id,
            team_id=teams[side],
            opponent_id=teams[1 - side],
            is_home=side == 0,
            before=float(row[side]),
            after=float(row[2 + side]),
            games_before=int(self.played[at, side]),
            opponent_before=float(row[1 - side]),
            expected=expected if side == 0 else 1.0 - expected,
        )

    def columns(self) -> dict[str, list[str] | np.ndarray]:
        """The same rows as columns of equal length, ready for a data frame or a bulk write."""
        count = len(self)
        team = [team for game in self.games for team in (game.home_team_id, game.away_team_id)]
        opponent = [team for game in self.games for team in (game.away_team_id, game.home_team_id)]
        expected = np.column_stack((self.numbers[:, 4], 1.0 - self.numbers[:, 4]))
        return {
            "game_id": [game.game_id for game in self.games for _ in (0, 1)],
            "team_id": team,
            "opponent_id": opponent,
            "is_home": np.tile(np.array([True, False]), len(self.games)),
            "before": self.numbers[:, 0:2].reshape(count),
            "after": self.numbers[:, 2:4].reshape(count),
            "games_before": self.played.reshape(count),
            "opponent_before": self.numbers[:, [1, 0]].reshape(count),
            "expected": expected.reshape(count),
        }


def model_version(league: str, parameters: EloParameters) -> str:
    """Name of the league's model: `elo-{league}-` and eight hex digits of the parameters' hash.

    Any parameter that changes a number changes the name; `min_games` only labels, so it does not.
    """
    numbers = parameters.model_dump(mode="json", exclude={"min_games"})
    canonical = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
    return f"elo-{league}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


def order_key(game: RatedGame) -> tuple[datetime, str]:
    """The order games are rated in."""
    return (game.start_time, game.game_id)


def replay(
    games: Sequence[RatedGame], parameters: EloParameters, state: EloState | None = None
) -> tuple[RatingChanges, EloState]:
    """Rate one league's games, in order of (start_time, game_id), on top of `state`.

    Returns two changes a game and the state after the last one; `state` itself is left as it was.
    Raises ValueError when games are of several leagues, out of order, given twice, a team plays itself,
    not later than the state's last game, or when the state was made with other parameters.
    """
    if not games:
        return RatingChanges([], np.empty((0, 5)), np.empty((0, 2), np.int64)), state or EloState()
    version = model_version(games[0].league, parameters)
    before = state if state is not None and state.model_version else EloState(version)
    if before.model_version != version:
        raise ValueError(f"state was made by {before.model_version}, these games need {version}: replay from the start")
    _check(games, before)
    names = list(
        dict.fromkeys([*before.teams, *(team for game in games for team in (game.home_team_id, game.away_team_id))])
    )
    index = {name: i for i, name in enumerate(names)}
    known = [before.teams.get(name) for name in names]
    ratings = np.array([team.rating if team else parameters.new_team for team in known], np.float64)
    played = np.array([team.games if team else 0 for team in known], np.int64)
    seasons = np.array([team.season if team else _NO_SEASON for team in known], np.int64)
    season_games = np.array([team.season_games if team else 0 for team in known], np.int64)
    numbers, games_before = np.empty((len(games), 5)), np.empty((len(games), 2), np.int64)
    kernel.compiled_replay()(
        np.array([index[game.home_team_id] for game in games], np.int64),
        np.array([index[game.away_team_id] for game in games], np.int64),
        np.array([game.season for game in games], np.int64),
        np.array([home_result(game) for game in games], np.float64),
        np.array([abs(game.home_score - game.away_score) for game in games], np.float64),
        np.array([game.neutral for game in games], np.bool_),
        np.array([game.playoff for game in games], np.bool_),
        ratings,
        played,
        seasons,
        season_games,
        _numbers(parameters),
        kernel.MARGIN_CODES[parameters.margin],
        kernel.K_RULE_CODES[parameters.k_rule],
        numbers,
        games_before,
    )
    rows = zip(names, ratings.tolist(), played.tolist(), seasons.tolist(), season_games.tolist(), strict=True)
    teams = {name: TeamRating(rating, count, season, recent) for name, rating, count, season, recent in rows}
    return RatingChanges(games, numbers, games_before), EloState(version, teams, order_key(games[-1]))


def home_result(game: RatedGame) -> float:
    """The home side's score in the sense of Elo: 1 won, 0.5 tied, 0 lost."""
    if game.winner is not None:
        try:
            return {"home": 1.0, "draw": 0.5, "away": 0.0}[game.winner]
        except KeyError:
            raise ValueError(f"{game.game_id}: winner {game.winner!r}; expected home, away, draw or None") from None
    if game.home_score == game.away_score:
        return 0.5
    return 1.0 if game.home_score > game.away_score else 0.0


def _numbers(p: EloParameters) -> np.ndarray:
    return np.array([p.k, p.home_edge, p.carry, p.mean, p.playoff_factor], np.float64)


def _check(games: Sequence[RatedGame], state: EloState) -> None:
    last, league = state.last, games[0].league
    for game in games:
        key = order_key(game)
        if last is not None and key <= last:
            raise ValueError(
                f"{game.game_id} at {game.start_time} does not come after {last[1]} at {last[0]}: "
                "games are rated once, in order of (start_time, game_id)"
            )
        if game.league != league:
            raise ValueError(f"{game.game_id} is of league {game.league}, the games before it of {league}")
        if game.home_team_id == game.away_team_id:
            raise ValueError(f"{game.game_id}: {game.home_team_id} plays itself")
        last = key
    if len({game.game_id for game in games}) != len(games):
        raise ValueError(f"a game of {league} is given twice, at different times")
