"""The account's turn: opened where it is new, its orders worked on, what it is worth kept.

Belongs here: what one turn of the paper account does, and in which order; then the turn of the exchange, where orders
are permitted. Does not: matching (`paper.py`), sending (`venue.py`), payouts (`settle.py`), decisions.

A turn is one transaction. Whatever it loses by a crash is as it was before: orders still written are placed by the
next turn, unless their time is over, and ids made from what they name keep anything from being booked twice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.config import load_trading_rules
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.paper import by_status, work_orders
from precog_assets.pipeline.report import StepReport
from precog_assets.store import book as store
from precog_assets.store.account import open_account
from precog_assets.store.exposure import read_standing, worth
from precog_assets.store.known import read_known
from precog_assets.store.snapshots import PAPER

if TYPE_CHECKING:
    from precog_assets.services import Services

ZERO = Decimal(0)


def work_book(services: Services, *, correlation_id: str) -> StepReport:
    """Take the paper account's turn: match, expire and place its orders, book fills, keep its equity where it changed.

    `rows_in` counts open orders, `inserted` fills, `changed` orders. Raises PrecogError(system.database) when the
    server is away, ConfigurationError for a wrong `strategies.yaml`. What the exchange does not answer is a failure in
    the report, and keeps nothing on paper from being done.
    """
    report = StepReport("orders", correlation_id, services.clock.now())
    limits = load_trading_rules().limits
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, PAPER, services.clock.now())
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
        report.finish()
        report.record(connection)
    return report


def keep_equity(connection: sa.Connection, venue: str, now: datetime) -> bool:
    """Write what an account is worth after all that was recorded until now, where that changed; whether it did.

    The caller has the account's turn. Positions without a quote are counted at what they cost.
    """
    at = store.next_instant(connection, venue, now)
    standing = read_standing(connection, venue, at)
    quotes = read_known(connection, standing.costs, at, versions={}).quotes if standing.costs else {}
    value = worth(standing, quotes)
    values = {
        "cash": standing.cash,
        "positions_cost": value.cost,
        "positions_mid": value.mid,
        "positions_liquidation": value.liquidation,
        "resting": sum(standing.resting.values(), ZERO),
    }
    return store.write_equity(connection, venue, at, values)
