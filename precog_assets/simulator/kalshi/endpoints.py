"""What an endpoint of the venue is: method, path, operation, handler, and what a call brings to it.

Every handler is a plain function of a `Call` that returns a body or raises `Refusal`; signing, rate limits and
the turn it waits for are the venue's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from precog_assets.simulator.kalshi.answers import Query

Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as its handler sees it."""

    query: Query
    path: dict[str, str]
    now: datetime
    """The world's instant, one for the whole answer."""
    body: bytes = b""
    account_id: str = ""
    """Whose signature was good; empty on public endpoints."""


Handler = Callable[[Call], Any]
"""Gives the JSON body, or `Raw` bytes of it; None means an empty body."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A JSON body already in bytes."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the venue's route table."""

    method: Method
    path: str
    """Under `/trade-api/v2`, e.g. `/markets/{ticker}`."""
    operation: str
    """The name Kalshi's own validation errors use, e.g. `GetMarkets`."""
    handler: Handler
    signed: bool = False
    status_code: int = 200
    items: Callable[[bytes], int] | None = field(default=None)
    """How many items of a batch the rate limit bills; None for one."""
    scope: str = ""
    """What the key must be allowed where it is not plain reading or trading."""

    @property
    def kind(self) -> Literal["read", "write"]:
        """Which of a key's two rate limits it spends."""
        return "read" if self.method == "GET" else "write"

    @property
    def needed_scope(self) -> str:
        """The scope a key needs."""
        return self.scope or ("read" if self.method == "GET" else "write::trade")
