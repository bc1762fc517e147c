"""Which games count, and from where a correction is replayed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import EloParameters, Sport
from precog_assets.ratings.elo import replay
from precog_assets.ratings.rules import counts, first_affected, first_difference, rating_status
from precog_assets_tests.ratings.builders import game, game_lists

NFL = EloParameters(k=20, home_edge=65, margin="nfl", carry=2 / 3)


def counted(sport=Sport.FOOTBALL, kind=GameKind.REGULAR, completed=True, home="a", away="b", score=(24, 20)):
    return counts(
        sport,
        kind,
        completed=completed,
        home_team_id=home,
        away_team_id=away,
        home_score=score[0],
        away_score=score[1],
    )


@pytest.mark.parametrize("kind", [GameKind.REGULAR, GameKind.POSTSEASON])
def test_finished_regular_and_postseason_games_count(kind):
    assert counted(kind=kind)


@pytest.mark.parametrize("kind", [GameKind.PRESEASON, GameKind.EXHIBITION, GameKind.ALL_STAR])
def test_preseason_exhibition_and_all_star_games_never_count(kind):
    assert not counted(kind=kind)


def test_an_unfinished_game_does_not_count_whatever_its_score():
    assert not counted(completed=False)


def test_a_missing_score_does_not_count_and_is_not_zero():
    assert not counted(score=(None, 3))
    assert not counted(score=(3, None))


def test_nil_nil_is_a_result_in_soccer_only():
    assert counted(sport=Sport.SOCCER, score=(0, 0))
    assert not any(counted(sport=sport, score=(0, 0)) for sport in Sport if sport is not Sport.SOCCER)


@pytest.mark.parametrize(("home", "away"), [(None, "b"), ("a", None), ("tbd", "tbd")])
def test_a_game_of_undecided_sides_does_not_count(home, away):
    assert not counted(home=home, away=away)


def test_a_team_is_rated_from_min_games_on():
    assert [rating_status(n, 8) for n in (0, 7, 8)] == ["unrated", "unrated", "rated"]


GAMES = [game(i, "a", "b", 10 + i, 7) for i in range(5)]


def test_the_first_affected_game_is_the_earliest_changed_one():
    assert first_affected(GAMES, {GAMES[3].game_id, GAMES[1].game_id}) == 1
    assert first_affected(GAMES, set()) == 5


def test_a_changed_game_that_is_gone_is_refused():
    with pytest.raises(ValueError, match=r"nfl:9.*first_difference"):
        first_affected(GAMES, {"nfl:9"})


def test_a_removed_inserted_or_corrected_game_is_the_first_difference():
    assert first_difference(GAMES, GAMES[:2] + GAMES[3:]) == 2
    assert first_difference(GAMES[:2] + GAMES[3:], GAMES) == 2
    assert first_difference(GAMES, [*GAMES[:4], replace(GAMES[4], home_score=0)]) == 4
    assert first_difference(GAMES[:3], GAMES) == 3


@given(games=game_lists().filter(bool), at=st.integers(0, 39), score=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_replaying_from_a_correction_equals_replaying_everything(games, at, score):
    at %= len(games)
    corrected = [*games[:at], replace(games[at], home_score=score), *games[at + 1 :]]
    start = first_difference(games, corrected)
    _, before = replay(games[:start], NFL)
    tail, state = replay(corrected[start:], NFL, before)
    whole, end = replay(corrected, NFL)
    assert list(tail) == list(whole)[2 * start :]
    assert start == len(games) or state == end
