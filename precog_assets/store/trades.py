"""Writing what was traded: trades, and candlesticks of them. Neither changes once its time is over."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from precog_assets.domain.facts import CandleSeen, Observation, Origin, TradeSeen
from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, WriteCounts, write

TRADES = CurrentTarget(
    tables.trades,
    key=("trade_id",),
    values=(),
    once=(
        "market_id",
        "traded_at",
        "yes_price",
        "count",
        "taker_side",
        "is_block",
        "observed_at",
        "known_at",
        "origin",
        "response_id",
        "response_offset",
    ),
)
CANDLES = CurrentTarget(
    tables.candles,
    key=("market_id", "period_minutes", "end_time"),
    values=(
        "yes_bid_close",
        "yes_ask_close",
        "price_open",
        "price_high",
        "price_low",
        "price_close",
        "volume",
        "open_interest",
    ),
    stamps=("observed_at", "known_at", "origin", "response_id"),
    newer="observed_at",
)


def write_trades(connection: sa.Connection, observed: Sequence[tuple[TradeSeen, Observation]]) -> WriteCounts:
    """Add the trades that are new; `known_at` is the trade's own time unless it was seen live."""
    rows = [
        (
            trade.trade_id,
            trade.market_id,
            trade.created_time,
            trade.yes_price,
            trade.count,
            trade.taker_side,
            trade.is_block,
            seen.observed_at,
            seen.observed_at if seen.origin is Origin.LIVE else trade.created_time,
            seen.origin.value,
            seen.response_id,
            seen.response_offset,
        )
        for trade, seen in observed
    ]
    return write(connection, TRADES, rows)


def write_candles(connection: sa.Connection, observed: Sequence[tuple[CandleSeen, Observation]]) -> WriteCounts:
    """Write candles; one still forming is brought up to date."""
    rows = [
        (
            candle.market_id,
            candle.period_minutes,
            candle.end_time,
            candle.yes_bid_close,
            candle.yes_ask_close,
            candle.price_open,
            candle.price_high,
            candle.price_low,
            candle.price_close,
            candle.volume,
            candle.open_interest,
            seen.observed_at,
            candle.end_time,
            seen.origin.value,
            seen.response_id,
        )
        for candle, seen in observed
    ]
    return write(connection, CANDLES, rows)
