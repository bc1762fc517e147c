"""A frame of games with forecasts in, an `Evaluation` out.

Belongs here: reading the frame, refusing rows that cannot be graded, and the order of the work. Does not: scores,
scopes (`league.py`), types (`report.py`), which games to grade: the caller passes one row a game, forecast before it
started, at one fixed lead time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from precog_assets.grading import league as of_league
from precog_assets.grading.inputs import Floats, Integers, check_distributions
from precog_assets.grading.intervals import RESAMPLES
from precog_assets.grading.league import LeagueGames
from precog_assets.grading.leak import LeakBand
from precog_assets.grading.report import Evaluation

Columns = tuple[str, str | None, str]
"""Names of the columns of home, draw and away; no draw in leagues of two outcomes."""

MODEL: Columns = ("p_home", "p_draw", "p_away")
CLOSE: Columns = ("close_home", "close_draw", "close_away")
_REQUIRED = ("league", "season", "date", *MODEL, "home_score", "away_score", "model_version")
_ROW = "__row"
_RIGHT = {
    "date": "a date, as pl.Date or YYYY-MM-DD",
    "home_score": "the final score: games without one are for the caller to leave out",
    "away_score": "the final score: games without one are for the caller to leave out",
    "p_home": "a probability",
    "p_away": "a probability",
}


def evaluate(
    frame: pl.DataFrame,
    rng: np.random.Generator,
    *,
    bands: Mapping[str, LeakBand] | None = None,
    rating_only: bool = True,
    others: Mapping[str, Columns] | None = None,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Grade every league and model version of the frame, overall, by season and by month.

    One row a game: league, season (text or number), date (pl.Date or YYYY-MM-DD), p_home, p_draw (null in leagues of
    two outcomes), p_away, home_score, away_score, model_version; and, where known, close_home, close_draw, close_away
    without the vig: a game is priced where all outcomes of its league have one. The higher score won; equal scores
    are draws where the league has them, else ties, left out and counted.

    `bands`: the leak band by league. `rating_only`: whether the leak guard applies (not to models that know prices).
    `others`: further forecasts to compare with, name -> columns, each on the games where all its columns are present.
    `resamples` of the bootstraps (overall, by season, comparisons; months have none), 0 for no intervals. The same
    frame and seed give the same evaluation.

    Raises ValueError for missing columns, an empty frame, and, naming the first row, for a missing value, a date that
    is none, a probability outside [0, 1] or NaN, outcomes that do not sum to 1, or leagues with p_draw in some rows.
    """
    names = dict(others or {})
    games = _prepared(frame, names)
    rows, curves, comparisons, findings = [], [], [], []
    for part in games.sort("league", "model_version", _ROW).partition_by("league", "model_version"):
        one = _league_games(part, names)
        scored, skill = of_league.score_rows(one, rng, resamples)
        rows += scored
        curves += of_league.curves(one)
        comparisons += of_league.comparisons(one, rng, resamples)
        if rating_only:
            findings += of_league.findings(one, scored[0], skill, (bands or {}).get(one.league))
    return Evaluation(tuple(rows), tuple(curves), tuple(comparisons), tuple(findings))


def _prepared(frame: pl.DataFrame, others: Mapping[str, Columns]) -> pl.DataFrame:
    """The frame's columns in fixed types with a row number; every null that is left is one that may be."""
    wanted = [*_REQUIRED, *(column for columns in others.values() for column in columns if column is not None)]
    absent = [column for column in dict.fromkeys(wanted) if column not in frame.columns]
    if absent:
        raise ValueError(f"the frame lacks {', '.join(absent)}; it has {', '.join(frame.columns)}")
    if not frame.height:
        raise ValueError("no games: an evaluation needs at least one row")
    close = [column for column in CLOSE if column is not None]
    numbers = dict.fromkeys([*wanted, *close])
    for text in ("league", "season", "date", "model_version"):
        del numbers[text]
    day = pl.col("date")
    if frame.schema["date"] != pl.Date:
        day = day.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    unpriced = [pl.lit(None, pl.Float64).alias(column) for column in close if column not in frame.columns]
    games = frame.with_columns(unpriced)
    for column in numbers:
        kind = games.schema[column]
        if not (kind.is_numeric() or kind == pl.Null):
            raise ValueError(f"column {column} is {kind}; right is a column of numbers")
    games = games.select(
        pl.col("league", "season", "model_version").cast(pl.String),
        day,
        pl.col(list(numbers)).cast(pl.Float64),
        pl.int_range(pl.len(), dtype=pl.Int64).alias(_ROW),
    )
    for column in _REQUIRED:
        if column != "p_draw":
            _refuse(games, frame, column, pl.col(column).is_null(), _RIGHT.get(column, "a value"))
    for column in numbers:
        _refuse(games, frame, column, ~pl.col(column).is_finite(), "a number, or null where none is known")
    return games


def _refuse(games: pl.DataFrame, frame: pl.DataFrame, column: str, bad: pl.Expr, right: str) -> None:
    first = games.filter(bad).head(1)
    if first.height:
        row = first.item(0, _ROW)
        raise ValueError(f"row {row}: {column} is {frame.item(row, column)!r}; right is {right}")


def _league_games(part: pl.DataFrame, others: Mapping[str, Columns]) -> LeagueGames:
    league, version, rows = part.item(0, "league"), part.item(0, "model_version"), part[_ROW].to_numpy()
    draws = part["p_draw"].is_not_null()
    if draws.any() and not draws.all():
        row = int(rows[draws.arg_min()])
        raise ValueError(
            f"row {row}: p_draw is None, other rows of {league} ({version}) have one; right is all or none"
        )
    has_draw = bool(draws.any())
    margin = part["home_score"].to_numpy() - part["away_score"].to_numpy()
    tied = np.where(margin > 0, 0, np.where(margin < 0, 2, 1))
    outcome = tied if has_draw else np.where(margin == 0, -1, (margin > 0).astype(np.int64))
    seasons = part["season"].unique().sort()
    return LeagueGames(
        league=league,
        model_version=version,
        season=seasons.to_list(),
        season_of=part["season"].cast(pl.Enum(seasons)).to_physical().to_numpy().astype(np.int64),
        month_of=part.select(pl.col("date").dt.year().cast(pl.Int64) * 12 + pl.col("date").dt.month() - 1)
        .to_series()
        .to_numpy(),
        day=part["date"].to_physical().to_numpy().astype(np.int64),
        outcome=outcome.astype(np.int64),
        forecast=_probabilities(part, MODEL, has_draw, rows),
        close=_probabilities(part, CLOSE, has_draw, rows),
        others={name: _probabilities(part, columns, has_draw, rows) for name, columns in others.items()},
    )


def _probabilities(part: pl.DataFrame, columns: Columns, has_draw: bool, rows: Integers) -> Floats:
    """Columns as (n,) or (n, 3), checked where all are present and NaN in the other games."""
    home, draw, away = columns
    if has_draw and draw is None:
        league = part.item(0, "league")
        raise ValueError(f"columns {home}, {draw}, {away}: no draw is named, which {league} has")
    chosen = [home, draw, away] if has_draw and draw is not None else [home, away]
    table = part.select(chosen).to_numpy().astype(np.float64)
    present = ~np.isnan(table).any(axis=1)
    check_distributions(table[present], rows[present])
    table[~present] = np.nan
    return table if has_draw else table[:, 0]
