"""All of Kalshi's parsers under one name, and `parse_any`, which recognises a payload by its keys.

Callers that know what they asked for use the parser of that name; replays and imports, which meet
bodies without their requests, use `parse_any`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from precog_assets.domain.facts import Parsed
from precog_assets.sources.kalshi.errors import error_of, parse_error
from precog_assets.sources.kalshi.parse_account import (
    parse_balance,
    parse_cutoff,
    parse_exchange_status,
    parse_positions,
)
from precog_assets.sources.kalshi.parse_fees import parse_event_fee_changes, parse_series_fee_changes
from precog_assets.sources.kalshi.parse_markets import (
    VENUE,
    market_id_of,
    parse_events,
    parse_markets,
    parse_milestones,
    parse_series,
)
from precog_assets.sources.kalshi.parse_trading import (
    parse_candlesticks,
    parse_orderbook,
    parse_orderbooks,
    parse_trades,
)
from precog_assets.sources.kalshi.rows import ApiError

__all__ = [
    "VENUE",
    "Recognised",
    "market_id_of",
    "parse_any",
    "parse_balance",
    "parse_candlesticks",
    "parse_cutoff",
    "parse_error",
    "parse_event_fee_changes",
    "parse_events",
    "parse_exchange_status",
    "parse_markets",
    "parse_milestones",
    "parse_orderbook",
    "parse_orderbooks",
    "parse_positions",
    "parse_series",
    "parse_series_fee_changes",
    "parse_trades",
]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a body turned out to be, and all that was read from it."""

    kind: str
    """markets, market, events, event, series, series_fee_changes, event_fee_changes, milestones, trades, orderbook,
    orderbooks, candlesticks, exchange_status, cutoff, balance, positions, error, not_json or other."""
    parts: Mapping[str, Parsed[Any]] = field(default_factory=dict)
    """By what the rows are: an events page gives `events` and, where nested, `markets` and `milestones`."""
    error: ApiError | None = None


def parse_any(body: bytes, *, ticker: str | None = None, period_minutes: int = 1) -> Recognised:
    """Recognise a body and read it. Never raises.

    A lone order book and historical candlesticks do not say which market they belong to: `ticker` does, and
    without it the book is left as `other` and the candlesticks are rejected. No candlestick says how long it is.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Recognised("not_json")
    if not isinstance(document, dict):
        return Recognised("other")
    error = error_of(document)
    if error is not None:
        return Recognised("error", error=error)
    if "candlesticks" in document or "market_candlesticks" in document or _is_candle_batch(document):
        return Recognised("candlesticks", {"candlesticks": parse_candlesticks(body, ticker, period_minutes)})
    if "events" in document or "event" in document:
        return Recognised("events" if "events" in document else "event", _event_parts(document, body))
    if "orderbook_fp" in document or "orderbook" in document:
        if ticker is None:
            return Recognised("other")
        return Recognised("orderbook", {"orderbooks": parse_orderbook(body, ticker)})
    for keys, kind, part, parser in _BY_KEYS:
        if keys <= document.keys():
            return Recognised(kind, {part: parser(body)})
    return Recognised("other")


def _is_candle_batch(document: dict[str, Any]) -> bool:
    markets = document.get("markets")
    return isinstance(markets, list) and any(isinstance(row, dict) and "candlesticks" in row for row in markets[:1])


def _event_parts(document: dict[str, Any], body: bytes) -> dict[str, Parsed[Any]]:
    parts: dict[str, Parsed[Any]] = {"events": parse_events(body)}
    events = document["events"] if "events" in document else [document["event"]]
    nested = isinstance(events, list) and any(isinstance(event, dict) and "markets" in event for event in events)
    if nested or "markets" in document:
        parts["markets"] = parse_markets(body)
    if document.get("milestones"):
        parts["milestones"] = parse_milestones(body)
    return parts


_BY_KEYS: tuple[tuple[frozenset[str], str, str, Callable[[bytes], Parsed[Any]]], ...] = (
    (frozenset({"markets"}), "markets", "markets", parse_markets),
    (frozenset({"market"}), "market", "markets", parse_markets),
    (frozenset({"series"}), "series", "series", parse_series),
    (frozenset({"series_fee_change_arr"}), "series_fee_changes", "fee_terms", parse_series_fee_changes),
    (frozenset({"event_fee_changes"}), "event_fee_changes", "fee_terms", parse_event_fee_changes),
    (frozenset({"trades"}), "trades", "trades", parse_trades),
    (frozenset({"orderbooks"}), "orderbooks", "orderbooks", parse_orderbooks),
    (frozenset({"milestones"}), "milestones", "milestones", parse_milestones),
    (frozenset({"milestone"}), "milestones", "milestones", parse_milestones),
    (frozenset({"market_positions"}), "positions", "positions", parse_positions),
    (frozenset({"balance", "portfolio_value"}), "balance", "balance", parse_balance),
    (frozenset({"exchange_active", "trading_active"}), "exchange_status", "exchange_status", parse_exchange_status),
    (frozenset({"market_settled_ts", "trades_created_ts"}), "cutoff", "cutoff", parse_cutoff),
)
