"""What a board said as a state: clocks, breaks, stoppage time, half innings, running sets, the ball."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import PlayStates
from precog_assets.domain.leagues import Sport
from precog_assets.pricing.in_play import in_play_probabilities
from precog_assets.pricing.in_play.states import states_of

PLAYING = {"status": "STATUS_IN_PROGRESS", "state": "in", "completed": False, "home_score": 0, "away_score": 0}


def read(league: str, **row: Any) -> PlayStates:
    return states_of(in_play_rules(league), [{**PLAYING, **row}])


def test_a_clock_that_counts_down_is_what_is_left() -> None:
    states = read("nba", period=3, clock=432.5, home_score=70, away_score=66)
    assert (states.period[0], states.clock_s[0]) == (3, 432.5)
    assert (states.home_score[0], states.away_score[0], bool(states.over[0])) == (70, 66, False)


@pytest.mark.parametrize("status", ["STATUS_HALFTIME", "STATUS_END_PERIOD"])
def test_a_break_has_no_time_left(status: str) -> None:
    assert read("nba", period=2, clock=720.0, status=status).clock_s[0] == 0
    assert read("epl", period=1, clock=2700.0, status=status).clock_s[0] == 0


@pytest.mark.parametrize(
    ("period", "clock", "shown", "left"),
    [
        (1, 0.0, "0'", 2820.0),
        (1, 2640.0, "44'", 180.0),
        (2, 2700.0, "45'", 3000.0),
        (2, 5400.0, "90'+1'", 300.0),
        (2, 5400.0, "90'+4'", 120.0),
        (2, 5400.0, "90'+9'", 30.0),
        (3, 5400.0, "90'", 900.0),
        (4, 6600.0, "110'", 600.0),
    ],
)
def test_soccer_counts_up_and_stands_still_in_stoppage_time(period: int, clock: float, shown: str, left: float) -> None:
    assert read("epl", period=period, clock=clock, display_clock=shown).clock_s[0] == left


def test_football_yards_count_from_the_home_goal_line() -> None:
    own = read("nfl", period=1, clock=600, situation={"possession": "home", "yard_line": 12, "down": 1})
    other = read("nfl", period=1, clock=600, situation={"possession": "away", "yard_line": 12, "down": 4})
    assert (own.possession[0], own.yards_to_goal[0], own.down[0]) == (1, 88, 1)
    assert (other.possession[0], other.yards_to_goal[0], other.down[0]) == (-1, 12, 4)


def test_the_ball_nobody_is_told_to_have_is_nobodys() -> None:
    states = read("nfl", period=1, clock=600, situation={"yard_line": 65, "down": -1})
    assert states.possession[0] == 0
    assert np.isnan(states.yards_to_goal[0])


@pytest.mark.parametrize(
    ("detail", "bottom", "outs", "bases"),
    [
        ("Top 5th", 0, 2, 5),
        ("Bot 5th", 1, 2, 5),
        ("Bottom 5th", 1, 2, 5),
        ("Middle 5th", 1, 0, 0),
        ("End 5th", 1, 3, 0),
    ],
)
def test_half_innings_by_their_names(detail: str, bottom: int, outs: int, bases: int) -> None:
    situation = {"outs": 2, "on_first": True, "on_second": False, "on_third": True}
    states = read("mlb", period=5, detail=detail, situation=situation)
    assert (states.bottom[0], states.outs[0], states.bases[0]) == (bottom, outs, bases)


def test_half_innings_by_their_lines_where_the_name_says_nothing() -> None:
    lines = [["0", "1"], ["0", "0"]]
    assert read("mlb", period=2, detail="Rain Delay", linescores=lines).bottom[0] == 1
    assert read("mlb", period=2, detail="Rain Delay", linescores=[["0"], ["0", "0"]]).bottom[0] == 0


def test_the_running_set_is_the_line_after_the_sets_that_are_won() -> None:
    lines = [["6", "7(7)", "2"], ["4", "6(4)", "3"]]
    states = states_of(
        in_play_rules("atp"),
        [{**PLAYING, "home_score": 2, "period": 3, "linescores": lines, "situation": {"server": "away"}}],
        best_of=[5],
    )
    assert (states.home_games[0], states.away_games[0], states.server[0], states.best_of[0]) == (2, 3, -1, 5)


def test_between_sets_no_games_are_won() -> None:
    states = read("wta", home_score=1, period=1, linescores=[["6"], ["4"]])
    assert (states.home_games[0], states.away_games[0], states.server[0]) == (0, 0, 0)


def test_before_the_start_and_after_the_end() -> None:
    before = states_of(in_play_rules("nba"), [{"state": "pre", "completed": False, "home_score": None}])
    assert before.period[0] == 0
    final = {"state": "post", "completed": True, "home_score": 99, "away_score": 98, "period": 4, "winner": "home"}
    over = states_of(in_play_rules("nba"), [final])
    assert (bool(over.over[0]), over.winner[0]) == (True, 1)
    suspended = {**final, "completed": False, "clock": 30.0, "winner": None}
    assert not states_of(in_play_rules("nba"), [suspended]).over[0]


def test_the_phase_decides_where_it_is_told() -> None:
    row = {"state": "post", "completed": False, "phase": "final", "home_score": 1, "away_score": 0, "period": 3}
    assert states_of(in_play_rules("nhl"), [row]).over[0]


@pytest.mark.parametrize("status", ["STATUS_FINAL_AET", "STATUS_FINAL_PEN"])
def test_a_final_after_extra_time_was_level_whatever_period_it_shows(status: str) -> None:
    row = {"state": "post", "completed": True, "status": status, "home_score": 2, "away_score": 1, "winner": "home"}
    states = states_of(in_play_rules("epl"), [{**row, "period": 2}])
    assert in_play_probabilities(in_play_rules("epl"), (0.4, 0.3, 0.3), states)[0].tolist() == [0, 1, 0]


def test_the_kind_of_game_says_whether_it_is_the_post_season() -> None:
    assert read("nhl", period=4, clock=100, game_kind="postseason").postseason[0]
    assert not read("nhl", period=4, clock=100, game_kind="regular").postseason[0]


def test_nothing_that_is_missing_is_guessed() -> None:
    for league in ("nba", "nfl", "nhl", "epl"):
        states = read(league, period=2, clock=None)
        assert np.isnan(in_play_probabilities(in_play_rules(league), (0.5, 0.0, 0.5), states)).all()
    unscored = read("mlb", period=2, home_score=None, detail="Top 2nd")
    assert np.isnan(in_play_probabilities(in_play_rules("mlb"), (0.5, 0.0, 0.5), unscored)).all()


def test_no_rows_are_no_states() -> None:
    assert len(states_of(in_play_rules("nba"), [])) == 0


def test_every_league_reads_a_row_of_its_sport() -> None:
    from precog_assets.config import load_leagues

    for league in load_leagues().values():
        clock = None if league.sport in (Sport.BASEBALL, Sport.TENNIS) else 300.0
        before = (0.4, 0.3, 0.3) if league.has_draw else (0.4, 0.0, 0.6)
        p = in_play_probabilities(in_play_rules(league.key), before, read(league.key, period=1, clock=clock))
        assert p.sum() == pytest.approx(1.0)
