"""Baseball against games played out plate appearance by plate appearance, and against published run expectancies."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import BaseballRules, PlayStates
from precog_assets.pricing.in_play import in_play_probabilities
from precog_assets.pricing.in_play.baseball import RUNS, STATES, plate_moves, runs_to_come

FOUND = in_play_rules("mlb")
assert isinstance(FOUND, BaseballRules)
MLB = FOUND
TANGO = {
    0: (0.481, 0.254, 0.098), 1: (0.859, 0.509, 0.224), 2: (1.100, 0.664, 0.319), 3: (1.437, 0.884, 0.429),
    4: (1.350, 0.950, 0.353), 5: (1.784, 1.130, 0.478), 6: (1.964, 1.376, 0.580), 7: (2.292, 1.541, 0.752),
}  # fmt: skip
"""Runs to come by bases, at nobody, one and two out: MLB 2010-2015, T. Tango."""
GAMES = 6_000


def probability(home: float = 0.5, **state: float | bool) -> float:
    return float(in_play_probabilities(MLB, (home, 0.0, 1.0 - home), PlayStates.of(**state))[0, 0])


def half(rng: Random, moves: dict[int, tuple[list[float], list[tuple[int, int]]]], state: int, stop: int | None) -> int:
    """Runs of a half inning from a state on, ended early once there are `stop`."""
    runs = 0
    while state != STATES and (stop is None or runs < stop):
        weights, after = moves[state]
        state, more = rng.choices(after, weights)[0]
        runs += more
    return runs


def played(inning: int, bottom: bool, state: int, lead: int, *, runner: bool, seed: int) -> float:
    """Share of games that home, with an equal offence, wins from here."""
    rng = Random(seed)
    moves = {
        outs * 8 + bases: (
            [chance for chance, _, _ in plate_moves(MLB.plate, outs, bases, 1.0)],
            [(after, runs) for _, after, runs in plate_moves(MLB.plate, outs, bases, 1.0)],
        )
        for outs in range(3)
        for bases in range(8)
    }
    won = 0
    for _ in range(GAMES):
        now, at_bottom, where, margin = inning, bottom, state, lead
        while True:
            last = now >= 9
            if not at_bottom:
                margin -= half(rng, moves, where, None)
                if last and margin > 0:
                    break
            elif not (last and margin > 0):
                margin += half(rng, moves, where, 1 - margin if last else None)
                if last and margin != 0:
                    break
            now, at_bottom = now + at_bottom, not at_bottom
            where = 2 if now > 9 and runner else 0
        won += margin > 0
    return won / GAMES


@pytest.mark.parametrize("bases", range(8))
@pytest.mark.parametrize("outs", range(3))
def test_run_expectancies_are_the_published_ones(bases: int, outs: int) -> None:
    expected = runs_to_come(MLB.plate, 1.0)[outs * 8 + bases] @ np.arange(RUNS)
    assert expected == pytest.approx(TANGO[bases][outs], abs=0.07)


@pytest.mark.parametrize(
    ("inning", "bottom", "outs", "bases", "lead"),
    [(1, False, 0, 0, 0), (4, True, 1, 3, -2), (7, False, 2, 4, 1), (9, True, 0, 1, -1), (9, False, 1, 0, -1)],
)
def test_values_are_those_of_games_played_out(inning: int, bottom: bool, outs: int, bases: int, lead: int) -> None:
    start = probability(MLB_EVEN, period=1)
    shown = probability(
        start, home_score=max(lead, 0), away_score=max(-lead, 0), period=inning, bottom=bottom, outs=outs, bases=bases
    )
    share = played(inning, bottom, outs * 8 + bases, lead, runner=True, seed=inning)
    assert shown == pytest.approx(share, abs=4 * 0.5 / GAMES**0.5)


def test_extra_innings_are_those_of_games_played_out_with_and_without_the_runner() -> None:
    shown = probability(MLB_EVEN, period=10, bottom=True, bases=2, away_score=1)
    assert shown == pytest.approx(played(10, True, 2, -1, runner=True, seed=1), abs=0.026)
    empty = probability(MLB_EVEN, period=10, bottom=True, away_score=1, postseason=True)
    assert empty == pytest.approx(played(10, True, 0, -1, runner=False, seed=2), abs=0.026)


def even() -> float:
    """The price at which both offences are equal: what remains of home's advantage is batting last."""
    from precog_assets.pricing.in_play.baseball import REACH, tables_of

    start = tables_of(MLB, extra_runner=True).top[0, :, 0, REACH]
    return float(start[len(start) // 2])


MLB_EVEN = even()


def test_batting_last_is_worth_little_between_equal_sides() -> None:
    assert 0.5 < MLB_EVEN < 0.53


@settings(deadline=None)
@given(st.floats(0.2, 0.8), st.integers(1, 8), st.integers(-5, 5))
def test_the_third_out_is_the_start_of_the_next_half(home: float, inning: int, lead: int) -> None:
    scores = {"home_score": max(lead, 0), "away_score": max(-lead, 0)}
    top_over = probability(home, **scores, period=inning, outs=3)
    assert probability(home, **scores, period=inning, bottom=True) == pytest.approx(top_over, abs=1e-12)
    over = probability(home, **scores, period=inning, bottom=True, outs=3)
    assert probability(home, **scores, period=inning + 1) == pytest.approx(over, abs=1e-12)


@settings(deadline=None)
@given(st.floats(0.2, 0.8), st.integers(9, 14))
def test_the_last_inning_ends_the_game_unless_it_is_level(home: float, inning: int) -> None:
    assert probability(home, home_score=1, period=inning, outs=3) == 1.0
    assert probability(home, home_score=1, period=inning, bottom=True) == 1.0
    assert probability(home, away_score=1, period=inning, bottom=True, outs=3) == 0.0
    level = probability(home, period=inning, bottom=True, outs=3)
    assert level == pytest.approx(probability(home, period=inning + 1, bases=2), abs=1e-12)


def test_the_runner_of_extra_innings_is_not_there_in_the_play_offs() -> None:
    regular = probability(0.6, period=9, bottom=True, outs=3)
    play_off = probability(0.6, period=9, bottom=True, outs=3, postseason=True)
    assert play_off == pytest.approx(probability(0.6, period=10, postseason=True), abs=1e-12)
    assert regular == pytest.approx(probability(0.6, period=10, bases=2), abs=1e-12)
    assert regular != pytest.approx(play_off, abs=1e-4)


@settings(deadline=None)
@given(st.floats(0.2, 0.8), st.integers(0, 1), st.integers(0, 2))
def test_more_on_base_is_better_for_the_side_that_bats(home: float, bottom: int, outs: int) -> None:
    values = [probability(home, period=6, bottom=bottom, outs=outs, bases=bases) for bases in (0, 1, 3, 7)]
    assert values == sorted(values, reverse=not bottom)


def test_moves_of_a_plate_appearance_are_a_distribution() -> None:
    for outs in range(3):
        for bases in range(8):
            assert sum(chance for chance, _, _ in plate_moves(MLB.plate, outs, bases, 1.3)) == pytest.approx(1.0)
