"""How fresh everything is: feeds by source and league, recent steps, what the archive grows by."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from precog_assets.queries.connection import UTC_INSTANT, frame

FRESHNESS = {
    "source": pl.String,
    "feeds": pl.Int64,
    "polls": pl.Int64,
    "changes": pl.Int64,
    "last_polled_at": UTC_INSTANT,
    "last_changed_at": UTC_INSTANT,
}
STEPS = {
    "step": pl.String,
    "started_at": UTC_INSTANT,
    "elapsed_ms": pl.Float64,
    "http_ms": pl.Float64,
    "rows_in": pl.Int32,
    "inserted": pl.Int32,
    "changed": pl.Int32,
    "rejected": pl.Int32,
    "correlation_id": pl.String,
}
ARCHIVE = {
    "day": pl.Date,
    "source": pl.String,
    "responses": pl.Int64,
    "body_bytes": pl.Int64,
    "stored_bytes": pl.Int64,
}


def freshness(engine: sa.Engine) -> pl.DataFrame:
    """One row a source: its feeds, how often they were polled and changed, and when last."""
    query = sa.text(
        "SELECT source, count(*), CAST(sum(polls) AS bigint), CAST(sum(changes) AS bigint), max(last_polled_at), "
        "max(last_changed_at) FROM ops.feeds GROUP BY source ORDER BY source"
    )
    return frame(engine, query, {}, FRESHNESS)


def latest_steps(engine: sa.Engine, limit: int = 50) -> pl.DataFrame:
    """The last steps that ran, newest first; milliseconds and rows."""
    query = sa.text(
        "SELECT step, started_at, elapsed_ms, http_ms, rows_in, inserted, changed, rejected, correlation_id "
        "FROM ops.steps ORDER BY step_id DESC LIMIT :limit"
    )
    return frame(engine, query, {"limit": limit}, STEPS)


def archive_use(engine: sa.Engine) -> pl.DataFrame:
    """What the raw archive took in, a row a day and source; `stored_bytes` are compressed."""
    query = sa.text(
        "SELECT day, source, responses, body_bytes, stored_bytes FROM ops.archive_growth ORDER BY day DESC, source"
    )
    return frame(engine, query, {}, ARCHIVE)
