"""A simulator on a real socket of loopback, served by a thread of the test's own process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from precog_assets.simulator.application import Application
from precog_assets.simulator.server import build_app, configured, listening_socket
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.world_file import load_or_create_world, new_settings

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""A Saturday evening, when every league of the world plays."""


@dataclass(frozen=True)
class Running:
    """A simulator and how to reach it."""

    application: Application
    address: str
    client: httpx.Client

    @property
    def simulation(self) -> Simulation:
        return self.application.simulation

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query or None)

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """One call of control that must succeed; its JSON."""
        how = method or ("GET" if body is None else "POST")
        answer = self.client.request(how, f"/simulator{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def refused(self, path: str, body: Any = None, *, method: str = "POST", **query: Any) -> str:
        """One call of control that must be refused with 400; what it says."""
        content = body if isinstance(body, bytes) else None
        json = None if isinstance(body, bytes) else body
        answer = self.client.request(method, f"/simulator{path}", json=json, content=content, params=query or None)
        assert answer.status_code == 400, answer.text
        return answer.json()["error"]["message"]


@contextmanager
def listening(app: ASGIApp, host: str = "127.0.0.1", **options: Any) -> Iterator[int]:
    """Serve an application as the simulator's command does; the port."""
    with listening_socket(host, 0, **options) as listener:
        server = uvicorn.Server(configured(app))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def running(path: Path | None = None, **settings: Any) -> Iterator[Running]:
    """A simulation served until the block ends; remembered in `path` where one is given."""
    given = {"leagues": ("nfl", "nba"), "anchor": ANCHOR, "real_now": datetime.now(UTC), **settings}
    world = new_settings(**given) if path is None else load_or_create_world(path, **given)
    application = build_app(world, path)
    try:
        with listening(application) as port:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
                yield Running(application, address, client)
    finally:
        application.simulation.close()
