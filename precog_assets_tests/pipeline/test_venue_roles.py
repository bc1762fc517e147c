"""Orders at the exchange are sent by the holder of the role alone, while its clock is right; on a real socket."""

from __future__ import annotations

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.trading import OrderStatus
from precog_assets.pipeline.roles import TRADING
from precog_assets.pipeline.venue import work_venue
from precog_assets.store.clocks import keep_clock
from precog_assets_tests.pipeline.test_venue import Floor, floor, shared, simulator, ticker
from precog_assets_tests.store.test_leases import COLLECTOR, SENSORS, age, taken

__all__ = ["floor", "shared", "simulator", "ticker"]


def test_an_order_decided_in_an_epoch_that_is_over_is_never_sent(floor: Floor) -> None:
    old = taken(floor.services.engine, SENSORS, TRADING)
    floor.work()
    floor.decide()
    new = taken(floor.services.engine, COLLECTOR, TRADING)
    with pytest.raises(PrecogError, match="is held by collector") as refused:
        work_venue(floor.services, correlation_id="late", lease=old)
    assert refused.value.code == "system.epoch"
    assert (floor.orders(), floor.there.orders()) == ([], [])
    assert work_venue(floor.services, correlation_id="now", lease=new).rows_in == 1
    assert floor.stands() == [(OrderStatus.FILLED, 3)]
    assert len(floor.there.orders()) == 1


def test_a_command_sends_nothing_while_a_collector_is_there(floor: Floor) -> None:
    taken(floor.services.engine, COLLECTOR, TRADING)
    floor.decide()
    report = floor.work()
    assert report.rows_in == 0
    assert str(report.notes["off"]).startswith(f"trading is another's ({COLLECTOR}")
    assert floor.there.orders() == []
    age(floor.services.engine, 11, TRADING)
    assert floor.work().rows_in == 1


def test_nothing_is_sent_while_our_clock_is_off(floor: Floor) -> None:
    floor.decide()
    engine = floor.services.engine
    with engine.begin() as connection:
        keep_clock(connection, "kalshi", 9.0, 0.5, 10)
    report = floor.work()
    assert (report.rows_in, report.outcomes["system.clock"]) == (0, 1)
    assert report.failures[-1].startswith("no order is sent: kalshi's clock is +9.00 s against ours")
    assert floor.there.orders() == []
    with engine.begin() as connection:
        keep_clock(connection, "kalshi", 0.1, 0.5, 10)
    assert floor.work().rows_in == 1
