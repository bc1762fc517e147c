"""The collector over the simulated venue and a real database: what the stream says is what the tables say, once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from precog_assets.config.sources import Cadence
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.live import DateSeen, Priority, RawPlace
from precog_assets.domain.pacing import Pace
from precog_assets.domain.times import SystemClock
from precog_assets.pipeline.live.apply import Applied, BatchApplier
from precog_assets.pipeline.live.boards import BoardUnanswered
from precog_assets.pipeline.live.collector import Collector, Ports
from precog_assets.pipeline.live.facts import FactBatch
from precog_assets.pipeline.live.failures import failures_of
from precog_assets.pipeline.live.phases import BoardState
from precog_assets.pipeline.live.rebuild import facts_of
from precog_assets.sources.kalshi.parse_markets import market_id_of, parse_markets
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.store.engine import engine_for
from precog_assets.store.markets import write_markets
from precog_assets.store.segment_files import OPEN, read_segment
from precog_assets.store.segments import SealedSegment, SegmentLimits, SegmentWriter
from precog_assets.store.spool import Spool
from precog_assets.store.spool_state import SpoolLimits
from precog_assets_tests.simulator.serving import Running
from precog_assets_tests.sources.kalshi.stream.following import QUICK, credentials, tickers, url_of, venue

PATIENCE_S = 60.0
MARKETS = 20
UNSYNCED = SpoolLimits(fsync=False)
CADENCE = Cadence(idle_s=5, pregame_s=1, live_s=0.2, pregame_window_min=90)


class World:
    """A venue, a database, and what the collector was asked to do."""

    def __init__(self, one: Running, engine: sa.Engine) -> None:
        self.one, self.engine = one, engine
        self.names = tickers(one, MARKETS)
        self.wanted: dict[str, Priority] = dict.fromkeys(self.names, Priority.IN_PLAY)
        self.away = threading.Event()
        self.broken_reactions = 0
        self.unanswered: set[str] = set()
        self.unreadable: set[str] = set()
        self.reacted: set[str] = set()
        self.reacted_games: set[str] = set()
        self.read: set[str] = set()
        self.polled: list[str] = []
        self.sealed: list[SealedSegment] = []
        self.clock_set: list[float] = []
        self.dates: list[DateSeen] = []
        self._applier = BatchApplier(engine, lambda _: 1)
        self.read_markets(self.names)
        self.read.clear()

    def ports(self) -> Ports:
        return Ports(
            lambda: self.wanted,
            self.apply,
            self.react,
            self.boards,
            self.poll,
            self.read_markets,
            self.sealed.append,
            self.clock_set.append,
            self.dates.append,
            lambda: None,
        )

    def apply(self, batch: FactBatch) -> Applied:
        if self.away.is_set():
            raise PrecogError("system.database", "the database was stopped by the test")
        return self._applier(batch)

    def react(self, markets: Collection[str], games: Collection[str]) -> None:
        if self.broken_reactions:
            self.broken_reactions -= 1
            raise PrecogError("system.database", "away")
        self.reacted.update(markets)
        self.reacted_games.update(games)

    def boards(self) -> Mapping[str, BoardState]:
        return {"nfl": BoardState(in_play=1), "nba": BoardState()}

    def poll(self, board: str) -> Collection[str]:
        self.polled.append(board)
        if board in self.unanswered:
            raise BoardUnanswered("http.timeout", "the board did not answer")
        if board in self.unreadable:
            raise PrecogError("system.archive", "its answer was not kept")
        return {f"{board}:1"} if len(self.polled) < 5 else ()

    def read_markets(self, names: Sequence[str]) -> None:
        query = {"tickers": ",".join(names), "limit": 1000}
        parsed = parse_markets(self.one.client.get("/trade-api/v2/markets", params=query).content)
        now = SystemClock().now()
        with self.engine.begin() as connection:
            write_markets(connection, [(row, Observation(now, Origin.LIVE, 1)) for row in parsed.rows], {})
        self.read.update(names)

    def stored(self) -> dict[str, tuple[object, ...]]:
        """The newest quote of each market."""
        query = sa.text(
            "SELECT DISTINCT ON (m.ticker) m.ticker, q.yes_bid, q.yes_ask, q.yes_bid_size, q.yes_ask_size "
            "FROM market.quotes q JOIN market.markets m USING (market_key) ORDER BY m.ticker, q.observed_at DESC"
        )
        with self.engine.connect() as connection:
            return {row[0]: tuple(row[1:]) for row in connection.execute(query)}

    def held_since(self) -> datetime:
        """Up to when the newest quote of every market is known to have held."""
        query = sa.text("SELECT min(at) FROM (SELECT max(confirmed_at) AS at FROM market.quotes GROUP BY market_key) q")
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def trades(self) -> list[str]:
        with self.engine.connect() as connection:
            return sorted(connection.scalars(sa.text("SELECT trade_id FROM market.trades")))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with venue(speed=60) as one:
        yield World(one, engine_for(database_url))


@asynccontextmanager
async def collecting(
    world: World,
    folder: Path,
    limits: SpoolLimits = UNSYNCED,
    segments: SegmentWriter | None = None,
) -> AsyncIterator[Collector]:
    """A collector that runs until the block ends; nothing of it is left."""
    before = asyncio.all_tasks()
    kept = segments or SegmentWriter(folder / "segments", "kalshi", SegmentLimits(fsync="never"))
    with Spool(folder / "spool", limits) as spool:
        collector = Collector(
            world.ports(),
            kept,
            spool,
            SystemClock(),
            CADENCE,
            CADENCE,
            lambda sink: KalshiStream(url_of(world.one), credentials(world.one), sink, chance=Random(1), pace=QUICK),
            random=Random(1),
            pace=Pace(initial_s=0.05, max_s=0.2),
        )
        task = asyncio.create_task(collector.run())
        try:
            yield collector
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled(), task.exception()
            assert asyncio.all_tasks() - before == set()
            assert not [one for one in threading.enumerate() if one.name.startswith("collector")]


async def until(reached: Callable[[], object]) -> None:
    """Wait until something holds, looked at in a thread so that the collector goes on."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(reached):
            pass


async def settled(world: World, collector: Collector) -> None:
    """The world stands still and everything it said is written."""
    await asyncio.to_thread(world.one.control, "/clock", {"speed": 0.001})

    def equal() -> bool:
        stored = world.stored()
        quotes = {name: collector.stream.session.quote(name) for name in world.wanted}
        return all(
            quote is not None
            and stored.get(name) == (quote.yes_bid, quote.yes_ask, quote.yes_bid_size, quote.yes_ask_size)
            for name, quote in quotes.items()
        )

    await until(equal)


def told(folder: Path, sealed: Sequence[SealedSegment]) -> int:
    return sum(1 for segment in sealed for _ in read_segment(segment.path))


def test_what_the_stream_says_is_stored_reacted_to_and_kept_raw(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        async with collecting(world, tmp_path) as collector:
            await until(lambda: collector.stream.state.frames > 3_000)
            await settled(world, collector)
            wanted = {market_id_of(name) for name in world.names}
            await until(lambda: world.reacted == wanted and {"nfl:1"} <= world.reacted_games)
            still = SystemClock().now()
            await until(lambda: world.held_since() > still)
            assert collector.supervisor.failures == {}
            assert collector.lags.written.summary().count > 100
            assert set(world.polled) == {"nfl", "nba"}
            seen = DateSeen("kalshi", still, still, still, 1.0)
            collector.intake.dated(seen)
            assert world.dates == [seen]
            assert collector.intake.lag.meter.summary().count > 100
        frames = collector.stream.state.frames
        assert told(tmp_path, world.sealed) == frames
        assert len(world.trades()) == collector.intake.counts["trades"] > 0

    asyncio.run(what())


def test_while_the_database_is_away_facts_wait_and_are_all_there_afterwards(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        async with collecting(world, tmp_path) as collector:
            await until(lambda: collector.stream.state.frames > 500)
            world.away.set()
            await until(lambda: collector.writer.counts["spooled"] > 200)
            before = collector.stream.state.frames
            await until(lambda: collector.stream.state.frames > before + 500)
            assert collector.writer.state().spool.depth > 0
            world.away.clear()
            await until(lambda: collector.writer.state().spool.depth == 0 and collector.writer.counts["drained"] > 200)
            await settled(world, collector)
            assert collector.supervisor.failures == {}
        assert len(world.trades()) == collector.intake.counts["trades"]

    asyncio.run(what())


def test_a_whole_segment_is_named_only_when_its_facts_are_written(world: World, tmp_path: Path) -> None:
    limits = SegmentLimits(fsync="never", segment_bytes=20_000, block_bytes=4_000)
    segments = SegmentWriter(tmp_path / "segments", "kalshi", limits)

    def whole() -> int:
        return sum(not path.name.endswith(OPEN) for path in (tmp_path / "segments").iterdir())

    async def what() -> None:
        spool = SpoolLimits(max_bytes=60_000, fsync=False)
        async with collecting(world, tmp_path, spool, segments=segments) as collector:
            await until(lambda: len(world.sealed) > 2)
            world.away.set()
            await until(lambda: collector.counts["spool_full"] > 2)
            named, sealed = len(world.sealed), whole()
            await until(lambda: whole() > sealed + 2)
            assert len(world.sealed) == named, "killed now, they would be made into facts again"
            world.away.clear()
            await until(lambda: len(world.sealed) > sealed + 2)
        assert len({segment.path for segment in world.sealed}) == len(world.sealed) == whole()

    asyncio.run(what())


def test_facts_are_made_again_from_the_raw_segments(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        drop = {"kind": "drop_frame", "channel": "orderbook_delta", "probability": 0.002}
        rule = world.one.control("/faults", drop)["id"]
        async with collecting(world, tmp_path) as collector:
            await until(lambda: collector.stream.state.frames > 3_000)
            await asyncio.to_thread(world.one.control, f"/faults/{rule}", None, "DELETE")
            before = collector.stream.state.frames
            await until(lambda: collector.stream.state.frames > before + 300)
            await settled(world, collector)
            assert collector.intake.counts["gap:missing"] > 0

    asyncio.run(what())
    newest, trades = world.stored(), world.trades()
    with world.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM market.quotes"))
        connection.execute(sa.text("DELETE FROM market.trades"))
    apply = BatchApplier(world.engine, lambda _: 1)
    for batch in facts_of([segment.path for segment in world.sealed]):
        apply(batch)
    assert world.stored() == newest
    assert world.trades() == trades


def test_with_the_database_away_and_the_spool_full_the_newest_quotes_wait_and_trades_are_not_lost(
    world: World, tmp_path: Path
) -> None:
    async def what() -> None:
        world.away.set()
        async with collecting(world, tmp_path, SpoolLimits(max_bytes=60_000, fsync=False)) as collector:
            await until(lambda: collector.counts["spool_full"] > 2)
            before = collector.stream.state.frames
            await until(lambda: collector.stream.state.frames > before + 300)
            world.away.clear()
            await settled(world, collector)
            await until(lambda: len(world.trades()) == collector.intake.counts["trades"])
            assert collector.supervisor.failures == {}

    asyncio.run(what())


def test_a_disk_without_room_for_raw_frames_stops_the_stream_until_there_is_some(world: World, tmp_path: Path) -> None:
    class Full(SegmentWriter):
        refusals = 3

        def append(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace:
            if self.refusals and monotonic_s > 0 and data.startswith(b'{"type":"orderbook_delta"'):
                self.refusals -= 1
                raise PrecogError("system.archive", "no space left on device")
            return super().append(data, received_at, monotonic_s)

    async def what() -> None:
        segments = Full(tmp_path / "segments", "kalshi", SegmentLimits(fsync="never"))
        async with collecting(world, tmp_path, segments=segments) as collector:
            await until(lambda: collector.supervisor.failures["system.archive"] == 3)
            await until(lambda: collector.stream.state.frames > 500)
            await settled(world, collector)
            assert collector.intake.counts["gap:disconnected"] == 3

    asyncio.run(what())


def test_a_reaction_that_fails_is_made_up_for(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        world.broken_reactions = 2
        async with collecting(world, tmp_path) as collector:
            await until(lambda: len(world.reacted) == MARKETS)
            assert collector.supervisor.failures == {"system.database": 2}

    asyncio.run(what())


def test_a_board_that_fails_is_counted_by_its_code_and_holds_up_no_other(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        world.unreadable = {"nba"}
        async with collecting(world, tmp_path) as collector:
            await until(lambda: world.polled.count("nfl") >= 2 and "nba" in world.polled)
            assert collector.supervisor.failures == {"system.archive": world.polled.count("nba")}
            assert not collector.supervisor.restarts

    asyncio.run(what())


def test_a_board_that_was_not_answered_is_no_failure_of_ours(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        world.unanswered = {"nba"}
        async with collecting(world, tmp_path) as collector:
            await until(lambda: collector.unanswered["http.timeout"] > 0)
            assert failures_of(collector, ()) == {}

    asyncio.run(what())


def test_a_market_nobody_has_read_is_read_over_rest_and_its_quotes_are_stored(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        new = tickers(world.one, MARKETS + 3)[-3:]
        world.wanted.update(dict.fromkeys(new, Priority.PRE_GAME))
        async with collecting(world, tmp_path) as collector:
            await until(lambda: set(new) <= world.read)
            await until(lambda: set(new) <= world.stored().keys())
            assert collector.counts["markets_read"] >= 3

    asyncio.run(what())


def test_what_was_taken_in_when_it_ends_is_not_lost(world: World, tmp_path: Path) -> None:
    async def what() -> None:
        world.away.set()
        async with collecting(world, tmp_path) as collector:
            await until(lambda: collector.intake.counts["quotes"] > 50)
        waiting = 0
        with Spool(tmp_path / "spool", SpoolLimits(fsync=False)) as spool:
            waiting = spool.depth
        counts = collector.intake.counts
        kept = counts["quotes"] - collector.queue.counts["coalesced"] + counts["trades"]
        kept += collector.intake.books.counts["books"]
        assert waiting == kept + sum(value for name, value in counts.items() if name.startswith("gap:"))

    asyncio.run(what())
