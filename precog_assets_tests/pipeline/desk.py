"""A market with recorded books and trades, and orders on paper, for tests of what becomes of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import MarketSeen, OrderBookSeen, TradeSeen
from precog_assets.domain.trading import Fill, Order, OrderStatus, Side
from precog_assets.pipeline.paper import Worked, work_orders
from precog_assets.store import book as store
from precog_assets.store import tables
from precog_assets.store.account import load_account, open_account, order_of
from precog_assets.store.markets import write_markets, write_order_books
from precog_assets.store.snapshots import PAPER
from precog_assets.store.trades import write_trades
from precog_assets.trading.settlement import Settlements
from precog_assets_tests.databases import rolled_back
from precog_assets_tests.store.rows import at, market, seen

MARKET = "kalshi:KXNFLGAME-26NOV22JACKC-KC"
CASH = Decimal(1000)
_trades = itertools.count(1)


def D(text: str | int) -> Decimal:
    return Decimal(text)


def order(client_id: str = "a", price: str = "0.55", contracts: int | str = 10, **more: Any) -> Order:
    """An order written at START: a taker of YES."""
    market_id = more.pop("market_id", MARKET)
    terms: dict[str, Any] = {
        "venue": PAPER,
        "market_id": market_id,
        "ticker": market_id.partition(":")[2],
        "side": Side.YES,
        "post_only": False,
        "created_at": at(0),
        "expires_at": None,
        "strategy": "value",
    }
    return Order(client_id=client_id, limit_price=D(price), contracts=D(contracts), **{**terms, **more})


@dataclass(slots=True)
class Desk:
    """The paper account of a database, worked on at instants of the test's choice (seconds after START)."""

    engine: sa.Engine

    def open(self, dollars: Decimal = CASH) -> None:
        with self.engine.begin() as connection:
            now = store.take_turn(connection, PAPER, lambda: at(-3600))
            open_account(connection, PAPER, dollars, now)

    def show(self, second: float, *markets: MarketSeen) -> None:
        """Markets as they were listed; one that is tradable, without a quote of its own, unless said otherwise."""
        listed = markets or (market(quote=None),)
        with self.engine.begin() as connection:
            write_markets(connection, [(one, seen(second)) for one in listed], {"KXNFLGAME": "nfl"})

    def book(
        self, second: float, yes: list[tuple[str, int]], no: list[tuple[str, int]], market_id: str = MARKET
    ) -> None:
        """A recorded book: bids of both sides, best first."""
        sides = [tuple((D(price), D(count)) for price, count in reversed(side)) for side in (yes, no)]
        with self.engine.begin() as connection:
            write_order_books(connection, [(OrderBookSeen(market_id, *sides), seen(second))])

    def trade(self, second: float, yes_price: str, contracts: int, *, read: float | None = None, **more: Any) -> None:
        """A recorded trade, read at once unless said otherwise."""
        terms: dict[str, Any] = {"taker_side": "no", "is_block": False, "market_id": MARKET, **more}
        one = TradeSeen(
            trade_id=f"t{next(_trades)}", created_time=at(second), yes_price=D(yes_price), count=D(contracts), **terms
        )
        with self.engine.begin() as connection:
            write_trades(connection, [(one, seen(second if read is None else read))])

    def write(self, *orders: Order) -> None:
        with self.engine.begin() as connection:
            store.write_orders(connection, orders)

    def work(self, second: float) -> Worked:
        with self.engine.begin() as connection:
            return work_orders(connection, store.take_turn(connection, PAPER, lambda: at(second)))

    def die_while_working(self, second: float) -> Worked:
        """Work, and lose everything before it is committed."""
        with rolled_back(self.engine) as connection:
            return work_orders(connection, store.take_turn(connection, PAPER, lambda: at(second)))

    def stop(self, second: float, *, on: bool = True) -> None:
        with self.engine.begin() as connection:
            store.set_kill_switch(connection, on=on, reason="a test", author="tests", at=at(second))

    def stands(self, client_id: str = "a") -> tuple[OrderStatus, Decimal, str]:
        """Status, contracts filled and reason of an order."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(tables.orders).where(tables.orders.c.client_id == client_id)).one()
        one = order_of(found)
        return one.status, one.filled, one.reason

    def fills(self) -> list[tuple[str, Decimal, Decimal]]:
        """Client id, price and contracts of every fill, in the order they were made."""
        table = tables.fills
        chosen = sa.select(table.c.client_id, table.c.price, table.c.contracts)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(chosen.order_by(table.c.filled_at, table.c.fill_id))]

    def account(self, venue: str = PAPER) -> Settlements:
        with self.engine.connect() as connection:
            return load_account(connection, venue)

    @property
    def cash(self) -> Decimal:
        return self.account().ledger.cash

    def sums(self) -> dict[str, Decimal]:
        """What each transaction of the ledger adds up to."""
        table = tables.ledger
        chosen = sa.select(table.c.transaction_id, sa.func.sum(table.c.amount)).group_by(table.c.transaction_id)
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(chosen)}


def fill(fill_id: str, side: Side, price: str, contracts: int | str, fee: str = "0", **more: Any) -> Fill:
    terms: dict[str, Any] = {"client_id": "a", "market_id": MARKET, "is_maker": False, "filled_at": at(1), **more}
    return Fill(fill_id=fill_id, side=side, price=D(price), contracts=D(contracts), fee=D(fee), **terms)


def instant(second: float) -> datetime:
    return at(second)
