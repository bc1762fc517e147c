"""The stream on a real server on loopback, and a client that sees every frame and answers only when told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame
from websockets.uri import parse_uri

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.stream import PATH, websocket_options

PATIENCE_S = 20.0
"""How long what must happen may take on a busy machine."""
NO_KEY = {"error": {"code": "signature_is_missing_from_headers", "message": "signature is missing from headers"}}


def by_header(headers: Mapping[str, str], method: str, path: str) -> str:
    """Who the `account` header says."""
    assert (method, path) == ("GET", PATH)
    if "account" not in headers:
        raise Refusal(401, NO_KEY)
    return headers["account"]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(routes: list[BaseRoute], **options: Any) -> AsyncIterator[str]:
    """The address of the stream on a server of its own; afterwards everything it ran is over."""
    before = asyncio.all_tasks()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_config=None,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=5,
        **{**websocket_options(), **options},
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    finally:
        server.should_exit = True
        await running
        listener.close()
    left = asyncio.all_tasks() - before
    assert not left, left


class RawClient:
    """A WebSocket client that hands out control frames too, and sends no pong unless told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: ClientProtocol) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        self._events: list[Any] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator[RawClient]:
        """Connected, and gone without a word afterwards."""
        uri = parse_uri(address)
        reader, writer = await asyncio.open_connection(uri.host, uri.port)
        protocol = ClientProtocol(uri)
        client = cls(reader, writer, protocol)
        try:
            request = protocol.connect()
            request.headers["account"] = "raw"
            protocol.send_request(request)
            client.flush()
            await client._event()
            assert protocol.handshake_exc is None
            yield client
        finally:
            writer.transport.abort()

    def flush(self) -> None:
        """Send what is due: commands, and pongs to the pings seen so far."""
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)

    def say(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        self.flush()

    async def frame(self) -> Frame | None:
        """The next frame of any sort; None when the connection is over."""
        return await self._event()

    async def _event(self) -> Any:
        while not self._events:
            try:
                data = await self._reader.read(65_536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events_received())
        return self._events.pop(0)


async def read_to_the_end(client: ClientConnection) -> int | None:
    """The code a connection was closed with, whatever came before."""
    try:
        while True:
            await client.recv()
    except ConnectionClosed:
        return client.close_code
