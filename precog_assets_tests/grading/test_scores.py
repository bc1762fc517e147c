"""Scores: values worked out by hand, what a proper score must do, and input that is refused by row."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.grading import scores

PROBABILITIES = st.floats(0.0, 1.0)
INNER = st.floats(0.01, 0.99)
TWO = (np.array([0.7, 0.4, 0.5]), np.array([1, 1, 0]))
THREE = (np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2]]), np.array([0, 1, 1]))
SCORES = [scores.brier, scores.log_loss, scores.rps, scores.accuracy]


@st.composite
def distributions(draw):
    weights = np.array(draw(st.tuples(*[st.floats(0.01, 1.0)] * 3)))
    return weights / weights.sum()


def expected_score(score, forecast, true):
    """Mean score of `forecast` over results distributed as `true`."""
    return sum(float(share * score([forecast], [code])[0]) for code, share in enumerate(true))


def test_two_outcomes_by_hand():
    assert scores.brier_per_game(*TWO) == pytest.approx([0.09, 0.36, 0.25])
    assert scores.log_loss_per_game(*TWO) == pytest.approx([-math.log(0.7), -math.log(0.4), -math.log(0.5)])
    assert scores.accuracy_per_game(*TWO).tolist() == [1.0, 0.0, 0.5]
    assert scores.brier(*TWO) == pytest.approx(0.7 / 3)
    assert scores.accuracy(*TWO) == 0.5


def test_three_outcomes_by_hand():
    assert scores.brier_per_game(*THREE) == pytest.approx([0.25 + 0.09 + 0.04, 0.04 + 0.49 + 0.25, 0.16 + 0.36 + 0.04])
    assert scores.log_loss_per_game(*THREE) == pytest.approx([-math.log(0.5), -math.log(0.3), -math.log(0.4)])
    assert scores.rps_per_game(*THREE) == pytest.approx([(0.25 + 0.04) / 2, (0.04 + 0.25) / 2, (0.16 + 0.04) / 2])
    assert scores.accuracy_per_game(*THREE).tolist() == [1.0, 0.0, 0.5]
    assert scores.rps(*THREE) == pytest.approx((0.145 + 0.145 + 0.1) / 3)


def test_a_certain_forecast_that_was_wrong_costs_the_clip_and_not_infinity():
    assert scores.log_loss([0.0], [1]) == pytest.approx(-math.log(1e-6))
    assert scores.log_loss([[0.0, 0.0, 1.0]], [0]) == pytest.approx(-math.log(1e-6))
    assert scores.log_loss([1.0], [1]) == pytest.approx(-math.log(1 - 1e-6))


def test_three_outcomes_equally_likely_are_a_third_right():
    assert scores.accuracy([[1 / 3, 1 / 3, 1 / 3]], [2]) == pytest.approx(1 / 3)


def test_rps_forgives_a_near_miss_where_brier_does_not():
    near, far = [[0.6, 0.3, 0.1]], [[0.6, 0.1, 0.3]]
    assert scores.rps(near, [1]) < scores.rps(far, [1])
    assert scores.rps([[0.0, 1.0, 0.0]], [0]) == 0.5
    assert scores.rps([[0.0, 0.0, 1.0]], [0]) == 1.0


def test_outcomes_may_be_whole_numbers_of_any_type():
    for outcome in ([1.0, 0.0], [True, False], np.array([1, 0], np.int8)):
        assert scores.brier([0.7, 0.4], outcome) == pytest.approx(0.125)


@given(true=INNER, forecast=PROBABILITIES)
@pytest.mark.parametrize("score", [scores.brier_per_game, scores.log_loss_per_game])
def test_no_forecast_of_two_outcomes_expects_less_than_the_truth(score, true, forecast):
    truth = (1 - true, true)
    assert expected_score(score, true, truth) <= expected_score(score, forecast, truth) + 1e-12


@given(true=distributions(), forecast=distributions())
@pytest.mark.parametrize("score", [scores.brier_per_game, scores.log_loss_per_game, scores.rps_per_game])
def test_no_forecast_of_three_outcomes_expects_less_than_the_truth(score, true, forecast):
    assert expected_score(score, true, true) <= expected_score(score, forecast, true) + 1e-12


@given(p=PROBABILITIES, won=st.booleans())
def test_without_draws_rps_is_the_brier_score_of_two_outcomes(p, won):
    embedded = [[p, 0.0, 1.0 - p]]
    two = scores.brier([p], [won])
    assert scores.rps(embedded, [0 if won else 2]) == pytest.approx(two, abs=1e-12)
    assert scores.brier(embedded, [0 if won else 2]) == pytest.approx(2 * two, abs=1e-12)


@given(p=distributions(), outcome=st.integers(0, 2))
def test_scores_stay_within_their_bounds(p, outcome):
    bounds = [2.0, -math.log(1e-6) + 1e-9, 1.0, 1.0]
    for score, bound in zip(SCORES, bounds, strict=True):
        assert 0.0 <= score([p], [outcome]) <= bound


@given(p=distributions(), outcome=st.integers(0, 2))
def test_the_same_game_told_from_the_other_side_scores_the_same(p, outcome):
    for score in SCORES:
        assert score([p[::-1]], [2 - outcome]) == pytest.approx(score([p], [outcome]), abs=1e-9)


@given(p=PROBABILITIES, won=st.booleans())
def test_two_outcomes_told_from_the_other_side_score_the_same(p, won):
    for score in (scores.brier, scores.log_loss):
        assert score([1.0 - p], [not won]) == pytest.approx(score([p], [won]), abs=1e-9)


def test_skill_is_the_share_of_the_reference_s_score_that_is_saved():
    assert scores.skill([0.1, 0.2], [0.2, 0.4]) == pytest.approx(0.5)
    assert scores.skill([0.3, 0.3], [0.3, 0.3]) == 0.0
    assert scores.skill([0.4, 0.5], [0.2, 0.4]) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("score", "reference", "message"),
    [
        ([0.1], [0.1, 0.2], "shapes"),
        ([], [], "shapes"),
        ([0.1, math.nan], [0.1, 0.2], "row 1"),
        ([0.1, 0.2], [0.0, 0.0], "scores 0"),
    ],
)
def test_skill_refuses_what_has_no_value(score, reference, message):
    with pytest.raises(ValueError, match=message):
        scores.skill(score, reference)


@pytest.mark.parametrize(
    ("p", "outcome", "message"),
    [
        ([0.5, math.nan, math.nan], [1, 0, 1], "row 1: probability nan"),
        ([0.5, 0.4, 1.2], [1, 0, 1], "row 2: probability 1.2"),
        ([-0.1], [1], "row 0: probability -0.1"),
        ([0.5, 0.5], [1, 0.5], "row 1: outcome 0.5"),
        ([0.5, 0.5], [math.nan, 1], "row 0: outcome nan"),
        ([0.5, 0.5], [1, 2], "row 1: outcome 2"),
        ([[0.5, 0.3, 0.2], [0.5, 0.3, 0.3]], [0, 1], "row 1: probabilities 0.5, 0.3, 0.3 sum to 1.1"),
        ([[0.5, 0.3, 0.2], [0.5, math.nan, 0.5]], [0, 1], "row 1: probability 0.5, nan, 0.5"),
        ([[0.5, 0.3, 0.2]], [3], "row 0: outcome 3"),
        ([[0.5, 0.3, 0.2]], [-1], "row 0: outcome -1"),
        ([], [], "no forecasts"),
        (np.empty((0, 3)), [], "no forecasts"),
        ([[0.5, 0.5]], [1], "shape (1, 2)"),
        (0.5, 1, "shape ()"),
        ([0.5, 0.5], [1], "shape (1,)"),
        ([0.5], [[1]], "shape (1, 1)"),
    ],
)
@pytest.mark.parametrize("score", SCORES)
def test_input_that_cannot_be_scored_is_refused_by_its_first_row(score, p, outcome, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        score(p, outcome)


def test_rps_of_two_outcomes_is_refused():
    with pytest.raises(ValueError, match="three ordered outcomes"):
        scores.rps([0.5], [1])


def test_rounding_within_a_millionth_is_a_distribution():
    assert scores.brier([[0.5, 0.3, 0.2000009]], [0]) == pytest.approx(0.38, abs=1e-5)
    with pytest.raises(ValueError, match="row 0"):
        scores.brier([[0.5, 0.3, 0.200002]], [0])
