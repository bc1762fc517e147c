"""What a collector's process tells of itself: one clock, both spools, what was damaged, what is not followed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from precog_assets.domain.live import DateSeen
from precog_assets.pipeline.live import process as process_module
from precog_assets.pipeline.live import watched as watched_module
from precog_assets.pipeline.live.failures import failures_of
from precog_assets.pipeline.live.on_disk import folders_of, look
from precog_assets.pipeline.live.process import CollectorProcess
from precog_assets.pipeline.live.status import CollectorStatus
from precog_assets.services import Services
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.store import tables
from precog_assets.store.error_counts import read_errors
from precog_assets.store.spool import Spool
from precog_assets.store.spool_files import files_of
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.slate_world import put_slate
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A

PATIENCE_S = 60.0
URL = "ws://127.0.0.1:9/trade-api/ws/v2"
Made = Callable[[], CollectorProcess]


@pytest.fixture
def made(services: Services) -> Iterator[Made]:
    """Makes a process that is not run; what it opened is closed."""
    processes: list[CollectorProcess] = []

    def make() -> CollectorProcess:
        process = CollectorProcess(services, URL, KalshiCredentials("key", Ed25519PrivateKey.generate()))
        processes.append(process)
        return process

    yield make
    for process in processes:
        process.close()


def told(process: CollectorProcess) -> CollectorStatus:
    async def ask() -> CollectorStatus:
        return process.status()

    return asyncio.run(ask())


def test_the_clock_is_the_one_that_decisions_are_made_by_and_a_handshake_adds_to_it(
    services: Services, made: Made, clock: TestClock
) -> None:
    process, now = made(), clock.now()
    assert told(process).clock_offset_s is None
    process.collector.intake.dated(DateSeen("kalshi", now, now, now, services.clocks._monotonic()))
    assert services.clocks.estimates()["kalshi"][0].offset_s == 0.5
    status = told(process)
    assert (status.clock_offset_s, status.clock_error_s) == (0.5, 0.5)
    clock.forward(4.0)
    services.clocks.ours_set(4.0)
    assert told(process).details()["clock_offset_s"] == -3.5


def test_the_spool_of_boards_counts_and_damage_is_told_counted_and_logged(
    services: Services, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    folders = folders_of(services.environment)
    with Spool(folders.stream) as stream, Spool(folders.boards) as boards:
        for number in range(3):
            stream.append("quote", b"%d" % number)
        boards.append("board", b"{}" * 100)
    (path,) = files_of(folders.stream)
    whole = path.read_bytes()
    damaged = len(whole) // 3
    path.write_bytes(whole[:damaged] + bytes(damaged) + whole[2 * damaged :] + b"PSPL")
    with caplog.at_level(logging.WARNING, "precog.live"):
        process = made()
    status = told(process)
    size_bytes = len(whole) + sum(one.stat().st_size for one in files_of(folders.boards))
    assert (status.spool_depth, status.spool_bytes) == (3, size_bytes)
    assert (status.spool_damaged_bytes, status.spool_torn_bytes, status.spool_shed) == (damaged, 4, 0)
    assert {"spool_damaged_bytes", "spool_torn_bytes", "spool_shed", "spool_unreadable"} <= status.details().keys()
    assert f"spool damaged {damaged} bytes" in status.line()
    assert f"{damaged} damaged bytes are passed over" in caplog.text
    assert "4 bytes of a write that was cut off are removed" in caplog.text
    found = look(folders)
    assert found is not None
    assert found.spool_depth == 4, "from outside what is damaged is not told from what waits"
    for _ in range(2):
        asyncio.run(process.count_failures())
    with services.engine.connect() as connection:
        (counted,) = read_errors(connection, services.clock.now())
    assert (counted.source, counted.code, counted.count) == ("precog", "system.spool", 1)


def test_markets_that_are_too_many_are_told_and_logged_when_their_number_changes(
    services: Services, made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put_slate(services.engine, 3)
    process = made()
    process.ports.wanted()
    assert told(process).markets_not_followed == 0
    monkeypatch.setattr(watched_module, "MOST_MARKETS", 4)
    with caplog.at_level(logging.WARNING, "precog.live"):
        for _ in range(2):
            process.ports.wanted()
    status = told(process)
    assert status.details()["markets_not_followed"] == 2
    assert "2 markets not followed" in status.line()
    assert caplog.text.count("4 markets of games in their window are followed, 2 are too many and are not") == 1


def test_quotes_that_gave_way_are_told_apart_from_facts_the_spool_let_go(made: Made) -> None:
    process = made()
    collector = process.collector
    collector.queue.counts.update({"coalesced": 7, "shed": 5})
    collector.writer.counts["spool_shed"] += 3
    status = told(process)
    details = status.details()
    assert (details["quotes_coalesced"], details["quotes_shed"]) == (7, 5)
    assert (status.counts["shed"], status.counts["spool_shed"]) == (5, 3)


def test_how_long_frames_were_under_way_is_told_of_the_time_since_the_status_before(made: Made) -> None:
    process = made()
    assert told(process).details()["venue_lag_p99_s"] is None
    for _ in range(10):
        process.collector.intake.lag.meter.record(0.25)
    details = told(process).details()
    assert (details["venue_lag_p50_s"], details["venue_lag_p99_s"]) == pytest.approx((0.25, 0.25), rel=0.026)
    assert told(process).venue_lag_p50_s is None


def test_keys_of_frames_are_written_every_so_often_while_it_runs(
    services: Services, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "COUNT_EACH_S", 0.0)
    process = made()

    def written() -> int:
        return count(services.engine, tables.contract_counts)

    async def run() -> None:
        process.collector.stream.session.receive(wire.trade(4, 1, A, "t1"), 1.0)
        task = asyncio.ensure_future(process.collector.supervisor._work["keys of frames"]())
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(written):
                assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())


def test_a_board_that_was_not_answered_is_shown_among_the_failures(made: Made) -> None:
    process = made()
    process.collector.unanswered["http.timeout"] += 2
    assert told(process).failures == {"http.timeout": 2}
    assert failures_of(process.collector, ()) == {}
