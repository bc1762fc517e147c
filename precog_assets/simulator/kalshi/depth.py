"""The book as makers and public takers leave it: a segment's ladder less what was printed in that segment.

A print takes from the best level of the side it hits; makers reload there, so that at least one contract always
rests. Nobody quotes where the market is not active or the exchange does not trade.
"""

from __future__ import annotations

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.exchange.view import EMPTY_BOOK, Book, Level
from precog_assets.simulator.kalshi.flow import Flow
from precog_assets.simulator.kalshi.hours import Hours
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.prices import EMPTY, Makers, Quote

LEAST_RESTING = 100
"""What stays at a best level whatever was taken, in 1/100 contracts."""


class Depth:
    """The world's own books at any instant; nothing accounts do is here."""

    def __init__(self, lifecycle: Lifecycle, makers: Makers, flow: Flow, hours: Hours) -> None:
        self._lifecycle = lifecycle
        self._makers = makers
        self._flow = flow
        self._hours = hours

    @property
    def version(self) -> int:
        """Grows when closures are set or lifted, which changes books and prints, also past ones."""
        return self._hours.version

    def quoted(self, event: Event, time_us: int) -> bool:
        """Whether makers quote the event: it is active and the exchange trades."""
        return self._lifecycle.status_at(event, time_us) is MarketStatus.ACTIVE and self._hours.open_at(time_us)

    def book(self, event: Event, market: Listed, time_us: int) -> Book:
        """The whole book; empty where nobody quotes."""
        if not self.quoted(event, time_us):
            return EMPTY_BOOK
        yes, no = self._makers.book(event, market, time_us)
        bid_taken, ask_taken = self._taken(event, market, time_us)
        return Book(_less(yes, bid_taken), _less(no, ask_taken))

    def quote(self, event: Event, market: Listed, time_us: int) -> Quote:
        """Best bid and ask with their sizes, as `book` ends; placeholders where nobody quotes."""
        if not self.quoted(event, time_us):
            return EMPTY
        quote = self._makers.quote(event, market, time_us)
        bid_taken, ask_taken = self._taken(event, market, time_us)
        if not bid_taken and not ask_taken:
            return quote
        return quote._replace(
            bid_size=_left(quote.bid_size, bid_taken),
            ask_size=_left(quote.ask_size, ask_taken),
        )

    def next_change_us(self, event: Event, market: Listed, time_us: int) -> int:
        """The first instant after `time_us` at which the book may be another: print, quote, or end of trading."""
        end_us = self.next_quote_us(event, time_us)
        return self._flow.next_us(event, market, time_us, end_us) if self.quoted(event, time_us) else end_us

    def next_quote_us(self, event: Event, time_us: int) -> int:
        """The first instant after `time_us` at which what makers quote may be another."""
        end_us = min(self._lifecycle.next_status_us(event, time_us), self._hours.next_edge_us(time_us))
        return min(end_us, self._makers.segment(event, time_us).end_us) if self.quoted(event, time_us) else end_us

    def _taken(self, event: Event, market: Listed, time_us: int) -> tuple[int, int]:
        """Contracts printed in the segment so far: at the bid, at the ask."""
        begin_us = self._makers.segment(event, time_us).begin_us
        return self._flow.taken(event, market, begin_us - 1, time_us)


def _left(size: int, taken: int) -> int:
    """What rests of a best level; one that held less than a contract is not touched."""
    return max(size - taken, min(size, LEAST_RESTING))


def _less(side: tuple[Level, ...], taken: int) -> tuple[Level, ...]:
    if not taken or not side:
        return side
    price, size = side[-1]
    return (*side[:-1], (price, _left(size, taken)))
