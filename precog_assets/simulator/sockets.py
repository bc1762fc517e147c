"""The server's HTTP protocol: uvicorn's, with the connection's transport at hand, so that faults can reset it."""

from __future__ import annotations

import importlib
from asyncio import Transport
from functools import lru_cache
from typing import Any

from precog_assets.simulator.faults.http import TRANSPORT

_PROTOCOLS = (
    ("uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol"),
    ("uvicorn.protocols.http.h11_impl", "H11Protocol"),
)
"""The fastest first; httptools may not be installed."""


class _Resettable:
    """One connection, beside uvicorn's class."""

    app_state: dict[str, Any]

    def connection_made(self, transport: Transport) -> None:
        self.app_state = {**self.app_state, TRANSPORT: transport}
        super().connection_made(transport)  # type: ignore[misc]  # uvicorn's


@lru_cache(maxsize=1)
def resettable() -> type[Any]:
    """The protocol class for uvicorn.Config."""
    for module, name in _PROTOCOLS:
        try:
            base = getattr(importlib.import_module(module), name)
        except ImportError:
            continue
        return type("Resettable", (_Resettable, base), {})
    raise RuntimeError("uvicorn has no HTTP protocol that can be loaded")
