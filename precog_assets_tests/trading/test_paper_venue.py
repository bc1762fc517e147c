"""The paper venue: one account, one balance, the same words as an exchange."""

from __future__ import annotations

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.ports import TradingVenue
from precog_assets.domain.trading import OrderStatus, Side
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.paper import PaperTrade
from precog_assets.trading.paper_venue import PaperVenue
from precog_assets_tests.trading.paper_things import BOOK, MARKET, NOW, D, book, fee, fill, later, order

OTHER = "kalshi:OTHER"


@pytest.fixture
def venue() -> PaperVenue:
    ledger = Ledger()
    ledger.deposit("d", D(10), at=NOW)
    venue = PaperVenue(ledger, lambda _market, _at: fee, now=NOW)
    venue.on_book(MARKET, BOOK, NOW)
    venue.on_book(OTHER, BOOK, NOW)
    return venue


def test_it_is_a_trading_venue(venue: PaperVenue) -> None:
    held: TradingVenue = venue
    assert held.balance() == 10


def test_a_taken_order_is_paid_and_held(venue: PaperVenue) -> None:
    done = venue.place(order(price="0.54", contracts=10))
    assert (done.status, venue.balance()) == (OrderStatus.FILLED, D("4.50"))
    assert [(p.side, p.contracts, p.average_price) for p in venue.positions()] == [(Side.YES, 10, D("0.54"))]
    assert [f.client_id for f in venue.fills()] == ["a"]
    assert (len(venue.take_entries()), venue.take_entries()) == (1, [])


def test_two_decisions_on_one_balance_get_it_once(venue: PaperVenue) -> None:
    first, second = venue.place_many([order("a", "0.54", 12), order("b", "0.54", 12)])
    assert first.status is OrderStatus.FILLED
    assert (second.status, second.reason) == (OrderStatus.REJECTED, "insufficient_balance")
    assert venue.ledger.cash == 10 - 12 * D("0.55")


def test_a_resting_order_ties_up_its_money_and_gives_it_back(venue: PaperVenue) -> None:
    venue.place(order("a", "0.50", 10, post_only=True))
    assert venue.balance() == 10 - D("5.01")
    refused = venue.place(order("b", "0.50", 10, post_only=True, market_id=OTHER))
    assert refused.reason == "insufficient_balance"
    assert venue.cancel("a").status is OrderStatus.CANCELED
    assert venue.balance() == 10


def test_an_order_that_closes_a_position_needs_no_money(venue: PaperVenue) -> None:
    venue.ledger.fill(fill("before", Side.YES, "0.95", 10), "s")
    assert venue.balance() == D("0.50")
    resting = venue.place(order("out", "0.40", 10, side=Side.NO, post_only=True))
    assert resting.status is OrderStatus.RESTING
    assert venue.place(order("now", "0.50", 10, side=Side.NO)).status is OrderStatus.FILLED
    assert venue.positions() == []


def test_a_rejected_id_is_used_up(venue: PaperVenue) -> None:
    venue.place(order("a", "0.54", 30))
    again = venue.place(order("a", "0.54", 1))
    assert (again.status, again.contracts) == (OrderStatus.REJECTED, 30)


def test_a_maker_is_filled_by_recorded_trades_and_expires_with_time(venue: PaperVenue) -> None:
    venue.place(order("a", "0.52", 10, post_only=True, expires_at=later(60)))
    venue.on_trade(MARKET, PaperTrade(D("0.51"), D(3), later(5)))
    assert venue.fills(later(5))[0].contracts == 3
    assert venue.fills(later(6)) == []
    assert [o.status for o in venue.on_time(later(60))] == [OrderStatus.EXPIRED]
    assert venue.balance() == 10 - 3 * D("0.52") - D("0.003")


def test_an_amendment_without_the_money_leaves_the_order_as_it_was(venue: PaperVenue) -> None:
    venue.place(order("a", "0.50", 10, post_only=True))
    with pytest.raises(PrecogError, match="insufficient_balance"):
        venue.amend("a", D("0.50"), D(100))
    with pytest.raises(PrecogError, match="post_only_cross"):
        venue.amend("a", D("0.54"), D(10))
    assert venue.orders()[0].contracts == 10
    assert venue.amend("a", D("0.51"), D(12)).limit_price == D("0.51")


def test_an_order_nobody_placed_is_not_found(venue: PaperVenue) -> None:
    for act in (lambda: venue.cancel("x"), lambda: venue.amend("x", D("0.5"), D(1))):
        with pytest.raises(PrecogError) as raised:
            act()
        assert raised.value.code == "http.not_found"


def test_a_settled_market_is_forgotten_once_nothing_rests(venue: PaperVenue) -> None:
    venue.place(order("a", "0.50", 1, post_only=True))
    with pytest.raises(ValueError, match="1 open orders"):
        venue.forget(MARKET)
    venue.on_close(MARKET)
    venue.forget(MARKET)
    assert (venue.orders(), venue.fills()) == ([], [])


def test_events_of_markets_without_orders_cost_nothing(venue: PaperVenue) -> None:
    assert venue.on_book("kalshi:ELSE", book([], []), later(1)).orders == ()
    assert venue.on_trade("kalshi:ELSE", PaperTrade(D("0.5"), D(1), later(1))).fills == ()
    assert venue.orders() == []
