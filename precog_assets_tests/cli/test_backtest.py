"""`precog backtest` as people run it: files in, tables, JSON and a page out."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from precog_assets.cli.main import app
from precog_assets_tests.cli.backtest_files import World, write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write_world(tmp_path_factory.mktemp("files"))


def backtest(world: World, *more: object, league: str = "nba", strategy: str = "divergence") -> Result:
    options = ["--league", league, "--strategy", strategy, "--files", world.folder, *more]
    return CliRunner().invoke(app, ["backtest", *map(str, options)])


def told(done: Result) -> dict:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_model_buys_what_is_cheaper_than_it_believes(world: World) -> None:
    report = told(backtest(world, "--json"))
    total = report["total"]
    assert report["quotes"] == 4 * world.events
    assert 0 < total["bets"] <= 4 * world.events
    assert total["settled"] == total["bets"]
    assert total["fees"] > 0
    assert total["roi"] is None
    assert "settled bets; at least 100" in total["refused"]["roi"]
    assert report["risk"]["final_equity"] == pytest.approx(10_000 + total["profit"], abs=0.01)


def test_the_market_aware_strategy_has_earned_no_weight_and_buys_nothing(world: World) -> None:
    done = backtest(world, strategy="value")
    assert done.exit_code == 0, done.output
    assert "Nothing was bought" in done.stdout
    assert "28 of 28 markets are tied to a game." in done.stdout
    assert "The last result that ratings had learnt from" in done.stdout


def test_days_outside_the_period_are_not_decided_on(world: World) -> None:
    one = world.last.isoformat()
    report = told(backtest(world, "--from", one, "--to", one, "--json"))
    decided = sum(row["count"] for row in report["gates"])
    assert 0 < decided <= 4
    assert 0 < report["total"]["bets"] <= 4


def test_a_folder_gets_the_page_plots_bets_and_json(world: World, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report"
    done = backtest(world, "--out", out)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {
        "index.html",
        "report.json",
        "bets.csv",
        "equity.png",
        "calibration.png",
    }
    bets = pl.read_csv(out / "bets.csv")
    held = json.loads((out / "report.json").read_text())
    assert bets.height == held["total"]["bets"]
    assert bets["profit"].sum() == pytest.approx(held["total"]["profit"])
    # Two cents more at the close: a cent won by who paid the ask before, half the spread lost by who paid it then.
    assert sorted({round(one, 6) for one in bets["closing_line_value"]}) == [-0.01, 0.01]
    assert "Backtest of divergence" in (out / "index.html").read_text()


def test_a_grid_runs_every_combination_beside_the_configured_strategy(world: World, tmp_path: Path) -> None:
    done = backtest(world, "--grid", "min_net_value=0.01,0.09", "--grid", "max_spread=0.05,0.01", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "Parameters tried" in done.stdout
    assert "4 combinations were tried on the same games" in done.stdout
    rows = json.loads((tmp_path / "report.json").read_text())["grid"]["rows"]
    bets = {
        (row["parameters"]["min_net_value"], row["parameters"]["max_spread"]): row["figures"]["bets"] for row in rows
    }
    assert bets["0.01", "0.05"] > 0
    assert bets["0.09", "0.05"] == bets["0.01", "0.01"] == 0
    assert "Parameters tried" in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strategy": "luck"}, "--strategy luck: unknown; config/strategies.yaml has value, maker, divergence"),
        ({"strategy": "maker", "league": "atp"}, "--strategy maker does not trade atp; it trades nfl, nba"),
        ({"league": "curling"}, "--league curling: unknown"),
        ({"more": ("--grid", "luck=1")}, "--grid luck=1: 'luck' is no parameter; known: min_games"),
        ({"more": ("--from", "2025-11-02", "--to", "2025-11-01")}, "--from 2025-11-02 is after --to 2025-11-01"),
        ({"more": ("--quotes", "nowhere.csv")}, "nowhere.csv: no such file"),
        ({"league": "nfl"}, "has no such file of nfl; a backtest of files needs --markets FILE"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(world: World, options: dict, said: str) -> None:
    more = options.pop("more", ())
    done = backtest(world, *more, **options)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_stored_facts_need_a_period() -> None:
    done = CliRunner().invoke(app, ["backtest", "--league", "nba"])
    assert done.exit_code == 2
    assert "needs --from DAY and --to DAY" in " ".join(done.stderr.split())


def test_an_output_that_is_a_file_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = backtest(world, "--out", tmp_path / "taken")
    assert done.exit_code == 2
    assert "cannot be made a folder" in " ".join(done.stderr.split())
