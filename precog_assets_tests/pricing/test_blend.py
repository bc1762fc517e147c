"""The blend: the market where the model earned nothing, between the two where it did."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.pricing.blend import MOST_WEIGHT, blend, divergence, learn_weight, walk_weights


def drawn(true_weight: float, games: int = 8_000, outcomes: int = 2, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Model, market and what happened where the truth is their blend."""
    rng = np.random.default_rng(seed)
    model, market = (rng.dirichlet(np.full(outcomes, 3.0), games) for _ in range(2))
    truth = blend(model, market, true_weight)
    outcome = (rng.random(games)[:, None] > truth.cumsum(axis=1)).sum(axis=1)
    return model, market, np.minimum(outcome, outcomes - 1)


@given(weight=st.floats(0, 1), outcomes=st.sampled_from([2, 3]), seed=st.integers(0, 99))
def test_a_blend_is_a_distribution_between_the_two(weight: float, outcomes: int, seed: int) -> None:
    model, market, _ = drawn(0.0, 20, outcomes, seed)
    mixed = blend(model, market, weight)
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, atol=1e-12)
    odds = [np.log(p[:, 0] / p[:, -1]) for p in (model, mixed, market)]
    np.testing.assert_allclose(odds[1], weight * odds[0] + (1 - weight) * odds[2], atol=1e-9)


def test_weight_zero_is_the_market_and_one_the_model() -> None:
    model, market, _ = drawn(0.0, 50, 3)
    np.testing.assert_allclose(blend(model, market, 0.0), market, atol=1e-12)
    np.testing.assert_allclose(blend(model, market, 1.0), model, atol=1e-12)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_outside_its_range_is_refused(weight: float) -> None:
    model, market, _ = drawn(0.0, 5)
    with pytest.raises(ValueError, match="expected 0 to 1"):
        blend(model, market, weight)


@pytest.mark.parametrize("outcomes", [2, 3])
def test_the_weight_that_made_the_games_is_found(outcomes: int) -> None:
    assert learn_weight(*drawn(0.3, outcomes=outcomes)) == pytest.approx(0.3, abs=0.06)


def test_a_model_that_adds_nothing_gets_no_weight_and_none_gets_more_than_the_most() -> None:
    weights = [learn_weight(*drawn(0.0, 500, seed=seed)) for seed in range(20)]
    assert sum(weight == 0.0 for weight in weights) >= 18
    assert learn_weight(*drawn(1.0)) == pytest.approx(MOST_WEIGHT, abs=1e-3)


def test_a_seasons_weight_is_learnt_on_the_seasons_before_it() -> None:
    model, market, outcome = drawn(0.4, 6_000)
    season = np.repeat([2019, 2020, 2021], 2_000)
    weights = walk_weights(model, market, outcome, season)
    assert [weight.fitted_games for weight in weights] == [0, 2_000, 4_000]
    assert weights[0].model_weight == 0.0
    turned = np.where(season == 2021, 1 - outcome, outcome)
    assert walk_weights(model, market, turned, season) == weights


def test_few_games_teach_no_weight() -> None:
    model, market, outcome = drawn(0.4, 300)
    season = np.repeat([2019, 2020], 150)
    assert [weight.model_weight for weight in walk_weights(model, market, outcome, season)] == [0.0, 0.0]


def test_divergence_is_the_raw_difference() -> None:
    np.testing.assert_allclose(divergence(np.array([[0.6, 0.4]]), np.array([[0.5, 0.5]])), [[0.1, -0.1]])
