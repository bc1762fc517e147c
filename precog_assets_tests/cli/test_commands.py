"""The commands that read a filled database, as real processes where it matters."""

from __future__ import annotations

import re
from typing import LiteralString

import psycopg
import pytest

from precog_assets import embedded
from precog_assets.cli.children import Child
from precog_assets.cli.db import shown
from precog_assets.cli.main import app
from precog_assets.cli.simulator import program
from precog_assets.environment import read_settings, resolve
from precog_assets_tests.cli.homes import Home

# One worker fills the home; they all read it.
pytestmark = pytest.mark.xdist_group("filled home")


def _query(home: Home, sql: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(embedded.start(home.folder).url("precog_dev_sim")) as connection:
        return connection.execute(sql).fetchall()


def test_backfill_goes_on_where_an_earlier_run_ended(filled, precog):
    home, _ = filled
    command = ("backfill", "games", "--league", "nba", "--from", "2026-11-10", "--to")
    first = precog(*command, "2026-11-12")
    assert first.exit_code == 0, first.stdout + first.stderr
    assert first.stdout.startswith("3 days,")
    more = precog(*command, "2026-11-13")
    assert more.stdout.startswith("1 days,")
    assert "3 days were there already" in more.stdout
    again = precog(*command, "2026-11-13", "--again")
    assert again.stdout.startswith("4 days,")
    days = _query(home, "SELECT count(*) FROM ops.backfill_units WHERE job = 'games:nba'")
    assert days == [(4,)]


def test_backfill_gives_up_on_a_source_that_is_away_and_says_how_to_go_on(filled, precog):
    home, _ = filled
    nobody = f"http://127.0.0.1:{home.variables['PRECOG_UI_PORT']}"
    away = {"ESPN_BASE_URL": nobody, "KALSHI_BASE_URL": f"{nobody}/trade-api/v2"}
    done = precog("backfill", "games", "--league", "nfl", "--from", "2025-09-01", "--to", "2025-09-30", **away)
    assert done.exit_code == 1
    assert done.stdout.startswith("5 days, 0 games")
    assert "5 days in a row failed" in done.stderr
    assert _query(home, "SELECT count(*) FROM ops.backfill_units WHERE job = 'games:nfl'") == [(0,)]


def test_bootstrap_reads_days_back_and_rates_each_league(precog):
    done = precog("bootstrap", "--days", "3", "--league", "nba")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert re.search(r"nba: \d+ results rated", done.stderr)


def test_match_explains_a_stored_market_and_refuses_an_unknown_one(filled, precog):
    home, _ = filled
    [(ticker, game), *_] = _query(
        home,
        "SELECT m.ticker, l.game_id FROM market.markets m JOIN market.market_games l USING (market_id) "
        "WHERE l.verdict = 'matched' ORDER BY m.ticker LIMIT 1",
    )
    done = precog("match", str(ticker), "KXNOSUCHGAME-26NOV22AAABBB")
    assert done.exit_code == 0, done.stderr
    assert f"matched: {game}" in done.stdout
    assert "unmatched:" in done.stdout


def test_usage_shows_what_was_asked_of_each_source(precog):
    done = precog("usage")
    assert done.exit_code == 0, done.stderr
    assert "espn" in done.stdout
    assert "kalshi" in done.stdout


def test_the_database_commands_show_stamp_version_address_and_open_psql(filled, precog):
    home, _ = filled
    assert "precog_dev_sim: dev_sim since" in precog("db", "stamp").stdout
    assert "precog_dev_sim is at" in precog("db", "migrate").stdout
    assert precog("db", "url").stdout.startswith("postgresql://postgres@/precog_dev_sim?host=")
    done = home.precog("db", "psql", "-At", "-c", "SELECT env FROM ops.stamp")
    assert done.stdout.strip() == "dev", done.stderr


def test_a_database_without_a_stamp_is_stamped_only_when_told_so(runner, monkeypatch, own_database_url):
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM ops.stamp")
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    refused = runner.invoke(app, ["db", "stamp"])
    assert refused.exit_code == 1
    assert "--write" in refused.output
    written = runner.invoke(app, ["db", "stamp", "--write"])
    assert written.exit_code == 0, written.output
    assert "dev_sim" in runner.invoke(app, ["db", "stamp"]).output


def test_a_database_of_another_environment_is_refused(runner, monkeypatch, own_database_url):
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    result = runner.invoke(app, ["db", "migrate"])
    assert result.exit_code == 2
    assert "stamped test_sim" in result.stderr


def test_stopping_a_server_that_is_not_ours_is_refused(runner, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@127.0.0.1:1/precog_dev_sim")
    result = runner.invoke(app, ["db", "stop"])
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.stderr


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("postgresql://u:p%40ss@h:5432/d", "postgresql://u:********@h:5432/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://postgres@/d?host=/run", "postgresql://postgres@/d?host=/run"),
    ],
)
def test_a_password_in_an_address_is_masked(address, masked):
    assert shown(address) == masked


def test_doctor_finds_a_filled_home_in_order(precog):
    done = precog("doctor")
    assert done.exit_code == 0, done.stdout + done.stderr
    for what in ("Python", "packages", "leagues.yaml", "port of the UI", "disk", "raw archive", "stamp", "tables"):
        assert re.search(rf"^(ok  |warn)  {what}: ", done.stdout, re.MULTILINE), what


def test_doctor_says_what_to_do_about_a_venue_that_does_not_answer_and_a_wrong_storage_driver(filled, precog):
    home, _ = filled
    nobody = f"http://127.0.0.1:{home.variables['PRECOG_UI_PORT']}"
    done = precog(
        "doctor",
        ESPN_BASE_URL=nobody,
        KALSHI_BASE_URL=f"{nobody}/trade-api/v2",
        PRECOG_DAGSTER_DATABASE_URL="postgresql://postgres@/x",
    )
    assert done.exit_code == 1
    assert re.search(r"^FAIL  espn: sim, .*http\.connection", done.stdout, re.MULTILINE)
    assert re.search(
        r"^FAIL  Dagster's storage: .*postgresql://\n +-> Use postgresql\+psycopg2", done.stdout, re.MULTILINE
    )


def test_doctor_compares_our_clock_with_a_venue_that_answers(filled, precog, monkeypatch):
    home, _ = filled
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)
    simulator = Child(program(resolve(read_settings())))
    try:
        while not simulator.program.ready():
            assert simulator.exit_code is None, simulator.tail()
        done = precog("doctor")
        assert re.search(r"^ok    espn: sim, .* answered in", done.stdout, re.MULTILINE)
        assert re.search(r"^ok    clock: ours is [+-]\d", done.stdout, re.MULTILINE)
        other = precog("once", PRECOG_HOME=str(home.folder / "other"))
        assert other.exit_code == 2
        assert f"SIM_PORT={home.variables['SIM_PORT']}" in other.stderr
    finally:
        simulator.stop()


def test_dagster_runs_with_its_home_and_gives_back_its_exit_code(filled, precog):
    home, _ = filled
    done = home.precog("dagster", "instance", "info")
    assert done.returncode == 0, done.stderr
    assert f"{home.folder}/dagster/dev_sim" in done.stdout
    storages = re.findall(r"(\w+)_storage:\n +current: (\w+)\n +latest: (\w+)", done.stdout)
    assert {name for name, current, latest in storages if current == latest} == {"event_log", "run", "schedule"}
    assert precog("dagster", "no-such-command").exit_code == 2
