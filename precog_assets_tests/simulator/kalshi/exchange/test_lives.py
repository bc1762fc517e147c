"""What listeners and watchers are told, and in which order."""

from __future__ import annotations

import pytest

from precog_assets.simulator.kalshi.exchange.events import (
    EventFeeChanged,
    EventListed,
    ExchangeEvent,
    FillMade,
    MarketChanged,
    TickerMoved,
)
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.view import EMPTY_BOOK
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, WIDE, account, of, ticket
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TinyWorld

NOW_US = microseconds(NOW)
DAY_US = 24 * HOUR_US


def test_fees_of_an_event_with_its_own_are_told_and_paid() -> None:
    market = WorldMarket(TinyWorld(), Habits(fee_override=1.0))
    found = market.catalog.event("KXNFLGAME-26NOV26NYGDAL")
    assert found is not None
    change = market.fees.event_changes(found)[0]
    clock = MovableClock()
    clock.instant = found.opened
    exchange = Exchange(market, clock)
    who, ticker = account(exchange), f"{found.ticker}-DAL"
    events: list[ExchangeEvent] = []
    exchange.listen(events.append)
    fees = []
    for at_us in (change.at_us - 1, change.at_us):
        exchange.place(at_us, who, ticket(price=9_900, count=100, ticker=ticker))
        fees.append(exchange.accounts[who].fills[-1])
    assert change.terms is not None
    rates = [fill.fee / (fill.price * (10_000 - fill.price)) for fill in fees]
    assert rates[1] / rates[0] == pytest.approx(change.terms.multiplier, rel=0.02)
    told = [event for event in of(EventFeeChanged, events) if event.event_ticker == found.ticker]
    assert told == [EventFeeChanged(change.at_us, found.ticker, change.terms.fee_type, change.terms.multiplier)]


def test_listener_hears_of_new_events_before_their_markets(exchange: Exchange, heard: list[ExchangeEvent]) -> None:
    exchange.advance(NOW_US + DAY_US)
    lives = [e for e in heard if isinstance(e, EventListed) or (isinstance(e, MarketChanged) and e.change == "created")]
    assert isinstance(lives[0], EventListed)
    event = lives[0].event_ticker
    created = [e.ticker for e in lives if isinstance(e, MarketChanged)]
    assert {ticker.rpartition("-")[0] for ticker in created} == {event}
    assert len(created) == 2


def test_who_watches_everything_gets_markets_that_open_later(exchange: Exchange, heard: list[ExchangeEvent]) -> None:
    exchange.watch_all(NOW_US)
    exchange.advance(NOW_US + DAY_US)
    tickers = {event.ticker for event in of(TickerMoved, heard)}
    assert DAL in tickers
    assert "KXNFLGAME-26NOV29TBNYJ-NYJ" in tickers
    count = len(heard)
    exchange.unwatch_all()
    exchange.advance(NOW_US + DAY_US + HOUR_US)
    assert not of(TickerMoved, heard[count:])


def test_events_come_in_the_order_of_time(exchange: Exchange, ann: str, heard: list[ExchangeEvent]) -> None:
    exchange.watch_all(NOW_US)
    for ticker in (DAL, WIDE):
        price = exchange.book(ticker, NOW_US).yes[-1][0]
        exchange.place(NOW_US, ann, ticket(price=price, count=5_000, ticker=ticker))
    exchange.advance(NOW_US + 5 * HOUR_US)
    times = [event.time_us for event in heard]
    assert times == sorted(times)
    assert of(FillMade, heard)


def test_watching_is_counted(exchange: Exchange, heard: list[ExchangeEvent]) -> None:
    exchange.watch(DAL, NOW_US)
    exchange.watch(DAL, NOW_US)
    exchange.unwatch(DAL)
    exchange.advance(NOW_US + 2 * MINUTE_US)
    assert of(TickerMoved, heard)
    exchange.unwatch(DAL)
    count = len(heard)
    exchange.advance(NOW_US + 4 * MINUTE_US)
    assert not of(TickerMoved, heard[count:])
    with pytest.raises(ValueError, match="KXNO"):
        exchange.watch("KXNO-1", NOW_US + 4 * MINUTE_US)


def test_market_ids_lead_back_to_their_tickers(exchange: Exchange) -> None:
    assert exchange.ticker_of(exchange.market_id(DAL), NOW_US) == DAL
    assert exchange.ticker_of("00000000-0000-0000-0000-000000000000", NOW_US) is None


def test_jump_of_the_clock_tells_watchers_the_outcome_and_settles_at_its_time(
    exchange: Exchange, ann: str, heard: list[ExchangeEvent]
) -> None:
    exchange.watch_all(NOW_US)
    exchange.watch(DAL, NOW_US)
    exchange.place(NOW_US, ann, ticket(price=9_900, count=400))
    later_us = NOW_US + DAY_US
    count = len(heard)
    exchange.advance(later_us)
    jumped = heard[count:]
    found = exchange._market.catalog.market(DAL)
    assert found is not None
    (settlement,) = exchange.accounts[ann].settlements
    assert settlement.time_us == microseconds(exchange._market.lifecycle.ending(found[0]).finalized)
    assert exchange.book(DAL, later_us) == EMPTY_BOOK
    assert [event.change for event in of(MarketChanged, jumped) if event.ticker == DAL][-1] == "settled"
    assert len(of(TickerMoved, [event for event in jumped if getattr(event, "ticker", "") == WIDE])) <= 2
