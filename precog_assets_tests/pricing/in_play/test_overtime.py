"""How games end by their competition's rules: ties, overtimes, shoot-outs, extra time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import PlayStates
from precog_assets.pricing.in_play import in_play_probabilities

HOMES = st.floats(0.1, 0.9)


def probability(league: str, home: float, **state: float | bool) -> np.ndarray:
    return in_play_probabilities(in_play_rules(league), (home, 0.0, 1.0 - home), PlayStates.of(**state))[0]


@settings(deadline=None)
@given(HOMES)
def test_an_nfl_overtime_that_runs_out_level_is_a_tie_but_not_in_the_play_offs(home: float) -> None:
    assert probability("nfl", home, period=5, clock_s=0).tolist() == pytest.approx([0, 1, 0])
    play_off = probability("nfl", home, period=5, clock_s=0, postseason=True)
    assert play_off[1] == 0
    assert play_off[0] == pytest.approx(
        float(probability("nfl", home, period=5, clock_s=600, postseason=True)[0]), abs=1e-9
    )


def test_one_nfl_overtime_in_sixteen_ends_level() -> None:
    assert probability("nfl", 0.5, period=5, clock_s=600)[1] == pytest.approx(0.061, abs=0.003)


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaab", "wncaab"])
@settings(deadline=None)
@given(home=HOMES)
def test_basketball_goes_on_until_it_is_decided(league: str, home: float) -> None:
    periods = 2 if league == "ncaab" else 4
    end = probability(league, home, period=periods, clock_s=0)
    again = probability(league, home, period=periods + 1, clock_s=0)
    assert end[1] == again[1] == 0
    assert end == pytest.approx(probability(league, home, period=periods + 1, clock_s=300), abs=1e-9)
    assert again == pytest.approx(end, abs=1e-9)


@pytest.mark.parametrize(("league", "period"), [("nba", 5), ("nfl", 5), ("nhl", 4)])
def test_a_lead_at_the_end_of_overtime_wins(league: str, period: int) -> None:
    assert probability(league, 0.2, home_score=1, period=period, clock_s=0)[0] == pytest.approx(1.0)


def test_college_football_answers_a_score_with_a_possession() -> None:
    level = probability("ncaaf", 0.5, period=5)
    assert level.tolist() == pytest.approx([0.5, 0, 0.5])
    by_three, by_seven = (
        float(probability("ncaaf", 0.5, period=5, home_score=points, possession=-1)[0]) for points in (3, 7)
    )
    assert by_three == pytest.approx(1 - 0.48 - 0.25 / 2, abs=1e-9)
    assert by_seven == pytest.approx(1 - 0.48 / 2, abs=1e-9)
    assert probability("ncaaf", 0.5, period=5, home_score=10, possession=-1)[0] == pytest.approx(1.0)


@settings(deadline=None)
@given(HOMES)
def test_hockey_level_after_three_periods_is_its_overtime(home: float) -> None:
    for postseason in (False, True):
        end = probability("nhl", home, period=3, clock_s=0, postseason=postseason)
        start = probability("nhl", home, period=4, clock_s=300, postseason=postseason)
        assert start == pytest.approx(end, abs=1e-9)


def test_a_hockey_shoot_out_is_even_and_the_play_offs_have_none() -> None:
    assert probability("nhl", 0.8, period=5)[0] == pytest.approx(0.5)
    assert probability("nhl", 0.8, period=4, clock_s=0)[0] == pytest.approx(0.5)
    assert probability("nhl", 0.8, period=5, clock_s=0, postseason=True)[0] > 0.55


def test_hockey_leads_hold_as_often_as_published() -> None:
    one, two = (float(probability("nhl", 0.5, period=3, clock_s=1200, home_score=goals)[0]) for goals in (1, 2))
    assert one == pytest.approx(0.79, abs=0.015)
    assert two == pytest.approx(0.93, abs=0.015)


def test_soccer_in_extra_time_was_a_draw_after_ninety_minutes() -> None:
    p = in_play_probabilities(
        in_play_rules("epl"), (0.5, 0.25, 0.25), PlayStates.of(home_score=2, away_score=1, period=3, clock_s=600)
    )
    assert p[0].tolist() == [0, 1, 0]


@settings(deadline=None)
@given(HOMES)
def test_a_knock_out_goes_through_extra_time_and_kicks(home: float) -> None:
    def through(**state: float) -> float:
        return float(probability("mls", home, knockout=True, **state)[0])

    end, extra = through(period=2, clock_s=0), through(period=3, clock_s=900)
    assert extra == pytest.approx(end, abs=1e-9)
    assert through(period=4, clock_s=900) == pytest.approx(through(period=3, clock_s=0), abs=1e-9)
    assert through(period=4, clock_s=0) == pytest.approx(0.5)
    assert through(period=5) == pytest.approx(0.5)
    assert through(period=4, clock_s=0, home_score=1) == pytest.approx(1.0)
    assert through(period=5, home_shootout=3, away_shootout=1) > 0.8


def test_a_knock_out_without_a_score_told_of_kicks_is_even_whatever_was_scored_before() -> None:
    p = probability("epl", 0.7, knockout=True, period=5, home_score=2, away_score=2)
    assert p.tolist() == pytest.approx([0.5, 0, 0.5])


def test_a_final_after_extra_time_is_a_draw_to_the_result_and_a_win_to_who_goes_through() -> None:
    rules, before = in_play_rules("epl"), (0.5, 0.25, 0.25)
    over = {"home_score": 2, "away_score": 1, "period": 4, "over": True, "winner": 1}
    assert in_play_probabilities(rules, before, PlayStates.of(**over))[0].tolist() == [0, 1, 0]
    assert in_play_probabilities(rules, before, PlayStates.of(**over, knockout=True))[0].tolist() == [1, 0, 0]


def test_a_level_final_is_a_tie_only_where_games_may_end_level() -> None:
    level = PlayStates.of(home_score=20, away_score=20, period=5, over=True)
    assert in_play_probabilities(in_play_rules("nfl"), (0.5, 0, 0.5), level)[0].tolist() == [0, 1, 0]
    assert np.isnan(in_play_probabilities(in_play_rules("nba"), (0.5, 0, 0.5), level)[0]).all()


def test_the_ball_is_worth_more_the_nearer_the_goal_and_nothing_as_the_half_ends() -> None:
    def home(clock_s: float, **more: float) -> float:
        return float(probability("nfl", 0.5, period=2, clock_s=clock_s, **more)[0])

    far, near = home(600, possession=1, yards_to_goal=90), home(600, possession=1, yards_to_goal=5)
    fourth = home(600, possession=1, yards_to_goal=5, down=4)
    assert far < fourth < near
    mirrored = probability("nfl", 0.5, period=2, clock_s=600, possession=-1, yards_to_goal=5)
    assert mirrored[2] == pytest.approx(near)
    assert home(0, possession=1, yards_to_goal=5) == pytest.approx(home(0))
