"""`precog forecast`, `evaluate` and `tune` as people run them: files in, files and tables out, no database."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from precog_assets.cli.main import app
from precog_assets_tests.ratings.builders import season_frame

runner = CliRunner()


@pytest.fixture
def games(tmp_path: Path) -> Path:
    path = tmp_path / "games.parquet"
    priced(season_frame("nfl", seasons=5, days=16), 0.66).write_parquet(path)
    return path


def priced(frame: pl.DataFrame, of_winner: float) -> pl.DataFrame:
    """Closing prices that gave the winner this much."""
    price = pl.when(pl.col("home_score") > pl.col("away_score")).then(of_winner).otherwise(1 - of_winner)
    return frame.with_columns(close_home=price, close_away=1 - price)


def test_forecast_writes_a_row_a_game_and_says_what_it_did(games: Path, tmp_path: Path) -> None:
    out = tmp_path / "forecasts.parquet"
    said = runner.invoke(app, ["forecast", "--league", "nfl", "--games", str(games), "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "320 games, seasons 2015-2019, forecast by nfl-default-" in said.output
    assert pl.read_parquet(out).height == 320


def test_forecast_writes_csv_by_the_name(games: Path, tmp_path: Path) -> None:
    out = tmp_path / "forecasts.csv"
    assert runner.invoke(app, ["forecast", "--league", "nfl", "--games", str(games), "--out", str(out)]).exit_code == 0
    assert pl.read_csv(out).columns[:4] == ["date", "home", "away", "p_home"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--league": "curling"}, "--league curling: unknown; known: nfl, nba"),
        ({"--out": "forecasts.xlsx"}, "expected a name ending in .parquet or .csv"),
        ({"--out": "/nowhere/at/all/f.parquet"}, "the folder /nowhere/at/all does not exist"),
        ({"--model": "oracle"}, "nfl has no model 'oracle'"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(games: Path, tmp_path: Path, changed: dict[str, str], said: str) -> None:
    given = {"--league": "nfl", "--games": str(games), "--out": str(tmp_path / "f.parquet"), **changed}
    result = runner.invoke(app, ["forecast", *(part for pair in given.items() for part in pair)])
    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ")


def test_a_broken_file_is_refused_by_row_and_nothing_is_written(tmp_path: Path) -> None:
    path, out = tmp_path / "games.csv", tmp_path / "forecasts.parquet"
    path.write_text("season,date,home,away,home_score,away_score\n2020,2020-09-01,a,b,3,\n2020,2020-09-31,a,c,3,1\n")
    result = runner.invoke(app, ["forecast", "--league", "nfl", "--games", str(path), "--out", str(out)])
    assert result.exit_code == 1
    assert "contract.games_file" in result.output
    assert "no date of the form YYYY-MM-DD in row 2" in result.output
    assert "one score without the other (a game not played has neither) in row 1" in result.output
    assert not out.exists()


def test_evaluate_prints_the_seasons_and_what_was_not_measured(games: Path) -> None:
    result = runner.invoke(app, ["evaluate", "--league", "nfl", "--games", str(games), "--from-season", "2018"])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines() if line.startswith(("2", "all"))] == [
        "2018",
        "2019",
        "all",
    ]
    assert "market-aware: log loss" in result.output
    assert "…" not in result.output


def test_a_model_that_is_too_good_to_be_true_fails_the_evaluation(games: Path) -> None:
    priced(pl.read_parquet(games), 0.5).write_parquet(games)
    result = runner.invoke(app, ["evaluate", "--league", "nfl", "--games", str(games)])
    assert result.exit_code == 3
    assert "leak: nfl: Brier skill against the closing price" in result.output


def test_evaluate_as_json_is_json_alone(games: Path) -> None:
    result = runner.invoke(app, ["evaluate", "--league", "nfl", "--games", str(games), "--json"])
    said = json.loads(result.stdout)
    whole = next(row for row in said["rows"] if row["scope"] == "all")
    assert whole["games"] == 320
    assert 0.1 < whole["brier"] < 0.3
    assert said["market_aware"]["rows"]
    assert {weight["season"] for weight in said["blend_weights"]} == set(range(2015, 2020))


def test_evaluate_draws_plots(games: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    runner.invoke(app, ["evaluate", "--league", "nfl", "--games", str(games), "--plots", str(folder)])
    assert {path.name for path in folder.iterdir()} == {"nfl-reliability.png", "nfl-skill.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_tune_writes_a_proposal_and_changes_nothing(games: Path, tmp_path: Path) -> None:
    out = tmp_path / "proposal.yaml"
    arguments = ["tune", "--league", "nfl", "--games", str(games), "--sets", "5", "--test-seasons", "2"]
    result = runner.invoke(app, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    found = yaml.safe_load(out.read_text())
    assert [one["season"] for one in found["tested_seasons"]] == [2018, 2019]
    assert found["before"].keys() == found["after"].keys()
    assert "nothing changed" in result.output.replace("\n", " ")


def test_tune_needs_seasons_enough(games: Path) -> None:
    result = runner.invoke(app, ["tune", "--league", "nfl", "--games", str(games), "--test-seasons", "9"])
    assert result.exit_code == 2
    assert "5 seasons of nfl; testing 9 needs at least 12" in result.output.replace("\n", " ")
