"""Feeds to test with: one game or a few, quotes written in a line, and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from precog_assets.config import load_trading_rules
from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.strategies import Strategy
from precog_assets.domain.trading import GameFacts, LinkFacts, MarketFacts
from precog_assets.pipeline.backtest.feed import (
    NO_PRICE,
    ORIGINS,
    STEPS,
    Chunk,
    Fact,
    ForecastKnown,
    GameKnown,
    MarketKnown,
    MarketPaid,
    MemoryFeed,
    Quotes,
    by_time,
    micros,
)
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.run import run_backtest
from precog_assets_tests.trading.builders import strategy

DAY = timedelta(days=1)
LISTED = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
RULES = load_trading_rules()
HOME_MARKET, AWAY_MARKET = "kalshi:KXNFLGAME-26NOV21JACKC-KC", "kalshi:KXNFLGAME-26NOV21JACKC-JAC"


def market(market_id: str = HOME_MARKET, outcome: Outcome = Outcome.HOME, **changes: Any) -> MarketKnown:
    """A market of the game `nfl:1`, active; `changes` are of its facts, `link` and `known_at`."""
    link = changes.pop("link", LinkFacts("matched", changes.pop("game_id", "nfl:1"), outcome))
    known_at = changes.pop("known_at", LISTED)
    ticker = market_id.partition(":")[2]
    facts = MarketFacts(
        market_id=market_id,
        venue="kalshi",
        ticker=ticker,
        event_ticker=ticker.rpartition("-")[0],
        series_ticker="KXNFLGAME",
        league="nfl",
        status="active",
        close_time=START + timedelta(days=10),
    )
    return MarketKnown(known_at, replace(facts, **changes), link, Origin.IMPORT)


def game(**changes: Any) -> GameKnown:
    """The game `nfl:1` as it was listed; its source has no states."""
    facts = GameFacts("nfl:1", "nfl", 2026, "regular", "scheduled", START, True, LISTED)
    own = {name: changes.pop(name) for name in ("known_at", "confirmed_at", "assumed_start") if name in changes}
    known = GameKnown(LISTED, replace(facts, **changes), None, Origin.IMPORT)
    return replace(known, **own)


def forecast(p_home: float = 0.65, **changes: Any) -> ForecastKnown:
    """What the model said of `nfl:1`, with half of the weight."""
    said = ForecastKnown(
        known_at=LISTED,
        game_id="nfl:1",
        probabilities={Outcome.HOME: p_home, Outcome.AWAY: 1 - p_home},
        model_version="nfl:1",
        games_home=11,
        games_away=10,
        rated_at=LISTED - timedelta(days=5),
        as_of=LISTED,
        computed_at=LISTED,
        origin=Origin.IMPORT,
        model_weight=0.5,
    )
    return replace(said, **changes)


def paid(market_id: str = HOME_MARKET, result: str = "yes", value: str | None = None, **changes: Any) -> MarketPaid:
    """The payout, four hours after the start."""
    at = changes.get("known_at", START + timedelta(hours=4))
    return MarketPaid(at, market_id, result, None if value is None else Decimal(value), Origin.IMPORT)


QuoteRow = tuple[datetime, str, int, int]
"""When, market, bid and ask of YES in cents; 0 and 100 are nobody's."""


def quotes(
    rows: Sequence[QuoteRow], markets: tuple[str, ...], *, contracts: float = 500.0, synthetic: bool = False
) -> Quotes:
    """Quotes of rows in time order."""
    known = np.array([micros(row[0]) for row in rows], np.int64)
    cent = STEPS // 100
    bid = np.array([row[2] * cent if row[2] > 0 else NO_PRICE for row in rows], np.int32)
    ask = np.array([row[3] * cent if row[3] < 100 else NO_PRICE for row in rows], np.int32)
    return Quotes(
        known_us=known,
        observed_us=known,
        confirmed_us=known,
        market=np.array([markets.index(row[1]) for row in rows], np.int32),
        bid=bid,
        ask=ask,
        last=bid,
        bid_size=np.full(len(rows), contracts),
        ask_size=np.full(len(rows), contracts),
        synthetic=np.full(len(rows), synthetic),
        origin=np.full(len(rows), ORIGINS.index(Origin.IMPORT), np.int8),
    )


def feed(facts: Sequence[Fact], rows: Sequence[QuoteRow], **given: Any) -> MemoryFeed:
    """The facts and quotes cut into days."""
    ordered, rows = sorted(facts, key=by_time), sorted(rows, key=lambda row: row[0])
    markets = tuple(sorted({row[1] for row in rows}))
    times = [row[0] for row in rows] + [fact.known_at for fact in ordered]
    first = min(times).replace(hour=0, minute=0, second=0, microsecond=0)
    chunks: list[Chunk] = []
    while first <= max(times):
        until = first + DAY
        inside = [row for row in rows if first <= row[0] < until]
        told = tuple(fact for fact in ordered if first <= fact.known_at < until)
        chunks.append(Chunk(first, until, markets, quotes(inside, markets, **given), told))
        first = until
    return MemoryFeed(chunks)


def eager(**gates: Any) -> Strategy:
    """The configured strategy with room for what these feeds hold."""
    wide = {"max_net_value": "0.50", "max_spread": "0.10", "max_hours_to_start": 200, **gates}
    return strategy("value", gates=wide)


def run(given: MemoryFeed, chosen: Strategy | None = None, **options: Any) -> Result:
    """The backtest of a feed under the configured limits."""
    return run_backtest(given, chosen or eager(), RULES.limits, RULES.backtests, **options)
