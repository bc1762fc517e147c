"""Answers of the world are computed one at a time, off the event loop, so that the server stays reachable.

A cold page takes seconds; meanwhile health and other connections must still be answered. One at a time, since
requests that ask for the same cold part would otherwise each compute it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response


class Turns:
    """One line of waiting requests for all venues of a world."""

    def __init__(self) -> None:
        self._one = CapacityLimiter(1)

    def take(self, handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that computes its answer when it is its turn."""

        async def endpoint(request: Request) -> Response:
            return await anyio.to_thread.run_sync(handler, request, limiter=self._one)

        return endpoint


TURNS = Turns()
