"""Order books of a stream become rows: a market's newest, no more often than its interval, the last one always."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from precog_assets.config.sources import Cadence
from precog_assets.domain.live import Priority, RawPlace, Received
from precog_assets.pipeline.live.books import BookLog, by_cadence
from precog_assets.sources.kalshi.stream.books import Book
from precog_assets.sources.kalshi.stream.events import BookDelta, BookSnapshot

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
BID, NO_BID = Decimal("0.40"), Decimal("0.58")


def book_of(ticker: str = "KXNFLGAME-A") -> Book:
    return Book(BookSnapshot(1, 1, ticker, ((BID, Decimal(100)),), ((NO_BID, Decimal(100)),)))


def change(book: Book, price: Decimal, by: int) -> None:
    book.change(BookDelta(1, 2, book.ticker, "yes", price, Decimal(by)))


def frame(second: float) -> Received:
    return Received(b"", AT + timedelta(seconds=second), second, RawPlace("segment", int(second * 10)))


def test_a_market_gives_one_book_an_interval_as_its_last_frame_left_it() -> None:
    log, book = BookLog(lambda _market: 4.0), book_of()
    log.changed(book, frame(0.0))
    (first,) = log.take(0.0)
    assert (first.book, first.received_at, first.place) == (book.seen(), AT, RawPlace("segment", 0))
    for second in (1.0, 2.0, 3.0):
        change(book, BID, 5)
        log.changed(book, frame(second))
        assert not log.due(3.9)
    assert log.take(3.9) == []
    (second,) = log.take(4.0)
    assert (second.book.yes, second.received_at) == (((BID, Decimal(115)),), AT + timedelta(seconds=3))
    assert log.counts == {"books": 2, "books_coalesced": 2}
    assert not log.due(1e9)


def test_a_book_that_came_back_to_what_is_kept_is_no_row() -> None:
    log, book = BookLog(lambda _market: 1.0), book_of()
    log.changed(book, frame(0.0))
    log.take(0.0)
    change(book, BID, 5)
    change(book, BID, -5)
    log.changed(book, frame(0.5))
    assert log.take(2.0) == []


def test_a_crossed_book_waits_for_the_change_that_belongs_to_it() -> None:
    log, book = BookLog(lambda _market: 1.0), book_of()
    change(book, Decimal("0.42"), 1)
    log.changed(book, frame(0.0))
    assert log.take(0.0) == []
    change(book, Decimal("0.42"), -1)
    log.changed(book, frame(0.1))
    (kept,) = log.take(1.0)
    assert kept.book.yes == ((BID, Decimal(100)),)


def test_what_stands_is_told_of_markets_that_nothing_waits_of() -> None:
    log, book, other = BookLog(lambda _market: 4.0), book_of(), book_of("KXNFLGAME-B")
    for one in (book, other):
        log.changed(one, frame(0.0))
    log.take(0.0)
    change(other, BID, 1)
    log.changed(other, frame(1.0))
    standing = log.standing([book.ticker, other.ticker, "unknown"], AT)
    assert [(fact.book, fact.received_at, fact.place) for fact in standing] == [(book.seen(), AT, None)]
    log.follow([other.ticker])
    assert log.standing([book.ticker], AT) == []


@pytest.mark.parametrize(
    ("priority", "each_s"),
    [(Priority.IN_PLAY_HELD, 4), (Priority.IN_PLAY, 4), (Priority.PRE_GAME, 9), (Priority.REST, 60)],
)
def test_the_interval_is_that_of_polls_in_the_market_s_phase(priority: Priority, each_s: float) -> None:
    cadence = Cadence(idle_s=60, pregame_s=9, live_s=4, pregame_window_min=90)
    assert by_cadence(cadence, lambda _market: priority)("kalshi:A") == each_s
