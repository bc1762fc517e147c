"""The collector: the stream, its writer, the polls of boards, and the reaction, in one asyncio process.

Belongs here: which task does what, and how they hand over. Does not: the steps themselves (`Ports`), wiring
(`precog collect`), leases. The loop does nothing that waits for the database or the network: that is done in threads.

- stream: frames to segments and queue, as fast as they come.
- write: what waits, a batch at a time; while one is written the next gathers. Markets it touched are reacted to.
- react: one reaction at a time, to everything that changed since the one before.
- poll: boards by phase; games that changed are reacted to.
- follow: which markets are wanted and how important each is; markets to be read over REST.
- confirm: says every few seconds that the quotes of a stream that is alive still hold.
- keep: seals segments, drains the spool, looks at the clocks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from precog_assets.config.sources import Cadence
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import DateSeen, Priority
from precog_assets.domain.pacing import Backoff, Pace
from precog_assets.domain.times import Clock, SystemClock
from precog_assets.pipeline.live.apply import Applied
from precog_assets.pipeline.live.boards import BoardUnanswered
from precog_assets.pipeline.live.books import BookLog, by_cadence
from precog_assets.pipeline.live.coalesce import QuoteQueue
from precog_assets.pipeline.live.facts import FactBatch, QuoteFact
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.pipeline.live.phases import BoardState, PollPlan
from precog_assets.pipeline.live.supervise import Supervisor
from precog_assets.pipeline.live.timing import CollectorLags, Offset, WallWatch
from precog_assets.pipeline.live.writer import FactWriter, Way
from precog_assets.sources.kalshi.parse_markets import market_id_of
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.store.segments import SealedSegment, SegmentWriter
from precog_assets.store.spool import Spool
from precog_assets.store.spool_state import SpoolFull

log = logging.getLogger("precog.live")
ResultT = TypeVar("ResultT")

BATCH_GAP_S = 0.05
"""Between two batches, so that each write's fixed cost is spread over what gathers."""
BATCH_QUOTES = 2_000
FOLLOW_S = 5.0
CONFIRM_S = 3.0
CONFIRM_BOOKS_S = 15.0
HEARD_S = 5.0
"""A stream that nothing was heard on for so long (pings included) confirms nothing."""
KEEP_S = 0.5
READ_AT_ONCE = 100
AT_ONCE = 4
"""Boards asked for at one time; the rate limiter has the last word."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the collector needs done. Each is called in a thread and may block; each may raise PrecogError."""

    wanted: Callable[[], Mapping[str, Priority]]
    """Tickers of the markets to follow now, the most important first."""
    apply: Callable[[FactBatch], Applied]
    """Writes facts in one transaction, idempotently."""
    react: Callable[[Collection[str], Collection[str]], object]
    """Prices and decides, of the markets and games that changed."""
    boards: Callable[[], Mapping[str, BoardState]]
    poll_board: Callable[[str], Collection[str]]
    """Reads a board and writes what changed; the games that did. Raises BoardUnanswered where that is counted."""
    read_markets: Callable[[Sequence[str]], object]
    """Reads markets over REST, by ticker: their lives went on, or nobody knows them here."""
    sealed: Callable[[SealedSegment], object]
    """A segment is whole: keeps it, and names it in raw.responses."""
    clock_set: Callable[[float], object]
    """Our clock was set ahead by so many seconds. Called on the loop."""
    dated: Callable[[DateSeen], object]
    """What the stream's venue says the time is. Called on the loop."""
    offset: Callable[[], Offset | None]
    """The venue's clock against ours, as it is known now. Called on the loop."""


class Collector:
    """Runs until cancelled; on return no task and no thread of it is left, and the segments are sealed."""

    def __init__(
        self,
        ports: Ports,
        segments: SegmentWriter,
        spool: Spool,
        clock: Clock,
        cadence: Cadence,
        book_cadence: Cadence,
        make_stream: Callable[[StreamIntake], KalshiStream],
        *,
        random: Random,
        queue: QuoteQueue[QuoteFact] | None = None,
        pace: Pace | None = None,
        machine: Clock | None = None,
    ) -> None:
        """`cadence` is of boards, `book_cadence` of the rows that order books become.

        `pace` is of what is begun again after trouble, and of asking a database that was away. `clock` is the
        world's where one is simulated; `machine` is watched for jumps.
        """
        self.counts: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        """Boards that were not answered, by code: their steps have counted them already."""
        self.lags = CollectorLags()
        self.supervisor = Supervisor(random, pace)
        self.queue: QuoteQueue[QuoteFact] = queue if queue is not None else QuoteQueue()
        self._ports, self._segments = ports, segments
        self._work, self._moved, self._to_read = asyncio.Event(), asyncio.Event(), asyncio.Event()
        books = BookLog(by_cadence(book_cadence, self.queue.priority_of))
        self.intake = StreamIntake(segments, self.queue, books, clock, self._work.set, ports.dated, ports.offset)
        self.stream = make_stream(self.intake)
        self.intake.quote_of = self.stream.session.quote
        self.writer = FactWriter(
            self._apply, spool, Backoff(pace or Pace(max_s=10.0, floor_s=0.2), random), segments.flush
        )
        self._plan = PollPlan(cadence, random)
        self._wall, self._machine = WallWatch(), machine or SystemClock()
        self._batch = FactBatch()
        self._markets: dict[str, float] = {}
        """Markets that changed and were not reacted to, with when the first frame of it came (monotonic)."""
        self._games: dict[str, float] = {}
        self._reading: dict[str, None] = {}
        self._sealed: list[tuple[SealedSegment, float]] = []
        """Segments that are whole, and since when, of whose facts some may still wait."""
        self._settled_s = float("-inf")
        """Every fact that came before is written or spooled."""
        self._threads = ThreadPoolExecutor(max_workers=4 + AT_ONCE, thread_name_prefix="collector")
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collector-write")

    async def run(self) -> None:
        """Collect until cancelled."""
        for name, work in (
            ("stream", self.stream.run),
            ("write", self._write),
            ("react", self._react),
            ("poll", self._poll),
            ("follow", self._follow),
            ("read", self._read),
            ("confirm", self._confirm),
            ("keep", self._keep),
        ):
            self.supervisor.add(name, work)
        try:
            await self.supervisor.run()
        finally:
            self._writing.shutdown(wait=True)
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._last_words()

    async def _write(self) -> None:
        taken_s = self._settled_s
        while True:
            await self._work.wait()
            self._work.clear()
            now_s = time.monotonic()
            if not len(self._batch):
                self._batch = self.intake.drained(BATCH_QUOTES, now_s)
                taken_s = now_s if not len(self.queue) else self._settled_s
            batch = self._batch
            try:
                way = await self._in(self._writing, lambda batch=batch: self.writer.write(batch, time.monotonic()))
            except SpoolFull as error:
                # The batch is kept; quotes coalesce behind it, and every frame is in its segment.
                self.counts["spool_full"] += 1
                log.error("nothing takes the facts of the stream: %s", error)
                await asyncio.sleep(KEEP_S)
                self._work.set()
                continue
            self._batch, self._settled_s = FactBatch(), taken_s
            self._note(way, batch)
            if len(self.queue):
                self._work.set()
            self._to_read.set()
            await asyncio.sleep(BATCH_GAP_S)

    def _apply(self, batch: FactBatch) -> Applied:
        applied = self._ports.apply(batch)
        if applied.unknown:
            self._reading.update(dict.fromkeys(market.partition(":")[2] for market in applied.unknown))
        return applied

    def _note(self, way: Way, batch: FactBatch) -> None:
        self.counts[f"batches:{way.value}"] += 1
        if way is not Way.WRITTEN:
            return
        ended_s = time.monotonic()
        for fact in batch.quotes:
            received_s = ended_s if fact.received_s is None else fact.received_s
            self.lags.written.record(ended_s - received_s)
            self._markets.setdefault(fact.market_id, received_s)
        if batch.quotes:
            self._moved.set()

    async def _react(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            markets, self._markets = self._markets, {}
            games, self._games = self._games, {}
            if not markets and not games:
                continue
            done = False
            try:
                await self._in(self._threads, lambda m=tuple(markets), g=tuple(games): self._ports.react(m, g))
                done = True
            finally:
                if not done:
                    # What was not reacted to is reacted to next time.
                    self._markets, self._games = {**self._markets, **markets}, {**self._games, **games}
                    self._moved.set()
            self.counts["reactions"] += 1
            ended_s = time.monotonic()
            for began_s in (*markets.values(), *games.values()):
                self.lags.reacted.record(ended_s - began_s)

    async def _poll(self) -> None:
        under_way: set[str] = set()
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(board: str) -> None:
            try:
                async with slots:
                    asked_s = time.monotonic()
                    changed = await self._in(self._threads, lambda: self._ports.poll_board(board))
                self.counts["polls"] += 1
                self._games.update(dict.fromkeys(changed, asked_s))
                if changed:
                    self._moved.set()
            except PrecogError as error:
                # Its time comes again by the plan; the other boards are not its business.
                failures = self.unanswered if isinstance(error, BoardUnanswered) else self.supervisor.failures
                failures[error.code] += 1
                log.warning("board %s was not read: code=%s %s", board, error.code, error)
            finally:
                under_way.discard(board)

        async with asyncio.TaskGroup() as group:
            while True:
                now_s = time.monotonic()
                for board in self._plan.due(now_s):
                    self._plan.polled(board, now_s)
                    if board in under_way:
                        self.counts["polls_overdue"] += 1
                        continue
                    under_way.add(board)
                    group.create_task(one(board))
                next_s = self._plan.next_s()
                await asyncio.sleep(min(1.0, max(0.02, (next_s or now_s + 1.0) - now_s)))

    async def _follow(self) -> None:
        while True:
            wanted = await self._in(self._threads, self._ports.wanted)
            self.queue.prioritise({market_id_of(ticker): priority for ticker, priority in wanted.items()})
            self.stream.want(wanted)
            self.intake.books.follow(wanted)
            self._plan.update(await self._in(self._threads, self._ports.boards), time.monotonic())
            await asyncio.sleep(FOLLOW_S)

    async def _read(self) -> None:
        """Markets that REST has to tell of: what the stream says of their lives is not their whole definition."""
        while True:
            await self._to_read.wait()
            self._to_read.clear()
            followed = set(self.stream.session.subscriptions.wanted)
            self._reading.update(dict.fromkeys(ticker for ticker in self.intake.lives() if ticker in followed))
            tickers = tuple(self._reading)[:READ_AT_ONCE]
            if not tickers:
                continue
            await self._in(self._threads, lambda tickers=tickers: self._ports.read_markets(tickers))
            self.counts["markets_read"] += len(tickers)
            for ticker in tickers:
                self._reading.pop(ticker, None)

    async def _confirm(self) -> None:
        books_s = time.monotonic()
        while True:
            await asyncio.sleep(CONFIRM_S)
            now_s, state, books = time.monotonic(), self.stream.state, self.stream.session.books
            if not state.connected or state.heard_s is None or now_s - state.heard_s > HEARD_S:
                continue
            held = [ticker for ticker in self.stream.session.subscriptions.wanted if books.get(ticker) is not None]
            with_books = now_s - books_s >= CONFIRM_BOOKS_S
            books_s = now_s if with_books else books_s
            batch = self.intake.confirmed(held, books=with_books)
            await self._in(self._writing, lambda batch=batch, now_s=now_s: self.writer.confirm(batch, now_s))

    async def _keep(self) -> None:
        while True:
            now_s = time.monotonic()
            self._sealed += [(sealed, now_s) for sealed in self._segments.tick(now_s)]
            await self._name_segments(now_s)
            await self._in(self._writing, lambda now_s=now_s: self.writer.catch_up(now_s))
            if self.intake.books.due(now_s):
                self._work.set()
            jumped_s = self._wall.observe(self._machine.now(), time.monotonic())
            if jumped_s is not None:
                self.counts["clock_jumps"] += 1
                self._ports.clock_set(jumped_s)
                log.warning("our clock was set by %+.1f s", jumped_s)
            await asyncio.sleep(KEEP_S)

    async def _name_segments(self, now_s: float) -> None:
        """Name whole segments once their facts are written: those of one that is named are not made again."""
        if not self._work.is_set() and not len(self.queue) and not len(self._batch):
            self._settled_s = now_s
        while self._sealed and self._sealed[0][1] <= self._settled_s:
            whole = self._sealed.pop(0)
            try:
                await self._in(self._threads, lambda whole=whole: self._ports.sealed(whole[0]))
            except PrecogError:
                self._sealed.insert(0, whole)
                raise

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _last_words(self) -> None:
        """What had been taken in is written or spooled, and the segments sealed; nothing else runs any more."""
        now_s = time.monotonic()
        rest = self.intake.drained(len(self.queue), float("inf"))
        try:
            for batch in (self._batch, rest):
                self.writer.write(batch, now_s)
            for sealed in [*(one for one, _ in self._sealed), *self._segments.close()]:
                self._ports.sealed(sealed)
        except PrecogError as error:
            # Every frame of it is in a segment: the facts can be made again from there (`rebuild`).
            self.counts["left_behind"] += len(self._batch) + len(rest)
            log.error("the last facts of the stream were not written: %s", error)
        self._batch = FactBatch()
