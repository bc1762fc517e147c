"""What is asked of a venue, as far as a rule may depend on it: which venue, which league, which tickers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from precog_assets.config import load_leagues
from precog_assets.simulator.faults.rules import Venue
from precog_assets.simulator.kalshi.sports import series_terms

STREAM_PREFIX, KALSHI_PREFIX = "/trade-api/ws/", "/trade-api/"
_TICKER_KEYS = frozenset(
    {"ticker", "tickers", "market_ticker", "market_tickers", "event_ticker", "event_tickers", "series_ticker"}
)
_TICKER = re.compile(r"KX[A-Z0-9]+(-[A-Z0-9.]+)*")
_ESPN_LEAGUE = re.compile(r"/sports/(?P<sport>[^/]+)/(?:leagues/)?(?P<league>[^/]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    venue: Venue
    method: str
    path: str
    query: Mapping[str, str]
    tickers: tuple[str, ...] = ()
    leagues: frozenset[str] = frozenset()


def asked_by(scope: Mapping[str, Any]) -> Asked:
    """What an ASGI scope asks for; a stream's handshake is a GET."""
    path = scope["path"]
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    venue = venue_of(path)
    if venue == "espn":
        return Asked(venue, scope.get("method", "GET"), path, query, leagues=_espn_leagues(path))
    tickers = tuple(part for part in path.split("/") if _TICKER.fullmatch(part))
    for name, value in query.items():
        if name in _TICKER_KEYS:
            tickers += tuple(part for part in value.split(",") if part)
    leagues = frozenset(league for league in map(league_of, tickers) if league is not None)
    return Asked(venue, scope.get("method", "GET"), path, query, tickers, leagues)


def venue_of(path: str) -> Venue:
    """Whose path it is."""
    if path.startswith(STREAM_PREFIX):
        return "stream"
    return "kalshi" if path.startswith(KALSHI_PREFIX) else "espn"


def league_of(ticker: str) -> str | None:
    """The league of a Kalshi ticker; None for one that is not of a game."""
    terms = series_terms().get(ticker.partition("-")[0])
    return terms.league if terms is not None else None


@lru_cache(maxsize=256)
def _espn_leagues(path: str) -> frozenset[str]:
    found = _ESPN_LEAGUE.search(path)
    if found is None:
        return frozenset()
    asked = f"{found['sport']}/{found['league']}"
    return frozenset(key for key, league in load_leagues().items() if league.espn.path in (asked, found["league"]))
