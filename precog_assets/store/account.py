"""An account made again from what is stored: its ledger with settlements, its orders, what paper orders took.

Belongs here: rows of schema `book` as the types that the book goes on from, and keeping what paper took of the
recorded books. Does not: the account as it was at an instant (`exposure.py`), double entry itself (`trading.ledger`).

A ledger is a fold over fills and payouts, so they are given again in the order in which they were booked. Of some
markets alone the fold is short, and the cash is made up to what the account has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.domain.trading import Fill, Order, OrderStatus, Side
from precog_assets.store import tables
from precog_assets.store.book import own_transaction, write_ledger
from precog_assets.trading.ledger import Ledger, position_account
from precog_assets.trading.paper import Taken
from precog_assets.trading.settlement import Settlements, VenueResult

OPENING = "deposit:opening"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TRANSACTIONS = sa.text(
    """
    SELECT transaction_id, min(at) AS at, max(strategy) AS strategy,
           coalesce(sum(amount) FILTER (WHERE account = 'cash'), 0) AS cash,
           bool_or(account IN ('deposits', 'withdrawals')) AS is_transfer
    FROM book.ledger
    WHERE venue = :venue AND (CAST(:accounts AS text[]) IS NULL OR transaction_id IN (
        SELECT transaction_id FROM book.ledger WHERE account = ANY(:accounts)))
    GROUP BY transaction_id ORDER BY min(number)
    """
)
_CASH = sa.text("SELECT coalesce(sum(amount), 0) FROM book.ledger WHERE venue = :venue AND account = 'cash'")
_FILLS = sa.text(
    """
    SELECT f.*, o.strategy FROM book.fills f JOIN book.orders o USING (client_id)
    WHERE o.venue = :venue AND (CAST(:market_ids AS text[]) IS NULL OR f.market_id = ANY(:market_ids))
    """
)
_SETTLEMENTS = sa.text(
    """
    SELECT market_id, amends, result, venue_value, settled_at FROM book.settlements
    WHERE CAST(:market_ids AS text[]) IS NULL OR market_id = ANY(:market_ids) ORDER BY market_id, amends
    """
)
_PAYOUT = re.compile(r"settlement:(?P<market>.+):(?P<amends>\d+)(:late\d+)?")


def open_account(connection: sa.Connection, venue: str, dollars: Decimal, at: datetime) -> int:
    """Book the account's first deposit, once whatever is asked later; how many legs were new.

    Raises ValueError for dollars that are not above zero.
    """
    return write_ledger(connection, Ledger().deposit(OPENING, dollars, at=at), venue, at)


def load_account(connection: sa.Connection, venue: str, market_ids: Iterable[str] | None = None) -> Settlements:
    """The account's ledger and settlements; with `market_ids`, positions of these alone, and all of the cash.

    Raises ValueError for a transaction whose fill or settlement is not stored.
    """
    chosen = None if market_ids is None else sorted(set(market_ids))
    given = {"venue": venue, "market_ids": chosen}
    accounts = None if chosen is None else [position_account(one, side) for one in chosen for side in Side]
    fills = {row.fill_id: (_fill(row), row.strategy) for row in connection.execute(_FILLS, given)}
    results = {(row.market_id, row.amends): _result(row) for row in connection.execute(_SETTLEMENTS, given)}
    transactions = connection.execute(_TRANSACTIONS, {"venue": venue, "accounts": accounts}).all()
    named = [own_transaction(row.transaction_id, venue) for row in transactions]
    settlements = Settlements(Ledger())
    paid = {key for name in named if (key := _payout_of(name)) is not None}
    for key, result in results.items():
        if key not in paid:
            settlements.settle(result)
    for name, row in zip(named, transactions, strict=True):
        _book_again(settlements, name, row, fills, results)
    if chosen is None:
        return settlements
    cash = connection.execute(_CASH, {"venue": venue}).scalar_one()
    # What is overdrawn cannot be made up by deposits and withdrawals; then the whole account is read.
    return _made_up(settlements, cash) if cash >= 0 else load_account(connection, venue)


def _book_again(
    settlements: Settlements,
    transaction_id: str,
    row: Any,
    fills: Mapping[str, tuple[Fill, str]],
    results: Mapping[tuple[str, int], VenueResult],
) -> None:
    """One stored transaction, given to the ledger again. A reversal comes by itself with the payout after it."""
    kind, _, name = transaction_id.partition(":")
    payout = _payout_of(transaction_id)
    if row.is_transfer:
        transfer = settlements.ledger.deposit if row.cash > 0 else settlements.ledger.withdraw
        transfer(transaction_id, abs(row.cash), at=row.at, strategy=row.strategy)
    elif kind == "fill" and name in fills:
        settlements.ledger.fill(*fills[name])
    elif payout is not None and payout in results:
        settlements.settle(results[payout])
    elif not transaction_id.endswith(":reversed"):
        raise ValueError(f"transaction {transaction_id}: the fill or settlement that it books is not stored")


def _made_up(settlements: Settlements, cash: Decimal) -> Settlements:
    """With the cash that the account has: what the markets left out brought and cost."""
    missing = cash - settlements.ledger.cash
    if missing > 0:
        settlements.ledger.deposit("other markets", missing, at=_LONG_AGO)
    elif missing < 0:
        settlements.ledger.withdraw("other markets", -missing, at=_LONG_AGO)
    return settlements


def _payout_of(transaction_id: str) -> tuple[str, int] | None:
    found = _PAYOUT.fullmatch(transaction_id)
    return None if found is None else (found["market"], int(found["amends"]))


def open_orders(connection: sa.Connection, venue: str, *, of_markets: Iterable[str] | None = None) -> list[Order]:
    """Orders that are written or rest, oldest first."""
    table = tables.orders
    statement = sa.select(table).where(
        table.c.venue == venue, table.c.status.in_([one.value for one in OrderStatus if one.is_open])
    )
    if of_markets is not None:
        statement = statement.where(table.c.market_id.in_(sorted(set(of_markets))))
    rows = connection.execute(statement.order_by(table.c.created_at, table.c.client_id))
    return [order_of(row) for row in rows]


def orders_named(connection: sa.Connection, venue: str, client_ids: Iterable[str]) -> list[Order]:
    """The account's orders with these client ids, open or done; unknown ids are not there."""
    table = tables.orders
    chosen = sa.select(table).where(table.c.venue == venue, table.c.client_id.in_(sorted(set(client_ids))))
    return [order_of(row) for row in connection.execute(chosen)]


def fills_since(connection: sa.Connection, venue: str, since: datetime) -> list[Fill]:
    """The account's fills from an instant of the venue's clock on."""
    given = {"venue": venue, "market_ids": None}
    return [_fill(row) for row in connection.execute(_FILLS, given) if row.filled_at >= since]


def queued_since(connection: sa.Connection, client_ids: Iterable[str]) -> dict[str, datetime]:
    """Since when each of these orders rests at its venue."""
    table = tables.orders
    statement = sa.select(table.c.client_id, table.c.placed_at).where(
        table.c.client_id.in_(sorted(set(client_ids))), table.c.placed_at.is_not(None)
    )
    return {row.client_id: row.placed_at for row in connection.execute(statement)}


def read_taken(connection: sa.Connection, market_ids: Iterable[str]) -> dict[str, tuple[Taken, datetime]]:
    """By market: what paper orders took of the recorded book, and until when books and trades were matched."""
    table = tables.paper_markets
    rows = connection.execute(sa.select(table).where(table.c.market_id.in_(sorted(set(market_ids)))))
    return {
        row.market_id: (
            {(Side(side), Decimal(price)): Decimal(contracts) for side, price, contracts in row.taken},
            row.seen_until,
        )
        for row in rows
    }


def write_taken(connection: sa.Connection, taken: Mapping[str, Taken], seen_until: datetime) -> None:
    """Keep what was taken of each market, matched until `seen_until`."""
    rows = [
        {
            "market_id": market_id,
            "taken": [[side.value, str(price), str(count)] for (side, price), count in levels.items()],
            "seen_until": seen_until,
        }
        for market_id, levels in taken.items()
    ]
    if rows:
        statement = insert(tables.paper_markets)
        kept = {name: statement.excluded[name] for name in ("taken", "seen_until")}
        connection.execute(statement.on_conflict_do_update(index_elements=["market_id"], set_=kept), rows)


def order_of(row: Any) -> Order:
    """A row of book.orders as the order it is."""
    return Order(
        client_id=row.client_id,
        venue=row.venue,
        market_id=row.market_id,
        ticker=row.ticker,
        side=Side(row.side),
        limit_price=row.limit_price,
        contracts=row.contracts,
        post_only=row.post_only,
        created_at=row.created_at,
        expires_at=row.expires_at,
        strategy=row.strategy,
        decision_id=row.decision_id,
        status=OrderStatus(row.status),
        filled=row.filled,
        venue_order_id=row.venue_order_id,
        reason=row.reason,
    )


def _fill(row: Any) -> Fill:
    return Fill(
        fill_id=row.fill_id,
        client_id=row.client_id,
        market_id=row.market_id,
        side=Side(row.side),
        price=row.price,
        contracts=row.contracts,
        fee=row.fee,
        is_maker=row.is_maker,
        filled_at=row.filled_at,
    )


def _result(row: Any) -> VenueResult:
    return VenueResult(row.market_id, row.result, row.venue_value, row.settled_at)
