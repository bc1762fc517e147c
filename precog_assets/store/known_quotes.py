"""The prices that a market's two newest rows show together: its quote, which is the top, and its order book.

Belongs here: one row of the statements of `known_sql` as `QuoteFacts`. Does not: which rows were known (`known.py`).

Which of two rows a market's prices are read from depends on nothing that changes later: an order book counts unless
the quote's own row is newer and shows another top; then the top alone is known.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from precog_assets.domain.trading import Book, Level, QuoteFacts

LEVELS = 20
"""Of each side of a book that are read, best first: more contracts than any limit allows lie in fewer."""
_NOTHING, _ONE = Decimal(0), Decimal(1)


def quote_of(row: Any) -> QuoteFacts | None:
    """The prices a market's two newest rows show together; None where it was never quoted."""
    quote = book = None
    if row.observed_at is not None:
        ask = None if row.yes_ask is None else 1 - row.yes_ask
        top = Book(_top(row.yes_bid, row.yes_bid_size), _top(ask, row.yes_ask_size))
        quote = QuoteFacts(row.observed_at, row.confirmed_at, row.origin, top, row.last_price)
    if row.book_at is not None:
        levels = Book(_levels(row.yes_levels), _levels(row.no_levels))
        book = QuoteFacts(row.book_at, row.book_confirmed_at, row.book_origin, levels, row.last_price)
    if quote is None or book is None:
        return quote or book
    if _same_top(quote.book, book.book):
        return replace(book, confirmed_at=max(book.confirmed_at, quote.confirmed_at))
    return book if book.observed_at >= quote.observed_at else quote


def _top(price: Decimal | None, contracts: Decimal | None) -> tuple[Level, ...]:
    """A side of a quote; at 0 and 1 nobody is there."""
    return () if price is None or not _NOTHING < price < _ONE else (Level(price, contracts or _NOTHING),)


@lru_cache(maxsize=8192)
def _levels(text: str) -> tuple[Level, ...]:
    """A side of a stored book, which lists the best bid last; made once for all passes that read it unchanged."""
    listed = orjson.loads(text)[: -LEVELS - 1 : -1]
    levels = (Level(Decimal(price), Decimal(contracts)) for price, contracts in listed)
    return tuple(level for level in levels if _NOTHING < level.price < _ONE)


def _same_top(top: Book, book: Book) -> bool:
    return top.yes_bids == book.yes_bids[:1] and top.no_bids == book.no_bids[:1]
