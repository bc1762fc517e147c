"""Asking an application in process, without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette


class Client:
    """GET requests to an application, on an event loop of its own; a context manager."""

    def __init__(self, app: Starlette) -> None:
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://simulator")

    def get(self, path: str, params: Any = None) -> httpx.Response:
        return self._runner.run(self._client.get(path, params=params))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
