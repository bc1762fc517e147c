"""Kalshi payloads out of a folder of captures: unwrapped, told apart by content, newest capture first.

Only the current wire shape is taken: a market with `yes_bid_dollars` and without the old integer
`yes_bid`, an event with `settlement_sources`, a series with `categories`, a trade with `count_fp`, a
candlestick with `volume_fp`. The cent-shaped recordings of before the 2026 migration, rows a recorder
trimmed of their prices, account data, and files marked DERIVED are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard

from precog_assets.simulator.recorded.files import read_json

Json = dict[str, Any]

_DATED = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?$")
_TICKER_IN_PATH = re.compile(r"/markets/([^/?]+)/orderbook")
_MINUTE_S = 60


class Captures:
    """What the captures hold, by ticker; of what was captured twice, the newest."""

    def __init__(self, folder: Path) -> None:
        self.markets: dict[str, Json] = {}
        self.events: dict[str, Json] = {}
        self.series: dict[str, Json] = {}
        self.milestones: dict[str, Json] = {}
        self.trades: dict[str, Json] = {}
        self.books: dict[str, Json] = {}
        self.candles: dict[tuple[str, int], list[Json]] = {}
        """By ticker and period in minutes."""
        self.fee_changes: dict[str, Json] = {}
        """Of series and of events, by id."""
        self.status: Json | None = None
        self.schedule: Json | None = None
        for capture in sorted((path for path in folder.iterdir() if path.is_dir()), key=_captured):
            self._take_capture(capture)

    def _take_capture(self, capture: Path) -> None:
        """Files in order of name, books last: they are tied to the capture's own markets."""
        books: list[tuple[Path, Json]] = []
        markets: dict[str, Json] = {}
        for path in sorted(capture.glob("*.json")):
            if path.name.endswith(".meta.json") or "DERIVED" in path.name:
                continue
            payload = unwrap(read_json(path))
            if not isinstance(payload, dict):
                continue
            if "orderbook_fp" in payload:
                books.append((path, payload))
                continue
            for market in _markets(payload):
                markets[market["ticker"]] = market
            self._take(payload)
        self.markets.update(markets)
        for path, payload in books:
            ticker = _ticker_of_book(path, payload, markets)
            if ticker is not None:
                self.books[ticker] = payload

    def _take(self, payload: Json) -> None:
        for event in _rows(payload, "events", "event", mark="settlement_sources", key="event_ticker"):
            self.events[event["event_ticker"]] = event
        for series in _rows(payload, "series", "series", mark="categories", key="ticker"):
            self.series[series["ticker"]] = series
        for trade in _rows(payload, "trades", "trade", mark="count_fp", key="trade_id"):
            self.trades[trade["trade_id"]] = trade
        for milestone in _rows(payload, "milestones", "milestone", mark="last_updated_ts", key="id"):
            if "primary_event_tickers" in milestone:
                self.milestones[milestone["id"]] = milestone
        for change in (*_list(payload.get("series_fee_change_arr")), *_list(payload.get("event_fee_changes"))):
            self.fee_changes[change["id"]] = change
        if "candlesticks" in payload and "ticker" in payload:
            self._take_candles(payload["ticker"], payload["candlesticks"])
        if "exchange_active" in payload:
            self.status = payload
        if "schedule" in payload:
            self.schedule = payload

    def _take_candles(self, ticker: str, candles: list[Json]) -> None:
        """Candles by the spacing of their ends; a single one says nothing of its period and is left out."""
        if len(candles) < 2 or "volume_fp" not in candles[0]:
            return
        spacing_s = min(b["end_period_ts"] - a["end_period_ts"] for a, b in pairwise(candles))
        self.candles[(ticker, spacing_s // _MINUTE_S)] = candles


def unwrap(payload: Any) -> Any:
    """The payload inside a recorder's wrapper (`fixture_id` + `payload`, `_metadata` + `response`), or itself."""
    if isinstance(payload, dict) and "fixture_id" in payload and "payload" in payload:
        return payload["payload"]
    if isinstance(payload, dict) and "_metadata" in payload and "response" in payload:
        return payload["response"]
    return payload


def is_current_market(row: Any) -> TypeGuard[Json]:
    """Whether a row is a market in the shape since April 2026, with its prices."""
    return isinstance(row, dict) and "ticker" in row and "yes_bid_dollars" in row and "yes_bid" not in row


def _captured(capture: Path) -> tuple[str, str]:
    """Date of a capture by its name, for sorting; a month alone counts as its first day."""
    found = _DATED.search(capture.name)
    return (f"{found[1]}-{found[2]}-{found[3] or '01'}" if found else "", capture.name)


def _markets(payload: Json) -> Iterator[Json]:
    """The markets of a list, of one market, and those nested in events."""
    rows = [*_list(payload.get("markets")), payload.get("market")]
    for event in (*_list(payload.get("events")), payload.get("event")):
        rows += _list(event.get("markets")) if isinstance(event, dict) else []
    for row in rows:
        if is_current_market(row):
            yield row


def _rows(payload: Json, plural: str, single: str, *, mark: str, key: str) -> Iterator[Json]:
    """Objects of one kind in a list, alone under their name, or as the whole payload."""
    for row in (*_list(payload.get(plural)), payload.get(single), payload):
        if isinstance(row, dict) and isinstance(row.get(key), str) and mark in row:
            yield row


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _ticker_of_book(path: Path, payload: Json, markets: dict[str, Json]) -> str | None:
    """Whose book a file is: by the request noted beside it, else by the capture's market with the same best bid."""
    note = path.with_suffix(".meta.json")
    if note.is_file():
        found = _TICKER_IN_PATH.search(str(read_json(note).get("path", "")))
        return found.group(1) if found else None
    levels = payload["orderbook_fp"].get("yes_dollars") or []
    best = levels[-1] if levels else None
    same = [t for t, m in markets.items() if best == [m["yes_bid_dollars"], m.get("yes_bid_size_fp")]]
    return same[0] if len(same) == 1 else None
