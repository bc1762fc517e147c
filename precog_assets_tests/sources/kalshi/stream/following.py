"""The client over real sockets: a sink that remembers, the simulated venue, and waiting for what must happen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from random import Random
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from precog_assets.domain.facts import OrderBookSeen
from precog_assets.domain.live import DateSeen, Gap, RawPlace, Received
from precog_assets.domain.pacing import Pace
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.parse_trading import parse_orderbooks
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.sources.kalshi.stream.handshake import stream_url
from precog_assets.sources.kalshi.stream.session import Happening
from precog_assets_tests.simulator.serving import Running, running

PATIENCE_S = 60.0
QUICK = Pace(initial_s=0.05, max_s=0.2)


class Memory:
    """A sink that keeps everything, and tells whoever waits."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.happened: list[Happening] = []
        self.dates: list[DateSeen] = []
        self.changed = asyncio.Event()

    def keep(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace | None:
        self.raw.append(data)
        self.changed.set()
        return RawPlace("memory", len(self.raw) - 1)

    def take(self, received: Received | None, happened: Sequence[Happening]) -> None:
        if received is not None:
            assert received.place is not None
            assert self.raw[received.place.offset] == received.data
        self.happened += happened
        self.changed.set()

    def dated(self, seen: DateSeen) -> None:
        self.dates.append(seen)
        self.changed.set()

    @property
    def gaps(self) -> list[Gap]:
        return [one for one in self.happened if isinstance(one, Gap)]

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something holds; looked at whenever the sink is told anything."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                self.changed.clear()
                await self.changed.wait()


@contextmanager
def venue(**settings: Any) -> Iterator[Running]:
    """The simulator on loopback."""
    with running(**settings) as one:
        yield one


def credentials(one: Running) -> KalshiCredentials:
    """A new account's key."""
    opened = one.control("/accounts", {"key_kind": "ed25519", "tier": "prime"})
    key: Any = load_pem_private_key(opened["private_key_pem"].encode(), None)
    return KalshiCredentials(opened["key_id"], key)


def tickers(one: Running, most: int) -> list[str]:
    """Markets that are open, the busiest first."""
    page = one.get("/trade-api/v2/markets", status="open", mve_filter="exclude", limit=1000).json()["markets"]
    page.sort(key=lambda market: float(market["volume_fp"]), reverse=True)
    return [market["ticker"] for market in page[:most]]


@asynccontextmanager
async def following(url: str, key: KalshiCredentials, sink: Memory, **options: Any) -> AsyncIterator[KalshiStream]:
    """A client that runs until the block ends; nothing of it is left afterwards."""
    before = asyncio.all_tasks()
    stream = KalshiStream(url, key, sink, **{"chance": Random(1), "pace": QUICK, **options})
    task = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() - before <= {task}


def url_of(one: Running) -> str:
    return stream_url(f"{one.address}/trade-api/v2")


async def served_books(one: Running, names: Sequence[str]) -> dict[str, OrderBookSeen]:
    """The books as REST has them."""
    found: dict[str, OrderBookSeen] = {}
    for start in range(0, len(names), 50):
        query = {"tickers": list(names[start : start + 50])}
        answer = await asyncio.to_thread(one.client.get, "/trade-api/v2/markets/orderbooks", params=query)
        found |= {book.market_id.partition(":")[2]: book for book in parse_orderbooks(answer.content).rows}
    return found


def frames_of(raw: Sequence[bytes], kind: str) -> int:
    """How many of the frames are of a kind, those that can be read."""
    count = 0
    for data in raw:
        with contextlib.suppress(orjson.JSONDecodeError):
            count += orjson.loads(data)["type"] == kind
    return count
