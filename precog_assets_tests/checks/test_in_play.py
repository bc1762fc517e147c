"""The check of probabilities in play: fine on games that go as their scores say, a warning where scores mislead."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.checks.in_play import LEAST_GAMES, in_play
from precog_assets.config import load_leagues
from precog_assets.store.forecasts import write_forecasts
from precog_assets.store.games import write_games
from precog_assets.store.snapshots import version_of
from precog_assets_tests.databases import rolled_back
from precog_assets_tests.pipeline.slate_world import forecast_row, live
from precog_assets_tests.store.rows import final, game

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LEAGUES = [load_leagues()[key] for key in ("nfl", "epl")]
NFL = {"nfl": load_leagues()["nfl"]}


def put(connection: sa.Connection, number: int, *, home_wins: bool, ahead: int, days: float = 2.0) -> None:
    """A game that was even before it; home led by `ahead` after every quarter, and won, or lost in the fourth."""
    start = NOW - timedelta(days=days)
    states: list[tuple[Any, datetime]] = []
    for period in (1, 2, 3, 4):
        for left, minutes in ((300.0, 20), (0.0, 35)):
            at = start + timedelta(minutes=45 * (period - 1) + minutes)
            score = {"home_score": 20 + ahead, "away_score": 20}
            states.append((game(str(number), start_time=start, period=period, clock=left, **score), at))
    end = (30, 20) if home_wins else (20, 30)
    states.append((final(str(number), end, start_time=start), start + timedelta(hours=4)))
    for one, at in states:
        write_games(connection, [(one, live(at))], NFL)


def forecast(connection: sa.Connection, numbers: range, p_home: float = 0.5, days: float = 2.0) -> None:
    start = NOW - timedelta(days=days)
    rows = [forecast_row(one, p_home, start_time=start, as_of=start - timedelta(days=1)) for one in numbers]
    write_forecasts(connection, "nfl", version_of("nfl", "default"), rows, start - timedelta(hours=20))


def test_leads_that_hold_are_better_than_the_forecast_by_period_and_in_all(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        drawn = random.Random(1)
        for number in range(LEAST_GAMES):
            home_wins = drawn.random() < 0.5
            put(connection, number, home_wins=home_wins, ahead=7 if home_wins else -7)
        forecast(connection, range(LEAST_GAMES))
        found = in_play(connection, LEAGUES, NOW)
    grade = found.facts["grades"]["nfl"]
    assert (found.passed, grade["games"], grade["states"]) == (True, LEAST_GAMES, 3 * LEAST_GAMES)
    assert (grade["score"], grade["before"], grade["not_graded"]) == ("Brier", 0.25, 0)
    by_period = [grade["after_period"][one]["in_play"] for one in ("1", "2", "3")]
    assert by_period == sorted(by_period, reverse=True)
    assert max(by_period) < 0.25
    assert found.description == "no worse than the forecasts of before the start in nfl"


def test_scores_that_mislead_are_warned_of_with_counts(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        for number in range(LEAST_GAMES):
            put(connection, number, home_wins=number % 2 == 0, ahead=-7 if number % 2 == 0 else 7)
        forecast(connection, range(LEAST_GAMES))
        found = in_play(connection, LEAGUES, NOW)
    assert (found.passed, found.warn) == (False, True)
    assert f"({3 * LEAST_GAMES} states of {LEAST_GAMES} games)" in found.description


def test_a_few_games_are_graded_and_not_judged(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        for number in range(3):
            put(connection, number, home_wins=True, ahead=-7)
        forecast(connection, range(3))
        found = in_play(connection, LEAGUES, NOW)
    assert found.passed
    assert "not judged: nfl 3" in found.description
    assert found.facts["grades"]["nfl"]["worse_by_at_least"] > 0


@pytest.mark.parametrize("days", [8.0, -1.0])
def test_games_of_long_ago_and_of_later_are_not_graded(engine: sa.Engine, days: float) -> None:
    with rolled_back(engine) as connection:
        for number in range(2):
            put(connection, number, home_wins=True, ahead=7, days=days)
        forecast(connection, range(2), days=days)
        found = in_play(connection, LEAGUES, NOW)
    assert (found.passed, found.facts["grades"]) == (True, {})


def test_games_without_a_forecast_are_counted_and_not_graded(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        for number in range(3):
            put(connection, number, home_wins=True, ahead=7)
        forecast(connection, range(2))
        found = in_play(connection, LEAGUES, NOW)
    grade = found.facts["grades"]["nfl"]
    assert (grade["games"], grade["states"], grade["not_graded"]) == (2, 6, 3)
