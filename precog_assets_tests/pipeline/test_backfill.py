"""Backfills: one unit a day, resumable wherever they stop, in whatever order they are run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from precog_assets.config import load_leagues
from precog_assets.pipeline.backfill import (
    BackfillPlan,
    backfill_games,
    bootstrap_plans,
    plan,
)
from precog_assets.pipeline.report import StepReport
from precog_assets.queries import games, games_as_of
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.venues import Venue, board, board_event

NFL = load_leagues()["nfl"]
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 5)


class Killed(Exception):
    """The process dies here."""


@pytest.fixture(autouse=True)
def season(venue: Venue) -> None:
    """A final game on each of the days."""
    for day in range(1, 23):
        over = board_event(
            f"4{day:02d}",
            start=f"2026-11-{day:02d}T18:00Z",
            state="post",
            status="STATUS_FINAL",
            completed=True,
            score=(day, 0),
        )
        venue.put(NFL_BOARD, board(over), dates=f"202611{day:02d}")


def planned(services: Services, **given: Any) -> BackfillPlan:
    return plan(services, NFL, **{"first": FIRST, "last": LAST, **given})


def run(services: Services, chosen: BackfillPlan | None = None, **given: Any) -> StepReport:
    return backfill_games(services, chosen or planned(services), correlation_id="test", **given)


def asked(venue: Venue) -> list[str]:
    return [request.partition("dates=")[2][:8] for request in venue.requests]


def test_every_day_is_read_and_its_results_are_known_after_the_leagues_lag(services: Services, venue: Venue) -> None:
    report = run(services)
    assert (report.rows_in, report.inserted, report.failed) == (5, 5, False)
    assert asked(venue) == [f"2026110{day}" for day in range(1, 6)]
    known = games_as_of(services.engine, datetime(2026, 11, 3, 22, tzinfo=UTC), basis="known")
    assert known["game_id"].to_list() == ["nfl:401", "nfl:402", "nfl:403"]
    assert set(known["origin"]) == {"backfill"}
    assert games_as_of(services.engine, services.clock.now()).height == 0
    assert games(services.engine).height == 5


def test_what_was_read_is_not_read_again(services: Services, venue: Venue) -> None:
    run(services)
    venue.requests.clear()
    chosen = planned(services)
    assert (chosen.days, chosen.done) == ([], 5)
    assert run(services, chosen).rows_in == 0
    assert venue.requests == []


def test_again_reads_everything_and_changes_nothing(services: Services, venue: Venue, clock: TestClock) -> None:
    run(services)
    venue.requests.clear()
    clock.forward(3600)
    report = run(services, planned(services, again=True))
    assert (len(venue.requests), report.written) == (5, 0)
    assert count(services.engine, tables.game_states) == 5


def test_a_run_that_is_killed_goes_on_where_it_stopped(services: Services, venue: Venue) -> None:
    def die(day: date, _report: StepReport) -> None:
        if day == date(2026, 11, 3):
            raise Killed

    with pytest.raises(Killed):
        run(services, progress=die)
    assert len(venue.requests) == 3
    venue.requests.clear()
    chosen = planned(services)
    assert chosen.done == 3
    run(services, chosen)
    assert asked(venue) == ["20261104", "20261105"]
    assert games(services.engine)["home_score"].to_list() == [1, 2, 3, 4, 5]


def test_a_day_that_fails_is_reported_and_read_by_the_next_run(services: Services, venue: Venue) -> None:
    whole = venue.answers.pop((NFL_BOARD, frozenset({("dates", "20261103")})))
    report = run(services)
    assert report.failed
    assert [("20261103" in failure, "http.not_found" in failure) for failure in report.failures] == [(True, True)]
    assert games(services.engine).height == 4
    venue.answers[NFL_BOARD, frozenset({("dates", "20261103")})] = whole
    chosen = planned(services)
    assert (chosen.days, chosen.done) == ([date(2026, 11, 3)], 4)
    assert not run(services, chosen).failed
    assert games(services.engine).height == 5


def test_a_day_whose_board_broke_its_contract_is_not_remembered(services: Services, venue: Venue) -> None:
    broken = board_event("403")
    del broken["competitions"]
    venue.put(NFL_BOARD, board(broken), dates="20261103")
    assert run(services).failed
    assert planned(services).days == [date(2026, 11, 3)]


def test_young_days_are_read_again_however_long_the_next_run_takes_to_come(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    """It is the 22nd: what happened on the 21st and 22nd may still be corrected."""
    chosen = planned(services, first=date(2026, 11, 19), last=date(2026, 11, 22))
    run(services, chosen)
    young = [date(2026, 11, 21), date(2026, 11, 22)]
    assert planned(services, first=date(2026, 11, 19), last=date(2026, 11, 22)).days == young
    clock.forward(14 * 86_400)
    late = planned(services, first=date(2026, 11, 19), last=date(2026, 11, 22))
    assert late.days == young
    run(services, late)
    assert planned(services, first=date(2026, 11, 19), last=date(2026, 11, 22)).days == []


def test_a_day_read_before_it_came_is_read_when_it_has_passed(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    tomorrow = date(2026, 11, 23)
    venue.put(NFL_BOARD, board(), dates="20261123")
    run(services, planned(services, first=tomorrow, last=tomorrow))
    clock.forward(10 * 86_400)
    assert planned(services, first=tomorrow, last=tomorrow).days == [tomorrow]


def test_days_in_any_order_give_the_same_games(services: Services) -> None:
    chosen = planned(services)
    run(services, BackfillPlan(NFL, list(reversed(chosen.days)), 0))
    assert games(services.engine)["home_score"].to_list() == [1, 2, 3, 4, 5]


def test_leagues_are_remembered_apart(services: Services) -> None:
    run(services)
    assert plan(services, load_leagues()["nba"], FIRST, LAST).done == 0


def test_a_range_that_ends_before_it_begins_is_refused(services: Services) -> None:
    with pytest.raises(ValueError, match="--from 2026-11-05 --to 2026-11-01"):
        plan(services, NFL, LAST, FIRST)


def test_progress_is_told_day_by_day(services: Services) -> None:
    told: list[tuple[date, int]] = []
    run(services, progress=lambda day, report: told.append((day, report.inserted)))
    assert told == [(date(2026, 11, day), 1) for day in range(1, 6)]


def test_a_bootstrap_reads_up_to_yesterday(services: Services) -> None:
    (by_days,) = bootstrap_plans(services, [NFL], days=10)
    assert (by_days.days[0], by_days.days[-1]) == (date(2026, 11, 12), date(2026, 11, 21))
    (by_date,) = bootstrap_plans(services, [NFL], date(2026, 11, 20))
    assert by_date.days == [date(2026, 11, 20), date(2026, 11, 21)]
