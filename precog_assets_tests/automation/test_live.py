"""Sensor ticks against a venue on loopback and a real database: rows, events, skip reasons, faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.automation import replays, ticks
from precog_assets.automation.catch_up import catch_up_sensor
from precog_assets.automation.jobs import asset_jobs, evaluate_schedule
from precog_assets.automation.live import live_sensors
from precog_assets.automation.memory import TickMemory, memory_of
from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.evaluate import evaluate_league
from precog_assets.pipeline.feeds import only_one
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.ladder import climb
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.markets import sweep_markets
from precog_assets.pipeline.rate import rate_league
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.settle import settle_markets
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.venues import Venue, board, board_event


class Ticking:
    """One sensor, ticked by hand, its cursor carried on as the daemon does."""

    def __init__(self, name: str, resource: PrecogServices, instance: dg.DagsterInstance) -> None:
        stopped = dg.DefaultSensorStatus.STOPPED
        sensors = [*live_sensors(stopped), catch_up_sensor(asset_jobs(), stopped)]
        self.sensor = next(one for one in sensors if one.name == name)
        self.resource = resource
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"services": self.resource}
        ) as context:
            result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor or self.cursor
        return result


def memory(services: Services) -> TickMemory:
    return memory_of(services.engine.url.render_as_string(hide_password=True))


def later(services: Services, clock: TestClock, seconds: float = 5) -> None:
    """Time passes for the venue's clock and for the process's memory of its polls."""
    clock.forward(seconds)
    remembered = memory(services)
    before = remembered.monotonic
    remembered.monotonic = lambda: before() + seconds


def made(result: dg.SensorResult) -> dict[str, dict[str, object]]:
    return {
        event.asset_key.to_user_string(): {**{n: v.value for n, v in event.metadata.items()}, **(event.tags or {})}
        for event in result.asset_events
        if isinstance(event, dg.AssetMaterialization)
    }


def contracts(result: dg.SensorResult) -> list[bool]:
    return [
        event.passed
        for event in result.asset_events
        if isinstance(event, dg.AssetCheckEvaluation) and event.check_name == "contract"
    ]


def rows(services: Services, *counted: sa.Table) -> list[int]:
    with services.engine.connect() as connection:
        return [connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in counted]


def said(result: dg.SensorResult) -> str:
    return (
        str(result.skip_reason.skip_message)
        if isinstance(result.skip_reason, dg.SkipReason)
        else str(result.skip_reason)
    )


def test_a_tick_writes_games_and_tells_rows_version_and_what_it_did(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    result = Ticking("espn_live", resource, instance).tick()
    assert rows(services, tables.games, tables.game_states) == [1, 1]
    told = made(result)
    assert set(told) == {"raw/espn_games", "core/games"}
    assert (told["core/games"]["dagster/row_count"], told["core/games"]["inserted"]) == (1, 1)
    assert told["core/games"]["dagster/data_version"] == told["core/games"]["correlation_id"]
    assert said(result).startswith("games live: 1 in, 1 changed, ")
    assert said(result).endswith("(nfl idle)")
    assert contracts(result) == [True]


def test_the_boards_of_the_next_two_days_are_read_too(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    """A game of tomorrow is decided on by a state that is minutes old, not of this morning's calendar."""
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    result = Ticking("espn_ahead", resource, instance).tick()
    assert {target.partition("dates=")[2][:8] for target in venue.requests} == {"20261123", "20261124"}
    assert set(made(result)) == {"raw/espn_games", "core/games"}
    assert said(result).startswith("games ahead: 2 in, 1 changed, ")


def test_what_a_tick_tells_comes_with_the_assets_checks_behind_it(
    resource: PrecogServices, venue: Venue, instance: dg.DagsterInstance
) -> None:
    """A check that was evaluated before the newest materialization counts as not evaluated."""
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    events = Ticking("espn_live", resource, instance).tick().asset_events
    assert [type(event) for event in events[:2]] == [dg.AssetMaterialization] * 2
    checks = {event.check_name: event.passed for event in events[2:] if isinstance(event, dg.AssetCheckEvaluation)}
    assert set(checks) == {
        "contract",
        "rejections",
        "archive_budget",
        "heartbeat",
        "schema",
        "states_schema",
        "rows_on_a_game_day",
    }
    assert all(checks.values())


def test_changes_within_half_a_minute_are_told_together(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    ticking.tick()
    for score in (3, 6):
        venue.put(NFL_BOARD, board(board_event("401", score=(score, 0))))
        later(services, clock, 10)
        assert ticking.tick().asset_events == []
    later(services, clock, 10)
    assert made(ticking.tick())["core/games"]["changed"] == 2


def test_an_unchanged_tick_tells_nothing_until_a_minute_passed_and_then_the_same_version(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    first = made(ticking.tick())["core/games"]
    later(services, clock)
    assert ticking.tick().asset_events == []
    later(services, clock, 60)
    heartbeat = made(ticking.tick())["core/games"]
    assert heartbeat["dagster/data_version"] == first["dagster/data_version"]
    assert heartbeat["correlation_id"] != first["correlation_id"]
    assert rows(services, tables.game_states) == [1]


def test_a_changed_score_is_a_new_version(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    first = made(ticking.tick())["core/games"]
    venue.put(NFL_BOARD, board(board_event("401", score=(3, 0))))
    later(services, clock, 30)
    assert made(ticking.tick())["core/games"]["dagster/data_version"] != first["dagster/data_version"]
    assert rows(services, tables.game_states) == [2]


def test_a_league_in_play_is_polled_every_five_seconds_and_an_idle_one_is_not(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board())
    ticking = Ticking("espn_live", resource, instance)
    ticking.tick()
    later(services, clock)
    assert said(ticking.tick()) == "games: no league is due"
    venue.put(NFL_BOARD, board(board_event("401")))
    later(services, clock, 300)
    assert said(ticking.tick()).endswith("(nfl idle)")
    later(services, clock)
    assert said(ticking.tick()).endswith("(nfl live)")


def test_the_time_a_poll_took_does_not_put_off_the_next_one(
    resource: PrecogServices,
    services: Services,
    venue: Venue,
    clock: TestClock,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The daemon ticks every five seconds: a poll of three must not make the tick after it find nothing due."""

    def slow(*given: Any, **more: Any) -> StepReport:
        later(services, clock, 3)
        return poll_games(*given, **more)

    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    ticking.tick()
    later(services, clock, 300)
    monkeypatch.setattr(ticks, "poll_games", slow)
    assert said(ticking.tick()).endswith("(nfl live)")
    later(services, clock, 2)
    assert said(ticking.tick()).endswith("(nfl live)")


def test_a_tick_repeated_after_a_crash_leaves_the_same_rows(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3)), board_event("402", home="2", away="15")))
    Ticking("espn_live", resource, instance).tick()
    counted = (tables.games, tables.game_states, tables.responses)
    before = rows(services, *counted)
    memory_of.cache_clear()
    clock.forward(9)
    again = Ticking("espn_live", resource, instance)
    repeated = again.tick()
    assert rows(services, *counted) == before
    assert set(made(repeated)) == {"raw/espn_games", "core/games"}


def test_a_source_that_refuses_is_said_and_no_heartbeat_hides_it(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, b"<html>Access Denied</html>", status=403, content_type="text/html")
    result = Ticking("espn_live", resource, instance).tick()
    assert made(result) == {}
    assert "1 http.blocked" in said(result)
    assert rows(services, tables.games) == [0]


def test_a_broken_contract_is_told_once_and_again_when_mended(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    ticking = Ticking("espn_live", resource, instance)
    venue.put(NFL_BOARD, board(board_event("401")))
    assert contracts(ticking.tick()) == [True]
    broken = board_event("401", score=(3, 0))
    del broken["competitions"]
    venue.put(NFL_BOARD, board(broken))
    later(services, clock)
    result = ticking.tick()
    assert contracts(result) == [False]
    assert made(result) == {}
    assert "contract.vanished" in said(result)
    venue.put(NFL_BOARD, board(broken, broken))
    later(services, clock)
    assert contracts(ticking.tick()) == []
    venue.put(NFL_BOARD, board(board_event("401", score=(3, 0))))
    later(services, clock)
    assert contracts(ticking.tick()) == [True]


def test_a_second_process_in_the_same_step_is_yielded_to(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    with only_one(services.engine, "games live") as mine:
        assert mine
        assert said(ticking.tick()) == "games live: another process polls"
    assert venue.requests == []
    assert "1 in" in said(ticking.tick())


def test_a_database_that_is_away_fails_the_tick_which_catches_up_afterwards(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    ticking = Ticking("espn_live", resource, instance)
    ticking.tick()
    later(services, clock)
    venue.put(NFL_BOARD, board(board_event("401", score=(3, 0))))
    name = services.engine.url.database
    admin = sa.create_engine(services.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name}
        )
        with pytest.raises(PrecogError) as raised:
            ticking.tick()
        connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    admin.dispose()
    assert raised.value.code == "system.database"
    assert "1 changed" in said(ticking.tick())
    assert rows(services, tables.game_states) == [2]


def test_markets_are_polled_and_a_listing_that_is_not_there_is_named(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    venue.put("/trade-api/v2/markets", {"markets": [], "cursor": ""})
    result = Ticking("kalshi_live", resource, instance).tick()
    assert set(made(result)) == {"raw/kalshi_markets", "market/markets", "market/quotes"}
    venue.answers.clear()


def test_order_books_are_left_alone_while_no_game_is_near(
    resource: PrecogServices, venue: Venue, instance: dg.DagsterInstance
) -> None:
    result = Ticking("kalshi_books", resource, instance).tick()
    assert said(result) == "order books: no game runs or begins soon"
    assert venue.requests == []


def test_new_results_are_rated_once_and_told_by_league(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, instance: dg.DagsterInstance
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(20, 17))))
    Ticking("espn_live", resource, instance).tick()
    deriving = Ticking("links_and_ratings", resource, instance)
    first = deriving.tick()
    told = [
        (event.asset_key.to_user_string(), event.partition)
        for event in first.asset_events
        if isinstance(event, dg.AssetMaterialization)
    ]
    assert told == [("market/market_games", None), ("model/ratings", "nfl"), ("model/forecasts", "nfl")]
    assert rows(services, tables.ratings) == [2]
    assert said(deriving.tick()) == "links and ratings: nothing new"
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(20, 23))))
    later(services, clock, 600)
    Ticking("espn_live", resource, instance).tick()
    partitions = [getattr(event, "partition", None) for event in deriving.tick().asset_events]
    assert [partition for partition in partitions if partition] == ["nfl"]
    assert rows(services, tables.ratings) == [4]


def test_what_was_missed_is_asked_for_once_an_hour(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance
) -> None:
    result = Ticking("catch_up", resource, instance).tick()
    requests = {request.job_name: request.run_key for request in result.run_requests or []}
    assert set(requests) == {"calendar", "results", "discovery", "settlements", "ladder"}
    assert all(key and key.startswith(f"{job} 20") for job, key in requests.items())


def test_what_was_done_is_not_asked_for_again_and_what_nobody_answered_is(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance
) -> None:
    climb(services, correlation_id="test")
    sweep_markets(services, correlation_id="test")
    venue.put(NFL_BOARD, b"<html>no</html>", status=503)
    wanted = [(services.leagues[0], services.clock.now().date())]
    read = poll_games(services, wanted, correlation_id="test", step="results")
    assert set(read.outcomes) == {"http.server_error"}
    asked = {request.job_name for request in Ticking("catch_up", resource, instance).tick().run_requests or []}
    assert asked == {"calendar", "results", "discovery"}


def test_payouts_do_not_stand_for_the_sweep_of_settled_markets(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance
) -> None:
    settle_markets(services, correlation_id="test")
    asked = {request.job_name for request in Ticking("catch_up", resource, instance).tick().run_requests or []}
    assert "settlements" in asked


def test_what_leaves_no_step_is_asked_for_once_markets_are_linked(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance
) -> None:
    link_markets(services, correlation_id="test")
    result = Ticking("catch_up", resource, instance).tick()
    assert {"checks", "history", "marts"} <= {request.job_name for request in result.run_requests or []}


def test_a_league_that_a_tick_cannot_replay_and_one_that_was_never_graded_are_asked_for_by_partition(
    resource: PrecogServices,
    services: Services,
    venue: Venue,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(20, 17))))
    Ticking("espn_live", resource, instance).tick()
    monkeypatch.setattr(replays, "MOST_IN_A_TICK", 0)

    def asked_for() -> list[tuple[str | None, str | None]]:
        requests = Ticking("catch_up", resource, instance).tick().run_requests or []
        return [(one.job_name, one.partition_key) for one in requests if one.partition_key]

    assert asked_for() == [("rerate", "nfl")]
    rate_league(services, services.leagues[0], correlation_id="the job")
    assert asked_for() == [("evaluate", "nfl")]
    evaluate_league(services, services.leagues[0], correlation_id="the job")
    assert asked_for() == []


def test_every_morning_each_chosen_league_is_rated_and_graded(
    resource: PrecogServices, instance: dg.DagsterInstance
) -> None:
    morning = datetime(2026, 11, 22, 11, 50, tzinfo=UTC)
    job = asset_jobs()["evaluate"]
    schedule = evaluate_schedule(job, dg.DefaultScheduleStatus.STOPPED, clock=lambda: morning)
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=morning, resources={"services": resource}
    ) as context:
        requests = schedule(context)
    assert [(one.partition_key, one.run_key) for one in requests] == [("nfl", "evaluate nfl 2026-11-22")]
