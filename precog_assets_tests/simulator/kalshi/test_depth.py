"""Books stand still within a segment but for what is printed, and change when they say they may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.depth import LEAST_RESTING
from precog_assets.simulator.kalshi.exchange.view import EMPTY_BOOK
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, SECOND_US, instant_of, microseconds
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.prices import EMPTY
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW, TinyWorld

DAL = "KXNFLGAME-26NOV22TBDAL-DAL"
TICKERS = [DAL, "KXEPLGAME-26NOV22CRYMCI-TIE", "KXATPMATCH-26NOV23DARZVE-ZVE", "KXMLBGAME-26NOV221235SEALADG1-SEA"]


@pytest.fixture(scope="module")
def market() -> WorldMarket:
    return WorldMarket(TinyWorld())


def found(market: WorldMarket, ticker: str) -> tuple[Event, Listed]:
    pair = market.catalog.market(ticker)
    assert pair is not None
    return pair


def changes(market: WorldMarket, event: Event, listed: Listed, begin_us: int, end_us: int) -> Iterator[int]:
    at = begin_us
    while at < end_us:
        yield at
        at = market.depth.next_change_us(event, listed, at)


@pytest.mark.parametrize("ticker", TICKERS)
@pytest.mark.parametrize("around", [-timedelta(hours=3), timedelta(0), timedelta(hours=2, minutes=50)])
def test_nothing_changes_between_the_instants_that_are_announced(
    market: WorldMarket, ticker: str, around: timedelta
) -> None:
    event, listed = found(market, ticker)
    begin_us = microseconds(event.game.start + around) - 7 * MINUTE_US
    times = list(changes(market, event, listed, begin_us, begin_us + 14 * MINUTE_US))
    assert len(times) > 5
    changed = 0
    for at, following in pairwise(times):
        books = {market.depth.book(event, listed, t) for t in (at, (at + following) // 2, following - 1)}
        assert len(books) == 1
        changed += market.depth.book(event, listed, following) not in books
    assert changed > len(times) / 2


def test_segments_follow_each_other_without_gap_or_overlap(market: WorldMarket) -> None:
    event, _ = found(market, DAL)
    at = event.start_us - 20 * MINUTE_US
    while at < event.start_us + 40 * MINUTE_US:
        segment = market.makers.segment(event, at)
        assert segment.begin_us == at or at == event.start_us - 20 * MINUTE_US
        assert segment.begin_us <= at < segment.end_us
        assert market.makers.segment(event, segment.end_us - 1) == segment
        at = segment.end_us


def test_a_new_segment_begins_when_the_makers_notice_a_score(market: WorldMarket) -> None:
    event, _ = found(market, DAL)
    noticed_us = microseconds(LIVE.start + timedelta(minutes=20)) + market.makers.lag_us(event)
    assert market.makers.segment(event, noticed_us).begin_us == noticed_us
    assert market.makers.opinion(event, noticed_us)[0] - market.makers.opinion(event, noticed_us - 1)[0] > 0.04


def test_a_print_takes_from_the_best_level_of_the_side_it_hits(market: WorldMarket) -> None:
    event, listed = found(market, DAL)
    now_us = microseconds(NOW)
    met = 0
    for trade in market.flow.trades(event, listed, now_us - HOUR_US, now_us):
        before = market.depth.book(event, listed, trade.time_us - 1)
        after = market.depth.book(event, listed, trade.time_us)
        if market.makers.segment(event, trade.time_us).begin_us == trade.time_us:
            continue
        met += 1
        hit, left = (before.no, after.no) if trade.taker_yes else (before.yes, after.yes)
        spared, same = (before.yes, after.yes) if trade.taker_yes else (before.no, after.no)
        assert spared == same
        assert left[:-1] == hit[:-1]
        assert left[-1] == (hit[-1][0], max(LEAST_RESTING, hit[-1][1] - trade.size))
        price = 10_000 - hit[-1][0] if trade.taker_yes else hit[-1][0]
        assert market.flow.price_of(event, listed, trade) == price
    assert met > 20


def test_the_quote_is_the_end_of_the_book(market: WorldMarket) -> None:
    looked = 0
    for ticker in TICKERS:
        event, listed = found(market, ticker)
        for minutes in range(-30, 170, 3):
            at = event.start_us + minutes * MINUTE_US + SECOND_US
            if not market.depth.quoted(event, at):
                continue
            looked += 1
            book, quote = market.depth.book(event, listed, at), market.depth.quote(event, listed, at)
            assert book.yes[-1] == (quote.yes_bid, quote.bid_size)
            assert book.no[-1] == (10_000 - quote.yes_ask, quote.ask_size)
    assert looked > 200


def test_nobody_quotes_before_the_opening_or_after_the_close(market: WorldMarket) -> None:
    event, listed = found(market, DAL)
    close_us = microseconds(market.lifecycle.ending(event).close)
    for at in (event.created_us, event.opened_us - 1, close_us, close_us + HOUR_US):
        assert market.depth.book(event, listed, at) == EMPTY_BOOK
        assert market.depth.quote(event, listed, at) == EMPTY
    assert market.depth.book(event, listed, event.opened_us) != EMPTY_BOOK
    assert market.depth.book(event, listed, close_us - 1) != EMPTY_BOOK
    assert market.depth.next_change_us(event, listed, event.created_us) == event.opened_us


def thursday(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-19T{text}-05:00")


def test_nobody_quotes_or_trades_during_the_weekly_maintenance(market: WorldMarket) -> None:
    event, listed = found(market, DAL)
    begin_us, end_us = microseconds(thursday("03:00:00")), microseconds(thursday("05:00:00"))
    for at in (begin_us, end_us - 1):
        assert market.lifecycle.status_at(event, at) is MarketStatus.ACTIVE
        assert market.depth.book(event, listed, at) == EMPTY_BOOK
    assert market.depth.next_change_us(event, listed, begin_us) == end_us
    assert market.depth.book(event, listed, begin_us - 1) != EMPTY_BOOK != market.depth.book(event, listed, end_us)
    assert market.flow.trades(event, listed, begin_us, end_us - 1) == []
    assert market.flow.volume(event, listed, begin_us) == market.flow.volume(event, listed, end_us - 1)


def test_a_closure_empties_the_books_until_it_ends() -> None:
    market = WorldMarket(TinyWorld())
    event, listed = found(market, DAL)
    market.hours.close(NOW, NOW + timedelta(minutes=9), exchange=True)
    now_us = microseconds(NOW)
    assert market.depth.book(event, listed, now_us) == EMPTY_BOOK
    assert market.depth.next_change_us(event, listed, now_us) == now_us + 9 * MINUTE_US
    assert market.depth.next_change_us(event, listed, now_us - 1) == now_us
    assert market.hours.resumes_us(now_us) == now_us + 9 * MINUTE_US
    assert not market.hours.exchange_active(NOW)
    market.hours.reopen(NOW + timedelta(minutes=1))
    assert market.hours.trading_active(NOW + timedelta(minutes=1))
    assert not market.hours.trading_active(instant_of(now_us + MINUTE_US - 1))


def test_closures_must_not_meet_or_be_empty() -> None:
    hours = WorldMarket(TinyWorld()).hours
    hours.close(NOW, NOW + timedelta(minutes=9))
    with pytest.raises(ValueError, match="meets the one from 2026-11-22"):
        hours.close(NOW + timedelta(minutes=8), NOW + timedelta(minutes=10))
    with pytest.raises(ValueError, match="its end must be after its begin"):
        hours.close(NOW, NOW)


def test_trading_pauses_on_thursday_by_eastern_time_also_in_summer() -> None:
    hours = WorldMarket(TinyWorld()).hours
    for text in ("2026-07-16T03:00:00-04:00", "2026-07-16T04:59:59-04:00", "2026-11-19T04:59:59-05:00"):
        assert not hours.trading_active(datetime.fromisoformat(text))
    for text in ("2026-07-16T02:59:59-04:00", "2026-07-16T05:00:00-04:00", "2026-11-18T03:30:00-05:00"):
        assert hours.trading_active(datetime.fromisoformat(text))


def test_a_paused_market_is_inactive_empty_and_still() -> None:
    market = WorldMarket(TinyWorld(), Habits(paused=1.0))
    event, listed = found(market, DAL)
    ((begin_us, end_us),) = market.lifecycle.pauses(event, event.start_us)
    statuses = [market.lifecycle.status_at(event, at) for at in (begin_us - 1, begin_us, end_us - 1, end_us)]
    active, inactive = MarketStatus.ACTIVE, MarketStatus.INACTIVE
    assert statuses == [active, inactive, inactive, active]
    assert market.depth.next_change_us(event, listed, begin_us) == end_us
    assert market.depth.book(event, listed, begin_us) == EMPTY_BOOK
    assert market.flow.trades(event, listed, begin_us - 1, end_us - 1) == []
