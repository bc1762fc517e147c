"""ESPN's face of one world, asked through its routes at an instant of the test's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from precog_assets.config import load_leagues
from precog_assets.domain.times import FixedClock
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.world import World, WorldSettings, default_anchor

ANCHOR = default_anchor(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
ALL = tuple(load_leagues())
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def world() -> World:
    return World(WorldSettings(anchor=ANCHOR, seed=1, leagues=ALL))


@pytest.fixture(scope="session")
def ask(world: World) -> Ask:
    """`ask(path, now=..., **parameters)`: one GET of the venue's application as it stands at `now`."""

    def get(path: str, now: datetime = ANCHOR, **parameters: Any) -> httpx.Response:
        application = Starlette(routes=EspnVenue(world, FixedClock(now)).routes())

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=application)
            async with httpx.AsyncClient(transport=transport, base_url="http://espn.test") as client:
                return await client.get(path, params=parameters)

        return asyncio.run(once())

    return get


def board_path(league: str) -> str:
    return f"/apis/site/v2/sports/{load_leagues()[league].espn.path}/scoreboard"
