"""The purge of Dagster's own event log, which has no retention of its own and grows without bound.

Belongs here: what may go, in batches. Does not: ticks (`retention` in dagster.yaml), our own tables
(`pipeline.upkeep`). Kept always: the newest materialization and observation of every asset and partition,
and everything of runs except what only tells how they ran. Not an operation Dagster supports: back up first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

STORAGE_VARIABLE = "PRECOG_DAGSTER_DATABASE_URL"
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are kept."""

    runless: timedelta = timedelta(days=7)
    """Events reported by sensors, except the newest of each asset and partition."""
    debug_logs: timedelta = timedelta(days=7)
    machinery: timedelta = timedelta(days=30)
    """Events that tell how a run's steps were carried out."""


MACHINERY = (
    "ENGINE_EVENT",
    "HANDLED_OUTPUT",
    "LOADED_INPUT",
    "RESOURCE_INIT_STARTED",
    "RESOURCE_INIT_SUCCESS",
    "STEP_INPUT",
    "STEP_OUTPUT",
    "STEP_WORKER_STARTING",
    "STEP_WORKER_STARTED",
    "PIPELINE_ENQUEUED",
    "PIPELINE_STARTING",
    "PIPELINE_CANCELING",
    "ASSET_MATERIALIZATION_PLANNED",
)

_RUNLESS = sa.text(
    """
    WITH doomed AS (
      SELECT e.id FROM event_logs e
      WHERE e.run_id = '' AND e.timestamp < :before
        AND e.dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION')
        AND EXISTS (SELECT 1 FROM event_logs n WHERE n.asset_key = e.asset_key
                    AND n.dagster_event_type = e.dagster_event_type
                    AND n.partition IS NOT DISTINCT FROM e.partition AND n.id > e.id)
      ORDER BY e.id LIMIT :batch),
    tags AS (DELETE FROM asset_event_tags USING doomed WHERE asset_event_tags.event_id = doomed.id)
    DELETE FROM event_logs USING doomed WHERE event_logs.id = doomed.id
    """
)
_DEBUG = sa.text(
    """
    WITH doomed AS (
      SELECT id FROM event_logs WHERE dagster_event_type IS NULL AND timestamp < :before
        AND (CAST(event AS jsonb) ->> 'level') = '10' ORDER BY id LIMIT :batch)
    DELETE FROM event_logs USING doomed WHERE event_logs.id = doomed.id
    """
)
_MACHINERY = sa.text(
    """
    WITH doomed AS (
      SELECT id FROM event_logs WHERE dagster_event_type = ANY(:types) AND timestamp < :before
      ORDER BY id LIMIT :batch)
    DELETE FROM event_logs USING doomed WHERE event_logs.id = doomed.id
    """
)
_SIZE = sa.text("SELECT pg_total_relation_size('event_logs')")


@dataclass(frozen=True, slots=True)
class Purged:
    """Rows deleted by kind, and the log's size in bytes with indexes (space is reused, not given back)."""

    runless: int
    debug_logs: int
    machinery: int
    size_bytes: int


def storage_url() -> str | None:
    """The address of Dagster's storage, as `precog` hands it to Dagster's processes; None outside of them."""
    return os.environ.get(STORAGE_VARIABLE) or None


def purge(engine: sa.Engine, now: datetime, retention: Retention, *, batch: int = BATCH) -> Purged:
    """Delete what is older than its retention, `batch` rows a transaction. `now` is real, aware time."""
    # Dagster keeps naive UTC in this column.
    naive = now.astimezone(UTC).replace(tzinfo=None)
    runless = _in_batches(engine, _RUNLESS, {"before": naive - retention.runless}, batch)
    debug_logs = _in_batches(engine, _DEBUG, {"before": naive - retention.debug_logs}, batch)
    machinery = _in_batches(
        engine, _MACHINERY, {"before": naive - retention.machinery, "types": list(MACHINERY)}, batch
    )
    with engine.connect() as connection:
        size = connection.execute(_SIZE).scalar_one()
    return Purged(runless, debug_logs, machinery, size)


def _in_batches(engine: sa.Engine, statement: sa.TextClause, given: dict[str, object], batch: int) -> int:
    total = 0
    while True:
        with engine.begin() as connection:
            deleted = connection.execute(statement, {**given, "batch": batch}).rowcount
        total += deleted
        if deleted < batch:
            return total
