"""Prices imported, backtests and comparisons of stored facts, as commands on a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import Result

from precog_assets_tests.queries.decided import JAC, KC, World, commands
from precog_assets_tests.store.rows import at

DAY = ("--from", "2026-11-22", "--to", "2026-11-22")
Command = Callable[..., Result]


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


@pytest.fixture
def precog(world: World, database_url: str, tmp_path: Path) -> Iterator[Command]:
    with commands(database_url, tmp_path, 3600) as run:
        yield run


def told(done: Result) -> dict:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def candles(folder: Path, *rows: tuple[str, float, int]) -> Path:
    """Prices in cents of markets at seconds after START."""
    path = folder / "candles.csv"
    lines = [f"{market.partition(':')[2]},{int(at(second).timestamp())},{cents}" for market, second, cents in rows]
    path.write_text("\n".join(["ticker,timestamp,close", *lines]) + "\n")
    return path


def test_prices_are_looked_at_then_imported_then_unchanged(precog: Command, world: World, tmp_path: Path) -> None:
    file = candles(tmp_path, (KC, 10, 45), (KC, 70, 46), (KC, 130, 46), (JAC, 10, 55), ("kalshi:NONE-X", 10, 50))
    tried = precog("import", "quotes", str(file), "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "dry run, nothing written" in tried.stdout
    assert "no stored market: NONE-X" in tried.stdout
    done = precog("import", "quotes", str(file), "--source", "kalshi")
    assert done.exit_code == 0, done.output
    lines = {name.strip(): value for name, _, value in (line.rpartition(" ") for line in done.stdout.splitlines())}
    assert (lines["rows read"], lines["markets"], lines["left out: unknown market"]) == ("5", "2", "1")
    assert lines["without bid and ask: synthetic in backtests"] == "4"
    with world.engine.connect() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM market.quotes WHERE origin = 'import'")).scalar_one()
    assert lines["new prices"] == str(count) == "3"
    again = precog("import", "quotes", str(file))
    assert "new prices" in again.stdout
    with world.engine.connect() as connection:
        after = connection.execute(sa.text("SELECT count(*) FROM market.quotes WHERE origin = 'import'")).scalar_one()
    assert after == count


def test_prices_of_no_stored_market_are_refused(precog: Command, tmp_path: Path) -> None:
    done = precog("import", "quotes", str(candles(tmp_path, ("kalshi:NONE-X", 10, 50))))
    assert done.exit_code == 1
    assert "is of a stored market of kalshi" in " ".join(done.stderr.split())


def test_a_file_without_prices_says_what_it_needs(precog: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("ticker,when\nA,1\n")
    done = precog("import", "quotes", str(tmp_path / "odd.csv"))
    assert done.exit_code == 2
    assert "expected ticker, one of end_period_ts" in " ".join(done.stderr.split())


def test_stored_facts_are_stepped_through(precog: Command) -> None:
    report = told(precog("backtest", "--league", "nfl", "--strategy", "divergence", *DAY, "--json"))
    assert report["quotes"] == 2
    assert report["markets"] == 2
    assert sum(row["count"] for row in report["gates"]) == 2
    assert report["risk"]["final_equity"] > 0


def test_days_without_facts_have_no_quotes(precog: Command) -> None:
    report = told(precog("backtest", "--league", "nba", *DAY, "--json"))
    assert (report["quotes"], report["total"]["bets"]) == (0, 0)


def test_paper_is_compared_with_a_backtest_of_its_markets(precog: Command, world: World) -> None:
    made = world.one(second=60)
    world.ordered(made, filled=10)
    found = told(precog("compare", "paper", "backtest", *DAY, "--json"))
    assert found["paper_taken"] == 2
    assert found["pairs"] == 2
    assert found["by_cause"]["latency"]["count"] == 2
    assert {one["seconds"] for one in found["differences"] if one["cause"] == "latency"} == {60.0}
    shown = precog("compare", "paper", "backtest", *DAY)
    assert shown.exit_code == 0, shown.output
    assert "2 positions on paper" in shown.stdout
    assert KC.partition(":")[2] in shown.stdout
    near = told(precog("compare", "paper", "backtest", *DAY, "--tolerance", "60", "--json"))
    assert near["by_cause"]["latency"]["count"] == 0


def test_nothing_decided_is_said(precog: Command) -> None:
    done = precog("compare", "paper", "backtest", *DAY)
    assert done.exit_code == 0, done.output
    assert "No decision was made in that time." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("compare", "paper", "live", *DAY), "compare paper live: expected compare paper backtest"),
        (("compare", "paper", "backtest", *DAY, "--strategy", "luck"), "--strategy luck: unknown; config/strategies"),
        (("compare", "paper", "backtest", *DAY, "--league", "xfl"), "Unknown league 'xfl'"),
    ],
)
def test_what_cannot_be_compared_is_said(precog: Command, arguments: tuple[str, ...], said: str) -> None:
    done = precog(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
