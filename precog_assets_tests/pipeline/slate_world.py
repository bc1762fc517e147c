"""Games to come with their markets in the database, and everything that a decision on them reads.

Kansas City is at home to Jacksonville in every game, `nfl:1` to `nfl:n`, three hours after NOW. The model believes in
the home side more than the market does, so that YES on it is worth buying under the strategy `value`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen, MarketSeen, Observation, OrderBookSeen, Origin, QuoteSeen
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Rung, SkillFacts
from precog_assets.store.book import write_rung
from precog_assets.store.bulk import write
from precog_assets.store.evaluations import write_blends
from precog_assets.store.forecasts import COLUMNS, write_forecasts
from precog_assets.store.games import write_games
from precog_assets.store.links import LINKS
from precog_assets.store.markets import write_markets, write_order_books, write_quotes
from precog_assets.store.ratings import write_ratings
from precog_assets.store.snapshots import version_of
from precog_assets_tests.store.rows import game, market, quote

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
SEEN = NOW - timedelta(seconds=10)
START = NOW + timedelta(hours=3)
HOME, AWAY = "nfl:12", "nfl:30"
SCHEDULED = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None, "period": None}
PROVEN = SkillFacts(Rung.PAPER, 400, 0.02, 0.01, 0.008, 0.002)
Levels = tuple[tuple[str, str], ...]


def version() -> str:
    return version_of("nfl", "default")


def event(number: int = 1) -> str:
    return f"KXNFLGAME-26NOV22G{number:03}"


def kc(number: int = 1) -> str:
    """The market that pays on the home side."""
    return f"kalshi:{event(number)}-KC"


def jac(number: int = 1) -> str:
    return f"kalshi:{event(number)}-JAC"


def live(at: datetime, response_id: int = 1) -> Observation:
    return Observation(at, Origin.LIVE, response_id)


def game_row(number: int = 1, **given: Any) -> GameSeen:
    return game(str(number), **{"start_time": START, **SCHEDULED, **given})


def market_row(market_id: str, **given: Any) -> MarketSeen:
    name, _, code = market_id.partition(":")[2].rpartition("-")
    return market(code, name, **{"open_time": NOW - timedelta(days=7), "close_time": NOW + timedelta(days=14), **given})


def put_games(connection: sa.Connection, *games: GameSeen, at: datetime = SEEN) -> None:
    write_games(connection, [(one, live(at)) for one in games], load_leagues())


def put_markets(connection: sa.Connection, *markets: MarketSeen, at: datetime = SEEN) -> None:
    write_markets(connection, [(one, live(at)) for one in markets], {"KXNFLGAME": "nfl"})


def put_quote(
    connection: sa.Connection, market_id: str, bid: str | None, ask: str | None, at: datetime = SEEN, **given: Any
) -> None:
    size = {"yes_bid_size": Decimal(500), "yes_ask_size": Decimal(500)}
    seen: QuoteSeen = quote(bid, ask, **{**size, **given})
    write_quotes(connection, [(market_id, seen, live(at))])


def put_book(connection: sa.Connection, market_id: str, yes: Levels, no: Levels, at: datetime = SEEN) -> None:
    """(price, contracts) of bids on both sides, best first."""
    sides = [tuple((Decimal(price), Decimal(count)) for price, count in reversed(side)) for side in (yes, no)]
    write_order_books(connection, [(OrderBookSeen(market_id, *sides), live(at))])


def put_link(
    connection: sa.Connection,
    market_id: str,
    game_id: str | None,
    outcome: Outcome | None = None,
    *,
    verdict: str = "matched",
    at: datetime = SEEN,
) -> None:
    said = None if outcome is None else outcome.value
    row = (market_id, verdict, game_id, said, "code", "", orjson.dumps({}).decode(), None, None, at, at)
    write(connection, LINKS, [row])


def forecast_row(number: int, p_home: float, **given: Any) -> tuple[Any, ...]:
    row = {
        "game_id": f"nfl:{number}",
        "season": 2026,
        "start_time": START,
        "home_team_id": HOME,
        "away_team_id": AWAY,
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1550.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": 70.0,
        "games_home": 10,
        "games_away": 9,
        "as_of": NOW - timedelta(days=6),
        **given,
    }
    return tuple(row[name] for name in COLUMNS)


def put_forecasts(connection: sa.Connection, *rows: tuple[Any, ...], at: datetime = NOW - timedelta(days=5)) -> None:
    write_forecasts(connection, "nfl", version(), rows, at)


def put_weight(connection: sa.Connection, weight: float, at: datetime = NOW - timedelta(days=5)) -> None:
    rows = [{"season": 2026, "model_weight": weight, "fitted_games": 900}]
    write_blends(connection, "nfl", version(), rows, at)


def put_rated(connection: sa.Connection, days_ago: float = 7, at: datetime = NOW - timedelta(days=5)) -> None:
    """The last game that both sides were rated by."""
    start = NOW - timedelta(days=days_ago)
    rows = [
        ("nfl", "nfl:last", team, version(), 2026, start, 1500.0, 1510.0, 0.5, 9, None, None) for team in (HOME, AWAY)
    ]
    write_ratings(connection, "nfl", version(), rows, at)


def put_slate(engine: sa.Engine, games: int = 1, *, p_home: float = 0.75, weight: float = 0.3) -> list[str]:
    """Games with two markets each at 0.49 to 0.51, books of five levels, links, forecasts; ids of the markets."""
    numbers = range(1, games + 1)
    ids = [one(number) for number in numbers for one in (kc, jac)]
    shown = quote("0.49", "0.51", yes_bid_size=Decimal(500), yes_ask_size=Decimal(500))
    levels = tuple((Decimal(45 + step) / 100, Decimal(500)) for step in range(5))
    with engine.begin() as connection:
        put_games(connection, *(game_row(number) for number in numbers))
        put_markets(connection, *(market_row(one, quote=shown) for one in ids))
        write_order_books(connection, [(OrderBookSeen(one, levels, levels), live(SEEN)) for one in ids])
        put_links(connection, games)
        put_forecasts(connection, *(forecast_row(number, p_home) for number in numbers))
        put_weight(connection, weight)
        put_rated(connection)
    return ids


def put_links(connection: sa.Connection, games: int) -> None:
    rows = [
        (one, "matched", f"nfl:{number}", side, "code", "", "{}", None, None, SEEN, SEEN)
        for number in range(1, games + 1)
        for one, side in ((kc(number), "home"), (jac(number), "away"))
    ]
    write(connection, LINKS, rows)


def put_rung(engine: sa.Engine, strategy: str = "value", facts: SkillFacts = PROVEN, league: str = "nfl") -> None:
    """Where a strategy stands in a league since the day before."""
    with engine.begin() as connection:
        write_rung(connection, strategy, league, facts, "by its figures", NOW - timedelta(days=1))
