"""Bootstrap intervals: they hold the truth as often as they say, repeat by seed, and draw days whole."""

import time

import numpy as np
import pytest

from precog_assets.grading import scores
from precog_assets.grading.intervals import difference_interval, mean_interval, skill_interval


def share_that_holds(truth, draw, trials=300):
    """Share of the intervals made by `draw(rng)` that hold `truth`."""
    rng = np.random.default_rng(11)
    intervals = [draw(rng) for _ in range(trials)]
    return np.mean([one.low <= truth <= one.high for one in intervals])


def test_the_interval_of_a_mean_holds_it_about_95_times_in_a_hundred():
    held = share_that_holds(1.0, lambda rng: mean_interval(rng.exponential(1.0, 200), rng, resamples=400))
    assert 0.90 < held < 0.98


def test_the_interval_of_skill_holds_it_about_95_times_in_a_hundred():
    def draw(rng):
        true = rng.beta(6, 5, 300)
        won = rng.random(300) < true
        model = np.full(300, 6 / 11)
        return skill_interval(scores.brier_per_game(model, won), scores.brier_per_game(true, won), rng, resamples=400)

    mean = 6 / 11
    variance = mean * (1 - mean) / 12
    truth = 1 - mean * (1 - mean) / (mean * (1 - mean) - variance)
    assert 0.90 < share_that_holds(truth, draw) < 0.98


def days_of_luck(rng):
    """60 days of 10 games that share most of their luck, of mean 0."""
    day = np.repeat(np.arange(60), 10)
    return rng.normal(0, 1, 60)[day] + rng.normal(0, 0.5, 600), day


def test_days_drawn_whole_hold_the_mean_of_games_that_share_their_luck_and_single_games_do_not():
    def by_day(rng):
        values, day = days_of_luck(rng)
        return mean_interval(values, rng, resamples=400, blocks=day)

    def by_game(rng):
        return mean_interval(days_of_luck(rng)[0], rng, resamples=400)

    assert 0.90 < share_that_holds(0.0, by_day) < 0.98
    assert share_that_holds(0.0, by_game) < 0.70


def test_a_paired_difference_is_narrower_than_the_scores_it_is_of():
    rng = np.random.default_rng(2)
    one = rng.random(500)
    other = one + rng.normal(0.02, 0.01, 500)
    paired = difference_interval(one, other, rng)
    assert paired.estimate == pytest.approx(float((one - other).mean()))
    assert paired.high < 0
    assert paired.high - paired.low < 0.1 * (mean_interval(one, rng).high - mean_interval(one, rng).low)


def test_the_spread_is_that_of_the_formula_for_a_mean():
    values = np.random.default_rng(4).random(1000)
    interval = mean_interval(values, np.random.default_rng(5), resamples=4000)
    half = 1.96 * values.std() / np.sqrt(1000)
    assert interval.high - values.mean() == pytest.approx(half, rel=0.08)
    assert values.mean() - interval.low == pytest.approx(half, rel=0.08)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(1).random(100)
    first, again, other = (mean_interval(values, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_blocks_of_one_game_each_are_single_games():
    values = np.random.default_rng(1).random(100)
    single = mean_interval(values, np.random.default_rng(7))
    assert mean_interval(values, np.random.default_rng(7), blocks=np.arange(100)) == single


def test_the_mean_over_blocks_of_unequal_size_is_per_game():
    interval = mean_interval([1.0, 1.0, 1.0, 0.0], np.random.default_rng(0), blocks=["mon", "mon", "mon", "tue"])
    assert (interval.estimate, interval.blocks) == (0.75, 2)
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_skill_against_itself_is_zero_without_doubt():
    values = np.random.default_rng(1).random(50)
    interval = skill_interval(values, values, np.random.default_rng(0))
    assert (interval.estimate, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_a_wider_level_gives_a_wider_interval():
    values = np.random.default_rng(1).random(100)
    narrow, wide = (mean_interval(values, np.random.default_rng(0), level=level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


@pytest.mark.parametrize("blocks", [None, np.arange(5000) // 2])
def test_five_thousand_games_take_two_thousand_resamples_in_under_a_second(blocks):
    rng = np.random.default_rng(0)
    score, reference = rng.random((2, 5000))
    started = time.process_time()
    skill_interval(score, reference, rng, blocks=blocks)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([0.1, 0.2, np.nan], {}, "row 2"),
        ([0.1], {}, "at least 2"),
        ([[0.1, 0.2]], {}, "shape"),
        ([0.1, 0.2], {"resamples": 0}, "0 resamples"),
        ([0.1, 0.2], {"level": 1.0}, "level 1"),
        ([0.1, 0.2], {"blocks": [1, 1]}, "one block"),
        ([0.1, 0.2], {"blocks": [1]}, "blocks have shape"),
    ],
)
def test_what_cannot_be_resampled_is_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        mean_interval(values, np.random.default_rng(0), **options)


def test_scores_of_other_games_are_refused():
    with pytest.raises(ValueError, match="same games"):
        difference_interval([0.1, 0.2], [0.1, 0.2, 0.3], np.random.default_rng(0))


def test_a_reference_that_knew_every_result_is_refused():
    with pytest.raises(ValueError, match="scores 0"):
        skill_interval([0.1, 0.2], [0.0, 0.0], np.random.default_rng(0))
