"""Upkeep: months made and dropped, what only tells how we ran trimmed, the archive held against its budget."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import ContractCounts, Rejection
from precog_assets.environment import resolve
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.upkeep import (
    CONTRACTS_KEPT,
    FAILURES_KEPT,
    REACTIONS_KEPT,
    REJECTIONS_KEPT,
    STEPS_KEPT,
    archive_use,
    upkeep,
)
from precog_assets.services import Services, build_services
from precog_assets.store import ops, partitions, tables
from precog_assets.store.bulk import write
from precog_assets.store.error_counts import count_errors
from precog_assets.store.markets import QUOTES
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock, settings_for
from precog_assets_tests.venues import Venue, board, board_event

DAY = timedelta(days=1)


@pytest.fixture
def frugal(venue: Venue, own_database_url: str, tmp_path: Path, clock: TestClock) -> Iterator[Services]:
    """Services that keep two months of quotes, archive the rest, and may store next to nothing."""
    settings = settings_for(venue, own_database_url, tmp_path).model_copy(
        update={
            "quotes_retention_months": 2,
            "raw_retention_months": 3,
            "partition_archive_url": str(tmp_path / "months"),
            "raw_archive_budget_gb": 1e-9,
        }
    )
    opened = build_services(resolve(settings), leagues=[load_leagues()["nfl"]])
    yield opened
    opened.close()


def test_months_are_made_ahead_and_those_past_retention_are_archived_and_dropped(
    frugal: Services, clock: TestClock, tmp_path: Path
) -> None:
    for months in (0, 2):
        at = clock.now() - timedelta(days=31 * months)
        with frugal.engine.begin() as connection:
            write(connection, QUOTES, [(1, at, Decimal("0.4"), *[None] * 6, at, "live", 1)])
    clock.forward(31 * 86_400)
    report = upkeep(frugal, correlation_id="test")
    assert (report.notes["months_dropped"], report.notes["rows_dropped"]) == (1, 1)
    with frugal.engine.connect() as connection:
        assert partitions.months_of(connection, tables.quotes) == [(2026, 11), (2026, 12), (2027, 1), (2027, 2)]
        assert (2027, 2) in partitions.months_of(connection, tables.responses)
    (file,) = (tmp_path / "months").rglob("*.parquet")
    assert pl.read_parquet(file)["yes_bid"].to_list() == [Decimal("0.4")]


def test_what_only_tells_how_we_ran_is_trimmed_by_age(services: Services, clock: TestClock) -> None:
    now = clock.now()
    old = Rejection("espn.event", "old", "bad_date", "", "")
    new = Rejection("espn.event", "new", "bad_date", "", "")
    with services.engine.begin() as connection:
        ops.record_rejections(connection, [(old, None)], now - REJECTIONS_KEPT - DAY)
        ops.record_rejections(connection, [(new, None)], now - REJECTIONS_KEPT + DAY)
        ops.record_contracts(connection, [ContractCounts("espn.event", rows=1)], now - CONTRACTS_KEPT - 2 * DAY)
        ops.record_contracts(connection, [ContractCounts("espn.event", rows=1)], now)
        for at in (now - FAILURES_KEPT - DAY, now):
            count_errors(connection, {("kalshi", "http.timeout"): 1}, at)
            gap = {"source": "kalshi", "began_at": at, "reason": "missing"}
            connection.execute(sa.insert(tables.stream_gaps).values(gap))
    clock.instant = now - STEPS_KEPT - DAY
    upkeep(services, correlation_id="old")
    clock.instant = now
    assert upkeep(services, correlation_id="new").notes["rows_trimmed"] == 5
    with services.engine.connect() as connection:
        assert connection.scalars(sa.select(tables.rejections.c.key)).all() == ["new"]
        assert connection.scalars(sa.select(tables.steps.c.correlation_id)).all() == ["new"]
    assert count(services.engine, tables.contract_counts) == 1
    assert count(services.engine, tables.error_counts) == 1
    assert count(services.engine, tables.stream_gaps) == 1


def test_steps_of_reactions_are_kept_for_a_day_and_those_that_failed_for_a_week(
    services: Services, clock: TestClock
) -> None:
    def step(name: str, correlation_id: str, **outcomes: int) -> None:
        report = StepReport(name, correlation_id, clock.now() - REACTIONS_KEPT - DAY)
        report.outcomes.update(outcomes)
        with services.engine.begin() as connection:
            report.finish().record(connection)

    step("decisions", "fine")
    step("decisions", "failed", **{"system.clock": 1})
    step("games", "not a reaction")
    assert upkeep(services, correlation_id="new").notes["rows_trimmed"] == 1
    with services.engine.connect() as connection:
        kept = set(connection.scalars(sa.select(tables.steps.c.correlation_id)))
    assert kept == {"failed", "not a reaction", "new"}


def test_upkeep_repeated_does_nothing_more(services: Services) -> None:
    upkeep(services, correlation_id="test")
    report = upkeep(services, correlation_id="test")
    assert (report.notes["months_dropped"], report.notes["rows_trimmed"], report.failures) == (0, 0, [])


def test_the_archive_is_told_against_its_budget(services: Services, frugal: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    poll_games(services, [(load_leagues()["nfl"], services.clock.now().date())], correlation_id="test")
    use = archive_use(services)
    assert use.used_bytes == use.grown_last_day_bytes == services.archive.size_bytes() > 0
    assert (use.status, use.budget_bytes) == ("ok", 20 * 1024**3)
    over = upkeep(frugal, correlation_id="test")
    assert archive_use(frugal).status == "over"
    assert over.failures == [over.notes["archive"]]
