"""The preview tells what the paper venue then does, and what would be held and at stake."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.trading import Book, ExposureFacts, Side
from precog_assets.trading.ledger import Holding, Ledger
from precog_assets.trading.paper_venue import PaperVenue
from precog_assets.trading.preview import Preview, preview
from precog_assets_tests.trading.paper_things import BOOK, MARKET, NOW, D, book, fee, fill, order

NOTHING = ExposureFacts(equity=D(100), cash=D(100), peak_equity=D(100))


def seen(
    price: str = "0.55", contracts: str = "50", side: Side = Side.YES, against: Book = BOOK, **more: object
) -> Preview:
    terms: dict = {"post_only": False, "exposure": NOTHING, **more}
    return preview(side=side, limit_price=D(price), contracts=D(contracts), book=against, fee=fee, **terms)


def test_a_taker_is_told_cost_fee_value_and_what_is_at_stake() -> None:
    told = seen(p_yes=0.6)
    cost = 30 * D("0.54") + 20 * D("0.55")
    assert (told.contracts, told.unfilled, told.cost, told.fee) == (50, 0, cost, D("0.50"))
    assert told.average_price == cost / 50
    assert told.value == 30 - cost - D("0.50")
    assert (told.held_yes, told.held_no) == (50, 0)
    assert told.exposure.market == told.exposure.total == cost + D("0.50") == told.cash_needed
    assert told.exposure.cash == 100 - told.cash_needed
    assert told.affordable


def test_what_the_book_does_not_offer_is_told_as_unfilled() -> None:
    told = seen(contracts="200")
    assert (told.contracts, told.unfilled) == (80, 120)
    nothing = seen(against=Book())
    assert (nothing.contracts, nothing.average_price, nothing.cost, nothing.value) == (0, None, 0, None)


def test_a_crossed_book_offers_nothing() -> None:
    assert seen(against=book([("0.60", 50)], [("0.50", 50)])).contracts == 0


def test_a_maker_is_told_as_if_filled_whole_at_its_price() -> None:
    told = seen(price="0.52", contracts="500", post_only=True)
    assert (told.contracts, told.average_price, told.fee) == (500, D("0.52"), D("0.500"))
    assert not told.affordable


def test_buying_against_what_is_held_lowers_what_is_at_stake_and_brings_money() -> None:
    held = ExposureFacts(equity=D(100), cash=D(96), peak_equity=D(100), market=D(4), total=D(4))
    told = seen(price="0.51", contracts="10", side=Side.NO, exposure=held, yes=Holding(D(10), D(4)))
    assert (told.held_yes, told.held_no, told.redeemed) == (0, 0, 10)
    assert told.cash_needed == D("5.00") + D("0.10") - 10
    assert told.exposure.market == D("0.10")


@pytest.mark.parametrize(("price", "contracts"), [("0", "1"), ("1", "1"), ("0.5", "0")])
def test_an_impossible_order_has_no_preview(price: str, contracts: str) -> None:
    with pytest.raises(ValueError, match="expected a price"):
        seen(price=price, contracts=contracts)


def test_a_probability_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="p_yes"):
        seen(p_yes=1.5)


@given(
    side=st.sampled_from(Side),
    price=st.integers(1, 99).map(lambda cents: Decimal(cents) / 100),
    contracts=st.integers(1, 300).map(Decimal),
    owned=st.integers(0, 100),
)
def test_a_takers_preview_is_what_the_paper_venue_does(
    side: Side, price: Decimal, contracts: Decimal, owned: int
) -> None:
    ledger = Ledger()
    ledger.deposit("d", D(10_000), at=NOW)
    if owned:
        ledger.fill(fill("before", Side.YES, "0.30", owned), "s")
    before = ledger.cash
    venue = PaperVenue(ledger, lambda _market, _at: fee, now=NOW)
    venue.on_book(MARKET, BOOK, NOW)
    told = preview(
        side=side,
        limit_price=price,
        contracts=contracts,
        post_only=False,
        book=BOOK,
        fee=fee,
        exposure=ExposureFacts(equity=before, cash=before, peak_equity=before),
        yes=ledger.holding(MARKET, Side.YES),
    )
    done = venue.place(order(price=str(price), contracts=str(contracts), side=side))
    assert done.filled == told.contracts
    assert ledger.cash == before - told.cash_needed == told.exposure.cash
    assert ledger.holding(MARKET, Side.YES).contracts == told.held_yes
    assert ledger.holding(MARKET, Side.NO).contracts == told.held_no
