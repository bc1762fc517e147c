"""The simulated venues for measuring: their answers asked in process, and served frozen by a process of its own.

`python -m benchmarks.venues` serves every answer as it stood at one instant, rendered once, so that a server's
own work does not stand in a figure. `/bench/serve/SET` chooses what is served from then on: `still`, always the
same bytes; `padded`, the same games and markets in bytes never sent before; `moved`, the same boards, and listings
in which one quote in ten is another than it was.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from precog_assets.config import chosen_leagues
from precog_assets.domain.leagues import League
from precog_assets.domain.times import FixedClock, eastern_day
from precog_assets.pipeline.markets import series_of
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.server import serve
from precog_assets.simulator.world import World, WorldSettings, default_anchor

MARKETS = "/trade-api/v2/markets"
SETS = ("still", "padded", "moved")
MOVED_EVERY = 10


def leagues() -> tuple[League, ...]:
    """The ten leagues that are polled by default."""
    return tuple(chosen_leagues(""))


def instant() -> datetime:
    """The instant the world stands still at: a Saturday evening, on which every league plays."""
    return default_anchor(datetime.now(UTC))


def application(at: datetime) -> Starlette:
    """Both venues over the world of the default leagues, standing still."""
    world = World(WorldSettings(anchor=at, leagues=tuple(league.key for league in leagues())))
    clock = FixedClock(at)
    return Starlette(routes=[*EspnVenue(world, clock).routes(), *KalshiVenue(world, clock).routes()])


async def ask(app: Starlette, path: str, query: str = "") -> httpx.Response:
    """One GET in process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://venue") as client:
        return await client.get(f"{path}?{query}" if query else path)


def open_markets(app: Starlette) -> dict[str, list[dict[str, Any]]]:
    """The open markets of each series that has some, as the venue lists them."""

    async def listed() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for series in series_of(leagues()):
            query = f"series_ticker={series}&status=open&limit=1000"
            found[series] = (await ask(app, MARKETS, query)).json()["markets"]
        return {series: markets for series, markets in found.items() if markets}

    return asyncio.run(listed())


def shares(counts: dict[str, int], total: int) -> dict[str, int]:
    """`total` spread over the series as evenly as they have markets."""
    taken: dict[str, int] = {}
    left = total
    for number, (name, count) in enumerate(sorted(counts.items(), key=lambda item: item[1])):
        taken[name] = min(count, left // (len(counts) - number))
        left -= taken[name]
    return taken


class FrozenVenues:
    """An ASGI application: the venues' answers, each rendered once a set and repeated."""

    def __init__(self, app: Starlette, markets: int) -> None:
        self._app = app
        counts = {series: len(found) for series, found in open_markets(app).items()}
        self._shares = shares(counts, markets)
        self._set = SETS[0]
        self._served = 0
        self._rendered: dict[tuple[str, str, bool], tuple[int, bytes]] = {}

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        path, query = scope["path"], scope["query_string"].decode()
        if path.startswith("/bench/serve/"):
            status, body = self._choose(path.rpartition("/")[2])
        else:
            status, body = await self._answer(path, query)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _choose(self, chosen: str) -> tuple[int, bytes]:
        if chosen not in SETS:
            return 404, orjson.dumps({"error": f"no set {chosen!r}; there are {', '.join(SETS)}"})
        self._set = chosen
        self._served += 1
        return 200, orjson.dumps({"set": chosen, "markets": sum(self._shares.values())})

    async def _answer(self, path: str, query: str) -> tuple[int, bytes]:
        listing = path == MARKETS
        moved = listing and self._set == "moved" and self._served % 2 == 1
        if (path, query, moved) not in self._rendered:
            self._rendered[path, query, moved] = await self._render(path, query, moved=moved)
        status, body = self._rendered[path, query, moved]
        # Spaces behind a document change its bytes, and nothing that it says.
        padded = self._set == "padded" or (self._set == "moved" and listing)
        return status, body + b" " * self._served if padded else body

    async def _render(self, path: str, query: str, *, moved: bool) -> tuple[int, bytes]:
        answer = await ask(self._app, path, query)
        document = answer.json()
        if path == MARKETS:
            series = parse_qs(query).get("series_ticker", [""])[0]
            document["markets"] = document["markets"][: self._shares.get(series, 0)]
            document["cursor"] = ""
        if moved:
            _move(document["markets"][::MOVED_EVERY])
        return answer.status_code, orjson.dumps(document)


def _move(markets: Sequence[dict[str, Any]]) -> None:
    """Another bid size, and a further trade."""
    for market in markets:
        market["yes_bid_size_fp"] = f"{Decimal(market.get('yes_bid_size_fp') or 0) + 1:.2f}"
        market["volume_fp"] = f"{Decimal(market.get('volume_fp') or 0) + 1:.2f}"


def board_day() -> date:
    """The Eastern day whose boards stand still."""
    return eastern_day(instant())


def main(argv: Sequence[str] | None = None) -> int:
    """Serve frozen answers until a signal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.venues", description=main.__doc__)
    parser.add_argument("--markets", type=int, default=500, help="open markets to list over all series")
    arguments = parser.parse_args(argv)

    def ready(address: str) -> None:
        sys.stdout.write(f"frozen venues ready at {address}\n")
        sys.stdout.flush()

    serve(FrozenVenues(application(instant()), arguments.markets), port=0, ready=ready)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
