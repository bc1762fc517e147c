"""`precog grade in-play` as people run it: two files in, a table or JSON out, no database."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from precog_assets.cli.main import app
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.grading.test_in_play import games, quarters

runner = CliRunner()
DAYS = [(f"2018-{month:02d}-07", 2018) for month in (9, 10, 11, 12)] + [("2016-10-09", 2016)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    periods = pl.concat([quarters((day, "Packers", "Bears"), season=season) for day, season in DAYS])
    periods = pl.concat([periods, quarters(("2018-12-16", "0", "Eagles"))])
    pl.concat([games((day, "GB", "CHI")) for day, _ in DAYS]).write_csv(tmp_path / "games.csv")
    periods.write_parquet(tmp_path / "periods.parquet")
    return ["--periods", str(tmp_path / "periods.parquet"), "--games", str(tmp_path / "games.csv")]


def test_the_table_has_every_period_end_and_what_was_not_joined(files: list[str]) -> None:
    said = runner.invoke(app, ["grade", "in-play", "--league", "nfl", *files])
    assert said.exit_code == 0, said.output
    assert "nfl in play; parameters fitted on 2011-2016" in said.output
    assert "2016 (fitted on)" in said.output
    assert "5 of 6 rows joined" in said.output
    assert "row 6: 2018-12-16 0 - Eagles: unknown_team" in said.output


def test_json_says_everything(files: list[str]) -> None:
    said = runner.invoke(app, ["grade", "in-play", "--league", "nfl", *files, "--json", "--from-season", "2017"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.output)
    assert (told["score"], told["joined"], told["unjoined"]) == ("brier", 4, 1)
    assert told["unjoined_by_reason"] == {"unknown_team": 1}
    assert [row["after"] for row in told["all"]] == [1, 2, 3]
    assert told["all"][0]["score"] == pytest.approx(0.16, abs=0.01)
    assert {row["season"] for row in told["seasons"]} == {2018}


def test_files_that_have_no_game_in_common_are_refused(files: list[str]) -> None:
    said = runner.invoke(app, ["grade", "in-play", "--league", "nfl", *files, "--from-season", "2030"])
    assert said.exit_code == 2
    assert "of 0 rows none is a game" in said.output


def test_an_unknown_league_and_a_missing_file_are_refused(files: list[str]) -> None:
    assert "unknown; known: nfl" in runner.invoke(app, ["grade", "in-play", "--league", "curling", *files]).output
    said = runner.invoke(app, ["grade", "in-play", "--league", "nfl", "--periods", "none.csv", *files[2:]])
    assert (said.exit_code, "--periods none.csv: no such file." in said.output) == (2, True)


@pytest.mark.skipif(not (SHARED / "data" / "periods").is_dir(), reason="no results beside the checkout")
@pytest.mark.parametrize(
    ("league", "file", "first", "wanted"),
    [
        ("nba", "nba_quarters", 2019, [0.199, 0.172, 0.127]),
        ("nfl", "nfl_quarters", 2017, [0.202, 0.149, 0.118]),
        ("epl", "epl_halftime", 2018, [0.1466]),
        ("ligue1", "ligue1_halftime", 2018, [0.1587]),
    ],
)
def test_seasons_after_those_fitted_on_are_told_better_than_by_a_logistic_fit(
    league: str, file: str, first: int, wanted: list[float]
) -> None:
    periods = SHARED / "data" / "periods" / f"{file}.parquet"
    there = SHARED / "data" / "games" / f"{league}.parquet"
    options = ["--periods", str(periods), "--games", str(there), "--from-season", str(first), "--json"]
    told = json.loads(runner.invoke(app, ["grade", "in-play", "--league", league, *options]).output)
    assert told["fitted_seasons"][1] < first
    assert [row["score"] < limit for row, limit in zip(told["all"], wanted, strict=True)] == [True] * len(wanted)
