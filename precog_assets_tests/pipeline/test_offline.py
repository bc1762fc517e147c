"""A file in, forecasts and grades out: one row a game, in the file's order, graded against what the file has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.pipeline.offline import evaluate_file, forecast_file, grade, market_aware
from precog_assets_tests.ratings.builders import season_frame

LEAGUES = load_leagues()
COLUMNS = [
    *("date", "home", "away", "p_home", "p_draw", "p_away"),
    *("rating_home", "rating_away", "deviation_home", "deviation_away", "model_version"),
]


def written(folder: Path, frame: pl.DataFrame, name: str = "games.parquet") -> Path:
    path = folder / name
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def priced(frame: pl.DataFrame, seed: int = 2) -> pl.DataFrame:
    p = np.random.default_rng(seed).uniform(0.3, 0.7, frame.height)
    return frame.with_columns(close_home=pl.Series(p), close_draw=pl.lit(None, pl.Float64), close_away=pl.Series(1 - p))


@pytest.mark.parametrize("league", ["nfl", "epl", "atp"])
@pytest.mark.parametrize("name", ["games.parquet", "games.csv"])
def test_a_row_of_forecasts_a_game_in_the_files_order(tmp_path: Path, league: str, name: str) -> None:
    frame = season_frame(league, seasons=2)
    if league != "atp":
        frame = frame.sample(fraction=1.0, shuffle=True, seed=1)
    found = forecast_file(written(tmp_path, frame, name), LEAGUES[league]).frame
    assert found.columns == COLUMNS
    assert found.select("date", "home", "away").equals(frame.select("date", "home", "away"))
    assert found["p_draw"].is_null().all() == (league != "epl")
    assert found.select(pl.sum_horizontal("p_home", "p_draw", "p_away").is_between(1 - 1e-9, 1 + 1e-9).all()).item()
    assert (found["deviation_home"] > 0).all()


def test_a_side_playing_itself_is_even(tmp_path: Path) -> None:
    frame = season_frame("atp", seasons=1).with_columns(
        away=pl.when(pl.int_range(pl.len()) == 5).then("home").otherwise("away")
    )
    found = forecast_file(written(tmp_path, frame), LEAGUES["atp"]).frame
    assert found.row(5, named=True)["p_home"] == 0.5


def test_plain_elo_has_no_deviation(tmp_path: Path) -> None:
    found = forecast_file(written(tmp_path, season_frame()), LEAGUES["nfl"], "plain").frame
    assert found["deviation_home"].is_null().all()


def test_an_unknown_model_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nfl has no model 'best'; .* default, plain, elo"):
        forecast_file(written(tmp_path, season_frame()), LEAGUES["nfl"], "best")


def test_a_broken_file_is_refused_by_row(tmp_path: Path) -> None:
    frame = season_frame().with_columns(
        home_score=pl.when(pl.int_range(pl.len()) == 6).then(float("nan")).otherwise("home_score")
    )
    with pytest.raises(PrecogError, match="`home_score` is no score in row 7"):
        forecast_file(written(tmp_path, frame), LEAGUES["nfl"])


def test_grades_are_of_the_seasons_asked_for_and_equal_for_equal_files(tmp_path: Path) -> None:
    path = written(tmp_path, priced(season_frame()))
    grades = evaluate_file(path, LEAGUES["nfl"], from_season=2016, to_season=2017)
    assert [row.label for row in grades.model.rows if row.scope == "season"] == ["2016", "2017"]
    again = evaluate_file(path, LEAGUES["nfl"], from_season=2016, to_season=2017)
    assert (grades.model, grades.market_aware, grades.weights) == (again.model, again.market_aware, again.weights)


def test_the_score_is_that_of_the_forecasts(tmp_path: Path) -> None:
    frame = season_frame("nba")
    path = written(tmp_path, frame)
    p = forecast_file(path, LEAGUES["nba"]).frame["p_home"].to_numpy()
    won = (frame["home_score"] > frame["away_score"]).to_numpy()
    whole = next(row for row in evaluate_file(path, LEAGUES["nba"]).model.rows if row.scope == "all")
    assert whole.games == frame.height
    assert whole.brier == pytest.approx(((p - won) ** 2).mean())


def test_without_prices_skill_is_not_measured(tmp_path: Path) -> None:
    grades = evaluate_file(written(tmp_path, season_frame()), LEAGUES["nfl"])
    assert grades.market_aware is None
    assert all(row.skill is None for row in grades.model.rows)


def test_no_finished_game_in_the_seasons_asked_for_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file has 2015 to 2017"):
        evaluate_file(written(tmp_path, season_frame()), LEAGUES["nfl"], from_season=2030)


def test_the_market_aware_forecast_is_the_market_until_the_model_has_earned_a_weight() -> None:
    frame = priced(season_frame("nfl", seasons=3)).with_columns(
        p_home=pl.lit(0.9), p_draw=pl.lit(None, pl.Float64), p_away=pl.lit(0.1), row=pl.int_range(pl.len())
    )
    aware, weights = market_aware(LEAGUES["nfl"], frame)
    assert [weight.model_weight for weight in weights] == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(aware["p_home"], aware["close_home"], atol=1e-9)


def test_a_forecast_that_knew_the_result_is_found_out(tmp_path: Path) -> None:
    frame = priced(season_frame("nfl", seasons=7, days=20)).with_columns(
        league=pl.lit("nfl"), row=pl.int_range(pl.len())
    )
    won = pl.col("home_score") > pl.col("away_score")
    leaked = frame.with_columns(
        date=pl.col("date").str.to_date(),
        p_home=pl.when(won).then(0.7).otherwise(0.3),
        p_draw=pl.lit(None, pl.Float64),
        p_away=pl.when(won).then(0.3).otherwise(0.7),
        model_version=pl.lit("nfl-leak-00000000"),
    )
    rules = {finding.rule for finding in grade(LEAGUES["nfl"], leaked, leaked, resamples=200).model.findings}
    assert {"beats_close", "accuracy_above_band"} <= rules
