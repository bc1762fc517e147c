"""What a world makes once, made before anybody has to wait for it: first boards and market pages, league by league.

Making them takes some seconds in all, longer than clients wait for a venue. Every page takes a turn of its own, so
that who asks meanwhile is answered in between.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.simulator.world.model import WorldView


async def warm(venues: ASGIApp, world: WorldView) -> None:
    """Ask the venues for what everybody asks first, of the world's leagues that are configured as default."""
    for key in world.leagues:
        league = load_leagues()[key]
        if league.default:
            for path, query in _first_pages(league):
                await _get(venues, path, query)


def _first_pages(league: League) -> list[tuple[str, dict[str, str]]]:
    board = f"/apis/site/v2/sports/{league.espn.path}/scoreboard"
    groups = [{"groups": group, "limit": "500"} for group in league.espn.groups] or [{"limit": "500"}]
    page = {"series_ticker": league.kalshi.series, "mve_filter": "exclude", "limit": "1000"}
    return [*((board, query) for query in groups), ("/trade-api/v2/markets", page)]


async def _get(app: ASGIApp, path: str, query: dict[str, str]) -> None:
    """One GET in process, its answer left aside."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        return

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(query).encode(),
        "headers": [],
    }
    await app(scope, receive, send)
