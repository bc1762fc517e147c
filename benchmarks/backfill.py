"""Backfill of one NFL season from the simulated venue: games a second, and how it grows with days.

Belongs here: `pipeline.backfill` against a simulator in a process of its own. Its pages are asked for once
before, so that what it takes to make them stands in no figure.
"""

from __future__ import annotations

import time
from datetime import date, timedelta

import httpx
import sqlalchemy as sa

from benchmarks.house import House, house, serving
from benchmarks.measure import Figure, Scale
from benchmarks.venues import instant
from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.domain.times import days_between
from precog_assets.pipeline.backfill import backfill_games, plan
from precog_assets.pipeline.report import StepReport, new_correlation_id
from precog_assets.services import Services
from precog_assets.simulator.world import World, WorldSettings
from precog_assets.sources.espn.client import requests_for

LENGTHS = (30, 60, 120, 225)
MONTH = 30


def measure(scale: Scale) -> list[Figure]:
    """A season, the same again, ranges of growing length, and the same month behind a long history."""
    league = load_leagues()["nfl"]
    world = World(WorldSettings(anchor=instant()))
    played = world.game_days(league.key, world.seasons(league.key)[0])
    first = played[0]
    lengths = LENGTHS[:2] if scale.quick else LENGTHS
    season = days_between(first, played[len(played) // 4] if scale.quick else played[-1])
    with serving("precog_assets.simulator.server", "--port", "0") as address, house() as place:
        _ask(address, league, days_between(first, first + timedelta(days=max(lengths[-1], len(season)))))
        return [
            *_season(place, address, league, season, _ask(address, league, season)),
            *_growth(place, address, league, first, lengths),
            _behind_history(place, address, league, first, lengths[-1] - MONTH),
        ]


def _ask(address: str, league: League, days: list[date]) -> float:
    """Seconds the simulator takes for the pages of these days, asked one after the other by a bare client."""
    began = time.perf_counter()
    with httpx.Client(base_url=address, trust_env=False, timeout=30.0) as client:
        for day in days:
            for request in requests_for(league, day):
                client.get(request.path, params=dict(request.params)).raise_for_status()
    return time.perf_counter() - began


def _run(services: Services, league: League, days: list[date]) -> tuple[float, StepReport]:
    """Seconds of planning and reading a range. Raises RuntimeError when a day could not be read."""
    began = time.perf_counter()
    planned = plan(services, league, days[0], days[-1])
    report = backfill_games(services, planned, correlation_id=new_correlation_id())
    took = time.perf_counter() - began
    if report.failures:
        raise RuntimeError(f"backfill of {days[0]} to {days[-1]}: {report.failures[:3]}")
    return took, report


def _season(place: House, address: str, league: League, days: list[date], pages_s: float) -> list[Figure]:
    place.database("precog_bench_season")
    with place.services("precog_bench_season", address, [league]) as services:
        took, report = _run(services, league, days)
        games = _games(services)
        again, _ = _run(services, league, days)
    if not games:
        raise RuntimeError(f"the backfill of {days[0]} to {days[-1]} stored no game")
    note = f"{games} games of {len(days)} days in {took:.1f} s, {len(days) / took:.0f} days/s; "
    note += f"the simulator's pages alone take {pages_s:.1f} s"
    detail = {
        "games": games,
        "days": len(days),
        "seconds": round(took, 3),
        "days_per_s": round(len(days) / took, 2),
        "fetching_and_keeping_s": round(report.http_ms / 1000, 3),
        "pages_alone_s": round(pages_s, 3),
    }
    return [
        Figure("backfill of an NFL season", games / took, "games/s", None, note, detail),
        Figure(
            "backfill of the season again (all days done)",
            again * 1000,
            "ms",
            None,
            f"{took / again:.0f} times as fast",
            {"seconds": round(again, 4)},
        ),
    ]


def _growth(place: House, address: str, league: League, first: date, lengths: tuple[int, ...]) -> list[Figure]:
    """Each length into a database of its own; the figure is the longest's time a day against the shortest's."""
    rows = {}
    for length in lengths:
        name = f"precog_bench_days_{length}"
        place.database(name)
        with place.services(name, address, [league]) as services:
            took, _ = _run(services, league, days_between(first, first + timedelta(days=length - 1)))
            games = _games(services)
        rows[f"{length} days"] = {
            "seconds": round(took, 3),
            "ms_a_day": round(took / length * 1000, 2),
            "games": games,
            "ms_a_game": round(took / games * 1000, 2),
        }
    shortest, longest = (rows[f"{length} days"]["ms_a_day"] for length in (lengths[0], lengths[-1]))
    note = ", ".join(f"{length}: {row['ms_a_day']:.0f} ms a day" for length, row in rows.items())
    name = f"backfill, time a day of {lengths[-1]} days against {lengths[0]}"
    return [Figure(name, longest / shortest, "x", None, note, rows)]


def _behind_history(place: House, address: str, league: League, first: date, history: int) -> Figure:
    """The same month of games into an empty database, into one with `history` days, and into an empty one again."""
    month = days_between(first, first + timedelta(days=MONTH - 1))
    later = days_between(first + timedelta(days=MONTH), first + timedelta(days=MONTH + history - 1))
    took = {}
    for name, before in (("before", None), ("behind", later), ("after", None)):
        database = f"precog_bench_{name}"
        place.database(database)
        with place.services(database, address, [league]) as services:
            if before:
                _run(services, league, before)
            took[name], _ = _run(services, league, month)
    empty = (took["before"] + took["after"]) / 2
    return Figure(
        f"backfill, a month behind {history} stored days against an empty database",
        took["behind"] / empty,
        "x",
        None,
        f"{took['behind']:.2f} s against {empty:.2f} s",
        {name: round(seconds, 3) for name, seconds in took.items()},
    )


def _games(services: Services) -> int:
    with services.engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM core.games")).scalar_one()
