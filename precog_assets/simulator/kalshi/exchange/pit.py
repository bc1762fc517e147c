"""Where the orders of one market meet: what accounts rest there, took from makers and traded, as plain state.

Makers' levels come from outside as a book; `takeable` and `laid_over` put both together.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.exchange.events import TickerMoved, TradeMade
from precog_assets.simulator.kalshi.exchange.model import BookSide, Order, Outcome
from precog_assets.simulator.kalshi.exchange.units import DOLLAR
from precog_assets.simulator.kalshi.exchange.view import EMPTY_BOOK, Book, Level
from precog_assets.simulator.kalshi.listing import Event, Listed

SIDE_OF: dict[BookSide, Outcome] = {"bid": "yes", "ask": "no"}
OPPOSITE: dict[BookSide, BookSide] = {"bid": "ask", "ask": "bid"}


@dataclass(slots=True, eq=False)
class Pit:
    """One market's trading; times as everywhere, `price` always of YES."""

    event: Event
    market: Listed
    now_us: int
    """Up to which everything here has happened."""
    status: MarketStatus | None
    trading: bool
    segment_us: int = 0
    """Begin of the makers' segment `taken` belongs to."""
    base: Book = EMPTY_BOOK
    """The world's own book at `now_us`."""
    taken: dict[tuple[BookSide, int], int] = field(default_factory=dict)
    """Contracts accounts took from makers' bids and asks in the segment."""
    bids: list[Order] = field(default_factory=list)
    asks: list[Order] = field(default_factory=list)
    """Resting orders, those to be filled first first."""
    holders: set[tuple[str, int]] = field(default_factory=set)
    """Accounts and subaccounts with a position."""
    trades: list[TradeMade] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    """Volume that accounts added, summed up to each trade."""
    diverted: dict[tuple[int, int], int] = field(default_factory=dict)
    used: bool = False
    """Whether an account ever traded or rested an order here."""
    watchers: int = 0
    shown: Book = EMPTY_BOOK
    clock: int = 0
    told: TickerMoved | None = None
    planned: int = 0
    """Number of the newest plan for its next change; older ones are void."""

    @property
    def ticker(self) -> str:
        return self.market.ticker

    def resting(self, side: BookSide) -> list[Order]:
        return self.bids if side == "bid" else self.asks

    @property
    def alive(self) -> bool:
        """Whether something can happen here between commands beyond the market's own end."""
        return bool(self.watchers or self.bids or self.asks)

    def rest(self, order: Order) -> None:
        """Put an order behind everything at its price."""
        order.ahead = self.makers_at(order.side, order.price)
        if order.side == "bid":
            insort(self.bids, order, key=lambda o: (-o.price, o.sequence))
        else:
            insort(self.asks, order, key=lambda o: (o.price, o.sequence))
        self.used = True

    def unrest(self, order: Order) -> None:
        self.resting(order.side).remove(order)

    def makers(self, side: BookSide) -> Iterator[Level]:
        """Makers' bids or asks less what accounts took, best first, by YES price."""
        for price, size in reversed(self.base.yes if side == "bid" else self.base.no):
            own = price if side == "bid" else DOLLAR - price
            left = size - self.taken.get((side, own), 0)
            if left > 0:
                yield own, left

    def makers_at(self, side: BookSide, price: int) -> int:
        return next((size for own, size in self.makers(side) if own == price), 0)

    def take_from_makers(self, side: BookSide, price: int, count: int) -> None:
        """Makers' contracts at a price are gone until they quote anew."""
        self.taken[side, price] = self.taken.get((side, price), 0) + count
        self.used = True

    def requoted(self) -> None:
        """Makers quote anew: nothing is taken from them yet, and none of them stands before an order that was not."""
        self.taken.clear()
        for side in ("bid", "ask"):
            sizes = dict(self.makers(side))
            for order in self.resting(side):
                order.ahead = min(order.ahead, sizes.get(order.price, 0))

    def best(self, side: BookSide) -> int | None:
        """The best price shown on a side."""
        makers = next(self.makers(side), None)
        orders = self.resting(side)
        prices = [p for p in (makers and makers[0], orders[0].price if orders else None) if p]
        if not prices:
            return None
        return max(prices) if side == "bid" else min(prices)

    def laid_over(self, base: Book) -> Book:
        """The world's book without what accounts took and with what they rest."""
        if not self.taken and not self.bids and not self.asks:
            return base
        return Book(self._side(base.yes, "bid"), self._side(base.no, "ask"))

    def _side(self, levels: tuple[Level, ...], side: BookSide) -> tuple[Level, ...]:
        shown: dict[int, int] = {}
        for price, size in levels:
            own = price if side == "bid" else DOLLAR - price
            left = size - self.taken.get((side, own), 0)
            if left > 0:
                shown[price] = left
        for order in self.resting(side):
            price = order.price if side == "bid" else DOLLAR - order.price
            shown[price] = shown.get(price, 0) + order.remaining
        return tuple(sorted(shown.items()))

    def queue_position(self, order: Order) -> int:
        """Contracts that are filled before the order at its price."""
        before = order.ahead
        for other in self.resting(order.side):
            if other is order:
                break
            if other.price == order.price:
                before += other.remaining
        return before

    def note_trade(self, trade: TradeMade, added: int) -> None:
        """Keep a trade with an account in it; `added` is what it adds to the world's volume."""
        self.trades.append(trade)
        self.added.append((self.added[-1] if self.added else 0) + added)
        self.used = True

    def volume(self, time_us: int) -> int:
        """Contracts accounts added to the volume up to a time."""
        done = bisect_right(self.trades, time_us, key=lambda trade: trade.time_us)
        return self.added[done - 1] if done else 0

    def trades_in(self, start_us: int, end_us: int) -> list[TradeMade]:
        """Trades with start_us < time <= end_us, oldest first."""
        first = bisect_right(self.trades, start_us, key=lambda trade: trade.time_us)
        return self.trades[first : bisect_right(self.trades, end_us, key=lambda trade: trade.time_us)]
