"""Fits find what made the games, look only at seasons before, and stay at their prior without any."""

from __future__ import annotations

import numpy as np
import pytest

from precog_assets.domain.rating_rules import Calibration
from precog_assets.ratings import calibration, fitting


def rules(method: str = "platt", **given: object) -> Calibration:
    base = {"method": method, "window_seasons": 5, "ridge": 0.1, "prior": (1.0, 0.0)}
    return Calibration.model_validate({**base, **given})


def drawn(seed: int = 1, games: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, games)), rng.random(games)


def test_logistic_regression_finds_the_coefficients_that_made_the_games() -> None:
    x, u = drawn()
    true = np.array([0.8, -0.4])
    y = (u < fitting.apply_logistic(x, true)).astype(float)
    found = fitting.fit_logistic(x, y, np.ones(len(y)), np.full(2, 0.01), np.zeros(2), np.zeros(2))
    np.testing.assert_allclose(found, true, atol=0.05)
    rest = y - fitting.apply_logistic(x, found)
    np.testing.assert_allclose(x @ rest - 0.01 * found, 0.0, atol=1e-4)


@pytest.mark.parametrize("softmax", [False, True])
def test_three_outcomes_are_fitted_where_the_likelihood_is_flat(softmax: bool) -> None:
    x, u = drawn(2)
    true = np.array([0.7, 0.2, 0.6])
    p = fitting.apply_three(x, true, softmax)
    y = np.where(u < p[:, 0], 1.0, np.where(u < p[:, 0] + p[:, 1], 0.5, 0.0))
    found = fitting.fit_three(x, y, np.ones(len(y)), np.full(3, 1e-6), np.zeros(3), np.array([0.0, 0.0, 0.5]), softmax)
    np.testing.assert_allclose(found, true, atol=0.05)

    def likelihood(b: np.ndarray) -> float:
        q = fitting.apply_three(x, b, softmax)
        return float(np.log(np.where(y == 1.0, q[:, 0], np.where(y == 0.5, q[:, 1], q[:, 2]))).sum())

    best = likelihood(found)
    for step in np.vstack((np.eye(3), -np.eye(3))) * 0.01:
        assert likelihood(found + step) < best


@pytest.mark.parametrize("softmax", [False, True])
def test_three_probabilities_mirror_and_sum_to_one(softmax: bool) -> None:
    x, _ = drawn(3, 500)
    b = np.array([0.9, -0.2, 0.6])
    p, mirrored = fitting.apply_three(x, b, softmax), fitting.apply_three(-x, b, softmax)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-15)
    np.testing.assert_allclose(p, mirrored[:, ::-1], atol=1e-14)
    assert (p > 0).all()


def test_isotonic_regression_pools_what_falls() -> None:
    x, y = np.arange(6.0), np.array([0.0, 0.4, 0.2, 0.6, 1.0, 0.8])
    places, heights = fitting.fit_isotonic(x, y, np.ones(6))
    np.testing.assert_allclose(places, [0.0, 1.5, 3.0, 4.5])
    np.testing.assert_allclose(heights, [0.0, 0.3, 0.6, 0.9])


def test_heights_that_differ_by_rounding_are_one_block() -> None:
    x = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    for noise in (0.0, 1e-16, -1e-16):
        places, heights = fitting.fit_isotonic(x, np.array([0.2, 0.5, 0.5 + noise, 0.5, 0.5, 0.8]), np.ones(6))
        np.testing.assert_allclose(places, [-3.0, 0.0, 3.0], atol=1e-15)
        np.testing.assert_allclose(heights, [0.2, 0.5, 0.8])


def test_a_season_is_forecast_from_the_seasons_before_it_alone() -> None:
    x, u = drawn(4, 6_000)
    seasons = np.repeat(np.arange(2010, 2016), 1000)
    y = (u < fitting.apply_logistic(x, np.array([1.0, 0.3]))).astype(float)
    before = seasons < 2014
    one = calibration.fit(rules(), x[:, before], y[before], seasons[before], 2014, 2010, None)
    assert one.games == 4000
    recent = calibration.fit(rules(window_seasons=2), x[:, before], y[before], seasons[before], 2014, 2010, None)
    assert recent.games == 2000
    burnt_in = calibration.fit(rules(skip_seasons=3), x[:, before], y[before], seasons[before], 2014, 2010, None)
    assert burnt_in.games == 1000


def test_older_seasons_weigh_less() -> None:
    x, _ = drawn(5, 4_000)
    seasons = np.repeat([2010, 2011], 2000)
    won = (x[0] > 0).astype(float)
    turned = np.where(seasons == 2010, 1.0 - won, won)
    even = calibration.fit(rules(ridge=5.0), x, turned, seasons, 2012, 2010, None)
    recent = calibration.fit(rules(ridge=5.0, decay=0.2), x, turned, seasons, 2012, 2010, None)
    assert abs(even.coefficients[0]) < 0.2 < recent.coefficients[0]


def test_without_a_game_the_prior_holds_and_unplayed_games_are_none() -> None:
    x, y, seasons = np.ones((2, 3)), np.full(3, np.nan), np.array([2010, 2010, 2010])
    found = calibration.fit(rules(), x, y, seasons, 2011, 2010, None)
    assert (found.games, found.coefficients.tolist()) == (0, [1.0, 0.0])


@pytest.mark.parametrize("method", ["platt", "isotonic", "none"])
def test_two_outcomes_sum_to_one_and_mirror(method: str) -> None:
    x, u = drawn(6, 3_000)
    y = (u < fitting.apply_logistic(x, np.array([1.2, 0.0]))).astype(float)
    found = calibration.fit(rules(method), x, y, np.full(3000, 2010), 2011, 2010, None)
    p, mirrored = (calibration.apply(rules(method), found, sign * x) for sign in (1.0, -1.0))
    np.testing.assert_allclose(p, mirrored[:, ::-1], atol=1e-12)
    assert (p > 0).all()


def test_isotonic_forecasts_rise_with_the_term() -> None:
    x, u = drawn(7, 5_000)
    y = (u < fitting.apply_logistic(x, np.array([1.2, 0.0]))).astype(float)
    found = calibration.fit(rules("isotonic"), x, y, np.full(5000, 2010), 2011, 2010, None)
    grid = np.vstack((np.linspace(-5, 5, 200), np.zeros(200)))
    assert (np.diff(calibration.apply(rules("isotonic"), found, grid)[:, 0]) >= 0).all()


def test_a_turned_matrix_is_refused() -> None:
    x, y = np.ones((50, 2)), np.ones(50)
    with pytest.raises(ValueError, match="xt is"):
        fitting.fit_logistic(x, y, y, np.ones(2), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="xt is"):
        fitting.fit_three(x, y, y, np.ones(3), np.zeros(3), np.ones(3), False)
