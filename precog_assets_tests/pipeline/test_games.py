"""Polling games: what changes is written once, whatever the source, the network or a crash does."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ErrorClass
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.report import StepReport
from precog_assets.queries import game_history, games, games_as_of
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.venues import Venue, board, board_event

DAY = date(2026, 11, 22)


def poll(services: Services) -> StepReport:
    return poll_games(services, [(load_leagues()["nfl"], DAY)], correlation_id="test")


def count(services: Services, table: sa.Table) -> int:
    with services.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_board_becomes_games_states_and_a_kept_response(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    report = poll(services)
    assert (report.rows_in, report.inserted, report.rejected, report.failed) == (1, 1, 0, False)
    row = games(services.engine, "nfl").row(0, named=True)
    assert (row["game_id"], row["home_team"], row["away_team"]) == (
        "nfl:401",
        "Kansas City Chiefs",
        "Jacksonville Jaguars",
    )
    assert (row["home_score"], row["away_score"], row["phase"], row["season"]) == (7, 3, "in_play", 2026)
    with services.engine.connect() as connection:
        response = connection.execute(sa.select(tables.responses)).one()
        state = connection.execute(sa.select(tables.game_states)).one()
    assert state.response_id == response.response_id
    assert state.observed_at == state.known_at == response.observed_at
    assert services.archive.get(response.sha256) == venue.find(f"{NFL_BOARD}?dates=20261122")[2]


def test_the_same_bytes_at_a_later_time_change_nothing(services: Services, venue: Venue, clock: TestClock) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    poll(services)
    clock.forward(5)
    report = poll(services)
    assert report.outcomes == {"http.unchanged": 1}
    assert (report.written, count(services, tables.game_states), count(services, tables.responses)) == (0, 1, 1)


def test_new_bytes_that_say_the_same_append_no_state(services: Services, venue: Venue, clock: TestClock) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    poll(services)
    clock.forward(5)
    venue.put(NFL_BOARD, board(board_event("401")) | {"provider": {"id": "100"}})
    assert poll(services).written == 0
    assert (count(services, tables.game_states), count(services, tables.responses)) == (1, 2)


def test_a_changed_score_is_a_new_state_and_the_old_one_stays(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    first = clock.now()
    venue.put(NFL_BOARD, board(board_event("401", score=(0, 0))))
    poll(services)
    clock.forward(60)
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 0))))
    poll(services)
    assert game_history(services.engine, "nfl:401")["home_score"].to_list() == [0, 7]
    assert games_as_of(services.engine, first)["home_score"].to_list() == [0]
    assert games_as_of(services.engine, clock.now())["home_score"].to_list() == [7]
    assert games(services.engine)["home_score"].to_list() == [7]


def test_bytes_kept_before_a_crash_are_read_again_after_it(
    services: Services, venue: Venue, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    with monkeypatch.context() as crash:
        crash.setattr("precog_assets.pipeline.games.write_games", _die)
        with pytest.raises(KeyboardInterrupt):
            poll(services)
    assert (count(services, tables.responses), count(services, tables.game_states)) == (1, 0)
    clock.forward(30)
    assert poll(services).inserted == 1
    assert count(services, tables.game_states) == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_blocked_source_is_not_an_empty_board(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    poll(services)
    venue.put(NFL_BOARD, b"<html><title>Access Denied</title></html>", status=403, content_type="text/html")
    report = poll(services)
    assert report.failed
    assert report.outcomes == {"http.blocked": 1}
    assert "http.blocked" in report.sentence()
    assert games(services.engine).height == 1
    with services.engine.connect() as connection:
        kept = connection.execute(sa.select(tables.responses.c.outcome, tables.responses.c.status_code)).all()
    assert (ErrorClass.BLOCKED.value, 403) in [tuple(row) for row in kept]


def test_empty_events_are_rejected_by_name_and_delete_nothing(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    poll(services)
    venue.put(NFL_BOARD, board({}, {}))
    report = poll(services)
    assert (report.rows_in, report.rejections) == (2, {"empty_event": 2})
    assert games(services.engine).height == 1


def test_one_broken_event_is_kept_as_a_rejection_and_the_rest_goes_on(services: Services, venue: Venue) -> None:
    broken = board_event("402")
    broken["date"] = "soon"
    broken["competitions"][0]["date"] = broken["competitions"][0]["startDate"] = "soon"
    venue.put(NFL_BOARD, board(board_event("401"), broken, board_event("403")))
    report = poll(services)
    assert (report.inserted, report.rejections) == (2, {"bad_date": 1})
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(tables.rejections)).one()
    assert (row.key, row.reason, row.seen) == ("402", "bad_date", 1)
    assert "soon" in row.detail + row.sample
    assert row.response_id is not None


def test_a_required_key_that_vanishes_stops_the_board_until_it_is_back(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 0)), board_event("402")))
    poll(services)
    renamed = [board_event("401", score=(14, 0)), board_event("402")]
    for event in renamed:
        event["competitions"][0]["state_of_play"] = event["competitions"][0].pop("status")
        event["state_of_play"] = event.pop("status")
    clock.forward(5)
    venue.put(NFL_BOARD, board(*renamed))
    report = poll(services)
    assert report.failed
    assert report.broken
    assert report.outcomes["contract.vanished"] == 1
    assert games(services.engine).sort("game_id")["home_score"].to_list() == [7, 0]
    with services.engine.connect() as connection:
        sample = connection.execute(sa.select(tables.contract_samples)).first()
    assert sample is not None
    assert "state_of_play" in sample.sample
    clock.forward(5)
    venue.put(NFL_BOARD, board(board_event("401", score=(14, 0)), board_event("402")))
    assert not poll(services).failed
    assert count(services, tables.contract_samples) == 0
    assert games(services.engine).sort("game_id")["home_score"].to_list() == [14, 0]


def test_a_team_nobody_seeded_is_added_as_provisional_and_reported(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401", home="99999")))
    report = poll(services)
    assert report.notes["new_teams_or_players"] == 1
    with services.engine.connect() as connection:
        team = connection.execute(sa.select(tables.teams).where(tables.teams.c.team_id == "nfl:99999")).one()
    assert team.provisional


def test_a_makeup_game_is_linked_to_the_postponed_one(services: Services, venue: Venue) -> None:
    postponed = board_event("401", state="post", status="STATUS_POSTPONED", start="2026-11-15T18:00Z")
    makeup = board_event("402", state="pre", status="STATUS_SCHEDULED", notes="Makeup from November 15")
    venue.put(NFL_BOARD, board(postponed, makeup))
    report = poll(services)
    assert report.notes["makeups_linked"] == 1
    with services.engine.connect() as connection:
        linked = connection.execute(
            sa.select(tables.games.c.makeup_of_game_id).where(tables.games.c.game_id == "nfl:402")
        ).scalar_one()
    assert linked == "nfl:401"


def test_undecided_teams_become_known_under_the_same_id(services: Services, venue: Venue, clock: TestClock) -> None:
    undecided = board_event("401", home="-1", away="-2", state="pre", status="STATUS_SCHEDULED")
    for side in undecided["competitions"][0]["competitors"]:
        side["team"]["abbreviation"] = side["team"]["displayName"] = "TBD"
    venue.put(NFL_BOARD, board(undecided))
    poll(services)
    assert games(services.engine)["home_team_id"].to_list() == [None]
    clock.forward(3600)
    venue.put(NFL_BOARD, board(board_event("401", state="pre", status="STATUS_SCHEDULED")))
    poll(services)
    assert games(services.engine)["home_team_id"].to_list() == ["nfl:12"]
    assert game_history(services.engine, "nfl:401")["home_team_id"].to_list() == [None, "nfl:12"]


def test_a_postponed_game_may_come_back_with_another_date(services: Services, venue: Venue, clock: TestClock) -> None:
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_POSTPONED")))
    poll(services)
    assert games(services.engine)["phase"].to_list() == ["postponed"]
    assert games(services.engine)["home_score"].to_list() == [None]
    clock.forward(3600)
    moved = board_event("401", state="pre", status="STATUS_SCHEDULED", start="2026-11-24T01:00Z")
    venue.put(NFL_BOARD, board(moved))
    poll(services)
    assert games(services.engine)["phase"].to_list() == ["scheduled"]
    assert game_history(services.engine, "nfl:401")["start_time"].dt.day().to_list() == [22, 24]


def test_a_budget_that_runs_out_is_counted_and_the_rest_waits(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    report = poll_games(services, [(load_leagues()["nfl"], DAY)], correlation_id="test", budget_s=-1.0)
    assert report.outcomes == {"system.budget": 1}
    assert venue.requests == []


def test_every_step_leaves_a_row_that_says_what_it_did(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401"), {}))
    poll(services)
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(tables.steps)).one()
    assert (row.step, row.correlation_id, row.rows_in, row.inserted, row.rejected) == ("games", "test", 2, 1, 1)
    assert (row.outcomes, row.rejections) == ({"ok": 1}, {"empty_event": 1})


def test_readers_give_their_columns_even_when_nothing_is_there(services: Services, clock: TestClock) -> None:
    assert isinstance(games(services.engine), pl.DataFrame)
    assert games_as_of(services.engine, clock.now(), basis="known").columns[:2] == ["game_id", "league"]


def test_an_instant_without_a_zone_is_refused(services: Services) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        games_as_of(services.engine, datetime(2026, 11, 22))
