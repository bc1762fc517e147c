"""The paper account opened from the store and written back: orders placed, matched against what was recorded since.

Belongs here: which stored books and trades the paper venue is given, and keeping what came of it. Does not: matching
(`trading.paper`), whose turn it is and when (`book.py`), settlement (`settle.py`).

A maker's time is over when something later was seen of its market, or LAG after its end, since trades are read late:
one that went through our price in time is one of the fills that hurt. Blocks are traded off the book and fill nobody.
While the kill switch is on, nothing is placed and what rests is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_fees
from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.trading import Book, Fill, Level, Order, OrderStatus
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.fees import UnknownFeeError, fee
from precog_assets.store import book as store
from precog_assets.store.account import load_account, open_orders, queued_since, read_taken, write_taken
from precog_assets.store.fees import read_fee_facts
from precog_assets.store.known import Known, read_known
from precog_assets.store.snapshots import PAPER
from precog_assets.trading import paper
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.paper import FeeOf, MarketOrders, PaperTrade, Step, Taken
from precog_assets.trading.paper_venue import PaperVenue

LAG = timedelta(seconds=90)
NOT_SENT = "its time was over before it was sent"
NO_MARKET = "market_not_known"
UNKNOWN_FEE = "unknown_fee"
KILL_SWITCH = "kill_switch"
_EVENTS = sa.text(
    """
    WITH wanted AS (
        SELECT m.market_id, m.market_key, w.since
        FROM unnest(CAST(:market_ids AS text[]), CAST(:since AS timestamptz[])) AS w (market_id, since)
        JOIN market.markets m USING (market_id)
    )
    SELECT w.market_id, b.observed_at AS at, 'book' AS kind, CAST(b.yes_levels AS text) AS yes_levels,
           CAST(b.no_levels AS text) AS no_levels, CAST(NULL AS numeric) AS yes_price,
           CAST(NULL AS numeric) AS contracts, '' AS trade_id
    FROM wanted w JOIN market.order_books b USING (market_key)
    WHERE b.observed_at > w.since AND b.observed_at <= :at AND b.origin = 'live'
    UNION ALL
    SELECT w.market_id, q.observed_at, 'quote', CAST(jsonb_build_array(q.yes_bid, q.yes_bid_size) AS text),
           CAST(jsonb_build_array(1 - q.yes_ask, q.yes_ask_size) AS text), NULL, NULL, ''
    FROM wanted w JOIN market.quotes q USING (market_key)
    WHERE q.observed_at > w.since AND q.observed_at <= :at AND q.origin = 'live' AND NOT EXISTS (
        SELECT 1 FROM market.order_books b
        WHERE b.market_key = w.market_key AND b.observed_at <= :at AND b.confirmed_at > w.since)
    UNION ALL
    SELECT w.market_id, t.traded_at, 'trade', NULL, NULL, t.yes_price, t.count AS contracts, t.trade_id
    FROM wanted w JOIN market.trades t USING (market_id)
    WHERE t.observed_at > w.since AND t.observed_at <= :at AND NOT t.is_block
      AND t.traded_at > w.since - interval '6 hours'
    ORDER BY at, market_id, kind, trade_id
    """
)


class StoredPaperVenue(PaperVenue):
    """The paper venue, taking up where an earlier process left a market.

    What resting orders tie up is reckoned anew for the markets that changed, not for all at every order.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._tied_up: dict[str, Decimal] = {}
        self._in_all = Decimal(0)
        self._stale: set[str] = set()

    def balance(self) -> Decimal:
        for market_id in self._stale:
            now = self._reserved(self._state(market_id))
            self._in_all += now - self._tied_up.get(market_id, Decimal(0))
            self._tied_up[market_id] = now
        self._stale.clear()
        return self.ledger.cash - self._in_all

    def _keep(self, market_id: str, step: Step) -> Step:
        self._stale.add(market_id)
        return super()._keep(market_id, step)

    def restore(self, state: MarketOrders, book: Book) -> None:
        """Take a market's orders as they stand, and the book that they meet."""
        self._keep(state.market_id, Step(state))
        self._books[state.market_id] = book
        self._market_of.update(dict.fromkeys(state.orders, state.market_id))

    def show(self, market_id: str, book: Book) -> None:
        """The book that the next order of a market meets, without matching what rests."""
        self._books[market_id] = book

    def take_back(self, order: Order, reason: str) -> None:
        """Cancel what remains of an order, and say why."""
        self._keep(order.market_id, paper.cancel(self._state(order.market_id), order.client_id, reason))

    def state(self, market_id: str) -> MarketOrders:
        """The market's orders as they stand now."""
        return self._state(market_id)


@dataclass(slots=True)
class Worked:
    """What working on the account's orders came to."""

    orders: dict[str, Order] = field(default_factory=dict)
    """Every order that was open, as it stands now."""
    fills: list[Fill] = field(default_factory=list)
    changed: int = 0
    events: int = 0


def work_orders(connection: sa.Connection, at: datetime, *, venue: str = PAPER) -> Worked:
    """Match what rests against everything observed until `at`, end what is over, and place what is written.

    The caller has the account's turn, and `at` is its instant. Idempotent: what a crash left half done is taken up.
    """
    listed = open_orders(connection, venue)
    if not listed:
        return Worked()
    known = read_known(connection, {order.market_id for order in listed}, at, versions={})
    desk = _Desk.open(connection, listed, known, at, venue)
    desk.catch_up(connection, at)
    desk.end_what_is_over(at)
    for order in listed:
        if order.status is OrderStatus.WRITTEN:
            desk.place(order, at)
    return desk.close(connection, at)


@dataclass(slots=True)
class _Desk:
    """The account while it is worked on."""

    venue: StoredPaperVenue
    known: Known
    name: str
    before: dict[str, Order]
    refused: dict[str, Order] = field(default_factory=dict)
    events: int = 0
    _seen: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def open(cls, connection: sa.Connection, listed: Sequence[Order], known: Known, at: datetime, name: str) -> _Desk:
        resting: dict[str, dict[str, Order]] = {}
        for order in listed:
            orders = resting.setdefault(order.market_id, {})
            if order.status is OrderStatus.RESTING:
                orders[order.client_id] = order
        ledger = load_account(connection, name, {order.market_id for order in listed}).ledger
        fees = FeeBook.of(load_fees(), read_fee_facts(connection, as_of=at))
        desk = cls(_venue(ledger, known, fees, at), known, name, {one.client_id: one for one in listed})
        taken = read_taken(connection, resting)
        queued = queued_since(connection, [one for orders in resting.values() for one in orders])
        for market_id, orders in resting.items():
            reason = desk.why_no_fee(market_id, fees, at) if orders else ""
            if reason:
                ended = (replace(one, status=OrderStatus.CANCELED, reason=reason) for one in orders.values())
                desk.refused.update({one.client_id: one for one in ended})
                continue
            levels, seen = taken.get(market_id, ({}, at))
            state = MarketOrders(market_id, orders, {one: queued[one] for one in orders}, levels)
            desk.venue.restore(state, Book())
            desk._seen[market_id] = seen
        return desk

    def why_no_fee(self, market_id: str, fees: FeeBook, at: datetime) -> str:
        """Why nobody can say what a fill of the market would cost; empty where it can be said."""
        market = self.known.markets.get(market_id)
        if market is None:
            return NO_MARKET
        try:
            fees.schedule_at(market.venue, market.series_ticker, market.event_ticker, at, as_of=at)
        except UnknownFeeError:
            return UNKNOWN_FEE
        return ""

    def catch_up(self, connection: sa.Connection, at: datetime) -> None:
        """Give the venue every book and trade of its markets since it saw the last."""
        given = {"market_ids": list(self._seen), "since": list(self._seen.values()), "at": at}
        for row in connection.execute(_EVENTS, given):
            self.events += 1
            if row.kind == "trade":
                self.venue.on_trade(row.market_id, PaperTrade(row.yes_price, row.contracts, row.at))
            else:
                self.venue.on_book(row.market_id, _book(row), row.at)
        for market_id in self._seen:
            quote = self.known.quotes.get(market_id)
            if quote is not None:
                self.venue.show(market_id, quote.book)

    def end_what_is_over(self, at: datetime) -> None:
        self.venue.on_time(at - LAG)
        for market_id in self._seen:
            market = self.known.markets.get(market_id)
            if market is not None and market.status != MarketStatus.ACTIVE.value:
                self.venue.on_close(market_id)
        self.venue.now = max(self.venue.now, at)
        if self.known.kill_switch:
            for order in self.venue.orders():
                self.venue.take_back(order, KILL_SWITCH)

    def place(self, order: Order, at: datetime) -> None:
        """Place an order that was written, now or before a crash, unless its time is over."""
        market = self.known.markets.get(order.market_id)
        reason = NO_MARKET if market is None else ""
        if market is not None and market.status != MarketStatus.ACTIVE.value:
            reason = "market_closed"
        if self.known.kill_switch:
            reason = KILL_SWITCH
        if reason:
            self.refused[order.client_id] = replace(order, status=OrderStatus.REJECTED, reason=reason)
            return
        if order.expires_at is not None and order.expires_at <= at:
            self.refused[order.client_id] = replace(order, status=OrderStatus.EXPIRED, reason=NOT_SENT)
            return
        try:
            self.venue.place(order)
        except UnknownFeeError:
            self.refused[order.client_id] = replace(order, status=OrderStatus.REJECTED, reason=UNKNOWN_FEE)

    def close(self, connection: sa.Connection, at: datetime) -> Worked:
        """Write everything that changed, in the caller's transaction."""
        orders = {one.client_id: one for one in self.venue.orders() if one.client_id in self.before} | self.refused
        states = {market_id: self.venue.state(market_id) for market_id in self._seen}
        placed = {client_id: since for state in states.values() for client_id, since in state.queued_at.items()}
        fills = self.venue.fills()
        moved = [one for client_id, one in orders.items() if one != self.before[client_id]]
        changed = store.update_orders(connection, moved, at, placed)
        store.write_fills(connection, fills, at)
        entries = [entry for legs in self.venue.take_entries() for entry in legs]
        store.write_ledger(connection, entries, self.name, at)
        taken: dict[str, Taken] = {market_id: state.taken for market_id, state in states.items()}
        write_taken(connection, taken, at)
        return Worked(orders, fills, changed, self.events)


def _venue(ledger: Ledger, known: Known, fees: FeeBook, at: datetime) -> StoredPaperVenue:
    ranges = {market_id: market.price_ranges for market_id, market in known.markets.items()}

    @lru_cache(maxsize=4096)
    def fee_of(market_id: str, when: datetime) -> FeeOf:
        market = known.markets[market_id]
        schedule = fees.schedule_at(market.venue, market.series_ticker, market.event_ticker, when, as_of=at)
        return partial(fee, schedule)

    # The clock of a venue that catches up begins before what it is given.
    return StoredPaperVenue(ledger, fee_of, now=datetime.min.replace(tzinfo=at.tzinfo), price_ranges=ranges)


def _book(row: Any) -> Book:
    yes, no = orjson.loads(row.yes_levels), orjson.loads(row.no_levels)
    if row.kind == "quote":
        return Book(_levels([yes]), _levels([no]))
    return Book(_levels(reversed(yes)), _levels(reversed(no)))


def _levels(listed: Iterable[Sequence[Any]]) -> tuple[Level, ...]:
    levels = [
        Level(Decimal(str(price)), Decimal(str(contracts or 0))) for price, contracts in listed if price is not None
    ]
    return tuple(level for level in levels if 0 < level.price < 1)


def by_status(orders: Mapping[str, Order]) -> dict[str, int]:
    """How many orders stand where, for reports."""
    counts: dict[str, int] = {}
    for order in orders.values():
        counts[order.status.value] = counts.get(order.status.value, 0) + 1
    return counts
