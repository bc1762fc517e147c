"""Checks of the live path: a silent collector, late decisions, a spool that waits, open gaps, a clock that is off."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from precog_assets.checks.live import (
    GIB,
    Gaps,
    clocks,
    heartbeat,
    lag,
    raw_segments,
    read_gaps,
    spool_depth,
    waiting_on_disk,
)
from precog_assets.services import Services
from precog_assets.store.clocks import FRESH_S, keep_clock, read_clocks
from precog_assets.store.leases import Held, acquire, read_leases, release
from precog_assets.store.tables import stream_gaps
from precog_assets_tests.pipeline.conftest import clock, services, venue
from precog_assets_tests.store.test_leases import COLLECTOR, SENSORS, age, taken

__all__ = ["clock", "services", "venue"]

NONE = Gaps(0, 0, 0, {})


def held(services: Services) -> Held:
    with services.engine.begin() as connection:
        return read_leases(connection)["kalshi"]


def test_a_collector_that_fell_silent_is_a_warning_and_one_that_gave_up_is_none(services: Services) -> None:
    assert heartbeat("kalshi", None).passed
    lease = taken(services.engine, COLLECTOR, "kalshi")
    assert heartbeat("kalshi", held(services)).passed
    age(services.engine, 42, "kalshi")
    silent = heartbeat("kalshi", held(services))
    assert (silent.passed, silent.warn) == (False, True)
    assert silent.description.startswith(f"the collector of kalshi was last heard 42 s ago ({COLLECTOR})")
    with services.engine.begin() as connection:
        assert release(connection, lease)
    assert heartbeat("kalshi", held(services)).passed


def test_sensors_that_rest_are_no_matter_of_this_check(services: Services) -> None:
    taken(services.engine, SENSORS, "kalshi")
    age(services.engine, 300, "kalshi")
    assert heartbeat("kalshi", held(services)).passed


def test_lag_and_spool_are_what_a_collector_that_is_there_tells(services: Services) -> None:
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"decided_p99_s": 2.5, "spool_depth": 12})
    late, waiting = lag(held(services), NONE), spool_depth(held(services))
    assert (late.passed, waiting.passed) == (False, False)
    assert "within 2.50 s" in late.description
    assert waiting.description.startswith("12 facts wait in the spool")
    age(services.engine, 60, "kalshi")
    assert lag(held(services), NONE).passed
    assert spool_depth(held(services)).passed


def test_a_gap_that_stays_open_is_a_warning_and_a_closed_one_is_counted(services: Services) -> None:
    now = services.clock.now()
    gap = {"source": "kalshi", "reason": "missing", "frames_lost": 3, "began_at": now - timedelta(minutes=5)}
    old = gap | {"began_at": now - timedelta(days=2)}
    with services.engine.begin() as connection:
        connection.execute(sa.insert(stream_gaps), [gap | {"ended_at": now}, old | {"ended_at": None}])
        closed = read_gaps(connection, "kalshi", now)
        connection.execute(sa.insert(stream_gaps), [gap | {"reason": "silent", "ended_at": None}])
        opened = read_gaps(connection, "kalshi", now)
    assert closed == Gaps(1, 0, 3, {"missing": 1})
    assert lag(None, closed).passed
    assert opened == Gaps(2, 1, 6, {"missing": 1, "silent": 1})
    assert "1 open for over a minute" in lag(None, opened).description
    assert not lag(None, opened).passed


def test_a_clock_that_is_surely_off_fails_while_the_measurement_is_new(services: Services) -> None:
    limits = {"espn": 2.0, "kalshi": 2.0}
    with services.engine.begin() as connection:
        assert clocks(read_clocks(connection), limits).passed
        keep_clock(connection, "espn", 0.1, 0.3, 9)
        assert clocks(read_clocks(connection), limits).passed
        keep_clock(connection, "kalshi", 4.0, 0.3, 9)
        off = clocks(read_clocks(connection), limits)
        connection.execute(
            sa.text("UPDATE ops.clock_offsets SET measured_at = measured_at - :ago"), {"ago": timedelta(0, FRESH_S + 1)}
        )
        assert clocks(read_clocks(connection), limits).passed
    assert (off.passed, off.warn) == (False, False)
    assert "kalshi's clock is +4.00 s against ours, within 0.30 s, limit 2 s" in off.description


def test_segments_that_the_archive_does_not_take_are_a_warning_above_their_budget(services: Services) -> None:
    assert raw_segments(None, 5.0).passed
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"segments_bytes": 3 * GIB})
    assert raw_segments(held(services), 5.0).passed
    over = raw_segments(held(services), 2.5)
    told = waiting_on_disk(held(services), 2.5)
    assert (told.passed, told.facts["spool_depth"], waiting_on_disk(held(services), 5.0).passed) == (False, 0, True)
    assert (over.passed, over.warn) == (False, True)
    assert over.description.startswith("3.00 of 2.5 GiB of raw segments wait for the archive: it does not take them")
