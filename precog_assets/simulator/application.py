"""The application a simulator serves: the venues under a request log, control and the page for this machine only.

Which simulation runs may change (`Application.replace`); requests go to the one that runs when they come, and the
streams of the one before end.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precog_assets.simulator.control.access import LoopbackOnly
from precog_assets.simulator.control.asking import answer
from precog_assets.simulator.control.requestlog import RequestLog
from precog_assets.simulator.control.table import PREFIX, control_app, entries
from precog_assets.simulator.headers import Dated
from precog_assets.simulator.recorded import recorded_routes
from precog_assets.simulator.simulation import Simulation, http_error

SERVICE_RESTART = 1012
"""What a stream is closed with when another world takes the place of its own."""


class Application:
    """An ASGI application over the simulation that runs."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.requests = RequestLog(Dated(self._venues), lambda: self.simulation.clock.now())
        control = control_app(entries(lambda: self.simulation, self.replace, self.requests))
        self._control = LoopbackOnly(Dated(control))

    def replace(self, simulation: Simulation) -> None:
        """Have another simulation run from now on."""
        before, self.simulation = self.simulation, simulation
        before.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_control(scope["path"]):
            await self._control(scope, receive, send)
        else:
            await self.requests(scope, receive, send)

    async def _venues(self, scope: Scope, receive: Receive, send: Send) -> None:
        simulation = self.simulation
        if scope["type"] != "websocket":
            await simulation.app(scope, receive, send)
            return
        open_still = False

        async def noted(message: Message) -> None:
            nonlocal open_still
            open_still = (open_still or message["type"] == "websocket.accept") and message["type"] != "websocket.close"
            await send(message)

        await simulation.app(scope, _until(simulation.ended, receive), noted)
        if open_still and simulation.ended.is_set():
            await send({"type": "websocket.close", "code": SERVICE_RESTART, "reason": "another world begins"})


def recorded_application(folder: Path) -> ASGIApp:
    """The venues over a folder of recorded payloads, read once, now; its clock is the real one."""
    started = datetime.now(UTC).isoformat()

    async def health(_request: Request) -> Response:
        now = datetime.now(UTC).isoformat()
        return answer({"status": "ok", "mode": "recorded", "now": now, "seed": None, "speed": 1.0})

    async def clock(_request: Request) -> Response:
        return answer({"real_anchor": started, "world_anchor": started, "speed": 1.0})

    errors: dict[Any, Any] = {HTTPException: http_error}
    own = [Route(PREFIX + "/health", health), Route(PREFIX + "/clock", clock)]
    control = LoopbackOnly(Starlette(routes=own, exception_handlers=errors))
    venues = Dated(Starlette(routes=recorded_routes(folder), exception_handlers=errors))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await (control if scope["path"].startswith(PREFIX + "/") else venues)(scope, receive, send)

    return application


def _is_control(path: str) -> bool:
    return path in ("/", PREFIX) or path.startswith(PREFIX + "/")


def _until(ended: asyncio.Event, receive: Receive) -> Receive:
    """What a stream's connection receives, and its end once its simulation has ended."""

    async def received() -> Message:
        if ended.is_set():
            return {"type": "websocket.disconnect", "code": SERVICE_RESTART}
        coming = asyncio.ensure_future(receive())
        ending = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            return {"type": "websocket.disconnect", "code": SERVICE_RESTART}
        finally:
            for task in (coming, ending):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    return received
