"""`precog collect` through faults, each compared with what the simulator's ledger says truly happened.

PostgreSQL stopped and started again, frames lost, spoiled and out of order, a socket that says nothing: afterwards no
trade of a followed market is missing, none is there twice, and the newest quotes are the venue's books.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from precog_assets import embedded
from precog_assets_tests.pipeline.live.collecting import (
    Collecting,
    LiveWorld,
    all_traded,
    live_world,
    newest_differ,
    streaming,
    until,
)

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def world() -> Iterator[LiveWorld]:
    with live_world() as made:
        yield made


def nothing_lost(world: LiveWorld, collecting: Collecting, began: datetime) -> None:
    """The tables against the ledger, once the collector had time to catch up."""
    until(lambda: streaming(collecting), collecting, what="the stream did not come back")
    until(lambda: all_traded(world, began), collecting, what="trades are missing")
    world.control("/clock", {"speed": 0.001})
    try:
        until(lambda: not newest_differ(world), collecting, what="quotes differ from the venue's books")
    finally:
        world.control("/clock", {"speed": 1})
    assert world.rows("SELECT decision_id FROM book.decisions GROUP BY 1 HAVING count(*) > 1") == []
    assert world.rows("SELECT decision_id FROM book.orders GROUP BY 1 HAVING count(*) > 1") == []


def test_a_database_that_goes_away_gets_what_happened_meanwhile_from_the_spool(world: LiveWorld) -> None:
    began = world.services.clock.now()
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        world.engine.dispose()
        embedded.stop(world.home.folder)
        try:
            until(lambda: collecting.last()["spool_depth"] > 20, collecting, what="nothing was spooled")
            assert collecting.last()["connected"]
            gone_from = world.services.clock.now()
        finally:
            embedded.start(world.home.folder)
        until(lambda: collecting.last()["spool_depth"] == 0, collecting, what="the spool was not drained")
        stored = world.one(
            "SELECT count(*) FROM market.quotes WHERE observed_at BETWEEN :a AND :b AND response_offset IS NOT NULL",
            a=gone_from - timedelta(seconds=10),
            b=gone_from,
        )
        assert stored > 0, "what came while the database was away is there under its own instants"
        nothing_lost(world, collecting, began)


def test_frames_lost_spoiled_and_swapped_are_gaps_that_are_recorded_and_closed(world: LiveWorld) -> None:
    began = world.services.clock.now()
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        kinds = ("drop_frame", "corrupt_frame", "reorder_frame", "repeat_frame")
        rules = [world.control("/faults", {"kind": kind, "probability": 0.05})["id"] for kind in kinds]
        until(lambda: collecting.last()["gaps"] >= 4, collecting, what="no gap was noticed")
        for rule in rules:
            world.control(f"/faults/{rule}", method="DELETE")
        nothing_lost(world, collecting, began)
        open_gaps = "SELECT count(*) FROM ops.stream_gaps WHERE ended_at IS NULL"
        until(lambda: world.one(open_gaps) == 0, collecting, what="gaps stay open")
        assert world.one("SELECT count(*) FROM ops.stream_gaps WHERE began_at >= :began", began=began) > 0


def test_a_socket_that_says_nothing_is_left_for_another_and_nothing_is_missed(world: LiveWorld) -> None:
    began = world.services.clock.now()
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        world.control("/faults", {"kind": "half_open", "count": 1})
        until(lambda: collecting.last()["gaps"] > 0, collecting, what="the dead socket was not noticed")
        nothing_lost(world, collecting, began)
        reasons = {row.reason for row in world.rows("SELECT reason FROM ops.stream_gaps WHERE began_at >= :b", b=began)}
        assert "silent" in reasons
