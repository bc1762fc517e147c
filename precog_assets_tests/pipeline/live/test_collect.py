"""`precog collect` as a process: it follows, writes, decides and announces; stopped it leaves whole facts.

What happens when it is killed, or the world goes wrong around it, is in `precog_assets_tests/chaos`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import orjson
import psycopg
import pytest

from precog_assets.pipeline.live.on_disk import OnDisk, folders_of, look
from precog_assets.pipeline.live.reaction import CHANNEL
from precog_assets_tests.pipeline.live.collecting import (
    LiveWorld,
    live_world,
    streaming,
    until,
)


@pytest.fixture(scope="module")
def world() -> Iterator[LiveWorld]:
    with live_world() as made:
        yield made


def decisions(world: LiveWorld) -> int:
    return world.one("SELECT count(*) + coalesce(sum(repeats), 0) FROM book.decisions")


def test_a_change_of_a_quote_is_written_with_its_place_decided_on_and_announced(world: LiveWorld) -> None:
    began = world.services.clock.now()
    url = world.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection, world.collector() as collecting:
        connection.execute(f"LISTEN {CHANNEL}")
        until(lambda: streaming(collecting), collecting, what="no stream")
        until(
            lambda: world.one("SELECT count(*) FROM market.quotes WHERE response_offset IS NOT NULL") > 10,
            collecting,
            what="no quotes of the stream",
        )
        before = decisions(world)
        until(lambda: decisions(world) > before, collecting, what="nothing was decided")
        told = [orjson.loads(one.payload) for one in connection.notifies(timeout=10, stop_after=1)]
        assert told, "nothing was announced"
        assert {"at", "began_at", "markets", "new", "repeated", "orders"} <= told[0].keys()
        until(lambda: bool(world.rows("SELECT 1 FROM ops.leases WHERE details ? 'spool_depth'")), what="no details")
        asked_s = time.monotonic()
        collecting.process.send_signal(signal.SIGINT)
        assert collecting.process.wait(10) == 0
        assert time.monotonic() - asked_s < 6.0
    segments = world.rows(
        "SELECT r.url FROM raw.responses r JOIN market.quotes q USING (response_id) "
        "WHERE q.response_offset IS NOT NULL AND q.observed_at > :began GROUP BY 1",
        began=began,
    )
    assert [row.url.partition(":")[0] for row in segments] == ["segment"]
    assert world.rows("SELECT role FROM ops.leases WHERE released_at IS NULL AND holder LIKE 'collector%'") == []
    kinds = world.rows("SELECT payload_type FROM ops.contract_counts WHERE kind = 'rows' AND rows > 0")
    assert {"kalshi.stream.orderbook_snapshot", "kalshi.stream.ticker"} <= {row.payload_type for row in kinds}
    assert look(folders_of(world.environment)) == OnDisk(0, 0), "what is whole is in the archive"
