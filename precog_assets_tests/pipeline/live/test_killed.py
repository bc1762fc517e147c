"""A collector that is killed at any moment, again and again: what its frames said is in the tables, once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.rebuild import facts_of
from precog_assets.sources.kalshi.stream.events import TradeTold
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.store.engine import engine_for
from precog_assets.store.segment_files import read_segment
from precog_assets.store.segments import recover
from precog_assets_tests.pipeline.live.test_collector import World
from precog_assets_tests.sources.kalshi.stream.following import url_of, venue

CHILD = "precog_assets_tests.pipeline.live.child"
KILLED_AFTER = (1, 40, 150)
"""Quotes written by then, of each life."""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with venue(speed=60) as one:
        yield World(one, engine_for(database_url))


@contextmanager
def child(world: World, database: str, key_file: Path, key_id: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", CHILD, database, url_of(world.one), key_id, str(key_file), str(home)]
    process = subprocess.Popen([*command, ",".join(world.names)], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_what_a_killed_collectors_frames_said_is_stored_once(world: World, database_url: str, tmp_path: Path) -> None:
    opened = world.one.control("/accounts", {"key_kind": "ed25519", "tier": "prime"})
    key_file = tmp_path / "key.pem"
    key_file.write_text(opened["private_key_pem"])
    for quotes in KILLED_AFTER:
        with child(world, database_url, key_file, opened["key_id"], tmp_path) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= quotes:
                    break
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
    world.one.control("/clock", {"speed": 0.001})
    for segment in recover(tmp_path / "segments"):
        for batch in facts_of([segment.path]):
            BatchApplier(world.engine, lambda _: 1)(batch)
    paths = sorted((tmp_path / "segments").iterdir())
    assert len(paths) == len(KILLED_AFTER)
    trades = trades_told(paths)
    assert trades
    assert world.trades() == sorted(trades)
    newest = bids_told(paths)
    assert newest
    assert {market: bid for market, bid in bids_stored(world).items() if market in newest} == newest


def trades_told(paths: list[Path]) -> set[str]:
    """The trades that the frames tell of, whoever wrote them."""
    reader = FrameReader()
    events = [reader.read(record.data) for path in paths for record in read_segment(path)]
    return {event.trade.trade_id for event in events if isinstance(event, TradeTold)}


def bids_told(paths: list[Path]) -> dict[str, Decimal | None]:
    """The last bid of each market by the frames."""
    quotes = [fact for path in paths for batch in facts_of([path]) for fact in batch.quotes]
    return {fact.market_id: fact.quote.yes_bid for fact in sorted(quotes, key=lambda fact: fact.received_at)}


def bids_stored(world: World) -> dict[str, Decimal | None]:
    """The last bid of each market in the database."""
    query = sa.text(
        "SELECT DISTINCT ON (m.market_id) m.market_id, q.yes_bid FROM market.quotes q "
        "JOIN market.markets m USING (market_key) ORDER BY m.market_id, q.observed_at DESC"
    )
    with world.engine.connect() as connection:
        return {row.market_id: row.yes_bid for row in connection.execute(query)}
