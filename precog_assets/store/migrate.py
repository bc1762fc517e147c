"""Making a database ours: create it, migrate it, stamp it, and let notebooks read it.

A process whose environment does not match the stamp refuses to start: that is how demo data never
reaches the live database, and a test never the one people use.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql

from precog_assets.domain.errors import ConfigurationError
from precog_assets.store import partitions
from precog_assets.store.engine import CONNECT_TIMEOUT_S, engine_for, with_database
from precog_assets.store.tables import SCHEMAS, stamp

READER_ROLE = "precog_reader"
_LOCK = "SELECT pg_advisory_lock(hashtextextended('precog migrate', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('precog migrate', 0))"


def create_database(server_url: str, database: str) -> bool:
    """Create `database` on the server where it is missing; True when it was made.

    Raises psycopg.Error when the server is away or the user may not create databases.
    """
    with psycopg.connect(
        with_database(server_url, "postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
    ) as connection:
        connection.execute(_LOCK)
        try:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            return found is None
        finally:
            connection.execute(_UNLOCK)


def can_reach(url: str) -> bool:
    """Whether a connection to exactly this database works."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S):
            return True
    except psycopg.OperationalError:
        return False


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def versions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """The revision the database is at, and the newest this code knows."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": "ops"})
    return context.get_current_revision(), _scripts(alembic_config()).get_current_head()


def migrate(url: str, *, env: str, data_class: str, now: datetime) -> bool:
    """Bring the database to this code's version, stamp a new one, make partitions; True when it was new.

    One process at a time; others wait. Raises ConfigurationError when the stamp is another environment's,
    before anything is changed.
    """
    engine = engine_for(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as lock:
        lock.execute(sa.text(_LOCK))
        try:
            # One transaction: a process killed in the middle leaves no tables without a stamp.
            with engine.begin() as connection:
                is_new = not sa.inspect(connection).has_table("stamp", schema="ops")
                if not is_new:
                    check_stamp(connection, env=env, data_class=data_class)
                connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS ops"))
                _upgrade(connection)
                if is_new:
                    connection.execute(sa.insert(stamp).values(env=env, **{"class": data_class}, stamped_at=now))
                partitions.make_ahead(connection, now)
                if is_new:
                    _grant_readers(connection)
            return is_new
        finally:
            lock.execute(sa.text(_UNLOCK))


def _upgrade(connection: sa.Connection) -> None:
    config = alembic_config()
    current, head = versions(connection)
    if current == head:
        return
    if current is not None and current not in {one.revision for one in _scripts(config).walk_revisions()}:
        raise ConfigurationError(
            f"The database {connection.engine.url.database} is at revision {current}, which this version of Precog "
            f"does not know (it knows up to {head}): a newer one migrated it. Update Precog, or use another database."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)


def check_stamp(connection: sa.Connection, *, env: str, data_class: str) -> None:
    """Refuse a database that belongs to another environment."""
    row = connection.execute(sa.select(stamp.c.env, stamp.c["class"])).one_or_none()
    if row is None:
        raise ConfigurationError(
            f"The database {connection.engine.url.database} carries tables of Precog but no stamp; "
            "if it is yours, stamp it with `precog db stamp --write`."
        )
    if (row[0], row[1]) != (env, data_class):
        raise ConfigurationError(
            f"The database {connection.engine.url.database} is stamped {row[0]}_{row[1]}, but PRECOG_ENV={env} "
            f"with these ESPN_MODE and KALSHI_MODE is {env}_{data_class}. Change the variables or DATABASE_URL."
        )


def _grant_readers(connection: sa.Connection) -> None:
    """A role for notebooks that can read everything and write nothing (needs the right to create roles)."""
    may = connection.execute(
        sa.text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    ).scalar_one()
    exists = connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": READER_ROLE}).scalar()
    if not exists:
        if not may:
            return
        _create_reader(connection)
    for schema in SCHEMAS:
        for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO {READER_ROLE}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER_ROLE}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {READER_ROLE}",
        ):
            connection.execute(sa.text(statement))


def _create_reader(connection: sa.Connection) -> None:
    # Roles belong to the server: another database of it may be made at this very moment.
    connection.execute(
        sa.text(
            f"DO $$ BEGIN CREATE ROLE {READER_ROLE} LOGIN; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    )
