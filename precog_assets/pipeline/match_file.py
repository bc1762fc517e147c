"""Markets of a file to games of files, without a database: the same matching, ids of teams looked up in the seeds.

Belongs here: the rules for what a file cannot say (preseason), laying out the answer. Does not: reading games
(`match_games.py`), matching itself (`matching/`).

A market whose day lies between the start of its league's season and the season's opening is a preseason game: files of
results and schedules leave those out. The file holds the opening where nine in ten of the league's teams play within
five days of its first game.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.leagues import League
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.domain.times import EASTERN, season_of
from precog_assets.matching.events import check_event
from precog_assets.matching.games import GameIndex
from precog_assets.matching.match import match_market
from precog_assets.matching.registry import AliasRegistry, packaged_registry
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets.pipeline.match_games import NOON, FileGame, needs, openings, read_candidates

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


def match_file(
    markets: pl.DataFrame, games: pl.DataFrame | Sequence[pl.DataFrame], *, league: str | None = None
) -> pl.DataFrame:
    """One row of ANSWER for each market, in their order.

    markets: `ticker`, optionally `yes_sub_title`, `result`. games: one file or several, of `date`, `home`, `away`,
    optionally `kickoff_eastern` (HH:MM), `home_score`, `away_score`, `league`, of players `home_name`, `away_name`.
    `league` names the games' league where no column does and the markets are of several.
    Raises PrecogError(contract.games_file) for missing columns, dates and scores that are none, and unknown teams.
    """
    needs(markets, ("ticker",), "markets file")
    series, leagues = league_of_series(), load_leagues()
    parsed = [parse_ticker(str(ticker).strip().upper(), series) for ticker in markets["ticker"]]
    of_markets = {one.league for one in parsed if isinstance(one, TickerParts)}
    files = [games] if isinstance(games, pl.DataFrame) else games
    known, candidates = read_candidates(files, {league} if league else of_markets)
    index, registry = GameIndex(candidates), packaged_registry()
    first = openings(candidates, leagues)
    names = markets["yes_sub_title"].to_list() if "yes_sub_title" in markets.columns else [""] * markets.height
    results = markets["result"].to_list() if "result" in markets.columns else [None] * markets.height
    codes, titles = _events(parsed, names)
    verdicts = {one.ticker: _decided(one, index, registry, leagues, codes, titles, first) for one in parsed}
    verdicts |= _held_together(parsed, verdicts, leagues)
    rows = [
        _answer(str(ticker), one, verdicts[one.ticker], known, result)
        for ticker, one, result in zip(markets["ticker"], parsed, results, strict=True)
    ]
    return pl.DataFrame(rows, schema=ANSWER, orient="row")


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


def _held_together(
    parsed: Sequence[TickerParts | TickerRefusal],
    verdicts: Mapping[str, Match | Refusal],
    leagues: Mapping[str, League],
) -> dict[str, Match | Refusal]:
    """The verdicts after the markets of each event were held against each other."""
    events: defaultdict[tuple[str, str], dict[str, Match | Refusal]] = defaultdict(dict)
    for one in parsed:
        if isinstance(one, TickerParts):
            events[one.league, one.event_ticker][one.ticker] = verdicts[one.ticker]
    return {
        ticker: verdict
        for (league, _), of_event in events.items()
        for ticker, verdict in check_event(leagues[league], of_event).items()
    }


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
    ticker: str, one: TickerParts | TickerRefusal, verdict: Match | Refusal, known: dict[str, FileGame], result: Any
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


def _agrees(game: FileGame, outcome: str | None, result: Any) -> bool | None:
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
