"""Parsing a body to typed rows, against json.loads of the same bytes.

Belongs here: `parse_scoreboard` and `parse_markets`. Recorded bodies are read where they lie beside the checkout
(`../shared/recorded`), else bodies of the simulated venues stand in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target, interleaved
from benchmarks.venues import application, ask, board_day, instant, leagues, open_markets
from precog_assets.config import load_leagues
from precog_assets.domain.facts import Parsed
from precog_assets.domain.leagues import League
from precog_assets.sources.espn.client import requests_for
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.sources.kalshi.parse_markets import parse_markets

TARGET = Target("<=", 4.0)
RECORDED = ROOT.parent / "shared" / "recorded"
BOARDS = {
    "espn/nfl/in_progress-1.json": "nfl",
    "espn/ncaab/final-1.json": "ncaab",
    "espn/atp/final-1.json": "atp",
    "espn/eng.1/postponed-1.json": "epl",
}
PAGE = "kalshi/sportsdataverse-prod-2026-10-06/markets.json"
MARKETS = 1000


def measure(scale: Scale) -> list[Figure]:
    """Boards of each kind of sport, and pages of 1,000 markets."""
    rounds = scale.of(60, 10)
    figures = [
        _figure(
            f"ESPN board {name}", body, lambda body=body, league=league: parse_scoreboard(body, league).games, rounds
        )
        for name, body, league in [*_recorded_boards(), *_simulated_boards()]
    ]
    for name, body in _pages():
        figures.append(_figure(f"Kalshi page {name}", body, lambda body=body: parse_markets(body), rounds))
    return figures


def _figure(name: str, body: bytes, parse: Callable[[], Parsed[Any]], rounds: int) -> Figure:
    parsed = parse()
    if not parsed.rows:
        raise RuntimeError(f"{name}: no row was read of {len(body)} bytes; rejections: {parsed.rejections[:3]}")
    samples = interleaved(
        {"parse": parse, "json.loads": lambda: json.loads(body), "orjson.loads": lambda: orjson.loads(body)},
        rounds,
        warm_up=3,
    )
    note = f"{len(body) / 1000:,.0f} kB, {len(parsed.rows)} rows: {samples.median('parse') * 1000:.2f} ms"
    return Figure(
        f"parsing, {name}", samples.ratio("parse", "json.loads"), "x json.loads", TARGET, note, samples.detail()
    )


def _recorded_boards() -> list[tuple[str, bytes, League]]:
    known = load_leagues()
    return [
        (
            f"{name.removeprefix('espn/').removesuffix('-1.json')} (recorded)",
            (RECORDED / name).read_bytes(),
            known[league],
        )
        for name, league in BOARDS.items()
        if (RECORDED / name).is_file()
    ]


def _simulated_boards() -> list[tuple[str, bytes, League]]:
    app, chosen = application(instant()), {league.key: league for league in leagues()}
    boards = []
    for key in ("nfl", "ncaab", "atp", "epl"):
        request = requests_for(chosen[key], board_day())[0]
        answer = asyncio.run(ask(app, request.path, urlencode(request.params)))
        boards.append((f"{key} (simulated)", answer.content, chosen[key]))
    return boards


def _pages() -> list[tuple[str, bytes]]:
    listed = [market for markets in open_markets(application(instant())).values() for market in markets]
    pages = [("of 1,000 markets (simulated)", _page(listed))]
    if (RECORDED / PAGE).is_file():
        pages.append(("of 1,000 markets (recorded ones, repeated)", _page(_recorded_markets())))
    return pages


def _recorded_markets() -> list[dict[str, Any]]:
    return orjson.loads((RECORDED / PAGE).read_bytes())["markets"]


def _page(markets: list[dict[str, Any]]) -> bytes:
    """A full page of these markets, those repeated under tickers of their own."""
    rows = []
    for number in range(MARKETS):
        market = markets[number % len(markets)]
        again = number // len(markets)
        rows.append({**market, "ticker": f"{market['ticker']}{again}"} if again else market)
    return orjson.dumps({"cursor": "", "markets": rows})
