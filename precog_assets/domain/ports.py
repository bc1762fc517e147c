"""What lower layers need from upper ones, as protocols: the raw archive, and the venue that trading sends orders to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from precog_assets.domain.facts import Origin
from precog_assets.domain.trading import Fill, Order, Position


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One answer of a source as it came, before anyone read it. `url` carries no credential."""

    source: str
    feed: str
    """What is asked for again and again, e.g. `espn:scoreboard:nba:20261122`; neighbours are compared by it."""
    url: str
    observed_at: datetime
    """Our clock when the answer was complete; the one observation time of every fact in it."""
    status_code: int
    content_type: str
    body: bytes
    elapsed_ms: float
    outcome: str
    """`domain.errors.ErrorClass` value."""
    code: str
    correlation_id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Captured:
    """Where a response went. `unchanged`: same bytes as the feed's last; nothing was stored again."""

    response_id: int | None
    sha256: str
    unchanged: bool


class ResponseLog(Protocol):
    """Keeps raw responses: bytes in the archive, one row each in raw.responses."""

    def capture(self, response: RawResponse) -> Captured:
        """Keep the response unless its bytes equal the feed's last ones. Raises PrecogError(system.*)."""
        ...


class Archive(Protocol):
    """Content-addressed bytes: put twice is put once."""

    def put(self, sha256: str, body: bytes) -> int:
        """Store `body` under its hash, compressed; the bytes written now (0 when already there)."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises FileNotFoundError naming it."""
        ...

    def exists(self, sha256: str) -> bool: ...

    def size_bytes(self) -> int:
        """What the archive holds now, compressed."""
        ...

    def describe(self) -> str:
        """Its place, for people; no credentials."""
        ...


class TradingVenue(Protocol):
    """Where orders go: the paper venue, or an exchange. Both answer in the same words.

    An order is written to our table before it is given to a venue. What the venue itself refused comes back as
    `rejected` with its reason; PrecogError means that nobody knows more than before: the order stays `written`, and
    reconciliation settles it.
    """

    def place(self, order: Order) -> Order:
        """Send a `written` order; the order as it stands then. Given twice, by `client_id`, it is one order."""
        ...

    def place_many(self, orders: Sequence[Order]) -> list[Order]:
        """As `place`, together; the answers stand in the order of the orders, and one's refusal stops no other.

        An order whose fate is not known comes back `written`, with why as its reason, where `place` would raise.
        """
        ...

    def cancel(self, client_id: str) -> Order:
        """Take what remains of an order back; the order as it stands then, filled or canceled before or not.

        Raises PrecogError(http.not_found) for an order the venue never had.
        """
        ...

    def amend(self, client_id: str, limit_price: Decimal, contracts: Decimal) -> Order:
        """Give a resting order another price and another whole number of contracts, those filled included.

        Anything but fewer contracts at the same price loses its place in the queue. Raises PrecogError with the
        venue's reason when it refuses; the order then stands as it was.
        """
        ...

    def orders(self) -> list[Order]:
        """Every order the venue still lists, open and done."""
        ...

    def fills(self, since: datetime | None = None) -> list[Fill]:
        """Our fills from that instant on, oldest first, each once."""
        ...

    def positions(self) -> list[Position]:
        """What we hold, one row a market and side; nothing that was settled."""
        ...

    def balance(self) -> Decimal:
        """Dollars that may still be spent: cash less what resting orders tie up."""
        ...
