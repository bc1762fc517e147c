"""What the deriving tick takes up, and what it leaves: to the next tick, or to a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.automation import replays
from precog_assets.automation.derive import Derived, DeriveTick, derive_tick
from precog_assets.automation.replays import needs_everything, too_much_for_a_tick
from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen, Observation, Origin
from precog_assets.pipeline.rate import HORIZON, rate_league
from precog_assets.queries.forecasts import forecasts
from precog_assets.services import Services
from precog_assets.store.games import write_games
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.store.rows import final, game

NFL = load_leagues()["nfl"]
NBA = load_leagues()["nba"]
NOTHING = "links and ratings: nothing new"


def store(services: Services, *seen: GameSeen) -> None:
    with services.engine.begin() as connection:
        observed = Observation(services.clock.now(), Origin.LIVE, 1)
        write_games(connection, [(one, observed) for one in seen], load_leagues())


def played(number: int, weeks_ago: int, services: Services, **given: Any) -> GameSeen:
    start = services.clock.now() - timedelta(weeks=weeks_ago)
    return final(str(number), (20 + number, 17), **{"start_time": start, **given})


def coming(number: int, ahead: timedelta, services: Services, **given: Any) -> GameSeen:
    scheduled = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None}
    return game(str(number), **{**scheduled, "start_time": services.clock.now() + ahead, **given})


def tick(services: Services, before: Derived | None = None, **given: Any) -> DeriveTick:
    return derive_tick(services, before or Derived(), "test", **given)


def settled(services: Services) -> Derived:
    """The state after a tick, and the next finds nothing new."""
    state = tick(services).state
    assert tick(services, state).sentence == NOTHING
    return state


def said(services: Services) -> pl.DataFrame:
    return forecasts(services.engine, "nfl").filter(pl.col("start_time") > services.clock.now())


def full_replays_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MOST_IN_A_TICK", 1)


def test_a_game_newly_scheduled_is_forecast_though_no_result_is_new(services: Services, clock: TestClock) -> None:
    store(services, played(1, 1, services))
    before = settled(services)
    clock.forward(60)
    store(services, coming(2, timedelta(days=3), services))
    made = tick(services, before)
    assert "0 changed" in made.sentence
    assert "1 of 2 forecasts changed" in made.sentence
    assert said(services)["game_id"].to_list() == ["nfl:2"]


def test_a_game_of_a_league_without_any_result_is_forecast(services: Services) -> None:
    store(services, coming(2, timedelta(days=3), services))
    assert list(tick(services).ratings) == ["nfl"]
    assert said(services)["p_home"].is_between(0.4, 0.8).to_list() == [True]


def test_a_game_that_is_far_off_waits_until_it_comes_within_the_horizon(services: Services, clock: TestClock) -> None:
    store(services, coming(2, HORIZON + timedelta(minutes=1), services))
    before = settled(services)
    assert said(services).is_empty()
    clock.forward(120)
    assert list(tick(services, before).ratings) == ["nfl"]
    assert said(services).height == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"start_time": timedelta(days=4)}, id="moved"),
        pytest.param({"home_team_id": "nfl:1"}, id="another side"),
        pytest.param({"neutral_site": True}, id="to a neutral place"),
    ],
)
def test_a_game_that_was_changed_is_forecast_anew(services: Services, clock: TestClock, change: dict[str, Any]) -> None:
    store(services, coming(2, timedelta(days=3), services))
    before = settled(services)
    start = services.clock.now() + change.pop("start_time", timedelta(days=3))
    clock.forward(60)
    store(services, coming(2, timedelta(days=3), services, start_time=start, **change))
    assert list(tick(services, before).ratings) == ["nfl"]
    assert said(services)["start_time"].to_list() == [start]


def test_a_game_that_was_put_off_loses_its_forecast(services: Services, clock: TestClock) -> None:
    store(services, coming(2, timedelta(days=3), services))
    before = settled(services)
    clock.forward(60)
    store(services, coming(2, timedelta(days=3), services, status="STATUS_POSTPONED", state="post"))
    tick(services, before)
    assert said(services).is_empty()


def test_a_new_eastern_day_renews_and_another_hour_of_the_same_does_not(services: Services, clock: TestClock) -> None:
    """The clock of the tests stands at 13:30 Eastern time."""
    store(services, played(1, 1, services))
    before = settled(services)
    clock.forward(10 * 3600)
    assert tick(services, before).sentence == NOTHING
    clock.forward(3600)
    assert list(tick(services, before).ratings) == ["nfl"]


def test_a_score_in_play_renews_nothing(services: Services, clock: TestClock) -> None:
    store(services, played(1, 1, services), game("2", start_time=services.clock.now() - timedelta(hours=1)))
    before = settled(services)
    clock.forward(60)
    store(services, game("2", start_time=services.clock.now() - timedelta(minutes=61), home_score=7))
    assert tick(services, before).sentence == NOTHING


def test_what_the_budget_leaves_out_is_taken_up_by_the_next_tick(services: Services) -> None:
    both = replace(services, leagues=(NFL, NBA))
    nba = {"game_id": "nba:9", "league": "nba", "home_team_id": "nba:1", "away_team_id": "nba:2"}
    store(services, played(1, 1, services), played(2, 2, services), played(9, 1, services, **nba))
    slow = chain([0.0], repeat(4.0))
    first = tick(both, monotonic=lambda: next(slow))
    assert list(first.ratings) == ["nba"]
    assert first.sentence.endswith("1 leagues left to the next tick")
    assert list(tick(both, first.state).ratings) == ["nfl"]


def test_a_replay_too_long_for_a_tick_is_left_to_the_job_and_said_until_it_ran(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_replays_are_too_long(monkeypatch)
    store(services, played(1, 3, services), played(2, 2, services))
    first = tick(services)
    assert first.ratings == {}
    left = "nfl left to the job rerate: a full replay of 2 games"
    assert first.sentence.endswith(left)
    assert tick(services, first.state).sentence == left
    assert {key: facts.games for key, facts in too_much_for_a_tick(services).items()} == {"nfl": 2}
    rate_league(services, NFL, correlation_id="the job")
    assert too_much_for_a_tick(services) == {}
    clock.forward(60)
    store(services, played(3, 1, services))
    assert list(tick(services, first.state).ratings) == ["nfl"]


def test_a_league_of_few_games_is_replayed_in_the_tick(services: Services) -> None:
    store(services, played(1, 3, services), played(2, 2, services))
    assert too_much_for_a_tick(services) == {}
    assert list(tick(services).ratings) == ["nfl"]


@pytest.mark.parametrize(
    ("late", "everything"),
    [
        pytest.param({"number": 3, "weeks_ago": 1}, False, id="a result after the kept states"),
        pytest.param({"number": 2, "weeks_ago": 2, "home_score": 50}, False, id="a correction in the season"),
        pytest.param({"number": 9, "weeks_ago": 60, "season": 2025}, True, id="a result of an old season"),
        pytest.param({"number": 3, "weeks_ago": 1, "season": 2027}, True, id="a new season"),
    ],
)
def test_everything_is_replayed_only_where_no_kept_state_will_do(
    services: Services, clock: TestClock, late: dict[str, Any], everything: bool
) -> None:
    store(services, played(1, 3, services), played(2, 2, services))
    rate_league(services, NFL, correlation_id="test")
    clock.forward(3600)
    number, weeks_ago = late.pop("number"), late.pop("weeks_ago")
    season = late.get("season", 2026)
    given = {"start_time": services.clock.now() - timedelta(weeks=weeks_ago, hours=1), **late}
    store(services, played(number, weeks_ago, services, **given))
    with services.engine.connect() as connection:
        assert needs_everything(connection, NFL, max(season, 2026)) == everything
    report = rate_league(services, NFL, correlation_id="test")
    assert (report.notes["replayed_from"] == "the start") == everything


def test_facts_are_read_by_one_query(services: Services) -> None:
    store(services, played(1, 1, services))
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    with services.engine.connect() as connection:
        sa.event.listen(connection, "before_cursor_execute", count)
        facts = replays.facts_of_leagues(connection, services.leagues, services.clock.now())
    assert (len(asked), list(facts), facts["nfl"].games) == (1, ["nfl"], 1)
