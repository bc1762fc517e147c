"""Odds in three notations: known values, there and back, and what is none refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.pricing.odds import (
    from_american,
    from_decimal,
    from_fractional,
    to_american,
    to_decimal,
    to_fractional,
)

PROBABILITIES = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20).map(np.array)


def test_american_odds_are_read_from_both_sides_of_a_hundred() -> None:
    np.testing.assert_allclose(from_american([-150, 150, 100, -100]), [0.6, 0.4, 0.5, 0.5])
    assert float(from_american(-150)) == 0.6


def test_decimal_and_fractional_odds_mean_the_same() -> None:
    np.testing.assert_allclose(from_decimal([2.5, 1.25]), from_fractional(["3/2", " 1 / 4 "]))
    assert float(from_fractional("evens")) == 0.5


@given(probabilities=PROBABILITIES)
def test_probabilities_survive_american_and_decimal_odds(probabilities: np.ndarray) -> None:
    np.testing.assert_allclose(from_american(to_american(probabilities)), probabilities, rtol=1e-12)
    np.testing.assert_allclose(from_decimal(to_decimal(probabilities)), probabilities, rtol=1e-12)


@given(profit=st.integers(1, 100), stake=st.integers(1, 100))
def test_a_fraction_survives_its_probability(profit: int, stake: int) -> None:
    text = to_fractional(stake / (profit + stake))
    assert float(from_fractional(text)) == pytest.approx(stake / (profit + stake), rel=1e-12)


def test_even_odds_are_plus_a_hundred() -> None:
    assert float(to_american(0.5)) == 100.0


@pytest.mark.parametrize(
    ("odds", "told"),
    [
        ([-110, 50], r"American odds 50 at 1: expected at most -100, or at least 100"),
        (0, r"American odds 0: expected at most -100"),
        ([np.nan], r"American odds nan at 0: expected a number"),
        ([None], r"American odds nan at 0: expected a number"),
        (["-110x"], r"American odds \['-110x'\]: expected numbers"),
    ],
)
def test_american_odds_nobody_offers_are_refused(odds: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        from_american(odds)


@pytest.mark.parametrize("odds", [1.0, 0.5, -2.0, np.inf])
def test_decimal_odds_that_pay_nothing_are_refused(odds: float) -> None:
    with pytest.raises(ValueError, match=rf"decimal odds {odds:g} at 1: expected a number above 1"):
        from_decimal([2.0, odds])


@pytest.mark.parametrize("odds", ["0/1", "1/0", "3-2", "", "1.5/2", None])
def test_a_text_that_is_no_fraction_is_refused(odds: Any) -> None:
    with pytest.raises(ValueError, match=r"fractional odds .* at 1: expected a text such as"):
        from_fractional(["1/1", odds])


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, np.nan])
def test_certainty_has_no_odds(probability: float) -> None:
    for convert in (to_american, to_decimal, to_fractional):
        with pytest.raises(ValueError, match=r"probability .*: expected a number above 0 and below 1"):
            convert(probability)


def test_a_fraction_that_rounds_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no fraction with a stake up to 100 is near"):
        to_fractional(0.9999)
    assert to_fractional(0.9999, largest_stake=10_000) == "1/9999"
