"""Paper beside backtest: each cause of a difference alone, and that the causes add up to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.trading import Side
from precog_assets.pipeline.backtest.compare import NOT_ASKED, Cause, Comparison, Made, compare, made_of
from precog_assets_tests.pipeline.backtest.bets import bet

AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
FEE = Decimal("0.18")
"""Of ten contracts at half a dollar."""


def took(market: str = "M", *, seconds: float = 0, price: str = "0.50", contracts: str = "10", **given: Any) -> Made:
    count = Decimal(contracts)
    made = Made(
        decision_id=f"{market}{seconds}",
        strategy="value",
        market_id=market,
        as_of=AT + timedelta(seconds=seconds),
        took=True,
        reason="taken",
        side=Side.YES,
        limit_price=Decimal(price),
        contracts=count,
        cost=Decimal(price) * count,
        fees=FEE if count else Decimal(0),
        yes_value=Decimal(1),
    )
    return replace(made, **given)


def passed(market: str = "M", reason: str = "spread", *, seconds: float = 0) -> Made:
    return Made(f"{market}{seconds}", "value", market, AT + timedelta(seconds=seconds), False, reason)


def only(found: Comparison) -> tuple[Cause, Decimal | None]:
    (one,) = found.differences
    return one.cause, one.dollars


def test_the_same_book_differs_in_nothing() -> None:
    book = [took(), passed("N")]
    found = compare(book, book)
    assert (found.paper_taken, found.backtest_taken, found.pairs, found.same, found.passes) == (1, 1, 1, 1, 1)
    assert found.differences == ()
    assert found.paper_profit == found.backtest_profit == Decimal("4.82")


def test_a_higher_price_at_the_same_instant_is_a_price() -> None:
    cause, dollars = only(compare([took(price="0.51", seconds=2)], [took()]))
    assert cause is Cause.PRICE
    assert dollars == pytest.approx(Decimal("-0.10"))


def test_a_higher_price_later_is_latency() -> None:
    found = compare([took(price="0.51", seconds=40)], [took()])
    assert only(found)[0] is Cause.LATENCY
    assert only(found)[1] == pytest.approx(Decimal("-0.10"))
    assert found.differences[0].seconds == 40
    # Later at the same price cost nothing, and is still said.
    assert only(compare([took(seconds=40)], [took()])) == (Cause.LATENCY, Decimal(0))


def test_another_fee_at_the_same_price_is_a_fee() -> None:
    assert only(compare([took(fees=Decimal("0.36"))], [took()])) == (Cause.FEE, Decimal("-0.18"))


def test_fewer_contracts_are_a_fill_and_its_dollars_what_they_would_have_earned() -> None:
    # Four contracts less, each 1 - 0.50 - 0.018.
    cause, dollars = only(compare([took(contracts="6", fees=Decimal("0.108"))], [took()]))
    assert (cause, dollars) == (Cause.FILL, Decimal("-1.928"))
    assert only(compare([took(contracts="0")], [took()])) == (Cause.FILL, Decimal("-4.82"))


def test_rounding_of_a_smaller_fee_is_no_fee_of_its_own() -> None:
    found = compare([took(contracts="6", fees=Decimal("0.11"))], [took()])
    assert only(found) == (Cause.FILL, Decimal("2.89") - Decimal("4.82"))


def test_a_position_that_one_book_has_not_is_a_gate_named_by_the_other() -> None:
    found = compare([took()], [passed(reason="depth", seconds=-60)])
    assert only(found) == (Cause.GATE, Decimal("4.82"))
    assert found.differences[0].backtest == "depth"
    found = compare([passed(reason="exposure_day")], [took(seconds=30)])
    assert only(found) == (Cause.GATE, Decimal("-4.82"))
    assert found.differences[0].paper == "exposure_day"


def test_a_market_that_the_backtest_was_never_asked_about_is_said() -> None:
    found = compare([took()], [])
    assert found.differences[0].backtest == NOT_ASKED
    assert compare([passed(seconds=60)], [took()]).differences[0].paper == NOT_ASKED


def test_passes_for_other_reasons_are_a_gate_without_dollars() -> None:
    assert only(compare([passed(reason="spread")], [passed(reason="quote_age")])) == (Cause.GATE, Decimal(0))


def test_markets_that_paper_knows_nothing_of_are_left_out() -> None:
    found = compare([took()], [took(), took("N")])
    assert found.backtest_taken == 1
    assert found.differences == ()


def test_positions_too_far_apart_are_not_one() -> None:
    found = compare([took()], [took(seconds=3600)])
    assert found.pairs == 0
    assert [one.cause for one in found.differences] == [Cause.GATE, Cause.GATE]
    assert sum((one.dollars or Decimal(0) for one in found.differences), Decimal(0)) == 0


def test_other_sides_are_other_positions() -> None:
    found = compare([took()], [took(side=Side.NO)])
    assert {one.cause for one in found.differences} == {Cause.GATE}
    assert found.pairs == 0


def test_the_nearest_positions_are_paired() -> None:
    found = compare([took(), took(seconds=300)], [took(seconds=299), took(seconds=1)])
    assert (found.pairs, found.same) == (2, 2)


def test_what_is_not_settled_has_dollars_for_price_and_fee_alone() -> None:
    open_one = {"yes_value": None}
    found = compare([took(price="0.51", contracts="6", fees=Decimal("0.50"), **open_one)], [took(**open_one)])
    dollars = {one.cause: one.dollars for one in found.differences}
    assert dollars[Cause.FILL] is None
    assert dollars[Cause.PRICE] is not None
    assert dollars[Cause.FEE] is not None
    assert found.by_cause()[Cause.FILL] == (1, Decimal(0), 1)


def test_a_world_in_which_each_cause_occurs_once() -> None:
    paper = [
        took("price", price="0.51"),
        took("fee", fees=Decimal("0.30")),
        took("latency", seconds=60, price="0.52"),
        took("gate"),
        took("fill", contracts="4", fees=Decimal("0.072")),
        took("same"),
    ]
    backtest = [*(took(name) for name in ("price", "fee", "latency", "fill", "same")), passed("gate", "max_net_value")]
    found = compare(paper, backtest)
    assert {one.market_id: one.cause.value for one in found.differences} == {
        name: name for name in ("price", "fee", "latency", "gate", "fill")
    }
    assert {count for count, _, _ in found.by_cause().values()} == {1}
    assert found.same == 1
    explained = sum((one.dollars or Decimal(0) for one in found.differences), Decimal(0))
    assert explained == pytest.approx(found.paper_profit - found.backtest_profit)


prices = st.integers(1, 99).map(lambda cents: f"0.{cents:02d}")
positions = st.builds(
    lambda price, count, fee, seconds: took(
        price=price, contracts=str(count), seconds=seconds, fees=Decimal(fee) / 100 if count else Decimal(0)
    ),
    prices,
    st.integers(0, 50),
    st.integers(0, 300),
    st.integers(0, 600),
)


@given(positions, positions, st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]), st.booleans())
def test_the_causes_of_a_pair_add_up_to_its_difference(one: Made, two: Made, paid: Decimal, given_back: bool) -> None:
    settled = {"given_back": True, "yes_value": None} if given_back else {"yes_value": paid}
    found = compare([replace(one, **settled)], [replace(two, **settled)])
    explained = sum((each.dollars or Decimal(0) for each in found.differences), Decimal(0))
    assert explained == pytest.approx(found.paper_profit - found.backtest_profit, abs=Decimal("1e-9"))


def test_a_bet_of_a_backtest_becomes_what_is_compared() -> None:
    one = bet(side=Side.NO, price="0.40", yes_value="0")
    made = made_of(one.decision, one)
    assert (made.took, made.side, made.price, made.payoff) == (True, Side.NO, Decimal("0.4"), 1)
    assert made.profit == one.profit
    assert made_of(one.decision, None).contracts == 0
    back = bet(yes_value=None, returned=True)
    assert made_of(back.decision, back).profit == back.profit == Decimal("-0.20")
