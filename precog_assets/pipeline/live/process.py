"""The collector's process: its parts opened, its leases kept, its slower chores, its status; until it is told to stop.

Belongs here: what runs beside the collector's own tasks. Does not: those (`collector`), the steps they call (`ports`),
signals and printing (`cli.collect`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import speed_of
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.boards_away import BoardPoller
from precog_assets.pipeline.live.collector import Collector
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.live.failures import failures_of, keep_failures
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.pipeline.live.kept import ARCHIVE_EACH_S, KeptSegments
from precog_assets.pipeline.live.leases import Leases
from precog_assets.pipeline.live.missed import Missed, loses_trades, read_missed, since_start
from precog_assets.pipeline.live.ports import ports_of
from precog_assets.pipeline.live.reaction import Reactor
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.pipeline.live.status import CollectorStatus
from precog_assets.pipeline.live.venue_watch import VenueWatch
from precog_assets.pipeline.roles import TRADING
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.store import ops
from precog_assets.store.plays import warm
from precog_assets.store.segments import SegmentWriter
from precog_assets.store.spool import Spool
from precog_assets.store.stream_log import close_gaps

if TYPE_CHECKING:
    from precog_assets.services import Services

log = logging.getLogger("precog.live")
ResultT = TypeVar("ResultT")
CHECK_S = 1.0
SLOW_THREADS = 16
ESPN = "espn"


@dataclass(frozen=True, slots=True)
class Chore:
    """Something slower that is done every so often, in a thread of its own. `run` may raise PrecogError."""

    name: str
    every_s: Callable[[], float]
    run: Callable[[], object]


class CollectorProcess:
    """One collector over services. `url` and `credentials` are the stream's."""

    def __init__(
        self,
        services: Services,
        url: str,
        credentials: KalshiCredentials,
        *,
        chores: Callable[[CollectorProcess], Sequence[Chore]] = lambda _process: (),
        folder: Path | None = None,
        random: Random | None = None,
    ) -> None:
        home = folder or services.environment.home
        chance = random or Random()  # noqa: S311 - spreads waits, guards nothing
        self.services = services
        warm(tuple(league.key for league in services.leagues))
        self.leases = Leases(services.engine, (VENUE, ESPN, TRADING))
        self._venue = VenueWatch()
        self.reactor = Reactor(services, lambda: self.leases.held(TRADING), venue_away=self._venue.why)
        self._rows = SegmentRows(services.engine, VENUE, services.clock)
        self._segments_folder = home / "segments" / services.environment.name
        self._kept = KeptSegments(services, VENUE, self._segments_folder, self._rows)
        self._spool = Spool(home / "spool" / services.environment.name / "stream")
        self._boards = BoardPoller(services, home / "spool" / services.environment.name / "boards")
        self._threads = ThreadPoolExecutor(max_workers=SLOW_THREADS, thread_name_prefix="collector-slow")
        """Of their own, so that a chore of minutes keeps nothing else waiting, a heartbeat least."""
        self._gaps_open = False
        self._counted: Counter[tuple[str, str]] = Counter()
        self._missed = Missed()
        self._asked_start = False
        self._details: dict[str, object] | None = None
        self._frames_before, self._status_s, self._began_s = 0, time.monotonic(), time.monotonic()

        def stream(intake: StreamIntake) -> KalshiStream:
            return KalshiStream(url, credentials, intake, clock=services.clock, chance=chance)

        self.collector = Collector(
            ports_of(services, self._rows, self._boards, self.reactor, self._gaps_written, self._follows),
            SegmentWriter(self._segments_folder, VENUE),
            self._spool,
            services.clock,
            services.limiter.config(ESPN).poll,
            services.limiter.config(VENUE).poll,
            stream,
            random=chance,
        )
        supervisor = self.collector.supervisor
        supervisor.add("leases", self._beat)
        supervisor.add("rest", self._rest)
        supervisor.add("check", self._check)
        archive = Chore("raw segments", lambda: ARCHIVE_EACH_S, self._kept.archive)
        for chore in (*chores(self), archive):
            supervisor.add(chore.name, lambda chore=chore: self._every(chore))

    async def run(self) -> None:
        """Collect until cancelled; the leases are given up on the way out."""
        try:
            await self.collector.run()
        finally:
            try:
                await self._slowly(self.leases.release)
            except PrecogError as error:
                log.warning("leases were not given up: %s", error)
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._spool.close()
            self._boards.close()

    def streaming(self) -> bool:
        """Whether the stream tells of every market that is followed."""
        return self.collector.stream.state.connected and not self.collector.stream.session.books.awaited

    def holds_book(self, ticker: str) -> bool:
        """Whether the stream tells of a market's order book now."""
        return self.collector.stream.state.connected and self.collector.stream.session.books.get(ticker) is not None

    def status(self) -> CollectorStatus:
        """How it is doing; what is counted by time begins anew. To be called on the loop."""
        collector, now_s = self.collector, time.monotonic()
        state, session = collector.stream.state, collector.stream.session
        span_s = max(1e-6, now_s - self._status_s)
        frames, self._frames_before, self._status_s = state.frames - self._frames_before, state.frames, now_s
        written, decided, spool = collector.lags.written.reset(), collector.lags.reacted.reset(), self._spool.state()
        offset = collector.intake.offset.estimate(now_s)
        counts = (
            collector.counts
            + collector.intake.counts
            + collector.intake.books.counts
            + collector.queue.counts
            + collector.writer.counts
        )
        return CollectorStatus(
            at=self.services.clock.now().isoformat(),
            uptime_s=round(now_s - self._began_s, 1),
            connected=state.connected,
            stream=state.failure.reason if state.failure is not None else "",
            markets=len(session.subscriptions.wanted),
            books=session.books.sound,
            frames_per_s=round(frames / span_s, 1),
            quotes_waiting=len(collector.queue),
            written_p50_s=round(written.p50_s, 4),
            written_p99_s=round(written.p99_s, 4),
            decided_p50_s=round(decided.p50_s, 4),
            decided_p99_s=round(decided.p99_s, 4),
            spool_depth=spool.depth + self._boards.depth,
            spool_bytes=spool.size_bytes,
            segments_bytes=self._kept.size_bytes(),
            gaps=sum(count for name, count in collector.intake.counts.items() if name.startswith("gap:")),
            reactions=collector.counts["reactions"],
            polls=collector.counts["polls"],
            tasks=len(asyncio.all_tasks()),
            roles=self.leases.epochs(),
            clock_offset_s=None if offset is None else round(offset.offset_s, 3),
            counts=dict(counts),
            failures=dict(collector.supervisor.failures),
        )

    async def _every(self, chore: Chore) -> None:
        while True:
            await self._slowly(chore.run)
            await asyncio.sleep(chore.every_s())

    async def _slowly(self, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _beat(self) -> None:
        while True:
            await self._slowly(lambda: self.leases.beat(self._details))
            await asyncio.sleep(self.leases.every_s)

    def tell(self, status: CollectorStatus) -> None:
        """What the leases tell of this process from the next heartbeat on."""
        self._details = status.details()

    async def _rest(self) -> None:
        while True:
            await self._slowly(self.reactor.rest)
            await asyncio.sleep(self.reactor.resting_s())

    def _follows(self, tickers: Collection[str]) -> None:
        self._missed.follows(tickers, self.services.clock.now())

    def _gaps_written(self, facts: Sequence[GapFact]) -> None:
        self._gaps_open = True
        speed = speed_of(self.services.clock)
        for fact in facts:
            if loses_trades(fact):
                self._missed.noticed(fact.since(speed))

    async def _check(self) -> None:
        """Gaps that are over, trades that were missed, rejections to keep, a venue that is down."""
        while True:
            if not self._asked_start:
                self._missed.noticed(await self._slowly(lambda: since_start(self.services)))
                self._asked_start = True
            if self._kept.left:
                await self._slowly(self._rebuild)
            streaming = self.streaming()
            if streaming and (since := self._missed.take()) is not None:
                await self._slowly(lambda since=since: self._read_missed(since))
            if streaming and self._gaps_open:
                self._gaps_open = False
                await self._slowly(self._close_gaps)
            if rejections := self.collector.intake.rejections():
                await self._slowly(lambda: self._reject(rejections))
            await self._count_failures()
            await self._watch_venue()
            await asyncio.sleep(CHECK_S)

    def _read_missed(self, since: datetime) -> None:
        done = False
        try:
            done = not read_missed(self.services, since).failed
        finally:
            if not done:
                self._missed.noticed(since)

    def _rebuild(self) -> None:
        self._kept.rebuild(BatchApplier(self.services.engine, self._rows.response_of))

    def _close_gaps(self) -> None:
        with in_database(self.services.engine) as connection:
            close_gaps(connection, VENUE, self.services.clock.now())

    def _reject(self, rejections: Sequence) -> None:
        with in_database(self.services.engine) as connection:
            now = self.services.clock.now()
            ops.record_rejections(connection, [(one, None) for one in rejections], now)

    async def _count_failures(self) -> None:
        now = failures_of(self.collector)
        if new := now - self._counted:
            await self._slowly(lambda: keep_failures(self.services, new))
            self._counted = now

    async def _watch_venue(self) -> None:
        """A stream or a REST that is away for long: what rests is taken back, once."""
        watch = self._venue
        watch.look(stream=self.collector.stream.state.connected, rest=self.services.kalshi.answers)
        lease = self.leases.held(TRADING)
        if lease is not None and (ways := watch.due()):
            await self._slowly(lambda: watch.act(self.services, lease, ways))
