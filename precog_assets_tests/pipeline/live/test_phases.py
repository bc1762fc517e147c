"""Boards are polled as often as their games need, and not together."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from precog_assets.config.sources import Cadence
from precog_assets.pipeline.live.phases import SWEEP_S, BoardPhase, BoardState, PollPlan, board_phase

CADENCE = Cadence(idle_s=300, pregame_s=30, live_s=4, pregame_window_min=90)


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        (BoardState(), BoardPhase.IDLE),
        (BoardState(starts_in_s=90 * 60 + 1), BoardPhase.IDLE),
        (BoardState(starts_in_s=90 * 60), BoardPhase.PREGAME),
        (BoardState(starts_in_s=0), BoardPhase.LIVE),
        (BoardState(in_play=1), BoardPhase.LIVE),
        (BoardState(in_play=3, in_overtime=1), BoardPhase.OVERTIME),
        (BoardState(ended_ago_s=SWEEP_S), BoardPhase.SWEEP),
        (BoardState(ended_ago_s=SWEEP_S + 1, starts_in_s=60), BoardPhase.PREGAME),
        (BoardState(in_play=1, ended_ago_s=5), BoardPhase.LIVE),
    ],
)
def test_a_board_is_as_urgent_as_its_most_urgent_game(state: BoardState, phase: BoardPhase) -> None:
    assert board_phase(state, CADENCE) is phase


def polls(plan: PollPlan, board: str, begin_s: float, end_s: float) -> list[float]:
    found, now_s = [], begin_s
    while now_s < end_s:
        if board in plan.due(now_s):
            plan.polled(board, now_s)
            found.append(now_s)
        now_s += 0.05
    return found


def test_a_live_board_is_polled_at_its_interval_give_or_take_a_tenth() -> None:
    plan = PollPlan(CADENCE, Random(1))
    plan.update({"nfl": BoardState(in_play=1)}, 0.0)
    times = polls(plan, "nfl", 0.0, 200.0)
    waits = [later - before for before, later in itertools.pairwise(times)]
    assert 3.5 < min(waits) < max(waits) < 4.5
    assert len({round(wait, 2) for wait in waits}) > 5


def test_a_start_does_not_ask_for_every_board_at_once() -> None:
    plan = PollPlan(CADENCE, Random(1))
    plan.update({f"league{number}": BoardState() for number in range(10)}, 0.0)
    first = [polls(plan, f"league{number}", 0.0, 6.0)[0] for number in range(10)]
    assert max(first) - min(first) > 2.0


def test_a_board_whose_game_begins_is_polled_sooner_and_one_that_calms_down_no_later_than_planned() -> None:
    plan = PollPlan(CADENCE, Random(1))
    plan.update({"nfl": BoardState()}, 0.0)
    plan.polled("nfl", 0.0)
    plan.update({"nfl": BoardState(in_play=1)}, 100.0)
    assert plan.due(100.0) == ["nfl"]
    plan.polled("nfl", 100.0)
    plan.update({"nfl": BoardState(ended_ago_s=0)}, 101.0)
    assert plan.phase("nfl") is BoardPhase.SWEEP
    assert plan.due(104.5) == ["nfl"]
    plan.polled("nfl", 104.5)
    assert plan.due(130.0) == []


def test_the_most_urgent_board_goes_first() -> None:
    plan = PollPlan(CADENCE, Random(1))
    plan.update(
        {"idle": BoardState(), "live": BoardState(in_play=1), "late": BoardState(in_play=1, in_overtime=1)}, 0.0
    )
    assert plan.due(1000.0) == ["late", "live", "idle"]


def test_a_board_that_is_not_followed_any_more_is_not_polled() -> None:
    plan = PollPlan(CADENCE, Random(1))
    plan.update({"nfl": BoardState(), "nba": BoardState()}, 0.0)
    plan.update({"nba": BoardState()}, 1.0)
    assert plan.due(1000.0) == ["nba"]
    plan.update({}, 2.0)
    assert plan.next_s() is None
