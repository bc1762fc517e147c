"""Paper orders against recorded books and trades: placed, matched, ended, and taken up again after a crash."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from precog_assets.domain.fees import FeeScope, seen_terms
from precog_assets.domain.trading import OrderStatus, Side
from precog_assets.pipeline.paper import LAG
from precog_assets.store import tables
from precog_assets.store.fees import write_fee_terms
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.desk import MARKET, D, Desk, order
from precog_assets_tests.store.rows import at, market, quote, seen, settled

BIDS, OFFERS = [("0.50", 100), ("0.49", 200)], [("0.46", 30), ("0.45", 50), ("0.40", 500)]
"""YES is bid 0.50 and offered at 0.54 (30), 0.55 (50), 0.60 (500)."""
LAG_S = LAG.total_seconds()


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    desk = Desk(engine)
    desk.open()
    desk.show(-60)
    desk.book(-5, BIDS, OFFERS)
    return desk


def maker(client_id: str = "m", price: str = "0.51", contracts: int = 10, lifetime_s: float = 600, **more):
    more.setdefault("expires_at", at(lifetime_s))
    return order(client_id, price, contracts, post_only=True, **more)


def test_a_taker_walks_the_recorded_book_and_pays_its_fees(desk: Desk) -> None:
    desk.write(order("a", "0.55", 40))
    worked = desk.work(1)
    assert desk.fills() == [("a", D("0.54"), D(30)), ("a", D("0.55"), D(10))]
    assert desk.stands() == (OrderStatus.FILLED, D(40), "")
    fees = D("0.5217") + D("0.1733")
    assert sum(one.fee for one in worked.fills) == fees
    assert desk.cash == 1000 - D("16.20") - D("5.50") - fees
    assert desk.account().ledger.holding(MARKET, Side.YES).contracts == 40


def test_what_one_order_took_is_not_there_for_the_next(desk: Desk) -> None:
    desk.write(order("a", "0.54", 20))
    desk.work(1)
    desk.write(order("b", "0.54", 20, created_at=at(2)))
    desk.work(3)
    assert desk.stands("b") == (OrderStatus.CANCELED, D(10), "not_enough_offered")


def test_a_crash_before_the_commit_loses_nothing_and_books_nothing_twice(desk: Desk) -> None:
    desk.write(order("a", "0.55", 40))
    lost = desk.die_while_working(1)
    assert desk.stands() == (OrderStatus.WRITTEN, D(0), "")
    again = desk.work(2)
    assert [one.fill_id for one in again.fills] == [one.fill_id for one in lost.fills]
    assert desk.work(3).fills == []
    assert (count(desk.engine, tables.fills), set(desk.sums().values())) == (2, {D(0)})


def test_a_maker_rests_and_is_filled_when_traded_through(desk: Desk) -> None:
    desk.write(maker())
    assert desk.work(1).fills == []
    assert desk.stands("m")[0] is OrderStatus.RESTING
    desk.trade(2, "0.51", 50)
    desk.trade(3, "0.50", 4)
    desk.work(10)
    assert desk.stands("m") == (OrderStatus.RESTING, D(4), "")
    desk.work(11)
    desk.trade(12, "0.49", 50)
    desk.work(20)
    assert desk.fills() == [("m", D("0.51"), D(4)), ("m", D("0.51"), D(6))]
    assert desk.stands("m")[0] is OrderStatus.FILLED


def test_a_block_trade_and_one_before_the_order_fill_nobody(desk: Desk) -> None:
    desk.write(maker())
    desk.work(10)
    desk.trade(9, "0.40", 50, read=12)
    desk.trade(12, "0.40", 50, is_block=True)
    assert desk.work(20).fills == []


def test_a_later_book_that_offers_at_our_price_fills_a_maker(desk: Desk) -> None:
    desk.write(maker())
    desk.work(1)
    desk.book(5, BIDS, [("0.50", 7), ("0.46", 30)])
    desk.work(10)
    assert desk.fills() == [("m", D("0.51"), D(7))]
    assert desk.work(12).fills == []


def test_where_no_book_is_read_the_top_of_the_quote_counts(engine: sa.Engine) -> None:
    desk = Desk(engine)
    desk.open()
    desk.show(-5, market(quote=quote("0.50", "0.54", yes_ask_size=D(30))))
    desk.write(order("a", "0.60", 40), maker(price="0.53"))
    desk.work(1)
    assert desk.stands() == (OrderStatus.CANCELED, D(30), "not_enough_offered")
    desk.show(5, market(quote=quote("0.50", "0.52", yes_ask_size=D(3))))
    desk.work(10)
    assert desk.stands("m") == (OrderStatus.RESTING, D(3), "")


def test_a_maker_ends_when_something_later_was_seen_or_trades_can_come_no_more(desk: Desk) -> None:
    desk.write(maker(lifetime_s=30))
    desk.work(1)
    desk.work(31)
    assert desk.stands("m")[0] is OrderStatus.RESTING
    desk.trade(29, "0.40", 3, read=40)
    desk.work(41)
    assert desk.stands("m") == (OrderStatus.RESTING, D(3), "")
    desk.work(30 + LAG_S)
    assert desk.stands("m") == (OrderStatus.EXPIRED, D(3), "its time was over")
    desk.write(maker("n", lifetime_s=300, created_at=at(200)))
    desk.work(200)
    desk.book(301, BIDS, OFFERS[1:])
    desk.work(302)
    assert desk.stands("n")[0] is OrderStatus.EXPIRED


def test_an_order_that_waited_too_long_is_not_placed(desk: Desk) -> None:
    desk.write(order("a", expires_at=at(60)))
    desk.work(61)
    assert desk.stands() == (OrderStatus.EXPIRED, D(0), "its time was over before it was sent")


def test_nothing_rests_in_a_market_that_closed_and_nothing_is_placed_there(desk: Desk) -> None:
    desk.write(maker())
    desk.work(1)
    desk.show(5, settled(second=4))
    desk.write(order("a", created_at=at(6)))
    desk.work(7)
    assert desk.stands("m") == (OrderStatus.CANCELED, D(0), "market_closed")
    assert desk.stands("a") == (OrderStatus.REJECTED, D(0), "market_closed")


def test_an_order_of_an_unknown_market_is_rejected(desk: Desk) -> None:
    desk.write(order("a", market_id="kalshi:KXNFLGAME-26NOV22NOBODY-X"))
    desk.work(1)
    assert desk.stands() == (OrderStatus.REJECTED, D(0), "market_not_known")


def test_a_market_whose_fee_nobody_knows_is_not_traded(engine: sa.Engine) -> None:
    desk = Desk(engine)
    desk.open()
    desk.show(-60, market(quote=None, venue="elsewhere"))
    desk.book(-5, BIDS, OFFERS)
    desk.write(order("a"))
    desk.work(1)
    assert desk.stands() == (OrderStatus.REJECTED, D(0), "unknown_fee")


def test_what_rests_where_the_fee_came_to_be_unknown_is_taken_back_and_keeps_nothing_else_from_being_done(
    desk: Desk,
) -> None:
    desk.write(maker())
    desk.work(1)
    flat = seen_terms("kalshi", FeeScope.SERIES, "KXNFLGAME", "KXNFLGAME", "flat", D(1))
    with desk.engine.begin() as connection:
        write_fee_terms(connection, [(flat, seen(2))])
    desk.book(3, BIDS, [("0.50", 7)])
    desk.write(order("a", created_at=at(4)))
    assert desk.work(5).fills == []
    assert desk.stands("m") == (OrderStatus.CANCELED, D(0), "unknown_fee")
    assert desk.stands("a") == (OrderStatus.REJECTED, D(0), "unknown_fee")


def test_two_orders_that_count_on_the_same_money_get_it_once(engine: sa.Engine) -> None:
    desk = Desk(engine)
    desk.open(D(20))
    desk.show(-60)
    desk.book(-5, BIDS, [("0.46", 100)])
    desk.write(order("a", "0.54", 30), order("b", "0.54", 30, created_at=at(1)))
    desk.work(2)
    assert desk.stands("a")[0] is OrderStatus.FILLED
    assert desk.stands("b") == (OrderStatus.REJECTED, D(0), "insufficient_balance")
    assert desk.cash > 0


def test_money_that_a_resting_order_ties_up_is_not_spent(engine: sa.Engine) -> None:
    desk = Desk(engine)
    desk.open(D(20))
    desk.show(-60)
    desk.book(-5, BIDS, [("0.46", 100)])
    desk.write(maker(price="0.51", contracts=30))
    desk.work(1)
    desk.write(order("a", "0.54", 20, created_at=at(2)))
    desk.work(3)
    assert desk.stands("a") == (OrderStatus.REJECTED, D(0), "insufficient_balance")


def test_selling_is_buying_the_other_side_and_brings_the_money_back(desk: Desk) -> None:
    desk.write(order("a", "0.54", 30))
    desk.work(1)
    desk.write(order("b", "0.50", 30, side=Side.NO, created_at=at(2)))
    desk.work(3)
    ledger = desk.account().ledger
    assert [one for one in ledger.positions() if one.contracts] == []
    fees = D("0.5217") + D("0.5250")
    assert ledger.cash == 1000 - D("1.20") - fees


def test_a_crossed_book_fills_nobody(desk: Desk) -> None:
    desk.write(maker())
    desk.work(1)
    desk.book(5, [("0.60", 10)], [("0.60", 10)])
    desk.write(order("a", "0.60", 5, created_at=at(6)))
    desk.work(7)
    assert desk.stands("a") == (OrderStatus.CANCELED, D(0), "crossed_book")
    assert desk.fills() == []


def test_while_the_kill_switch_is_on_nothing_is_placed_and_what_rests_is_taken_back(desk: Desk) -> None:
    desk.write(maker())
    desk.work(1)
    desk.stop(2)
    desk.write(order("a", created_at=at(3)))
    desk.work(4)
    assert desk.stands("m") == (OrderStatus.CANCELED, D(0), "kill_switch")
    assert desk.stands("a") == (OrderStatus.REJECTED, D(0), "kill_switch")
    desk.stop(5, on=False)
    desk.write(order("b", created_at=at(6)))
    desk.work(7)
    assert desk.stands("b")[0] is OrderStatus.FILLED


def test_an_order_in_a_quiet_market_waits_and_costs_no_event(desk: Desk) -> None:
    desk.write(maker())
    desk.work(1)
    assert desk.work(2).events == 0
    assert desk.work(3).changed == 0
    assert timedelta(0) < LAG
