"""Forecasts and grades of a file of results, without any database: the same model, ids taken as they come.

Belongs here: reading the exchange format, running a model over it, laying out the answer. Does not: the model,
the scores, printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import League
from precog_assets.pricing.blend import SeasonWeight, blend, walk_weights
from precog_assets.ratings.exchange import GamesFile, read_games

if TYPE_CHECKING:
    from precog_assets.grading.report import Evaluation
    from precog_assets.ratings.model import Run

SEED = 20_161_102
"""Of the bootstraps: equal files give equal intervals."""
MARKET_AWARE = "market_aware"


@dataclass(frozen=True, slots=True)
class Forecasts:
    """A file's forecasts, one row a game, in the order of the file."""

    frame: pl.DataFrame
    """date home away p_home p_draw p_away rating_home rating_away deviation_home deviation_away model_version."""
    games: GamesFile
    run: Run


@dataclass(frozen=True, slots=True)
class Grades:
    """What `evaluate_file` measured."""

    model: Evaluation
    market_aware: Evaluation | None
    """Of the blend with the closing price, on the games that have one; None where none has."""
    weights: tuple[SeasonWeight, ...]
    graded: pl.DataFrame
    """The forecasts with seasons, scores and prices, in time order: what plots are drawn from."""


def the_model_exists(league: League, name: str) -> None:
    """Raises ConfigurationError when the league has no model of that name."""
    if name not in league.rating.models:
        known = ", ".join(league.rating.models)
        raise ConfigurationError(f"{league.key} has no model {name!r}; config/leagues.yaml has {known}.")


def forecast_file(path: Path, league: League, name: str = "default") -> Forecasts:
    """Forecast each game of a file from the games before it. Raises PrecogError(contract.games_file)."""
    the_model_exists(league, name)
    return forecast_games(read_games(path, league), name)


def forecast_games(games: GamesFile, name: str = "default") -> Forecasts:
    """The same of games already read."""
    from precog_assets.ratings.conferences import conferences
    from precog_assets.ratings.games import games_from
    from precog_assets.ratings.model import Model

    league, frame = games.league, games.frame
    run = Model(league, name, conferences(league.key)).run(games_from(frame, league))
    p = run.probabilities.copy()
    itself = (frame["home"] == frame["away"]).to_numpy()
    p[itself] = (0.5, 0.5) if p.shape[1] == 2 else (1 / 3, 1 / 3, 1 / 3)
    answer = frame.select(
        "row",
        pl.col("date").dt.to_string("%Y-%m-%d"),
        "home",
        "away",
        p_home=pl.Series(p[:, 0]),
        p_draw=pl.Series(p[:, 1]) if p.shape[1] == 3 else pl.lit(None, pl.Float64),
        p_away=pl.Series(p[:, -1]),
        rating_home=pl.Series(run.rated.before[:, 0]),
        rating_away=pl.Series(run.rated.before[:, 1]),
        deviation_home=pl.Series(run.rated.deviation_before[:, 0]).fill_nan(None),
        deviation_away=pl.Series(run.rated.deviation_before[:, 1]).fill_nan(None),
        model_version=pl.lit(run.version),
    )
    if not league.is_individual:
        answer = answer.sort("row")
    return Forecasts(answer.drop("row"), games, run)


def evaluate_file(
    path: Path,
    league: League,
    name: str = "default",
    *,
    from_season: int | None = None,
    to_season: int | None = None,
    resamples: int = 2000,
) -> Grades:
    """Grade a model on a file: forecasts walk forward over all of it, the seasons asked for are graded.

    Raises PrecogError(contract.games_file), and ConfigurationError when no graded game is left.
    """
    forecasts = forecast_file(path, league, name)
    games = forecasts.games.frame
    everything = (
        games.with_columns(forecasts.frame.select("p_home", "p_draw", "p_away", "model_version")[_file_order(games)])
        .filter("learns")
        .with_columns(league=pl.lit(league.key))
    )
    first = from_season if from_season is not None else -(2**31)
    last = to_season if to_season is not None else 2**31 - 1
    graded = everything.filter(pl.col("season").is_between(first, last))
    if graded.is_empty():
        seasons = f"{games['season'].min()} to {games['season'].max()}"
        raise ConfigurationError(f"{path}: no finished game in the seasons asked for; the file has {seasons}.")
    return grade(league, everything, graded, resamples=resamples)


def grade(league: League, everything: pl.DataFrame, graded: pl.DataFrame, *, resamples: int = 2000) -> Grades:
    """Grades of `graded`, part of `everything`; the blend's weights are learnt on all of it, walking forward.

    Columns: league season date home away home_score away_score p_home p_draw p_away model_version, and the closing
    prices and 538's forecasts where there are any.
    """
    from precog_assets.grading.evaluation import evaluate
    from precog_assets.grading.leak import LeakBand

    band = league.rating.leak_band
    bands = {
        league.key: LeakBand("rps" if league.has_draw else "brier", band.score_minimum, band.accuracy_maximum),
    }
    sides = ("home", "draw", "away") if league.has_draw else ("home", "away")
    others = {}
    if all(f"p538_{side}" in graded.columns for side in sides) and graded["p538_home"].count():
        others["538"] = ("p538_home", "p538_draw" if league.has_draw else None, "p538_away")
    model = evaluate(
        _readable(graded), np.random.default_rng(SEED), bands=bands, others=others or None, resamples=resamples
    )
    aware, weights = market_aware(league, everything)
    aware = aware.join(graded.select("row"), on="row", how="semi") if "row" in graded.columns else aware
    if aware.is_empty():
        return Grades(model, None, tuple(weights), graded)
    of_market = evaluate(_readable(aware), np.random.default_rng(SEED), rating_only=False, resamples=resamples)
    return Grades(model, of_market, tuple(weights), graded)


def market_aware(league: League, games: pl.DataFrame) -> tuple[pl.DataFrame, list[SeasonWeight]]:
    """The priced games of a frame with the blend in place of the model, and each season's weight."""
    sides = ("home", "draw", "away") if league.has_draw else ("home", "away")
    closing = [f"close_{side}" for side in sides]
    if any(name not in games.columns for name in closing):
        return games.clear(), []
    priced = games.drop_nulls(closing).filter(
        pl.sum_horizontal(closing).is_between(0.5, 1.5),
        pl.lit(league.has_draw) | (pl.col("home_score") != pl.col("away_score")),
    )
    if priced.is_empty():
        return priced, []
    market = priced.select(closing).to_numpy().astype(np.float64)
    market /= market.sum(axis=1, keepdims=True)
    model = priced.select([f"p_{side}" for side in sides]).to_numpy()
    home, away = priced["home_score"].to_numpy(), priced["away_score"].to_numpy()
    last = len(sides) - 1
    outcome = np.where(home > away, 0, np.where(home < away, last, 1)).astype(np.int64)
    season = priced["season"].to_numpy()
    weights = walk_weights(model, market, outcome, season)
    of_season = {weight.season: weight.model_weight for weight in weights}
    p = blend(model, market, np.array([of_season[int(label)] for label in season]))
    blended = {f"p_{side}": pl.Series(p[:, i]) for i, side in enumerate(sides)}
    return priced.with_columns(model_version=pl.lit(MARKET_AWARE), **blended), weights


def _file_order(games: pl.DataFrame) -> list[int]:
    return (games["row"] - 1).to_list()


def _readable(games: pl.DataFrame) -> pl.DataFrame:
    wanted = [
        *("league", "season", "date", "home_score", "away_score", "p_home", "p_draw", "p_away", "model_version"),
        *("close_home", "close_draw", "close_away", "p538_home", "p538_draw", "p538_away"),
    ]
    return games.select([name for name in wanted if name in games.columns])
