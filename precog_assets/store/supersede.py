"""Rows of a model version: brought to what is given now, and what differed is superseded, never lost.

Belongs here: the one way ratings, forecasts, evaluations and blends are written. Does not: what they are.
A row is current while `superseded_at` is null. A row that says the same as the one given stays untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

from precog_assets.store.bulk import LARGE_ROWS, WriteCounts
from precog_assets.store.engine import driver_connection
from precog_assets.store.frames import copy_in, schema_of

_DIALECT = postgresql.dialect()


@dataclass(frozen=True)
class VersionedTarget:
    """A table of league, model_version, `key`, `values`, `stamps`, computed_at and superseded_at."""

    table: sa.Table
    key: tuple[str, ...]
    """One current row a version and key."""
    values: tuple[str, ...]
    """A row that differs in one of these is superseded; nulls are equal."""
    stamps: tuple[str, ...] = ()
    """Written with a row, never a reason for another."""
    group: str = "game_id"
    """Column of the key: of a group of which any row is given, all rows are, wherever in time they were."""
    by_group: bool = False
    """Groups of which no row is given are left alone. Otherwise what is given is all there is."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.values, *self.stamps)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Types of a frame of the target's columns."""
        return schema_of(self.table, self.columns)

    @property
    def name(self) -> sql.Identifier:
        return sql.Identifier(self.table.schema or "public", self.table.name)

    @property
    def staged(self) -> sql.Identifier:
        return sql.Identifier("pg_temp", f"staged_{self.table.name}")


_STAGE = "CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ({fields}) ON COMMIT DELETE ROWS"
_SUPERSEDE = """
    WITH gone AS (
        UPDATE {table} r SET superseded_at = %(now)s
        WHERE r.league = %(league)s AND r.model_version = %(version)s AND r.superseded_at IS NULL AND {scope}
          AND NOT EXISTS (SELECT 1 FROM {staged} s WHERE {same_key} AND {same_values})
        RETURNING {r_key}
    )
    SELECT count(*) FROM gone r JOIN {staged} s ON {same_key}
"""
_INSERT = """
    INSERT INTO {table} (league, model_version, {columns}, computed_at)
    SELECT %(league)s, %(version)s, {columns}, %(now)s FROM {staged} s WHERE NOT EXISTS (
        SELECT 1 FROM {table} r
        WHERE r.model_version = %(version)s AND r.superseded_at IS NULL AND {same_key})
"""
_FROM_SINCE = sql.SQL("r.start_time >= %(since)s")
_MOVED = sql.SQL("r.start_time < %(since)s AND r.{group} IN (SELECT g.{group} FROM {staged} g)")
_GIVEN = sql.SQL("r.{group} IN (SELECT g.{group} FROM {staged} g)")


def write_current(
    connection: sa.Connection,
    target: VersionedTarget,
    league: str,
    version: str,
    frame: pl.DataFrame,
    now: datetime,
    *,
    since: datetime | None = None,
) -> WriteCounts:
    """Bring the current rows of a version to `frame` (the target's columns), in the connection's transaction.

    With `since`, `frame` is all there is from that start_time on: earlier rows stay, unless their game is given.
    So a game that was moved across `since` never keeps two current rows. `changed` counts rows that replaced another
    of their key. Writers of one table and league take turns. Raises what the database raises, e.g. for a key given
    twice; nothing is written then.
    """
    given = {"league": league, "version": version, "now": now, "since": since}
    names = {
        "table": target.name,
        "staged": target.staged,
        "columns": _list(target.columns),
        "r_key": _list(target.key, "r"),
        "same_key": _pairs(target, target.key),
        "same_values": _pairs(target, target.values),
    }
    with driver_connection(connection).cursor() as cursor:
        turn = f"write {target.table.fullname} {league}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (turn,))
        _stage(cursor, target, frame)
        changed = 0
        for scope in _scopes(target, since):
            cursor.execute(sql.SQL(_SUPERSEDE).format(scope=scope, **names), given)
            row = cursor.fetchone()
            changed += int(row[0]) if row else 0
        cursor.execute(sql.SQL(_INSERT).format(**names), given)
        written = cursor.rowcount
        if written >= LARGE_ROWS:  # else small updates are planned as if the table were empty, until autovacuum comes
            cursor.execute(sql.SQL("ANALYZE {}").format(target.name))
    return WriteCounts(frame.height, written - changed, changed)


def _scopes(target: VersionedTarget, since: datetime | None) -> list[sql.Composable]:
    """Which current rows are compared; apart, so that each part finds its index."""
    names = {"group": sql.Identifier(target.group), "staged": target.staged}
    if target.by_group:
        return [_GIVEN.format(**names)]
    if since is None:
        return [sql.SQL("true")]
    return [_FROM_SINCE, _MOVED.format(**names)]


def _stage(cursor: psycopg.Cursor[Any], target: VersionedTarget, frame: pl.DataFrame) -> None:
    fields = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(name),
            sql.SQL(target.table.c[name].type.compile(dialect=_DIALECT)),  # type: ignore[arg-type]
        )
        for name in target.columns
    )
    cursor.execute("SET LOCAL client_min_messages = warning")
    cursor.execute(sql.SQL(_STAGE).format(staged=target.staged, fields=fields))
    # What an earlier write of this transaction left; at its end the table is emptied by itself.
    cursor.execute(sql.SQL("DELETE FROM {}").format(target.staged))
    copy_in(cursor, target.staged, frame.select(target.columns))
    if frame.height >= LARGE_ROWS:
        cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute(sql.SQL("ANALYZE {}").format(target.staged))


def _list(names: tuple[str, ...], alias: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)


def _pairs(target: VersionedTarget, names: tuple[str, ...]) -> sql.Composed:
    """Equality that can be hashed where a column holds no null."""
    return sql.SQL(" AND ").join(
        sql.SQL("s.{c} IS NOT DISTINCT FROM r.{c}" if target.table.c[name].nullable else "s.{c} = r.{c}").format(
            c=sql.Identifier(name)
        )
        for name in names
    )
