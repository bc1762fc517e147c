"""Answers of the world are computed one at a time, off the event loop, so that the server stays reachable.

A cold page takes seconds; meanwhile health and other connections must still be answered. One at a time, since
requests that ask for the same cold part would otherwise each compute it, and since the exchange's state must
have one hand on it. Whatever reads or changes a world, its venues or the exchange takes a turn here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response

ResultT = TypeVar("ResultT")


class Turns:
    """One line of waiting work for all venues of a world."""

    def __init__(self) -> None:
        self._one = CapacityLimiter(1)

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """What `work` gives, computed in a thread when it is its turn."""
        return await anyio.to_thread.run_sync(work, limiter=self._one)

    def take(self, handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that computes its answer when it is its turn."""

        async def endpoint(request: Request) -> Response:
            return await self.run(lambda: handler(request))

        return endpoint


TURNS = Turns()
