"""Calibration: bins, counts, errors by hand, and intervals that hold what they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.grading.calibration import expected_calibration_error, reliability_curve, wilson_interval
from precog_assets.grading.inputs import ThreeWay


def test_the_error_weighs_each_bin_s_gap_by_its_games():
    p = [0.62, 0.68, 0.65, 0.21]
    outcome = [1, 0, 0, 0]
    assert expected_calibration_error(p, outcome) == pytest.approx(3 / 4 * (0.65 - 1 / 3) + 1 / 4 * 0.21)


def test_a_bin_takes_its_lower_edge_and_the_last_takes_one():
    curve = reliability_curve([0.0, 0.1, 0.3, 0.6, 0.7, 0.9, 1.0], [0, 0, 0, 1, 1, 1, 1])
    assert [one.count for one in curve.bins] == [1, 1, 0, 1, 0, 0, 1, 1, 0, 2]
    assert (curve.bins[3].low, curve.bins[3].high) == (0.3, 0.4)
    assert curve.pairs == 7


def test_a_bin_tells_its_forecast_its_share_and_how_sure_that_is():
    curve = reliability_curve([0.62] * 8 + [0.68] * 2, [1] * 5 + [0] * 5)
    one = curve.bins[6]
    assert (one.count, one.observed_share) == (10, 0.5)
    assert one.mean_forecast == pytest.approx(0.632)
    assert (one.share_low, one.share_high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_an_empty_bin_measures_nothing():
    empty = reliability_curve([0.95], [1]).bins[0]
    assert (empty.count, empty.mean_forecast, empty.observed_share, empty.share_low, empty.share_high) == (
        0,
        None,
        None,
        None,
        None,
    )


def test_three_outcomes_are_pairs_of_their_own_or_one_at_a_time():
    p, outcome = [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [0, 2]
    assert reliability_curve(p, outcome).pairs == 6
    assert expected_calibration_error(p, outcome) == pytest.approx((0.0 + 2 * 0.3 + 2 * 0.3) / 6)
    draw = reliability_curve(p, outcome, of=ThreeWay.DRAW)
    assert (draw.pairs, draw.bins[3].count, draw.bins[3].observed_share) == (2, 2, 0.0)
    assert draw.ece == pytest.approx(0.3)


def test_a_class_cannot_be_picked_of_two_outcomes():
    with pytest.raises(ValueError, match="two"):
        expected_calibration_error([0.5], [1], of=ThreeWay.HOME)


def test_fewer_than_one_bin_is_refused():
    with pytest.raises(ValueError, match="0 bins"):
        reliability_curve([0.5], [1], bins=0)


def test_a_row_that_cannot_be_graded_is_named():
    with pytest.raises(ValueError, match="row 1"):
        expected_calibration_error([0.5, 0.5], [1, 0.5])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_every_forecast_is_in_one_bin_and_the_error_is_that_of_the_curve(games):
    p, outcome = zip(*games, strict=True)
    curve = reliability_curve(p, outcome)
    assert sum(one.count for one in curve.bins) == len(games)
    gaps = 0.0
    for one in curve.bins:
        if one.mean_forecast is None or one.observed_share is None or one.share_low is None or one.share_high is None:
            assert one.count == 0
            continue
        gaps += one.count * abs(one.mean_forecast - one.observed_share)
        assert one.low - 1e-12 <= one.mean_forecast <= one.high + 1e-12
        assert 0.0 <= one.share_low <= one.observed_share + 1e-12
        assert one.observed_share - 1e-12 <= one.share_high <= 1.0
    assert curve.ece == pytest.approx(gaps / len(games))
    assert curve.ece <= 1.0


def test_a_calibrated_forecast_has_a_small_error_and_an_overconfident_one_has_not():
    rng = np.random.default_rng(5)
    true = rng.random(50_000)
    won = rng.random(50_000) < true
    assert expected_calibration_error(true, won) < 0.01
    assert expected_calibration_error(np.clip(0.5 + 1.5 * (true - 0.5), 0, 1), won) > 0.07


def test_the_wilson_interval_holds_the_true_share_about_as_often_as_it_says():
    rng = np.random.default_rng(8)
    held = [low <= 0.1 <= high for low, high in (wilson_interval(k, 40) for k in rng.binomial(40, 0.1, 2000).tolist())]
    assert 0.93 < np.mean(held) < 0.98


def test_no_trials_have_no_interval():
    with pytest.raises(ValueError, match="0 trials"):
        wilson_interval(0, 0)
