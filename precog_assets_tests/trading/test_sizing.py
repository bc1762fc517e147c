"""Kelly: the closed form, the exclusive outcomes, the slate; always inside caps and budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.trading.sizing import (
    MOST_ENUMERATED,
    SlateBets,
    _quadratic,
    _searched,
    correlated_payoffs,
    exclusive_payoffs,
    kelly_fraction,
    simultaneous_kelly,
    slate_kelly,
)

WIN_OR_LOSE = np.array([[1.0], [0.0]])
HOME, AWAY, DRAW = (frozenset({name}) for name in ("home", "away", "draw"))


def growth(fractions: np.ndarray, payoffs: np.ndarray, chances: np.ndarray, costs: np.ndarray) -> float:
    return float(chances @ np.log(1.0 + (payoffs / costs - 1.0) @ fractions))


def test_kelly_with_a_fee_is_the_published_formula() -> None:
    assert kelly_fraction(0.56, 0.50, 0.0175) == pytest.approx((0.56 - 0.50 - 0.0175) / (1 - 0.50 - 0.0175))
    assert kelly_fraction(0.60, 0.50, 0.0) == pytest.approx(0.20)


@pytest.mark.parametrize(
    ("p", "price", "fee"), [(0.5, 0.5, 0.0), (0.5, 0.49, 0.0175), (0.9, 0.99, 0.02), (1.0, 1.0, 0)]
)
def test_a_bet_worth_nothing_gets_nothing(p: float, price: float, fee: float) -> None:
    assert kelly_fraction(p, price, fee) == 0.0


@given(p=st.floats(0, 1), price=st.floats(0.01, 0.99), fee=st.floats(0, 0.02))
def test_kelly_is_a_share_and_less_the_more_it_costs(p: float, price: float, fee: float) -> None:
    assert 0.0 <= kelly_fraction(p, price, fee + 0.001) <= kelly_fraction(p, price, fee) <= 1.0


@pytest.mark.parametrize(("p", "cost"), [(0.56, 0.5175), (0.30, 0.2), (0.97, 0.95), (0.4, 0.5)])
def test_one_bet_alone_is_the_closed_form(p: float, cost: float) -> None:
    found = simultaneous_kelly(WIN_OR_LOSE, np.array([p, 1 - p]), np.array([cost]), caps=np.ones(1))
    assert found[0] == pytest.approx(kelly_fraction(p, cost, 0.0), abs=1e-4)


def test_three_exclusive_outcomes_are_sized_as_by_the_exact_rule() -> None:
    """Smoczynski and Tomkins 2010: outcomes worth it, p above reserve * cost, get p - reserve * cost."""
    p, costs = np.array([0.50, 0.30, 0.20]), np.array([0.42, 0.27, 0.40])
    payoffs = exclusive_payoffs([HOME, AWAY, DRAW], ["home", "away", "draw"])
    reserve = (1 - p[:2].sum()) / (1 - costs[:2].sum())
    wanted = np.array([*(p[:2] - reserve * costs[:2]), 0.0])
    found = simultaneous_kelly(payoffs, p, costs, caps=np.ones(3))
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_yes_of_one_and_no_of_the_other_are_one_bet_and_share_its_size() -> None:
    payoffs = exclusive_payoffs([HOME, frozenset({"home", "other"})], ["home", "away", "other"])
    chances, costs = np.array([0.56, 0.44, 0.0]), np.array([0.5175, 0.5175])
    found = simultaneous_kelly(payoffs, chances, costs, caps=np.ones(2))
    assert found.sum() == pytest.approx(kelly_fraction(0.56, 0.5175, 0.0), abs=2e-4)
    cheaper = simultaneous_kelly(payoffs, chances, np.array([0.5175, 0.51]), caps=np.ones(2))
    assert cheaper[0] == pytest.approx(0.0, abs=1e-4)


PROBABILITIES = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(weights=PROBABILITIES, seed=st.integers(0, 999), cap=st.floats(0.01, 1), budget=st.floats(0.01, 1))
def test_nothing_is_above_its_cap_or_the_budget_and_nothing_small_does_better(
    weights: list[float], seed: int, cap: float, budget: float
) -> None:
    rng = np.random.default_rng(seed)
    bets = len(weights)
    chances = np.array(weights) / sum(weights)
    costs = np.clip(chances * rng.uniform(0.7, 1.2, bets), 0.01, 0.99)
    payoffs, caps = np.eye(bets), np.full(bets, cap)
    found = simultaneous_kelly(payoffs, chances, costs, caps=caps, budget=budget)
    assert np.all((found >= 0) & (found <= cap))
    assert found.sum() <= budget * (1 + 1e-12)
    best = growth(found, payoffs, chances, costs) if found.sum() < 1 else 0.0
    for _ in range(30):
        other = np.minimum(rng.dirichlet(np.ones(bets)) * budget * rng.random() * 0.999, cap)
        assert growth(other, payoffs, chances, costs) <= best + 1e-5


def test_shapes_that_do_not_fit_and_free_bets_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        simultaneous_kelly(np.eye(2), np.array([0.5, 0.5]), np.array([0.5]), caps=np.ones(1))
    with pytest.raises(ValueError, match="above 0"):
        simultaneous_kelly(WIN_OR_LOSE, np.array([0.5, 0.5]), np.array([0.0]), caps=np.ones(1))


def test_correlated_bets_keep_their_chances_and_win_together() -> None:
    p = [0.3, 0.55, 0.8]
    payoffs, chances = correlated_payoffs(p, 0.5)
    assert chances.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(chances @ payoffs, p, atol=2e-4)
    both = chances @ (payoffs[:, 0] * payoffs[:, 1])
    assert both > 0.3 * 0.55 + 0.05
    apart, alone = correlated_payoffs(p, 0.0)
    assert alone @ (apart[:, 0] * apart[:, 1]) == pytest.approx(0.3 * 0.55)


@pytest.mark.parametrize(("p", "correlation"), [([0.5], 1.0), ([0.5], -0.1), ([0.5] * (MOST_ENUMERATED + 1), 0.1)])
def test_correlations_that_cannot_be_spelled_out_are_refused(p: list[float], correlation: float) -> None:
    with pytest.raises(ValueError, match="correlation"):
        correlated_payoffs(p, correlation)


def test_correlated_bets_get_less_each_than_independent_ones() -> None:
    p, costs = [0.56, 0.56], np.array([0.5175, 0.5175])
    sizes = [
        simultaneous_kelly(*correlated_payoffs(p, correlation), costs, caps=np.ones(2))[0]
        for correlation in (0.0, 0.5, 0.9)
    ]
    assert sizes[0] > sizes[1] > sizes[2] > 0


def slate(games: int, p: float, cost: float) -> SlateBets:
    return SlateBets([WIN_OR_LOSE] * games, [np.array([p, 1 - p])] * games, np.full(games, cost))


def test_a_slate_of_independent_games_is_near_the_exact_answer() -> None:
    exact = simultaneous_kelly(*correlated_payoffs([0.54] * 4, 0.0), np.full(4, 0.52), caps=np.ones(4))
    found = slate_kelly(slate(4, 0.54, 0.52), caps=np.ones(4), budget=1.0)
    np.testing.assert_allclose(found, exact, rtol=0.02)


def test_games_that_move_together_get_less() -> None:
    apart, together = (
        slate_kelly(slate(5, 0.55, 0.52), caps=np.ones(5), budget=1.0, between_games=rho) for rho in (0.0, 0.3)
    )
    assert together.sum() < apart.sum()
    with pytest.raises(ValueError, match="between games"):
        slate_kelly(slate(2, 0.55, 0.52), caps=np.ones(2), budget=1.0, between_games=1.0)


@settings(max_examples=40, deadline=None)
@given(games=st.integers(1, 30), p=st.floats(0.2, 0.8), cap=st.floats(0.0, 0.2), budget=st.floats(0.01, 1))
def test_a_slate_stays_inside_caps_and_budget(games: int, p: float, cap: float, budget: float) -> None:
    found = slate_kelly(slate(games, p, p * 0.93), caps=np.full(games, cap), budget=budget)
    assert np.all((found >= 0) & (found <= cap))
    assert found.sum() <= budget * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(
    p=st.floats(0.05, 0.95),
    costs=st.lists(st.floats(0.03, 0.97), min_size=1, max_size=4),
    sides=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_one_result_or_the_other_is_sized_as_by_the_search(p: float, costs: list[float], sides: list[bool]) -> None:
    payoffs = np.array([[float(side), float(not side)] for side in sides[: len(costs)]]).T
    chances, caps = np.array([p, 1 - p]), np.ones(len(costs))
    found = simultaneous_kelly(payoffs, chances, np.array(costs), caps=caps)
    searched = _searched(payoffs / np.array(costs) - 1.0, chances, caps, 1.0)
    best = growth(found, payoffs, chances, np.array(costs)) if found.sum() < 1 else 0.0
    assert growth(searched * 0.999, payoffs, chances, np.array(costs)) <= best + 1e-5


@settings(max_examples=60, deadline=None)
@given(
    p=st.lists(st.floats(0.1, 0.9), min_size=1, max_size=12),
    edge=st.floats(0.5, 1.2),
    cap=st.floats(0.01, 1),
    budget=st.floats(0.02, 2),
)
def test_independent_games_are_sized_as_by_the_search(p: list[float], edge: float, cap: float, budget: float) -> None:
    games = SlateBets([WIN_OR_LOSE] * len(p), [np.array([one, 1 - one]) for one in p], np.array(p) * edge)
    mean = np.array([1 / edge - 1] * len(p))
    variance = np.array([one * (1 - one) for one in p]) / games.costs**2
    caps = np.full(len(p), cap)
    found = slate_kelly(games, caps=caps, budget=budget)
    searched = _quadratic(mean, np.diag(variance) + np.outer(mean, mean), caps, budget)

    def worth(f: np.ndarray) -> float:
        return float(mean @ f - 0.5 * (variance @ f**2 + (mean @ f) ** 2))

    assert worth(found) >= worth(searched) - 1e-6
    assert np.all((found >= 0) & (found <= cap))
    assert found.sum() <= budget * (1 + 1e-12)
