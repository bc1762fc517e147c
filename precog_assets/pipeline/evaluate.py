"""Grades of a league's stored forecasts: rows in model.evaluations and model.blends, and the plots of them.

Belongs here: choosing the games, writing the grades, saying them in a report. Does not: scores (`grading`), blending
(`pricing`), what to do about a model that was caught (`checks`).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from precog_assets.domain.leagues import League
from precog_assets.domain.times import season_of
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.offline import MARKET_AWARE, SEED, Grades, grade, market_aware, the_model_exists
from precog_assets.pipeline.report import StepReport
from precog_assets.queries.forecasts import forecasts, graded_games, rating_history
from precog_assets.ratings.versions import model_version
from precog_assets.store.evaluations import write_blends, write_evaluations

if TYPE_CHECKING:
    import sqlalchemy as sa

    from precog_assets.grading.report import Evaluation, ScoreRow
    from precog_assets.pricing.blend import SeasonWeight
    from precog_assets.services import Services

MODEL = "model"
PLOTS = ("reliability", "skill", "ratings")
"""Notes `plot_<name>` hold the paths."""
TEAMS_PLOTTED = 8
SEASONS_PLOTTED = 5
DIGITS = 6
"""Of figures in notes, for people; the rows have all of them."""
_NUMBERS = ("brier", "log_loss", "rps", "accuracy", "ece", "closing_log_loss", "skill", "skill_low", "skill_high")


def evaluate_league(
    services: Services, league: League, *, correlation_id: str, name: str = "default", resamples: int = 2000
) -> StepReport:
    """Grade the current forecasts of one of a league's models on its finished games, and keep and plot the grades.

    Notes hold the figures over all seasons, those of forecasts that were made before their game began apart as
    `live_*`, the leak findings in words, and where the plots are. Raises ConfigurationError for an unknown model.
    """
    the_model_exists(league, name)
    version = model_version(league, name)
    report = StepReport(f"evaluations {league.key}", correlation_id, services.clock.now())
    report.notes["model_version"] = version
    games = graded_games(services.engine, league.key, version)
    report.rows_in = games.height
    if games.is_empty():
        report.notes["graded"] = "0 games: no finished game has a forecast of this model version"
        return _recorded(services, report)
    grades = grade(league, games, games, resamples=resamples)
    now = services.clock.now()
    weights = season_weights(league, games, grades, season_of(league, now))
    with in_database(services.engine) as connection:
        report.wrote(write_evaluations(connection, league.key, version, evaluation_rows(grades), now))
        report.wrote(write_blends(connection, league.key, version, [asdict(weight) for weight in weights], now))
    report.notes |= _figures(grades, weights)
    report.notes |= _live(services.engine, league, version, games)
    folder = services.environment.home / "plots" / league.key / ("" if name == "default" else name)
    report.notes |= _plots(services.engine, league, version, grades, folder)
    return _recorded(services, report)


def evaluation_rows(grades: Grades) -> list[dict[str, Any]]:
    """Rows of model.evaluations: each scope of the model, and of its blend with the market where that was measured.

    Scopes in which every game was a tie have no score, and no row. Leak findings are of all seasons together.
    """
    findings = [asdict(finding) for finding in grades.model.findings]
    graded = [(MODEL, grades.model), (MARKET_AWARE, grades.market_aware)]
    return [
        {
            **asdict(row),
            "forecast": forecast,
            "leak_findings": findings if (forecast, row.scope) == (MODEL, "all") else [],
        }
        for forecast, evaluation in graded
        if evaluation is not None
        for row in evaluation.rows
        if row.brier is not None
    ]


def season_weights(league: League, games: pl.DataFrame, grades: Grades, running: int) -> list[SeasonWeight]:
    """The model's weight beside the market in every season with prices, and in the `running` one before its first.

    A season's weight is learnt on the seasons before it alone, so a game of an old season, given the new label, finds
    the weight of the new one without playing a part in it.
    """
    weights = list(grades.weights)
    if not weights or weights[-1].season >= running:
        return weights
    closing = [f"close_{outcome.value}" for outcome in league.outcomes]
    before = games.with_columns(season=pl.lit(running - 1, games.schema["season"]))
    relabelled = games.drop_nulls(closing).with_columns(season=pl.lit(running, games.schema["season"]))
    _, walked = market_aware(league, pl.concat([before, relabelled]))
    return [*weights, *(weight for weight in walked if weight.season == running)]


def _figures(grades: Grades, weights: list[SeasonWeight]) -> dict[str, int | float | str]:
    """What is told of all seasons together; a figure that was not measured is left out."""
    total = _total(grades.model)
    seasons = [row.label for row in grades.model.rows if row.scope == "season"]
    figures: dict[str, int | float | str] = {
        "graded": f"{total.games:,} games of {seasons[0]} to {seasons[-1]}, {total.ties_left_out} ties left out",
        "games": total.games,
        "priced_games": total.priced_games,
        "leak_findings": "; ".join(finding.reason for finding in grades.model.findings) or "none",
    }
    figures |= {name: round(value, DIGITS) for name in _NUMBERS if (value := getattr(total, name)) is not None}
    if grades.market_aware is not None:
        blended = _total(grades.market_aware)
        figures |= {
            f"{MARKET_AWARE}_{name}": round(value, DIGITS)
            for name in ("log_loss", "skill")
            if (value := getattr(blended, name)) is not None
        }
    if weights:
        last = weights[-1]
        figures["model_weight"] = round(last.model_weight, DIGITS)
        figures["model_weight_of"] = f"season {last.season}, learnt on {last.fitted_games:,} priced games"
    return figures


def _live(engine: sa.Engine, league: League, version: str, games: pl.DataFrame) -> dict[str, int | float | str]:
    """Figures of what was said before the start and stood at it, also where a replay has superseded it since."""
    import numpy as np

    from precog_assets.grading.evaluation import evaluate

    said = ["p_home", "p_draw", "p_away"]
    key = ["game_id", "home_team_id", "away_team_id"]
    ahead = forecasts(engine, league.key, version=version, live_only=True).select(*key, *said)
    live = games.drop(said).join(ahead, on=key, how="inner")
    if live.is_empty():
        return {"live": "0 games: no forecast of a finished game was made before it began", "live_games": 0}
    row = _total(evaluate(live, np.random.default_rng(SEED), rating_only=False, resamples=0))
    figures = {name: getattr(row, name) for name in ("brier", "log_loss", "rps", "accuracy")}
    known = {name: round(value, DIGITS) for name, value in figures.items() if value is not None}
    told = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in known.items())
    return {
        "live": f"{row.games:,} games forecast before they began: {told or 'all were ties'}",
        "live_games": row.games,
        **{f"live_{name}": value for name, value in known.items()},
    }


def _total(evaluation: Evaluation) -> ScoreRow:
    return next(row for row in evaluation.rows if row.scope == "all")


def _plots(engine: sa.Engine, league: League, version: str, grades: Grades, folder: Path) -> dict[str, str]:
    from precog_assets.grading import plots

    folder.mkdir(parents=True, exist_ok=True)
    paths = [
        *plots.draw_all(folder, league.key, grades.model, grades.market_aware),
        folder / f"{league.key}-ratings.png",
    ]
    plots.save(plots.history_plot(league.key, _histories(engine, league, version)), paths[-1])
    return {f"plot_{name}": str(path) for name, path in zip(PLOTS, paths, strict=True)}


def _histories(engine: sa.Engine, league: League, version: str) -> dict[str, list[tuple[datetime, float]]]:
    """Ratings by team of the last seasons, the teams that stand highest first."""
    history = rating_history(engine, league.key, version=version, top=TEAMS_PLOTTED)
    recent = history.filter(pl.col("season") > pl.col("season").max() - SEASONS_PLOTTED)
    found: dict[str, list[tuple[datetime, float]]] = {}
    for team, at, rating in recent.select("team", "start_time", "rating_after").iter_rows():
        found.setdefault(team, []).append((at, rating))
    return found


def _recorded(services: Services, report: StepReport) -> StepReport:
    report.finish()
    with in_database(services.engine) as connection:
        report.record(connection)
    return report
