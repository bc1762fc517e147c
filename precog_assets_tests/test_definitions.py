"""What Dagster loads is whole, described, and loads without touching anything."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from precog_assets.definitions import build_defs
from precog_assets.environment import Settings, resolve
from precog_assets.store.tables import metadata

GROUPS = {"teams", "games", "markets", "links", "ratings", "trading", "backfill"}
NOT_AT_LOAD = ("polars", "pandera", "numba", "scipy", "matplotlib", "boto3", "psycopg", "httpx")


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(resolve(settings(precog_env="test")), sql_models=False)


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> list[dg.AssetSpec]:
    return list(defs.resolve_all_asset_specs())


def test_the_definitions_load_whole_with_the_sql_models() -> None:
    dg.Definitions.validate_loadable(build_defs(resolve(settings(precog_env="test"))))


def test_every_asset_says_what_it_is_and_whose(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        assert spec.owners == ["team:data"], spec.key
        assert spec.group_name in GROUPS, spec.key
        assert "postgres" in spec.kinds, spec.key
        assert spec.description, spec.key
        assert spec.code_version, spec.key


def test_every_asset_names_its_table_and_describes_its_columns(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        table = spec.metadata["dagster/table_name"]
        columns = spec.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == [column.name for column in metadata.tables[table].columns]
        assert all(column.type for column in columns)


def test_column_schemas_carry_the_limits_that_the_checks_enforce(specs: list[dg.AssetSpec]) -> None:
    quotes = next(spec for spec in specs if spec.key.path == ["market", "quotes"])
    schema = quotes.metadata["dagster/column_schema"]
    bid = next(column for column in schema.columns if column.name == "yes_bid")
    assert (bid.type, bid.constraints.other) == ("numeric(8, 6)", [">= 0", "<= 1"])
    assert "bid not above ask" in schema.constraints.other


def test_every_asset_that_is_read_or_made_has_one_multi_check(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert checked >= {
        "core/teams",
        "raw/espn_games",
        "core/games",
        "raw/kalshi_markets",
        "market/markets",
        "market/quotes",
        "market/market_games",
        "model/ratings",
        "model/forecasts",
        "model/evaluations",
        "model/prices",
        "book/decisions",
        "book/orders",
        "book/fills",
        "book/ledger",
        "book/settlements",
        "book/rungs",
    }
    assert len(graph.asset_check_keys) <= 3 * len(checked)


def test_live_assets_age_within_minutes_and_daily_ones_within_a_day(specs: list[dg.AssetSpec]) -> None:
    policies = {spec.key.to_user_string(): spec.freshness_policy for spec in specs}
    for live in ("raw/espn_games", "core/games", "raw/kalshi_markets", "market/markets", "market/quotes"):
        assert policies[live] == dg.FreshnessPolicy.time_window(
            warn_window=timedelta(minutes=5), fail_window=timedelta(minutes=15)
        )
    assert policies["market/series"] == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26))


def test_nothing_runs_by_default_outside_simulated_development() -> None:
    prod = build_defs(
        resolve(
            settings(precog_env="prod", espn_mode="live", kalshi_mode="live", database_url=SecretStr("postgresql://h/"))
        ),
        sql_models=False,
    )
    dev = build_defs(resolve(settings(precog_env="dev")), sql_models=False)
    for defs, status in ((prod, dg.DefaultSensorStatus.STOPPED), (dev, dg.DefaultSensorStatus.RUNNING)):
        repository = defs.get_repository_def()
        assert {sensor.default_status for sensor in repository.sensor_defs} == {status}
        assert {schedule.default_status.value for schedule in repository.schedule_defs} == {status.value}


def test_sensor_intervals_are_one_second_under_a_multiple_of_five(defs: dg.Definitions) -> None:
    sensors = {one.name: one.minimum_interval_seconds for one in defs.get_repository_def().sensor_defs}
    assert sensors["espn_live"] == sensors["kalshi_live"] == 4
    assert all(((interval or 0) + 1) % 5 == 0 for interval in sensors.values())


def loaded(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PRECOG_ENV": "dev", **variables}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[1],
        timeout=60,
        check=False,
    )


def test_loading_imports_nothing_heavy_and_opens_no_database() -> None:
    code = f"import sys, precog_assets.definitions; print([name for name in {NOT_AT_LOAD!r} if name in sys.modules])"
    done = loaded(code)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_a_refused_environment_fails_to_load_with_its_message() -> None:
    done = loaded("import precog_assets.definitions", PRECOG_ENV="test", KALSHI_MODE="live")
    assert done.returncode != 0
    assert "PRECOG_ENV=test does not go with KALSHI_MODE=live" in done.stderr
