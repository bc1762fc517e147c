"""What sensors do in a role that another process has: they yield, and tell Dagster what that process wrote.

Belongs here: taking the sensors' turn, and a report made of ops.steps. Does not: leases (`pipeline.roles`), events
(`events`). The tables are the product, whoever fills them; without this an asset would look old while the collector
keeps it fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.automation.memory import TickMemory
from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import Turn, sensors_turn
from precog_assets.store.error_counts import OURS, count_errors

if TYPE_CHECKING:
    from precog_assets.services import Services

GAMES = ("games live", "games ahead")
MARKETS = ("markets live", "markets told of")
BOOKS = ("order books",)
"""Steps of ops.steps, by who tells of them; those of TRADING are `pipeline.roles`'."""
STREAMED = {"markets": ("quotes", "trades"), "books": ("order_books",)}
"""Tables of schema market that a stream fills without a step of its own, by what tells of them."""
_LAST = sa.text("SELECT coalesce(max(step_id), 0) FROM ops.steps")
_STEPS = sa.text(
    """
    SELECT step_id, step, correlation_id, http_ms, elapsed_ms, rows_in, inserted, changed, unchanged, rejected,
        outcomes, rejections
    FROM ops.steps WHERE step_id > :after AND step = ANY(:steps) ORDER BY step_id
    """
)
_INSERTED = sa.text(
    "SELECT coalesce(sum(n_tup_ins), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = 'market' "
    "AND regexp_replace(relname, '_y[0-9]{4}m[0-9]{2}$', '') = ANY(:tables)"
)


@contextmanager
def counted(services: Services) -> Iterator[None]:
    """A tick that ends in a PrecogError is counted by its code, unless the database is away, and still ends in it."""
    try:
        yield
    except PrecogError as error:
        if error.code != "system.database":
            with in_database(services.engine) as connection:
                count_errors(connection, {(OURS, error.code): 1}, services.clock.now())
        raise


def turn_of(services: Services, memory: TickMemory, role: str) -> Turn:
    """The turn of this process's sensors in a role, now. Raises PrecogError(system.database)."""
    with in_database(services.engine) as connection:
        return sensors_turn(connection, role, memory.holder)


def relayed(
    services: Services, memory: TickMemory, name: str, steps: Sequence[str], turn: Turn, correlation_id: str
) -> StepReport:
    """What was written in these steps since the last call under this `name`, by anyone.

    The first call only notes how far the steps are. A stream that is connected counts as an answer: it would tell of a
    change. Raises PrecogError(system.database).
    """
    report = StepReport(name, correlation_id, services.clock.now())
    with in_database(services.engine) as connection:
        after = memory.relayed.get(name)
        rows = () if after is None else connection.execute(_STEPS, {"after": after, "steps": list(steps)}).all()
        seen = rows[-1].step_id if rows else after
        memory.relayed[name] = connection.execute(_LAST).scalar_one() if seen is None else seen
        streamed = _streamed(connection, memory, name)
    for row in rows:
        report.rows_in += row.rows_in
        report.inserted, report.changed = report.inserted + row.inserted, report.changed + row.changed
        report.unchanged += row.unchanged
        report.outcomes.update(row.outcomes)
        report.rejections.update(row.rejections)
        report.http_ms, report.elapsed_ms = report.http_ms + row.http_ms, report.elapsed_ms + row.elapsed_ms
        report.correlation_id = row.correlation_id
    if streamed > report.written:
        report.inserted = streamed - report.changed
        report.rows_in = max(report.rows_in, streamed)
    if name in STREAMED and turn.facts.get("connected"):
        report.outcomes["ok"] += 1
    return report


def _streamed(connection: sa.Connection, memory: TickMemory, name: str) -> int:
    """Rows added to the tables of a stream since the last call, by PostgreSQL's own statistics; 0 where none is told.

    Counting the rows would read the month. The statistics begin anew when the server crashed.
    """
    tables = STREAMED.get(name)
    if tables is None:
        return 0
    now = connection.execute(_INSERTED, {"tables": list(tables)}).scalar_one()
    before = memory.inserts.get(name, now)
    memory.inserts[name] = now
    return max(0, now - before)
