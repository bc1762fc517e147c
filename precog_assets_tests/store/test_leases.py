"""Leases between connections and processes: one holder, epochs that grow, and a fence that holds to the commit."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from precog_assets.domain.errors import PrecogError
from precog_assets.store.engine import database_error
from precog_assets.store.leases import (
    EXPIRY_S,
    Held,
    Kind,
    Lease,
    acquire,
    new_holder,
    read_leases,
    release,
    renew,
    require_epoch,
)

COLLECTOR, OTHER, SENSORS, ONCE = "collector:a:1:x", "collector:b:2:y", "sensors:a:3:z", "once:a:4:w"
HOLDER = """
import sys
from precog_assets.store.engine import engine_for
from precog_assets.store.leases import acquire, require_epoch
engine = engine_for(sys.argv[1])
with engine.begin() as connection:
    lease = acquire(connection, "trading", sys.argv[2])
with engine.begin() as connection:
    require_epoch(connection, "trading", lease.epoch)
    print(lease.epoch, flush=True)
    sys.stdin.readline()
"""


def take(engine: sa.Engine, holder: str, role: str = "espn", **more: object) -> Lease | None:
    with engine.begin() as connection:
        return acquire(connection, role, holder, **more)  # type: ignore[arg-type]


def taken(engine: sa.Engine, holder: str, role: str = "espn") -> Lease:
    lease = take(engine, holder, role)
    assert lease is not None
    return lease


def age(engine: sa.Engine, seconds: float, role: str = "espn") -> None:
    """As if nothing had been heard of the holder for so long."""
    statement = sa.text("UPDATE ops.leases SET heartbeat_at = heartbeat_at - :ago WHERE role = :role")
    with engine.begin() as connection:
        connection.execute(statement, {"ago": timedelta(seconds=seconds), "role": role})


def held(engine: sa.Engine, role: str = "espn") -> Held:
    with engine.begin() as connection:
        return read_leases(connection)[role]


def test_a_lease_is_one_process_s_until_it_is_given_up(store: sa.Engine) -> None:
    first = taken(store, COLLECTOR)
    assert take(store, OTHER) is None
    with store.begin() as connection:
        assert release(connection, first)
        assert not release(connection, first)
    second = taken(store, OTHER)
    assert second.epoch == first.epoch + 1
    assert held(store).holder == OTHER


def test_its_holder_goes_on_in_its_epoch_with_a_newer_heartbeat(store: sa.Engine) -> None:
    first = taken(store, COLLECTOR)
    age(store, 8)
    before = held(store)
    assert taken(store, COLLECTOR) == first
    assert held(store).age_s < before.age_s


def test_a_heartbeat_older_than_ten_seconds_is_a_holder_that_is_gone(store: sa.Engine) -> None:
    first = taken(store, COLLECTOR)
    age(store, EXPIRY_S - 2)
    assert take(store, OTHER) is None
    age(store, 3)
    second = taken(store, OTHER)
    assert second.epoch == first.epoch + 1
    with store.begin() as connection:
        assert not renew(connection, first)
        assert renew(connection, second)


def test_a_holder_that_was_away_and_was_not_replaced_goes_on(store: sa.Engine) -> None:
    first = taken(store, COLLECTOR)
    age(store, 100)
    assert taken(store, COLLECTOR) == first
    assert held(store).live


@pytest.mark.parametrize(
    ("holder", "comes", "takes"),
    [
        (SENSORS, COLLECTOR, True),
        (SENSORS, ONCE, True),
        (ONCE, COLLECTOR, True),
        (ONCE, SENSORS, False),
        (COLLECTOR, SENSORS, False),
        (COLLECTOR, ONCE, False),
        (SENSORS, "sensors:b:5:v", False),
    ],
)
def test_the_collector_is_preferred_and_sensors_give_way(
    store: sa.Engine, holder: str, comes: str, takes: bool
) -> None:
    first = taken(store, holder)
    second = take(store, comes)
    assert (second is not None) == takes
    assert held(store).epoch == first.epoch + takes


def test_a_heartbeat_carries_what_the_holder_tells_and_keeps_it_when_it_tells_nothing(store: sa.Engine) -> None:
    lease = taken(store, COLLECTOR)
    with store.begin() as connection:
        renew(connection, lease, {"spool_rows": 3})
        renew(connection, lease)
    assert held(store).details == {"spool_rows": 3}


def test_roles_are_held_apart(store: sa.Engine) -> None:
    taken(store, COLLECTOR, "espn")
    taken(store, SENSORS, "kalshi")
    assert held(store, "kalshi").kind == Kind.SENSORS
    assert held(store, "espn").kind == Kind.COLLECTOR


def test_a_name_without_a_kind_is_refused_and_names_are_never_given_twice(store: sa.Engine) -> None:
    with store.begin() as connection, pytest.raises(ValueError, match="robot"):
        acquire(connection, "espn", "robot:1")
    assert new_holder(Kind.ONCE) != new_holder(Kind.ONCE)


def test_an_epoch_of_before_is_refused_by_name_and_nothing_is_committed(store: sa.Engine) -> None:
    first = taken(store, SENSORS, "trading")
    taken(store, COLLECTOR, "trading")

    def decide_late() -> None:
        with store.begin() as connection:
            connection.execute(sa.text("INSERT INTO ops.backfill_units VALUES ('a', 'b', now(), 0)"))
            require_epoch(connection, "trading", first.epoch)

    with pytest.raises(PrecogError, match=r"epoch 1 and is held by collector:a:1:x in epoch 2") as refused:
        decide_late()
    assert refused.value.code == "system.epoch"
    with store.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM ops.backfill_units")).scalar_one() == 0


def test_a_lease_that_was_given_up_or_never_taken_fences_nothing_in(store: sa.Engine) -> None:
    lease = taken(store, SENSORS, "trading")
    with store.begin() as connection:
        release(connection, lease)
        with pytest.raises(PrecogError, match="held by nobody"):
            require_epoch(connection, "trading", lease.epoch)
        with pytest.raises(PrecogError, match="held by nobody"):
            require_epoch(connection, "never", 1)


def test_while_a_decision_is_written_nobody_takes_over_and_the_heartbeat_goes_on(store: sa.Engine) -> None:
    lease = taken(store, SENSORS, "trading")
    with store.connect() as deciding, deciding.begin():
        require_epoch(deciding, "trading", lease.epoch)
        assert take(store, COLLECTOR, "trading") is None
        with store.begin() as other:
            assert renew(other, lease)
        age(store, 60, "trading")
        assert take(store, COLLECTOR, "trading") is None
    second = taken(store, COLLECTOR, "trading")
    assert second.epoch == lease.epoch + 1


def test_who_waits_for_a_lease_has_it_when_the_decision_is_committed(store: sa.Engine) -> None:
    lease = taken(store, SENSORS, "trading")
    got: list[Lease | None] = []
    waiter = threading.Thread(target=lambda: got.append(take(store, COLLECTOR, "trading", wait=True)))
    with store.connect() as deciding, deciding.begin():
        require_epoch(deciding, "trading", lease.epoch)
        waiter.start()
        waiter.join(timeout=0.3)
        assert waiter.is_alive()
    waiter.join(timeout=30)
    assert got == [Lease("trading", COLLECTOR, lease.epoch + 1)]


def test_of_many_that_come_at_once_one_has_it(store: sa.Engine) -> None:
    ready = threading.Barrier(6)
    got: list[Lease | None] = []

    def come(number: int) -> None:
        ready.wait(timeout=30)
        got.append(take(store, f"collector:h:{number}:n"))

    threads = [threading.Thread(target=come, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len([lease for lease in got if lease is not None]) == 1


@pytest.mark.parametrize("ending", [signal.SIGKILL, None])
def test_a_process_that_is_killed_while_it_decides_leaves_the_role_to_the_next(
    store: sa.Engine, ending: signal.Signals | None
) -> None:
    url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, SENSORS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    epoch = int(holder.stdout.readline())
    assert take(store, COLLECTOR, "trading") is None, "it is in the middle of a decision"
    if ending is None:
        holder.communicate("\n", timeout=30)
    else:
        holder.send_signal(ending)
        holder.communicate(timeout=30)
    # The server notices a dead peer a moment after the process is gone; waiting for the row is waiting for that.
    lease = take(store, COLLECTOR, "trading", wait=True)
    assert lease == Lease("trading", COLLECTOR, epoch + 1)


def test_a_holder_that_freezes_while_it_decides_loses_its_transaction_and_the_role(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("precog_assets.store.leases.FROZEN_S", 1)
    lease = taken(store, SENSORS, "trading")

    def decide_frozen() -> None:
        with store.connect() as frozen, frozen.begin():
            require_epoch(frozen, "trading", lease.epoch)
            assert take(store, COLLECTOR, "trading", wait=True) == Lease("trading", COLLECTOR, lease.epoch + 1)
            frozen.execute(sa.text("SELECT 1"))

    with pytest.raises(DBAPIError, match="idle-in-transaction") as ended:
        decide_frozen()
    away = database_error(ended.value)
    assert away is not None
    assert away.code == "system.database"
    assert held(store, "trading").holder == COLLECTOR
