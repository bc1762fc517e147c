"""Value: what is left of an edge on either side of a book, part by part, and books that hold none refused by name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.trading import Book, Level, Side
from precog_assets.pricing.fees import FeeSchedule, fee
from precog_assets.pricing.value import Value, check_book, maker_value, mid_of, taker_value, walk_book

D = Decimal
KALSHI = FeeSchedule(
    "kalshi",
    "quadratic_with_maker_fees",
    D(1),
    D("0.07"),
    D("0.0175"),
    D("0.0001"),
    D("0.0001"),
    D("0.01"),
    "series",
    None,
)
FREE = FeeSchedule("free", "none", D(1), D(0), D(0), D("0.0001"), D("0.0001"), D("0.01"), "series", None)


def levels(*rows: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(contracts)) for price, contracts in rows)


BOOK = Book(
    yes_bids=levels(("0.60", "50"), ("0.58", "200")), no_bids=levels(("0.38", "40"), ("0.37", "60"), ("0.30", "500"))
)
"""YES 0.60 bid, offered at 0.62 (40), 0.63 (60), 0.70 (500); NO 0.38 bid, offered at 0.40 (50), 0.42 (200)."""


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Two-sided books on the cent grid."""
    bid = draw(st.integers(2, 96))
    ask = draw(st.integers(bid + 1, 98))
    count = st.integers(1, 50_000).map(lambda n: D(n).scaleb(-2))

    def side(best: int) -> tuple[Level, ...]:
        below = draw(st.lists(st.integers(1, best), max_size=4, unique=True))
        prices = sorted({best, *below}, reverse=True)
        return tuple(Level(D(price).scaleb(-2), draw(count)) for price in prices)

    return Book(side(bid), side(100 - ask))


def test_taking_one_level_pays_half_the_spread_and_the_fee() -> None:
    value = taker_value(BOOK, Side.YES, 0.66, D(40), KALSHI)
    assert (value.mid, value.average_price, value.limit_price, value.contracts) == (D("0.61"), D("0.62"), D("0.62"), 40)
    assert value.total_fee == fee(KALSHI, price=D("0.62"), contracts=D(40), maker=False) == D("0.6597")
    assert value.gross_edge == pytest.approx(0.05)
    assert value.half_spread == pytest.approx(0.01)
    assert value.slippage == 0
    assert value.fee == pytest.approx(0.0164925)
    assert value.net == pytest.approx(0.66 - 0.62 - 0.0164925)
    assert value.break_even == pytest.approx(0.6364925)


def test_taking_more_walks_the_levels_and_each_fill_is_charged() -> None:
    walk = walk_book(BOOK, Side.YES, D(120), KALSHI)
    assert walk.levels == levels(("0.62", "40"), ("0.63", "60"), ("0.70", "20"))
    assert (walk.cost, walk.worst_price, walk.unfilled) == (D("76.60"), D("0.70"), 0)
    assert walk.fee == D("0.6597") + D("0.9791") + D("0.2940")
    value = taker_value(BOOK, Side.YES, 0.66, D(120), KALSHI)
    assert value.slippage == pytest.approx(76.60 / 120 - 0.62)


def test_buying_no_meets_the_bids_for_yes() -> None:
    value = taker_value(BOOK, Side.NO, 0.55, D(100), KALSHI)
    assert (value.probability, value.mid) == (pytest.approx(0.45), D("0.39"))
    assert value.average_price == (50 * D("0.40") + 50 * D("0.42")) / 100
    assert value.limit_price == D("0.42")


def test_a_limit_price_or_the_end_of_the_book_leaves_the_rest_unfilled() -> None:
    limited = walk_book(BOOK, Side.YES, D(120), KALSHI, limit_price=D("0.63"))
    assert (limited.contracts, limited.unfilled, limited.worst_price) == (100, 20, D("0.63"))
    assert walk_book(BOOK, Side.NO, D(1000), KALSHI).unfilled == 750
    assert taker_value(BOOK, Side.NO, 0.5, D(1000), KALSHI).contracts == 250


def test_resting_earns_the_half_spread_and_pays_the_makers_fee() -> None:
    value = maker_value(BOOK, Side.YES, 0.61, D("0.60"), D(100), KALSHI)
    assert value.half_spread == pytest.approx(-0.01)
    assert value.total_fee == D("0.4200")
    assert value.net == pytest.approx(0.01 - 0.0042)
    assert value.break_even == pytest.approx(0.6042)


def test_what_a_fill_says_against_a_maker_is_its_slippage() -> None:
    told = maker_value(BOOK, Side.YES, 0.61, D("0.60"), D(100), KALSHI, adverse_selection=0.008)
    assert told.net == pytest.approx(0.01 - 0.0042 - 0.008)
    with pytest.raises(ValueError, match=r"adverse selection -0\.01: expected dollars a contract from 0 up"):
        maker_value(BOOK, Side.YES, 0.61, D("0.60"), D(100), KALSHI, adverse_selection=-0.01)


def test_a_fair_price_loses_half_the_spread_and_the_fee_on_both_sides() -> None:
    yes, no = (taker_value(BOOK, side, 0.61, D(10), KALSHI) for side in Side)
    assert yes.gross_edge == pytest.approx(0)
    assert no.gross_edge == pytest.approx(0)
    assert max(yes.net, no.net) < -0.02


def made_of(value: Value) -> float:
    return value.gross_edge - value.half_spread - value.slippage - value.fee


@given(book=books(), side=st.sampled_from(Side), p_yes=st.floats(0, 1), contracts=st.integers(1, 2_000).map(Decimal))
def test_parts_add_up_and_the_break_even_is_where_nothing_is_left(
    book: Book, side: Side, p_yes: float, contracts: Decimal
) -> None:
    taker = taker_value(book, side, p_yes, contracts, KALSHI)
    at = book.bids(side)[0].price
    for value in (taker, maker_value(book, side, p_yes, at, contracts, KALSHI)):
        paid = float(value.average_price + value.total_fee / value.contracts)
        assert value.net == made_of(value)
        assert value.net == pytest.approx(value.probability - paid, abs=1e-12)
        assert value.break_even == pytest.approx(paid, abs=1e-12)
        assert value.net - 1e-6 - 1e-15 <= float(value.net_dollars) <= value.net + 1e-15
    assert taker.half_spread > 0
    assert taker.slippage >= 0
    assert taker.fee > 0


@given(book=books(), side=st.sampled_from(Side), contracts=st.integers(1, 2_000).map(Decimal))
def test_more_contracts_are_never_cheaper_a_piece(book: Book, side: Side, contracts: Decimal) -> None:
    few, many = (taker_value(book, side, 0.5, size, FREE) for size in (contracts, contracts * 2))
    assert many.average_price >= few.average_price


@given(book=books(), p_yes=st.floats(0, 1), contracts=st.integers(1, 2_000).map(Decimal))
def test_taking_both_sides_never_pays(book: Book, p_yes: float, contracts: Decimal) -> None:
    both = sum(taker_value(book, side, p_yes, contracts, KALSHI).net for side in Side)
    assert both < 0


@pytest.mark.parametrize(
    ("book", "told"),
    [
        (Book(levels(("0.62", "1")), levels(("0.38", "1"))), r"crossed book: YES bid 0\.62 is not below YES ask 0\.62"),
        (Book(levels(("0.70", "1")), levels(("0.38", "1"))), r"crossed book: YES bid 0\.70 .* \(NO bid 0\.38\)"),
        (Book(levels(("0", "1")), levels(("0.38", "1"))), r"yes bids: price 0: expected"),
        (Book(levels(("0.60", "1")), levels(("1", "1"))), r"no bids: price 1: expected"),
        (Book(levels(("0.60", "0")), levels(("0.38", "1"))), r"yes bids: contracts 0: expected"),
        (Book(levels(("0.58", "1"), ("0.60", "1")), ()), r"yes bids: 0\.60 after 0\.58; expected best first"),
        (Book((), levels(("0.38", "1"), ("0.38", "2"))), r"no bids: 0\.38 after 0\.38; expected best first, each"),
    ],
)
def test_a_book_no_exchange_shows_is_refused(book: Book, told: str) -> None:
    for read in (
        lambda: check_book(book),
        lambda: taker_value(book, Side.YES, 0.5, D(1), KALSHI),
        lambda: maker_value(book, Side.YES, 0.5, D("0.5"), D(1), KALSHI),
    ):
        with pytest.raises(ValueError, match=told):
            read()


def test_an_empty_or_one_sided_book_has_no_value() -> None:
    with pytest.raises(ValueError, match="nobody offers YES: no NO bids in the book"):
        taker_value(Book(), Side.YES, 0.5, D(1), KALSHI)
    with pytest.raises(ValueError, match="empty book: no bids for YES and NO; expected bids for YES and NO"):
        mid_of(Book(), Side.YES)
    with pytest.raises(ValueError, match="one-sided book: no bids for YES;"):
        taker_value(Book(no_bids=levels(("0.38", "1"))), Side.YES, 0.5, D(1), KALSHI)
    with pytest.raises(ValueError, match="one-sided book: no bids for NO;"):
        maker_value(Book(levels(("0.60", "1"))), Side.YES, 0.5, D("0.60"), D(1), KALSHI)


def test_what_cannot_be_an_order_is_refused() -> None:
    with pytest.raises(ValueError, match=r"price 0\.62 for YES would take, not rest: it is offered at 0\.62"):
        maker_value(BOOK, Side.YES, 0.5, D("0.62"), D(1), KALSHI)
    with pytest.raises(ValueError, match=r"limit price 0\.61 is below the best offer of YES, 0\.62"):
        walk_book(BOOK, Side.YES, D(1), KALSHI, limit_price=D("0.61"))
    with pytest.raises(ValueError, match="contracts 0: expected a number above 0"):
        taker_value(BOOK, Side.YES, 0.5, D(0), KALSHI)


@pytest.mark.parametrize("p_yes", [-0.01, 1.01, float("nan")])
def test_what_is_no_probability_is_refused(p_yes: float) -> None:
    with pytest.raises(ValueError, match=f"probability of YES {p_yes}: expected 0 to 1"):
        taker_value(BOOK, Side.YES, p_yes, D(1), KALSHI)
