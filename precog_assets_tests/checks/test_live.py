"""Checks of the live path: a silent collector, late decisions, a spool that waits, open gaps, a clock that is off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from precog_assets.checks.live import (
    GIB,
    Gaps,
    clocks,
    heartbeat,
    lag,
    live_markets_checks,
    raw_segments,
    read_gaps,
    spool_damage,
    spool_depth,
    waiting_on_disk,
)
from precog_assets.pipeline.live.on_disk import OnDisk, folders_of
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.store.clocks import FRESH_S, keep_clock, read_clocks
from precog_assets.store.leases import Held, acquire, read_leases, release
from precog_assets.store.spool import Spool
from precog_assets.store.tables import stream_gaps
from precog_assets_tests.automation.conftest import resource
from precog_assets_tests.pipeline.conftest import clock, services, venue
from precog_assets_tests.store.test_leases import COLLECTOR, SENSORS, age, taken

__all__ = ["clock", "resource", "services", "venue"]

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


def test_lag_is_what_a_collector_that_is_there_tells(services: Services) -> None:
    told = {"decided_p99_s": 2.5, "venue_lag_p99_s": 0.3, "venue_lag_p50_s": None, "markets_not_followed": 7}
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details=told)
    late = lag(held(services), NONE)
    assert not late.passed
    assert "within 2.50 s" in late.description
    assert (late.facts["venue_lag_p99_s"], late.facts["markets_not_followed"]) == (0.3, 7)
    assert "venue_lag_p50_s" not in late.facts
    age(services.engine, 60, "kalshi")
    assert lag(held(services), NONE).passed


def test_facts_in_the_spool_wait_whether_their_collector_is_there_or_not(services: Services) -> None:
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"spool_depth": 12})
    alive = spool_depth(held(services))
    assert (alive.passed, alive.warn) == (False, True)
    assert alive.description.startswith("12 facts wait in the spool for the database; they are written in order")
    assert spool_depth(held(services), OnDisk(0, 0)).facts["spool_depth"] == 12, "it may run in another home"
    age(services.engine, 60, "kalshi")
    dead = spool_depth(held(services))
    assert (dead.passed, dead.warn) == (False, True)
    assert dead.description.endswith("no collector is there to move them: start `precog collect`")
    assert spool_depth(held(services), OnDisk(0, 0)).passed, "the folder is the truth"
    taken(services.engine, SENSORS, "kalshi")
    assert spool_depth(held(services)).passed
    assert not spool_depth(held(services), OnDisk(3, 0)).passed
    assert not spool_depth(None, OnDisk(3, 0)).passed


def test_damage_in_the_spool_fails_the_check_and_is_no_warning(services: Services) -> None:
    assert spool_damage(None).passed
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"spool_damaged_bytes": 130, "spool_torn_bytes": 40})
    told = waiting_on_disk(held(services), 5.0)
    assert (told.passed, told.warn) == (False, False)
    assert "130 bytes of the spool were damaged and 0 facts in it could not be read" in told.description
    assert told.facts["spool_damaged_bytes"] == 130
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"spool_torn_bytes": 40, "spool_unreadable": 2})
    assert not spool_damage(held(services)).passed
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"spool_torn_bytes": 40})
    assert spool_damage(held(services)).passed, "what a kill cut off was never taken for kept"


def test_raw_segments_that_nobody_will_move_are_a_warning_however_few(services: Services) -> None:
    left = raw_segments(None, 5.0, OnDisk(0, 700))
    assert (left.passed, left.warn, left.facts["segments_bytes"]) == (False, True, 700)
    assert left.description.endswith(
        "wait for the archive, and no collector is there to move them: start `precog collect`"
    )
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"segments_bytes": 900})
    assert raw_segments(held(services), 5.0, OnDisk(0, 700)).facts["segments_bytes"] == 900
    assert raw_segments(held(services), 5.0, OnDisk(0, 700)).passed
    age(services.engine, 60, "kalshi")
    assert not raw_segments(held(services), 5.0).passed
    assert raw_segments(held(services), 5.0, OnDisk(0, 0)).passed


def test_the_check_looks_into_the_home_itself(services: Services, resource: PrecogServices) -> None:
    def asked() -> dg.AssetCheckResult:
        results: Any = live_markets_checks(services=resource)
        (found,) = [one for one in results if one.check_name == "waiting_on_disk"]
        return found

    assert asked().passed
    with Spool(folders_of(services.environment).stream) as spool:
        spool.append("quote", b"{}")
        found = asked()
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert (found.description or "").startswith("1 facts wait in the spool")


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
