"""Upkeep: partitions made ahead and dropped by retention, old rows of ops trimmed, the archive's budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import TRADING_STEPS
from precog_assets.store import partitions
from precog_assets.store.archive import Budget
from precog_assets.store.tables import order_books, quotes, responses

if TYPE_CHECKING:
    from precog_assets.services import Services

STEPS_KEPT = timedelta(days=7)
REACTIONS_KEPT = timedelta(days=1)
"""Steps that follow from each change of a price, where nothing failed."""
REJECTIONS_KEPT = timedelta(days=90)
CONTRACTS_KEPT = timedelta(days=90)
FAILURES_KEPT = timedelta(days=90)
"""Counts of errors, and gaps of streams."""
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class ArchiveUse:
    """What the raw archive holds and how fast it grows, against its budget; bytes are compressed."""

    used_bytes: int
    budget_bytes: int
    grown_last_day_bytes: int
    status: str
    text: str


def upkeep(services: Services, *, correlation_id: str) -> StepReport:
    """Make the months ahead, drop the months past their retention, trim what only tells how we ran."""
    now = services.clock.now()
    settings = services.environment.settings
    report = StepReport("upkeep", correlation_id, now)
    with in_database(services.engine) as connection:
        partitions.make_ahead(connection, now)
        dropped = [
            month
            for table, keep in (
                (responses, settings.raw_retention_months),
                (quotes, settings.quotes_retention_months),
                (order_books, settings.quotes_retention_months),
            )
            for month in partitions.drop_older(connection, table, now, keep, services.environment.partition_archive)
        ]
        report.notes["months_dropped"] = len(dropped)
        report.notes["rows_dropped"] = sum(month.rows for month in dropped)
        trimmed = 0
        for statement, kept in _TRIM:
            trimmed += connection.execute(statement, {"before": now - kept}).rowcount
        report.notes["rows_trimmed"] = trimmed
    use = archive_use(services)
    report.notes["archive_bytes"] = use.used_bytes
    report.notes["archive"] = use.text
    if use.status == "over":
        report.failures.append(use.text)
    report.finish()
    with in_database(services.engine) as connection:
        report.record(connection)
    return report


def archive_use(services: Services) -> ArchiveUse:
    """The raw archive against `RAW_ARCHIVE_BUDGET_GB`."""
    now = services.clock.now()
    with in_database(services.engine) as connection:
        grown = connection.execute(
            sa.text("SELECT coalesce(sum(stored_bytes), 0) FROM ops.archive_growth WHERE day >= :since"),
            {"since": (now - timedelta(days=1)).date()},
        ).scalar_one()
    limit = int(services.environment.settings.raw_archive_budget_gb * GIB)
    used = services.archive.size_bytes()
    budget = Budget(limit)
    return ArchiveUse(used, limit, int(grown), budget.status(used), budget.text(used, bytes_per_day=float(grown)))


_TRIM = (
    (
        sa.text(
            "DELETE FROM ops.steps WHERE started_at < :before AND step = ANY(:trading) "
            "AND outcomes = '{}'::jsonb AND rejections = '{}'::jsonb"
        ).bindparams(trading=list(TRADING_STEPS)),
        REACTIONS_KEPT,
    ),
    (sa.text("DELETE FROM ops.steps WHERE started_at < :before"), STEPS_KEPT),
    (sa.text("DELETE FROM ops.rejections WHERE last_seen_at < :before"), REJECTIONS_KEPT),
    (sa.text("DELETE FROM ops.error_counts WHERE hour < :before"), FAILURES_KEPT),
    (sa.text("DELETE FROM ops.stream_gaps WHERE began_at < :before"), FAILURES_KEPT),
    (sa.text("DELETE FROM ops.contract_counts WHERE day < CAST(:before AS date)"), CONTRACTS_KEPT),
)
