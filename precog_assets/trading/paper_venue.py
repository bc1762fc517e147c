"""The paper venue: `TradingVenue` over recorded books and trades, with an account's money. Live and in backtests.

Belongs here: which market an event is of, and whether the money is there. Does not: matching (`paper.py`), double
entry (`ledger.py`). It never looks at a clock: its time is that of the events it is given, through `now`, and it must
get them in order. Orders are decided one after the other on the balance as it is then, so two decisions that counted
on the same money get it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.trading import Book, Fill, Order, Position, Side
from precog_assets.trading import paper
from precog_assets.trading.ledger import Entries, Ledger
from precog_assets.trading.paper import FeeOf, MarketOrders, PaperTrade, PriceRanges, Step

ZERO = Decimal(0)
EMPTY = Book()


class PaperVenue:
    """An account's orders on paper. `fee_of` gives a market's fee function at an instant."""

    def __init__(
        self,
        ledger: Ledger,
        fee_of: Callable[[str, datetime], FeeOf],
        *,
        now: datetime,
        price_ranges: Mapping[str, PriceRanges] | None = None,
    ) -> None:
        self.ledger = ledger
        self.now = now
        self.entries: list[Entries] = []
        """Transactions since `take_entries` was called last."""
        self._fee_of = fee_of
        self._ranges = price_ranges or {}
        self._markets: dict[str, MarketOrders] = {}
        self._resting: dict[str, MarketOrders] = {}
        """Markets in which something rests."""
        self._books: dict[str, Book] = {}
        self._market_of: dict[str, str] = {}
        self._fills: dict[str, list[Fill]] = {}

    def place(self, order: Order) -> Order:
        """Take an order in; `rejected` with `insufficient_balance` when the money is not there."""
        state, fee = self._state(order.market_id), self._fee(order.market_id)
        ranges = self._ranges.get(order.market_id, ())
        step = paper.place(state, order, self._book(order.market_id), at=self.now, fee=fee, price_ranges=ranges)
        if order.client_id not in state.orders and self._costs(state, step) > self.balance():
            step = paper.reject(state, order, "insufficient_balance")
        self._market_of.setdefault(order.client_id, order.market_id)
        self._keep(order.market_id, step)
        return self._markets[order.market_id].orders[order.client_id]

    def place_many(self, orders: Sequence[Order]) -> list[Order]:
        return [self.place(order) for order in orders]

    def cancel(self, client_id: str) -> Order:
        market_id = self._market(client_id)
        self._keep(market_id, paper.cancel(self._state(market_id), client_id))
        return self._markets[market_id].orders[client_id]

    def amend(self, client_id: str, limit_price: Decimal, contracts: Decimal) -> Order:
        market_id = self._market(client_id)
        state = self._state(market_id)
        step = paper.amend(
            state,
            client_id,
            limit_price,
            contracts,
            self._book(market_id),
            at=self.now,
            price_ranges=self._ranges.get(market_id, ()),
        )
        refused = step.refused
        if not refused and self._costs(state, step) > self.balance():
            refused = "insufficient_balance"
        if refused:
            code = "http.not_found" if refused == "not_found" else "http.bad_request"
            raise PrecogError(code, f"Order {client_id} was not amended: {refused}.")
        self._keep(market_id, step)
        return self._markets[market_id].orders[client_id]

    def orders(self) -> list[Order]:
        return [order for state in self._markets.values() for order in state.orders.values()]

    def fills(self, since: datetime | None = None) -> list[Fill]:
        made = (fill for fills in self._fills.values() for fill in fills)
        return sorted((f for f in made if since is None or f.filled_at >= since), key=lambda f: f.filled_at)

    def positions(self) -> list[Position]:
        return [position for position in self.ledger.positions() if position.contracts]

    def balance(self) -> Decimal:
        """Cash less what resting orders tie up, makers' fees with it. An order that closes a position needs none."""
        return self.ledger.cash - sum((self._reserved(state) for state in self._resting.values()), ZERO)

    def on_book(self, market_id: str, book: Book, at: datetime) -> Step:
        """A book as it was observed at `at`."""
        self.now = max(self.now, at)
        self._books[market_id] = book
        state = self._markets.get(market_id)
        if state is None:
            return Step(self._state(market_id))
        return self._keep(market_id, paper.on_book(state, book, at=at, fee=self._fee(market_id)))

    def on_trade(self, market_id: str, trade: PaperTrade) -> Step:
        """A trade as it was recorded."""
        self.now = max(self.now, trade.at)
        state = self._markets.get(market_id)
        if state is None:
            return Step(self._state(market_id))
        return self._keep(market_id, paper.on_trade(state, trade, fee=self._fee(market_id)))

    def on_time(self, at: datetime) -> list[Order]:
        """Nothing but time passed: the orders that expired."""
        self.now = max(self.now, at)
        return [
            order
            for market_id, state in list(self._resting.items())
            for order in self._keep(market_id, paper.expire(state, self.now)).orders
        ]

    def on_close(self, market_id: str) -> Step:
        """The market closed."""
        return self._keep(market_id, paper.close(self._state(market_id)))

    def forget(self, market_id: str) -> None:
        """Drop a settled market's orders, fills and book. Raises ValueError while an order is open."""
        state = self._markets.get(market_id)
        if state is not None and state.open:
            raise ValueError(f"{market_id} has {len(state.open)} open orders; close it first")
        self._markets.pop(market_id, None)
        self._books.pop(market_id, None)
        self._fills.pop(market_id, None)
        for client_id in state.orders if state is not None else ():
            self._market_of.pop(client_id, None)

    def take_entries(self) -> list[Entries]:
        """The ledger transactions of fills since this was called last."""
        taken, self.entries = self.entries, []
        return taken

    def _keep(self, market_id: str, step: Step) -> Step:
        self._markets[market_id] = step.state
        if step.state.queued_at:
            self._resting[market_id] = step.state
        else:
            self._resting.pop(market_id, None)
        for fill in step.fills:
            self._fills.setdefault(market_id, []).append(fill)
            self.entries.append(self.ledger.fill(fill, step.state.orders[fill.client_id].strategy))
        return step

    def _state(self, market_id: str) -> MarketOrders:
        return self._markets.get(market_id) or MarketOrders(market_id)

    def _book(self, market_id: str) -> Book:
        return self._books.get(market_id, EMPTY)

    def _fee(self, market_id: str) -> FeeOf:
        return self._fee_of(market_id, self.now)

    def _market(self, client_id: str) -> str:
        market_id = self._market_of.get(client_id)
        if market_id is None:
            raise PrecogError("http.not_found", f"The paper venue has no order {client_id}.")
        return market_id

    def _costs(self, before: MarketOrders, step: Step) -> Decimal:
        """Dollars that a step would take from what may be spent."""
        needed = ZERO
        held = {side: self.ledger.holding(before.market_id, side).contracts for side in Side}
        for fill in step.fills:
            pairs = min(fill.contracts, held[fill.side.other])
            held[fill.side.other] -= pairs
            held[fill.side] += fill.contracts - pairs
            needed += fill.price * fill.contracts + fill.fee - pairs
        return needed + self._reserved(step.state, held) - self._reserved(before)

    def _reserved(self, state: MarketOrders, held: Mapping[Side, Decimal] | None = None) -> Decimal:
        if not state.queued_at:
            return ZERO
        held = held or {side: self.ledger.holding(state.market_id, side).contracts for side in Side}
        free = {side: held[side.other] for side in Side}
        fee, dollars = self._fee(state.market_id), ZERO
        for order in sorted(state.open, key=lambda order: -order.limit_price):
            closing = min(free[order.side], order.remaining)
            free[order.side] -= closing
            dollars += order.limit_price * (order.remaining - closing)
            dollars += fee(price=order.limit_price, contracts=order.remaining, maker=True)
        return dollars
