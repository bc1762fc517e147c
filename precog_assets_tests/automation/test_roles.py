"""Sensors beside a collector: they yield with a reason, tell what it wrote, and take over when it is gone."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.automation.trading import trading_tick
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import board_days
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.roles import TRADING
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.leases import Lease, acquire
from precog_assets_tests.automation.test_live import Ticking, later, made, memory, rows, said
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.pipeline.slate_world import put_slate
from precog_assets_tests.store.test_leases import COLLECTOR, age, held, taken
from precog_assets_tests.venues import Venue, board, board_event

BEATS = """
import sys
from precog_assets.store.engine import engine_for
from precog_assets.store.leases import acquire
with engine_for(sys.argv[1]).begin() as connection:
    print(acquire(connection, sys.argv[2], sys.argv[3], details={"written_p99_s": 0.2, "connected": True}).epoch)
"""


def collector_comes(engine: sa.Engine, role: str) -> int:
    """Another process takes a role as a collector does, and ends without giving it up; the epoch."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", BEATS, url, role, COLLECTOR], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


def poll_as_collector(services: Services, correlation_id: str) -> None:
    wanted = [(league, day) for league in services.leagues for day in board_days(services.clock.now())]
    poll_games(services, wanted, correlation_id=correlation_id, step="games live")


def test_sensors_leave_a_source_to_the_collector_and_take_it_over_when_its_heartbeat_is_old(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance, clock: TestClock
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    espn = Ticking("espn_live", resource, instance)
    assert collector_comes(services.engine, "espn") == 1
    yielded = espn.tick()
    assert said(yielded).startswith(f"games: the collector has espn ({COLLECTOR}, epoch 1, heartbeat ")
    assert (made(yielded), rows(services, tables.games)) == ({}, [0])
    assert said(Ticking("espn_ahead", resource, instance).tick()).startswith("games ahead: the collector has espn")
    age(services.engine, 11)
    later(services, clock)
    took = espn.tick()
    assert said(took).startswith("games live: 1 in, 1 changed")
    assert rows(services, tables.games) == [1]
    assert (held(services.engine).kind, held(services.engine).epoch) == ("sensors", 2)
    assert collector_comes(services.engine, "espn") == 3
    later(services, clock)
    assert said(espn.tick()).startswith("games: the collector has espn")


def test_kalshi_s_sensors_yield_by_kalshi_s_heartbeat_alone(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance
) -> None:
    taken(services.engine, COLLECTOR, "espn")
    assert not said(Ticking("kalshi_live", resource, instance).tick()).startswith("markets: the collector")
    taken(services.engine, COLLECTOR, "kalshi")
    assert said(Ticking("kalshi_live", resource, instance).tick()).startswith("markets: the collector has kalshi")
    assert said(Ticking("kalshi_books", resource, instance).tick()).startswith("books: the collector has kalshi")


def test_what_the_collector_wrote_is_told_once_with_its_version_rows_and_lag(
    resource: PrecogServices, services: Services, venue: Venue, instance: dg.DagsterInstance, clock: TestClock
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    espn = Ticking("espn_live", resource, instance)
    collector_comes(services.engine, "espn")
    espn.tick()
    poll_as_collector(services, "by-collector-1")
    clock.forward(5)
    venue.put(NFL_BOARD, board(board_event("401", score=(14, 3))))
    poll_as_collector(services, "by-collector-2")
    later(services, clock)
    told = made(espn.tick())
    assert set(told) == {"raw/espn_games", "core/games"}
    games = told["core/games"]
    assert (games["dagster/data_version"], games["dagster/row_count"]) == ("by-collector-2", 1)
    assert (games["inserted"], games["changed"]) == (1, 1)
    assert (games["precog/fed_by"], games["precog/written_p99_s"]) == (COLLECTOR, 0.2)
    later(services, clock)
    assert made(espn.tick()) == {}
    later(services, clock, 61)
    poll_as_collector(services, "by-collector-3")
    again = made(espn.tick())
    assert again["core/games"]["dagster/data_version"] == "by-collector-2", "a heartbeat, with nothing new"
    assert again["core/games"]["changed"] == 0


def test_decisions_are_the_collector_s_while_it_is_there_and_are_told_by_step(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance, clock: TestClock
) -> None:
    put_slate(services.engine)
    lease = Lease(TRADING, COLLECTOR, collector_comes(services.engine, TRADING))
    trading = Ticking("trading_live", resource, instance)
    assert said(trading.tick()).startswith(f"trading: the collector has trading ({COLLECTOR}")
    assert rows(services, tables.decisions, tables.prices) == [0, 0]
    price_markets(services, correlation_id="c")
    decide_markets(services, correlation_id="c", lease=lease)
    work_book(services, correlation_id="c", lease=lease)
    later(services, clock, 30)
    told = made(trading.tick())
    assert told["book/decisions"]["dagster/row_count"] == rows(services, tables.decisions)[0] > 0
    assert told["book/decisions"]["dagster/data_version"] == told["model/prices"]["dagster/data_version"] == "c"
    assert told["book/decisions"]["precog/epoch"] == lease.epoch


def test_the_trading_sensor_decides_when_the_collector_is_gone_and_its_late_word_does_not_count(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine)
    lease = Lease(TRADING, COLLECTOR, collector_comes(services.engine, TRADING))
    assert trading_tick(services, memory(services), "a").reports["decisions"].rows_in == 0
    age(services.engine, 11, TRADING)
    later(services, clock)
    assert trading_tick(services, memory(services), "b").reports["decisions"].rows_in > 0
    before = rows(services, tables.decisions, tables.orders)
    later(services, clock, 600)
    with pytest.raises(PrecogError, match="held by sensors"):
        decide_markets(services, correlation_id="late", lease=lease)
    assert rows(services, tables.decisions, tables.orders) == before


def test_a_tick_whose_role_is_taken_in_its_middle_writes_nothing_more_and_says_so(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)

    def priced_while_the_collector_comes(*given: object, **more: object):
        with services.engine.begin() as connection:
            assert acquire(connection, TRADING, COLLECTOR) == Lease(TRADING, COLLECTOR, 2)
        return price_markets(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("precog_assets.automation.trading.price_markets", priced_while_the_collector_comes)
    tick = trading_tick(services, memory(services), "a")
    assert list(tick.reports) == ["prices"]
    assert "handed over: trading was ours in epoch 1 and is held by collector:a:1:x in epoch 2" in tick.sentence
    assert rows(services, tables.decisions) == [0]
