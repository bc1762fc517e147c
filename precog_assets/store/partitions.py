"""Monthly partitions of the tables that grow without bound: made ahead, dropped by retention.

A dropped month can first be written as Parquet to a folder (`PARTITION_ARCHIVE_URL`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import sqlalchemy as sa
from psycopg import sql

from precog_assets.store.engine import driver_connection
from precog_assets.store.tables import PARTITIONED

_known: set[tuple[str, str, tuple[int, int]]] = set()
_lock = threading.Lock()
# A partition that this very transaction made goes with it if it is rolled back, so it is not remembered.
_COMMITTED = """
    SELECT coalesce(xmin::text::bigint <> pg_current_xact_id_if_assigned()::text::bigint %% 4294967296, true)
    FROM pg_class WHERE oid = to_regclass(%s)
"""
_MONTH = re.compile(r"_y(\d{4})m(\d{2})$")


@dataclass(frozen=True, slots=True)
class DroppedMonth:
    table: str
    partition: str
    rows: int
    archived_to: str | None


def partition_name(table: sa.Table, month: tuple[int, int]) -> str:
    return f"{table.name}_y{month[0]:04d}m{month[1]:02d}"


def _bounds(month: tuple[int, int]) -> tuple[datetime, datetime]:
    year, number = month
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    return datetime(year, number, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC)


def ensure_months(connection: sa.Connection, table: sa.Table, months: Iterable[tuple[int, int]]) -> None:
    """Make the partitions of these (year, month) where they are missing; remembered per process."""
    database = str(connection.engine.url)
    for month in months:
        known = (database, table.fullname, month)
        if known in _known:
            continue
        first, end = _bounds(month)
        raw = driver_connection(connection)
        schema = table.schema or "public"
        with raw.cursor() as cursor:
            cursor.execute(_COMMITTED, (f"{schema}.{partition_name(table, month)}",))
            found = cursor.fetchone()
            if found is None:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"months {table.fullname}",))
                cursor.execute(
                    sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                        sql.Identifier(schema, partition_name(table, month)),
                        sql.Identifier(schema, table.name),
                        sql.Literal(first.isoformat()),
                        sql.Literal(end.isoformat()),
                    )
                )
            elif found[0]:
                with _lock:
                    _known.add(known)


def make_ahead(connection: sa.Connection, now: datetime, months_ahead: int = 2) -> None:
    """Make this month's partitions and those of the months ahead, for every partitioned table."""
    months = []
    year, month = now.year, now.month
    for _ in range(months_ahead + 1):
        months.append((year, month))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for table in PARTITIONED:
        ensure_months(connection, table, months)


def months_of(connection: sa.Connection, table: sa.Table) -> list[tuple[int, int]]:
    """The (year, month) that have a partition, oldest first."""
    rows = connection.execute(
        sa.text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = CAST(:parent AS regclass)"
        ),
        {"parent": table.fullname},
    )
    found = (_MONTH.search(name) for (name,) in rows)
    return sorted((int(match[1]), int(match[2])) for match in found if match)


def drop_older(
    connection: sa.Connection, table: sa.Table, now: datetime, keep_months: int, archive: Path | None = None
) -> list[DroppedMonth]:
    """Drop the partitions that ended `keep_months` or more months before this one, archived first if asked."""
    dropped = []
    this_month = now.year * 12 + now.month
    schema = table.schema or "public"
    for year, month in months_of(connection, table):
        if this_month - (year * 12 + month) < keep_months:
            continue
        name = partition_name(table, (year, month))
        identifier = sql.Identifier(schema, name)
        raw = driver_connection(connection)
        with raw.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(identifier))
            counted = cursor.fetchone()
            rows = int(counted[0]) if counted else 0
            target = _archive_month(connection, table, name, archive) if archive is not None and rows else None
            cursor.execute(sql.SQL("DROP TABLE {}").format(identifier))
        with _lock:
            _known.difference_update({known for known in _known if known[1:] == (table.fullname, (year, month))})
        dropped.append(DroppedMonth(table.fullname, f"{schema}.{name}", rows, str(target) if target else None))
    return dropped


def _free(folder: Path, name: str) -> Path:
    """A file that is not there yet: a month can come back after it was dropped, and be dropped again."""
    target = folder / f"{name}.parquet"
    number = 2
    while target.exists():
        target = folder / f"{name}-{number}.parquet"
        number += 1
    return target


def _archive_month(connection: sa.Connection, table: sa.Table, name: str, archive: Path) -> Path:
    folder = archive / table.fullname
    folder.mkdir(parents=True, exist_ok=True)
    target = _free(folder, name)
    part = sa.Table(name, sa.MetaData(), *(sa.Column(c.name, c.type) for c in table.columns), schema=table.schema)
    frame = pl.read_database(sa.select(part), connection, infer_schema_length=None)
    temporary = target.with_suffix(".part")
    frame.write_parquet(temporary, compression="zstd")
    temporary.replace(target)
    return target
