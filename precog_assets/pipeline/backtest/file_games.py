"""Games of files for a backtest: which game each market of a file is of, when it begins, and what was forecast of it.

Belongs here: from a games file and a schedule to ties, games and forecasts with the instants they could be known at.
Does not: matching (`pipeline.match_file`), ratings (`pipeline.offline`), markets and prices (`files.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from precog_assets.domain.facts import GameKind, Origin
from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.statuses import GamePhase
from precog_assets.domain.strategies import Backtests
from precog_assets.domain.times import EASTERN, season_of
from precog_assets.domain.trading import GameFacts, LinkFacts
from precog_assets.matching.registry import plain
from precog_assets.pipeline.backtest.feed import RESULTS_IN, Fact, ForecastKnown, GameKnown
from precog_assets.pipeline.backtest.starts import guessed_start, start_of
from precog_assets.pipeline.match_file import match_file
from precog_assets.pipeline.offline import forecast_games, market_aware, the_model_exists
from precog_assets.ratings.exchange import checked
from precog_assets.seeds import kalshi_codes, team_seeds

SCHEDULED_SINCE = timedelta(days=14)
"""Where a file does not say when a market was listed: this long before its game."""
AROUND = timedelta(days=200)
"""Games so long before the first market are looked at: matching wants the season's opening."""
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Tied:
    """What the games of files say of the markets of a file, by ticker."""

    links: Mapping[str, LinkFacts]
    starts: Mapping[str, datetime]
    """When trading before the game ends; a day's noon where nothing is known of the start."""
    facts: tuple[Fact, ...]
    """Games and forecasts."""
    last_result: datetime | None
    _level: frozenset[str] = field(default_factory=frozenset)

    def level(self, ticker: str) -> bool:
        """Whether the market's game ended level, by its score."""
        return ticker in self._level

    def listed_since(self, ticker: str) -> datetime | None:
        start = self.starts.get(ticker)
        return None if start is None else start - SCHEDULED_SINCE


def tie(
    league: League,
    markets: pl.DataFrame,
    games: pl.DataFrame,
    schedule: pl.DataFrame | None,
    assumptions: Backtests,
    model: str,
) -> Tied:
    """Tie markets (columns of `files.read_markets`) to the games of a file and a schedule, and forecast those.

    Raises ConfigurationError for an unknown model, PrecogError(contract.games_file) for wrong games.
    """
    the_model_exists(league, model)
    everything = _with_schedule(league, games, schedule)
    days = everything["date"].str.to_date()
    tickers = markets.select("ticker", "yes_sub_title", "result")
    ends = markets["expected_end"].fill_null(markets["close_time"]).drop_nulls()
    since = ends.min()
    near = everything.with_row_index("place").filter(
        days >= (since.date() - AROUND if isinstance(since, datetime) else date.min)
    )
    matched = match_file(tickers, near, league=league.key)
    names = ("ticker", "expected_end", "game_start", "open_time")
    listed = {str(row["ticker"]): row for row in markets.select(names).iter_rows(named=True)}
    links: dict[str, LinkFacts] = {}
    starts: dict[str, datetime] = {}
    level: set[str] = set()
    known: dict[int, list[dict[str, Any]]] = {}
    rows = near.to_dicts()
    for one in matched.iter_rows(named=True):
        ticker = str(one["ticker"])
        if one["verdict"] != "matched":
            links[ticker] = LinkFacts(str(one["reason"]))
            continue
        game = rows[int(one["game"]) - 1]
        place = int(game["place"])
        links[ticker] = LinkFacts(
            "matched", f"{league.key}:{place}", Outcome(one["outcome"]) if one["outcome"] else None
        )
        known.setdefault(place, []).append(listed[ticker] | {"game": game})
        if game["home_score"] is not None and game["home_score"] == game["away_score"]:
            level.add(ticker)
    facts: list[Fact] = []
    for place, of_game in known.items():
        fact = _game(league, place, of_game, assumptions)
        facts.append(fact)
        for market in of_game:
            starts[str(market["ticker"])] = fact.game.start_time
    forecasts, last = _forecasts(league, everything, sorted(known), model)
    return Tied(links, starts, (*facts, *forecasts), last, frozenset(level))


def _with_schedule(league: League, games: pl.DataFrame, schedule: pl.DataFrame | None) -> pl.DataFrame:
    """Played games and those of the schedule under the ids of the games file; `kickoff_eastern` where it is told."""
    games = games.with_columns(_text(games, "date"))
    for name, kind in (("kickoff_eastern", pl.String), ("home_score", pl.Float64), ("away_score", pl.Float64)):
        games = games.with_columns(
            (pl.col(name).cast(kind) if name in games.columns else pl.lit(None, kind)).alias(name)
        )
    if schedule is None:
        return games
    ids = _ids(league)
    latest = dict(zip(games["home"].to_list(), games["home"].to_list(), strict=True))
    mine = {ids.get(plain(str(text)), str(text)): text for text in latest}
    told: dict[tuple[str, str, str], str | None] = {}
    rows: list[dict[str, Any]] = []
    have = set(games.select("date", "home", "away").iter_rows())
    season = dict(zip(games["date"].to_list(), games["season"].to_list(), strict=True))
    for row in schedule.with_columns(_text(schedule, "date")).iter_rows(named=True):
        sides = [mine.get(ids.get(plain(str(row[side])), ""), str(row[side])) for side in ("home", "away")]
        key = (str(row["date"]), sides[0], sides[1])
        told[key] = row.get("kickoff_eastern")
        if key in have:
            continue
        have.add(key)
        noon = datetime.combine(date.fromisoformat(key[0]), NOON, EASTERN)
        rows.append(
            {
                "season": season.get(key[0], season_of(league, noon)),
                "date": key[0],
                "home": key[1],
                "away": key[2],
                "home_score": row.get("home_score"),
                "away_score": row.get("away_score"),
                "neutral": str(row.get("location") or "").lower() == "neutral" or row.get("neutral") is True,
                "playoff": row.get("game_type") not in (None, "REG") or row.get("playoff") is True,
            }
        )
    kinds = {name: kind for name, kind in games.schema.items() if rows and name in rows[0]}
    added = pl.DataFrame(rows, schema={**kinds, "neutral": pl.Boolean, "playoff": pl.Boolean}) if rows else None
    both = games if added is None else pl.concat([games, added], how="diagonal").sort("date", maintain_order=True)
    starts = [
        told.get((day, home, away), start)
        for day, home, away, start in both.select("date", "home", "away", "kickoff_eastern").iter_rows()
    ]
    return both.with_columns(kickoff_eastern=pl.Series(starts, dtype=pl.String))


def _text(frame: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.slice(0, 10) if column in frame.columns else pl.lit(None, pl.String)


def _ids(league: League) -> dict[str, str]:
    """Every text that names one team of the league, plain, to its id."""
    found: dict[str, set[str]] = {}
    for team in team_seeds():
        if team.league == league.key:
            for text in (team.team_id, team.abbreviation, team.name, team.location, team.display_name):
                if text:
                    found.setdefault(plain(text), set()).add(team.team_id)
    codes: dict[str, set[str]] = {}
    for code in kalshi_codes():
        if code.league == league.key:
            codes.setdefault(plain(code.code), set()).add(code.team_id)
    found |= codes
    return {text: next(iter(ids)) for text, ids in found.items() if len(ids) == 1}


def _game(league: League, place: int, markets: list[dict[str, Any]], assumptions: Backtests) -> GameKnown:
    """A game as it was known from the listing of its first market on. Files tell nothing of its course."""
    game = markets[0]["game"]
    day = date.fromisoformat(game["date"])
    noon = datetime.combine(day, NOON, EASTERN).astimezone(UTC)
    announced = None
    if game["kickoff_eastern"]:
        announced = datetime.combine(day, time.fromisoformat(game["kickoff_eastern"]), EASTERN).astimezone(UTC)
    guesses = [one["game_start"] or guessed_start(league.key, one["expected_end"]) for one in markets]
    start = start_of(announced, min((one for one in guesses if one is not None), default=None), assumptions)
    opened = [one["open_time"] for one in markets if one["open_time"] is not None]
    at = noon if start is None else start.at
    return GameKnown(
        known_at=min(opened, default=at - SCHEDULED_SINCE),
        game=GameFacts(
            game_id=f"{league.key}:{place}",
            league=league.key,
            season=int(game["season"]),
            game_kind=GameKind.POSTSEASON if game.get("playoff") else GameKind.REGULAR,
            phase=GamePhase.SCHEDULED,
            start_time=at,
            start_time_valid=start is not None,
            observed_at=at - SCHEDULED_SINCE,
        ),
        confirmed_at=None,
        origin=Origin.IMPORT,
        assumed_start=None if start is None else start.guess,
    )


def _forecasts(
    league: League, everything: pl.DataFrame, places: list[int], model: str
) -> tuple[list[ForecastKnown], datetime | None]:
    """Forecasts of the games at these places, each from the days before its own, and the last day learnt from."""
    forecasts = forecast_games(checked(everything, league, "games and schedule"), model)
    frame, run = forecasts.games.frame, forecasts.run
    rated = _rated_days(league, frame)
    order = {int(row) - 1: at for at, row in enumerate(frame["row"].to_list())}
    weights: dict[int, float] = {}
    names = [f"p_{one.value}" for one in league.outcomes]
    priced = frame.filter("learns").with_columns(
        **{name: pl.Series(run.probabilities[frame["learns"].to_numpy(), i]) for i, name in enumerate(names)}
    )
    found: list[ForecastKnown] = []
    for place in places:
        at = order[place]
        day, season = frame["date"][at], int(frame["season"][at])
        if season not in weights:
            weights[season] = season_weight(league, priced, season)
        made = datetime.combine(day, time(0), EASTERN).astimezone(UTC)
        found.append(
            ForecastKnown(
                known_at=made + RESULTS_IN,
                game_id=f"{league.key}:{place}",
                probabilities={one: float(run.probabilities[at, i]) for i, one in enumerate(league.outcomes)},
                model_version=run.version,
                games_home=int(run.rated.played[at, 0]),
                games_away=int(run.rated.played[at, 1]),
                rated_at=rated[at],
                as_of=made,
                computed_at=made + RESULTS_IN,
                origin=Origin.IMPORT,
                model_weight=weights[season],
            )
        )
    days = [frame["date"][order[place]] for place in places]
    learnt: Any = frame.filter(pl.col("learns") & (pl.col("date") < max(days)))["date"].max() if days else None
    return found, None if learnt is None else datetime.combine(learnt, time(0), EASTERN).astimezone(UTC)


def season_weight(league: League, learnt: pl.DataFrame, season: int) -> float:
    """The model's weight beside the market in a season, learnt on the priced games of the seasons before it.

    learnt: finished games with closing prices and the model's forecasts, as `offline.market_aware` takes them.
    """
    closing = [f"close_{one.value}" for one in league.outcomes]
    if any(name not in learnt.columns for name in closing):
        return 0.0
    before = learnt.filter(pl.col("season") < season)
    label = learnt.schema["season"]
    # A weight is learnt on the labels before its own alone: the one copy under this season's says nothing.
    copies = before.drop_nulls(closing).head(1).with_columns(season=pl.lit(season, label))
    _, walked = market_aware(league, pl.concat([before.with_columns(season=pl.lit(season - 1, label)), copies]))
    return next((one.model_weight for one in walked if one.season == season), 0.0)


def _rated_days(league: League, frame: pl.DataFrame) -> list[datetime | None]:
    """Of each game the last day before its own on which both sides had been rated: that of the side longer idle."""
    moved = league.rating.franchises
    last: dict[str, date] = {}
    before: dict[str, date | None] = {}
    answer: list[datetime | None] = []
    for day, home, away, learns in frame.select("date", "home", "away", "learns").iter_rows():
        sides = [str(moved.get(one, one)) for one in (home, away)]
        seen: list[date | None] = []
        for side in sides:
            at = last.get(side)
            seen.append(before.get(side) if at == day else at)
        answer.append(
            None
            if None in seen
            else datetime.combine(min(one for one in seen if one is not None), time(0), EASTERN).astimezone(UTC)
        )
        for side in sides if learns else ():
            if last.get(side) != day:
                before[side] = last.get(side)
                last[side] = day
    return answer
