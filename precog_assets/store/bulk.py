"""The one way rows get in: COPY into a temporary table, then one statement, returning counts.

Two kinds of target. `FactTarget` appends on change: a row is kept only where its values differ from
those before it in time, in whatever order rows arrive. `CurrentTarget` upserts by key. A target names
its columns; names come from `store.tables` only, values are always bound or copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

from precog_assets.store import partitions
from precog_assets.store.engine import driver_connection
from precog_assets.store.tables import PARTITIONED

LARGE_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class WriteCounts:
    """What became of the rows received. `inserted` + `changed` rows were written, the rest said nothing new."""

    received: int = 0
    inserted: int = 0
    """Facts: first row of a key. Current: new keys."""
    changed: int = 0
    """Facts: rows appended because values changed. Current: keys updated."""

    @property
    def unchanged(self) -> int:
        return self.received - self.inserted - self.changed

    @property
    def written(self) -> int:
        return self.inserted + self.changed

    def __add__(self, other: WriteCounts) -> WriteCounts:
        return WriteCounts(self.received + other.received, self.inserted + other.inserted, self.changed + other.changed)


@dataclass(frozen=True, slots=True)
class FactTarget:
    """A table of facts: `key` at `observed_at` had `values`. Its other columns describe the observation."""

    table: sa.Table
    key: tuple[str, ...]
    values: tuple[str, ...]
    placed: bool = False
    """Whether a row says where in its response (a segment of a stream) it was read."""

    @property
    def source(self) -> tuple[str, ...]:
        """The columns that say where a row comes from."""
        return ("origin", "response_id", *(("response_offset",) if self.placed else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The order in which rows are given."""
        return (*self.key, "observed_at", *self.values, "known_at", *self.source)


@dataclass(frozen=True, slots=True)
class CurrentTarget:
    """A table of one row a key. A row is updated where `values` differ; `stamps` are then written with them."""

    table: sa.Table
    key: tuple[str, ...]
    values: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    """Written on insert and with each change, never a reason for one (e.g. last_changed_at)."""
    once: tuple[str, ...] = ()
    """Written on insert only (e.g. first_observed_at)."""
    newer: str | None = None
    """A stamp that must not go back in time: an older row changes nothing."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The order in which rows are given."""
        return (*self.key, *self.values, *self.stamps, *self.once)


def write(
    connection: sa.Connection,
    target: FactTarget | CurrentTarget,
    rows: Sequence[tuple[Any, ...]],
) -> WriteCounts:
    """Write rows (tuples in the order of `target.columns`) in the connection's transaction.

    Writers of one table take turns for the length of their transactions. Rows given twice are
    written once. Raises what the database raises; nothing is written then.
    """
    if not rows:
        return WriteCounts()
    raw = driver_connection(connection)
    if target.table in PARTITIONED:
        position = target.columns.index("observed_at")
        partitions.ensure_months(connection, target.table, _months(row[position] for row in rows))
    with raw.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"write {target.table.fullname}",))
        staged = _stage(cursor, target, rows)
        statement = _append_on_change(target, staged) if isinstance(target, FactTarget) else _upsert(target, staged)
        cursor.execute(statement)
        counted = cursor.fetchone()
    if counted is None:
        raise RuntimeError(f"{target.table.fullname}: the write returned no counts")
    return WriteCounts(len(rows), int(counted[0]), int(counted[1]))


def _months(instants: Iterable[datetime]) -> set[tuple[int, int]]:
    return {(instant.year, instant.month) for instant in instants}


def _stage(cursor: Any, target: FactTarget | CurrentTarget, rows: Sequence[tuple[Any, ...]]) -> sql.Identifier:
    """Copy the rows into the session's temporary table of this shape, made on first use and kept empty."""
    columns = [target.table.c[name] for name in target.columns]
    types = [column.type.compile(dialect=_DIALECT) for column in columns]
    shape = hashlib.sha256(repr((target.table.fullname, target.columns, types)).encode()).hexdigest()[:12]
    staged = sql.Identifier("pg_temp", f"staged_{shape}")
    fields = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(type_))  # type: ignore[arg-type]
        for column, type_ in zip(columns, types, strict=True)
    )
    cursor.execute("SET LOCAL client_min_messages = warning")
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS").format(
            sql.Identifier(f"staged_{shape}"), fields
        )
    )
    # What an earlier write of this transaction left; at its end the table is emptied by itself.
    cursor.execute(sql.SQL("DELETE FROM {}").format(staged))
    copy_statement = sql.SQL("COPY {} FROM STDIN").format(staged)
    with cursor.copy(copy_statement) as copy:
        for row in rows:
            copy.write_row(row)
    if len(rows) >= LARGE_ROWS:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(sql.SQL("ANALYZE {}").format(staged))
    return staged


def _append_on_change(target: FactTarget, staged: sql.Identifier) -> sql.Composed:
    """Merge staged rows into the timeline of each key and keep one row a run of equal values.

    Points of a key in time: rows already there, the last confirmation of each, and the staged rows.
    A run is kept as its first point; its last point is `confirmed_at`. So a fact that comes late
    splits a confirmed run in two, takes over a later row that says the same, or says nothing new. Of a
    run only its last confirmation is remembered: where several facts come late into one run, what was
    confirmed between them is not known again.
    """
    names = {
        "fact": sql.Identifier(target.table.schema or "public", target.table.name),
        "staged": staged,
        "key": _list(target.key),
        "order_key": _list(target.key),
        "values": _list(target.values),
        "key_match_span": _equal("f", "span", target.key),
        "key_match_point": _equal("f", "head", target.key),
        "key_match_staged": _equal("e", "s", target.key),
        "s_key": _list(target.key, "s"),
        "s_values": _list(target.values, "s"),
        "e_key": _list(target.key, "e"),
        "source": _list(target.source),
        "s_source": _list(target.source, "s"),
        "row": sql.SQL("ROW({})").format(_list(target.values)),
    }
    return sql.SQL(
        """
        WITH given AS (
            SELECT DISTINCT ON ({key}, observed_at) * FROM {staged} ORDER BY {key}, observed_at
        ), span AS (
            SELECT {key}, min(observed_at) AS first_at, max(observed_at) AS last_at FROM given GROUP BY {key}
        ), existing AS (
            SELECT neighbour.* FROM span CROSS JOIN LATERAL (
                (SELECT f.* FROM {fact} f WHERE {key_match_span} AND f.observed_at < span.first_at
                 ORDER BY f.observed_at DESC LIMIT 1)
                UNION ALL
                (SELECT f.* FROM {fact} f
                 WHERE {key_match_span} AND f.observed_at BETWEEN span.first_at AND span.last_at)
                UNION ALL
                (SELECT f.* FROM {fact} f WHERE {key_match_span} AND f.observed_at > span.last_at
                 ORDER BY f.observed_at LIMIT 1)
            ) neighbour
        ), points AS (
            SELECT {key}, observed_at AS at, 0 AS kind, {values}, known_at, {source}, confirmed_at
            FROM existing
            UNION ALL
            SELECT {key}, confirmed_at, 1, {values}, confirmed_at, {source}, confirmed_at
            FROM existing WHERE confirmed_at > observed_at
            UNION ALL
            SELECT {s_key}, s.observed_at, 2, {s_values}, s.known_at, {s_source}, s.observed_at
            FROM given s
            WHERE NOT EXISTS (SELECT 1 FROM existing e WHERE {key_match_staged} AND e.observed_at = s.observed_at)
        ), compared AS (
            SELECT *, lag(at) OVER timeline IS NULL AS is_first,
                lag(at) OVER timeline IS NULL OR {row} IS DISTINCT FROM lag({row}) OVER timeline AS starts,
                lead(at) OVER timeline IS NULL OR {row} IS DISTINCT FROM lead({row}) OVER timeline AS ends
            FROM points WINDOW timeline AS (PARTITION BY {key} ORDER BY at, kind)
        ), edges AS (
            SELECT *, CASE WHEN ends THEN at ELSE lead(at) OVER (PARTITION BY {key} ORDER BY at, kind) END AS last_at
            FROM compared WHERE starts OR ends
        ), head AS MATERIALIZED (
            SELECT * FROM edges WHERE starts
        ), redundant AS (
            DELETE FROM {fact} f USING compared head
            WHERE head.kind = 0 AND NOT head.starts AND {key_match_point} AND f.observed_at = head.at
            RETURNING 1
        ), confirmed AS (
            UPDATE {fact} f SET confirmed_at = head.last_at FROM head
            WHERE head.kind = 0 AND head.last_at <> head.confirmed_at
              AND {key_match_point} AND f.observed_at = head.at
            RETURNING 1
        ), appended AS (
            INSERT INTO {fact} ({key}, observed_at, {values}, known_at, {source}, confirmed_at)
            SELECT {key}, at, {values}, known_at, {source}, last_at FROM head WHERE kind > 0
            RETURNING 1
        )
        SELECT count(*) FILTER (WHERE kind > 0 AND is_first), count(*) FILTER (WHERE kind > 0 AND NOT is_first),
               (SELECT count(*) FROM redundant), (SELECT count(*) FROM confirmed), (SELECT count(*) FROM appended)
        FROM head
        """
    ).format(**names)


def _upsert(target: CurrentTarget, staged: sql.Identifier) -> sql.Composed:
    written = (*target.values, *target.stamps)
    mine = sql.SQL("ROW({})").format(_list(target.values, "t"))
    theirs = sql.SQL("ROW({})").format(_list(target.values, "excluded"))
    changed = sql.SQL("{} IS DISTINCT FROM {}").format(mine, theirs) if target.values else sql.SQL("false")
    newest_first = sql.SQL("")
    if target.newer:
        newer = sql.Identifier(target.newer)
        changed = sql.SQL("{} AND excluded.{n} >= t.{n}").format(changed, n=newer)
        newest_first = sql.SQL(", {} DESC").format(newer)
    assignments = sql.SQL(", ").join(
        sql.SQL("{c} = excluded.{c}").format(c=sql.Identifier(name)) for name in (written or target.key[:1])
    )
    return sql.SQL(
        """
        WITH written AS (
            INSERT INTO {table} AS t ({columns})
            SELECT DISTINCT ON ({key}) {columns} FROM {staged} ORDER BY {key}{newest_first}
            ON CONFLICT ({key}) DO UPDATE SET {assignments} WHERE {changed}
            RETURNING t.xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
        """
    ).format(
        table=sql.Identifier(target.table.schema or "public", target.table.name),
        columns=_list(target.columns),
        key=_list(target.key),
        staged=staged,
        newest_first=newest_first,
        assignments=assignments,
        changed=changed,
    )


def _list(names: Sequence[str], alias: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)


def _equal(left: str, right: str, names: Sequence[str]) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in names
    )


_DIALECT = postgresql.dialect()
