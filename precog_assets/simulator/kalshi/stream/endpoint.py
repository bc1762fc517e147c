"""The stream on its sockets: the signed handshake, a reader and a writer per connection, and the pump of them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from precog_assets.domain.times import Clock
from precog_assets.simulator.kalshi.answers import Refusal, answer
from precog_assets.simulator.kalshi.exchange.view import ExchangeView
from precog_assets.simulator.kalshi.stream.heartbeat import SOCKET, Socket
from precog_assets.simulator.kalshi.stream.hub import Hub
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.outbox import Outbox
from precog_assets.simulator.kalshi.stream.session import Session
from precog_assets.simulator.kalshi.stream.tampering import Tampering, Untampered
from precog_assets.simulator.turns import TURNS, Turns

PATH = "/trade-api/ws/v2"
BEAT_S = 0.05
"""Real seconds between two looks at what happened."""
DRAIN_S = 0.25
"""Real seconds a beat that has more to tell waits at most for clients to read what was told."""
FULL_FRAMES = 10_000
"""Unread frames of a connection from which such a beat waits."""
BATCH_FRAMES = 256
"""Frames one writer sends before others have their turn."""

ResultT = TypeVar("ResultT")
Authenticate = Callable[[Mapping[str, str], str, str], str]
"""Of headers, method and path: whose signature it is. Raises Refusal."""


class Stream:
    """The stream of one exchange. Its pump runs while anyone is connected."""

    def __init__(
        self,
        exchange: ExchangeView,
        clock: Clock,
        authenticate: Authenticate,
        tampering: Tampering | None = None,
        limits: Limits | None = None,
        turns: Turns = TURNS,
    ) -> None:
        self._hub = Hub(exchange, clock, tampering or Untampered(), limits or Limits())
        self._authenticate = authenticate
        self._turns = turns
        self._outboxes: set[Outbox] = set()
        self._pump: asyncio.Task[None] | None = None
        self._sent: asyncio.Event | None = None
        """Set whenever a writer got rid of frames; the pump's."""

    def routes(self) -> list[BaseRoute]:
        """The one route there is."""
        return [WebSocketRoute(PATH, self.serve)]

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from its handshake to its end."""
        try:
            account_id = await self._turn(lambda: self._authenticate(websocket.headers, "GET", PATH))
        except Refusal as refusal:
            await websocket.send_denial_response(answer(refusal.body, refusal.status_code))
            return
        await websocket.accept()
        woken = asyncio.Event()
        outbox = _outbox(websocket.scope["extensions"].get(SOCKET), woken)
        session = await self._turn(lambda: self._hub.connect(account_id, outbox))
        self._outboxes.add(outbox)
        if self._pump is None or self._pump.done():
            self._sent = asyncio.Event()
            self._pump = asyncio.create_task(self._run(self._sent))
        ends = (
            asyncio.create_task(self._read(websocket, session)),
            asyncio.create_task(self._write(websocket, outbox, woken)),
        )
        try:
            done, _ = await asyncio.wait({*ends, self._pump}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._end(session, ends)

    async def _end(self, session: Session, tasks: Iterable[asyncio.Task[None]]) -> None:
        self._outboxes.discard(session.outbox)
        ending = list(tasks)
        if not self._outboxes and self._pump is not None:
            ending.append(self._pump)
            self._pump = None
        for task in ending:
            task.cancel()
        await asyncio.wait(ending)
        await self._turn(lambda: self._hub.disconnect(session))

    async def _turn(self, work: Callable[[], ResultT]) -> ResultT:
        """What `work` gives when it is its turn, which it keeps to its end even if the caller is cancelled."""
        return await asyncio.shield(self._turns.run(work))

    async def _run(self, sent: asyncio.Event) -> None:
        """Beat until cancelled; a beat that is behind is followed by the next once clients have read."""
        while True:
            if await self._turn(self._hub.beat):
                await self._drained(sent)
            else:
                await asyncio.sleep(BEAT_S)

    async def _drained(self, sent: asyncio.Event) -> None:
        """Wait for clients to read; only so long, as one that does not must not hold up the others."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while any(len(outbox) > FULL_FRAMES for outbox in self._outboxes):
                    sent.clear()
                    await sent.wait()

    async def _read(self, websocket: WebSocket, session: Session) -> None:
        while True:
            received = await websocket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            command: str | bytes = received["bytes"] if text is None else text
            await self._turn(lambda said=command: session.execute(said))

    async def _write(self, websocket: WebSocket, outbox: Outbox, woken: asyncio.Event) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await woken.wait()
                woken.clear()
                outbox.begin()
                while batch := outbox.take(BATCH_FRAMES):
                    for waiting in batch:
                        left_s = outbox.left_s(waiting)
                        if left_s > 0:
                            await asyncio.sleep(left_s)
                        if outbox.silent:
                            break
                        await _put(websocket, waiting.frame)
                        waiting.lane.taken += 1
                    if self._sent is not None:
                        self._sent.set()
                    await asyncio.sleep(0)


async def _put(websocket: WebSocket, frame: bytes) -> None:
    """Send a frame as text, or binary where it begins with a zero, as no text of the venue does."""
    if frame.startswith(b"\0"):
        await websocket.send_bytes(frame)
    else:
        await websocket.send_text(frame.decode(errors="replace"))


def _outbox(socket: Socket | None, woken: asyncio.Event) -> Outbox:
    """An outbox whose needs are looked after on the running loop."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        woken.set()
        if socket is not None and outbox.silent:
            socket.fall_silent()
        if socket is not None and outbox.full:
            socket.abort()

    def wake() -> None:
        loop.call_soon_threadsafe(look)

    outbox = Outbox(wake)
    return outbox


def stream_routes(
    exchange: ExchangeView, clock: Clock, authenticate: Authenticate, tampering: Tampering | None = None
) -> list[BaseRoute]:
    """The stream's routes; nothing runs until the first connection."""
    return Stream(exchange, clock, authenticate, tampering).routes()
