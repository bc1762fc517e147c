"""Games of files as matching takes them: the exchange format, ids of teams looked up in the seeds.

Belongs here: reading rows, the same game in several files, what a file shows of a season's opening. Does not: matching,
markets (`match_file.py`).

Teams may be codes, names, nicknames or cities of the seeds, in any case; players are compared by name. Of several
files, the same day and sides are the same game: what one lacks (start, scores) the other fills in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import League
from precog_assets.domain.times import EASTERN, season_of
from precog_assets.matching.games import GameCandidate
from precog_assets.seeds import kalshi_codes, team_seeds

NOON = time(12)
OPENING = timedelta(days=5)
OPENING_SHARE = 0.9
"""A file that begins in the middle of a season, or has only some of its games, shows fewer teams in its first days."""
OTHER_NAMES = {"game_date": "date", "home_team": "home", "away_team": "away"}


@dataclass(frozen=True, slots=True)
class FileGame:
    """A game as its file has it; `row` counts from 1, through all files."""

    row: int
    day: date
    home: str
    away: str
    home_score: float | None
    away_score: float | None


def _named(games: pl.DataFrame) -> pl.DataFrame:
    """The file with the exchange format's names for columns that others call `OTHER_NAMES`."""
    return games.rename(
        {other: name for other, name in OTHER_NAMES.items() if other in games.columns and name not in games.columns}
    )


def needs(frame: pl.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    """Raise PrecogError(contract.games_file) where a column is missing."""
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise PrecogError(
            "contract.games_file", f"{what}: missing columns {', '.join(missing)}; it has {', '.join(frame.columns)}."
        )


def read_candidates(
    files: Sequence[pl.DataFrame], leagues: set[str]
) -> tuple[dict[str, FileGame], list[GameCandidate]]:
    """Games by their id (`league:row`) and as matching takes them, in the leagues that know both sides.

    Columns: `date`, `home`, `away`, optionally `kickoff_eastern` (HH:MM), `home_score`, `away_score`, `league`, of
    players `home_name`, `away_name`. Raises PrecogError(contract.games_file) for missing columns, values that are not
    what their column says, and teams nobody knows.
    """
    files = [_named(file) for file in files]
    for file in files:
        needs(file, ("date", "home", "away"), "games file")
    found: dict[str, FileGame] = {}
    candidates: dict[str, GameCandidate] = {}
    sides = {league: _sides(league) for league in sorted(leagues)}
    players = {league.key for league in load_leagues().values() if league.is_individual}
    unknown: dict[str, int] = {}
    met: Counter[tuple[object, ...]] = Counter()
    ids: dict[tuple[object, ...], str] = {}
    games = ((number, game) for number, file in enumerate(files) for game in file.iter_rows(named=True))
    for row, (number, game) in enumerate(games, 1):
        day = _day(game["date"], row)
        of = [str(game["league"]).strip().lower()] if game.get("league") else sorted(leagues)
        home, away = str(game["home"]).strip().lower(), str(game["away"]).strip().lower()
        placed = False
        for league in of:
            if len(of) == 1 and league in players:
                # Nobody has a table of players; the rules compare the names themselves.
                home_id, away_id = f"{league}:{home}", f"{league}:{away}"
            else:
                home_id, away_id = (_team(text, sides.get(league) or {}) for text in (home, away))
            if home_id and away_id:
                placed = True
                same = (league, day, home_id, away_id)
                met[number, *same] += 1
                game_id = ids.setdefault((*same, met[number, *same]), f"{league}:{row}")
                scores = [_score(game.get(f"{side}_score"), row) for side in ("home", "away")]
                read = FileGame(row, day, str(game["home"]), str(game["away"]), *scores)
                first = found.setdefault(game_id, read)
                if first.home_score is None or first.away_score is None:
                    found[game_id] = replace(first, home_score=read.home_score, away_score=read.away_score)
                start, valid = _start(day, game.get("kickoff_eastern"), row)
                if game_id not in candidates or (valid and not candidates[game_id].start_time_valid):
                    candidates[game_id] = GameCandidate(
                        game_id, league, start, valid, home_id, away_id, GameKind.REGULAR, "final",
                        home_name=str(game.get("home_name") or first.home),
                        away_name=str(game.get("away_name") or first.away),
                    )  # fmt: skip
        if not placed:
            for side, text in (("home", home), ("away", away)):
                if not any(_team(text, known) for known in sides.values()):
                    unknown.setdefault(str(game[side]), row)
    if unknown:
        told = ", ".join(f"{name!r} (row {row})" for name, row in list(unknown.items())[:5])
        raise PrecogError(
            "contract.games_file",
            f"games file: {len(unknown)} sides are no team of {', '.join(sorted(leagues))}: {told}; expected codes, "
            "names, nicknames or cities.",
        )
    return found, list(candidates.values())


def _team(text: str, ids: dict[str, str]) -> str | None:
    """The team a text names: as it stands, or by its nickname alone (`Los Angeles Clippers`)."""
    words = text.split()
    tails = (" ".join(words[at:]) for at in range(len(words)))
    return next((ids[tail] for tail in tails if tail in ids), None)


def _sides(league: str) -> dict[str, str]:
    """Every text that names exactly one team of a league, in lower case, to its id."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for team in team_seeds():
        if team.league == league:
            for text in (team.team_id, team.abbreviation, team.name, team.location, team.display_name):
                if text:
                    named[text.lower()].add(team.team_id)
    for code in kalshi_codes():
        if code.league == league:
            named[code.code.lower()].add(code.team_id)
    codes = {code.code.lower(): code.team_id for code in kalshi_codes() if code.league == league}
    return {text: codes.get(text) or next(iter(ids)) for text, ids in named.items() if len(ids) == 1 or text in codes}


def _day(value: Any, row: int) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise PrecogError(
            "contract.games_file", f"games file, row {row}: {value!r} is no date; expected YYYY-MM-DD."
        ) from None


def _score(value: Any, row: int) -> float | None:
    """Points, also as a text of a CSV file; an empty one is none."""
    if value is None or not str(value).strip():
        return None
    try:
        return float(value)
    except ValueError:
        raise PrecogError(
            "contract.games_file", f"games file, row {row}: {value!r} is no score; expected a number."
        ) from None


def _start(day: date, kickoff: Any, row: int) -> tuple[datetime, bool]:
    """Start in UTC, and whether the file told it; noon Eastern stands for an unknown one."""
    if kickoff is None or not str(kickoff).strip():
        return datetime.combine(day, NOON, EASTERN).astimezone(UTC), False
    try:
        at = time.fromisoformat(str(kickoff).strip())
    except ValueError:
        raise PrecogError(
            "contract.games_file", f"games file, row {row}: {kickoff!r} is no time of day; expected HH:MM, Eastern."
        ) from None
    return datetime.combine(day, at, EASTERN).astimezone(UTC), True


def openings(games: Sequence[GameCandidate], leagues: Mapping[str, League]) -> dict[tuple[str, int], date]:
    """First day of each league's season whose opening the file holds."""
    seasons: defaultdict[tuple[str, int], list[GameCandidate]] = defaultdict(list)
    for game in games:
        seasons[game.league, season_of(leagues[game.league], game.start_time)].append(game)
    found: dict[tuple[str, int], date] = {}
    for key, of_season in seasons.items():
        first = min(game.day for game in of_season)
        opened = {team for game in of_season if game.day < first + OPENING for team in game.teams}
        if len(opened) >= OPENING_SHARE * sum(team.league == key[0] and team.current for team in team_seeds()):
            found[key] = first
    return found
