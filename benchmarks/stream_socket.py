"""The stream over a loopback socket: a burst of changes read, kept raw and put into books by the client itself.

Belongs here: a venue in a process of its own that answers one subscription with frames made before, and the client's
time for them. `python -m benchmarks.stream_socket FRAMES` is the venue; it prints its port.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target
from benchmarks.stream_frames import MARKETS, frames_of, ticker_of
from precog_assets.domain.live import DateSeen, RawPlace, Received
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.sources.kalshi.stream.session import Happening
from precog_assets.sources.kalshi.stream.subscriptions import MARKETS_A_COMMAND
from precog_assets.store.segments import SegmentWriter

BURST = Target("<=", 15.0)
"""Seconds for 20,000 changes."""


def measure(scale: Scale) -> list[Figure]:
    """A burst, from the first frame to the last."""
    count = scale.of(20_000, 5_000)
    command = [sys.executable, "-m", "benchmarks.stream_socket", str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as venue:
        assert venue.stdout is not None
        try:
            port = int(venue.stdout.readline())
            with tempfile.TemporaryDirectory(prefix="precog-figures-") as folder:
                took_s = asyncio.run(_followed(port, count, Path(folder)))
        finally:
            venue.terminate()
    note = f"{count / took_s:,.0f} frames/s over loopback, each kept raw before it is read"
    return [Figure(f"a burst of {count:,} changes taken in", took_s, "s", BURST, note)]


class _Sink:
    """Keeps frames in a segment and notices the last."""

    def __init__(self, segments: SegmentWriter, count: int) -> None:
        self._segments, self._count, self._frames = segments, count, 0
        self.began_s = self.ended_s = 0.0
        self.done = asyncio.Event()

    def keep(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace | None:
        self._frames += 1
        self.began_s = self.began_s or monotonic_s
        if self._frames >= self._count:
            self.ended_s = time.monotonic()
            self.done.set()
        return self._segments.append(data, received_at, monotonic_s)

    def take(self, received: Received | None, happened: Sequence[Happening]) -> None:
        """Nothing: what a change costs behind the stream is measured elsewhere."""

    def dated(self, seen: DateSeen) -> None:
        """Nothing."""


async def _followed(port: int, count: int, folder: Path) -> float:
    with SegmentWriter(folder, "kalshi") as segments:
        sink = _Sink(segments, count + MARKETS + 1)
        key = KalshiCredentials("benchmark", Ed25519PrivateKey.generate())
        url = f"ws://127.0.0.1:{port}/trade-api/ws/v2"
        stream = KalshiStream(url, key, sink, channels=["orderbook_delta"])
        # One command subscribes; the venue tells of all markets unasked.
        stream.want(ticker_of(number) for number in range(MARKETS_A_COMMAND))
        stream.session.books.follow(ticker_of(number) for number in range(MARKETS))
        running = asyncio.create_task(stream.run())
        async with asyncio.timeout(120):
            await sink.done.wait()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return sink.ended_s - sink.began_s


async def _venue(count: int) -> None:
    frames = [frame.decode() for frame in frames_of(count)]

    async def told(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            said = orjson.loads(await connection.recv())
            opened = {"type": "subscribed", "id": said["id"], "msg": {"channel": "orderbook_delta", "sid": 1}}
            await connection.send(orjson.dumps(opened).decode())
            for frame in frames:
                await connection.send(frame)
            await connection.wait_closed()

    async with serve(told, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_venue(int(sys.argv[1])))
