"""Grades of a league as they stand in the database: rows, weights, what was said ahead, plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.evaluate import evaluate_league
from precog_assets.pipeline.report import StepReport
from precog_assets.pricing.blend import learn_weight
from precog_assets.queries.forecasts import evaluations
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.evaluations import current_blend
from precog_assets.store.forecasts import write_forecasts
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.graded import VERSION, Played, drawn, forecast_of, play

NFL = load_leagues()["nfl"]


def evaluate(services: Services, name: str = "default") -> StepReport:
    return evaluate_league(services, NFL, correlation_id="test", name=name, resamples=20)


def grades(services: Services, forecast: str, scope: str) -> pl.DataFrame:
    return evaluations(services.engine, "nfl").filter(pl.col("forecast") == forecast, pl.col("scope") == scope)


def two_seasons() -> list[Played]:
    return [*drawn(2024, 300, seed=1), *drawn(2025, 100, seed=2)]


def test_model_and_blend_are_graded_over_all_games_by_season_and_by_month(services: Services) -> None:
    play(services.engine, two_seasons(), services.clock.now())
    report = evaluate(services)
    assert report.rows_in == 400
    for forecast in ("model", "market_aware"):
        assert grades(services, forecast, "all").select("games", "priced_games").rows() == [(400, 400)]
        assert grades(services, forecast, "season").select("label", "games").rows() == [("2024", 300), ("2025", 100)]
        assert grades(services, forecast, "month")["label"].to_list() == ["2024-09", "2025-09"]
    assert report.notes["graded"] == "400 games of 2024 to 2025, 0 ties left out"
    assert report.notes["brier"] == round(grades(services, "model", "all")["brier"].item(), 6)
    with services.engine.connect() as connection:
        step = connection.execute(sa.select(tables.steps)).one()
    assert (step.step, step.rows_in, step.inserted) == ("evaluations nfl", 400, report.inserted)


def test_grading_again_changes_nothing(services: Services, clock: TestClock) -> None:
    play(services.engine, two_seasons(), services.clock.now())
    first = evaluate(services)
    clock.forward(3600)
    assert (evaluate(services).written, first.written > 10) == (0, True)


def test_the_running_season_has_a_weight_before_its_first_price_learnt_on_all_seasons_before(
    services: Services,
) -> None:
    """The model sees what the close is blind to."""
    games = [*drawn(2024, 600, noise=0.5, blind=0.9, seed=3), *drawn(2025, 400, noise=0.5, blind=0.9, seed=4)]
    play(services.engine, games, services.clock.now())
    evaluate(services)
    model, market = (np.array([[p, 1 - p] for p in column]) for column in _prices(games))
    outcome = np.array([0 if one.home_won else 1 for one in games])
    with services.engine.connect() as connection:
        weights = {season: current_blend(connection, VERSION, season) for season in (2024, 2025, 2026)}
    assert {season: blend and blend.fitted_games for season, blend in weights.items()} == {
        2024: 0,
        2025: 600,
        2026: 1000,
    }
    learnt = learn_weight(model, market, outcome)
    assert learnt > 0
    running = weights[2026]
    assert running is not None
    assert running.model_weight == pytest.approx(learnt)


def _prices(games: Sequence[Played]) -> tuple[list[float], list[float]]:
    return [one.forecast for one in games], [one.close for one in games if one.close is not None]


def test_without_closing_prices_there_is_no_blend_and_no_skill(services: Services) -> None:
    play(services.engine, drawn(2025, 50, priced=False), services.clock.now())
    report = evaluate(services)
    assert grades(services, "market_aware", "all").is_empty()
    assert grades(services, "model", "all").select("priced_games", "skill").rows() == [(0, None)]
    assert "skill" not in report.notes
    assert "model_weight" not in report.notes
    with services.engine.connect() as connection:
        assert current_blend(connection, VERSION, 2025) is None


def test_a_league_without_graded_games_reports_no_row_and_says_so(services: Services) -> None:
    report = evaluate(services)
    assert (report.rows_in, report.written, report.failed) == (0, 0, False)
    assert report.notes["graded"] == "0 games: no finished game has a forecast of this model version"
    assert evaluations(services.engine, "nfl").is_empty()


def test_what_was_said_ahead_is_told_apart_and_as_it_was_said(services: Services, clock: TestClock) -> None:
    """A replay superseded the live forecast after the game; the season's grade is of the replay."""
    replayed, live = drawn(2025, 20, priced=False), drawn(2026, 10, priced=False)
    play(services.engine, replayed, services.clock.now())
    ahead = [replace(one, forecast=0.9, home_won=True) for one in live]
    with services.engine.begin() as connection:
        write_forecasts(
            connection, "nfl", VERSION, [forecast_of(one) for one in ahead], live[0].start - timedelta(hours=1),
            since=live[0].start,
        )  # fmt: skip
    play(services.engine, [*replayed, *ahead], services.clock.now())
    with services.engine.begin() as connection:
        later = [*map(forecast_of, replayed), *(forecast_of(one, 0.5) for one in ahead)]
        write_forecasts(connection, "nfl", VERSION, later, services.clock.now())
    report = evaluate(services)
    assert report.notes["live_games"] == 10
    assert report.notes["live_brier"] == pytest.approx(0.01)
    assert str(report.notes["live"]).startswith("10 games forecast before they began: brier 0.0100, ")
    of_replay = grades(services, "model", "season").filter(pl.col("label") == "2026")["brier"].item()
    assert of_replay == pytest.approx(0.25)


def test_without_forecasts_made_ahead_that_is_said(services: Services) -> None:
    play(services.engine, drawn(2025, 20), services.clock.now())
    notes = evaluate(services).notes
    assert (notes["live_games"], str(notes["live"])[:8]) == (0, "0 games:")


def test_a_month_of_nothing_but_ties_has_no_grade(services: Services) -> None:
    games = drawn(2025, 20)
    october = replace(games[0], number=1, start=games[0].start + timedelta(days=35), tied=True)
    play(services.engine, [*games, october], services.clock.now())
    evaluate(services)
    assert grades(services, "model", "month")["label"].to_list() == ["2025-09"]
    assert grades(services, "model", "all").select("games", "ties_left_out").rows() == [(20, 1)]


def test_figures_too_good_to_be_true_are_told_and_kept(services: Services) -> None:
    seen = [replace(one, forecast=0.95 if one.home_won else 0.05) for one in drawn(2025, 520)]
    play(services.engine, seen, services.clock.now())
    report = evaluate(services)
    told = str(report.notes["leak_findings"])
    assert "Brier 0.0025 over 520 games is below 0.205" in told
    kept = grades(services, "model", "all")["leak_findings"].item()
    assert '"rule":"score_below_band"' in kept.replace(" ", "")
    assert set(grades(services, "model", "season")["leak_findings"]) == {"[]"}


def test_plots_are_png_files_under_the_home_folder(services: Services) -> None:
    play(services.engine, drawn(2025, 60), services.clock.now())
    report = evaluate(services)
    folder = services.environment.home / "plots" / "nfl"
    assert [report.notes[f"plot_{name}"] for name in ("reliability", "skill", "ratings")] == [
        str(folder / f"nfl-{name}.png") for name in ("reliability", "skill", "ratings")
    ]
    for path in folder.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_an_unknown_model_is_refused_with_those_there_are(services: Services) -> None:
    with pytest.raises(ConfigurationError, match=r"nfl has no model 'best'; .* has default, plain, elo"):
        evaluate(services, "best")
