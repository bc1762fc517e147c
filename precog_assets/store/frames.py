"""Frames in and out of PostgreSQL by COPY as CSV: hundreds of thousands of rows in about a second.

Belongs here: the text both sides agree on, and the types of a frame for a table. Does not: what a table means.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.engine import driver_connection

UTC_INSTANT = pl.Datetime("us", "UTC")
_KINDS: tuple[tuple[type, Any], ...] = (
    (sa.DateTime, UTC_INSTANT),
    (sa.Text, pl.String),
    (JSONB, pl.String),
    (sa.Integer, pl.Int64),
    (sa.Double, pl.Float64),
    (sa.Date, pl.Date),
    (sa.Boolean, pl.Boolean),
)
# As integers, which PostgreSQL writes and polars reads several times faster than dates and times as text.
_AS_INTEGER = {
    pl.Datetime: sql.SQL("CAST(extract(epoch FROM {}) * 1000000 AS bigint)"),
    pl.Date: sql.SQL("{} - date '1970-01-01'"),
    pl.Boolean: sql.SQL("CAST({} AS int)"),
}


def schema_of(table: sa.Table, columns: Sequence[str]) -> dict[str, Any]:
    """The polars type of each of these columns; JSONB is text. Raises KeyError for a column the table lacks."""
    return {name: next(kind for type_, kind in _KINDS if isinstance(table.c[name].type, type_)) for name in columns}


def as_frame(schema: Mapping[str, Any], rows: pl.DataFrame | Sequence[Sequence[Any]]) -> pl.DataFrame:
    """`rows`, given as a frame by names or as tuples in the order of `schema`, as a frame of exactly these columns.

    Further columns of a frame are left out. Raises ValueError when one is missing, or holds instants without a zone,
    and polars' errors for values that are not of the type.
    """
    if not isinstance(rows, pl.DataFrame):
        return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
    absent = [name for name in schema if name not in rows.columns]
    if absent:
        raise ValueError(f"the frame lacks {', '.join(absent)}; it has {', '.join(rows.columns)}")
    for name, kind in schema.items():
        given = rows.schema[name]
        if kind == UTC_INSTANT and isinstance(given, pl.Datetime) and given.time_zone is None:
            raise ValueError(f"column {name} is {given}, without a time zone; right is {UTC_INSTANT}")
    return rows.select(pl.col(name).cast(kind) for name, kind in schema.items())


def copy_in(cursor: psycopg.Cursor[Any], target: sql.Composable, frame: pl.DataFrame) -> None:
    """Append a frame to a table whose columns have the names of the frame's."""
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in frame.columns)
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, columns)) as copy:
        copy.write(frame.write_csv(include_header=False).encode())


def read_frame(
    connection: sa.Connection, query: sql.Composable, parameters: Mapping[str, Any], schema: Mapping[str, Any]
) -> pl.DataFrame:
    """The rows of a query as a frame of these columns and types, by position, in the query's order.

    `query` names its parameters as %(name)s. Types: text, integers, floats, booleans, dates and UTC instants.
    """
    chosen = [_AS_INTEGER.get(_base(kind), sql.SQL("{}")).format(sql.Identifier(name)) for name, kind in schema.items()]
    statement = sql.SQL("COPY (SELECT {} FROM ({}) AS q ({})) TO STDOUT (FORMAT csv)").format(
        sql.SQL(", ").join(chosen), query, sql.SQL(", ").join(sql.Identifier(name) for name in schema)
    )
    buffer = io.BytesIO()
    with driver_connection(connection).cursor() as cursor, cursor.copy(statement, dict(parameters)) as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    read = {name: pl.Int64 if _base(kind) in _AS_INTEGER else kind for name, kind in schema.items()}
    frame = pl.read_csv(buffer, has_header=False, schema=read)
    return frame.select(
        pl.col(name).cast(pl.Int32).cast(kind) if kind == pl.Date else pl.col(name).cast(kind)
        for name, kind in schema.items()
    )


def _base(kind: Any) -> Any:
    return kind if isinstance(kind, type) else type(kind)
