"""A turn of the book: the paper account opened where it is new, its orders worked on; then the exchange's turn.

Belongs here: what one turn does, and in which order. Does not: matching (`paper.py`), sending (`venue.py`), payouts
(`settle.py`), decisions.

A turn is one transaction. Whatever it loses by a crash is as it was before: orders still written are placed by the
next turn, unless their time is over, and ids made from what they name keep anything from being booked twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.equity import keep_equity
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.paper import by_status, work_orders
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import fence
from precog_assets.pipeline.venue import work_venue
from precog_assets.store import book as store
from precog_assets.store.account import open_account
from precog_assets.store.leases import Lease
from precog_assets.store.snapshots import PAPER

if TYPE_CHECKING:
    from precog_assets.services import Services


def work_book(
    services: Services, *, correlation_id: str, lease: Lease | None = None, venue_away: Callable[[], str] = str
) -> StepReport:
    """Take the paper account's turn: match, expire and place its orders, book fills, keep its equity where it changed.

    `lease` is the caller's of the role `trading`; without it the role is taken for each transaction, and the note `off`
    says why nothing was done where another has it. While `venue_away` says why the venue is down, nothing is sent
    there. `rows_in` counts open orders, `inserted` fills, `changed` orders. Raises PrecogError(system.epoch) when the
    lease is another's by now, PrecogError(system.database) when the server is away, ConfigurationError for a wrong
    `strategies.yaml`. What the exchange does not answer is a failure in the report, and keeps nothing on paper from
    being done.
    """
    report = StepReport("orders", correlation_id, services.clock.now())
    limits = load_trading_rules().limits
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, PAPER, services.clock.now)
        off = fence(connection, lease)
        if off:
            report.notes["off"] = off
            return report.finish()
        if open_account(connection, PAPER, limits.starting_cash, at):
            report.notes["opened_with"] = float(limits.starting_cash)
        worked = work_orders(connection, at)
        if keep_equity(connection, PAPER, at):
            report.notes["equity_rows"] = 1
        report.rows_in = len(worked.orders)
        report.inserted, report.changed = len(worked.fills), worked.changed
        report.unchanged = max(0, len(worked.orders) - worked.changed)
        report.notes["books_and_trades"] = worked.events
        report.notes.update({f"orders_{status}": count for status, count in by_status(worked.orders).items()})
    _exchange(services, report, lease, venue_away)
    with in_database(services.engine) as connection:
        report.finish()
        report.record(connection)
    return report


def _exchange(services: Services, report: StepReport, lease: Lease | None, venue_away: Callable[[], str]) -> None:
    """The exchange's turn, where this environment permits orders; that it does not, though asked to, is a failure."""
    try:
        turn = work_venue(services, correlation_id=report.correlation_id, lease=lease, venue_away=venue_away)
    except ConfigurationError as error:
        report.failures.append(f"no order was sent to Kalshi: {error}")
        return
    report.failures.extend(turn.failures)
    report.outcomes.update(turn.outcomes)
    report.notes.update({f"kalshi_{name}": value for name, value in turn.notes.items() if name != "off"})
    if turn.rows_in or turn.written:
        report.notes.update(kalshi_sent=turn.rows_in, kalshi_fills=turn.inserted, kalshi_changed=turn.changed)
