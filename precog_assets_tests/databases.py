"""A database used again: emptied between tests, which takes milliseconds where a new one takes half a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from psycopg import sql

from precog_assets import embedded
from precog_assets.pipeline import link_memory
from precog_assets.store import markets
from precog_assets.store.engine import engine_for
from precog_assets.store.tables import metadata

KEPT = {"ops.stamp", "core.teams", "core.team_aliases"}


@contextmanager
def copied(postgres: embedded.EmbeddedServer, template: str, name: str) -> Iterator[str]:
    """The URL of a copy of `template` for the length of the block: for fixtures that live as long as a module."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    url = postgres.url(name)
    try:
        yield url
    finally:
        engine_for(url).dispose()
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def rolled_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that comes to nothing, as when its process dies before the commit."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def wipe(engine: sa.Engine) -> None:
    """Delete everything but the stamp and the seeds, and forget what this process remembers of it."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.fullname not in KEPT:
                connection.execute(sa.delete(table))
        connection.execute(sa.text("DELETE FROM core.team_aliases WHERE author IS NOT NULL"))
        connection.execute(sa.text("DELETE FROM core.teams WHERE provisional OR kind = 'player'"))
    markets._keys.clear()
    link_memory._memories.clear()


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
