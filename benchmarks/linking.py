"""Markets tied to their games: 3,000 markets of which nothing is known, one league decided again, nothing changed.

Belongs here: `pipeline.link` over games and markets in the database. Does not: polling them (`tick`). Colleges, NBA and
NHL around one day, two markets an event, each with its structured target and none learnt yet.
"""

from __future__ import annotations

import dataclasses
import gc
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.house import house
from benchmarks.measure import Figure, Scale, Target
from precog_assets.config import load_leagues
from precog_assets.domain.times import EASTERN, FixedClock
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.link_memory import memory_of
from precog_assets.pipeline.report import StepReport
from precog_assets.seeds import kalshi_codes
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.links import TARGETS

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
EVENTS = 1_500
TURN = ("ncaab",) * 10 + ("nba", "nhl")
DAYS = 9
NOWHERE = "http://127.0.0.1:9"
FIRST_MS, AGAIN_MS = 2_000.0, 100.0


def measure(scale: Scale) -> list[Figure]:
    """Milliseconds of a first pass, of one after a game of one league moved, and of one in which nothing changed."""
    events, rounds = scale.of(EVENTS, 120), scale.of(7, 2)
    took: dict[str, list[float]] = {"first": [], "one league": [], "same": []}
    with house() as place, place.services("linking", NOWHERE, list(load_leagues().values())) as services:
        markets = _fill(services.engine, events)
        for number in range(rounds):
            _forget(services.engine)
            took["first"].append(_pass(services, number, markets)[0])
            with services.engine.begin() as connection:
                moved = sa.text("UPDATE core.games SET start_time = start_time + interval '1 hour' WHERE game_id = :id")
                connection.execute(moved, {"id": "nba:10"})
            took["one league"].append(_pass(services, number, markets)[0])
            ms, report = _pass(services, number, markets)
            took["same"].append(ms)
            if report.written or int(report.notes.get("matched", 0)) < 0.9 * markets:
                raise RuntimeError(f"the markets are not those described: {report.sentence()}, {report.notes}")
    middle = {name: statistics.median(values) for name, values in took.items()}
    detail = {name: [round(ms, 1) for ms in values] for name, values in took.items()}
    return [
        Figure(
            f"{markets} markets linked, none known before",
            middle["first"],
            "ms",
            Target("<=", FIRST_MS),
            "targets learnt, decided by them",
            detail,
        ),
        Figure("The same where one league's game moved", middle["one league"], "ms", None, "that league decided again"),
        Figure("The same where nothing changed", middle["same"], "ms", Target("<=", AGAIN_MS), "fingerprints compared"),
    ]


def _pass(services: Services, number: int, markets: int) -> tuple[float, StepReport]:
    later = dataclasses.replace(services, clock=FixedClock(NOW + timedelta(minutes=number)))
    gc.collect()
    began = time.perf_counter()
    report = link_markets(later, correlation_id="bench")
    ms = (time.perf_counter() - began) * 1000
    if report.rows_in != markets:
        raise RuntimeError(f"{report.rows_in} markets decided, {markets} stored")
    return ms, report


def _forget(engine: sa.Engine) -> None:
    """As a process that begins, on a database that nobody linked."""
    memory = memory_of(engine)
    memory.leagues, memory.known = {}, None
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.market_games))
        connection.execute(sa.delete(tables.team_aliases).where(tables.team_aliases.c.source == TARGETS))


def _fill(engine: sa.Engine, events: int) -> int:
    """Games and the markets of their events; the number of markets."""
    teams: dict[str, dict[str, str]] = {}
    for code in kalshi_codes():
        if code.league in TURN and code.holds_on(NOW.date()):
            teams.setdefault(code.league, {}).setdefault(code.team_id, code.code)
    games: list[dict[str, Any]] = []
    markets: dict[str, dict[str, Any]] = {}
    for number in range(events):
        league = TURN[number % len(TURN)]
        sides = list(teams[league].items())
        (home, home_code), (away, away_code) = (
            sides[number * 7 % len(sides)],
            sides[(number * 7 + 1 + number // len(sides)) % len(sides)],
        )
        day = NOW + timedelta(days=number * 7 % DAYS - 1)
        games.append(_game(f"{league}:{number}", league, home, away, day))
        event = f"{load_leagues()[league].kalshi.series}-{day:%y%b%d}{away_code}{home_code}".upper()
        for code in (away_code, home_code):
            markets[f"{event}-{code}"] = _market(event, code, league)
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.games), games)
        connection.execute(sa.insert(tables.markets), list(markets.values()))
    return len(markets)


def _game(game_id: str, league: str, home: str, away: str, day: datetime) -> dict[str, Any]:
    return {
        "game_id": game_id,
        "league": league,
        "espn_event_id": game_id.partition(":")[2],
        "season": 2026,
        "season_type": "regular",
        "game_kind": "regular",
        "start_time": datetime(day.year, day.month, day.day, 19, tzinfo=EASTERN).astimezone(UTC),
        "start_time_valid": True,
        "home_team_id": home,
        "away_team_id": away,
        "status": "STATUS_SCHEDULED",
        "state": "pre",
        "completed": False,
        "phase": "scheduled",
        "first_observed_at": NOW,
        "last_observed_at": NOW,
        "last_changed_at": NOW,
    }


def _market(event: str, code: str, league: str) -> dict[str, Any]:
    return {
        "market_id": f"kalshi:{event}-{code}",
        "venue": "kalshi",
        "ticker": f"{event}-{code}",
        "event_ticker": event,
        "series_ticker": event.partition("-")[0],
        "league": league,
        "title": "Who wins?",
        "yes_sub_title": code,
        "market_type": "binary",
        "status": "active",
        "result": "",
        "open_time": NOW,
        "close_time": NOW + timedelta(days=14),
        "expiration_value": "",
        "strike_type": "structured",
        "strike": {"team": f"target of {league} {code}"},
        "price_level_structure": "linear_cent",
        "price_ranges": [],
        "rules_primary": "If this side wins, then the market resolves to Yes.",
        "first_observed_at": NOW,
        "last_observed_at": NOW,
        "last_changed_at": NOW,
    }
