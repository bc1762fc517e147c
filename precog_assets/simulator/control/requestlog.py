"""The request log: what the venues were asked last, how they answered, how long it took, which faults struck."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precog_assets.simulator.clock import real_now
from precog_assets.simulator.faults.http import STRUCK

REQUESTS_KEPT = 1_000


class RequestLog:
    """An application whose requests are noted when they end, newest last; the streams' handshakes among them."""

    def __init__(self, app: ASGIApp, world_now: Callable[[], datetime]) -> None:
        self._app = app
        self._world_now = world_now
        self._kept: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.count = 0

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """The newest first."""
        return list(islice(reversed(self._kept), limit))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, asked_at, world = time.perf_counter(), real_now(), self._world_now()
        status: int | None = None
        size = 0

        def note() -> None:
            self.count += 1
            query = scope.get("query_string", b"").decode("latin-1")
            client = scope.get("client") or ("", 0)
            self._kept.append(
                {
                    "number": self.count,
                    "wall_time": asked_at.isoformat(),
                    "world_time": world.isoformat(),
                    "method": scope.get("method", "WS"),
                    "path": scope["path"] + (f"?{query}" if query else ""),
                    "status": status,
                    "ms": round((time.perf_counter() - began_s) * 1000, 2),
                    "bytes": size,
                    "client": f"{client[0]}:{client[1]}",
                    "faults": scope.get(STRUCK, []),
                }
            )

        async def noted(message: Message) -> None:
            nonlocal status, size
            await send(message)
            kind = message["type"]
            if kind in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif kind == "http.response.body":
                size += len(message.get("body", b""))
            elif kind == "websocket.accept":
                status = 101
                note()

        try:
            await self._app(scope, receive, noted)
        finally:
            if status != 101:
                note()
