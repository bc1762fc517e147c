"""Which games of a file others brought already: one row to one game, and where the two disagree.

The pair of teams and the Eastern day are the identity, in either order, as in matching. A file dates a
tennis match by its tournament's Monday, so there a game belongs to the pair's last row before it.
Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from precog_assets.domain.leagues import League

TOURNAMENT = timedelta(days=14)
"""From the Monday that dates a tournament to its last day at most: a Grand Slam's second Sunday."""
_EARLY = timedelta(days=1)
"""A Monday in Melbourne is a Sunday in New York."""


@dataclass(frozen=True, slots=True)
class FileGame:
    row: int
    day: date
    home: str
    away: str
    home_score: int
    away_score: int
    neutral: bool
    winner_only: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A game that is stored under another id."""

    game_id: str
    reversed: bool
    """Its home side is the row's away side."""
    disagreement: str | None
    """What the row says otherwise, in words."""


def known_already(league: League, games: Sequence[FileGame], elsewhere: Sequence[Any]) -> dict[int, Known]:
    """Row -> the stored game it is. `elsewhere`: rows of `store.imports.games_elsewhere`, in order of start."""
    stored: defaultdict[tuple[frozenset[str], date | None], list[Any]] = defaultdict(list)
    by_day = not league.is_individual
    for game in elsewhere:
        stored[frozenset((game.home_team_id, game.away_team_id)), game.day if by_day else None].append(game)
    ours: defaultdict[tuple[frozenset[str], date | None], list[FileGame]] = defaultdict(list)
    for one in games:
        place = (frozenset((one.home, one.away)), one.day if by_day else None)
        if place in stored:
            ours[place].append(one)
    found: dict[int, Known] = {}
    for place, rows in ours.items():
        pairs = _same_day(league, rows, stored[place]) if by_day else _same_week(rows, stored[place])
        found |= {one.row: _known(league, one, game) for one, game in pairs}
    return found


def _same_day(league: League, rows: Sequence[FileGame], games: Sequence[Any]) -> list[tuple[FileGame, Any]]:
    """Of two games of a day, those with one result belong together; what is left over, in order."""
    left_rows, left_games = list(rows), list(games)
    pairs = []
    for one in rows:
        same = next((game for game in left_games if game.completed and not _differs(league, one, game)), None)
        if same is not None:
            pairs.append((one, same))
            left_rows.remove(one)
            left_games.remove(same)
    return pairs + list(zip(left_rows, left_games, strict=False))


def _same_week(rows: Sequence[FileGame], games: Sequence[Any]) -> list[tuple[FileGame, Any]]:
    left = sorted(rows, key=lambda one: (one.day, one.row))
    pairs = []
    for game in games:
        fitting = [one for one in left if one.day - _EARLY <= game.day <= one.day + TOURNAMENT]
        if fitting:
            one = next(one for one in fitting if one.day == fitting[-1].day)
            pairs.append((one, game))
            left.remove(one)
    return pairs


def _known(league: League, one: FileGame, game: Any) -> Known:
    turned = game.home_team_id != one.home
    said = _differs(league, one, game) if game.completed else None
    if said is None and turned and not (one.neutral or game.neutral or league.is_individual):
        said = f"the home side is {one.home}; {game.game_id} has {game.home_team_id}"
    return Known(game.game_id, turned, said)


def _differs(league: League, one: FileGame, game: Any) -> str | None:
    theirs = (game.home_score, game.away_score)
    if game.home_team_id != one.home:
        theirs = theirs[::-1]
    if one.winner_only or league.is_individual:
        winner = {"home": game.home_team_id, "away": game.away_team_id}.get(game.winner)
        ours = one.home if one.home_score > one.away_score else one.away
        return None if winner == ours else f"the winner is {ours}; {game.game_id} has {winner}"
    if theirs == (one.home_score, one.away_score):
        return None
    shown = "-".join("?" if score is None else str(score) for score in theirs)
    return f"{one.home_score}-{one.away_score} ({one.home} first); {game.game_id} has {shown}"
