"""The collector's failures by source and code, for `ops.error_counts`.

Belongs here: which of its counters are failures, and of which code. Does not: gaps of the stream, which are counted as
they are written (`store.stream_log`), failures of steps, which their reports count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from precog_assets.pipeline.feeds import in_database
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.store.error_counts import OURS, count_errors
from precog_assets.store.spool_state import SPOOL_CODE, SpoolState

if TYPE_CHECKING:
    from precog_assets.pipeline.live.collector import Collector
    from precog_assets.services import Services


def failures_of(collector: Collector, spools: Iterable[SpoolState]) -> Counter[tuple[str, str]]:
    """Since the start: tasks that fell, connections that were not opened, commands refused, a spool that was full.

    A spool with damage counts once, and each fact in it that could not be read.
    """
    found: Counter[tuple[str, str]] = Counter()
    for code, count in collector.supervisor.failures.items():
        found[OURS, code] += count
    for code, count in collector.stream.state.codes.items():
        found[VENUE, code] += count
    for name, count in collector.intake.counts.items():
        if name.startswith("refused:"):
            found[VENUE, "stream.refused"] += count
    spoiled = sum(spool.damaged_bytes > 0 for spool in spools) + collector.writer.counts["unreadable"]
    if trouble := collector.counts["spool_full"] + spoiled:
        found[OURS, SPOOL_CODE] += trouble
    return found


def keep_failures(services: Services, new: Mapping[tuple[str, str], int]) -> None:
    """Add failures to those of the hour. Raises PrecogError(system.database)."""
    with in_database(services.engine) as connection:
        count_errors(connection, new, services.clock.now())
