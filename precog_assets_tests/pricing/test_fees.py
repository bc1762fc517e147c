"""Fees: equal to every recorded fill and published example, never below the exact value, the same over arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.pricing.fees import (
    FeeSchedule,
    OrderCharges,
    UnknownFeeError,
    exact_fee,
    fee,
    fee_array,
    floor_balance,
)

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded"
D = Decimal


def schedule(**given: Any) -> FeeSchedule:
    terms: dict[str, Any] = {
        "venue": "kalshi",
        "fee_type": "quadratic_with_maker_fees",
        "multiplier": D(1),
        "taker_rate": D("0.07"),
        "maker_rate": D("0.0175"),
        "round_up_to": D("0.0001"),
        "balance_precision": D("0.0001"),
        "rebate_step": D("0.01"),
        "source": "series",
        "since": None,
    }
    return FeeSchedule(**{**terms, **given})


KALSHI = schedule()
CENTS = schedule(round_up_to=D("0.01"), balance_precision=D("0.01"))
POLYMARKET = schedule(
    venue="polymarket", taker_rate=D("0.03"), maker_rate=D(0), round_up_to=D("0.00001"), balance_precision=D("0.000001")
)
SCHEDULES = st.builds(
    schedule,
    taker_rate=st.sampled_from([D("0.07"), D("0.035"), D("0.03"), D("0.072"), D("0.0233331"), D(0)]),
    maker_rate=st.sampled_from([D("0.0175"), D("0.035"), D(0)]),
    round_up_to=st.sampled_from([D("0.01"), D("0.0001"), D("0.00001")]),
)
PRICES = st.integers(1, 999_999).map(lambda steps: D(steps).scaleb(-6))
CENT_PRICES = st.integers(1, 99).map(lambda steps: D(steps).scaleb(-2))
COUNTS = st.integers(1, 10**11).map(lambda steps: D(steps).scaleb(-2))
WHOLE_COUNTS = st.integers(1, 5_000).map(Decimal)


def recorded_fills() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every fill of the recordings that says what it cost."""

    def found(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            if {"fee_cost", "count_fp", "yes_price_dollars", "is_taker"} <= value.keys():
                yield value
            for part in value.values():
                yield from found(part)
        elif isinstance(value, list):
            for part in value:
                yield from found(part)

    for path in sorted(RECORDED.rglob("*.json")):
        for fill in found(json.loads(path.read_bytes())):
            yield path.name, fill


def test_every_recorded_fill_cost_what_the_formula_says() -> None:
    if not RECORDED.is_dir():
        pytest.skip("no recordings beside the checkout")
    fills = list(recorded_fills())
    assert len(fills) >= 3
    for name, fill in fills:
        price, contracts = D(fill["yes_price_dollars"]), D(fill["count_fp"])
        charged = fee(KALSHI, price=price, contracts=contracts, maker=not fill["is_taker"])
        assert charged == D(fill["fee_cost"]), name


@pytest.mark.parametrize(
    ("charges", "price", "contracts", "maker", "dollars"),
    [
        (KALSHI, "0.52", "1", False, "0.0175"),
        (KALSHI, "0.99", "1", False, "0.0007"),
        (KALSHI, "0.50", "100", False, "1.7500"),
        (KALSHI, "0.50", "100", True, "0.4375"),
        (KALSHI, "0.10", "0.01", False, "0.0001"),
        (schedule(multiplier=D("0.5"), taker_rate=D("0.035")), "0.50", "100", False, "0.8750"),
        (CENTS, "0.50", "1", False, "0.02"),
        (CENTS, "0.50", "1", True, "0.01"),
        (CENTS, "0.50", "100", False, "1.75"),
        (CENTS, "0.50", "100", True, "0.44"),
        (CENTS, "0.01", "1", False, "0.01"),
        (CENTS, "0.99", "1", False, "0.01"),
        (POLYMARKET, "0.50", "100", False, "0.75000"),
        (POLYMARKET, "0.50", "100", True, "0"),
    ],
)
def test_fees_are_those_of_fills_and_published_examples(
    charges: FeeSchedule, price: str, contracts: str, maker: bool, dollars: str
) -> None:
    assert fee(charges, price=D(price), contracts=D(contracts), maker=maker) == D(dollars)


@given(charges=SCHEDULES, price=PRICES, contracts=COUNTS, maker=st.booleans())
def test_a_fee_is_never_below_the_exact_value_nor_a_step_above_it(
    charges: FeeSchedule, price: Decimal, contracts: Decimal, maker: bool
) -> None:
    exact = exact_fee(charges, price=price, contracts=contracts, maker=maker)
    charged = fee(charges, price=price, contracts=contracts, maker=maker)
    assert exact <= charged < exact + charges.round_up_to


@given(charges=SCHEDULES, price=PRICES, contracts=COUNTS, maker=st.booleans())
def test_yes_and_no_of_a_trade_cost_the_same(
    charges: FeeSchedule, price: Decimal, contracts: Decimal, maker: bool
) -> None:
    one = fee(charges, price=price, contracts=contracts, maker=maker)
    assert one == fee(charges, price=1 - price, contracts=contracts, maker=maker)


@given(
    charges=SCHEDULES,
    rows=st.lists(st.one_of(st.tuples(PRICES, COUNTS), st.tuples(CENT_PRICES, WHOLE_COUNTS)), min_size=1, max_size=20),
    maker=st.booleans(),
)
def test_an_array_of_fees_is_the_decimal_ones(
    charges: FeeSchedule, rows: list[tuple[Decimal, Decimal]], maker: bool
) -> None:
    prices, contracts = (np.array([float(value) for value in column]) for column in zip(*rows, strict=True))
    expected = [float(fee(charges, price=price, contracts=count, maker=maker)) for price, count in rows]
    assert fee_array(charges, prices, contracts, maker=maker).tolist() == expected


@given(price=PRICES, contracts=COUNTS)
def test_a_multiplier_of_many_decimals_is_exact_too(price: Decimal, contracts: Decimal) -> None:
    odd = schedule(taker_rate=D("0.07") * D("0.333333333333333"))
    exact = float(fee(odd, price=price, contracts=contracts, maker=False))
    assert fee_array(odd, np.array([float(price)]), float(contracts), maker=False).tolist() == [exact]


def test_arrays_of_fees_broadcast() -> None:
    fees = fee_array(KALSHI, np.array([[0.5], [0.52]]), np.array([1.0, 100.0]), maker=False)
    assert fees.tolist() == [[0.0175, 1.75], [0.0175, 1.7472]]
    assert float(fee_array(KALSHI, np.array(0.5), 100.0, maker=True)) == 0.4375


@pytest.mark.parametrize("price", ["0", "1", "-0.1", "1.2", "NaN"])
def test_a_price_no_trade_has_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match=f"price {price}: expected dollars a contract above 0 and below 1"):
        fee(KALSHI, price=D(price), contracts=D(1), maker=False)
    with pytest.raises(ValueError, match=r"price .* at 1: expected"):
        fee_array(KALSHI, np.array([0.5, float(price)]), 1.0, maker=False)


@pytest.mark.parametrize("contracts", ["0", "-1", "Infinity"])
def test_a_count_no_trade_has_is_refused(contracts: str) -> None:
    with pytest.raises(ValueError, match=f"contracts {contracts}: expected a number above 0"):
        fee(KALSHI, price=D("0.5"), contracts=D(contracts), maker=False)
    with pytest.raises(ValueError, match=r"contracts .* at 0: expected"):
        fee_array(KALSHI, np.array([0.5]), float(contracts), maker=False)


def test_an_array_refuses_what_it_would_have_to_round() -> None:
    with pytest.raises(ValueError, match=r"price .*0\.1234567.* at 0: expected at most 6 decimals"):
        fee_array(KALSHI, np.array([0.1234567]), 1.0, maker=False)
    with pytest.raises(ValueError, match=r"contracts .*0\.125.* at 0: expected at most 2 decimals"):
        fee_array(KALSHI, np.array([0.5]), 0.125, maker=False)


def test_negative_fees_are_refused() -> None:
    with pytest.raises(ValueError, match=r"taker_rate of kalshi .*: -0\.07; a fee is not below 0"):
        schedule(taker_rate=D("-0.07"))
    with pytest.raises(ValueError, match=r"trade fee -0\.01: a fee is not below 0"):
        floor_balance(KALSHI, revenue=D("0.5"), trade_fee=D("-0.01"))


def test_a_refused_fee_is_a_value_error() -> None:
    assert issubclass(UnknownFeeError, ValueError)


def test_the_balance_of_a_direct_member_moves_in_hundredths_of_a_cent() -> None:
    assert floor_balance(KALSHI, revenue=D("-0.52"), trade_fee=D("0.0175")) == (D("-0.5375"), 0)
    assert floor_balance(KALSHI, revenue=D("-0.00055"), trade_fee=D("0.0001")) == (D("-0.0007"), D("0.00005"))


def test_the_balance_of_others_moves_in_cents_and_three_fills_cost_what_one_does() -> None:
    others = schedule(balance_precision=D("0.01"))
    order = OrderCharges(others)
    fills = [order.fill(price=D("0.055"), contracts=D(1), maker=False) for _ in range(3)]
    assert [(one.trade_fee, one.rounding_fee, one.rebate) for one in fills] == [(D("0.0037"), D("0.0013"), 0)] * 3
    assert sum(one.balance_change for one in fills) == D("-0.18")
    assert OrderCharges(others).fill(price=D("0.055"), contracts=D(3), maker=False).balance_change == D("-0.18")


def test_a_seller_is_paid_less_the_fee() -> None:
    sold = OrderCharges(KALSHI).fill(price=D("0.52"), contracts=D(1), maker=False, buys=False)
    assert (sold.balance_change, sold.net_fee) == (D("0.5025"), D("0.0175"))


@given(
    fills=st.lists(st.tuples(PRICES, st.integers(1, 10_000).map(lambda n: D(n).scaleb(-2)), st.booleans()), max_size=30)
)
def test_what_rounding_takes_from_an_order_comes_back_but_for_a_cent(
    fills: list[tuple[Decimal, Decimal, bool]],
) -> None:
    order = OrderCharges(schedule(balance_precision=D("0.01")))
    charged = [order.fill(price=price, contracts=count, maker=maker) for price, count, maker in fills]
    kept = sum((one.rounding_fee - one.rebate for one in charged), D(0))
    assert kept == order.carried
    for (price, count, _), one in zip(fills, charged, strict=True):
        assert one.net_fee >= 0
        assert one.balance_change == one.balance_change.quantize(D("0.01"))
        assert one.balance_change == -price * count - one.net_fee
    if all(one.trade_fee + one.rounding_fee >= D("0.01") for one in charged):
        assert order.carried <= D("0.01")
