"""What time does to orders and positions: prints, new quotes, expiry, pauses, the market's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from precog_assets.domain.times import eastern_day_bounds, parse_instant
from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.exchange.events import (
    ExchangeEvent,
    FillMade,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    TickerMoved,
    TradeMade,
)
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.model import BookSide, Settlement
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, SECOND_US, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, WIDE, account, new_exchange, of, ticket
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TIED, TinyWorld

NOW_US = microseconds(NOW)
DAY_US = 24 * HOUR_US


def reasons(events: list[ExchangeEvent]) -> list[str | None]:
    return [event.reason for event in of(OrderChanged, events) if event.order.status == "canceled"]


def test_public_prints_move_an_order_up_its_queue_and_then_fill_it(exchange: Exchange, ann: str) -> None:
    bid, makers = exchange.book(DAL, NOW_US).yes[-1]
    done = exchange.place(NOW_US, ann, ticket(price=bid, count=100))
    seen = [makers]
    now_us = NOW_US
    while exchange.accounts[ann].orders[done.order.order_id].status == "resting":
        now_us += SECOND_US
        exchange.advance(now_us)
        if exchange.accounts[ann].orders[done.order.order_id].status == "resting":
            seen.append(exchange.queue_position(DAL, done.order.order_id))
        assert now_us < NOW_US + HOUR_US
    assert seen == sorted(seen, reverse=True)
    fills = exchange.accounts[ann].fills
    assert {(fill.price, fill.is_taker) for fill in fills} == {(bid, False)}
    assert sum(fill.count for fill in fills) == 100


def test_diverted_part_of_a_print_is_told_once_and_keeps_the_volume(exchange: Exchange, ann: str) -> None:
    """The best bid of a market takes every public sale that its price attracts."""
    quoted = exchange.book(WIDE, NOW_US)
    events: list[ExchangeEvent] = []
    exchange.listen(events.append)
    exchange.watch(WIDE, NOW_US)
    exchange.place(NOW_US, ann, ticket(price=quoted.yes[-1][0] + 100, count=500_000, ticker=WIDE))
    exchange.advance(NOW_US + 5 * HOUR_US)
    fills = [event.fill for event in of(FillMade, events)]
    diverted = exchange.diverted(WIDE)
    assert fills
    taken_from_prints = sum(diverted.values())
    crossed = sum(fill.count for fill in fills) - taken_from_prints
    assert exchange.volume(WIDE, NOW_US + 5 * HOUR_US) == crossed
    flow, item = exchange._market.flow, exchange._market.catalog.market(WIDE)
    assert item is not None
    printed = sum(print_.size for print_ in flow.trades(*item, NOW_US, NOW_US + 5 * HOUR_US))
    told = sum(trade.count for trade in of(TradeMade, events))
    assert told == printed + crossed
    moved = of(TickerMoved, events)
    assert moved[-1].volume == flow.volume(*item, moved[-1].time_us) + exchange.volume(WIDE, moved[-1].time_us)


def test_makers_who_quote_through_an_order_fill_it_at_its_own_price(exchange: Exchange, ann: str) -> None:
    quoted = exchange.book(DAL, NOW_US)
    price = quoted.yes[-1][0]
    exchange.place(NOW_US, ann, ticket(price=price, count=50_000_000))
    exchange.advance(NOW_US + HOUR_US)
    fills = exchange.accounts[ann].fills
    assert fills
    assert {fill.price for fill in fills} == {price}
    assert {fill.is_taker for fill in fills} == {False}
    assert exchange.volume(DAL, NOW_US + HOUR_US) > 0


def test_order_expires_at_its_second(exchange: Exchange, ann: str, heard: list[ExchangeEvent]) -> None:
    expires_us = NOW_US + 90 * SECOND_US
    done = exchange.place(NOW_US, ann, ticket(price=100, expires_us=expires_us))
    exchange.advance(expires_us - 1)
    assert exchange.accounts[ann].orders[done.order.order_id].status == "resting"
    exchange.advance(expires_us + 10 * MINUTE_US)
    order = exchange.accounts[ann].orders[done.order.order_id]
    assert (order.status, order.updated_us) == ("canceled", expires_us)
    assert reasons(heard) == ["ExpiryCancel"]


def test_expiry_must_lie_ahead_and_needs_an_order_that_rests(exchange: Exchange, ann: str) -> None:
    refused_terms: tuple[dict[str, Any], ...] = (
        {"expires_us": NOW_US},
        {"expires_us": NOW_US + SECOND_US, "time_in_force": "immediate_or_cancel"},
    )
    for terms in refused_terms:
        with pytest.raises(Refusal):
            exchange.place(NOW_US, ann, ticket(price=100, **terms))


def test_close_cancels_what_rests_and_settlement_pays_once(
    exchange: Exchange, ann: str, heard: list[ExchangeEvent]
) -> None:
    exchange.place(NOW_US, ann, ticket(price=9_900, count=400))
    exchange.place(NOW_US, ann, ticket(price=100, count=100))
    cash = exchange.accounts[ann].purses[0].cash
    exchange.advance(NOW_US + DAY_US)
    exchange.advance(NOW_US + 2 * DAY_US)
    assert reasons(heard) == ["CloseCancel"]
    (settlement,) = exchange.accounts[ann].settlements
    assert (settlement.result, settlement.value, settlement.revenue) == ("yes", 10_000, 4_000_000)
    assert (settlement.yes_count, settlement.no_count) == (400, 0)
    assert exchange.accounts[ann].purses[0].cash == cash + 4_000_000
    steps = [event.change for event in of(MarketChanged, heard) if event.ticker == DAL]
    assert steps == ["close_date_updated", "determined", "settled"]
    assert [event.position.count for event in of(PositionChanged, heard)][-1] == 0
    with pytest.raises(Refusal) as refused:
        exchange.place(NOW_US + 2 * DAY_US, ann, ticket(price=100))
    assert (refused.value.status_code, refused.value.body["error"]["code"]) == (400, "market_closed")


def settled_at(ticker: str, at: datetime, side: BookSide) -> Settlement:
    """What ten contracts bought at an instant are paid in the end."""
    clock = MovableClock()
    clock.instant = at
    exchange = new_exchange(clock)
    who = account(exchange)
    price = 9_900 if side == "bid" else 100
    exchange.place(microseconds(at), who, ticket(side, price, 1_000, ticker=ticker))
    exchange.advance(microseconds(at) + 5 * DAY_US)
    (settlement,) = exchange.accounts[who].settlements
    return settlement


def test_tie_pays_half_to_either_side() -> None:
    tied = "KXNFLGAME-26NOV21NYJNYG-NYG"
    sides: tuple[BookSide, ...] = ("bid", "ask")
    for side in sides:
        settlement = settled_at(tied, TIED.start - timedelta(hours=3), side)
        assert (settlement.result, settlement.value, settlement.revenue) == ("scalar", 5_000, 5_000_000)


def test_game_that_is_never_played_pays_fair_prices_that_make_a_dollar() -> None:
    before = datetime(2026, 11, 19, 12, tzinfo=UTC)
    event = "KXNFLGAME-26NOV19DALTB"
    paid = {code: settled_at(f"{event}-{code}", before, "bid") for code in ("DAL", "TB")}
    assert {settlement.result for settlement in paid.values()} == {"scalar"}
    assert sum(settlement.value for settlement in paid.values()) == 10_000
    assert paid["DAL"].revenue == paid["DAL"].value * 1_000


def test_initialized_market_takes_no_orders_and_unknown_one_is_not_found(exchange: Exchange, ann: str) -> None:
    found = exchange._market.catalog.event("KXNFLGAME-26NOV26NYGDAL")
    assert found is not None
    clock = MovableClock()
    clock.instant = found.created
    early = new_exchange(clock)
    who = account(early)
    with pytest.raises(Refusal) as refused:
        early.place(found.created_us, who, ticket(price=100, ticker=f"{found.ticker}-DAL"))
    assert refused.value.body["error"]["code"] == "market_not_active"
    with pytest.raises(Refusal) as refused:
        early.place(found.created_us, who, ticket(price=100, ticker="KXNFLGAME-26NOV22TBDAL-XX"))
    assert refused.value.status_code == 404


def thursday() -> datetime:
    """A Thursday before the weekly maintenance, while NYG at DAL is listed."""
    return eastern_day_bounds(parse_instant("2026-11-26T12:00Z").date())[0] + timedelta(hours=2, minutes=59)


def test_weekly_maintenance_pauses_trading_and_cancels_only_what_asks_for_it() -> None:
    clock = MovableClock()
    clock.instant = thursday()
    exchange = new_exchange(clock)
    who, now_us = account(exchange), microseconds(clock.instant)
    game = "KXNFLGAME-26NOV26NYGDAL-DAL"
    stays = exchange.place(now_us, who, ticket(price=100, ticker=game))
    goes = exchange.place(now_us, who, ticket(price=100, ticker=game, cancel_on_pause=True))
    paused_us = now_us + 2 * MINUTE_US
    with pytest.raises(Refusal) as refused:
        exchange.place(paused_us, who, ticket(price=100, ticker=game))
    body = {"error": {"code": "trading_is_paused", "message": "trading is paused"}}
    assert (refused.value.status_code, refused.value.body) == (409, body)
    orders = exchange.accounts[who].orders
    assert orders[stays.order.order_id].status == "resting"
    assert orders[goes.order.order_id].status == "canceled"
    assert exchange.book(game, paused_us).yes == ((100, 1_000),)
    exchange.do(paused_us, "cancel", who, {"order_id": stays.order.order_id, "subaccount": 0})
    exchange.place(now_us + 3 * HOUR_US, who, ticket(price=100, ticker=game))


def test_closed_exchange_takes_nothing_not_even_a_cancellation(exchange: Exchange, ann: str) -> None:
    done = exchange.place(NOW_US, ann, ticket(price=100))
    hours = exchange._market.hours
    hours.close(NOW + timedelta(seconds=1), NOW + timedelta(hours=1), exchange=True)
    for do in (
        lambda: exchange.do(NOW_US + MINUTE_US, "cancel", ann, {"order_id": done.order.order_id, "subaccount": 0}),
        lambda: exchange.place(NOW_US + MINUTE_US, ann, ticket(price=100)),
    ):
        with pytest.raises(Refusal) as refused:
            do()
        assert refused.value.body["error"]["code"] == "exchange_is_paused"
    hours.reopen(NOW + timedelta(minutes=2))
    exchange.place(NOW_US + 3 * MINUTE_US, ann, ticket(price=100))


def test_reactivated_market_has_lost_its_resting_orders() -> None:
    market = WorldMarket(TinyWorld(), Habits(paused=1.0))
    found = market.catalog.event("KXNFLGAME-26NOV26NYGDAL")
    assert found is not None
    (begin_us, end_us), *_ = market.lifecycle.pauses(found, found.opened_us)
    clock = MovableClock()
    exchange = Exchange(market, clock)
    clock.instant = found.opened
    who = account(exchange)
    done = exchange.place(begin_us - SECOND_US, who, ticket(price=100, ticker=f"{found.ticker}-DAL"))
    events: list[ExchangeEvent] = []
    exchange.listen(events.append)
    exchange.advance(begin_us)
    assert exchange.accounts[who].orders[done.order.order_id].status == "resting"
    with pytest.raises(Refusal):
        exchange.place(begin_us + 1, who, ticket(price=100, ticker=f"{found.ticker}-DAL"))
    exchange.advance(end_us)
    assert exchange.accounts[who].orders[done.order.order_id].status == "canceled"
    assert reasons(events) == ["HaltCancel"]
    told = [event.change for event in of(MarketChanged, events) if event.ticker == f"{found.ticker}-DAL"]
    assert told == ["deactivated", "activated"]


def test_plans_that_were_replaced_do_not_pile_up(exchange: Exchange, ann: str) -> None:
    for _ in range(3_000):
        done = exchange.place(NOW_US, ann, ticket(price=100))
        exchange.do(NOW_US, "cancel", ann, {"order_id": done.order.order_id, "subaccount": 0})
    assert len(exchange._floor.plans) < 1_100


def test_untouched_markets_are_left_as_they_are(exchange: Exchange, ann: str) -> None:
    base = exchange.book(WIDE, NOW_US)
    assert not exchange.touched(WIDE)
    assert exchange.laid_over(WIDE, base) is base
    assert not exchange.touched(DAL)
    exchange.place(NOW_US, ann, ticket(price=100))
    assert exchange.touched(DAL)
