"""Rest, streaks and the race for the play-offs, from the days before."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from precog_assets.domain.rating_rules import Race
from precog_assets.ratings.conferences import conferences
from precog_assets.ratings.context import Context
from precog_assets.ratings.games import Games, games_from
from precog_assets.ratings.race import PlayoffRace
from precog_assets_tests.ratings.builders import LEAGUES, games_file, season_frame

FIRST = date(2022, 11, 1)


def games(*rows: tuple[int, str, str, int, int], league: str = "nba", season: int = 2023) -> Games:
    """Rows of (day, home, away, scores)."""
    frame = pl.DataFrame(
        [
            {
                "season": season,
                "date": FIRST + timedelta(days=day),
                "home": home,
                "away": away,
                "home_score": one,
                "away_score": two,
            }
            for day, home, away, one, two in rows
        ]
    )
    return games_from(games_file(league, frame).frame, LEAGUES[league])


def term(name: str, played: Games) -> list[float]:
    context = Context()
    return context.advance(played, context.start(len(played.teams)))[:, context.terms.index(name)].tolist()


def test_a_side_that_played_yesterday_is_on_a_back_to_back() -> None:
    played = games((0, "a", "b", 9, 8), (1, "a", "c", 9, 8), (2, "d", "c", 9, 8), (9, "a", "b", 9, 8))
    assert term("schedule.back_to_back", played) == [0, 1, -1, 0]


def test_rest_is_the_days_since_the_last_game_at_most_five_and_a_new_season_is_rested() -> None:
    played = games((0, "a", "b", 9, 8), (2, "a", "c", 9, 8), (30, "a", "b", 9, 8))
    assert term("schedule.rest_days", played) == [0, 2 - 5, 0]


def test_a_week_off_is_a_long_rest() -> None:
    played = games((0, "a", "b", 9, 8), (7, "a", "c", 9, 8), (14, "a", "b", 9, 8), league="nfl")
    assert term("schedule.long_rest", played) == [0, 0, -1]


def test_a_load_counts_the_games_of_six_days() -> None:
    played = games(
        (0, "a", "b", 9, 8), (2, "a", "c", 9, 8), (4, "a", "d", 9, 8), (6, "a", "e", 9, 8), (20, "a", "b", 9, 8)
    )
    assert term("schedule.games_in_6_days", played) == [0, 1, 2, 3, 0]


def test_a_side_at_home_before_had_no_journey() -> None:
    played = games((0, "a", "b", 9, 8), (2, "a", "b", 9, 8), (4, "b", "a", 9, 8))
    assert term("schedule.at_home_before", played) == [0, 1, -1]


def test_a_streak_counts_wins_in_a_row_and_losses_below_zero() -> None:
    played = games((0, "a", "b", 9, 8), (2, "a", "b", 9, 8), (4, "a", "b", 8, 9), (6, "a", "b", 9, 8))
    assert term("schedule.streak", played) == [0, 2, 4, -2]


def test_a_game_without_a_result_is_no_game_played() -> None:
    frame = pl.DataFrame(
        {
            "season": [2023, 2023],
            "date": [FIRST, FIRST + timedelta(days=1)],
            "home": ["a", "a"],
            "away": ["b", "c"],
            "home_score": [None, 9],
            "away_score": [None, 8],
        }
    )
    played = games_from(games_file("nba", frame).frame, LEAGUES["nba"])
    assert term("schedule.back_to_back", played) == [0, 0]


def race(terms: Race, played: Games, known: dict[str, str] | None = None) -> np.ndarray:
    system = PlayoffRace(terms, known or {})
    return system.advance(played, system.start(len(played.teams)))


def table(rounds: int) -> Games:
    """Four sides, a day's two games a round: a beats all, d loses all, b beats c at home and away."""
    order = {"a": 4, "b": 3, "c": 2, "d": 1}
    pairs = [(("a", "b"), ("c", "d")), (("a", "c"), ("b", "d")), (("a", "d"), ("b", "c"))]
    return games(
        *((day, one, two, 10 * order[one], 10 * order[two]) for day in range(rounds) for one, two in pairs[day % 3])
    )


SHORT = Race(games={2000: 30}, places={2000: 1})


def test_late_and_far_behind_a_side_is_out_and_late_and_far_ahead_it_is_idle() -> None:
    played = table(29)
    terms = race(SHORT, played, dict.fromkeys("abcd", "one"))
    against_d = [
        i for i in range(len(played)) if {played.teams[played.home[i]], played.teams[played.away[i]]} == {"a", "d"}
    ]
    out, idle = terms[against_d, 0], terms[against_d, 1]
    assert (out[:4] == 0).all()
    assert -1 <= out[-1] < -0.7
    assert idle[0] == 0
    assert idle[-1] == 0.5


def test_a_play_off_game_has_no_race() -> None:
    frame = games_file("nba", season_frame("nba", days=30, playoff=True)).frame
    assert not race(SHORT, games_from(frame, LEAGUES["nba"])).any()


def test_sides_of_no_known_conference_form_one_table_with_twice_the_places() -> None:
    played = table(29)
    one_table = race(SHORT, played)
    assert not np.array_equal(one_table, race(SHORT, played, dict.fromkeys("abcd", "one")))
    two_places = Race(games={2000: 30}, places={2000: 2})
    np.testing.assert_array_equal(one_table, race(two_places, played, dict.fromkeys("abcd", "one")))


def test_a_season_has_its_own_length_and_places() -> None:
    nba = LEAGUES["nba"].rating.race
    assert nba is not None
    assert [nba.games_in(season) for season in (2000, 2012, 2019, 2021, 2030)] == [82, 66, 82, 72, 82]
    assert [nba.places_in(season) for season in (1990, 2020, 2021, 2030)] == [8, 8, 10, 10]


@pytest.mark.parametrize(
    ("league", "ids"), [("nba", ("nba:2", "BOS", "bos", "gs", "GSW")), ("nfl", ("LAR", "LA", "JAC", "nfl:1"))]
)
def test_conferences_are_known_by_id_and_by_either_code(league: str, ids: tuple[str, ...]) -> None:
    assert all(conferences(league).get(side) for side in ids)
