"""Order books put together from snapshots and changes.

Belongs here: a book, and the keeper of all books that are followed. Does not: sequence numbers (`sequence.py`),
commands (`subscriptions.py`). A book that may be wrong is suspect: it is not shown, and takes no change, until a
snapshot of its market comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from precog_assets.domain.facts import OrderBookSeen, QuoteSeen
from precog_assets.sources.kalshi.parse_markets import market_id_of
from precog_assets.sources.kalshi.stream.events import BookDelta, BookSnapshot, TickerTold
from precog_assets.sources.kalshi.values import ONE, ZERO


class BookOutcome(Enum):
    """What a snapshot or a change did."""

    MOVED = "moved"
    """The best price or size of a side is another."""
    DEEPER = "deeper"
    """Only a level behind the best is another."""
    SUSPECT = "suspect"
    """The market's book awaits a snapshot: not used."""
    NEGATIVE_SIZE = "negative_size"
    """The level would be below zero: not used, and the book is suspect now."""
    UNKNOWN_MARKET = "unknown_market"
    """Nobody asked for this market: not used."""


class _Side:
    __slots__ = ("best", "sizes")

    def __init__(self, levels: Iterable[tuple[Decimal, Decimal]]) -> None:
        self.sizes = dict(levels)
        self.best: Decimal | None = max(self.sizes, default=None)


class Book:
    """One market's book; both sides are bids."""

    __slots__ = ("_no", "_yes", "sent_ms", "ticker", "ts_ms")

    def __init__(self, snapshot: BookSnapshot) -> None:
        self.ticker = snapshot.ticker
        self._yes, self._no = _Side(snapshot.yes), _Side(snapshot.no)
        self.ts_ms: int | None = None
        """When the venue recorded the newest change; None after a snapshot."""
        self.sent_ms = snapshot.sent_ms

    def change(self, delta: BookDelta) -> BookOutcome:
        """Change one level; below zero it is left as it was."""
        side = self._yes if delta.side == "yes" else self._no
        sizes, at = side.sizes, delta.price
        size = sizes.get(at, ZERO) + delta.change
        if size < 0:
            return BookOutcome.NEGATIVE_SIZE
        self.ts_ms, self.sent_ms = delta.ts_ms, delta.sent_ms
        best = side.best
        if size:
            sizes[at] = size
            if best is None or at > best:
                side.best = at
        else:
            sizes.pop(at, None)
            if at == best:
                side.best = max(sizes, default=None)
        return BookOutcome.MOVED if best is None or at >= best else BookOutcome.DEEPER

    @property
    def yes_bid(self) -> tuple[Decimal, Decimal] | None:
        """Best price and size bid for YES."""
        best = self._yes.best
        return None if best is None else (best, self._yes.sizes[best])

    @property
    def yes_ask(self) -> tuple[Decimal, Decimal] | None:
        """Best price and size at which YES can be bought: from the best bid for NO."""
        best = self._no.best
        return None if best is None else (ONE - best, self._no.sizes[best])

    def seen(self) -> OrderBookSeen:
        """The whole book as the parsers of REST give it."""
        yes, no = (tuple(sorted(side.sizes.items())) for side in (self._yes, self._no))
        return OrderBookSeen(market_id_of(self.ticker), yes, no)

    def quote(self, told: TickerTold | None = None) -> QuoteSeen:
        """Top of book; last price, volume and open interest are the ticker's, None before its first word."""
        bid, ask = self.yes_bid, self.yes_ask
        return QuoteSeen(
            yes_bid=bid[0] if bid else None,
            yes_ask=ask[0] if ask else None,
            yes_bid_size=bid[1] if bid else None,
            yes_ask_size=ask[1] if ask else None,
            last_price=told.quote.last_price if told else None,
            volume=told.quote.volume if told else None,
            volume_24h=None,
            open_interest=told.quote.open_interest if told else None,
        )


class BookMoved(NamedTuple):
    """A market's book is another; `book` lives on, so read it now."""

    ticker: str
    book: Book
    deeper: bool = False
    """Only a level behind the best is another: the quote is as it was."""


class BookKeeper:
    """The books of the markets that are followed."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}
        self._suspect: dict[str, None] = {}

    def follow(self, tickers: Iterable[str]) -> None:
        """These markets too: each awaits its first snapshot."""
        for ticker in tickers:
            if ticker not in self._books:
                self._suspect[ticker] = None

    def forget(self, tickers: Iterable[str]) -> None:
        """These markets no more."""
        for ticker in tickers:
            self._books.pop(ticker, None)
            self._suspect.pop(ticker, None)

    def suspect(self, tickers: Iterable[str] | None = None) -> tuple[str, ...]:
        """These books (None: all) may be wrong from now on; those that were not suspect before."""
        fresh = tuple(self._books if tickers is None else (one for one in tickers if one in self._books))
        for ticker in fresh:
            del self._books[ticker]
            self._suspect[ticker] = None
        return fresh

    def snapshot(self, event: BookSnapshot) -> BookOutcome:
        """A whole book: the market's is sound from now on."""
        ticker = event.ticker
        if ticker not in self._books and ticker not in self._suspect:
            return BookOutcome.UNKNOWN_MARKET
        self._suspect.pop(ticker, None)
        self._books[ticker] = Book(event)
        return BookOutcome.MOVED

    def delta(self, event: BookDelta) -> BookOutcome:
        """A change of a level."""
        book = self._books.get(event.ticker)
        if book is None:
            return BookOutcome.SUSPECT if event.ticker in self._suspect else BookOutcome.UNKNOWN_MARKET
        outcome = book.change(event)
        if outcome is BookOutcome.NEGATIVE_SIZE:
            self.suspect((event.ticker,))
        return outcome

    def get(self, ticker: str) -> Book | None:
        """A market's book; None while it is suspect or not followed."""
        return self._books.get(ticker)

    def follows(self, ticker: str) -> bool:
        """Whether the market is followed, whatever its book is."""
        return ticker in self._books or ticker in self._suspect

    @property
    def sound(self) -> int:
        """Books that can be shown."""
        return len(self._books)

    @property
    def awaited(self) -> tuple[str, ...]:
        """Markets without a book that can be shown."""
        return tuple(self._suspect)
