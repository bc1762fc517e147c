"""The collector's process: its parts opened, its leases kept, its slower chores, its status; until it is told to stop.

Belongs here: what runs beside the collector's own tasks. Does not: those (`collector`), the steps they call (`ports`),
signals and printing (`cli.collect`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.boards_away import BoardPoller
from precog_assets.pipeline.live.collector import Collector
from precog_assets.pipeline.live.contracts import COUNT_EACH_S, StreamContracts
from precog_assets.pipeline.live.failures import failures_of, keep_failures
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.pipeline.live.kept import ARCHIVE_EACH_S, KeptSegments
from precog_assets.pipeline.live.leases import Leases
from precog_assets.pipeline.live.mending import Mending
from precog_assets.pipeline.live.on_disk import folders_of
from precog_assets.pipeline.live.ports import ports_of, venue_offset
from precog_assets.pipeline.live.reaction import Reactor
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.pipeline.live.status import CollectorStatus
from precog_assets.pipeline.live.venue_watch import VenueWatch
from precog_assets.pipeline.live.watched import Watched
from precog_assets.pipeline.roles import TRADING
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.store import ops
from precog_assets.store.plays import warm
from precog_assets.store.segments import SegmentWriter
from precog_assets.store.spool import Spool
from precog_assets.store.spool_state import SpoolState

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
        folders = folders_of(services.environment, folder)
        chance = random or Random()  # noqa: S311 - spreads waits, guards nothing
        self.services = services
        warm(tuple(league.key for league in services.leagues))
        self.leases = Leases(services.engine, (VENUE, ESPN, TRADING))
        self._venue = VenueWatch()
        self.reactor = Reactor(services, lambda: self.leases.held(TRADING), venue_away=self._venue.why)
        self._rows = SegmentRows(services.engine, VENUE, services.clock)
        self._kept = KeptSegments(services, VENUE, folders.segments, self._rows)
        self._spool = Spool(folders.stream)
        self._boards = BoardPoller(services, folders.boards)
        for what, state in ((folders.stream, self._spool.state()), (folders.boards, self._boards.state())):
            _tell_of_damage(what, state)
        self._threads = ThreadPoolExecutor(max_workers=SLOW_THREADS, thread_name_prefix="collector-slow")
        """Of their own, so that a chore of minutes keeps nothing else waiting, a heartbeat least."""
        self._counted: Counter[tuple[str, str]] = Counter()
        self._contracts = StreamContracts(services, VENUE)
        self._mending = Mending(services)
        self._not_followed = 0
        self._details: dict[str, object] | None = None
        self._frames_before, self._status_s, self._began_s = 0, time.monotonic(), time.monotonic()

        def stream(intake: StreamIntake) -> KalshiStream:
            return KalshiStream(url, credentials, intake, clock=services.clock, chance=chance)

        self.ports = ports_of(services, self._rows, self._boards, self.reactor, self._mending.written, self._follows)
        self.collector = Collector(
            self.ports,
            SegmentWriter(folders.segments, VENUE),
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
        # Apart, so that one that keeps failing, or takes minutes, keeps no other from being done.
        supervisor.add("venue", self._watch_venue)
        supervisor.add("left behind", self._make_again)
        supervisor.add("gaps", self._mend)
        supervisor.add("failures", self._count)
        supervisor.add("keys of frames", self._count_keys)
        archive = Chore("raw segments", lambda: ARCHIVE_EACH_S, self._kept.archive)
        for chore in (*chores(self), archive):
            supervisor.add(chore.name, lambda chore=chore: self._every(chore))

    async def run(self) -> None:
        """Collect until cancelled; on the way out the leases are given up, and nothing is left that need not wait."""
        try:
            await self.collector.run()
        finally:
            self._contracts.add(self.collector.stream.session.contracts())
            await self._at_last("leases were not given up", self.leases.release)
            await self._at_last("keys of frames were not counted", self._contracts.record)
            await self._at_last("raw segments wait for the next start", self._kept.archive)
            self.close()

    def close(self) -> None:
        """Let go of folders and threads; what waits on disk stays there."""
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
        written, decided, lag = (
            meter.reset() for meter in (collector.lags.written, collector.lags.reacted, collector.intake.lag.meter)
        )
        writer, spools, offset = collector.writer.state(), self._spools(), venue_offset(self.services)
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
            spool_depth=sum(spool.depth for spool in spools),
            spool_bytes=sum(spool.size_bytes for spool in spools),
            segments_bytes=self._kept.size_bytes(),
            gaps=sum(count for name, count in collector.intake.counts.items() if name.startswith("gap:")),
            reactions=collector.counts["reactions"],
            polls=collector.counts["polls"],
            tasks=len(asyncio.all_tasks()),
            roles=self.leases.epochs(),
            clock_offset_s=None if offset is None else round(offset.offset_s, 3),
            clock_error_s=None if offset is None else round(offset.error_s, 3),
            venue_lag_p50_s=round(lag.p50_s, 4) if lag.count else None,
            venue_lag_p99_s=round(lag.p99_s, 4) if lag.count else None,
            markets_not_followed=self._not_followed,
            quotes_coalesced=collector.queue.counts["coalesced"],
            quotes_shed=collector.queue.counts["shed"],
            database_away_s=None if writer.away_since_s is None else round(now_s - writer.away_since_s, 1),
            spool_damaged_bytes=sum(spool.damaged_bytes for spool in spools),
            spool_torn_bytes=sum(spool.torn_bytes for spool in spools),
            spool_shed=sum(sum(spool.shed.values()) for spool in spools),
            spool_unreadable=collector.writer.counts["unreadable"],
            counts=dict(counts),
            failures=dict(collector.supervisor.failures + collector.unanswered),
        )

    def _spools(self) -> tuple[SpoolState, SpoolState]:
        return self.collector.writer.state().spool, self._boards.state()

    async def _every(self, chore: Chore) -> None:
        while True:
            await self._slowly(chore.run)
            await asyncio.sleep(chore.every_s())

    async def _slowly(self, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _at_last(self, otherwise: str, work: Callable[[], object]) -> None:
        try:
            await self._slowly(work)
        except PrecogError as error:
            log.warning("%s: %s", otherwise, error)

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

    def _follows(self, watched: Watched) -> None:
        self._mending.follows(watched.tickers)
        if watched.not_followed != self._not_followed:
            self._not_followed = watched.not_followed
            log.warning(
                "%d markets of games in their window are followed, %d are too many and are not",
                len(watched.tickers),
                watched.not_followed,
            )

    async def _count_keys(self) -> None:
        while True:
            await asyncio.sleep(COUNT_EACH_S)
            self._contracts.add(self.collector.stream.session.contracts())
            await self._slowly(self._contracts.record)

    async def _make_again(self) -> None:
        """What a killed collector left behind."""
        applier = BatchApplier(self.services.engine, self._rows.response_of)
        while True:
            if self._kept.left:
                await self._slowly(lambda: self._kept.rebuild(applier))
            await asyncio.sleep(CHECK_S)

    async def _mend(self) -> None:
        stream = self.collector.stream
        while True:
            told = self._mending.told_of_all(stream.session.books.awaited, connected=stream.state.connected)
            await self._slowly(lambda told=told: self._mending.mend(told_of_all=told))
            await asyncio.sleep(CHECK_S)

    async def _count(self) -> None:
        """Rejections are kept, and failures counted."""
        while True:
            if rejections := self.collector.intake.rejections():
                await self._slowly(lambda: self._reject(rejections))
            await self.count_failures()
            await asyncio.sleep(CHECK_S)

    def _reject(self, rejections: Sequence) -> None:
        with in_database(self.services.engine) as connection:
            now = self.services.clock.now()
            ops.record_rejections(connection, [(one, None) for one in rejections], now)

    async def count_failures(self) -> None:
        """Keep the failures since the last call among those of the hour. Raises PrecogError(system.database)."""
        now = failures_of(self.collector, self._spools())
        if new := now - self._counted:
            await self._slowly(lambda: keep_failures(self.services, new))
            self._counted = now

    async def _watch_venue(self) -> None:
        """A stream or a REST that is away for long: what rests is taken back, once."""
        watch = self._venue
        while True:
            watch.look(stream=self.collector.stream.state.connected, rest=self.services.kalshi.answers)
            lease = self.leases.held(TRADING)
            if lease is not None and (ways := watch.due()):
                await self._slowly(lambda lease=lease, ways=ways: watch.act(self.services, lease, ways))
            await asyncio.sleep(CHECK_S)


def _tell_of_damage(folder: Path, spool: SpoolState) -> None:
    if spool.damaged_bytes:
        log.error(
            "spool %s: %d damaged bytes are passed over; what they held is missing from the tables, and its frames are "
            "kept raw",
            folder,
            spool.damaged_bytes,
        )
    if spool.torn_bytes:
        log.warning("spool %s: %d bytes of a write that was cut off are removed", folder, spool.torn_bytes)
