"""Failures by code, source and hour: rows of `ops.error_counts`.

Belongs here: counting and reading. Does not: what a code means (`domain.errors`), which failures are counted: those of
steps are, with the step (`pipeline.report`), and those that end a tick or a task of the collector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from precog_assets.domain.errors import CODES, ErrorClass

OURS = "precog"
"""The source of failures that no source is to blame for."""
FINE = frozenset({ErrorClass.OK, ErrorClass.NOT_MODIFIED})
_COUNT = sa.text(
    """
    INSERT INTO ops.error_counts AS e (code, source, hour, count, last_at)
    VALUES (:code, :source, date_trunc('hour', CAST(:at AS timestamptz), 'UTC'), :count, :at)
    ON CONFLICT (hour, source, code)
        DO UPDATE SET count = e.count + excluded.count, last_at = greatest(e.last_at, excluded.last_at)
    """
)
_READ = sa.text(
    "SELECT source, code, sum(count)::bigint AS count, max(last_at) AS last_at FROM ops.error_counts "
    "WHERE last_at >= :since GROUP BY source, code ORDER BY count DESC, source, code"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Failures of one code at one source."""

    source: str
    code: str
    count: int
    last_at: datetime


def count_errors(connection: sa.Connection, counts: Mapping[tuple[str, str], int], at: datetime) -> None:
    """Add failures, by (source, code); codes that are no failure are left out. Raises ValueError for unknown codes."""
    for source, code in sorted(counts):
        if code not in CODES:
            raise ValueError(f"{code!r} is not in domain.errors.CODES; every failure has a code of that list")
        if CODES[code].error_class not in FINE and counts[source, code] > 0:
            row = {"source": source, "code": code, "count": counts[source, code], "at": at}
            connection.execute(_COUNT, row)


def read_errors(connection: sa.Connection, since: datetime) -> list[Counted]:
    """Failures of the hours that saw one since an instant, the most frequent first."""
    return [Counted(**row._asdict()) for row in connection.execute(_READ, {"since": since})]
