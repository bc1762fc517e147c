"""How good an exchange's prices were, beside sportsbooks', a model's and their blend, on the same games, from files.

Belongs here: pairing files of quotes, odds, scores and results by game; the scores of each. Does not: which price is
the last before a game (`backtest.starts`), matching, taking out the vig, grading.

Starts count as known where a schedule gives the time; else they are the exchange's guess (`backtest.starts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import League
from precog_assets.domain.strategies import Backtests
from precog_assets.domain.times import EASTERN
from precog_assets.grading.intervals import Interval, difference_interval, mean_interval
from precog_assets.grading.scores import brier_per_game
from precog_assets.pipeline.backtest.starts import pre_game_prices, start_of
from precog_assets.pipeline.imports.quote_files import QuoteFile, instants_of
from precog_assets.pipeline.match_file import match_file

PAIR_COLUMNS = ("event_ticker", "game_date", "home_team", "away_team", "home_score", "away_score")
LEAST_DAYS = 10
"""Of fewer days single games are drawn: three days say nothing about how days differ."""
SEED = 20_251_101
_INSTANT = timedelta(microseconds=1)
KEPT = ("ticker", "known_at", "bid", "ask", "last")


@dataclass(frozen=True, slots=True)
class Score:
    """Brier score of one forecaster with its interval; None: not measured, and `reason` says why."""

    name: str
    games: int
    drawn: str
    """What the intervals draw: days or games."""
    brier: Interval | None
    above: Mapping[str, Interval]
    """By another's name: own score less the other's on the same games; below 0 is better."""
    reason: str = ""


def pregame_prices(
    pairs: pl.DataFrame,
    quotes: Sequence[QuoteFile],
    starts: pl.DataFrame,
    *,
    league: str,
    assumptions: Backtests,
    schedule: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The exchange's last price before each game, one row a game of `pairs` that has one.

    pairs: PAIR_COLUMNS. starts: `ticker`, `game_start` as the exchange assumes it. schedule: `date`, `home`, `away`,
    `kickoff_eastern`; its times are known ones. Returns `row` (of pairs, from 0), `p_home`, `minutes_before` (to the
    start, or to the margin before a guessed one; of the older price of two), `start_known`, `from_mid` (two-sided
    quotes, not trades). The prices of an event's two markets are brought to sum 1; one market alone speaks for both.
    Raises ConfigurationError for missing columns.
    """
    _needs(pairs, PAIR_COLUMNS, "pairs")
    _needs(starts, ("ticker", "game_start"), "starts")
    prices = pl.concat([one.frame.select(KEPT) for one in quotes])
    tickers = prices["ticker"].unique().sort().to_list()
    sides = _games_of(tickers, _as_games(pairs), league)
    known = _known_starts(tickers, schedule, league)
    assumed = {
        _event(ticker): at
        for ticker, at in zip(starts["ticker"], instants_of(starts, "game_start"), strict=True)
        if at is not None
    }
    cutoffs: list[tuple[str, datetime, bool, int, bool]] = []
    for ticker, (row, is_home) in sides.items():
        start = start_of(known.get(ticker), assumed.get(_event(ticker)), assumptions)
        if start is not None:
            # A price exactly the margin before a guess still counts, one at a known start does not.
            until = start.at if start.guess is None else start.at + _INSTANT
            cutoffs.append((ticker, until, start.guess is None, row, is_home))
    limits = pl.DataFrame(cutoffs, schema=_LIMITS, orient="row")
    two_sided = (pl.col("bid") < pl.col("ask")).fill_null(False)
    price = pl.when(two_sided).then((pl.col("bid") + pl.col("ask")) / 2).otherwise(pl.col("last"))
    priced = prices.with_columns(from_mid=two_sided, price=price).drop_nulls("price")
    found = (
        pre_game_prices(priced, limits)
        .join(limits.drop("at"), on="ticker")
        .filter(pl.col("price").is_between(0, 1, closed="none"))
        .with_columns(minutes_before=(pl.col("at") - pl.col("known_at")).dt.total_seconds() / 60)
    )
    home, away = (pl.col("price").filter(pl.col("is_home") == side).first() for side in (True, False))
    alone = pl.coalesce(home, 1 - away)
    return (
        found.group_by("row")
        .agg(
            p_home=pl.when(pl.len() == 2).then(home / (home + away)).otherwise(alone),
            minutes_before=pl.col("minutes_before").max(),
            start_known=pl.col("start_known").all(),
            from_mid=pl.col("from_mid").all(),
        )
        .sort("row")
    )


def sportsbook_probabilities(pairs: pl.DataFrame, odds: pl.DataFrame | None) -> pl.DataFrame:
    """The sportsbooks' mean probability of the home side, the vig taken out in proportion: `row`, `p_home`, `books`.

    odds: `game_id_unique`, American `home_ml_raw` and `away_ml_raw`, one row a game and bookmaker. Games without odds
    there have the pairs' own `sportsbook_prob_home`, of which whoever made the file took the vig out.
    """
    from precog_assets.pricing.odds import from_american
    from precog_assets.pricing.vig import remove_vig

    stated = pairs.with_row_index("row").select(
        pl.col("row").cast(pl.Int64),
        "game_id",
        stated=pl.col("sportsbook_prob_home").fill_nan(None),
        stated_books=pl.col("bookmakers_used").cast(pl.Int64),
    )
    own = pl.DataFrame(schema={"game_id": pl.String, "p": pl.Float64, "n": pl.Int64})
    lines = ("home_ml_raw", "away_ml_raw")
    raw = odds.with_columns(pl.col(lines).fill_nan(None)).drop_nulls(lines) if odds is not None else pl.DataFrame()
    if raw.height:
        implied = np.column_stack([from_american(raw[line].to_numpy()) for line in lines])
        fair = raw.select(game_id="game_id_unique", p=pl.Series(remove_vig(implied)[:, 0]))
        own = fair.group_by("game_id").agg(pl.col("p").mean(), n=pl.len().cast(pl.Int64))
    joined = stated.join(own, on="game_id", how="left")
    answer = joined.select("row", p_home=pl.coalesce("p", "stated"), books=pl.coalesce("n", "stated_books"))
    return answer.drop_nulls("p_home").sort("row")


def model_probabilities(
    pairs: pl.DataFrame, tickers: Sequence[str], results: Path, league: League, *, max_age_days: float
) -> tuple[pl.DataFrame, str]:
    """The default model's forecasts of those games of `pairs` that a file of results has: `row`, `p_home`, `weight`.

    `weight` is the model's in the blend, learnt on the closing prices of earlier seasons. With no rows comes the reason
    why nothing can be measured: the results end longer than `max_age_days` before the games, or lack the games.
    """
    from precog_assets.pipeline.offline import forecast_file, market_aware

    nothing = pl.DataFrame(schema={"row": pl.Int64, "p_home": pl.Float64, "weight": pl.Float64})
    if not results.is_file():
        return nothing, f"no results of {league.key}"
    first = min(pairs["game_date"])
    last = pl.scan_parquet(results).select(pl.col("date").cast(pl.String)).filter(pl.col("date") < first).max()
    ended = last.collect().item()
    age = None if ended is None else (date.fromisoformat(first) - date.fromisoformat(ended)).days
    if age is None or age > max_age_days:
        told = f"begin after {first}" if age is None else f"end {ended}, {age} days before the first game ({first})"
        return nothing, f"the results of {league.key} {told}; ratings may be {max_age_days:g} days old"
    forecasts = forecast_file(results, league)
    games = forecasts.games.frame
    held = games.with_columns(
        forecasts.frame.select("p_home", "p_draw", "p_away", "model_version")[(games["row"] - 1).to_list()]
    )
    ahead = held.with_columns(pl.col("date").cast(pl.String)).filter(pl.col("date") >= first)
    ours = _games_of(tickers, _as_games(pairs), league.key)
    theirs = _games_of(tickers, ahead.select("date", "home", "away"), league.key) if ahead.height else {}
    weights = {one.season: one.model_weight for one in market_aware(league, held.filter("learns"))[1]}
    both = {ours[ticker][0]: game for ticker, (game, _) in theirs.items() if ticker in ours}
    if not both:
        return nothing, f"the results of {league.key} have none of these {pairs.height} games"
    rows = [(row, ahead["p_home"][game], weights.get(ahead["season"][game], 0.0)) for row, game in both.items()]
    return pl.DataFrame(rows, schema=nothing.schema, orient="row").sort("row"), ""


def score_games(
    pairs: pl.DataFrame,
    forecasts: Mapping[str, pl.DataFrame],
    *,
    reasons: Mapping[str, str] | None = None,
    reference: str,
    resamples: int = 2000,
) -> list[Score]:
    """Brier scores on the games that every forecaster of `forecasts` with any has, and what each is above `reference`.

    forecasts: by name, `row` (of pairs) and `p_home`; one without rows is not measured, its reason in `reasons`.
    Equal games give equal intervals. Raises ValueError for a reference that is none of the names.
    """
    if reference not in forecasts:
        raise ValueError(f"reference {reference!r}: expected one of {', '.join(forecasts)}")
    played = pairs.with_row_index("row").select(
        pl.col("row").cast(pl.Int64),
        "game_date",
        won=(pl.col("home_score") > pl.col("away_score")).cast(pl.Int64),
        level=pl.col("home_score") == pl.col("away_score"),
    )
    same = played.drop_nulls("won").filter(~pl.col("level")).sort("row")
    for name, one in forecasts.items():
        if one.height:
            same = same.join(one.select("row", pl.col("p_home").alias(f"p of {name}")), on="row", how="inner")
    same = same.sort("row")
    by_day = same["game_date"].n_unique() >= LEAST_DAYS
    drawn, blocks = ("days", same["game_date"].to_numpy()) if by_day else ("games", None)
    won = same["won"].to_numpy()
    losses = {
        name: brier_per_game(same[f"p of {name}"].to_numpy(), won)
        for name, one in forecasts.items()
        if one.height and same.height
    }
    answer: list[Score] = []
    for name in forecasts:
        if name not in losses or same.height < 2:
            reason = (reasons or {}).get(name) or f"{same.height} games are on all sides"
            answer.append(Score(name, 0, drawn, None, {}, reason))
            continue
        above: dict[str, Interval] = {}
        if name != reference and reference in losses:
            rng = np.random.default_rng(SEED)
            above[reference] = difference_interval(
                losses[name], losses[reference], rng, resamples=resamples, blocks=blocks
            )
        own = mean_interval(losses[name], np.random.default_rng(SEED), resamples=resamples, blocks=blocks)
        answer.append(Score(name, same.height, drawn, own, above))
    return answer


def blended(model: pl.DataFrame, market: pl.DataFrame) -> pl.DataFrame:
    """The market moved towards the model by its weight (`pricing.blend`), on the games of both: `row`, `p_home`."""
    from precog_assets.pricing.blend import blend

    both = model.join(market.select("row", market="p_home"), on="row", how="inner").sort("row")
    if both.is_empty():
        return both.select("row", "p_home")
    ours, theirs = (np.column_stack([p, 1 - p]) for p in (both["p_home"].to_numpy(), both["market"].to_numpy()))
    return both.select("row", p_home=pl.Series(blend(ours, theirs, both["weight"].to_numpy())[:, 0]))


_LIMITS = {
    "ticker": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "start_known": pl.Boolean,
    "row": pl.Int64,
    "is_home": pl.Boolean,
}


def _games_of(tickers: Sequence[str], games: pl.DataFrame, league: str) -> dict[str, tuple[int, bool]]:
    """Tickers that belong to a game: its row from 0, and whether YES is the home side."""
    answer = match_file(pl.DataFrame({"ticker": tickers}), games, league=league).filter(pl.col("verdict") == "matched")
    columns = (answer["ticker"], answer["game"], answer["outcome"])
    return {ticker: (game - 1, outcome == "home") for ticker, game, outcome in zip(*columns, strict=True)}


def _known_starts(tickers: Sequence[str], schedule: pl.DataFrame | None, league: str) -> dict[str, datetime]:
    if schedule is None or "kickoff_eastern" not in schedule.columns:
        return {}
    days, kickoffs = schedule["date"].cast(pl.String), schedule["kickoff_eastern"]
    rows = {ticker: row for ticker, (row, _) in _games_of(tickers, schedule, league).items() if kickoffs[row]}
    return {
        ticker: datetime.combine(date.fromisoformat(days[row]), time.fromisoformat(kickoffs[row]), EASTERN)
        for ticker, row in rows.items()
    }


def _as_games(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select(date="game_date", home="home_team", away="away_team")


def _event(ticker: str) -> str:
    return ticker.rpartition("-")[0]


def _needs(frame: pl.DataFrame, wanted: Sequence[str], what: str) -> None:
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise ConfigurationError(f"{what}: missing columns {', '.join(missing)}; it has {', '.join(frame.columns)}.")
