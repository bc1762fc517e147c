"""The Bayesian filter against a slow one written on its own, against hand-worked numbers, and its promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.rating_rules import BayesParameters
from precog_assets.ratings.systems import MEAN_POINTS, POINTS_PER_LOGIT, Rated, State
from precog_assets.ratings.systems.bayes import Bayes
from precog_assets_tests.ratings.systems.bayes_games import (
    SIDES,
    Game,
    arrays,
    atp,
    game_lists,
    league,
    parameter_sets,
    slowly,
)

CLAY, GRASS = 1, 2
COLUMNS = ("before", "after", "deviation_before", "deviation_after", "played", "terms")
often = settings(deadline=None, max_examples=60)


def rate(games: list[Game], own: BayesParameters, *, by_day: bool = False) -> tuple[Rated, State]:
    system = Bayes(own)
    state = system.start(SIDES)
    return system.advance(arrays(games, by_day=by_day), state), state


def same(one: State, two: State) -> bool:
    return all(np.array_equal(one.teams[name], two.teams[name]) for name in one.teams)


def term(rated: Rated, game: int, name: str) -> float:
    return float(rated.terms[game, Bayes(atp()).terms.index(f"bayes.{name}")])


@often
@given(game_lists() | game_lists(least=20), parameter_sets(), st.booleans())
def test_equals_the_slow_filter(games, own, by_day):
    rated, _ = rate(games, own, by_day=by_day)
    slow = slowly(games, own, by_day=by_day)
    for name in COLUMNS:
        expected = np.array([row[name] for row in slow]).reshape(getattr(rated, name).shape)
        np.testing.assert_allclose(getattr(rated, name), expected, rtol=1e-9, atol=1e-9, err_msg=name)


@often
@given(game_lists(least=8), parameter_sets(), st.randoms(use_true_random=True))
def test_the_order_of_a_days_games_means_nothing_in_team_leagues(games, own, random):
    games = [one._replace(team_event=False) for one in games]
    order = sorted(range(len(games)), key=lambda i: (games[i].day, random.random()))
    rated, _ = rate(games, own, by_day=True)
    shuffled, _ = rate([games[i] for i in order], own, by_day=True)
    for name in COLUMNS:
        np.testing.assert_allclose(getattr(shuffled, name), getattr(rated, name)[order], rtol=1e-9, atol=1e-9)


@often
@given(game_lists(neutral=True), parameter_sets(), st.booleans())
def test_swapping_the_sides_on_neutral_ground_mirrors_everything(games, own, by_day):
    swapped = [one._replace(home=one.away, away=one.home, result=1.0 - one.result) for one in games]
    rated, _ = rate(games, own, by_day=by_day)
    mirrored, _ = rate(swapped, own, by_day=by_day)
    np.testing.assert_allclose(mirrored.terms, -rated.terms, rtol=0, atol=1e-11)
    for name in COLUMNS[:-1]:
        np.testing.assert_allclose(getattr(mirrored, name), getattr(rated, name)[:, ::-1], rtol=1e-12, atol=0)


@often
@given(game_lists(), parameter_sets(), st.booleans(), st.data())
def test_rating_in_parts_equals_rating_at_once_bit_for_bit(games, own, by_day, data):
    whole, state = rate(games, own, by_day=by_day)
    every = arrays(games, by_day=by_day)
    borders = [i for i in range(len(games) + 1) if i in (0, len(games)) or every.batch[i] != every.batch[i - 1]]
    cuts = sorted(data.draw(st.lists(st.sampled_from(borders), max_size=3)))
    system = Bayes(own)
    going_on = system.start(SIDES)
    parts = [
        system.advance(every.part(first, last), going_on)
        for first, last in zip([0, *cuts], [*cuts, len(games)], strict=True)
    ]
    for name in COLUMNS:
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)), name
    assert same(going_on, state)


@often
@given(game_lists(), parameter_sets(), st.booleans())
def test_games_without_a_result_and_sides_playing_themselves_teach_nothing(games, own, by_day):
    counts = np.array([one.home != one.away and not math.isnan(one.result) for one in games], dtype=bool)
    rated, state = rate(games, own, by_day=by_day)
    taught, without = rate([one for one, yes in zip(games, counts, strict=True) if yes], own, by_day=by_day)
    for name in COLUMNS:
        assert np.array_equal(getattr(rated, name)[counts], getattr(taught, name)), name
    assert same(state, without)


@often
@given(game_lists(least=2), parameter_sets(), st.data())
def test_a_side_added_later_equals_one_known_from_the_start(games, own, data):
    cut = data.draw(st.integers(1, len(games) - 1))
    early = max(max(one.home, one.away) for one in games[:cut]) + 1
    whole, state = rate(games, own)
    system = Bayes(own)
    growing = system.start(early)
    first = system.advance(arrays(games[:cut], by_day=False, sides=early), growing)
    more = system.start(SIDES - early)
    growing.teams = {name: np.concatenate([array, more.teams[name]]) for name, array in growing.teams.items()}
    rest = system.advance(arrays(games, by_day=False).part(cut, len(games)), growing)
    for name in COLUMNS:
        assert np.array_equal(np.concatenate([getattr(first, name), getattr(rest, name)]), getattr(whole, name)), name
    assert same(growing, state)


@often
@given(game_lists(least=1))
def test_playing_narrows_the_deviation(games):
    rated, _ = rate(games, atp())
    counts = [one.home != one.away and not math.isnan(one.result) for one in games]
    assert (rated.deviation_after[counts] < rated.deviation_before[counts]).all()


def test_resting_widens_the_deviation_up_to_that_of_a_new_side():
    played = [Game(0, 1, day=0, result=float(i % 2)) for i in range(30)]
    later = [Game(0, 2, math.nan, day) for day in (0, 1, 30, 365, 3650, 36500)]
    rated, _ = rate(played + later, league())
    resting, new = rated.deviation_before[30:, 0], rated.deviation_before[30, 1]
    assert (np.diff(resting)[:-1] > 0).all()
    assert resting[-1] == pytest.approx(new)
    assert new == pytest.approx(0.5 * POINTS_PER_LOGIT)


def test_first_game_of_a_league_by_hand():
    rated, state = rate([Game(0, 1, 1.0, home_factor=1.0)], league(prior_sd=1.0, home_edge=0.4), by_day=True)
    z = 0.4 / math.sqrt(1 + math.pi / 8 * 2)
    p = 1 / (1 + math.exp(-z))
    step = (1 - p) / (1 + 2 * p * (1 - p))
    assert term(rated, 0, "gap") == pytest.approx(z)
    assert term(rated, 0, "gap_deviation") == pytest.approx(z * math.sqrt(2))
    assert rated.before.tolist() == [[MEAN_POINTS, MEAN_POINTS]]
    assert rated.after[0] - MEAN_POINTS == pytest.approx([step * POINTS_PER_LOGIT, -step * POINTS_PER_LOGIT])
    assert rated.played.tolist() == [[0, 0]]
    assert state.teams["played"].tolist() == [1, 1, 0, 0, 0]


def test_behind_closed_doors_the_home_edge_counts_in_its_share_and_on_neutral_ground_not_at_all():
    gaps = [term(rate([Game(0, 1, home_factor=share)], league())[0], 0, "gap") for share in (1.0, 0.4, 0.0)]
    assert gaps[1] == pytest.approx(0.4 * gaps[0])
    assert gaps[2] == 0.0


def test_without_surfaces_the_correlations_of_a_perfect_one_make_a_single_skill():
    games = [Game(i % 3, 3, float(i % 2), day=i) for i in range(20)]
    _, state = rate(games, league(), by_day=True)
    assert np.ptp(state.teams["mean"], axis=1).max() < 1e-12
    assert np.ptp(state.teams["covariance"], axis=(1, 2)).max() < 1e-12


def test_a_win_on_clay_counts_there_most_and_on_grass_in_part():
    later = [Game(0, 1, math.nan, 7, surface) for surface in (CLAY, GRASS)]
    rated, _ = rate([Game(0, 1, 1.0, 0, CLAY), *later], atp())
    assert term(rated, 1, "gap") > term(rated, 2, "gap") > 0
    assert term(rated, 1, "activity_surface") == term(rated, 2, "activity_surface") == 0.0
    assert term(rate([Game(0, 2, 1.0, 0, CLAY), *later], atp())[0], 1, "activity_surface") > 0


def test_a_match_ended_by_retirement_teaches_less():
    full, _ = rate([Game(0, 1)], atp())
    retired, _ = rate([Game(0, 1, retired=True)], atp())
    assert MEAN_POINTS < retired.after[0, 0] < full.after[0, 0]
    assert retired.deviation_after[0, 0] > full.deviation_after[0, 0]


def test_best_of_five_stretches_the_forecast_of_the_better_player():
    before = [Game(0, 1, 1.0, day) for day in range(5)]
    of_3 = term(rate([*before, Game(0, 1, best_of=3, day=9)], atp())[0], 5, "gap")
    of_5 = term(rate([*before, Game(0, 1, best_of=5, day=9)], atp())[0], 5, "gap")
    assert 1.2 * of_3 < of_5 < 1.3 * of_3


def test_a_player_first_met_in_a_team_competition_starts_lower():
    rated, _ = rate([Game(0, 1, day=0), Game(0, 2, math.nan, 0, team_event=True)], atp())
    assert rated.before[1, 1] == pytest.approx(MEAN_POINTS - POINTS_PER_LOGIT)
    assert term(rated, 1, "gap_team_event") == term(rated, 1, "gap") > 0
    assert term(rated, 0, "gap_team_event") == 0.0


def test_activity_career_and_newness_of_a_player_with_two_matches_a_year_ago():
    rated, _ = rate([Game(0, 1), Game(0, 1), Game(0, 2, math.nan, 365)], atp())
    assert term(rated, 2, "activity_fast") == pytest.approx(math.log(1 + 2 * math.exp(-365 / 35)))
    assert term(rated, 2, "activity_slow") == pytest.approx(math.log(1 + 2 * math.exp(-0.5)))
    assert term(rated, 2, "activity_surface") == pytest.approx(math.log(1 + 2 * math.exp(-0.5)))
    assert term(rated, 2, "career") == pytest.approx(365 / 365.25)
    assert term(rated, 2, "newness") == pytest.approx(math.exp(-1) - 1)
    assert rated.played[2].tolist() == [2, 0]


@pytest.mark.parametrize("by_day", [False, True])
def test_hundreds_of_wins_in_a_row_with_wide_priors_stay_finite(by_day):
    own = atp(prior_sd=8.0, drift_per_year=5.0, team_event_weight=20.0, best_of_5=4.0, activity_gain=3.0)
    games = [Game(0, 1 + i % 4, 1.0, i // 50 * 400, i % 5, 5, i % 2 == 0) for i in range(600)]
    rated, state = rate(games, own, by_day=by_day)
    for name in COLUMNS:
        assert np.isfinite(getattr(rated, name)).all(), name
    assert (np.linalg.eigvalsh(state.teams["covariance"]) > -1e-9).all()
    assert rated.after[-1, 0] > rated.after[-1, 1]


def test_no_games_give_no_rows_and_leave_the_state():
    rated, state = rate([], atp())
    assert rated.terms.shape == (0, 8)
    assert same(state, Bayes(atp()).start(SIDES))


@pytest.mark.parametrize("name", ["prior_correlation", "drift_correlation"])
def test_correlations_that_do_not_fit_together_are_refused_by_name(name):
    with pytest.raises(ConfigurationError, match=rf"bayes\.{name} \[0\.9, 0\.9, -0\.9\]"):
        Bayes(atp(**{name: (0.9, 0.9, -0.9)}))
