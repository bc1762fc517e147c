"""The arithmetic against values worked out by hand from the published formulas."""

import math

import pytest

from precog_assets.ratings.kernel import MARGIN_CODES, carried, k_factor, margin_multiplier, win_probability


def multiplier(margin: str, points: float, winner_gap: float, tied: bool = False) -> float:
    return margin_multiplier(MARGIN_CODES[margin], points, winner_gap, tied)


def test_an_even_game_is_a_coin_and_400_points_are_ten_to_one():
    assert win_probability(0) == 0.5
    assert win_probability(400) == pytest.approx(10 / 11)
    assert win_probability(-400) == pytest.approx(1 / 11)


def test_a_home_edge_of_65_is_worth_59_percent():
    assert win_probability(65) == pytest.approx(0.592466, abs=1e-6)


def test_nfl_one_point_win_of_an_even_game_is_ln_2_without_a_floor_at_one():
    assert multiplier("nfl", 1, 0) == pytest.approx(0.693147, abs=1e-6)


def test_nfl_seven_point_win_of_a_favourite_by_100():
    assert multiplier("nfl", 7, 100) == pytest.approx(2.0794415 * 2.2 / 2.3, abs=1e-6)


def test_nfl_upset_counts_for_more_than_the_same_win_of_the_favourite():
    assert multiplier("nfl", 7, -100) == pytest.approx(2.0794415 * 2.2 / 2.1, abs=1e-6)
    assert multiplier("nfl", 7, -100) > multiplier("nfl", 7, 0) > multiplier("nfl", 7, 100)


def test_nfl_tie_uses_a_denominator_of_one_as_the_published_code_does():
    assert multiplier("nfl", 0, 100, tied=True) == pytest.approx(math.log(2) * 2.2)


def test_nba_ten_point_win_of_a_favourite_by_150():
    assert multiplier("nba", 10, 150) == pytest.approx(13**0.8 / 8.4)
    assert multiplier("nba", 10, 150) == pytest.approx(0.92657, abs=1e-4)


def test_nhl_one_and_three_goal_wins():
    assert multiplier("nhl", 1, 0) == pytest.approx(0.8048)
    assert multiplier("nhl", 3, 50) == pytest.approx((0.6686 * 1.0986123 + 0.8048) * 2.05 / 2.1, abs=1e-6)


def test_nhl_tie_of_the_years_before_shootouts_has_the_multiplier_of_an_even_one_goal_game():
    assert multiplier("nhl", 0, 80, tied=True) == pytest.approx(0.8048)


@pytest.mark.parametrize(("goals", "expected"), [(0, 1.0), (1, 1.0), (2, 1.5), (3, 1.75), (4, 1.875), (7, 2.25)])
def test_goals_follow_the_world_football_table(goals, expected):
    assert multiplier("goals", goals, 123, tied=goals == 0) == expected


def test_log_margin_ignores_the_gap_and_none_ignores_the_margin():
    assert multiplier("log", 4, -200) == multiplier("log", 4, 200) == pytest.approx(math.log(5))
    assert multiplier("none", 40, 100) == 1.0


def test_tennis_k_falls_with_matches_played_and_constant_k_does_not():
    assert k_factor(1, 250, 0) == pytest.approx(250 / 5**0.4)
    assert k_factor(1, 250, 27) == pytest.approx(62.5)
    assert k_factor(0, 20, 27) == 20


def test_a_season_keeps_the_carried_share_of_the_distance_to_the_mean():
    assert carried(1605, 0.75, 1505) == 1580
    assert carried(1405, 1.0, 1505) == 1405
