"""Which parser and which writer a kept answer goes through, by its feed: the ones of the live steps.

Belongs here: a line for each feed whose facts are stored. Does not: parsing (`sources`), writing (`store`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.facts import Observation, Parsed, TeamSeen
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.sources.kalshi.parse_markets import parse_markets
from precog_assets.sources.kalshi.parse_trading import parse_candlesticks, parse_orderbooks, parse_trades
from precog_assets.store.bulk import FactTarget
from precog_assets.store.games import GAME_STATES, write_games, write_teams_seen
from precog_assets.store.markets import MARKET_STATES, ORDER_BOOKS, QUOTES, write_markets, write_order_books
from precog_assets.store.trades import CANDLES, TRADES, write_candles, write_trades

Rows = Sequence[tuple[Any, Observation]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser made of an answer: rows, and the competitors they name where the source names any."""

    parsed: Parsed[Any]
    teams: Sequence[TeamSeen] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answer."""

    name: str
    feeds: tuple[str, ...]
    """The first two parts of its feeds."""
    read: Callable[[bytes, str], Reading]
    """Of bytes and feed."""
    write: Callable[[sa.Connection, Rows], object]
    keys: Callable[[Any], tuple[Any, ...]]
    """The key that a row's facts are stored under."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A table that a replay writes and compares: key, what is compared, and the source it comes from."""

    target: Any
    source: str
    kinds: tuple[str, ...]
    """Kinds of answers that write it."""
    by_market_key: bool = False

    @property
    def name(self) -> str:
        return self.target.table.fullname

    @property
    def key(self) -> tuple[str, ...]:
        return self.target.key

    @property
    def values(self) -> tuple[str, ...]:
        """Columns that must be equal; which answer a row was read from, and when last confirmed, are not among them."""
        if isinstance(self.target, FactTarget):
            return (*self.target.values, "known_at", "origin")
        stamps = {"observed_at", "response_id"}
        return tuple(name for name in self.target.columns if name not in stamps and name not in self.key)


def _board(body: bytes, feed: str) -> Reading:
    parsed = parse_scoreboard(body, load_leagues()[feed.split(":")[2]])
    return Reading(parsed.games, parsed.teams)


def _candles(body: bytes, feed: str) -> Reading:
    return Reading(parse_candlesticks(body, None, int(feed.split(":")[3])))


BOARDS = Kind(
    "games",
    ("espn:scoreboard",),
    _board,
    lambda connection, rows: write_games(connection, rows, load_leagues()),
    lambda row: (row.game_id,),
)
MARKETS = Kind(
    "markets",
    ("kalshi:markets", "kalshi:historical_markets"),
    lambda body, _feed: Reading(parse_markets(body)),
    lambda connection, rows: write_markets(connection, rows, league_of_series()),
    lambda row: (row.market_id,),
)
BOOKS = Kind(
    "books",
    ("kalshi:orderbooks",),
    lambda body, _feed: Reading(parse_orderbooks(body)),
    write_order_books,
    lambda row: (row.market_id,),
)
TRADED = Kind(
    "trades",
    ("kalshi:trades", "kalshi:historical_trades"),
    lambda body, _feed: Reading(parse_trades(body)),
    write_trades,
    lambda row: (row.trade_id,),
)
CANDLESTICKS = Kind(
    "candles",
    ("kalshi:candlesticks",),
    _candles,
    write_candles,
    lambda row: (row.market_id, row.period_minutes, row.end_time),
)
KINDS = (BOARDS, MARKETS, BOOKS, TRADED, CANDLESTICKS)
"""In the order written: books need their markets."""
TABLES = (
    Compared(GAME_STATES, "espn", ("games",)),
    Compared(MARKET_STATES, "kalshi", ("markets",)),
    Compared(QUOTES, "kalshi", ("markets",), by_market_key=True),
    Compared(ORDER_BOOKS, "kalshi", ("books",), by_market_key=True),
    Compared(TRADES, "kalshi", ("trades",)),
    Compared(CANDLES, "kalshi", ("candles",)),
)


def kind_of(feed: str) -> Kind | None:
    """How a feed's answers are read; None for those that no facts are stored of (balances, lists of teams)."""
    name = ":".join(feed.split(":")[:2])
    return next((kind for kind in KINDS if name in kind.feeds), None)


def write_rows(connection: sa.Connection, kind: Kind, rows: Rows, teams: Sequence[TeamSeen], now: datetime) -> None:
    """Write what was read, with the writers of the live steps."""
    write_teams_seen(connection, teams, now)
    kind.write(connection, rows)
