"""The league table before each game: stakes and rounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import Stakes
from precog_assets.ratings import table
from precog_assets.ratings.games import Games
from precog_assets_tests.ratings.systems.goals_games import (
    STAKES,
    Row,
    borders,
    games_of,
    leagues,
)
from precog_assets_tests.ratings.systems.goals_reference import recounted_table

TITLE = Stakes(lines=(1,), relegated=0, from_round=1, reach=1.0, softness=0.01)
DROP = Stakes(lines=(), relegated=1, from_round=1, reach=1.0, softness=0.01)


def before(rows: list[Row], stakes: Stakes | None, teams: int = 4) -> table.TableBefore:
    return table.advance(games_of(rows, teams), stakes, table.start(teams))


def days_of(pairs: list[tuple[int, int, tuple[int, int]]], season: int = 2000) -> list[Row]:
    return [Row(home, away, goals, day=day, season=season) for day, (home, away, goals) in enumerate(pairs)]


FIRST_WINS_ALL = days_of(
    [
        (0, 1, (1, 0)),
        (2, 3, (0, 0)),
        (0, 2, (1, 0)),
        (1, 3, (0, 0)),
        (0, 3, (1, 0)),
        (1, 2, (0, 0)),
        (1, 0, (0, 1)),
        (3, 2, (0, 0)),
    ]
)
"""Of 6 rounds 4 are played: club 0 has 12 points, 2 and 3 have 3 each, 1 has 2; two games are left, 6 points."""


@settings(max_examples=150, deadline=None)
@given(leagues(), st.sampled_from([STAKES, TITLE, DROP, Stakes(**{**STAKES.model_dump(), "from_round": 0}), None]))
def test_the_table_equals_one_counted_anew_before_each_game(games: Games, stakes: Stakes | None) -> None:
    seen = table.advance(games, stakes, table.start(6))
    for i in range(len(games)):
        both, rounds = recounted_table(games, i, stakes)
        np.testing.assert_allclose(seen.stakes[i], both, rtol=0, atol=1e-12)
        assert seen.rounds[i] == rounds


@settings(max_examples=80, deadline=None)
@given(leagues(), st.data())
def test_a_table_taken_up_at_a_batch_border_goes_on_as_if_never_left(games: Games, data: st.DataObject) -> None:
    cut = data.draw(st.sampled_from(borders(games)))
    whole, parts = table.start(6), table.start(6)
    at_once = table.advance(games, STAKES, whole)
    first = table.advance(games.part(0, cut), STAKES, parts)
    second = table.advance(games.part(cut, len(games)), STAKES, parts)
    np.testing.assert_array_equal(np.concatenate([first.stakes, second.stakes]), at_once.stakes)
    np.testing.assert_array_equal(np.concatenate([first.rounds, second.rounds]), at_once.rounds)
    for name, values in whole.teams.items():
        np.testing.assert_array_equal(parts.teams[name], values)


def test_a_lead_that_cannot_be_caught_ends_the_title_race_for_everyone() -> None:
    over = before([*FIRST_WINS_ALL, Row(2, 0, None, day=50)], TITLE)
    assert over.stakes[-1].tolist() == [0.0, 0.0]
    open_yet = before([*FIRST_WINS_ALL[:4], Row(2, 0, None, day=50)], TITLE)
    assert open_yet.stakes[-1].tolist() == [1.0, 1.0]


def test_clubs_near_the_line_of_relegation_play_for_something_when_the_champion_does_not() -> None:
    seen = before([*FIRST_WINS_ALL, Row(1, 0, None, day=50), Row(2, 3, None, day=50)], DROP)
    assert seen.stakes[-2].tolist() == [1.0, 0.0]
    assert seen.stakes[-1].tolist() == [1.0, 1.0]


def test_before_the_first_round_that_counts_everyone_plays_for_something() -> None:
    late = Stakes(**{**TITLE.model_dump(), "from_round": 5})
    assert before([*FIRST_WINS_ALL, Row(2, 0, None, day=50)], late).stakes.min() == 1.0


def test_without_lines_nobody_plays_for_anything_and_rounds_are_counted_all_the_same() -> None:
    seen = before([*FIRST_WINS_ALL, Row(2, 0, None, day=50)], None)
    assert not seen.stakes.any()
    assert seen.rounds.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_postseason_games_are_not_in_the_table_and_everyone_plays_for_something_in_them() -> None:
    finals = [Row(2, 0, (5, 0), day=50 + k, playoff=True) for k in range(4)]
    seen = before([*FIRST_WINS_ALL, *finals, Row(2, 0, None, day=60)], TITLE)
    assert seen.stakes[8:12].min() == 1.0
    assert seen.stakes[-1].tolist() == [0.0, 0.0]
    assert seen.rounds[-1] == 4


def test_a_new_season_begins_with_an_empty_table() -> None:
    seen = before([*FIRST_WINS_ALL, Row(2, 0, None, day=300, season=2001)], TITLE)
    assert seen.stakes[-1].tolist() == [1.0, 1.0]
    assert seen.rounds[-1] == 0


def test_games_of_one_day_see_the_table_of_the_day_before() -> None:
    seen = before([Row(0, 1, (1, 0), day=1), Row(0, 1, (1, 0), day=1), Row(0, 1, (1, 0), day=2)], None)
    assert seen.rounds.tolist() == [0, 0, 2]
