"""Making a database ours: what migrations make is what the tables say, whoever else starts at that moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql

from precog_assets import embedded
from precog_assets.domain.errors import ConfigurationError
from precog_assets.store import migrate
from precog_assets.store.engine import engine_for
from precog_assets.store.tables import SCHEMAS, metadata, stamp
from precog_assets_tests.store.conftest import START, bare_database

MIGRATOR = """
import sys
from datetime import UTC, datetime
from precog_assets.store import migrate
print("ready", flush=True)
sys.stdin.readline()
print(migrate.migrate(sys.argv[1], env="test", data_class="sim", now=datetime(2026, 11, 22, tzinfo=UTC)))
"""
OURS = ("raw", "core", "market", "model", "book", "ops", "mart")


@pytest.fixture
def bare(postgres: embedded.EmbeddedServer) -> Iterator[str]:
    with bare_database(postgres, "precog_test_bare") as url:
        yield url


@pytest.fixture(scope="module")
def fresh(postgres: embedded.EmbeddedServer) -> Iterator[str]:
    """A database as `migrate` leaves it, that tests only read."""
    with bare_database(postgres, "precog_test_fresh") as url:
        assert migrate.migrate(url, env="test", data_class="sim", now=START)
        yield url


def ours(url: str, **more: object) -> bool:
    return migrate.migrate(url, **{"env": "test", "data_class": "sim", "now": START, **more})  # type: ignore[arg-type]


def shape(url: str) -> list[tuple[str, ...]]:
    """Every column, index and comment of ours, partitions left out."""
    query = sql.SQL(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, coalesce(column_default, '') "
        "FROM information_schema.columns WHERE table_schema = ANY(%s) AND table_name !~ '_y[0-9]{{4}}m[0-9]{{2}}$' "
        "UNION ALL SELECT schemaname, tablename, indexname, indexdef, '', '' FROM pg_indexes "
        "WHERE schemaname = ANY(%s) AND tablename !~ '_y[0-9]{{4}}m[0-9]{{2}}$' ORDER BY 1, 2, 3"
    ).format()
    with psycopg.connect(url) as connection:
        return connection.execute(query, (list(OURS), list(OURS))).fetchall()


def test_a_fresh_database_is_what_the_tables_say(fresh: str) -> None:
    """Alembic finds nothing to change: tables, columns, types, nullability, indexes, keys and comments."""

    def mine(name: str | None, kind: str, parents: object) -> bool:
        if kind == "schema":
            return name in OURS
        return kind != "table" or (name != "alembic_version" and "_y20" not in (name or ""))

    with engine_for(fresh).connect() as connection:
        options = {
            "include_schemas": True,
            "include_name": mine,
            "compare_type": True,
            "compare_server_default": True,
            "version_table_schema": "ops",
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_comparing_would_find_a_column_that_migrations_forgot(bare: str) -> None:
    ours(bare)
    with engine_for(bare).begin() as connection:
        connection.execute(sa.text("ALTER TABLE core.games DROP COLUMN week"))
        connection.execute(sa.text("ALTER TABLE market.trades ALTER COLUMN yes_price TYPE numeric(4, 2)"))
        context = MigrationContext.configure(connection, opts={"include_schemas": True, "compare_type": True})
        found = {
            str(change[0] if isinstance(change[0], str) else change[0][0])
            for change in compare_metadata(context, metadata)
        }
    assert {"add_column", "modify_type"} <= found


def test_every_schema_of_the_house_is_there(fresh: str) -> None:
    with engine_for(fresh).connect() as connection:
        assert set(sa.inspect(connection).get_schema_names()) >= set(SCHEMAS)


def test_all_instants_carry_their_zone() -> None:
    naive = [
        f"{table.fullname}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.DateTime) and not column.type.timezone
    ]
    assert naive == []


def test_versions_tells_where_the_database_is_and_where_the_code_is(bare: str, fresh: str) -> None:
    with engine_for(bare).connect() as connection:
        current, head = migrate.versions(connection)
        assert current is None
    with engine_for(fresh).connect() as connection:
        assert migrate.versions(connection) == (head, head)


def test_down_and_up_again_gives_the_same_tables(bare: str) -> None:
    ours(bare)
    before = shape(bare)
    config = migrate.alembic_config()
    with engine_for(bare).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    left = {(schema, table) for schema, table, *_ in shape(bare)}
    assert left == {("ops", "alembic_version")}
    assert ours(bare)
    assert shape(bare) == before


def test_migrating_again_changes_nothing(bare: str) -> None:
    assert ours(bare)
    before = shape(bare)
    assert not ours(bare)
    assert shape(bare) == before


def test_two_processes_that_start_at_once_make_one_database(postgres: embedded.EmbeddedServer, bare: str) -> None:
    """Each says whether it was new to it: exactly one made it, the other waited and found it ready."""
    migrators = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, bare], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for migrator in migrators:
        assert migrator.stdout is not None
        assert migrator.stdout.readline() == "ready\n"
    for migrator in migrators:
        assert migrator.stdin is not None
        migrator.stdin.write("\n")
        migrator.stdin.flush()
    said = sorted(migrator.communicate(timeout=60)[0].strip() for migrator in migrators)
    assert [migrator.returncode for migrator in migrators] == [0, 0]
    assert said == ["False", "True"]
    with engine_for(bare).connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(stamp)).scalar_one() == 1


def test_another_environments_database_is_refused_before_anything_changes(bare: str) -> None:
    ours(bare)
    with engine_for(bare).begin() as connection:
        connection.execute(sa.text("UPDATE ops.alembic_version SET version_num = '0000'"))
        connection.execute(sa.text("DROP TABLE raw.responses CASCADE"))
    before = shape(bare)
    with pytest.raises(ConfigurationError) as refused:
        ours(bare, env="prod", data_class="live")
    said = str(refused.value)
    assert "precog_test_bare is stamped test_sim" in said
    assert "PRECOG_ENV=prod" in said
    assert "ESPN_MODE and KALSHI_MODE is prod_live" in said
    assert shape(bare) == before


def test_the_same_environment_in_another_class_is_refused(fresh: str) -> None:
    with pytest.raises(ConfigurationError, match=r"stamped test_sim, but PRECOG_ENV=test .* is test_live"):
        ours(fresh, data_class="live")


def test_tables_without_a_stamp_are_refused_with_the_command_that_helps(bare: str) -> None:
    ours(bare)
    with engine_for(bare).begin() as connection:
        connection.execute(sa.delete(stamp))
    with pytest.raises(ConfigurationError, match=r"precog_test_bare carries tables.*no stamp.*precog db stamp --write"):
        ours(bare)


def test_a_database_that_a_newer_version_migrated_is_refused_in_words(bare: str) -> None:
    ours(bare)
    with engine_for(bare).begin() as connection:
        connection.execute(sa.text("UPDATE ops.alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=r"precog_test_bare is at revision 9999.*Update Precog"):
        ours(bare)


def test_a_migration_that_fails_leaves_nothing_behind(bare: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the process dies after making the tables: the next start finds a new database, not a broken one."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("precog_assets.store.partitions.make_ahead", die)
        with pytest.raises(KeyboardInterrupt):
            ours(bare)
    with engine_for(bare).connect() as connection:
        assert not set(sa.inspect(connection).get_schema_names()) & set(OURS)
    assert ours(bare)


def test_notebooks_read_everything_and_write_nothing(fresh: str) -> None:
    with psycopg.connect(fresh, autocommit=True) as owner:
        owner.execute("CREATE TABLE mart.made_later (x int)")
        owner.execute("INSERT INTO mart.made_later VALUES (1)")
    with psycopg.connect(fresh.replace("postgres@", f"{migrate.READER_ROLE}@"), autocommit=True) as reader:
        for table in metadata.sorted_tables:
            reader.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table.schema or "", table.name)))
        assert reader.execute("SELECT x FROM mart.made_later").fetchall() == [(1,)]
        for statement in (
            "INSERT INTO ops.stamp (env, class, stamped_at) VALUES ('a', 'b', now())",
            "DELETE FROM core.teams",
            "UPDATE ops.stamp SET env = 'prod'",
            "CREATE TABLE core.mine (x int)",
            "DROP TABLE mart.made_later",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def test_a_user_who_may_not_make_roles_still_migrates(postgres: embedded.EmbeddedServer, bare: str) -> None:
    with psycopg.connect(bare, autocommit=True) as owner:
        owner.execute("DO $$ BEGIN CREATE ROLE plain LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        owner.execute("GRANT CREATE ON DATABASE precog_test_bare TO plain")
    plain = bare.replace("postgres@", "plain@")
    try:
        assert ours(plain)
        assert not ours(plain)
    finally:
        engine_for(plain).dispose()


def test_a_database_is_created_once(postgres: embedded.EmbeddedServer) -> None:
    url = postgres.url("precog_test_made")
    try:
        assert not migrate.can_reach(url)
        assert migrate.create_database(url, "precog_test_made")
        assert migrate.can_reach(url)
        assert not migrate.create_database(url, "precog_test_made")
    finally:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS precog_test_made")


def test_migrations_run_only_over_the_connection_they_are_given() -> None:
    with pytest.raises(RuntimeError, match="precog db migrate"):
        command.upgrade(migrate.alembic_config(), "head")


def test_the_statements_of_a_migration_are_packaged_beside_it() -> None:
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    for module in versions.glob("r*.py"):
        if ".sql" in module.read_text():
            assert module.with_suffix(".sql").is_file()
