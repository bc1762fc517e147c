"""The WebSocket protocol of the server: uvicorn's, with Kalshi's ping, and able to leave a socket half open."""

from __future__ import annotations

from typing import Any, Protocol

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

HEARTBEAT = b"heartbeat"
INTERVAL_S = 10.0
PONG_WITHIN_S = 20.0
"""After which a client that does not answer is given up; Kalshi does not say how long it waits."""
MESSAGE_BYTES = 1 << 20
"""The largest command read; a larger one closes the connection with 1009."""
SOCKET = "simulator.socket"
"""The ASGI extension whose value is the connection's protocol, as `Socket`."""


class Socket(Protocol):
    """What can be done to a connection beyond sending and closing."""

    def fall_silent(self) -> None:
        """Read, answer and ping no more, and leave the socket open for the client to end."""
        ...

    def abort(self) -> None:
        """End the connection at once; what is not sent yet never is."""
        ...


def websocket_options() -> dict[str, Any]:
    """What uvicorn.Config needs to be told for the stream."""
    return {
        "ws": HeartbeatProtocol,
        "ws_ping_interval": INTERVAL_S,
        "ws_ping_timeout": PONG_WITHIN_S,
        "ws_max_size": MESSAGE_BYTES,
        "ws_per_message_deflate": False,
    }


class HeartbeatProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    _silent = False

    def handle_connect(self, event: Request) -> None:
        """Uvicorn's, and an extension for the application."""
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})  # type: ignore[assignment]
            extensions[SOCKET] = self

    def send_keepalive_ping(self) -> None:
        """Uvicorn's, but for what the ping says."""
        self.ping_timer = None
        if self.close_sent or self.transport.is_closing():
            return
        self.pending_ping_payload = HEARTBEAT
        self.ping_sent_at = self.loop.time()
        self.conn.send_ping(HEARTBEAT)
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.ping_timeout is None:
            self.schedule_ping()
        else:
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)

    def keepalive_timeout(self) -> None:
        """Uvicorn's, which waits for what is unsent to be read; a client that is gone never reads it."""
        super().keepalive_timeout()
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        """Uvicorn's; frames for a connection that the protocol is closing are late, not wrong.

        A refusal over HTTP ends the handshake too, which uvicorn would call an error of ours.
        """
        await self.writable.wait()
        if self.close_sent and message["type"] == "websocket.send":
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def data_received(self, data: bytes) -> None:
        """Uvicorn's, unless silent."""
        if not self._silent:
            super().data_received(data)

    def fall_silent(self) -> None:
        """As `Socket` has it."""
        self._silent = True
        self.stop_keepalive()

    def abort(self) -> None:
        """As `Socket` has it."""
        self.transport.abort()
