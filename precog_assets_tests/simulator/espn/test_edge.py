"""What stands in front of the API: headers, compression, and the filter of clients."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from starlette.applications import Starlette

from precog_assets.domain.times import FixedClock
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.espn.agents import lets_through
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ALL, ANCHOR, Ask, board_path


def get(venue: EspnVenue, path: str, headers: dict[str, str]) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=venue.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://espn.test") as client:
            request = client.build_request("GET", path, headers=headers)
            if "accept-encoding" not in headers:
                del request.headers["accept-encoding"]
            return await client.send(request)

    return asyncio.run(once())


def test_boards_carry_the_headers_that_were_recorded(ask: Ask) -> None:
    headers = ask(board_path("nba")).headers
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["accept-ranges"] == "bytes"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["link"] == '<scoreboard.json#>; rel="describedby"'
    assert headers["access-control-allow-origin"] == "*"
    assert not {"etag", "last-modified"} & set(headers)


def test_a_board_may_be_kept_for_2_to_9_seconds_and_ages(ask: Ask) -> None:
    ages = [
        int(ask(board_path("epl"), now=ANCHOR + timedelta(seconds=second)).headers["cache-control"].partition("=")[2])
        for second in range(16)
    ]
    assert set(ages) == set(range(2, 10))
    assert all(later in (age - 1, 9) for age, later in pairwise(ages))
    assert ask("/apis/site/v2/sports/basketball/nba/teams").headers["cache-control"] == "max-age=63"


@pytest.mark.parametrize("league", ALL)
def test_boards_are_compressed_for_clients_that_take_it(world: World, league: str) -> None:
    venue = EspnVenue(world, FixedClock(ANCHOR))
    plain = get(venue, board_path(league), {})
    zipped = get(venue, board_path(league), {"accept-encoding": "gzip, deflate"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert zipped.content == plain.content


def test_compressed_pages_are_whole_gzip_files(world: World) -> None:
    venue = EspnVenue(world, FixedClock(ANCHOR))
    sent = {}
    for name, headers in (("plain", []), ("zipped", [(b"accept-encoding", b"gzip")])):
        sent[name] = raw(venue, board_path("mlb"), headers)
    assert gzip.decompress(sent["zipped"]) == sent["plain"]


def raw(venue: EspnVenue, path: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The body as it went over the line."""
    parts: list[bytes] = []

    async def once() -> None:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            body = message.get("body")
            if isinstance(body, bytes):
                parts.append(body)

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
        await Starlette(routes=venue.routes())(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(once())
    return b"".join(parts)


SERVED = (
    "curl/8.7.1",
    "python-requests/2.32.3 pico-scoreboard/espn-collector",
    "python-httpx/0.28.1",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "axios/1.7.2",
    "Scores/1.4 (+https://example.org/bot)",
)
REFUSED = (
    "",
    "Mozilla/5.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "name/1.0",
    "Deno/1.45",
    "node-fetch",
    "Wget/1.21",
    "PostmanRuntime/7.39",
)


@pytest.mark.parametrize("agent", SERVED)
def test_libraries_and_who_leaves_an_address_are_let_through(agent: str) -> None:
    assert lets_through(agent)


@pytest.mark.parametrize("agent", REFUSED)
def test_browsers_empty_and_bare_agents_are_refused(agent: str) -> None:
    assert not lets_through(agent)


def test_the_filter_answers_with_a_page_not_with_json_and_can_be_switched(world: World) -> None:
    venue = EspnVenue(world, FixedClock(ANCHOR), refuse_user_agents=True)
    refused = get(venue, board_path("nba"), {"user-agent": "Mozilla/5.0"})
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("text/html")
    assert refused.headers["server"] == "AkamaiGHost"
    assert "Access Denied" in refused.text
    assert get(venue, board_path("nba"), {"user-agent": "curl/8.7.1"}).status_code == 200
    venue.refuse_user_agents = False
    assert get(venue, board_path("nba"), {"user-agent": "Mozilla/5.0"}).status_code == 200
