"""What Kalshi's stream says, as typed events; one class a kind of frame, prices and counts exact.

Belongs here: the events, and their union. Does not: reading them (`frames.py`), what follows from them (`session.py`).
`sid` is the venue's number of a subscription, `seq` the frame's number in it; channels without numbers have None.
`sent_ms` is when the venue says it sent the frame, `ts_ms` when what it tells happened: Unix milliseconds or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from precog_assets.domain.facts import QuoteSeen, Rejection, TradeSeen

Side = Literal["yes", "no"]
Levels = tuple[tuple[Decimal, Decimal], ...]
"""(price in dollars, contracts), ascending by price."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A channel was opened; its frames carry `sid` and begin with seq 1."""

    command_id: int
    channel: str
    sid: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A change of a subscription was made (`ok`); `tickers` is what it is about now, None where that is not said."""

    command_id: int
    sid: int | None
    seq: int | None
    tickers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """A subscription was closed."""

    command_id: int
    sid: int | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was refused, or (codes 10 and 25) a subscription was ended by the venue."""

    command_id: int
    sid: int | None
    seq: int | None
    code: int
    message: str
    tickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """A market's whole book. Both sides are bids."""

    sid: int
    seq: int
    ticker: str
    yes: Levels
    no: Levels
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BookDelta:
    """`change` contracts more (or fewer) at one level of a market's book."""

    sid: int
    seq: int
    ticker: str
    side: Side
    price: Decimal
    change: Decimal
    ts_ms: int | None = None
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TickerTold:
    """A market's best prices, last trade, volume and open interest; the channel has no numbers."""

    sid: int
    seq: int | None
    ticker: str
    quote: QuoteSeen
    ts_ms: int | None = None
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TradeTold:
    """A public trade; its time is cut off to milliseconds here, to microseconds in REST: `trade_id` joins them."""

    sid: int
    seq: int
    ticker: str
    trade: TradeSeen
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MarketLifeTold:
    """A step in a market's life, of any market of the venue: the channel cannot be narrowed."""

    sid: int
    seq: int
    ticker: str
    change: str
    """created, activated, deactivated, close_date_updated, determined, settled ... as sent."""
    facts: Mapping[str, Any]
    """The rest of the message as sent: result, settlement_value, close_ts ..."""
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OtherTold:
    """A frame of a kind that nobody here reads; its number counts all the same."""

    sid: int | None
    seq: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A frame that is not what it should be. The raw frame is kept; what could be made out of it is here."""

    sid: int | None
    seq: int | None
    ticker: str | None
    rejection: Rejection


StreamEvent = (
    Subscribed
    | Acknowledged
    | Unsubscribed
    | Refused
    | BookSnapshot
    | BookDelta
    | TickerTold
    | TradeTold
    | MarketLifeTold
    | OtherTold
    | Unreadable
)
