"""Games of the real world put into the rare states that are recorded, and the events boards make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from precog_assets.domain.times import FixedClock, eastern_day
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import Listing, Pause, SimGame
from precog_assets_tests.simulator.espn.staged import StagedWorld

_OFF = {"state": "post", "completed": False, "winner": None, "situation": None, "home_lines": (), "away_lines": ()}
_NIL = {"home_score": 0, "away_score": 0}
_LEVEL = {"home_score": 1, "away_score": 1, "clock_s": 7200.0, "display_clock": "120'"}
_STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "postponed": ("STATUS_POSTPONED", {**_OFF, **_NIL, "detail": "Postponed"}),
    "suspended": ("STATUS_SUSPENDED", {"state": "post", "completed": False, "winner": None, "detail": "Suspended"}),
    "rain_delay": ("STATUS_RAIN_DELAY", {"detail": "Rain Delay, Top 3rd"}),
    "canceled": ("STATUS_CANCELED", {**_OFF, **_NIL, "detail": "Canceled"}),
    "end_of_regulation": ("STATUS_END_OF_REGULATION", {**_LEVEL, "detail": "ET", "period": 2}),
    "overtime": ("STATUS_OVERTIME", {**_LEVEL, "detail": "105'", "period": 4}),
    "halftime_et": ("STATUS_HALFTIME_ET", {**_LEVEL, "detail": "HT ET", "period": 3}),
    "shootout": (
        "STATUS_SHOOTOUT",
        {**_LEVEL, "detail": "Penalties", "period": 5, "home_shootout": 2, "away_shootout": 1},
    ),
    "final_aet": (
        "STATUS_FINAL_AET",
        {**_LEVEL, "home_score": 2, "state": "post", "completed": True, "detail": "AET", "period": 4}
        | {"winner": "draw", "advanced": "home"},
    ),
    "final_pen": (
        "STATUS_FINAL_PEN",
        {**_LEVEL, "state": "post", "completed": True, "detail": "FT-Pens", "period": 5}
        | {"winner": "draw", "advanced": "away", "home_shootout": 3, "away_shootout": 4},
    ),
}
STAGES = {
    "postponed": "mlb",
    "suspended": "mlb",
    "rain_delay": "mlb",
    "end_of_regulation": "mls",
    "overtime": "mls",
    "shootout": "mls",
    "final_aet": "mls",
    "final_pen": "mls",
}
"""Recorded rare states, each in a league of its sport."""
_AFTER = timedelta(minutes=50)


def game_in_play(world: World, league: str) -> SimGame:
    """A game that has had some scoring 50 minutes after its start."""
    for day in world.game_days(league, world.seasons(league)[0])[40:]:
        for game in world.games_on(league, day):
            truth = world.truth(game, game.start + _AFTER)
            if truth.state == "in" and truth.situation and truth.home_score + truth.away_score > 0:
                return game
    raise AssertionError(f"no game of {league} is in play after {_AFTER}")


def stage(world: World, state: str, league: str | None = None, **listing: Any) -> tuple[str, dict[str, Any]]:
    """(league, event) of a game in a rare state; `listing` says what is announced of it."""
    league = league or STAGES[state]
    game = game_in_play(world, league)
    status, changes = _STATES[state]
    pauses = (Pause(3000.0, 68_400.0, status, "Will resume at 2:10 p.m. ET on 6/7."),) if state == "suspended" else ()
    shown = replace(game, pauses=pauses, knockout=True)
    staged = StagedWorld(world, game, shown, status=status, **changes)
    now = game.start + _AFTER
    note = {"postponed": "Inclement Weather - Makeup date June 5", "suspended": "Will resume at 2:10 p.m. ET on 6/7."}
    announced = Listing(game.start, True, True, True, note.get(state))
    staged.announced = replace(announced, **listing)
    venue = EspnVenue(staged, FixedClock(now))
    board = orjson.loads(venue.board_bytes(league, BoardQuery(day=eastern_day(staged.announced.start), limit=500), now))
    return league, next(event for event in board["events"] if event["id"] == game.event_id)
