"""Which games count, and when a rating means something."""

import pytest

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import Sport
from precog_assets.ratings.rules import counts, rating_status


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
