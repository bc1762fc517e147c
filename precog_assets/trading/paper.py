"""Paper matching: what a recorded book and recorded trades would have done to our orders. Pure; live and in backtests.

Belongs here: one market's orders, and how they rest, fill, expire and end. Does not: money (`ledger.py`), and which
venue keeps several markets (`paper_venue.py`). `MarketOrders` is the whole state of a market and never changes: each
function gives back a `Step` with the state after it, the orders it touched and the fills it made.

A taker walks every level at its limit or better and cancels the rest at once. A maker is last in the queue of its
price: it is filled at its own price when a trade goes through it (strictly better than its price), or when a later
book offers at its price or better, which leaves nobody before it. What we took stays taken as long as its level
stands in the recorded book, which knows nothing of us. A book whose bids of both sides add up to more than a dollar
is a recording that went wrong, and fills nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from precog_assets.domain.trading import Book, Fill, Level, Order, OrderStatus, Side

ZERO, ONE = Decimal(0), Decimal(1)
CONTRACT_STEP = Decimal("0.01")
Taken = Mapping[tuple[Side, Decimal], Decimal]
"""Contracts that we took, by the side and price they were bought at."""
PriceRanges = tuple[tuple[Decimal, Decimal, Decimal], ...]


class FeeOf(Protocol):
    """Dollars that one fill is charged, in all; `price` is that of the side bought."""

    def __call__(self, *, price: Decimal, contracts: Decimal, maker: bool) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class PaperTrade:
    """A trade others made, as it was recorded."""

    yes_price: Decimal
    contracts: Decimal
    at: datetime

    def price_of(self, side: Side) -> Decimal:
        return self.yes_price if side is Side.YES else ONE - self.yes_price


@dataclass(frozen=True, slots=True)
class MarketOrders:
    """The paper orders of one market, and what of the recorded book is no longer there for us."""

    market_id: str
    orders: Mapping[str, Order] = field(default_factory=dict)
    """By client id, the done ones too: an id is used once."""
    queued_at: Mapping[str, datetime] = field(default_factory=dict)
    """Of open orders, since when they stand in the queue; what happened until then does not fill them."""
    taken: Taken = field(default_factory=dict)

    @property
    def open(self) -> tuple[Order, ...]:
        return tuple(self.orders[client_id] for client_id in self.queued_at)


@dataclass(frozen=True, slots=True)
class Step:
    """What one event did to a market's orders."""

    state: MarketOrders
    orders: tuple[Order, ...] = ()
    """Those that changed, as they are now."""
    fills: tuple[Fill, ...] = ()
    refused: str = ""
    """Why what was asked for was not done; the state is then as it was."""


def place(
    state: MarketOrders, order: Order, book: Book, *, at: datetime, fee: FeeOf, price_ranges: PriceRanges = ()
) -> Step:
    """Take a written order in. Given twice it is one order: the second time nothing happens.

    `price_ranges` are the market's (start, end, step) in YES prices; a price off them is refused as the venue does.
    Raises ValueError for an order of another market, and for a fee that is below zero.
    """
    if order.market_id != state.market_id:
        raise ValueError(f"order {order.client_id} is of {order.market_id}, not of {state.market_id}")
    known = state.orders.get(order.client_id)
    if known is not None:
        return Step(state, (known,))
    reason = _impossible(order, at, price_ranges)
    if not reason and order.post_only and _crosses(order, book):
        reason = "post_only_cross"
    if reason:
        return reject(state, order, reason)
    if order.post_only:
        resting = replace(order, status=OrderStatus.RESTING)
        return Step(replace(_with(state, resting), queued_at={**state.queued_at, order.client_id: at}), (resting,))
    return _take(state, order, book, at, fee)


def reject(state: MarketOrders, order: Order, reason: str) -> Step:
    """Refuse a new order; its id is used up."""
    refused = replace(order, status=OrderStatus.REJECTED, reason=reason)
    return Step(_with(state, refused), (refused,))


def on_book(state: MarketOrders, book: Book, *, at: datetime, fee: FeeOf) -> Step:
    """A book observed at `at`: orders whose time is over expire, makers that it reaches are filled."""
    if not state.queued_at:
        return Step(state if not state.taken else replace(state, taken=_carried(state.taken, book)))
    expired = expire(state, at)
    taken = _carried(expired.state.taken, book)
    state, orders, fills = replace(expired.state, taken=taken), list(expired.orders), list[Fill]()
    for order in _by_priority(state):
        if at <= state.queued_at[order.client_id] or is_crossed(book):
            continue
        made: list[Fill] = []
        for level in offered(book, order.side, order.limit_price, state.taken):
            order, fill = _filled(order, order.limit_price, min(level.contracts, order.remaining), True, at, fee)
            state = _took(state, order.side, level.price, fill.contracts)
            made.append(fill)
            if not order.remaining:
                break
        if made:
            state = _with(state, order)
            orders.append(order)
            fills += made
    return Step(state, tuple(orders), tuple(fills))


def on_trade(state: MarketOrders, trade: PaperTrade, *, fee: FeeOf) -> Step:
    """A recorded trade: makers whose price it went through share its contracts, the best price first."""
    if not state.queued_at:
        return Step(state)
    expired = expire(state, trade.at)
    state, orders, fills = expired.state, list(expired.orders), list[Fill]()
    left = {Side.YES: trade.contracts, Side.NO: trade.contracts}
    for order in _by_priority(state):
        through = trade.price_of(order.side) < order.limit_price and trade.at > state.queued_at[order.client_id]
        contracts = min(left[order.side], order.remaining)
        if not through or contracts <= 0 or not ZERO < trade.yes_price < ONE:
            continue
        order, fill = _filled(order, order.limit_price, contracts, True, trade.at, fee)
        left[order.side] -= contracts
        state = _with(state, order)
        orders.append(order)
        fills.append(fill)
    return Step(state, tuple(orders), tuple(fills))


def expire(state: MarketOrders, at: datetime) -> Step:
    """End the orders whose `expires_at` has come."""
    due = [order for order in state.open if order.expires_at is not None and order.expires_at <= at]
    return _ended(state, due, OrderStatus.EXPIRED, "its time was over")


def cancel(state: MarketOrders, client_id: str, reason: str = "asked") -> Step:
    """Take back what remains of an order; one that is done already is left as it is."""
    order = state.orders.get(client_id)
    if order is None:
        return Step(state, refused="not_found")
    if client_id not in state.queued_at:
        return Step(state, (order,))
    return _ended(state, [order], OrderStatus.CANCELED, reason)


def close(state: MarketOrders) -> Step:
    """The market closed: nothing rests any more."""
    return _ended(state, list(state.open), OrderStatus.CANCELED, "market_closed")


def amend(
    state: MarketOrders,
    client_id: str,
    limit_price: Decimal,
    contracts: Decimal,
    book: Book,
    *,
    at: datetime,
    price_ranges: PriceRanges = (),
) -> Step:
    """Another price and count, those filled included, for a resting order.

    As at Kalshi only fewer contracts at the same price keep their place; anything else queues anew from `at`.
    """
    order = state.orders.get(client_id)
    if order is None or client_id not in state.queued_at:
        return Step(state, refused="not_found")
    wanted = replace(order, limit_price=limit_price, contracts=contracts)
    reason = _impossible(wanted, at, price_ranges)
    if not reason and wanted.remaining <= 0:
        reason = "count_must_exceed_what_is_filled"
    if not reason and _crosses(wanted, book):
        reason = "post_only_cross"
    if reason:
        return Step(state, (order,), refused=reason)
    state = _with(state, wanted)
    if limit_price != order.limit_price or contracts > order.contracts:
        state = replace(state, queued_at={**state.queued_at, client_id: at})
    return Step(state, (wanted,))


def is_crossed(book: Book) -> bool:
    """Whether both sides together are bid more than a dollar, which no exchange lets stand."""
    return bool(book.yes_bids and book.no_bids) and book.yes_bids[0].price + book.no_bids[0].price > ONE


def offered(book: Book, side: Side, limit_price: Decimal, taken: Taken | None = None) -> Iterator[Level]:
    """What can be bought of a side at the limit or better, best first, less what was taken; prices inside (0, 1)."""
    for level in book.asks(side):
        if level.price > limit_price:
            return
        left = level.contracts - (taken.get((side, level.price), ZERO) if taken else ZERO)
        if ZERO < level.price < ONE and left > 0:
            yield Level(level.price, left)


def _take(state: MarketOrders, order: Order, book: Book, at: datetime, fee: FeeOf) -> Step:
    state = replace(state, taken=_carried(state.taken, book))
    fills: list[Fill] = []
    if not is_crossed(book):
        for level in offered(book, order.side, order.limit_price, state.taken):
            contracts = min(level.contracts, order.remaining)
            order, fill = _filled(order, level.price, contracts, False, at, fee)
            state = _took(state, order.side, level.price, contracts)
            fills.append(fill)
            if not order.remaining:
                break
    if order.remaining:
        why = "crossed_book" if is_crossed(book) else "not_enough_offered"
        order = replace(order, status=OrderStatus.CANCELED, reason=why)
    return Step(_with(state, order), (order,), tuple(fills))


def _filled(
    order: Order, price: Decimal, contracts: Decimal, maker: bool, at: datetime, fee: FeeOf
) -> tuple[Order, Fill]:
    charged = fee(price=price, contracts=contracts, maker=maker)
    if charged < 0:
        raise ValueError(f"fee of {contracts} contracts at {price} is {charged}; a fee is not below 0")
    # A count filled so far is met once in an order's life, so the id is the same however often this is run.
    fill_id = f"{order.client_id}:{order.filled}"
    fill = Fill(fill_id, order.client_id, order.market_id, order.side, price, contracts, charged, maker, at)
    filled = order.filled + contracts
    status = OrderStatus.FILLED if filled == order.contracts else order.status
    return replace(order, filled=filled, status=status), fill


def _ended(state: MarketOrders, orders: list[Order], status: OrderStatus, reason: str) -> Step:
    done = tuple(replace(order, status=status, reason=reason) for order in orders)
    for order in done:
        state = _with(state, order)
    return Step(state, done)


def _with(state: MarketOrders, order: Order) -> MarketOrders:
    state = replace(state, orders={**state.orders, order.client_id: order})
    if order.status.is_open or order.client_id not in state.queued_at:
        return state
    return replace(state, queued_at={name: at for name, at in state.queued_at.items() if name != order.client_id})


def _took(state: MarketOrders, side: Side, price: Decimal, contracts: Decimal) -> MarketOrders:
    return replace(state, taken={**state.taken, (side, price): state.taken.get((side, price), ZERO) + contracts})


def _carried(taken: Taken, book: Book) -> Taken:
    """What was taken and still stands in a book; a level that went away comes back untouched."""
    if not taken:
        return taken
    standing = {(side, level.price): level.contracts for side in Side for level in book.asks(side)}
    return {key: min(contracts, standing[key]) for key, contracts in taken.items() if key in standing}


def _by_priority(state: MarketOrders) -> list[Order]:
    """Our open orders: of each side the best price first, then the older."""
    return sorted(state.open, key=lambda order: (-order.limit_price, state.queued_at[order.client_id]))


def _crosses(order: Order, book: Book) -> bool:
    return any(level.price <= order.limit_price for level in book.asks(order.side)[:1])


def _impossible(order: Order, at: datetime, price_ranges: PriceRanges) -> str:
    """Why no venue would take the order, whatever the book says; empty when it would."""
    price = order.limit_price
    yes_price = price if order.side is Side.YES else ONE - price
    if not price.is_finite() or not ZERO < price < ONE or not _on_grid(yes_price, price_ranges):
        return "invalid_price"
    if not order.contracts.is_finite() or order.contracts <= 0 or order.contracts % CONTRACT_STEP:
        return "invalid_count"
    if order.expires_at is not None and order.expires_at <= at:
        return "expires_in_the_past"
    return ""


def _on_grid(yes_price: Decimal, price_ranges: PriceRanges) -> bool:
    fitting = [step for start, end, step in price_ranges if start <= yes_price <= end]
    return not price_ranges or any(not yes_price % step for step in fitting)
