"""Our tables held against the exchange, which is the truth: orders and fills written as it has them.

Belongs here: reading both sides, and what becomes of a difference. Does not: finding differences
(`trading.reconcile`), when to look (`venue.py`).

An order that changed, or never arrived, is written as the venue says; a fill of an order of ours that was missing is
booked. Everything else (an order nobody here wrote, a fill of it, a position that differs with every fill in place) is
an alarm: writing it down would hide that somebody else trades, or that something was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.trading import Order, OrderStatus
from precog_assets.pipeline.equity import keep_equity
from precog_assets.pipeline.feeds import in_database
from precog_assets.store import book as store
from precog_assets.store.account import (
    OPENING,
    fills_since,
    load_account,
    open_account,
    open_orders,
    orders_named,
)
from precog_assets.trading.reconcile import Correction, CorrectionKind, Standing, reconcile

if TYPE_CHECKING:
    from precog_assets.pipeline.report import StepReport
    from precog_assets.services import Services
    from precog_assets.sources.kalshi.orders import KalshiVenue

KALSHI = "kalshi"
LOOK_BACK = timedelta(days=2)
_WRITES = frozenset({CorrectionKind.ORDER_CHANGED, CorrectionKind.ORDER_NEVER_ARRIVED})
_OPENED = sa.text("SELECT opened_at FROM book.accounts WHERE venue = :venue")
_HAS_MONEY = sa.text("SELECT EXISTS (SELECT 1 FROM book.ledger WHERE transaction_id = :id)")


def reconcile_account(services: Services, venue: KalshiVenue, report: StepReport, last: datetime | None) -> None:
    """Bring our tables to what the venue says; what that does not mend is a line of the report's failures.

    `last`: when this was done before. The account is opened, with the venue's balance, where it is new here. Raises
    PrecogError where the venue does not answer whole: then nothing was changed.
    """
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, KALSHI, services.clock.now)
        opened_at = connection.execute(_OPENED, {"venue": KALSHI}).scalar_one()
        oldest = min((one.created_at for one in open_orders(connection, KALSHI)), default=at)
    since = max(opened_at, min(oldest, at - LOOK_BACK, last or opened_at))
    listed, fills, positions, balance = venue.orders(), venue.fills(since), venue.positions(), venue.balance()
    report.notes["balance"] = float(balance)
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, KALSHI, services.clock.now)
        if balance > 0 and not connection.scalar(_HAS_MONEY, {"id": store.stored_transaction(OPENING, KALSHI)}):
            open_account(connection, KALSHI, balance, at)
        named = {one.client_id for one in listed} | {one.client_id for one in fills}
        known = {one.client_id: one for one in orders_named(connection, KALSHI, named)}
        ours = known | {one.client_id: one for one in open_orders(connection, KALSHI)}
        # What was at the venue before this account was opened here is nobody's concern.
        theirs = [one for one in listed if one.client_id in ours or one.created_at >= opened_at]
        account = load_account(connection, KALSHI)
        held = [one for one in account.ledger.positions() if one.contracts]
        found = reconcile(
            Standing(list(ours.values()), fills_since(connection, KALSHI, since), held),
            Standing(theirs, fills, positions),
            now=at,
        )
        missing = [one.fill for one in found if _is_ours(one, ours) and one.fill is not None]
        mended = [one.order for one in found if one.kind in _WRITES and one.order is not None]
        fresh = [one for one in mended if ours[one.client_id].status is not OrderStatus.RESTING]
        report.changed += store.update_orders(connection, mended, at, queued(fresh, at))
        report.inserted += store.write_fills(connection, missing, at)
        for fill in missing:
            entries = account.ledger.fill(fill, ours[fill.client_id].strategy)
            store.write_ledger(connection, entries, KALSHI, at)
        keep_equity(connection, KALSHI, at)
    alarms = [one for one in found if one.kind not in _WRITES and not _is_ours(one, ours)]
    report.failures.extend(f"{one.kind.value}: {one.key}: here {one.ours}, at Kalshi {one.venue}" for one in alarms)
    if alarms:
        report.notes["differences"] = len(alarms)


def _is_ours(one: Correction, ours: Mapping[str, Order]) -> bool:
    """Whether the correction is a fill that can be booked: of an order of ours, for a fee that is one."""
    fill = one.fill
    return one.kind is CorrectionKind.FILL_MISSING and fill is not None and fill.client_id in ours and fill.fee >= 0


def queued(orders: Sequence[Order], at: datetime) -> dict[str, datetime]:
    """Since when those that rest queue, as far as we know."""
    return {one.client_id: at for one in orders if one.status is OrderStatus.RESTING}
