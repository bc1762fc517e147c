"""A trade costs what the fee schedule says, to the fourth decimal."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.simulator.kalshi.exchange.fees import FeeTerms
from precog_assets.simulator.kalshi.exchange.units import (
    cents,
    dollars_text,
    floored,
    parse_count,
    parse_price,
    signed_count_text,
)


@pytest.mark.parametrize(("price", "fee"), [(5_200, 17_500), (9_900, 700)])
def test_fees_of_recorded_fills_are_exact(price: int, fee: int) -> None:
    assert FeeTerms("quadratic").fee(price, 100, taker=True) == fee


@pytest.mark.parametrize(
    ("fee_type", "share"),
    [
        ("quadratic", 0),
        ("quadratic_with_maker_fees", Fraction(1, 4)),
        ("quadratic_with_combo_maker_fees", Fraction(1, 2)),
    ],
)
def test_makers_pay_their_share_of_a_takers_fee(fee_type: str, share: Fraction) -> None:
    terms = FeeTerms(fee_type)
    assert terms.fee(5_000, 10_000, taker=False) == share * terms.fee(5_000, 10_000, taker=True)


def test_multiplier_scales_the_fee() -> None:
    doubled = FeeTerms("quadratic", Fraction(2)).fee(5_000, 10_000, taker=True)
    assert doubled == 2 * FeeTerms("quadratic").fee(5_000, 10_000, taker=True)


@given(price=st.integers(1, 9_999), count=st.integers(1, 10**9), thousandths=st.integers(1, 5_000))
def test_fee_is_never_below_the_exact_one_nor_a_whole_step_above(price: int, count: int, thousandths: int) -> None:
    multiplier = Fraction(thousandths, 1_000)
    exact = multiplier * Fraction(7, 100) * count * price * (10_000 - price) / 10_000
    fee = FeeTerms("quadratic", multiplier).fee(price, count, taker=True)
    assert exact <= fee < exact + 100
    assert fee % 100 == 0


def test_fee_type_without_a_formula_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="'flat'"):
        FeeTerms("flat").fee(5_000, 100, taker=True)


@pytest.mark.parametrize(
    ("text", "price"),
    [("0.5600", 5_600), ("0.56", 5_600), ("1", 10_000), ("0.0015", 15), ("0.560000", 5_600)],
)
def test_price_text_is_read(text: str, price: int) -> None:
    assert parse_price(text) == price


@pytest.mark.parametrize("text", ["", "-0.5", ".5", "5e-1", "0.56001", "0.5.6", " 0.5", "٠.٥", "NaN", "1" * 30])
def test_what_is_no_price_is_refused(text: str) -> None:
    assert parse_price(text) is None


@pytest.mark.parametrize(("text", "count"), [("10", 1_000), ("10.0", 1_000), ("10.25", 1_025), ("0.01", 1)])
def test_count_text_is_read(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "-1", "1.005", "1e3", "ten", "1_000"])
def test_what_is_no_count_is_refused(text: str) -> None:
    assert parse_count(text) is None


def test_money_is_cut_to_its_decimals() -> None:
    assert dollars_text(98_018_699, 4) == "98.0186"
    assert dollars_text(-17_500) == "-0.017500"
    assert cents(98_018_699) == 9_801
    assert floored(-101) == -200
    assert signed_count_text(-325) == "-3.25"
