"""Markets of a file to games of a file, without a database: the same matching, ids of teams looked up in the seeds.

Belongs here: reading both files into what matching takes, the rules for what a file cannot say (preseason), laying out
the answer. Does not: matching itself (`matching/`).

Team ids of the games may be codes, names, nicknames or cities of the seeds, in any case. A market whose day lies
between the start of its league's season and the season's opening is a preseason game: files of results and schedules
leave those out. The file holds the opening where nine in ten of the league's teams play within five days of its first
game. Of several files, the same day and sides are the same game: what one lacks (start, scores) the other
fills in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import League
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.domain.times import EASTERN, season_of
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.match import match_market
from precog_assets.matching.registry import AliasRegistry, packaged_registry
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets.seeds import kalshi_codes, team_seeds

NOON = time(12)
OPENING = timedelta(days=5)
OPENING_SHARE = 0.9
"""A file that begins in the middle of a season, or has only some of its games, shows fewer teams in its first days."""
PRESEASON = timedelta(days=60)
"""Games at most this long before an opening are its preseason; July 31 is the NFL's first."""
ANSWER = {
    "ticker": pl.String,
    "league": pl.String,
    "verdict": pl.String,
    "game": pl.Int64,
    "date": pl.String,
    "home": pl.String,
    "away": pl.String,
    "outcome": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "candidates": pl.String,
    "agrees": pl.Boolean,
}
"""`game`: row of the games file, the first is 1; `outcome`: what YES pays for; `agrees`: whether a settled market's
result is that of the game's score, null where one of them is missing."""


@dataclass(frozen=True, slots=True)
class _Game:
    row: int
    day: date
    home: str
    away: str
    home_score: float | None
    away_score: float | None


def match_file(
    markets: pl.DataFrame, games: pl.DataFrame | Sequence[pl.DataFrame], *, league: str | None = None
) -> pl.DataFrame:
    """One row of ANSWER for each market, in their order.

    markets: `ticker`, optionally `yes_sub_title`, `result`. games: one file or several, of `date`, `home`, `away`,
    optionally `kickoff_eastern` (HH:MM), `home_score`, `away_score`, `league`. `league` names the games' league where
    no column does and the markets are of several. Raises PrecogError(contract.games_file) for missing columns, dates
    that are none, and teams nobody knows.
    """
    _needs(markets, ("ticker",), "markets file")
    files = [games] if isinstance(games, pl.DataFrame) else list(games)
    for file in files:
        _needs(file, ("date", "home", "away"), "games file")
    series, leagues = league_of_series(), load_leagues()
    parsed = [parse_ticker(str(ticker).strip().upper(), series) for ticker in markets["ticker"]]
    of_markets = {one.league for one in parsed if isinstance(one, TickerParts)}
    known, candidates = _candidates(files, {league} if league else of_markets)
    index, registry = GameIndex(candidates), packaged_registry()
    first = _openings(candidates, leagues)
    names = markets["yes_sub_title"].to_list() if "yes_sub_title" in markets.columns else [""] * markets.height
    results = markets["result"].to_list() if "result" in markets.columns else [None] * markets.height
    codes, titles = _events(parsed, names)
    rows = []
    for ticker, one, result in zip(markets["ticker"], parsed, results, strict=True):
        verdict = _decided(one, index, registry, leagues, codes, titles, first)
        rows.append(_answer(str(ticker), one, verdict, known, result))
    return pl.DataFrame(rows, schema=ANSWER, orient="row")


def _needs(frame: pl.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise PrecogError(
            "contract.games_file", f"{what}: missing columns {', '.join(missing)}; it has {', '.join(frame.columns)}."
        )


def _candidates(files: Sequence[pl.DataFrame], leagues: set[str]) -> tuple[dict[str, _Game], list[GameCandidate]]:
    """Games by their id (`league:row`) and as matching takes them, in the leagues that know both sides."""
    found: dict[str, _Game] = {}
    candidates: dict[str, GameCandidate] = {}
    sides = {league: _sides(league) for league in sorted(leagues)}
    unknown: dict[str, int] = {}
    met: Counter[tuple[object, ...]] = Counter()
    ids: dict[tuple[object, ...], str] = {}
    for row, (number, game) in enumerate(_rows(files), 1):
        day = _day(game["date"], row)
        of = [str(game["league"]).strip().lower()] if game.get("league") else sorted(leagues)
        home, away = str(game["home"]).strip().lower(), str(game["away"]).strip().lower()
        placed = False
        for league in of:
            home_id, away_id = (_team(text, sides.get(league) or {}) for text in (home, away))
            if home_id and away_id:
                placed = True
                same = (league, day, home_id, away_id)
                met[number, *same] += 1
                game_id = ids.setdefault((*same, met[number, *same]), f"{league}:{row}")
                scores = [game.get(f"{side}_score") for side in ("home", "away")]
                read = _Game(row, day, str(game["home"]), str(game["away"]), *scores)
                first = found.setdefault(game_id, read)
                if first.home_score is None or first.away_score is None:
                    found[game_id] = replace(first, home_score=read.home_score, away_score=read.away_score)
                start, valid = _start(day, game.get("kickoff_eastern"))
                if game_id not in candidates or (valid and not candidates[game_id].start_time_valid):
                    candidates[game_id] = GameCandidate(
                        game_id, league, start, valid, home_id, away_id, GameKind.REGULAR, "final",
                        home_name=first.home, away_name=first.away,
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


def _rows(files: Sequence[pl.DataFrame]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The games of the files one after the other, each with its file's number."""
    for number, file in enumerate(files):
        for game in file.iter_rows(named=True):
            yield number, game


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


def _start(day: date, kickoff: Any) -> tuple[datetime, bool]:
    """Start in UTC, and whether the file told it; noon Eastern stands for an unknown one."""
    if kickoff is None or not str(kickoff).strip():
        return datetime.combine(day, NOON, EASTERN).astimezone(UTC), False
    return datetime.combine(day, time.fromisoformat(str(kickoff)), EASTERN).astimezone(UTC), True


def _openings(games: Sequence[GameCandidate], leagues: dict[str, League]) -> dict[tuple[str, int], date]:
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


def _events(
    parsed: list[TickerParts | TickerRefusal], names: list[Any]
) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """YES codes of each event's markets, and what each stands for in words."""
    codes: defaultdict[str, list[str]] = defaultdict(list)
    titles: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for one, name in zip(parsed, names, strict=True):
        if isinstance(one, TickerParts) and one.yes_code is not None:
            codes[one.event_ticker].append(one.yes_code)
            titles[one.event_ticker][one.yes_code] = str(name or "")
    return codes, titles


def _decided(
    one: TickerParts | TickerRefusal,
    index: GameIndex,
    registry: AliasRegistry,
    leagues: dict[str, League],
    codes: dict[str, list[str]],
    titles: dict[str, dict[str, str]],
    first: dict[tuple[str, int], date],
) -> Match | Refusal:
    event = one.event_ticker if isinstance(one, TickerParts) else ""
    found = match_market(one, index, registry, leagues, event_codes=codes.get(event, ()), names=titles.get(event))
    if isinstance(found, Match) or isinstance(one, TickerRefusal) or found.reason is not Reason.NO_GAME:
        return found
    league = leagues[one.league]
    season = season_of(league, datetime.combine(one.eastern_date, NOON, EASTERN))
    opening = first.get((league.key, season)) or first.get((league.key, season + 1))
    if opening is None or league.is_individual or not opening - PRESEASON <= one.eastern_date < opening:
        return found
    detail = f"{one.eastern_date} is before the season's opening, {opening}: preseason is never rated"
    return replace(found, reason=Reason.EXHIBITION, detail=detail, candidates=(), suggestion="")


def _answer(
    ticker: str, one: TickerParts | TickerRefusal, verdict: Match | Refusal, known: dict[str, _Game], result: Any
) -> tuple[Any, ...]:
    league = one.league if isinstance(one, TickerParts) else None
    if isinstance(verdict, Refusal):
        tried = "; ".join(verdict.candidates)
        return (ticker, league, "refused", None, None, None, None, None, verdict.reason, verdict.detail, tried, None)
    game = known[verdict.game_id]
    outcome = str(verdict.outcome) if verdict.outcome else None
    detail = f"{verdict.rule}, score {verdict.score:g}"
    agrees = _agrees(game, outcome, result)
    return (
        ticker, league, "matched", game.row, game.day.isoformat(), game.home, game.away, outcome, None, detail, None,
        agrees,
    )  # fmt: skip


def _agrees(game: _Game, outcome: str | None, result: Any) -> bool | None:
    if outcome is None or result not in ("yes", "no") or game.home_score is None or game.away_score is None:
        return None
    if game.home_score == game.away_score:
        happened = "draw"
    else:
        happened = "home" if game.home_score > game.away_score else "away"
    return (happened == outcome) == (result == "yes")


def read_table(path: Path, what: str) -> pl.DataFrame:
    """A Parquet or CSV file. Raises PrecogError(contract.games_file) when it is neither."""
    if not path.is_file():
        raise PrecogError("contract.games_file", f"{what} {path}: no such file.")
    try:
        return pl.read_csv(path, infer_schema=False) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PrecogError("contract.games_file", f"{what} {path}: cannot be read: {error}") from error
