"""From Pandera to asset checks: recent rows of a table, read bounded, validated lazily, failures counted.

Belongs here: reading frames for `domain.schemas` and telling what Pandera found. Does not: the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.checks.findings import Finding
from precog_assets.domain.schemas import ALL, frame_schema, pandera_schema
from precog_assets.store.tables import metadata

if TYPE_CHECKING:
    import polars as pl

ROWS_READ = 5_000
SAMPLE_ROWS = 5


@dataclass(frozen=True, slots=True)
class Recent:
    """Which rows of a table are recent: those whose `column` is younger than `age`, newest first."""

    column: str
    age: timedelta
    current_only: str = ""
    """A column that must be null: superseded rows are history."""


RECENT = {
    "core.teams": Recent("first_seen_at", timedelta(days=36_500)),
    "core.games": Recent("last_changed_at", timedelta(days=7)),
    "core.game_states": Recent("observed_at", timedelta(days=1)),
    "market.markets": Recent("last_changed_at", timedelta(days=7)),
    "market.quotes": Recent("observed_at", timedelta(days=1)),
    "market.market_games": Recent("last_changed_at", timedelta(days=30)),
    "model.ratings": Recent("computed_at", timedelta(days=36_500), current_only="superseded_at"),
    "model.forecasts": Recent("computed_at", timedelta(days=36_500), current_only="superseded_at"),
    "model.evaluations": Recent("computed_at", timedelta(days=36_500), current_only="superseded_at"),
    "model.prices": Recent("as_of", timedelta(days=1)),
    "book.decisions": Recent("as_of", timedelta(days=1)),
    "book.orders": Recent("last_changed_at", timedelta(days=7)),
    "book.fills": Recent("recorded_at", timedelta(days=7)),
    "book.ledger": Recent("recorded_at", timedelta(days=7)),
    "book.settlements": Recent("recorded_at", timedelta(days=30)),
    "book.rungs": Recent("decided_at", timedelta(days=365)),
}


def recent_rows(connection: sa.Connection, table: str, now: datetime, limit: int = ROWS_READ) -> pl.DataFrame:
    """The newest rows of a table, at most `limit`, with the columns of its rules."""
    import polars as pl

    columns = metadata.tables[table].c
    recent = RECENT[table]
    query = (
        sa.select(*(columns[column.name] for column in ALL[table].columns))
        .where(columns[recent.column] > now - recent.age)
        .order_by(columns[recent.column].desc())
        .limit(limit)
    )
    if recent.current_only:
        query = query.where(columns[recent.current_only].is_(None))
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=frame_schema(ALL[table]), orient="row")


def validated(frame: pl.DataFrame, table: str) -> Finding:
    """What Pandera says of a frame: every failed check with its count, and a few failing rows."""
    import polars as pl
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(table).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases: Any = errors.failure_cases
        # A missing or unknown column is named by the failing case, a rule across columns by nothing.
        of_columns = pl.col("check").str.starts_with("column_in_")
        place = pl.when(of_columns).then(pl.col("failure_case")).otherwise(pl.col("column")).fill_null("row")
        named = cases.with_columns(place.alias("column"))
        counts = named.group_by("column", "check").len().sort("len", "column", "check", descending=[True, False, False])
        told = {f"{column}: {check}": count for column, check, count in counts.rows()}
        found = next((index for index in named["index"].to_list() if index is not None), None)
        return Finding(
            False,
            f"{frame.height} rows of {table}: " + "; ".join(f"{name} ({count})" for name, count in told.items()),
            facts={
                "rows_checked": frame.height,
                "failures": told,
                "sample": [
                    {name: str(value) for name, value in case.items() if value is not None}
                    for case in named.head(SAMPLE_ROWS).to_dicts()
                ],
                "first_row": {} if found is None else {n: str(v) for n, v in frame.row(found, named=True).items()},
            },
        )
    return Finding(
        True, f"{frame.height} recent rows of {table} are as they must be", facts={"rows_checked": frame.height}
    )


def checked(connection: sa.Connection, table: str, now: datetime) -> Finding:
    """The recent rows of a table against its schema."""
    return validated(recent_rows(connection, table, now), table)
