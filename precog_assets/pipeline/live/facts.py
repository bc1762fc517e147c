"""The facts of a stream on their way to the database, and their bytes in the spool.

Belongs here: what a quote, a trade and a gap carry with them, and reading them back. Does not: writing (`writer.py`).
Every fact says when its frame was received and where it lies raw; written, it is an observation of that instant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from precog_assets.domain.facts import OrderBookSeen, QuoteSeen, TradeSeen
from precog_assets.domain.live import Gap, GapKind, RawPlace
from precog_assets.domain.times import parse_instant

QUOTE, TRADE, BOOK, GAP = "quote", "trade", "book", "gap"
_QUOTE_FIELDS = (
    "yes_bid",
    "yes_ask",
    "yes_bid_size",
    "yes_ask_size",
    "last_price",
    "volume",
    "volume_24h",
    "open_interest",
)


@dataclass(frozen=True, slots=True)
class QuoteFact:
    """A market's quote as it stood after a frame."""

    market_id: str
    quote: QuoteSeen
    received_at: datetime
    place: RawPlace | None
    received_s: float | None = field(default=None, compare=False)
    """Monotonic; None once it was in the spool."""


@dataclass(frozen=True, slots=True)
class TradeFact:
    """A public trade."""

    trade: TradeSeen
    received_at: datetime
    place: RawPlace | None


@dataclass(frozen=True, slots=True)
class BookFact:
    """A market's order book as it stood after a frame."""

    book: OrderBookSeen
    received_at: datetime
    place: RawPlace | None


@dataclass(frozen=True, slots=True)
class GapFact:
    """An irregularity of a stream; `at` is our wall clock when it was noticed."""

    gap: Gap
    at: datetime

    def since(self, speed: float) -> datetime:
        """From when on something may be missing; `speed` is of the clock that `at` is by."""
        return self.at - timedelta(seconds=self.gap.quiet_s * speed)


Fact = QuoteFact | TradeFact | BookFact | GapFact


@dataclass(slots=True)
class FactBatch:
    """Facts that are written together."""

    quotes: list[QuoteFact] = field(default_factory=list)
    trades: list[TradeFact] = field(default_factory=list)
    gaps: list[GapFact] = field(default_factory=list)
    books: list[BookFact] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.quotes) + len(self.trades) + len(self.gaps) + len(self.books)

    def add(self, fact: Fact) -> None:
        """One fact more, behind those of its kind."""
        if isinstance(fact, QuoteFact):
            self.quotes.append(fact)
        elif isinstance(fact, TradeFact):
            self.trades.append(fact)
        elif isinstance(fact, BookFact):
            self.books.append(fact)
        else:
            self.gaps.append(fact)

    def facts(self) -> list[Fact]:
        """All of them, kind by kind."""
        return [*self.quotes, *self.trades, *self.books, *self.gaps]


def encoded(fact: Fact) -> tuple[str, bytes]:
    """A fact's kind and bytes, as the spool keeps them."""
    if isinstance(fact, QuoteFact):
        values = [_text(getattr(fact.quote, name)) for name in _QUOTE_FIELDS]
        return QUOTE, _dumped({"market": fact.market_id, "values": values}, fact.received_at, fact.place)
    if isinstance(fact, TradeFact):
        trade = fact.trade
        said = {
            "id": trade.trade_id,
            "market": trade.market_id,
            "traded": trade.created_time.isoformat(),
            "price": str(trade.yes_price),
            "count": str(trade.count),
            "side": trade.taker_side,
            "block": trade.is_block,
        }
        return TRADE, _dumped(said, fact.received_at, fact.place)
    if isinstance(fact, BookFact):
        book = fact.book
        said = {"market": book.market_id, "yes": _texts(book.yes), "no": _texts(book.no)}
        return BOOK, _dumped(said, fact.received_at, fact.place)
    gap = fact.gap
    said = {
        "venue": gap.venue,
        "channel": gap.channel,
        "kind": gap.kind.value,
        "monotonic_s": gap.monotonic_s,
        "sid": gap.sid,
        "expected": gap.expected,
        "got": gap.got,
        "tickers": gap.tickers,
        "detail": gap.detail,
        "quiet_s": gap.quiet_s,
    }
    return GAP, _dumped(said, fact.at, None)


def decoded(kind: str, body: bytes) -> Fact:
    """The fact of a kind and bytes. Raises ValueError for what `encoded` did not make."""
    try:
        said = orjson.loads(body)
        return _DECODERS[kind](said, parse_instant(said["at"]), RawPlace(*said["place"]) if said["place"] else None)
    except (KeyError, TypeError, ArithmeticError, orjson.JSONDecodeError) as error:
        raise ValueError(f"no fact of the kind {kind!r}: {body[:80]!r} ({type(error).__name__}: {error})") from error


def _quote(said: dict[str, Any], at: datetime, place: RawPlace | None) -> QuoteFact:
    values = [None if value is None else Decimal(value) for value in said["values"]]
    return QuoteFact(said["market"], QuoteSeen(*values), at, place)


def _trade(said: dict[str, Any], at: datetime, place: RawPlace | None) -> TradeFact:
    trade = TradeSeen(
        trade_id=said["id"],
        market_id=said["market"],
        created_time=parse_instant(said["traded"]),
        yes_price=Decimal(said["price"]),
        count=Decimal(said["count"]),
        taker_side=said["side"],
        is_block=said["block"],
    )
    return TradeFact(trade, at, place)


def _book(said: dict[str, Any], at: datetime, place: RawPlace | None) -> BookFact:
    yes, no = (tuple((Decimal(price), Decimal(count)) for price, count in said[side]) for side in ("yes", "no"))
    return BookFact(OrderBookSeen(said["market"], yes, no), at, place)


def _gap(said: dict[str, Any], at: datetime, _place: RawPlace | None) -> GapFact:
    gap = Gap(
        said["venue"],
        said["channel"],
        GapKind(said["kind"]),
        said["monotonic_s"],
        said["sid"],
        said["expected"],
        said["got"],
        tuple(said["tickers"]),
        said["detail"],
        said["quiet_s"],
    )
    return GapFact(gap, at)


_DECODERS: dict[str, Callable[[dict[str, Any], datetime, RawPlace | None], Fact]] = {
    QUOTE: _quote,
    TRADE: _trade,
    BOOK: _book,
    GAP: _gap,
}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _texts(levels: Sequence[tuple[Decimal, Decimal]]) -> list[tuple[str, str]]:
    return [(str(price), str(count)) for price, count in levels]


def _dumped(said: dict[str, Any], at: datetime, place: RawPlace | None) -> bytes:
    where = None if place is None else [place.segment, place.offset]
    return orjson.dumps({**said, "at": at.isoformat(), "place": where})
