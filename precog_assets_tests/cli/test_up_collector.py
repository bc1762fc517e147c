"""Where `precog up` starts the collector, and what it says where it does not. No process is started here."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from precog_assets.cli import up
from precog_assets.cli.main import app
from precog_assets.cli.supervisor import Supervisor
from precog_assets.services import Database

REAL = {"ESPN_MODE": "live", "KALSHI_MODE": "live"}
SANDBOX = {"ESPN_MODE": "demo", "KALSHI_MODE": "demo"}
KEY = {"KALSHI_KEY_ID": "key-of-mine", "KALSHI_PRIVATE_KEY_PATH": "key.pem"}
BOTH = "KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of the programs that `up` started after all else was up."""
    names: list[str] = []
    database = Database("postgresql:///nowhere", "postgresql:///nowhere_dagster", False, True)
    monkeypatch.setenv("PRECOG_HOME", str(tmp_path))
    monkeypatch.setattr(up, "_refuse_taken_ports", lambda _environment, *, ui: None)
    monkeypatch.setattr(up, "_is_ours_to_stop", lambda _environment: False)
    monkeypatch.setattr(up, "_start", lambda *_, **__: (database, None))
    monkeypatch.setattr(up, "_watch", lambda *_, **__: None)
    monkeypatch.setattr("precog_assets.services.dagster_storage_url", lambda database: database.dagster_url)
    monkeypatch.setattr(Supervisor, "start", lambda _self, program, **_: names.append(program.name))
    return names


def said(runner: CliRunner, *options: str, **variables: str) -> str:
    result = runner.invoke(app, ["up", *options], env=variables)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_over_the_simulator_in_dev_the_collector_starts_untold(runner: CliRunner, started: list[str]) -> None:
    assert "No collector" not in said(runner)
    assert started == ["collector"]


@pytest.mark.parametrize(
    "variables",
    [
        {"PRECOG_ENV": "dev", **SANDBOX, **KEY},
        {"PRECOG_ENV": "dev", **REAL, **KEY},
        {"PRECOG_ENV": "staging", **REAL, **KEY},
        {"PRECOG_ENV": "prod", **REAL, **KEY},
        {"PRECOG_ENV": "test"},
    ],
    ids=["dev_demo", "dev_live", "staging_live", "prod_live", "test_sim"],
)
def test_elsewhere_it_starts_only_when_asked_for(
    runner: CliRunner, started: list[str], variables: dict[str, str], request: pytest.FixtureRequest
) -> None:
    output = said(runner, **variables)
    assert f"No collector: in {request.node.callspec.id} it is off until you ask for it" in output
    assert "`precog up --collector` starts it" in output
    assert started == []

    assert "No collector" not in said(runner, "--collector", **variables)
    assert started == ["collector"]


@pytest.mark.parametrize("given", [{}, *({name: value} for name, value in KEY.items())], ids=["none", "id", "file"])
def test_where_the_exchange_is_real_it_needs_a_key_and_both_variables_are_named(
    runner: CliRunner, started: list[str], given: dict[str, str]
) -> None:
    untold = said(runner, **REAL, **given)
    assert f"`precog up --collector`, with {BOTH} set, starts it" in untold
    asked = said(runner, "--collector", **REAL, **given)
    assert f"No collector: Kalshi's stream needs {BOTH}" in asked
    assert started == []


def test_it_is_left_out_when_told(runner: CliRunner, started: list[str]) -> None:
    assert "No collector: --no-collector was given." in said(runner, "--no-collector")
    assert started == []
