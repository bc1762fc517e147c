"""The purge of Dagster's event log, on Dagster's own storage in PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from precog_assets import embedded
from precog_assets.automation.event_log import STORAGE_VARIABLE, Retention, purge
from precog_assets.automation.jobs import purge_event_log
from precog_assets.store.engine import driver_url

GAMES = dg.AssetKey(["core", "games"])
RATINGS = dg.AssetKey(["model", "ratings"])
NAME = "precog_test_dagster"


@pytest.fixture(scope="module")
def storage_url(postgres: embedded.EmbeddedServer) -> Iterator[str]:
    """A database for Dagster's storage, under the driver that its event writes need."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        yield driver_url(postgres.url(NAME), "psycopg2")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


@pytest.fixture(scope="module")
def stored(storage_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    storage = {"storage": {"postgres": {"postgres_url": storage_url}}}
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster")), overrides=storage) as instance:
        yield instance


@pytest.fixture
def engine(storage_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(storage_url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def instance(stored: dg.DagsterInstance, engine: sa.Engine) -> dg.DagsterInstance:
    """The instance with nothing in its event log."""
    with engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE event_logs, asset_event_tags, asset_keys"))
    return stored


def report(instance: dg.DagsterInstance, key: dg.AssetKey, version: str, partition: str | None = None) -> None:
    tags = {"dagster/data_version": version}
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition, tags=tags))


def count(engine: sa.Engine, table: str, where: str = "true") -> int:
    with engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one()


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_the_latest_materialization_of_every_asset_and_partition_stays(
    instance: dg.DagsterInstance, engine: sa.Engine
) -> None:
    for number in range(5):
        report(instance, GAMES, f"v{number}")
        report(instance, RATINGS, f"v{number}", "nfl")
    report(instance, RATINGS, "only", "nba")
    purged = purge(engine, in_days(8), Retention())
    assert purged.runless == 8
    latest = instance.get_latest_materialization_event(GAMES)
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.tags == {"dagster/data_version": "v4"}
    kept = instance.get_latest_data_version_record(RATINGS, partition_key="nba")
    assert kept is not None
    assert instance.get_materialized_partitions(RATINGS) == {"nfl", "nba"}
    assert count(engine, "event_logs") == 3
    assert count(engine, "asset_event_tags") == 3


def test_events_younger_than_their_retention_stay(instance: dg.DagsterInstance, engine: sa.Engine) -> None:
    for number in range(3):
        report(instance, GAMES, f"v{number}")
    assert purge(engine, in_days(6.9), Retention()).runless == 0
    assert count(engine, "event_logs") == 3


def test_small_batches_delete_all_of_it(instance: dg.DagsterInstance, engine: sa.Engine) -> None:
    for number in range(7):
        report(instance, GAMES, f"v{number}")
    assert purge(engine, in_days(8), Retention(), batch=2).runless == 6
    assert count(engine, "event_logs") == 1


def test_of_runs_only_the_machinery_and_debug_lines_go(instance: dg.DagsterInstance, engine: sa.Engine) -> None:
    @dg.asset
    def made(context: dg.AssetExecutionContext) -> None:
        context.log.debug("for developers")
        context.log.warning("for operators")

    assert dg.materialize([made], instance=instance).success
    logs = "dagster_event_type IS NULL"
    before = count(engine, "event_logs", logs)
    young = purge(engine, in_days(8), Retention())
    assert (young.machinery, count(engine, "event_logs", logs)) == (0, before - young.debug_logs)
    assert young.debug_logs >= 1
    assert purge(engine, in_days(31), Retention()).machinery > 0
    assert count(engine, "event_logs", "event LIKE '%for operators%'") == 1
    assert count(engine, "event_logs", "event LIKE '%for developers%'") == 0
    kinds = "dagster_event_type IN ('ASSET_MATERIALIZATION', 'PIPELINE_START', 'PIPELINE_SUCCESS', 'STEP_SUCCESS')"
    assert count(engine, "event_logs", kinds) == 4
    assert instance.get_latest_materialization_event(dg.AssetKey("made")) is not None


@dg.job(executor_def=dg.in_process_executor)
def only_the_purge() -> None:
    purge_event_log()


def test_the_op_purges_the_storage_that_the_variable_names(
    instance: dg.DagsterInstance, engine: sa.Engine, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        report(instance, GAMES, f"v{number}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE event_logs SET timestamp = timestamp - interval '8 days'"))
    monkeypatch.setenv(STORAGE_VARIABLE, storage_url)
    with dg.DagsterInstance.ephemeral() as another:
        assert only_the_purge.execute_in_process(instance=another).success
    assert count(engine, "event_logs") == 1


def test_without_the_variable_the_op_says_so_and_touches_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(STORAGE_VARIABLE, raising=False)
    with dg.DagsterInstance.ephemeral() as another:
        assert only_the_purge.execute_in_process(instance=another).success
    assert f"{STORAGE_VARIABLE} is not set: Dagster's event log was not purged" in capfd.readouterr().err
