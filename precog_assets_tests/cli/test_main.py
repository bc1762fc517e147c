from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from precog_assets.cli.main import app

GROUPS = [
    [],
    ["up"],
    ["once"],
    ["backfill"],
    ["backfill", "games"],
    ["bootstrap"],
    ["simulate"],
    ["match"],
    ["doctor"],
    ["env"],
    ["db"],
    ["db", "start"],
    ["db", "stop"],
    ["db", "migrate"],
    ["db", "stamp"],
    ["db", "url"],
    ["usage"],
]


@pytest.mark.parametrize("words", GROUPS, ids=lambda words: " ".join(words) or "precog")
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(runner, words, option):
    result = runner.invoke(app, [*words, option])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output
    if words not in (["backfill"], ["db"]):
        assert "Example:" in result.output


def test_help_imports_neither_dagster_nor_the_database_nor_the_pipeline():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom precog_assets.cli.main import app\n"
        "CliRunner().invoke(app, ['--help'])\n"
        "print([name for name in ('dagster', 'sqlalchemy', 'polars', 'httpx', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_mode_that_does_not_go_with_the_environment_names_both_variables_and_what_would_do(runner):
    result = runner.invoke(app, ["--env", "prod", "env"])
    assert result.exit_code == 2
    assert "PRECOG_ENV=prod" in result.stderr
    assert "ESPN_MODE=sim" in result.stderr
    assert "ESPN_MODE=live" in result.stderr
    assert "Traceback" not in result.output


def test_simulated_and_real_venues_do_not_mix(runner):
    result = runner.invoke(app, ["--market-mode", "kalshi=live", "env"])
    assert result.exit_code == 2
    assert "ESPN_MODE=sim" in result.stderr
    assert "KALSHI_MODE=live" in result.stderr


def test_both_venues_live_resolve_to_a_live_database(runner):
    result = runner.invoke(app, ["--market-mode", "kalshi=live", "--market-mode", "espn=live", "env"])
    assert result.exit_code == 0, result.output
    assert "precog_dev_live" in result.output


@pytest.mark.parametrize("text", ["kalshi", "nyse=live", "kalshi="])
def test_a_market_mode_of_another_form_is_refused_with_the_right_one(runner, text):
    result = runner.invoke(app, ["--market-mode", text, "env"])
    assert result.exit_code == 2
    assert "VENUE=MODE" in result.stderr


def test_an_unknown_environment_is_refused_with_the_legal_values(runner):
    result = runner.invoke(app, ["--env", "production", "env"])
    assert result.exit_code == 2
    assert "PRECOG_ENV" in result.stderr
    assert "dev, test, staging, prod" in result.stderr


def test_an_unknown_league_is_refused_with_the_known_ones(runner):
    result = runner.invoke(app, ["--leagues", "nfl,cricket", "env"])
    assert result.exit_code == 2
    assert "'cricket'" in result.stderr
    assert "nba" in result.stderr


def test_a_range_that_ends_before_it_begins_is_refused(runner):
    result = runner.invoke(app, ["backfill", "games", "--league", "nfl", "--from", "2025-09-05", "--to", "2025-09-04"])
    assert result.exit_code == 2
    assert "2025-09-05" in result.stderr


def test_a_traceback_is_shown_when_asked_for(runner):
    result = runner.invoke(app, ["--verbose", "--env", "dev", "--market-mode", "kalshi=live", "env"])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


def test_help_takes_little_of_the_processor():
    command = [sys.executable, "-m", "precog_assets.cli.main", "--help"]
    subprocess.run(command, capture_output=True, check=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # 0.35 s, measured; processor time, since a busy machine stretches the other kind. Dagster alone would take 1.2 s.
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 1.0
