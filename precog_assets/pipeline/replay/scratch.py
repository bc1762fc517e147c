"""A database for the length of a replay: this code's empty tables beside the real ones, gone at the end.

Belongs here: making and dropping it, and copying into it what a replay finds in place. Does not: what is replayed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from precog_assets.domain.errors import ConfigurationError
from precog_assets.store import migrate, partitions
from precog_assets.store.engine import driver_connection, engine_for, with_database
from precog_assets.store.tables import PARTITIONED

FIRST_NEW_KEY = 1_000_000_000
"""Of markets that the real database does not have: their keys must not be those of others there."""
KEYS_AT_ONCE = 5_000


@contextmanager
def scratch_database(engine: sa.Engine, now: datetime) -> Iterator[sa.Engine]:
    """An engine on a new, migrated, empty database of the same server; dropped when the block ends.

    Raises ConfigurationError where the user may not create databases, PrecogError(system.database) from its use.
    """
    real = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"precog_replay_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    url = with_database(real, name)
    try:
        migrate.create_database(real, name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"A replay works in a database of its own, and {engine.url.username or 'this user'} may not create one on "
            "the server of DATABASE_URL; let it: ALTER ROLE ... CREATEDB."
        ) from error
    try:
        migrate.migrate(url, env="test", data_class="sim", now=now)
        scratch = engine_for(url)
        with scratch.begin() as connection:
            connection.execute(sa.text("ALTER TABLE market.markets ALTER COLUMN market_key RESTART WITH 1000000000"))
        yield scratch
    finally:
        engine_for(url).dispose()
        with psycopg.connect(with_database(real, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_table(real: sa.Connection, scratch: sa.Connection, table: sa.Table) -> None:
    """Copy every row of a table."""
    name = sql.Identifier(table.schema or "public", table.name)
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c)
    with (
        driver_connection(real).cursor() as source,
        driver_connection(scratch).cursor() as target,
        source.copy(sql.SQL("COPY {} ({}) TO STDOUT (FORMAT BINARY)").format(name, columns)) as rows,
        target.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(name, columns)) as written,
    ):
        for block in rows:
            written.write(block)


def copy_rows(
    real: sa.Connection,
    scratch: sa.Connection,
    table: sa.Table,
    key: tuple[str, ...],
    keys: Collection[tuple[Any, ...]],
    *,
    before: datetime | None = None,
) -> None:
    """Copy the rows of these keys; with `before`, of each key the last one observed before it, as seen only then."""
    wanted = list(keys)
    columns = [table.c[name] for name in key]
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        chosen = sa.select(table).where(sa.tuple_(*columns).in_(wanted[start : start + KEYS_AT_ONCE]))
        if before is not None:
            chosen = chosen.where(table.c.observed_at < before)
            if "confirmed_at" in table.c:
                chosen = _last_before(table, key[0], wanted[start : start + KEYS_AT_ONCE], before)
        rows = [row._asdict() for row in real.execute(chosen)]
        if not rows:
            continue
        if before is not None and "confirmed_at" in table.c:
            rows = [{**row, "confirmed_at": row["observed_at"]} for row in rows]
        if table in PARTITIONED:
            at = {(row["observed_at"].year, row["observed_at"].month) for row in rows}
            partitions.ensure_months(scratch, table, at)
        scratch.execute(sa.insert(table), rows)


def _last_before(table: sa.Table, key: str, keys: list[tuple[Any, ...]], before: datetime) -> sa.Select[Any]:
    """Of each key its last row before an instant, by one step into the index each."""
    given = sa.func.unnest(sa.bindparam("keys", [one[0] for one in keys], sa.ARRAY(table.c[key].type)))
    named = given.table_valued("key", name="wanted").render_derived()
    last = (
        sa.select(table)
        .where(table.c[key] == named.c.key, table.c.observed_at < before)
        .order_by(table.c.observed_at.desc())
        .limit(1)
        .lateral("last")
    )
    return sa.select(last).select_from(named.join(last, sa.true()))
