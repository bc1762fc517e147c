"""Forecasts of real results, walking forward, beside plain Elo, 538 and the closing price; and how long they take.

Belongs here: accuracy of the configuration in force on the seasons the README grades, and the way from Parquet to
forecasts. Each comparison is on the games its other side covers. The results lie beside the checkout and are not
part of it; without them nothing is measured, and the table says so by its absence.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target, interleaved
from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.grading import scores
from precog_assets.pipeline.offline import forecast_file, market_aware

GAMES = ROOT.parent / "shared" / "data" / "games"
WINDOWS = {
    "nfl": (2015, 2022, 0.2212),
    "nba": (2018, 2023, 0.2180),
    "nhl": (2016, 2023, 0.2392),
    "mlb": (2015, 2022, 0.2412),
    "epl": (2016, 2022, 0.1965),
    "ligue1": (2016, 2022, 0.2035),
    "atp": (2010, 2021, 0.2050),
    "wta": (2010, 2021, 0.2135),
    "ncaab": (2004, 2016, 0.1745),
    "wncaab": (2012, 2022, 0.1630),
}
"""First and last season graded, and the score to reach there: Brier, RPS where games are drawn."""
NOISE = 0.0005
"""Log loss by which the market-aware probability may be above the closing price's."""
SLOWER_THAN_READING, MORE_S = 3.0, 1.0


def measure(scale: Scale) -> list[Figure]:
    """Two figures a league, and one of all of them together."""
    there = [key for key in WINDOWS if (GAMES / f"{key}.parquet").is_file()]
    if not there:
        return []
    chosen = there[:2] if scale.quick else there
    leagues = [load_leagues()[key] for key in chosen]
    accuracy = [figure for league in leagues for figure in _accuracy(league)]
    return [*accuracy, _all_leagues(leagues, scale.of(9, 2))]


def _accuracy(league: League) -> list[Figure]:
    first, last, wanted = WINDOWS[league.key]
    games = _graded(league, "default")
    window = games.filter(pl.col("season").is_between(first, last))
    plain = _graded(league, "plain").filter(pl.col("season").is_between(first, last))
    unit = "RPS" if league.has_draw else "Brier"
    own, detail = score(league, window, "p"), {"games": window.height, "plain_elo": score(league, plain, "p")}
    said = [f"plain Elo {detail['plain_elo']:.4f}"]
    for name, prefix in (("538", "p538"), ("closing price", "close")):
        both = _with(league, window, prefix)
        if both.height:
            theirs, ours = score(league, both, prefix), score(league, both, "p")
            detail |= {f"{prefix}_games": both.height, prefix: theirs, f"model_on_{prefix}": ours}
            said.append(f"{name} {theirs:.4f}, the model {ours:.4f} on its {both.height:,} games")
        else:
            said.append(f"{name} not measured")
    note = f"{window.height:,} games; " + "; ".join(said)
    figures = [Figure(f"{league.key} {first}-{last}", own, unit, Target("<=", wanted), note, detail)]
    aware, weights = market_aware(league, games)
    aware = aware.filter(pl.col("season").is_between(first, last))
    if aware.height:
        above = _log_loss(league, aware, "p") - _log_loss(league, aware, "close")
        used = {weight.season: round(weight.model_weight, 3) for weight in weights if weight.model_weight}
        named = ", ".join(f"{season}: {weight}" for season, weight in used.items()) or "none"
        figures.append(
            Figure(
                f"{league.key} market-aware less closing price",
                above,
                "log loss",
                Target("<=", NOISE),
                f"{aware.height:,} priced games; weights above 0: {named}",
            )
        )
    return figures


def _graded(league: League, name: str) -> pl.DataFrame:
    """Games that a grade counts, with forecasts and whatever prices the file has."""
    found = forecast_file(GAMES / f"{league.key}.parquet", league, name)
    games = found.games.frame
    forecasts = found.frame.select("p_home", "p_draw", "p_away", "model_version")[(games["row"] - 1).to_list()]
    games = games.with_columns(forecasts).filter("learns")
    return games if league.has_draw else games.filter(pl.col("home_score") != pl.col("away_score"))


def _sides(league: League) -> tuple[str, ...]:
    return ("home", "draw", "away") if league.has_draw else ("home", "away")


def _with(league: League, games: pl.DataFrame, prefix: str) -> pl.DataFrame:
    wanted = [f"{prefix}_{side}" for side in _sides(league)]
    return games.drop_nulls(wanted) if all(name in games.columns for name in wanted) else games.clear()


def _probabilities(league: League, games: pl.DataFrame, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    p = games.select([f"{prefix}_{side}" for side in _sides(league)]).to_numpy().astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)
    home, away = games["home_score"].to_numpy(), games["away_score"].to_numpy()
    if league.has_draw:
        return p, np.where(home > away, 0, np.where(home < away, 2, 1))
    return p[:, 0], (home > away).astype(np.int64)


def score(league: League, games: pl.DataFrame, prefix: str) -> float:
    """Brier score, RPS where games are drawn, of the probabilities whose columns begin with `prefix`."""
    p, outcome = _probabilities(league, games, prefix)
    return scores.rps(p, outcome) if league.has_draw else scores.brier(p, outcome)


def _log_loss(league: League, games: pl.DataFrame, prefix: str) -> float:
    return scores.log_loss(*_probabilities(league, games, prefix))


def _all_leagues(leagues: list[League], rounds: int) -> Figure:
    """From Parquet to forecasts in memory, all leagues one after the other, on one core, against reading the files."""
    paths = {league.key: GAMES / f"{league.key}.parquet" for league in leagues}
    games = sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in paths.values())
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        samples = interleaved({"forecast": _forecasting(leagues, paths), "read": _reading(paths)}, rounds, warm_up=2)
    finally:
        os.sched_setaffinity(0, cores)
    took, read = samples.median("forecast"), samples.median("read")
    limit = SLOWER_THAN_READING * read + MORE_S
    return Figure(
        "ten leagues, Parquet to forecasts" if len(leagues) == len(WINDOWS) else "some leagues, Parquet to forecasts",
        took,
        "s",
        Target("<=", round(limit, 3)),
        f"{games:,} games; polars reads the files in {read:.3f} s; compiled before; one core",
        samples.detail(),
    )


def _forecasting(leagues: list[League], paths: dict[str, Path]) -> Callable[[], object]:
    return lambda: [forecast_file(paths[league.key], league) for league in leagues]


def _reading(paths: dict[str, Path]) -> Callable[[], object]:
    return lambda: [pl.read_parquet(path) for path in paths.values()]
