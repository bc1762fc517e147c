"""Which order books of a stream become rows, and when: a market's newest, no more often than REST would read it.

Belongs here: the books that changed and wait, and those that stand. Does not: putting books together
(`sources.kalshi.stream.books`), writing (`apply`). Quotes tell every change of the top; a book is a row of all its
levels, so a market that changes ten times a second gives one book an interval, the last one always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from precog_assets.config.sources import Cadence
from precog_assets.domain.facts import OrderBookSeen
from precog_assets.domain.live import Priority, Received
from precog_assets.pipeline.live.facts import BookFact
from precog_assets.sources.kalshi.parse_markets import market_id_of
from precog_assets.sources.kalshi.stream.books import Book

CROSSED = "books_crossed"


class _Waiting(NamedTuple):
    book: Book
    received: Received
    due_s: float


class _Kept(NamedTuple):
    book: OrderBookSeen
    at_s: float


def by_cadence(cadence: Cadence, priority_of: Callable[[str], Priority]) -> Callable[[str], float]:
    """Seconds between two books of a market, by its id: as often as listings are polled in its phase."""
    each_s = {
        Priority.IN_PLAY_HELD: cadence.live_s,
        Priority.IN_PLAY: cadence.live_s,
        Priority.PRE_GAME: cadence.pregame_s,
        Priority.REST: cadence.idle_s,
    }
    return lambda market_id: each_s[priority_of(market_id)]


class BookLog:
    """Books on their way to rows. `each_s` gives the seconds between two of a market; instants are monotonic."""

    def __init__(self, each_s: Callable[[str], float]) -> None:
        self.counts: Counter[str] = Counter()
        """`books` that became facts, `books_coalesced` changes that a later one stands for."""
        self._each_s = each_s
        self._waiting: dict[str, _Waiting] = {}
        self._kept: dict[str, _Kept] = {}
        self._next_s = float("inf")

    def changed(self, book: Book, received: Received) -> None:
        """A level of a book is another since a frame."""
        before = self._waiting.get(book.ticker)
        if before is None:
            kept = self._kept.get(book.ticker)
            due_s = received.monotonic_s
            if kept is not None:
                due_s = max(due_s, kept.at_s + self._each_s(market_id_of(book.ticker)))
        else:
            due_s = before.due_s
            self.counts["books_coalesced"] += 1
        self._waiting[book.ticker] = _Waiting(book, received, due_s)
        self._next_s = min(self._next_s, due_s)

    def due(self, now_s: float) -> bool:
        """Whether `take` has something to give."""
        return now_s >= self._next_s

    def take(self, now_s: float) -> list[BookFact]:
        """The books whose time has come, each as its last frame left it.

        One that is crossed, between two changes that belong together, waits for the second.
        """
        if not self.due(now_s):
            return []
        facts = []
        for ticker, waiting in [*self._waiting.items()]:
            if waiting.due_s > now_s:
                continue
            if _is_crossed(waiting.book):
                self.counts[CROSSED] += 1
                self._waiting[ticker] = waiting._replace(due_s=now_s + self._each_s(market_id_of(ticker)))
                continue
            del self._waiting[ticker]
            seen, received, kept = waiting.book.seen(), waiting.received, self._kept.get(ticker)
            self._kept[ticker] = _Kept(seen, now_s)
            if kept is None or kept.book != seen:
                self.counts["books"] += 1
                facts.append(BookFact(seen, received.received_at, received.place))
        self._next_s = min((waiting.due_s for waiting in self._waiting.values()), default=float("inf"))
        return facts

    def standing(self, tickers: Iterable[str], at: datetime) -> list[BookFact]:
        """The kept books of these markets that nothing was told of since, as they still are at an instant."""
        return [
            BookFact(self._kept[ticker].book, at, None)
            for ticker in tickers
            if ticker in self._kept and ticker not in self._waiting
        ]

    def follow(self, tickers: Iterable[str]) -> None:
        """Only these markets from now on; what is kept of others is let go."""
        followed = set(tickers)
        for ticker in self._kept.keys() - followed:
            del self._kept[ticker]


def _is_crossed(book: Book) -> bool:
    bid, ask = book.yes_bid, book.yes_ask
    return bid is not None and ask is not None and bid[0] >= ask[0]
