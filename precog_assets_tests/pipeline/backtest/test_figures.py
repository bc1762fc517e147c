"""Figures of bets and equity, against numbers worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.trading import Side
from precog_assets.pipeline.backtest.figures import equity_by_day, figures_of, risk_of
from precog_assets_tests.pipeline.backtest.bets import bet, points

CASH = Decimal(10_000)


def figures(*bets, least: int = 2):
    return figures_of(bets, min_bets_for_roi=least, resamples=200)


def test_profit_stake_fees_and_return_are_those_of_the_settled_bets() -> None:
    # Wins 10 - 5 - 0.2 = 4.8; loses 4 + 0.1 = 4.1: 0.7 on 5.2 + 4.1 = 9.3.
    found = figures(bet(), bet(1, day=1, price="0.40", fees="0.10", yes_value="0"), bet(2, day=2, yes_value=None))
    assert (found.bets, found.settled, found.given_back) == (3, 2, 0)
    assert found.staked == Decimal("9.3")
    assert found.profit == Decimal("0.7")
    assert found.fees == Decimal("0.5")
    assert found.contracts == 30
    assert found.roi is not None
    assert found.roi.estimate == pytest.approx(0.7 / 9.3)
    assert found.roi.low == pytest.approx(-1.0)
    assert found.roi.high == pytest.approx(4.8 / 5.2)


def test_below_the_least_number_of_bets_no_return_is_said() -> None:
    bets = [bet(at, day=at % 20) for at in range(99)]
    found = figures(*bets, least=100)
    assert found.roi is None
    assert found.refused["roi"] == "99 settled bets; at least 100"
    assert found.profit == Decimal("4.8") * 99
    enough = figures(*bets, bet(99, day=3), least=100)
    assert enough.roi is not None
    assert enough.roi.estimate == pytest.approx(4.8 / 5.2)
    assert "roi" not in enough.refused


def test_bets_that_are_open_or_given_back_do_not_count_towards_a_return() -> None:
    bets = [bet(at, day=at) for at in range(99)]
    found = figures(*bets, bet(99, yes_value=None), bet(100, yes_value=None, returned=True), least=100)
    assert found.roi is None
    assert found.given_back == 1
    # What comes back is without the fee.
    assert found.profit == Decimal("4.8") * 99 - Decimal("0.2")


def test_closing_line_value_is_the_mid_less_the_price_of_the_side_bought() -> None:
    # YES bought at 0.50, closing at 0.53: 0.03. NO bought at 0.40, YES closing at 0.62: NO 0.38, -0.02.
    found = figures(bet(closing_mid=0.53), bet(1, day=1, side=Side.NO, price="0.40", closing_mid=0.62), bet(2, day=2))
    assert found.closed_bets == 2
    assert found.closing_line_value is not None
    assert found.closing_line_value.estimate == pytest.approx(0.005)
    assert found.closing_line_value.low == pytest.approx(-0.02)
    assert found.closing_line_value.high == pytest.approx(0.03)


def test_closing_quotes_of_one_day_have_no_interval() -> None:
    found = figures(bet(closing_mid=0.53), bet(1, closing_mid=0.52))
    assert found.closing_line_value is None
    assert found.refused["closing_line_value"] == "closing quotes of 1 days; at least 2"


def test_the_brier_of_prices_paid_is_of_the_side_bought() -> None:
    # (0.50 - 1)^2 = 0.25; NO at 0.40 with NO paying: (0.40 - 1)^2 = 0.36. Believed: YES 0.55, NO 0.45.
    found = figures(bet(), bet(1, day=1, side=Side.NO, price="0.40", yes_value="0"))
    assert found.brier_paid == pytest.approx((0.25 + 0.36) / 2)
    assert found.brier_believed == pytest.approx((0.45**2 + 0.55**2) / 2)


def test_a_tie_pays_half_to_both_sides() -> None:
    found = figures(bet(yes_value="0.5"), bet(1, day=1, side=Side.NO, yes_value="0.5"))
    assert found.profit == Decimal("-0.4")
    assert found.brier_paid == 0.0


def test_no_bets_have_no_figures_and_each_says_why() -> None:
    found = figures(least=100)
    assert (found.bets, found.profit, found.roi, found.brier_paid, found.closing_line_value) == (0, 0, None, None, None)
    assert set(found.refused) == {"roi", "closing_line_value", "brier_paid", "brier_believed"}


def test_an_order_of_which_nothing_was_filled_is_no_bet() -> None:
    with pytest.raises(ValueError, match="nothing was filled is no bet"):
        figures(bet(contracts="0"))


def test_sharpe_and_sortino_are_of_daily_returns_for_a_year() -> None:
    # Returns: +1 %, -2 %, +1 %, 0. Mean 0, so both are 0; then with another first day.
    found = risk_of(points("10100", "9898", "9996.98", "9996.98"), [], CASH)
    assert found.days == 4
    assert found.sharpe == pytest.approx(0.0, abs=1e-12)
    # Returns +3 % and -1 %: mean 0.01, deviation 0.04 / sqrt(2), loss sqrt(0.0001 / 2).
    found = risk_of(points("10300", "10197"), [], CASH)
    assert found.sharpe == pytest.approx(0.01 / (0.04 / sqrt(2)) * sqrt(365))
    assert found.sortino == pytest.approx(0.01 / sqrt(0.00005) * sqrt(365))


def test_a_curve_that_never_moves_or_never_falls_has_no_ratio() -> None:
    still = risk_of(points("10000", "10000"), [], CASH)
    assert (still.sharpe, still.sortino) == (None, None)
    assert still.refused == {"sharpe": "equity moved the same on every day", "sortino": "no day lost anything"}
    short = risk_of(points("10300"), [], CASH)
    assert short.refused["sharpe"] == "1 days; at least 2"


def test_the_largest_fall_is_from_the_highest_point_before_it() -> None:
    found = risk_of(points("9900", "11000", "10450", "10780", "9900", "12000"), [], CASH)
    assert found.max_drawdown == pytest.approx(0.10)
    assert found.max_drawdown_dollars == Decimal(1100)
    assert found.final_equity == 12_000


def test_days_without_a_point_keep_the_equity_of_the_day_before() -> None:
    first, _, last = points("10100", "0", "10200")
    assert equity_by_day([first, last], CASH) == [
        (date(2025, 10, 22), Decimal(10_100)),
        (date(2025, 10, 23), Decimal(10_100)),
        (date(2025, 10, 24), Decimal(10_200)),
    ]
    assert risk_of([first, last], [], CASH).days == 3


def test_exposure_between_the_points_is_counted_from_fill_to_start() -> None:
    # Day 0: 5 and 4 dollars stand together; day 1: nothing; day 2: 5 dollars.
    bets = [bet(), bet(1, price="0.40", hours_before=1), bet(2, day=2)]
    found = risk_of(points("10000", "10000", "10000"), bets, CASH)
    assert found.peak_exposure == 9
    assert found.mean_exposure == Decimal(14) / 3


def test_a_bet_held_overnight_is_at_stake_on_both_days() -> None:
    found = risk_of(points("10000", "10000", "10000"), [bet(day=2, hours_before=48)], CASH)
    assert found.mean_exposure == 5
    assert found.peak_exposure == 5


def test_what_stands_at_the_end_of_a_day_counts_too() -> None:
    assert risk_of(points("10000", "10000", at_stake="700"), [bet()], CASH).peak_exposure == 700


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 200), st.booleans()), min_size=2, max_size=40))
def test_the_return_lies_in_its_interval_and_never_below_losing_everything(bets: list[tuple[int, int, bool]]) -> None:
    made = [
        bet(at, day=at, price=f"0.{cents:02d}", contracts=str(count), fees="0.05", yes_value="1" if won else "0")
        for at, (cents, count, won) in enumerate(bets)
    ]
    found = figures(*made)
    assert found.roi is not None
    assert -1.0 - 1e-9 <= found.roi.low <= found.roi.high
    assert found.roi.estimate == pytest.approx(float(found.profit / found.staked))
