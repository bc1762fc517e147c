"""Orders meet the makers' book and each other by price, then time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.exchange.events import OrderChanged
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.fees import FeeTerms
from precog_assets.simulator.kalshi.exchange.model import Order
from precog_assets.simulator.kalshi.exchange.trading import Amendment, Done
from precog_assets.simulator.kalshi.exchange.view import Book
from precog_assets.simulator.kalshi.instants import SECOND_US, microseconds
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, FINE, WIDE, new_exchange, ticket
from precog_assets_tests.simulator.kalshi.tiny_world import NOW

NOW_US = microseconds(NOW)
Place = Callable[..., Done]


@pytest.fixture
def exchange() -> Exchange:
    return new_exchange(MovableClock())


def account(exchange: Exchange, dollars: int = 1_000_000) -> str:
    return exchange.open_account(Decimal(dollars), "prime", key_kind="ed25519").account_id


@pytest.fixture
def ann(exchange: Exchange) -> str:
    return account(exchange)


@pytest.fixture
def bob(exchange: Exchange) -> str:
    return account(exchange)


def book(exchange: Exchange) -> Book:
    return exchange.book(DAL, NOW_US)


def asks(exchange: Exchange) -> list[tuple[int, int]]:
    """YES asks, best first."""
    return [(10_000 - price, size) for price, size in reversed(book(exchange).no)]


def order_of(exchange: Exchange, done: Done) -> Order:
    return exchange.accounts[done.order.account_id].orders[done.order.order_id]


def refusal(act: Callable[[], object]) -> dict:
    with pytest.raises(Refusal) as refused:
        act()
    return {"status": refused.value.status_code, **refused.value.body.get("error", refused.value.body)}


def test_order_walks_the_levels_and_pays_each_its_own_price(exchange: Exchange, ann: str) -> None:
    (first, size), (second, _) = asks(exchange)[:2]
    done = exchange.place(NOW_US, ann, ticket(price=second, count=size + 500))
    fills = exchange.accounts[ann].fills
    assert [(fill.price, fill.count, fill.is_taker) for fill in fills] == [(first, size, True), (second, 500, True)]
    assert (done.filled, done.order.status, done.order.remaining) == (size + 500, "executed", 0)
    assert done.cost == first * size + second * 500


def test_what_was_taken_is_gone_until_makers_quote_anew(exchange: Exchange, ann: str) -> None:
    (price, size), following = asks(exchange)[:2]
    exchange.place(NOW_US, ann, ticket(price=price, count=size))
    assert asks(exchange)[0] == following
    exchange.advance(NOW_US + 60 * SECOND_US)
    assert exchange.laid_over(DAL, before := exchange.book(DAL, NOW_US + 60 * SECOND_US)) == before


def test_rest_of_a_partial_fill_is_shown_and_becomes_the_best_bid(exchange: Exchange, ann: str) -> None:
    price, size = asks(exchange)[0]
    done = exchange.place(NOW_US, ann, ticket(price=price, count=size + 700))
    assert (done.filled, done.order.remaining, done.order.status) == (size, 700, "resting")
    assert book(exchange).yes[-1] == (price, 700)


def test_selling_without_a_position_buys_no(exchange: Exchange, ann: str) -> None:
    price, _ = book(exchange).yes[-1]
    exchange.place(NOW_US, ann, ticket("ask", price, 300))
    purse = exchange.accounts[ann].purses[0]
    assert purse.positions[DAL].count == -300
    assert purse.positions[DAL].cost == (10_000 - price) * 300


def test_accounts_trade_with_each_other_inside_the_spread_or_in_the_queue(
    exchange: Exchange, ann: str, bob: str
) -> None:
    bid, makers = book(exchange).yes[-1]
    exchange.place(NOW_US, ann, ticket(price=bid, count=500))
    assert book(exchange).yes[-1] == (bid, makers + 500)
    exchange.place(NOW_US, bob, ticket("ask", bid, makers + 200))
    (fill,) = exchange.accounts[ann].fills
    assert (fill.count, fill.price, fill.is_taker) == (200, bid, False)
    taker_fills = exchange.accounts[bob].fills
    assert sorted(f.count for f in taker_fills) == sorted([makers, 200])
    assert fill.fill_id in {f.fill_id for f in taker_fills}


def test_queue_position_counts_makers_and_earlier_orders(exchange: Exchange, ann: str, bob: str) -> None:
    bid, makers = book(exchange).yes[-1]
    first = exchange.place(NOW_US, ann, ticket(price=bid, count=500))
    second = exchange.place(NOW_US, bob, ticket(price=bid, count=100))
    assert exchange.queue_position(DAL, first.order.order_id) == makers
    assert exchange.queue_position(DAL, second.order.order_id) == makers + 500
    exchange.do(NOW_US, "cancel", ann, {"order_id": first.order.order_id, "subaccount": 0})
    assert exchange.queue_position(DAL, second.order.order_id) == makers


def inside(exchange: Exchange) -> int:
    """The price makers leave free in WIDE."""
    quoted = exchange.book(WIDE, NOW_US)
    price = quoted.yes[-1][0] + 100
    assert price + quoted.no[-1][0] < 10_000
    return price


def test_self_trade_stops_the_taker_and_leaves_the_resting_order(exchange: Exchange, ann: str) -> None:
    price = inside(exchange)
    resting = exchange.place(NOW_US, ann, ticket(price=price, count=100, ticker=WIDE))
    done = exchange.place(NOW_US, ann, ticket("ask", price - 100, 100, ticker=WIDE))
    assert (done.filled, done.order.remaining, done.order.status) == (0, 0, "canceled")
    assert order_of(exchange, resting).status == "resting"
    assert not exchange.accounts[ann].fills


def test_fills_before_a_self_trade_stand(exchange: Exchange, ann: str, bob: str) -> None:
    price = inside(exchange)
    exchange.place(NOW_US, bob, ticket(price=price, count=40, ticker=WIDE))
    exchange.place(NOW_US, ann, ticket(price=price, count=100, ticker=WIDE))
    done = exchange.place(NOW_US, ann, ticket("ask", price, 100, ticker=WIDE))
    assert (done.filled, done.order.remaining, done.order.status) == (40, 0, "canceled")


def test_self_trade_prevention_maker_cancels_the_resting_order_and_goes_on(exchange: Exchange, ann: str) -> None:
    price = inside(exchange)
    resting = exchange.place(NOW_US, ann, ticket(price=price, count=100, ticker=WIDE))
    done = exchange.place(NOW_US, ann, ticket("ask", price - 100, 50, self_trade="maker", ticker=WIDE))
    assert done.filled == 50
    assert {fill.price for fill in exchange.accounts[ann].fills} == {price - 100}
    assert order_of(exchange, resting).status == "canceled"


def test_better_price_comes_first_and_at_one_price_the_earlier_order(exchange: Exchange, ann: str, bob: str) -> None:
    price = inside(exchange)
    early = exchange.place(NOW_US, ann, ticket(price=price, count=100, ticker=WIDE))
    late = exchange.place(NOW_US, bob, ticket(price=price, count=100, ticker=WIDE))
    third = account(exchange)
    exchange.place(NOW_US, third, ticket("ask", price - 100, 150, ticker=WIDE))
    assert (order_of(exchange, early).filled, order_of(exchange, late).filled) == (100, 50)


def test_fill_or_kill_fills_whole_or_is_refused_and_leaves_nothing(exchange: Exchange, ann: str) -> None:
    price, size = asks(exchange)[0]
    terms = {"price": price, "time_in_force": "fill_or_kill", "client_order_id": "mine"}
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(count=size + 1, **terms)))
    assert (body["status"], body["code"]) == (409, "fill_or_kill_insufficient_resting_volume")
    assert not exchange.accounts[ann].orders
    assert exchange.place(NOW_US, ann, ticket(count=size, **terms)).filled == size


def test_immediate_or_cancel_takes_what_is_there(exchange: Exchange, ann: str) -> None:
    price, size = asks(exchange)[0]
    done = exchange.place(NOW_US, ann, ticket(price=price, count=size + 1, time_in_force="immediate_or_cancel"))
    assert (done.filled, done.order.remaining, done.order.status) == (size, 0, "canceled")


def test_reduce_only_is_capped_by_the_position(exchange: Exchange, ann: str) -> None:
    terms = {"reduce_only": True, "time_in_force": "immediate_or_cancel"}
    assert exchange.place(NOW_US, ann, ticket("ask", 100, 300, **terms)).filled == 0
    exchange.place(NOW_US, ann, ticket(price=9_900, count=200))
    assert exchange.place(NOW_US, ann, ticket("ask", 100, 300, **terms)).filled == 200
    assert exchange.accounts[ann].purses[0].held(DAL) == 0
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(price=100, reduce_only=True)))
    assert body["code"] == "invalid_order"


@pytest.mark.parametrize("price", [0, 10_000, 155, 9_950, 12_300])
def test_price_off_the_grid_is_invalid(exchange: Exchange, ann: str, price: int) -> None:
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(price=price)))
    assert (body["status"], body["code"]) == (400, "invalid_price")


def test_price_on_a_finer_grid_is_taken_where_the_market_has_one(exchange: Exchange, ann: str) -> None:
    assert exchange.place(NOW_US, ann, ticket(price=110, ticker=FINE)).order.status == "resting"
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(price=115, ticker=FINE)))
    assert body["code"] == "invalid_price"


def test_order_that_costs_more_than_there_is_is_refused(exchange: Exchange) -> None:
    poor = account(exchange, 1)
    body = refusal(lambda: exchange.place(NOW_US, poor, ticket(price=100, count=10_001)))
    assert (body["status"], body["code"]) == (400, "insufficient_balance")
    exchange.place(NOW_US, poor, ticket(price=100, count=9_000))
    body = refusal(lambda: exchange.place(NOW_US, poor, ticket(price=100, count=2_000)))
    assert body["code"] == "insufficient_balance"


def test_closing_a_position_needs_no_money(exchange: Exchange) -> None:
    poor = account(exchange, 10)
    exchange.place(NOW_US, poor, ticket(price=asks(exchange)[0][0], count=1_900))
    left = exchange.accounts[poor].purses[0].available
    assert left < 9_900 * 1_900
    exchange.place(NOW_US, poor, ticket("ask", 100, 1_900))
    assert exchange.accounts[poor].purses[0].held(DAL) == 0
    assert refusal(lambda: exchange.place(NOW_US, poor, ticket("ask", 100, 1_900)))["code"] == "insufficient_balance"


def test_resting_orders_tie_up_what_they_would_cost(exchange: Exchange, ann: str) -> None:
    purse = exchange.accounts[ann].purses[0]
    before = purse.available
    done = exchange.place(NOW_US, ann, ticket(price=200, count=1_000))
    fee = FeeTerms("quadratic_with_maker_fees").fee(200, 1_000, taker=False)
    assert before - purse.available == 200 * 1_000 + fee
    exchange.do(NOW_US, "cancel", ann, {"order_id": done.order.order_id, "subaccount": 0})
    assert purse.available == before


def test_used_client_order_id_is_refused_for_ever_and_only_in_its_account(
    exchange: Exchange, ann: str, bob: str
) -> None:
    first = exchange.place(NOW_US, ann, ticket(client_order_id="mine"))
    exchange.do(NOW_US, "cancel", ann, {"order_id": first.order.order_id, "subaccount": 0})
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(client_order_id="mine")))
    assert (body["status"], body["code"]) == (409, "order_already_exists")
    exchange.place(NOW_US, bob, ticket(client_order_id="mine"))


def test_post_only_that_would_cross_is_refused(exchange: Exchange, ann: str) -> None:
    price, _ = asks(exchange)[0]
    body = refusal(lambda: exchange.place(NOW_US, ann, ticket(price=price, post_only=True)))
    assert (body["code"], body["details"]) == ("invalid_order", "post only cross")
    assert exchange.place(NOW_US, ann, ticket(price=price - 100, post_only=True)).order.status == "resting"


def amend(exchange: Exchange, who: str, done: Done, price: int, count: int, **more: object) -> Done:
    wanted = Amendment(DAL, "bid", price, count, **more)  # type: ignore[arg-type]
    return exchange.amend(NOW_US, who, done.order.order_id, 0, wanted)


def test_fewer_contracts_keep_the_place_and_more_or_another_price_lose_it(
    exchange: Exchange, ann: str, bob: str
) -> None:
    bid, makers = book(exchange).yes[-1]
    first = exchange.place(NOW_US, ann, ticket(price=bid, count=500))
    exchange.place(NOW_US, bob, ticket(price=bid, count=100))
    amend(exchange, ann, first, bid, 300)
    assert exchange.queue_position(DAL, first.order.order_id) == makers
    amend(exchange, ann, first, bid, 400)
    assert exchange.queue_position(DAL, first.order.order_id) == makers + 100


def test_amended_into_the_book_it_trades(exchange: Exchange, ann: str) -> None:
    price, size = asks(exchange)[0]
    first = exchange.place(NOW_US, ann, ticket(price=100, count=100))
    done = amend(exchange, ann, first, price, min(size, 200))
    assert (done.filled, done.order.status) == (min(size, 200), "executed")


def test_amendment_takes_a_new_client_id_for_good(exchange: Exchange, ann: str) -> None:
    first = exchange.place(NOW_US, ann, ticket(client_order_id="old"))
    amend(exchange, ann, first, 200, 1_000, client_order_id="old", updated_client_order_id="new")
    assert order_of(exchange, first).client_order_id == "new"
    for used in ("old", "new"):
        assert refusal(lambda used=used: exchange.place(NOW_US, ann, ticket(client_order_id=used)))["status"] == 409


def test_decrease_keeps_the_rest_and_to_nothing_cancels(exchange: Exchange, ann: str) -> None:
    first = exchange.place(NOW_US, ann, ticket(count=1_000))

    def decrease(**terms: int | None) -> Done:
        whole = {"order_id": first.order.order_id, "subaccount": 0, "by": None, "to": None, **terms}
        return exchange.do(NOW_US, "decrease", ann, whole)

    assert decrease(by=300).order.remaining == 700
    assert decrease(to=200).order.remaining == 200
    assert refusal(lambda: decrease(by=201))["code"] == "invalid_order"
    assert decrease(to=0).order.status == "canceled"
    assert refusal(lambda: decrease(by=1))["status"] == 404


def test_group_is_triggered_when_its_fills_within_fifteen_seconds_reach_its_limit(exchange: Exchange, ann: str) -> None:
    group = exchange.do(NOW_US, "create_group", ann, {"limit": 300, "subaccount": 0})
    terms = {"group_id": group.group_id}
    resting = exchange.place(NOW_US, ann, ticket(price=100, **terms))
    exchange.place(NOW_US, ann, ticket(price=9_900, count=200, **terms))
    assert order_of(exchange, resting).status == "resting"
    later = NOW_US + 15 * SECOND_US
    exchange.place(later, ann, ticket(price=9_900, count=200, **terms))
    assert order_of(exchange, resting).status == "resting"
    exchange.place(later + 1, ann, ticket(price=9_900, count=100, **terms))
    assert order_of(exchange, resting).status == "canceled"
    assert refusal(lambda: exchange.place(later + 2, ann, ticket(**terms)))["code"] == "invalid_order"
    exchange.do(later + 3, "reset_group", ann, {"group_id": group.group_id, "subaccount": None})
    exchange.place(later + 4, ann, ticket(**terms))


def test_listener_learns_why_an_order_changed(exchange: Exchange, ann: str) -> None:
    told: list[tuple[str, str | None]] = []

    def hear(event: object) -> None:
        if isinstance(event, OrderChanged):
            told.append((event.order.status, event.reason))

    stop = exchange.listen(hear)
    done = exchange.place(NOW_US, ann, ticket(price=100))
    amend(exchange, ann, done, 200, 1_000)
    exchange.do(NOW_US, "decrease", ann, {"order_id": done.order.order_id, "subaccount": 0, "by": 1, "to": None})
    exchange.do(NOW_US, "cancel", ann, {"order_id": done.order.order_id, "subaccount": 0})
    exchange.place(NOW_US, ann, ticket(price=9_900, count=100))
    stop()
    exchange.place(NOW_US, ann, ticket(price=100))
    expected = [("resting", None), ("resting", "Amend"), ("resting", "Decrease"), ("canceled", None)]
    assert told == [*expected, ("executed", "Trade")]
