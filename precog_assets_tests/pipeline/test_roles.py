"""Who decides: with a lease only in its epoch, without one only where no collector is there."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.roles import TRADING, Turn, sensors_turn
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.leases import Lease, acquire, read_leases
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.slate_world import put_slate
from precog_assets_tests.store.test_leases import COLLECTOR, SENSORS, age, held, taken


def turn(engine: sa.Engine, role: str = TRADING, holder: str = SENSORS) -> Turn:
    with engine.begin() as connection:
        return sensors_turn(connection, role, holder)


def decide(services: Services, lease: Lease | None):
    return decide_markets(services, correlation_id="d", lease=lease)


def test_sensors_yield_to_a_collector_that_is_there_and_take_over_when_it_is_not(services: Services) -> None:
    taken(services.engine, COLLECTOR, "espn")
    yielded = turn(services.engine, "espn")
    assert yielded.lease is None
    assert yielded.by_collector
    assert yielded.why.startswith(f"the collector has espn ({COLLECTOR}, epoch 1, heartbeat 0.")
    age(services.engine, 11)
    assert turn(services.engine, "espn").lease == Lease("espn", SENSORS, 2)
    assert taken(services.engine, COLLECTOR, "espn").epoch == 3
    assert turn(services.engine, "espn").why


def test_sensors_of_two_processes_may_feed_a_source_but_not_trade(services: Services) -> None:
    for role in ("espn", TRADING):
        assert turn(services.engine, role, SENSORS).lease is not None
    assert turn(services.engine, "espn", "sensors:b:9:q") == Turn(None)
    other = turn(services.engine, TRADING, "sensors:b:9:q")
    assert other.why.startswith(f"trading is another's ({SENSORS}")
    assert not other.by_collector


def test_what_a_collector_tells_of_itself_is_told_on(services: Services) -> None:
    with services.engine.begin() as connection:
        acquire(connection, "kalshi", COLLECTOR, details={"lag_p99_s": 0.4, "spool_rows": 0, "deep": {"a": 1}})
    facts = turn(services.engine, "kalshi").facts
    assert facts["fed_by"] == COLLECTOR
    assert (facts["lag_p99_s"], facts["spool_rows"]) == (0.4, 0)
    assert "deep" not in facts


def test_decisions_of_an_epoch_of_before_are_refused_and_leave_nothing(services: Services) -> None:
    put_slate(services.engine)
    old = taken(services.engine, SENSORS, TRADING)
    new = taken(services.engine, COLLECTOR, TRADING)
    for step in (decide_markets, work_book):
        with pytest.raises(PrecogError, match="is held by collector") as refused:
            step(services, correlation_id="d", lease=old)
        assert refused.value.code == "system.epoch"
    assert count(services.engine, tables.decisions) == count(services.engine, tables.accounts) == 0
    assert decide(services, new).inserted == count(services.engine, tables.decisions) > 0


def test_a_command_decides_where_nobody_does_and_gives_the_role_up_with_its_commit(services: Services) -> None:
    put_slate(services.engine)
    assert decide(services, None).inserted > 0
    after = held(services.engine, TRADING)
    assert (after.kind, after.released) == ("once", True)
    assert turn(services.engine).lease == Lease(TRADING, SENSORS, after.epoch + 1)


def test_a_command_leaves_decisions_to_a_collector_and_says_so(services: Services) -> None:
    put_slate(services.engine)
    taken(services.engine, COLLECTOR, TRADING)
    for step in (decide_markets, work_book):
        report = step(services, correlation_id="d")
        assert str(report.notes["off"]).startswith(f"trading is another's ({COLLECTOR}")
    assert count(services.engine, tables.decisions) == 0
    age(services.engine, 60, TRADING)
    assert decide(services, None).inserted > 0


def test_a_command_takes_the_role_from_sensors_for_one_transaction(services: Services) -> None:
    put_slate(services.engine)
    lease = turn(services.engine).lease
    assert decide(services, None).inserted > 0
    with pytest.raises(PrecogError, match="held by nobody"):
        decide(services, lease)
    again = turn(services.engine).lease
    assert again is not None
    assert decide(services, again).rows_in > 0


def test_a_pass_that_fails_leaves_the_role_as_it_was(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    put_slate(services.engine)
    before = turn(services.engine).lease
    assert before is not None

    def fall(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as falling:
        falling.setattr("precog_assets.pipeline.decide.write_decisions", fall)
        with pytest.raises(KeyboardInterrupt):
            decide(services, None)
    with services.engine.begin() as connection:
        assert read_leases(connection)[TRADING].epoch == before.epoch
    assert decide(services, before).inserted > 0
