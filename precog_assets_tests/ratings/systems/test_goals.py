"""The soccer filter: equal to a slow reference, and what it must never do."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import GoalsParameters, Stakes
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import MEAN_POINTS, Rated, State
from precog_assets.ratings.systems.goals import Goals, outcome_gap
from precog_assets_tests.ratings.systems.goals_games import (
    PARAMETERS,
    STAKES,
    Row,
    borders,
    games_of,
    leagues,
    picked,
)
from precog_assets_tests.ratings.systems.goals_reference import Slow, summed_gap

SYSTEM = Goals(PARAMETERS, STAKES)
TEAMS = 6
LOOSE = GoalsParameters(
    **{**PARAMETERS.model_dump(), "variance": 3.0, "season_variance": 1.0, "max_goals": 1e6, "goals_rate": 0.5}
)


def rated(games: Games, system: Goals = SYSTEM) -> Rated:
    return system.advance(games, system.start(len(games.teams)))


def rows_of(result: Rated) -> dict[str, np.ndarray]:
    names = ("before", "after", "deviation_before", "deviation_after", "played", "terms")
    return {name: getattr(result, name) for name in names}


def assert_equal_states(one: State, other: State) -> None:
    for a, b in ((one.teams, other.teams), (one.league, other.league)):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@settings(max_examples=150, deadline=None)
@given(leagues(), st.sampled_from([STAKES, None]))
def test_it_equals_a_slow_reference_written_from_the_description(games: Games, stakes: Stakes | None) -> None:
    system = Goals(PARAMETERS, stakes)
    fast, slow = rated(games, system), Slow(PARAMETERS, stakes).rate(games)
    points = system.points_per_strength
    close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9)
    for i, row in enumerate(slow):
        close(fast.before[i], MEAN_POINTS + points * np.array(row["before"]))
        close(fast.after[i], MEAN_POINTS + points * np.array(row["after"]))
        close(fast.deviation_before[i], points * np.sqrt(row["P"]))
        close(fast.deviation_after[i], points * np.sqrt(row["P after"]))
        close(fast.terms[i], row["terms"])
        assert fast.played[i].tolist() == list(row["played"])


@settings(max_examples=80, deadline=None)
@given(leagues(), st.data())
def test_split_at_any_batch_border_it_is_bit_for_bit_the_whole(games: Games, data: st.DataObject) -> None:
    cut = data.draw(st.sampled_from(borders(games)))
    whole, parts = SYSTEM.start(TEAMS), SYSTEM.start(TEAMS)
    at_once = rows_of(SYSTEM.advance(games, whole))
    first = rows_of(SYSTEM.advance(games.part(0, cut), parts))
    second = rows_of(SYSTEM.advance(games.part(cut, len(games)), parts))
    for name, values in at_once.items():
        np.testing.assert_array_equal(np.concatenate([first[name], second[name]]), values, err_msg=name)
    assert_equal_states(parts, whole)


@settings(max_examples=60, deadline=None)
@given(leagues(), st.randoms(use_true_random=False))
def test_the_order_of_games_of_one_day_does_not_matter(games: Games, random) -> None:
    starts = borders(games)
    order: list[int] = []
    for first, last in pairwise(starts):
        places = list(range(first, last))
        random.shuffle(places)
        order += places
    which = np.array(order, np.int64)
    plain, shuffled = rows_of(rated(games)), rows_of(rated(picked(games, which)))
    for name, values in plain.items():
        np.testing.assert_allclose(shuffled[name], values[which], rtol=1e-9, atol=1e-9, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(leagues(factors=(0.0,)))
def test_swapping_the_sides_on_neutral_ground_mirrors_everything(games: Games) -> None:
    mirrored = Games(
        **{
            **{name: getattr(games, name) for name in Games.__slots__},
            "home": games.away,
            "away": games.home,
            "home_score": games.away_score,
            "away_score": games.home_score,
            "result": 1.0 - games.result,
        }
    )
    here, there = rows_of(rated(games)), rows_of(rated(mirrored))
    sign = np.array([-1.0, -1.0, 1.0, -1.0, 1.0])
    np.testing.assert_array_equal(there.pop("terms"), here.pop("terms") * sign)
    for name, values in here.items():
        np.testing.assert_array_equal(there[name][:, ::-1], values, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(leagues())
def test_games_without_a_result_teach_nothing(games: Games) -> None:
    learns = np.flatnonzero(~np.isnan(games.result) & (games.home != games.away))
    every, learnt = rows_of(rated(games)), rows_of(rated(picked(games, learns)))
    for name, values in every.items():
        np.testing.assert_array_equal(learnt[name], values[learns], err_msg=name)


@settings(max_examples=60, deadline=None)
@given(leagues(), st.data())
def test_sides_added_later_equal_sides_known_from_the_start(games: Games, data: st.DataObject) -> None:
    cut = data.draw(st.sampled_from(borders(games)))
    early = games.part(0, cut)
    known = int(max(np.max(early.home, initial=-1), np.max(early.away, initial=-1))) + 1
    state, added = SYSTEM.start(known), SYSTEM.start(TEAMS - known)
    SYSTEM.advance(early, state)
    state.teams = {name: np.concatenate([values, added.teams[name]]) for name, values in state.teams.items()}
    whole = SYSTEM.start(TEAMS)
    SYSTEM.advance(early, whole)
    assert_equal_states(state, whole)
    later = games.part(cut, len(games))
    one, other = rows_of(SYSTEM.advance(later, state)), rows_of(SYSTEM.advance(later, whole))
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


@settings(max_examples=60, deadline=None)
@given(leagues(), st.sampled_from([PARAMETERS, LOOSE]))
def test_nothing_is_ever_infinite_and_deviations_shrink_by_playing(games: Games, parameters: GoalsParameters) -> None:
    result = rated(games, Goals(parameters, STAKES))
    for name, values in rows_of(result).items():
        assert np.isfinite(values).all(), name
    learnt = ~np.isnan(games.result) & (games.home != games.away)
    assert (result.deviation_after[learnt] < result.deviation_before[learnt]).all()
    assert (result.deviation_after > 0).all()


def test_absurd_scores_stay_finite_over_many_games() -> None:
    rows = [Row(0, 1, (10**9, 0) if k % 3 else (0, 10**9), day=k, season=2000 + k // 40) for k in range(200)]
    for values in rows_of(rated(games_of(rows, 2), Goals(LOOSE, None))).values():
        assert np.isfinite(values).all()


def test_deviations_grow_by_resting_for_thirty_days_and_by_a_new_season() -> None:
    rests = (0, 1, 30, 31, 300)
    rows = [Row(0, 1, (1, 1), day=0)]
    grown = [rated(games_of([*rows, Row(0, 1, None, day=rest)], 2)).deviation_before[1, 0] for rest in rests[1:]]
    after = rated(games_of(rows, 2)).deviation_after[0, 0]
    assert after < grown[0] < grown[1] == grown[2] == grown[3]
    next_season = rated(games_of([*rows, Row(0, 1, None, day=300, season=2001)], 2)).deviation_before[1, 0]
    scale = SYSTEM.points_per_strength
    assert next_season**2 - after**2 == pytest.approx(PARAMETERS.season_variance * scale**2, rel=1e-9)


def test_clubs_of_the_first_season_start_at_the_mean_whenever_they_come_and_promoted_ones_below() -> None:
    rows = [Row(0, 1, (1, 1), day=0), Row(2, 1, (1, 1), day=9), Row(3, 1, (1, 1), day=300, season=2001)]
    before = rated(games_of(rows, 4)).before
    assert before[0].tolist() == [MEAN_POINTS, MEAN_POINTS]
    assert before[1, 0] == MEAN_POINTS
    assert before[2, 0] == pytest.approx(MEAN_POINTS + PARAMETERS.promoted * SYSTEM.points_per_strength, abs=1e-9)


def test_a_good_club_that_returns_is_put_above_one_never_seen() -> None:
    strong = [Row(0, k, (4, 0), day=k) for k in (1, 2, 3)]
    away = [Row(1, 2, (1, 1), day=300, season=2001), Row(2, 3, (1, 1), day=307, season=2001)]
    back = [Row(0, 4, None, day=700, season=2002)]
    before = rated(games_of(strong + away + back, 5)).before[-1]
    assert before[1] == pytest.approx(MEAN_POINTS + PARAMETERS.promoted * SYSTEM.points_per_strength, abs=1e-9)
    assert before[1] < before[0] < MEAN_POINTS + 100


def test_a_season_without_a_result_makes_nobody_absent() -> None:
    first = [Row(0, 1, (3, 0), day=0)]
    idle = [Row(2, 3, None, day=300, season=2001), Row(0, 1, None, day=301, season=2001)]
    last = [Row(0, 1, None, day=700, season=2002)]
    with_idle, without = rated(games_of(first + idle + last, 4)), rated(games_of(first + last, 4))
    np.testing.assert_array_equal(with_idle.before[-1], without.before[-1])
    np.testing.assert_array_equal(with_idle.terms[-1], without.terms[-1])


def test_behind_doors_closed_to_everyone_home_is_neutral_ground_and_a_crowd_is_an_edge() -> None:
    terms = rated(games_of([Row(0, 1, None, factor=factor) for factor in (0.0, 0.5, 1.0)], 2)).terms
    assert terms[0, :2].tolist() == [0.0, 0.0]
    assert terms[1, 1] == pytest.approx(0.5 * 0.3 * 0.7, abs=1e-12)
    assert terms[2, 1] == pytest.approx(0.3 * 0.7, abs=1e-12)
    assert 0.0 < terms[1, 0] < terms[2, 0]


def test_a_side_that_plays_itself_has_no_terms_and_learns_nothing() -> None:
    result = rated(games_of([Row(0, 1, (3, 0), day=0), Row(0, 0, (9, 0), day=5), Row(0, 1, None, day=5)], 2))
    assert not result.terms[1].any()
    np.testing.assert_array_equal(result.before[1], result.after[0, [0, 0]])
    np.testing.assert_array_equal(result.after[1], result.before[1])
    assert result.played[2].tolist() == [1, 1]


def test_goals_above_the_most_that_count_are_not_counted() -> None:
    six, sixty = (rated(games_of([Row(0, 1, (goals, 0))], 2)).after for goals in (6, 60))
    np.testing.assert_array_equal(six, sixty)


def test_a_point_of_strength_is_what_it_is_worth_in_goals() -> None:
    """400 points are odds of ten to one: 2.303 logits, 1.353 probits, of a gap d with d sqrt(goals / 2) probits."""
    gap_of_400 = 400 / SYSTEM.points_per_strength
    assert gap_of_400 * math.sqrt(1.3 / 2) * 1.702 == pytest.approx(math.log(10))


@settings(max_examples=200, deadline=None)
@given(st.floats(0.05, 6.0), st.floats(0.05, 6.0), st.floats(-1.0, 1.0))
def test_the_gap_equals_the_sum_over_all_scores(home: float, away: float, rho: float) -> None:
    assert outcome_gap(home, away, rho) == pytest.approx(summed_gap(home, away, rho), rel=1e-9, abs=1e-9)


def test_terms_are_named_in_the_order_of_their_columns() -> None:
    assert SYSTEM.name == "goals"
    names = ("goals.gap", "goals.rate_gap", "goals.total", "goals.stakes", "goals.deviation")
    assert SYSTEM.terms == names
    assert rated(games_of([Row(0, 1, (1, 0))], 2)).terms.shape == (1, len(names))
