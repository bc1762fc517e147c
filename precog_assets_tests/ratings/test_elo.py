"""The replay: what a game does, what a season does, and that pieces equal the whole."""

import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import EloParameters
from precog_assets.ratings.elo import EloState, RatedGame, TeamRating, home_result, model_version, replay
from precog_assets.ratings.forecast import forecast
from precog_assets.ratings.kernel import margin_multiplier, win_probability
from precog_assets_tests.ratings.builders import game, game_lists

PLAIN = EloParameters(k=20, home_edge=65, margin="none", carry=0.75, mean=1505, new_team=1300)
NFL = EloParameters(k=20, home_edge=65, margin="nfl", carry=2 / 3, playoff_factor=1.2)
TENNIS = EloParameters(k=250, k_rule="tennis", carry=1.0, mean=1500, new_team=1500)


def test_the_first_game_moves_both_new_teams_by_what_surprised():
    changes, state = replay([game(1, "a", "b", 24, 20)], PLAIN)
    home, away = changes
    expected = win_probability(65)
    assert (home.before, home.games_before, home.expected) == (1300, 0, expected)
    assert home.after == pytest.approx(1300 + 20 * (1 - expected))
    assert away.after == pytest.approx(1300 - 20 * (1 - expected))
    assert (away.opponent_id, away.opponent_before, away.expected) == ("a", 1300, 1 - expected)
    assert state.teams["a"] == TeamRating(home.after, 1, 2000, 1)


def test_the_margin_is_weighed_by_the_winners_gap_with_its_home_edge():
    start = EloState(model_version("nfl", NFL), {"a": TeamRating(1600, 9, 2000, 9), "b": TeamRating(1500, 9, 2000, 9)})
    (home, away), _ = replay([game(1, "a", "b", 10, 17)], NFL, start)
    expected = 1 / (1 + 10 ** (-165 / 400))
    moved = 20 * margin_multiplier(1, 7, -165, False) * (0 - expected)
    assert home.after == pytest.approx(1600 + moved, abs=1e-9)
    assert away.after == pytest.approx(1500 - moved, abs=1e-9)


def test_no_home_edge_at_a_neutral_site():
    changes, _ = replay([game(1, "a", "b", 24, 20, neutral=True)], PLAIN)
    assert changes[0].expected == 0.5


def test_a_postseason_game_multiplies_the_gap():
    changes, _ = replay([game(1, "a", "b", 24, 20, playoff=True)], NFL)
    assert changes[0].expected == pytest.approx(win_probability(65 * 1.2))


def test_a_tie_between_equals_on_neutral_ground_moves_nothing():
    changes, _ = replay([game(1, "a", "b", 20, 20, neutral=True)], NFL)
    assert [change.after for change in changes] == [1505, 1505]


def test_a_tie_at_home_costs_the_home_side():
    changes, _ = replay([game(1, "a", "b", 20, 20)], NFL)
    assert changes[0].after < changes[0].before


def test_the_named_winner_decides_where_the_score_does_not():
    changes, _ = replay([game(1, "a", "b", 1, 1, neutral=True, winner="away")], TENNIS)
    assert changes[1].after - changes[1].before == pytest.approx(250 / 5**0.4 / 2)


def test_an_unknown_winner_is_refused_by_name():
    with pytest.raises(ValueError, match="winner 'HOME'; expected home, away, draw"):
        home_result(game(1, "a", "b", 1, 0, winner="HOME"))


def test_each_tennis_player_has_a_k_of_his_own():
    start = EloState(model_version("atp", TENNIS), {"old": TeamRating(1500.0, 95, 2000, 5)})
    (home, away), _ = replay([game(1, "old", "young", 2, 0, league="atp")], TENNIS, start)
    assert home.after - 1500 == pytest.approx(250 / 100**0.4 / 2)
    assert 1500 - away.after == pytest.approx(250 / 5**0.4 / 2)


def test_a_team_regresses_once_at_its_first_game_of_a_season():
    games = [
        game(1, "a", "b", 24, 0),
        game(2, "a", "c", 3, 0, season=2001),
        game(3, "a", "b", 3, 0, season=2001),
    ]
    changes, state = replay(games, PLAIN)
    rows = list(changes)
    assert rows[2].before == pytest.approx(1505 + 0.75 * (rows[0].after - 1505))
    assert rows[4].before == rows[2].after
    assert rows[5].before == pytest.approx(1505 + 0.75 * (rows[1].after - 1505))
    assert state.teams["a"].games == 3
    assert state.teams["a"].season_games == 2


def test_a_late_game_of_the_season_before_does_not_regress_anyone_again():
    games = [
        game(1, "a", "b", 24, 0, season=2001),
        game(2, "a", "b", 24, 0, season=2000),
        game(3, "a", "b", 24, 0, season=2001),
    ]
    changes, _ = replay(games, PLAIN)
    a = [change for change in changes if change.team_id == "a"]
    assert all(earlier.after == later.before for earlier, later in pairwise(a))


def test_a_new_team_starts_at_its_own_rating_and_does_not_regress_before_its_first_game():
    games = [game(1, "a", "b", 24, 0), game(2, "a", "new", 24, 0, season=2005)]
    changes, _ = replay(games, PLAIN)
    assert changes[3].before == 1300


@given(games=game_lists(), cuts=st.lists(st.integers(0, 40), max_size=5), margin=st.sampled_from(["nfl", "nba", "nhl"]))
@settings(max_examples=60, deadline=None)
def test_replaying_in_pieces_equals_replaying_at_once_bit_for_bit(games, cuts, margin):
    parameters = NFL.model_copy(update={"margin": margin})
    whole, end = replay(games, parameters)
    edges = sorted({0, *(min(cut, len(games)) for cut in cuts), len(games)})
    rows, state = [], None
    for start, stop in pairwise(edges):
        changes, state = replay(games[start:stop], parameters, state)
        rows.extend(changes)
    assert rows == list(whole)
    assert state == (end if games else None)


@given(games=game_lists())
@settings(max_examples=40, deadline=None)
def test_constant_k_gives_one_side_exactly_what_it_takes_from_the_other(games):
    changes, _ = replay(games, NFL)
    for home, away in zip(changes[::2], changes[1::2], strict=True):
        assert home.after - home.before == pytest.approx(away.before - away.after, abs=1e-9)
        assert home.expected + away.expected == 1.0


@given(games=game_lists())
@settings(max_examples=40, deadline=None)
def test_the_forecast_of_a_game_is_the_expectation_the_replay_writes_down(games):
    state: EloState | None = None
    for played in games:
        seen = forecast(
            state or EloState(),
            NFL,
            played.home_team_id,
            played.away_team_id,
            played.season,
            neutral=played.neutral,
            playoff=played.playoff,
        )
        changes, state = replay([played], NFL, state)
        assert seen.expected_home == pytest.approx(changes[0].expected, abs=1e-12)
        assert (seen.home_rating, seen.away_rating) == pytest.approx((changes[0].before, changes[1].before), abs=1e-9)
        assert (seen.home_games, seen.away_games) == (changes[0].games_before, changes[1].games_before)


def test_a_forecast_is_unrated_until_both_sides_have_played_enough():
    parameters = PLAIN.model_copy(update={"min_games": 2})
    _, state = replay([game(1, "a", "b", 3, 0), game(2, "a", "c", 3, 0)], parameters)
    assert forecast(state, parameters, "a", "b", 2000).status == "unrated"
    _, state = replay([game(3, "a", "b", 3, 0)], parameters, state)
    assert forecast(state, parameters, "a", "b", 2000).status == "rated"


def test_replaying_nothing_changes_nothing():
    _, state = replay([game(1, "a", "b", 24, 0)], PLAIN)
    changes, after = replay([], PLAIN, state)
    assert len(changes) == 0
    assert after is state


def test_a_state_survives_being_sent_to_another_process():
    _, state = replay([game(1, "a", "b", 24, 0)], PLAIN)
    assert pickle.loads(pickle.dumps(state)) == state


def test_a_game_before_the_last_one_rated_is_refused():
    _, state = replay([game(5, "a", "b", 24, 0)], PLAIN)
    with pytest.raises(ValueError, match="does not come after nfl:000005"):
        replay([game(4, "a", "b", 24, 0)], PLAIN, state)


def test_games_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order of"):
        replay([game(2, "a", "b", 24, 0), game(1, "a", "c", 24, 0)], PLAIN)


def test_a_game_given_twice_is_refused():
    once = game(1, "a", "b", 24, 0)
    with pytest.raises(ValueError, match="given twice"):
        replay([once, replace(game(2, "a", "b", 24, 0), game_id=once.game_id)], PLAIN)


def test_games_of_two_leagues_are_refused():
    with pytest.raises(ValueError, match="is of league nba"):
        replay([game(1, "a", "b", 24, 0), game(2, "a", "b", 24, 0, league="nba")], PLAIN)


def test_a_team_cannot_play_itself():
    with pytest.raises(ValueError, match="a plays itself"):
        replay([game(1, "a", "a", 24, 0)], PLAIN)


def test_a_state_of_other_parameters_is_refused():
    _, state = replay([game(1, "a", "b", 24, 0)], PLAIN)
    with pytest.raises(ValueError, match="replay from the start"):
        replay([game(2, "a", "b", 24, 0)], NFL, state)


def test_columns_hold_the_same_numbers_as_the_rows():
    changes, _ = replay([game(1, "a", "b", 24, 0), game(2, "b", "c", 3, 10)], NFL)
    columns = changes.columns()
    for name, values in columns.items():
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        assert plain == [getattr(row, name) for row in changes]


def test_a_model_version_names_league_and_parameters_and_is_the_same_in_another_process():
    code = (
        "from precog_assets.ratings.elo import model_version; from precog_assets.domain.leagues import EloParameters;"
        "print(model_version('nfl', EloParameters(k=20, home_edge=65, margin='nfl', carry=2/3, playoff_factor=1.2)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == model_version("nfl", NFL)
    assert other.startswith("elo-nfl-")
    assert len(other) == len("elo-nfl-") + 8


def test_any_parameter_that_moves_a_number_changes_the_version_and_a_label_does_not():
    assert model_version("nfl", NFL) != model_version("nfl", NFL.model_copy(update={"home_edge": 66.0}))
    assert model_version("nfl", NFL) == model_version("nfl", NFL.model_copy(update={"min_games": 99}))


def test_every_configured_league_has_a_version_of_its_own():
    versions = {model_version(league.key, league.rating) for league in load_leagues().values()}
    assert len(versions) == len(load_leagues())


def test_importing_the_ratings_does_not_import_numba():
    code = (
        "import sys, precog_assets.ratings.elo, precog_assets.ratings.rules, precog_assets.ratings.forecast;"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_rated_game_is_frozen():
    with pytest.raises(AttributeError):
        game(1, "a", "b", 1, 0).home_score = 3  # type: ignore[misc]
    assert isinstance(game(1, "a", "b", 1, 0), RatedGame)
