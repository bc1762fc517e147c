"""Prices of an event: of all outcomes together, or none of any with the reason in one word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.leagues import Outcome
from precog_assets.pricing.event import Sides, event_prices, market_probabilities, why_no_price
from precog_assets.pricing.vig import event_probabilities

TWO = (Outcome.HOME, Outcome.AWAY)
THREE = (Outcome.HOME, Outcome.DRAW, Outcome.AWAY)


def sides(bid: str | None, ask: str | None) -> Sides:
    return (None if bid is None else Decimal(bid), None if ask is None else Decimal(ask))


@pytest.mark.parametrize(
    ("quoted", "reason"),
    [
        ({}, "not_quoted"),
        ({Outcome.HOME: sides(None, None)}, "empty_book"),
        ({Outcome.HOME: sides("0.40", None)}, "one_sided_book"),
        ({Outcome.HOME: sides(None, "0.42")}, "one_sided_book"),
        ({Outcome.HOME: sides("0", "0.42")}, "one_sided_book"),
        ({Outcome.HOME: sides("0.40", "1")}, "one_sided_book"),
        ({Outcome.HOME: sides("0", "1")}, "empty_book"),
        ({Outcome.HOME: sides("0.44", "0.42")}, "crossed_book"),
        ({Outcome.HOME: sides("0.42", "0.42")}, "locked_book"),
        ({Outcome.HOME: sides("0.40", "0.42"), Outcome.AWAY: sides("0.10", "0.12")}, "prices_sum_to_nothing"),
        ({Outcome.HOME: sides("0.40", "0.42")}, ""),
        ({Outcome.HOME: sides("0.40", "0.42"), Outcome.AWAY: sides("0.58", "0.60")}, ""),
    ],
)
def test_an_event_of_two_has_a_price_or_a_reason(quoted: dict[Outcome, Sides], reason: str) -> None:
    assert why_no_price(TWO, quoted) == reason
    assert (market_probabilities(TWO, quoted) is None) == bool(reason)


def test_an_event_of_three_needs_all_three() -> None:
    quoted = {Outcome.HOME: sides("0.40", "0.42"), Outcome.AWAY: sides("0.30", "0.32")}
    assert why_no_price(THREE, quoted) == "not_quoted"
    assert event_prices(THREE, quoted, None, 0.0) is None
    assert why_no_price(THREE, {**quoted, Outcome.DRAW: sides("0.26", "0.28")}) == ""


def test_one_quoted_market_of_two_says_both() -> None:
    found = event_prices(TWO, {Outcome.AWAY: sides("0.30", "0.32")}, None, 0.0)
    assert found is not None
    assert found[Outcome.HOME].p_market == pytest.approx(0.69)
    assert found[Outcome.HOME].divergence is None


def test_a_model_without_weight_moves_nothing_and_is_told_as_divergence() -> None:
    quoted = {Outcome.HOME: sides("0.49", "0.51")}
    found = event_prices(TWO, quoted, {Outcome.HOME: 0.7, Outcome.AWAY: 0.3}, 0.0)
    assert found is not None
    assert found[Outcome.HOME].p_trading == found[Outcome.HOME].p_market == pytest.approx(0.5)
    assert found[Outcome.HOME].divergence == pytest.approx(0.2)


def test_a_model_that_lacks_an_outcome_is_not_heard() -> None:
    quoted = {Outcome.HOME: sides("0.49", "0.51")}
    found = event_prices(TWO, quoted, {Outcome.HOME: 0.7}, 0.4)
    assert found is not None
    assert (found[Outcome.HOME].model_weight, found[Outcome.HOME].divergence) == (0.0, None)


CENTS = st.integers(0, 100).map(lambda cents: Decimal(cents) / 100)
SIDES = st.tuples(st.none() | CENTS, st.none() | CENTS)


@given(
    quoted=st.dictionaries(st.sampled_from(THREE), SIDES),
    p_home=st.floats(0.01, 0.98),
    weight=st.floats(0, 1),
    outcomes=st.sampled_from([TWO, THREE]),
)
def test_whatever_is_quoted_there_is_a_reason_or_prices_that_sum_to_1(
    quoted: dict[Outcome, Sides], p_home: float, weight: float, outcomes: tuple[Outcome, ...]
) -> None:
    model = {Outcome.HOME: p_home, Outcome.DRAW: 0.01, Outcome.AWAY: 0.99 - p_home}
    found = event_prices(outcomes, quoted, model, weight)
    assert (found is None) == bool(why_no_price(outcomes, quoted))
    if found is not None:
        assert sum(one.p_market for one in found.values()) == pytest.approx(1)
        assert sum(one.p_trading for one in found.values()) == pytest.approx(1)


@given(quoted=st.dictionaries(st.sampled_from(THREE), SIDES), outcomes=st.sampled_from([TWO, THREE]))
def test_probabilities_of_a_whole_event_are_those_of_the_vigs_formula(
    quoted: dict[Outcome, Sides], outcomes: tuple[Outcome, ...]
) -> None:
    found = market_probabilities(outcomes, quoted)
    if any(one not in quoted for one in outcomes):
        return
    try:
        wanted = event_probabilities([quoted[one] for one in outcomes])
    except ValueError:
        assert found is None
    else:
        assert found == wanted


@given(cents=st.integers(2, 98), wide=st.integers(1, 20), side=st.sampled_from(TWO))
def test_one_market_of_two_says_what_both_would_say_if_they_mirrored_each_other(
    cents: int, wide: int, side: Outcome
) -> None:
    bid, ask = Decimal(cents) / 100, Decimal(min(cents + wide, 99)) / 100
    alone = market_probabilities(TWO, {side: (bid, ask)})
    other = next(one for one in TWO if one is not side)
    both = market_probabilities(TWO, {side: (bid, ask), other: (1 - ask, 1 - bid)})
    assert alone is not None
    assert alone == pytest.approx(both, abs=1e-12)
