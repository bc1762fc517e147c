"""How tests look at games of the world through a board, with faults or without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from precog_assets.config import load_leagues
from precog_assets.domain.times import FixedClock, eastern_day
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.espn.quirks import quirks
from precog_assets.simulator.faults.engine import Engine
from precog_assets.simulator.faults.http import Faulty
from precog_assets.simulator.faults.rules import read_rules
from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import SimGame
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask, board_path

MINUTE = timedelta(minutes=1)
LONG_AFTER = timedelta(days=500)


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200
    return response.json()["events"]


def sides(event: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    home, away = event["competitions"][0]["competitors"]
    assert (home["homeAway"], away["homeAway"]) == ("home", "away")
    return home, away


def site(league: str, rest: str) -> str:
    return f"/apis/site/v2/sports/{load_leagues()[league].espn.path}/{rest}"


def game_in(world: World, league: str, state: str, season_type: int = 2) -> SimGame:
    days = [world.settings.anchor_day, *world.game_days(league, world.seasons(league)[0])[45:]]
    return next(
        game
        for day in days
        for game in world.games_on(league, day)
        if world.truth(game, ANCHOR).state == state
        and game.season_type == season_type
        and game.fate == "played"
        and not game.pauses
    )


def season_games(world: World, league: str, place: int = 0) -> Iterator[SimGame]:
    season = world.seasons(league)[place]
    for day in world.game_days(league, season):
        yield from (game for game in world.games_on(league, day) if game.season == season)


def shown(ask: Ask, world: World, game: SimGame, now: datetime) -> dict[str, Any]:
    """The event of a game on the board of the day it is announced for, at an instant."""
    day = f"{eastern_day(world.listing(game, now).start):%Y%m%d}"
    group = {"groups": "50"} if "caab" in game.league else {"groups": "80"} if game.league == "ncaaf" else {}
    board = events(ask(board_path(game.league), now=now, dates=day, limit=500, **group))
    return next(event for event in board if event["id"] == game.event_id)


def status_of(event: dict[str, Any]) -> tuple[str, str, bool]:
    kind = event["status"]["type"]
    return kind["name"].removeprefix("STATUS_"), kind["state"], kind["completed"]


def struck(world: World, quirk: str, path: str, now: datetime = ANCHOR, **parameters: Any) -> httpx.Response:
    """An answer while the faults of a quirk stand."""
    clock = FixedClock(now)
    engine = Engine(1, clock, clock.now, _Nobody())
    for rule in read_rules([dict(fault) for fault in quirks()[quirk].faults]):
        engine.add(rule)
    application = Faulty(Starlette(routes=EspnVenue(world, clock).routes()), engine)

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://espn.test") as client:
            return await client.get(path, params=parameters)

    return asyncio.run(once())


class _Nobody:
    """Keeps no ledger."""

    def record(self, kind: str, at: datetime, facts: Mapping[str, Any]) -> None:
        return
