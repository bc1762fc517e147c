"""`precog doctor` on the live path: roles, clocks as measured, failures by code."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from precog_assets.cli.checks_live import clocks, failures, roles
from precog_assets.store.clocks import keep_clock
from precog_assets.store.error_counts import count_errors
from precog_assets.store.leases import acquire, release
from precog_assets_tests.store.conftest import store
from precog_assets_tests.store.test_leases import COLLECTOR, SENSORS, age

__all__ = ["store"]


def test_each_role_has_a_line_and_a_silent_collector_is_a_warning(store: sa.Engine) -> None:
    with store.begin() as connection:
        acquire(connection, "espn", COLLECTOR)
        kalshi, trading = acquire(connection, "kalshi", SENSORS), acquire(connection, "trading", COLLECTOR)
        assert kalshi is not None
        assert trading is not None
        release(connection, kalshi)
    age(store, 30, "trading")
    with store.begin() as connection:
        found = {one.what: one for one in roles(connection)}
    assert [found[f"role {role}"].status for role in ("espn", "kalshi", "trading")] == ["ok", "ok", "warn"]
    assert "heartbeat 30." in found["role trading"].found


def test_a_clock_beyond_its_limit_fails_with_what_follows_from_it(store: sa.Engine) -> None:
    with store.begin() as connection:
        keep_clock(connection, "espn", 0.2, 0.4, 12)
        keep_clock(connection, "kalshi", -5.0, 0.4, 12)
        espn, kalshi = clocks(connection)
    assert (espn.status, kalshi.status) == ("ok", "fail")
    assert kalshi.found.startswith("kalshi's clock is -5.00 s against ours, within 0.40 s (12 answers")
    assert kalshi.action.startswith("Nothing is decided.")


def test_failures_are_told_by_code_with_what_the_most_frequent_means(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert [one.found for one in failures(connection)] == ["none was counted"]
        at = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
        count_errors(connection, {("espn", "http.blocked"): 3, ("kalshi", "http.timeout"): 1}, at)
        told, first = failures(connection)
    assert told.found == "of a day until 2026-11-22 18:00 UTC: 3 http.blocked (espn), 1 http.timeout (kalshi)"
    assert "refuses us" in first.found
