"""The stream's client: one connection at a time, kept, given up when silent, and opened again after a spread wait.

Belongs here: sockets, tasks, clocks. Does not: what frames mean (`session.py`), where they are kept (the sink).
Every frame is given to the sink as it came before it is read. A sink that cannot keep it stops the client: no frame
is taken off the wire that is not kept. What is not read meanwhile waits at the venue, which ends the subscription
(its error 25) rather than lose frames silently.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from precog_assets.domain.live import DateSeen, GapKind, RawPlace, Received
from precog_assets.domain.pacing import Backoff, Pace
from precog_assets.domain.times import Clock, SystemClock
from precog_assets.sources.address import is_loopback
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.stream.handshake import ConnectFailure, date_of, failure_of
from precog_assets.sources.kalshi.stream.pacing import Liveness
from precog_assets.sources.kalshi.stream.session import Happening, StreamSession
from precog_assets.sources.kalshi.stream.subscriptions import CHANNELS

log = logging.getLogger("precog.stream")

BEAT_S = 0.1
"""Between two looks at what is due; a session that has something to say is looked at at once."""
LATE_S = 1.0
"""A look that comes so late says that this process stood still, not that the venue is silent."""
SEND_S = 5.0
TICK = timedelta(microseconds=1)
"""Two frames are never received at one instant: facts of a market are told apart by it."""
MOST_BYTES = 16 << 20
QUEUED_FRAMES = 1024
Monotonic = Callable[[], float]


class Sink(Protocol):
    """Who is told. Called on the client's loop, in order; what it raises ends the client."""

    def keep(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace | None:
        """Keep a frame as it came. Raises PrecogError(system.archive) when it cannot be kept."""
        ...

    def take(self, received: Received | None, happened: Sequence[Happening]) -> None:
        """What a frame gave; without a frame, what became of the connection."""
        ...

    def dated(self, seen: DateSeen) -> None:
        """The venue's clock, of a handshake."""
        ...


@dataclass(slots=True)
class StreamState:
    """How the connection is doing, for metrics and checks."""

    connected: bool = False
    connections: int = 0
    """Handshakes that succeeded since the start."""
    frames: int = 0
    heard_s: float | None = None
    """Monotonic; when anything was heard last."""
    failure: ConnectFailure | None = None
    """Why the last try failed; None once it succeeded."""
    failures: Counter[str] = field(default_factory=Counter)
    """By reason."""
    codes: Counter[str] = field(default_factory=Counter)
    """The same, by code of `domain.errors`."""


class _Connection(ClientConnection):
    """Knows when it heard anything, control frames included."""

    heard_s = 0.0

    def data_received(self, data: bytes) -> None:
        self.heard_s = time.monotonic()
        super().data_received(data)


class _Connect(connect):
    """Follows no redirect: the signature would go to another host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class KalshiStream:
    """Follows the markets that are wanted until cancelled."""

    def __init__(
        self,
        url: str,
        credentials: KalshiCredentials,
        sink: Sink,
        *,
        channels: Sequence[str] = CHANNELS,
        clock: Clock | None = None,
        machine: Clock | None = None,
        chance: random.Random | None = None,
        pace: Pace | None = None,
        probe_after_s: float = 3.0,
        answer_s: float = 5.0,
        open_timeout_s: float = 10.0,
    ) -> None:
        """`clock` stamps what is received: the world's, where a world is simulated. `machine` signs, and is what a
        venue's `Date` is compared with. The rest is for tests and settings.
        """
        self.state = StreamState()
        self._url, self._credentials, self._sink = url, credentials, sink
        self._clock, self._machine = clock or SystemClock(), machine or SystemClock()
        chance = chance or random.Random()  # noqa: S311 - spreads waits, guards nothing
        self.session = StreamSession(chance, channels)
        self._backoff = Backoff(pace or Pace(), chance)
        self._probe_after_s, self._answer_s, self._open_timeout_s = probe_after_s, answer_s, open_timeout_s
        self._wake = asyncio.Event()

    def want(self, tickers: Iterable[str]) -> None:
        """Follow these markets, in order of importance, and no other. To be called on the client's loop."""
        self.session.want(tickers)
        self._wake.set()

    async def run(self) -> None:
        """Connect, follow, and connect again, until cancelled. Raises what the sink raises."""
        while True:
            connection = await self._connect()
            if connection is not None:
                await self._follow(connection)
            failure = self.state.failure
            wait_s = max(self._backoff.failed(time.monotonic()), failure.retry_after_s if failure else 0.0)
            await asyncio.sleep(wait_s)

    async def _connect(self) -> _Connection | None:
        parts = urlsplit(self._url)
        asked_at = self._machine.now()
        headers = self._credentials.sign("GET", parts.path, int(asked_at.timestamp() * 1000))
        options: dict[str, Any] = {"proxy": None} if is_loopback(parts.hostname or "") else {}
        try:
            connection = await _Connect(
                self._url,
                additional_headers=headers,
                create_connection=_Connection,
                open_timeout=self._open_timeout_s,
                ping_interval=None,
                close_timeout=1.0,
                compression=None,
                max_size=MOST_BYTES,
                max_queue=QUEUED_FRAMES,
                **options,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            failure = failure_of(error)
            self.state.failure = failure
            self.state.failures[failure.reason] += 1
            self.state.codes[failure.code] += 1
            self._dated(failure.date, asked_at)
            log.warning("stream not open: reason=%s code=%s detail=%s", failure.reason, failure.code, failure.detail)
            return None
        assert isinstance(connection, _Connection)
        self.state.failure = None
        self.state.connections += 1
        self._dated(date_of(connection.response) if connection.response else None, asked_at)
        return connection

    def _dated(self, date: datetime | None, asked_at: datetime) -> None:
        if date is not None:
            self._sink.dated(DateSeen(VENUE, date, asked_at, self._machine.now(), time.monotonic()))

    async def _follow(self, connection: _Connection) -> None:
        """One connection from its handshake to its end."""
        now_s = time.monotonic()
        self.session.opened()
        self._backoff.succeeded(now_s)
        self.state.connected, self.state.heard_s = True, now_s
        self._wake.set()
        alive = Liveness(now_s, probe_after_s=self._probe_after_s, answer_s=self._answer_s)
        tasks = [
            asyncio.create_task(self._read(connection), name="stream-read"),
            asyncio.create_task(self._keep_up(connection, alive), name="stream-keep-up"),
        ]
        ended: tuple[GapKind, str] = (GapKind.DISCONNECTED, "given up")
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ended = next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            connection.transport.abort()
            await connection.wait_closed()
            self.state.connected = False
            happened = self.session.closed(time.monotonic(), *ended)
            self._sink.take(None, happened)
        log.warning("stream ended: kind=%s detail=%s frames=%d", *ended, self.state.frames)

    async def _read(self, connection: _Connection) -> tuple[GapKind, str]:
        session, sink, state, now, monotonic = self.session, self._sink, self.state, self._clock.now, time.monotonic
        before = now()
        while True:
            try:
                data = await connection.recv(decode=False)
            except ConnectionClosed as error:
                return GapKind.DISCONNECTED, str(error)[:200]
            received_at, now_s = now(), monotonic()
            if received_at == before:
                received_at += TICK
            before = received_at
            place = sink.keep(data, received_at, now_s)
            state.frames += 1
            happened = session.receive(data, now_s)
            if happened:
                sink.take(Received(data, received_at, now_s, place), happened)
            if session.restless:
                self._wake.set()

    async def _keep_up(self, connection: _Connection, alive: Liveness) -> tuple[GapKind, str]:
        """Send what is due, ping into silence, and give up a connection that does not answer."""
        looked_s = time.monotonic()
        while True:
            now_s = time.monotonic()
            alive.heard(connection.heard_s)
            self.state.heard_s = now_s - alive.silent_s(now_s)
            if now_s - looked_s < LATE_S:
                if alive.stale(now_s):
                    return GapKind.SILENT, f"nothing heard for {alive.silent_s(now_s):.1f} s"
                late = self.session.unanswered(now_s)
                if late:
                    return GapKind.UNANSWERED, f"commands of {', '.join(late)} were not answered"
            commands = self.session.due(now_s)
            if noticed := self.session.noticed():
                self._sink.take(None, noticed)
            try:
                async with asyncio.timeout(SEND_S):
                    for command in commands:
                        await connection.send(command, text=True)
                    if alive.probe_due(now_s):
                        asyncio.ensure_future(await connection.ping()).add_done_callback(_then(alive))
            except TimeoutError:
                return GapKind.SILENT, f"nothing could be sent for {SEND_S:g} s"
            except ConnectionClosed as error:
                return GapKind.DISCONNECTED, str(error)[:200]
            looked_s = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._wake.wait()
            self._wake.clear()


def _then(alive: Liveness) -> Callable[[asyncio.Future[float]], None]:
    """Has a pong told to `alive`; the connection's end is not one."""

    def told(pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            alive.answered(time.monotonic())

    return told
