"""What the exchange is to others: an overlay to the public reads, a source of events to the stream.

Protocols only, with the overlay of an exchange nobody trades on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from precog_assets.simulator.kalshi.exchange.events import ExchangeEvent, TickerMoved, TradeMade

Level = tuple[int, int]
"""Price and contracts."""


class Book(NamedTuple):
    """Bids of both sides, each ascending by price; the last of each is the best."""

    yes: tuple[Level, ...]
    no: tuple[Level, ...]


EMPTY_BOOK = Book((), ())


class Overlay(Protocol):
    """What accounts changed in a market beyond what makers and takers of the world did.

    Callers have advanced the exchange to the instant they ask about. Where `touched` is False, nothing else
    needs to be asked.
    """

    def touched(self, ticker: str) -> bool:
        """Whether an account ever traded or rested an order there."""
        ...

    def laid_over(self, ticker: str, base: Book) -> Book:
        """The book with accounts' orders in it and without what they took, over the world's own book."""
        ...

    def trades(self, ticker: str, start_us: int, end_us: int) -> Sequence[TradeMade]:
        """Trades with an account in them, start_us < time <= end_us, oldest first."""
        ...

    def diverted(self, ticker: str) -> Mapping[tuple[int, int], int]:
        """By (hour, place) of a print: contracts of it that accounts' resting orders took from it."""
        ...

    def volume(self, ticker: str, time_us: int) -> int:
        """Contracts by which accounts changed the volume up to that time."""
        ...

    def open_interest(self, ticker: str) -> int:
        """Contracts by which accounts changed the open interest."""
        ...


class Untouched:
    """The overlay where there are no accounts."""

    def touched(self, ticker: str) -> bool:  # noqa: ARG002
        return False

    def laid_over(self, ticker: str, base: Book) -> Book:  # noqa: ARG002
        return base

    def trades(self, ticker: str, start_us: int, end_us: int) -> Sequence[TradeMade]:  # noqa: ARG002
        return ()

    def diverted(self, ticker: str) -> Mapping[tuple[int, int], int]:  # noqa: ARG002
        return {}

    def volume(self, ticker: str, time_us: int) -> int:  # noqa: ARG002
        return 0

    def open_interest(self, ticker: str) -> int:  # noqa: ARG002
        return 0


class ExchangeView(Protocol):
    """What the stream may ask of the exchange; every call is made in a turn."""

    def listen(self, listener: Callable[[ExchangeEvent], None]) -> Callable[[], None]:
        """Have every event from now on; call what is returned to stop."""
        ...

    def watch(self, ticker: str, now_us: int) -> None:
        """Ask for a market's book, trade and ticker events from `now_us` on; counted, one `unwatch` each."""
        ...

    def unwatch(self, ticker: str) -> None: ...

    def watch_all(self, now_us: int) -> None:
        """The same for every market that is or becomes active; counted, one `unwatch_all` each."""
        ...

    def unwatch_all(self) -> None: ...

    def advance(self, now_us: int) -> None:
        """Do everything that happens up to `now_us`, telling listeners in the order of time."""
        ...

    def knows(self, ticker: str, now_us: int) -> bool:
        """Whether the market is created by then."""
        ...

    def book(self, ticker: str, now_us: int) -> Book:
        """The whole book after `advance(now_us)`; equal to what the deltas told of it add up to."""
        ...

    def clock(self, ticker: str) -> int:
        """Of the newest change to a watched market's book; 0 before the first."""
        ...

    def market_id(self, ticker: str) -> str:
        """The market's UUID."""
        ...

    def ticker_of(self, market_id: str, now_us: int) -> str | None:
        """The ticker of a UUID; None where no market created by then has it."""
        ...

    def ticker(self, ticker: str, now_us: int) -> TickerMoved:
        """What a TickerMoved of a market would say after `advance(now_us)`."""
        ...
