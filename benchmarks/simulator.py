"""The simulator as a server: pages and frames a second on one core, a season's making, memory at 50 times speed.

Belongs here: load on a real process over loopback, pinned to one core, the load on the others. The peer of the
pages is a bare server of the same kind that answers the same bytes. PRECOG_SOAK_MINUTES sets the soak's length
(3; the figure the README quotes is over 60).
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import websockets
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.house import ROOT, serving
from benchmarks.measure import Figure, Scale, Target, percentile
from precog_assets.config import load_leagues
from precog_assets.sources.kalshi.auth import KalshiCredentials

ANCHOR = "2026-11-22T01:00Z"
MARKETS = 500
LIVE_GAMES = 60
CONNECTIONS = 4
SOAK_SPEED = 50
"""Times real time."""


def measure(scale: Scale) -> list[Figure]:
    """Season, pages, frames, memory."""
    figures = [_season()]
    with simulator() as one:
        figures += _pages(one, scale.of(15, 2))
        figures.append(_frames(one, scale.of(15, 3)))
    figures.append(_soak(float(os.environ.get("PRECOG_SOAK_MINUTES", scale.of(3, 1)))))
    return figures


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator's process, alone on a core."""

    address: str
    process: psutil.Process

    def control(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@contextlib.contextmanager
def simulator(*options: str) -> Iterator[Served]:
    """A simulator on the last core; this process keeps to the others."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="precog-simulator-") as folder:
        world = str(Path(folder) / "world.json")
        given = ("--port", "0", "--world", world, "--anchor", ANCHOR, *options)
        with serving("precog_assets.simulator.server", *given) as address:
            own = next(
                child
                for child in psutil.Process().children()
                if "precog_assets.simulator.server" in " ".join(child.cmdline())
            )
            own.cpu_affinity(cores[-1:])
            os.sched_setaffinity(0, set(cores[:-1]) or set(cores))
            try:
                yield Served(address, own)
            finally:
                os.sched_setaffinity(0, set(cores))


def _season() -> Figure:
    """Every schedule and every final score of one season of the ten leagues, in a new process."""
    code = (
        "import time; began = time.perf_counter()\n"
        "from datetime import UTC, datetime\n"
        "from precog_assets.simulator.world import World, WorldSettings\n"
        "world = World(WorldSettings(anchor=datetime(2026, 11, 22, 1, tzinfo=UTC)))\n"
        "count = 0\n"
        "for league in world.leagues:\n"
        "    season = world.seasons(league)[-1]\n"
        "    for day in world.game_days(league, season):\n"
        "        for game in world.games_on(league, day):\n"
        "            world.ending(game); count += 1\n"
        "print(time.perf_counter() - began, count)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, games = done.stdout.split()
    return Figure(
        "a season of ten leagues generated", float(seconds), "s", Target("<=", 10.0), f"{games} games, cold process"
    )


def _pages(one: Served, seconds: float) -> list[Figure]:
    """Boards of the leagues that play, and pages of 500 markets, asked in turn over a few connections."""
    state = one.control("/simulator/state")
    live = sum(len(games) if isinstance(games, list) else games for games in [state["games"]])
    leagues = sorted({game["league"] for game in state["games"]}) if isinstance(state["games"], list) else []
    boards = [
        f"/apis/site/v2/sports/{load_leagues()[league].espn.path}/scoreboard?limit=500"
        + (f"&groups={load_leagues()[league].espn.groups[0]}" if load_leagues()[league].espn.groups else "")
        for league in leagues
    ]
    market_page = f"/trade-api/v2/markets?status=open&mve_filter=exclude&limit={MARKETS}"
    for path in (market_page, *boards):
        _fetch(one.address, path)
    figures = []
    for name, paths in (
        ("boards and market pages in turn", list(itertools.chain(*((board, market_page) for board in boards)))),
        ("pages of 500 markets", [market_page]),
        ("boards", boards),
    ):
        rate, latencies, size = _load(one.address, paths, seconds)
        with _bare(one.address, paths) as bare:
            bare_rate, _, _ = _load(bare, paths, seconds)
        figures.append(
            Figure(
                f"{name}, one core",
                rate,
                "requests/s",
                Target(">=", 300.0) if name.startswith("boards and") else None,
                f"{live} live games; {rate / bare_rate:.2f} of a bare server with the same bytes; "
                f"p95 {percentile(latencies, 0.95) * 1000:.0f} ms over {CONNECTIONS} connections",
                {"bare_requests_per_s": bare_rate, "mean_bytes": size},
            )
        )
    return figures


def _fetch(address: str, path: str) -> bytes:
    with urllib.request.urlopen(address + path) as answer:
        return answer.read()


def _load(address: str, paths: list[str], seconds: float) -> tuple[float, list[float], float]:
    """Requests a second, their seconds each, and the mean size of an answer."""
    parts = urlsplit(address)
    end = time.perf_counter() + seconds
    latencies: list[float] = []
    sizes: list[int] = []

    def ask(first: int) -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        for path in itertools.islice(itertools.cycle(paths), first, None):
            began = time.perf_counter()
            if began > end:
                break
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
            latencies.append(time.perf_counter() - began)
            sizes.append(len(body))
        connection.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(latencies) / (time.perf_counter() - began), latencies, sum(sizes) / len(sizes)


_BARE = """
import asyncio, os, pathlib, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
folder = pathlib.Path(sys.argv[1])
bodies = {name.read_text(): name.with_suffix(".body").read_bytes() for name in folder.glob("*.path")}
async def answer(request):
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    return Response(bodies[target], media_type="application/json")
app = Starlette(routes=[Route("/{rest:path}", answer)])
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"bare ready at http://127.0.0.1:{port}", flush=True)
asyncio.run(Server(uvicorn.Config(app, port=0, access_log=False, log_level="warning", lifespan="off")).serve())
"""


@contextlib.contextmanager
def _bare(address: str, paths: list[str]) -> Iterator[str]:
    """A server of the same kind, on the same core, that answers these paths with the bytes they have now."""
    cores = sorted(os.sched_getaffinity(0) | set(range(os.cpu_count() or 1)))
    with tempfile.TemporaryDirectory(prefix="precog-bare-") as folder:
        for number, path in enumerate(dict.fromkeys(paths)):
            (Path(folder) / f"{number}.path").write_text(path)
            (Path(folder) / f"{number}.body").write_bytes(_fetch(address, path))
        process = subprocess.Popen([sys.executable, "-c", _BARE, folder], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            psutil.Process(process.pid).cpu_affinity(cores[-1:])
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(15)


def _frames(one: Served, seconds: float) -> Figure:
    """Frames a second that one client reads of all markets, the world running as fast as it takes to have them."""
    opened = one.control("/simulator/accounts", {"balance_dollars": "1000.00", "tier": "prime"})
    before = one.control("/simulator/clock")["speed"]
    one.control("/simulator/clock", {"speed": 400})
    try:
        count, size, took = asyncio.run(_read_frames(one.address, opened, seconds))
    finally:
        one.control("/simulator/clock", {"speed": before})
    return Figure(
        "WebSocket frames out, one core",
        count / took,
        "frames/s",
        Target(">=", 5_000.0),
        f"one client, {MARKETS} markets, order books, tickers and trades; {size / count:.0f} bytes a frame",
    )


async def _read_frames(address: str, opened: Any, seconds: float) -> tuple[int, int, float]:
    key: Any = load_pem_private_key(opened["private_key_pem"].encode(), password=None)
    page = json.loads(_fetch(address, f"/trade-api/v2/markets?status=open&mve_filter=exclude&limit={MARKETS}"))
    tickers = [market["ticker"] for market in page["markets"]]
    credentials = KalshiCredentials(opened["key_id"], key)
    headers = credentials.sign("GET", "/trade-api/ws/v2", int(datetime.now(UTC).timestamp() * 1000))
    async with websockets.connect(
        address.replace("http", "ws") + "/trade-api/ws/v2", additional_headers=headers, max_size=None
    ) as socket:
        params = {"channels": ["orderbook_delta", "ticker", "trade"], "market_tickers": tickers}
        await socket.send(json.dumps({"id": 1, "cmd": "subscribe", "params": params}))
        for _ in range(len(tickers)):
            await socket.recv(decode=False)
        count = size = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            frame = await socket.recv(decode=False)
            count += 1
            size += len(frame)
        return count, size, time.perf_counter() - began


def _soak(minutes: float) -> Figure:
    """Growth of the process over the second half of a run at 50 times speed, with boards, pages and a stream read."""
    with simulator("--speed", str(SOAK_SPEED)) as one:
        opened = one.control("/simulator/accounts", {"balance_dollars": "1000.00", "tier": "prime"})
        stop = threading.Event()
        reader = threading.Thread(target=_keep_reading, args=(one.address, opened, stop))
        reader.start()
        sizes: list[float] = []
        try:
            end = time.monotonic() + minutes * 60
            paths = ["/trade-api/v2/markets?status=open&limit=1000", "/apis/site/v2/sports/basketball/nba/scoreboard"]
            while time.monotonic() < end:
                for path in paths:
                    _fetch(one.address, path)
                sizes.append(one.process.memory_info().rss / 1e6)
                stop.wait(2.0)
        finally:
            stop.set()
            reader.join()
    half = sizes[len(sizes) // 2 :]
    tenth = max(1, len(half) // 10)
    first, last = sum(half[:tenth]) / tenth, sum(half[-tenth:]) / tenth
    return Figure(
        f"memory at {SOAK_SPEED} times speed, growth over the second half",
        100.0 * (last - first) / first,
        "%",
        Target("<=", 5.0),
        f"{minutes:g} minutes: {sizes[0]:.0f} MB at first, {first:.0f} MB halfway, {last:.0f} MB at the end",
        {"minutes": minutes, "megabytes": [round(size) for size in sizes[:: max(1, len(sizes) // 30)]]},
    )


def _keep_reading(address: str, opened: Any, stop: threading.Event) -> None:
    while not stop.is_set():
        with contextlib.suppress(websockets.ConnectionClosed):
            asyncio.run(_read_frames(address, opened, 20.0))
