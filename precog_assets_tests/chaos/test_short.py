"""The short version of chaos, in every test run: a killed collector, a database gone for seconds, frames lost."""

from __future__ import annotations

from datetime import timedelta

from precog_assets import embedded
from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, chance, settled, streaming, until


def test_a_kill_a_database_gone_and_frames_lost_leave_the_tables_as_the_ledger_says(
    world: LiveWorld, tell: Tell
) -> None:
    chances = chance("short")
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now() + timedelta(seconds=1)
        wanted_s = chances.uniform(1.0, 4.0)
        until(lambda: (world.services.clock.now() - began).total_seconds() > wanted_s, collecting)
        collecting.kill()
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream after the kill")
        world.engine.dispose()
        embedded.stop(world.home.folder)
        try:
            until(lambda: collecting.last()["spool_depth"] > 5, collecting, what="nothing was spooled")
        finally:
            embedded.start(world.home.folder)
        rule = world.control("/faults", {"kind": "drop_frame", "probability": 0.05})["id"]
        until(lambda: collecting.last()["gaps"] > 0, collecting, what="no gap was noticed")
        world.control(f"/faults/{rule}", method="DELETE")
        until(lambda: collecting.last()["spool_depth"] == 0, collecting, what="the spool was not drained")
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        found, took_s = settled(world, began, collecting, visible_s=60.0)
    tell("short", "kill -9, database gone, frames lost", took_s, found)
