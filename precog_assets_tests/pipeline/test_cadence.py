"""When a league is polled: often while games run, seldom when nothing is near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.config.sources import Cadence
from precog_assets.domain.facts import GameSeen
from precog_assets.pipeline.cadence import (
    OVERDUE,
    LeagueActivity,
    Phase,
    due,
    interval_s,
    phase_of,
    read_activity,
)
from precog_assets.store.engine import engine_for
from precog_assets.store.games import write_games
from precog_assets_tests.store.rows import final, game, seen

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CADENCE = Cadence(idle_s=300, pregame_s=30, live_s=4, pregame_window_min=90)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("activity", "phase"),
    [
        (None, Phase.IDLE),
        (LeagueActivity(0, None), Phase.IDLE),
        (LeagueActivity(1, None), Phase.LIVE),
        (LeagueActivity(1, NOW + 600 * MINUTE), Phase.LIVE),
        (LeagueActivity(0, NOW - MINUTE), Phase.LIVE),
        (LeagueActivity(0, NOW), Phase.LIVE),
        (LeagueActivity(0, NOW + MINUTE), Phase.PREGAME),
        (LeagueActivity(0, NOW + 90 * MINUTE), Phase.PREGAME),
        (LeagueActivity(0, NOW + 91 * MINUTE), Phase.IDLE),
    ],
)
def test_the_phase_follows_from_what_runs_and_what_comes_next(activity: LeagueActivity | None, phase: Phase) -> None:
    assert phase_of(activity, NOW, CADENCE) is phase


def test_each_phase_has_its_interval() -> None:
    assert [interval_s(phase, CADENCE) for phase in (Phase.IDLE, Phase.PREGAME, Phase.LIVE)] == [300, 30, 4]


def test_leagues_whose_interval_has_passed_are_due_live_ones_first_then_the_longest_waiting() -> None:
    phases = {"nfl": Phase.LIVE, "nba": Phase.LIVE, "nhl": Phase.PREGAME, "mlb": Phase.IDLE, "epl": Phase.IDLE}
    ago = {"nfl": 4.0, "nba": 9.0, "nhl": 29.9, "mlb": 300.0, "epl": 299.0}
    assert due(["mlb", "epl", "nhl", "nfl", "nba", "atp"], phases, ago, CADENCE) == ["nba", "nfl", "atp", "mlb"]
    assert due([], {}, {}, CADENCE) == []


@pytest.fixture
def store(emptied: str) -> sa.Engine:
    return engine_for(emptied)


def activity(engine: sa.Engine, *games: GameSeen) -> dict[str, LeagueActivity]:
    with engine.begin() as connection:
        write_games(connection, [(one, seen(0)) for one in games], load_leagues())
        return read_activity(connection, ["nfl", "nba"], NOW)


def scheduled(event_id: str, start: datetime, **given: object) -> GameSeen:
    return game(event_id, state="pre", status="STATUS_SCHEDULED", start_time=start, **given)


def test_running_games_are_counted_and_the_next_start_is_the_earliest(store: sa.Engine) -> None:
    found = activity(
        store,
        game("1"),
        game("2", status="STATUS_RAIN_DELAY"),
        final("3"),
        scheduled("4", NOW + 60 * MINUTE),
        scheduled("5", NOW + 30 * MINUTE),
    )
    assert found == {"nfl": LeagueActivity(2, NOW + 30 * MINUTE)}


def test_a_start_that_is_only_a_placeholder_is_not_waited_for(store: sa.Engine) -> None:
    assert activity(store, scheduled("1", NOW + 30 * MINUTE, start_time_valid=False)) == {
        "nfl": LeagueActivity(0, None)
    }


def test_a_game_long_overdue_does_not_keep_its_league_live(store: sa.Engine) -> None:
    found = activity(store, scheduled("1", NOW - OVERDUE - MINUTE), game("2", start_time=NOW - timedelta(days=4)))
    assert found == {}
    found = activity(store, scheduled("3", NOW - OVERDUE + MINUTE))
    assert phase_of(found["nfl"], NOW, CADENCE) is Phase.LIVE
