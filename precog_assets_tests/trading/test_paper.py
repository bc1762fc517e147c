"""Paper matching: takers walk the book, makers wait until they are traded through, nothing is filled twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.trading import Book, Order, OrderStatus, Side
from precog_assets.trading import paper
from precog_assets.trading.paper import MarketOrders, PaperTrade, Step
from precog_assets_tests.trading.paper_things import BOOK, MARKET, NOW, D, book, fee, free, later, order

EMPTY = MarketOrders(MARKET)


def placed(wanted: Order, against: Book = BOOK, state: MarketOrders = EMPTY) -> Step:
    return paper.place(state, wanted, against, at=NOW, fee=fee)


def resting(price: str = "0.52", contracts: int | str = 10, **more: Any) -> MarketOrders:
    return placed(order(price=price, contracts=contracts, post_only=True, **more)).state


def test_a_taker_walks_the_levels_up_to_its_limit_and_cancels_the_rest() -> None:
    step = placed(order(price="0.55", contracts=100))
    assert [(f.price, f.contracts, f.fee, f.is_maker) for f in step.fills] == [
        (D("0.54"), 30, D("0.30"), False),
        (D("0.55"), 50, D("0.50"), False),
    ]
    assert (step.orders[0].status, step.orders[0].filled) == (OrderStatus.CANCELED, 80)
    assert step.orders[0].reason == "not_enough_offered"


def test_a_taker_that_gets_all_is_filled() -> None:
    step = placed(order(price="0.60", contracts=40))
    assert [f.contracts for f in step.fills] == [30, 10]
    assert step.orders[0].status is OrderStatus.FILLED
    assert not step.state.open


def test_a_no_order_meets_the_yes_bids() -> None:
    step = placed(order(price="0.51", contracts=150, side=Side.NO))
    assert [(f.side, f.price, f.contracts) for f in step.fills] == [
        (Side.NO, D("0.50"), 100),
        (Side.NO, D("0.51"), 50),
    ]


@pytest.mark.parametrize("against", [Book(), book([("0.50", 10)], []), book([], [("0.30", 10)])])
def test_a_taker_gets_nothing_from_an_empty_one_sided_or_dear_book(against: Book) -> None:
    step = placed(order(price="0.55"), against)
    assert (step.fills, step.orders[0].status) == ((), OrderStatus.CANCELED)


def test_a_crossed_book_is_a_wrong_recording_and_fills_nobody() -> None:
    crossed = book([("0.60", 50)], [("0.50", 50)])
    assert (placed(order(price="0.55"), crossed).fills, placed(order(), crossed).orders[0].reason) == (
        (),
        "crossed_book",
    )
    assert paper.on_book(resting("0.52"), crossed, at=later(1), fee=fee).fills == ()


def test_levels_at_zero_and_one_are_no_offers() -> None:
    odd = book([("0", 50)], [("1", 50), ("0.46", 5), ("0", 900)])
    step = placed(order(price="0.99", contracts=100), odd)
    assert [(f.price, f.contracts) for f in step.fills] == [(D("0.54"), 5)]


def test_what_was_taken_is_not_there_for_the_next_order() -> None:
    first = placed(order("a", "0.54", 20))
    second = placed(order("b", "0.54", 20), state=first.state)
    assert (first.fills[0].contracts, second.fills[0].contracts) == (20, 10)
    again = paper.on_book(second.state, BOOK, at=later(5), fee=fee).state
    assert placed(order("c", "0.54", 20), state=again).fills == ()


def test_a_level_that_went_away_and_came_back_can_be_taken_again() -> None:
    state = placed(order("a", "0.54", 30)).state
    state = paper.on_book(state, book([("0.50", 10)], [("0.40", 10)]), at=later(1), fee=fee).state
    state = paper.on_book(state, BOOK, at=later(2), fee=fee).state
    assert placed(order("b", "0.54", 30), state=state).fills[0].contracts == 30


def test_an_order_given_twice_is_one_order() -> None:
    first = placed(order())
    second = placed(order(), state=first.state)
    assert (second.fills, second.state, second.orders) == ((), first.state, first.orders)


def test_a_maker_rests_and_one_that_would_take_is_refused() -> None:
    assert placed(order(price="0.53", post_only=True)).orders[0].status is OrderStatus.RESTING
    refused = placed(order(price="0.54", post_only=True)).orders[0]
    assert (refused.status, refused.reason) == (OrderStatus.REJECTED, "post_only_cross")


def test_a_trade_at_the_makers_price_went_to_those_before_it() -> None:
    step = paper.on_trade(resting("0.52"), PaperTrade(D("0.52"), D(500), later(1)), fee=fee)
    assert step.fills == ()


def test_a_trade_through_the_makers_price_fills_it_at_its_own_price_up_to_what_was_traded() -> None:
    step = paper.on_trade(resting("0.52"), PaperTrade(D("0.51"), D(4), later(1)), fee=fee)
    assert [(f.price, f.contracts, f.fee, f.is_maker) for f in step.fills] == [(D("0.52"), 4, D("0.004"), True)]
    assert (step.orders[0].status, step.orders[0].remaining) == (OrderStatus.RESTING, 6)
    done = paper.on_trade(step.state, PaperTrade(D("0.50"), D(100), later(2)), fee=fee)
    assert (done.fills[0].contracts, done.orders[0].status) == (6, OrderStatus.FILLED)


def test_a_no_maker_is_traded_through_by_a_higher_yes_price() -> None:
    state = resting("0.45", side=Side.NO)
    assert paper.on_trade(state, PaperTrade(D("0.54"), D(5), later(1)), fee=fee).fills == ()
    assert paper.on_trade(state, PaperTrade(D("0.55"), D(5), later(1)), fee=fee).fills == ()
    assert paper.on_trade(state, PaperTrade(D("0.56"), D(5), later(1)), fee=fee).fills[0].price == D("0.45")


def test_our_makers_share_one_trade_and_the_better_price_goes_first() -> None:
    state = resting("0.51", client_id="low")
    state = placed(order("high", "0.52", 10, post_only=True), state=state).state
    step = paper.on_trade(state, PaperTrade(D("0.40"), D(15), later(1)), fee=fee)
    assert [(f.client_id, f.contracts) for f in step.fills] == [("high", 10), ("low", 5)]


def test_what_happened_before_an_order_does_not_fill_it() -> None:
    state = resting("0.52")
    assert paper.on_trade(state, PaperTrade(D("0.10"), D(50), NOW), fee=fee).fills == ()
    low = book([], [("0.60", 50)])
    assert paper.on_book(state, low, at=NOW, fee=fee).fills == ()


def test_a_later_book_that_offers_at_the_makers_price_fills_it_once() -> None:
    low = book([("0.40", 10)], [("0.48", 4)])
    step = paper.on_book(resting("0.52"), low, at=later(1), fee=fee)
    assert [(f.price, f.contracts, f.is_maker) for f in step.fills] == [(D("0.52"), 4, True)]
    again = paper.on_book(step.state, low, at=later(2), fee=fee)
    assert again.fills == ()
    more = paper.on_book(again.state, book([("0.40", 10)], [("0.48", 9)]), at=later(3), fee=fee)
    assert more.fills[0].contracts == 5


def test_a_maker_expires_before_it_is_matched() -> None:
    state = resting("0.52", expires_at=later(10))
    alive = paper.on_trade(state, PaperTrade(D("0.10"), D(1), later(9)), fee=fee)
    assert alive.fills
    step = paper.on_trade(state, PaperTrade(D("0.10"), D(1), later(10)), fee=fee)
    assert (step.fills, step.orders[0].status) == ((), OrderStatus.EXPIRED)
    assert paper.expire(state, later(9)).orders == ()


def test_a_cancel_ends_what_remains_and_leaves_what_is_done() -> None:
    part = paper.on_trade(resting("0.52"), PaperTrade(D("0.10"), D(4), later(1)), fee=fee).state
    step = paper.cancel(part, "a")
    assert (step.orders[0].status, step.orders[0].filled, step.state.open) == (OrderStatus.CANCELED, 4, ())
    assert paper.cancel(step.state, "a").orders == step.orders
    assert paper.cancel(step.state, "nobody").refused == "not_found"


def test_the_end_of_a_market_cancels_what_rests() -> None:
    assert paper.close(resting()).orders[0].reason == "market_closed"


def test_an_amended_price_queues_anew() -> None:
    step = paper.amend(resting("0.50"), "a", D("0.52"), D(10), BOOK, at=later(60))
    assert paper.on_trade(step.state, PaperTrade(D("0.10"), D(9), later(60)), fee=fee).fills == ()
    assert paper.on_trade(step.state, PaperTrade(D("0.10"), D(9), later(61)), fee=fee).fills[0].price == D("0.52")


def test_fewer_contracts_at_the_same_price_keep_their_place() -> None:
    step = paper.amend(resting("0.50"), "a", D("0.50"), D(3), BOOK, at=later(60))
    assert step.state.queued_at["a"] == NOW
    assert step.orders[0].contracts == 3


@pytest.mark.parametrize(
    ("price", "contracts", "reason"),
    [
        ("0.54", "10", "post_only_cross"),
        ("0", "10", "invalid_price"),
        ("0.52", "4", "count_must_exceed_what_is_filled"),
    ],
)
def test_an_amendment_that_cannot_be_changes_nothing(price: str, contracts: str, reason: str) -> None:
    part = paper.on_trade(resting("0.52"), PaperTrade(D("0.10"), D(4), later(1)), fee=fee).state
    step = paper.amend(part, "a", D(price), D(contracts), BOOK, at=later(2))
    assert (step.refused, step.state) == (reason, part)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (order(price="0"), "invalid_price"),
        (order(price="1"), "invalid_price"),
        (order(price="NaN"), "invalid_price"),
        (order(price="0.555"), "invalid_price"),
        (order(price="0.55", contracts="0.005"), "invalid_count"),
        (order(contracts=0), "invalid_count"),
        (order(contracts=-1), "invalid_count"),
        (order(expires_at=NOW), "expires_in_the_past"),
    ],
)
def test_an_impossible_order_is_rejected_with_its_reason(wanted: Order, reason: str) -> None:
    cents = ((D("0"), D("1"), D("0.01")),)
    step = paper.place(EMPTY, wanted, BOOK, at=NOW, fee=fee, price_ranges=cents)
    assert (step.orders[0].status, step.orders[0].reason, step.fills) == (OrderStatus.REJECTED, reason, ())


def test_a_grid_that_tapers_takes_fine_prices_at_its_ends_only() -> None:
    tapered = (
        (D("0"), D("0.1"), D("0.001")),
        (D("0.1"), D("0.9"), D("0.01")),
        (D("0.9"), D("1"), D("0.001")),
    )
    taken = [
        paper.place(EMPTY, order(price=price), BOOK, at=NOW, fee=fee, price_ranges=tapered).orders[0].reason
        for price in ("0.055", "0.555", "0.945")
    ]
    assert [reason == "invalid_price" for reason in taken] == [False, True, False]


def test_a_negative_fee_is_a_defect_and_no_income() -> None:
    with pytest.raises(ValueError, match="not below 0"):
        paper.place(EMPTY, order(), BOOK, at=NOW, fee=lambda **_: D("-0.01"))


def test_an_order_of_another_market_is_a_defect() -> None:
    with pytest.raises(ValueError, match="kalshi:OTHER"):
        placed(replace(order(), market_id="kalshi:OTHER"))


PRICES = st.integers(1, 99).map(lambda cents: Decimal(cents) / 100)
COUNTS = st.integers(1, 5_000).map(lambda hundredths: Decimal(hundredths) / 100)


@given(st.data())
def test_whatever_happens_no_order_is_overfilled_or_filled_beyond_its_limit_or_filled_without_anything_there(
    data: st.DataObject,
) -> None:
    state, fills, orders = EMPTY, [], {}
    traded = offered = Decimal(0)
    against = Book()
    for number in range(data.draw(st.integers(1, 12))):
        at = NOW + timedelta(seconds=number)
        match data.draw(st.sampled_from(["place", "book", "trade", "cancel", "amend"])):
            case "place":
                wanted = replace(
                    order(str(number), post_only=data.draw(st.booleans()), side=data.draw(st.sampled_from(Side))),
                    limit_price=data.draw(PRICES),
                    contracts=data.draw(COUNTS),
                )
                step = paper.place(state, wanted, against, at=at, fee=free)
            case "book":
                bid = data.draw(st.integers(1, 98))
                ask = data.draw(st.integers(bid + 1, 99))
                sizes = data.draw(st.tuples(st.integers(1, 50), st.integers(1, 50)))
                against = book([(f"0.{bid:02}", sizes[0])], [(str(D(100 - ask) / 100), sizes[1])])
                offered += sum(sizes)
                step = paper.on_book(state, against, at=at, fee=free)
            case "trade":
                trade = PaperTrade(data.draw(PRICES), data.draw(COUNTS), at)
                # One trade may fill a maker of either side.
                traded += 2 * trade.contracts
                step = paper.on_trade(state, trade, fee=free)
            case "cancel":
                step = paper.cancel(state, str(data.draw(st.integers(0, number))))
            case _:
                client_id = str(data.draw(st.integers(0, number)))
                step = paper.amend(state, client_id, data.draw(PRICES), data.draw(COUNTS), against, at=at)
        for made in step.fills:
            assert made.price <= step.state.orders[made.client_id].limit_price
        state = step.state
        fills += step.fills
        orders |= state.orders
    by_order: dict[str, Decimal] = {}
    for made in fills:
        by_order[made.client_id] = by_order.get(made.client_id, Decimal(0)) + made.contracts
    for client_id, done in orders.items():
        assert by_order.get(client_id, 0) == done.filled <= done.contracts
    assert len({made.fill_id for made in fills}) == len(fills)
    assert sum((made.contracts for made in fills), Decimal(0)) <= traded + offered
    assert all(done.status.is_open == (client_id in state.queued_at) for client_id, done in state.orders.items())
