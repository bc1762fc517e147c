"""Quotes: what the market showed at any moment, and how it got there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from precog_assets.queries.connection import COUNT, PRICE, UTC_INSTANT, aware, frame
from precog_assets.queries.games import END_OF_TIME, Basis

QUOTES = {
    "market_id": pl.String,
    "ticker": pl.String,
    "league": pl.String,
    "observed_at": UTC_INSTANT,
    "known_at": UTC_INSTANT,
    "confirmed_at": UTC_INSTANT,
    "origin": pl.String,
    "yes_bid": PRICE,
    "yes_ask": PRICE,
    "yes_bid_size": COUNT,
    "yes_ask_size": COUNT,
    "last_price": PRICE,
    "volume": COUNT,
    "open_interest": COUNT,
    "response_id": pl.Int64,
}
_COLUMNS = (
    "m.market_id, m.ticker, m.league, q.observed_at, q.known_at, least(q.confirmed_at, :at), q.origin, q.yes_bid, "
    "q.yes_ask, q.yes_bid_size, q.yes_ask_size, q.last_price, q.volume, q.open_interest, q.response_id"
)
_CHOSEN = (
    "(CAST(:league AS text) IS NULL OR m.league = :league) "
    "AND (CAST(:tickers AS text[]) IS NULL OR m.ticker = ANY(:tickers))"
)
_OBSERVED = sa.text(
    f"SELECT {_COLUMNS} FROM market.markets m CROSS JOIN LATERAL (SELECT * FROM market.quotes q "
    "WHERE q.market_key = m.market_key AND q.observed_at <= :at AND q.origin = 'live' "
    f"ORDER BY q.observed_at DESC LIMIT 1) q WHERE {_CHOSEN} ORDER BY m.ticker"
)
_KNOWN = sa.text(
    f"SELECT {_COLUMNS} FROM market.markets m CROSS JOIN LATERAL (SELECT * FROM market.quotes q "
    "WHERE q.market_key = m.market_key AND q.known_at <= :at "
    f"ORDER BY q.known_at DESC, q.observed_at DESC LIMIT 1) q WHERE {_CHOSEN} ORDER BY m.ticker"
)
_HISTORY = sa.text(
    f"SELECT {_COLUMNS} FROM market.markets m JOIN market.quotes q USING (market_key) "
    "WHERE m.ticker = :ticker AND q.observed_at >= :first AND q.observed_at < :last ORDER BY q.observed_at"
)
_START_OF_TIME = datetime.fromtimestamp(0, END_OF_TIME.tzinfo)


def quotes_as_of(
    engine: sa.Engine,
    at: datetime,
    *,
    league: str | None = None,
    tickers: Sequence[str] | None = None,
    basis: Basis = "observed",
) -> pl.DataFrame:
    """The last quote of every market as it was known at an instant; columns of QUOTES.

    Prices in dollars per contract, sizes and volume in contracts; null means no price there, never zero.
    `confirmed_at` is the last time by then that the same quote was seen: `at` minus it is the quote's age.
    """
    query = _OBSERVED if basis == "observed" else _KNOWN
    parameters = {"at": aware("at", at), "league": league, "tickers": list(tickers) if tickers is not None else None}
    return frame(engine, query, parameters, QUOTES)


def quote_history(
    engine: sa.Engine, ticker: str, *, first: datetime | None = None, last: datetime | None = None
) -> pl.DataFrame:
    """Every quote of one market that differed from the one before, oldest first; columns of QUOTES."""
    parameters = {
        "ticker": ticker,
        "at": END_OF_TIME,
        "first": aware("first", first) if first else _START_OF_TIME,
        "last": aware("last", last) if last else END_OF_TIME,
    }
    return frame(engine, _HISTORY, parameters, QUOTES)
