"""What the exchange tells its listeners: one record a change, in the order the changes happened.

Records of books, trades and tickers come only for markets that are watched; of accounts and of market lives
always. `time_us` is the world's time of the change, not of the telling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from precog_assets.simulator.kalshi.exchange.model import Fill, Order, OrderGroup, Outcome, Position


@dataclass(frozen=True, slots=True)
class BookDelta:
    """A level of one side of a book grew or shrank by `delta` contracts."""

    time_us: int
    ticker: str
    side: Outcome
    """Whose bids: YES bids or NO bids."""
    price: int
    delta: int
    clock: int
    """The market's count of book changes; several deltas of one action share it."""
    account_id: str | None = None
    """Who caused it, where an account did."""
    client_order_id: str | None = None
    subaccount: int = 0


@dataclass(frozen=True, slots=True)
class TradeMade:
    """A public trade."""

    time_us: int
    ticker: str
    trade_id: str
    price: int
    """Of YES."""
    count: int
    taker: Outcome


@dataclass(frozen=True, slots=True)
class TickerMoved:
    """Best prices, sizes, last trade, volume or open interest changed; the values after it."""

    time_us: int
    ticker: str
    last_price: int
    yes_bid: int
    yes_ask: int
    bid_size: int
    ask_size: int
    volume: int
    open_interest: int
    last_size: int


@dataclass(frozen=True, slots=True)
class FillMade:
    """An account's order was filled, wholly or in part."""

    time_us: int
    fill: Fill


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was placed, amended, decreased, filled or cancelled; the order after it."""

    time_us: int
    order: Order
    reason: str | None
    """AsyncAPI's `last_update_reason`: Trade, Decrease, Amend, SelfTradeCancel, ExpiryCancel, CloseCancel ..."""


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """An account's position in a market changed; the position after it."""

    time_us: int
    account_id: str
    position: Position


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """An order group was created, triggered, reset, deleted or got another limit."""

    time_us: int
    group: OrderGroup
    change: Literal["created", "triggered", "reset", "deleted", "limit_updated"]


@dataclass(frozen=True, slots=True)
class MarketChanged:
    """A step in a market's life; `facts` are the AsyncAPI fields that step carries."""

    time_us: int
    ticker: str
    change: Literal["created", "activated", "deactivated", "close_date_updated", "determined", "settled"]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventListed:
    """A new event; `facts` are the AsyncAPI fields of `event_lifecycle`."""

    time_us: int
    event_ticker: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFeeChanged:
    """An event got fees of its own, or lost them: both None."""

    time_us: int
    event_ticker: str
    fee_type: str | None
    fee_multiplier: float | None


ExchangeEvent = (
    BookDelta
    | TradeMade
    | TickerMoved
    | FillMade
    | OrderChanged
    | PositionChanged
    | GroupChanged
    | MarketChanged
    | EventListed
    | EventFeeChanged
)
