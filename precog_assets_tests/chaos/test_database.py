"""PostgreSQL away for a minute, stopped in the middle of a batch, and every connection cut; a collector killed."""

from __future__ import annotations

import subprocess
import time

import pytest
import sqlalchemy as sa

from precog_assets import embedded
from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, chance, settled, streaming, until

pytestmark = pytest.mark.chaos
AWAY_S = 60.0
WRITING = (
    "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
    "AND (query ILIKE 'COPY %' OR query ILIKE '%INSERT INTO market.%')"
)
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def stop_at_once(world: LiveWorld) -> None:
    """As a machine that loses its power: no client is waited for."""
    folder = embedded.data_folder(world.home.folder)
    command = [str(embedded.binary("pg_ctl")), "-D", str(folder), "-w", "-m", "immediate", "stop"]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=embedded._system_user()
    )
    embedded._forget(folder)


def test_collectors_killed_at_random_moments_lose_nothing_and_say_nothing_twice(world: LiveWorld, tell: Tell) -> None:
    chances, began = chance("collector"), None
    for _ in range(3):
        with world.collector() as collecting:
            until(lambda: streaming(collecting), collecting, what="no stream")
            began = began or world.services.clock.now()
            due_s = time.monotonic() + chances.uniform(0.2, 6.0)
            until(lambda due_s=due_s: time.monotonic() > due_s, collecting)
            collecting.kill()
    assert began is not None
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        found, took_s = settled(world, began, collecting, visible_s=60.0)
    tell("collector", "kill -9, three times", took_s, found)


def test_a_database_away_for_a_minute_gets_everything_afterwards(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        world.engine.dispose()
        embedded.stop(world.home.folder)
        try:
            back_s = time.monotonic() + AWAY_S
            until(lambda: time.monotonic() > back_s, collecting, what="it did not last the minute")
            assert collecting.last()["connected"]
            assert collecting.last()["spool_depth"] > 0
        finally:
            embedded.start(world.home.folder)
        back_s = time.monotonic()
        until(lambda: collecting.last()["spool_depth"] == 0, collecting, what="the spool was not drained")
        found, _ = settled(world, began, collecting, visible_s=AWAY_S + 25.0)
        tell("database", "stopped for 60 s", time.monotonic() - back_s, found)


def test_a_database_stopped_in_the_middle_of_a_batch_has_the_batch_once(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            deadline_s = time.monotonic() + 60.0
            while not connection.execute(sa.text(WRITING)).all():
                assert time.monotonic() < deadline_s, "no batch was seen being written"
            try:
                stop_at_once(world)
                until(lambda: collecting.last()["spool_depth"] > 0, collecting, what="nothing was spooled")
            finally:
                connection.invalidate()
                world.engine.dispose()
                embedded.start(world.home.folder)
        back_s = time.monotonic()
        until(lambda: collecting.last()["spool_depth"] == 0, collecting, what="the spool was not drained")
        found, _ = settled(world, began, collecting, visible_s=60.0)
        tell("database", "stopped at once, a batch under way", time.monotonic() - back_s, found)


def test_connections_that_are_cut_are_made_again(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        for _ in range(3):
            assert world.one(CUT) > 0
            due_s = time.monotonic() + 2.0
            until(lambda due_s=due_s: time.monotonic() > due_s, collecting)
        found, took_s = settled(world, began, collecting, visible_s=60.0)
        tell("connections", "all cut, three times", took_s, found)
