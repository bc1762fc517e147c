"""What the raw archive and the HTTP layer cost by themselves: reported, without a target.

Belongs here: `FolderArchive.put`, and `HttpClient.get` against a bare httpx client and the same server.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import zstandard

from benchmarks.house import House, house, serving
from benchmarks.measure import Figure, Samples, Scale, interleaved
from benchmarks.venues import board_day, leagues
from precog_assets.config import load_sources
from precog_assets.domain.times import SystemClock
from precog_assets.services import Services
from precog_assets.sources.espn.client import EspnRequest, requests_for
from precog_assets.sources.http import HttpClient, UnrecordedResponses
from precog_assets.sources.limits import RateLimiter
from precog_assets.store.archive import COMPRESSION_LEVEL, open_archive

BOARD_BYTES = 200_000


def measure(scale: Scale) -> list[Figure]:
    """The archive, then the HTTP layer with and without its log."""
    with serving("benchmarks.venues") as address, house() as place:
        request = requests_for(next(league for league in leagues() if league.key == "ncaab"), board_day())[0]
        url = f"{address}{request.path}"
        body = httpx.get(url, params=dict(request.params), trust_env=False).content
        return [*_archive(body, scale.of(100, 20)), *_http(place, address, request, scale.of(100, 20))]


def _archive(board: bytes, rounds: int) -> list[Figure]:
    bodies = (board[: BOARD_BYTES - 20] + f"{number:020d}".encode() for number in itertools.count())
    current = b""
    with tempfile.TemporaryDirectory(prefix="precog-archive-") as folder:
        archive, plain = open_archive(str(Path(folder) / "raw")), Path(folder) / "plain"
        plain.mkdir()

        def next_body(_side: str) -> None:
            nonlocal current
            current = next(bodies)

        def put() -> None:
            if not archive.put(hashlib.sha256(current).hexdigest(), current):
                raise RuntimeError("the archive held the body already; nothing was measured")

        def by_hand() -> None:
            compressed = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(current)
            with (plain / current[-20:].decode()).open("wb") as file:
                file.write(compressed)
                file.flush()
                os.fsync(file.fileno())

        samples = interleaved({"put": put, "compress, write, fsync": by_hand}, rounds, before=next_body)
    note = f"compressing, writing and fsync by hand: {samples.median('compress, write, fsync') * 1000:.2f} ms"
    return [
        Figure("raw archive, put of a 200 kB board", samples.median("put") * 1000, "ms", None, note, samples.detail())
    ]


def _http(place: House, address: str, request: EspnRequest, rounds: int) -> list[Figure]:
    place.database("precog_bench_http")
    with place.services("precog_bench_http", address, leagues()) as services:
        limiter = RateLimiter(place.home / "limits-of-http")
        unlogged = HttpClient(
            load_sources()["espn"],
            mode="sim",
            base_url=address,
            user_agent=None,
            response_log=UnrecordedResponses(),
            clock=SystemClock(),
            limiter=limiter,
        )
        bare = httpx.Client(base_url=address, trust_env=False)
        params = dict(request.params)
        sides: dict[str, Callable[[], object]] = {
            "bare httpx": lambda: bare.get(request.path, params=params).read(),
            "without a log": lambda: _ok(unlogged, request),
            "same bytes, logged": lambda: _logged(services, request),
        }
        samples = interleaved(sides, rounds, warm_up=5)
        bare.close()
        unlogged.close()
        limiter.close()
    return [_over_bare(samples, side) for side in ("without a log", "same bytes, logged")]


def _over_bare(samples: Samples, side: str) -> Figure:
    own = (samples.median(side) - samples.median("bare httpx")) * 1000
    note = f"{samples.median(side) * 1000:.2f} ms a request, {own:.2f} ms of it ours"
    return Figure(
        f"HTTP layer, {side}", samples.ratio(side, "bare httpx"), "x bare httpx", None, note, samples.detail()
    )


def _ok(client: HttpClient, request: EspnRequest) -> None:
    fetch = client.get(request.path, params=request.params, feed=request.feed, correlation_id="bench")
    if not fetch.ok:
        raise RuntimeError(f"{request.feed}: {fetch.code} {fetch.detail}")


def _logged(services: Services, request: EspnRequest) -> None:
    fetch = services.espn.fetch(request, correlation_id="bench")
    if not fetch.ok:
        raise RuntimeError(f"{request.feed}: {fetch.code} {fetch.detail}")
