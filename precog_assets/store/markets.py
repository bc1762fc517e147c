"""Writing series, events, markets, their states, quotes and books; trades and candles are in `store.trades`.

States, quotes and books are facts; `market.markets` shows the latest state. Quotes and books carry the
compact `market_key`, which is given here and never changes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.domain.facts import (
    EventSeen,
    MarketSeen,
    Observation,
    OrderBookSeen,
    Origin,
    QuoteSeen,
    SeriesSeen,
)
from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, FactTarget, WriteCounts, write

QUOTE_VALUES = ("yes_bid", "yes_ask", "yes_bid_size", "yes_ask_size", "last_price", "volume", "open_interest")
QUOTES = FactTarget(tables.quotes, key=("market_key",), values=QUOTE_VALUES)
STREAM_QUOTES = FactTarget(tables.quotes, key=("market_key",), values=QUOTE_VALUES, placed=True)
"""Quotes read from frames of a stream, which say where they lie."""
ORDER_BOOKS = FactTarget(tables.order_books, key=("market_key",), values=("yes_levels", "no_levels"))
STREAM_BOOKS = FactTarget(tables.order_books, key=("market_key",), values=("yes_levels", "no_levels"), placed=True)
STATE_VALUES = ("status", "result", "close_time", "settlement_value", "expiration_value")
MARKET_STATES = FactTarget(tables.market_states, key=("market_id",), values=STATE_VALUES)
MARKETS = CurrentTarget(
    tables.markets,
    key=("market_id",),
    values=(
        "venue",
        "ticker",
        "event_ticker",
        "series_ticker",
        "league",
        "title",
        "yes_sub_title",
        "market_type",
        "open_time",
        "expected_expiration_time",
        "occurrence_time",
        "strike_type",
        "strike",
        "price_level_structure",
        "price_ranges",
        "rules_primary",
        "settlement_time",
    ),
    stamps=("last_observed_at",),
    once=(*STATE_VALUES, "first_observed_at", "last_changed_at"),
    newer="last_observed_at",
)
SERIES = CurrentTarget(
    tables.series,
    key=("series_ticker",),
    values=("venue", "league", "title", "category", "frequency", "fee_type", "fee_multiplier", "tags"),
    stamps=("last_observed_at",),
    newer="last_observed_at",
)
EVENTS = CurrentTarget(
    tables.events,
    key=("event_ticker",),
    values=("venue", "series_ticker", "title", "sub_title", "mutually_exclusive", "competition", "competition_scope"),
    stamps=("last_observed_at",),
    newer="last_observed_at",
)
_keys: dict[str, dict[str, int]] = {}
_keys_lock = threading.Lock()


def market_keys(connection: sa.Connection, market_ids: Iterable[str]) -> dict[str, int]:
    """The compact key of each market that exists.

    Remembered per process and database, but only keys that an earlier transaction committed: one that
    is rolled back takes its keys with it.
    """
    with _keys_lock:
        known = _keys.setdefault(str(connection.engine.url), {})
        wanted = list(dict.fromkeys(market_ids))
        keys = {market_id: known[market_id] for market_id in wanted if market_id in known}
    missing = [market_id for market_id in wanted if market_id not in keys]
    if missing:
        table = tables.markets
        old = sa.cast(sa.cast(sa.literal_column("xmin"), sa.Text), sa.BigInteger)
        current = sa.cast(sa.cast(sa.func.pg_current_xact_id_if_assigned(), sa.Text), sa.BigInteger)
        found = connection.execute(
            sa.select(
                table.c.market_id,
                table.c.market_key,
                sa.func.coalesce(old != current % 4_294_967_296, True).label("committed"),
            ).where(table.c.market_id.in_(missing))
        ).all()
        keys.update({row.market_id: row.market_key for row in found})
        with _keys_lock:
            known.update({row.market_id: row.market_key for row in found if row.committed})
    return keys


def write_markets(
    connection: sa.Connection, observed: Sequence[tuple[MarketSeen, Observation]], league_of: Mapping[str, str]
) -> tuple[WriteCounts, WriteCounts]:
    """Write markets with their states, and the quotes of those that are quoted: (states, quotes) counts."""
    if not observed:
        return WriteCounts(), WriteCounts()
    write(connection, MARKETS, [_market_row(market, seen, league_of) for market, seen in observed])
    states = write(connection, MARKET_STATES, [_state_row(market, seen) for market, seen in observed])
    if states.written:
        _project(connection, sorted({market.market_id for market, _ in observed}))
    quoted = [(market.market_id, market.quote, seen) for market, seen in observed if market.quote is not None]
    return states, write_quotes(connection, quoted)


def write_quotes(connection: sa.Connection, quoted: Sequence[tuple[str, QuoteSeen, Observation]]) -> WriteCounts:
    """Append the quotes that changed. The markets must exist."""
    keys = market_keys(connection, [market_id for market_id, _, _ in quoted])
    rows = [
        (
            keys[market_id],
            seen.observed_at,
            quote.yes_bid,
            quote.yes_ask,
            quote.yes_bid_size,
            quote.yes_ask_size,
            quote.last_price,
            quote.volume,
            quote.open_interest,
            seen.observed_at,
            seen.origin.value,
            seen.response_id,
        )
        for market_id, quote, seen in quoted
    ]
    if not any(seen.response_offset is not None for _, _, seen in quoted):
        return write(connection, QUOTES, rows)
    placed = [(*row, seen.response_offset) for row, (_, _, seen) in zip(rows, quoted, strict=True)]
    return write(connection, STREAM_QUOTES, placed)


def write_order_books(connection: sa.Connection, observed: Sequence[tuple[OrderBookSeen, Observation]]) -> WriteCounts:
    """Append the books that changed; books of markets nobody knows yet are left out of the counts' written."""
    keys = market_keys(connection, [book.market_id for book, _ in observed])
    known = [(book, seen) for book, seen in observed if book.market_id in keys]
    rows = [
        (
            keys[book.market_id],
            seen.observed_at,
            _levels(book.yes),
            _levels(book.no),
            seen.observed_at,
            seen.origin.value,
            seen.response_id,
        )
        for book, seen in known
    ]
    if not any(seen.response_offset is not None for _, seen in known):
        return write(connection, ORDER_BOOKS, rows)
    placed = [(*row, seen.response_offset) for row, (_, seen) in zip(rows, known, strict=True)]
    return write(connection, STREAM_BOOKS, placed)


def write_series(
    connection: sa.Connection, series: Sequence[SeriesSeen], venue: str, league_of: Mapping[str, str], at: datetime
) -> WriteCounts:
    rows = [
        (
            one.ticker,
            venue,
            league_of.get(one.ticker),
            one.title,
            one.category,
            one.frequency,
            one.fee_type,
            one.fee_multiplier,
            orjson.dumps(one.tags).decode(),
            at,
        )
        for one in series
    ]
    return write(connection, SERIES, rows)


def write_events(connection: sa.Connection, events: Sequence[EventSeen], venue: str, at: datetime) -> WriteCounts:
    rows = [
        (
            event.event_ticker,
            venue,
            event.series_ticker,
            event.title,
            event.sub_title,
            event.mutually_exclusive,
            event.competition,
            event.competition_scope,
            at,
        )
        for event in events
    ]
    return write(connection, EVENTS, rows)


def _levels(levels: Sequence[tuple[Decimal, Decimal]]) -> str:
    return orjson.dumps([[str(price), str(count)] for price, count in levels]).decode()


def _market_row(market: MarketSeen, seen: Observation, league_of: Mapping[str, str]) -> tuple[Any, ...]:
    at = seen.observed_at
    return (
        market.market_id,
        market.venue,
        market.ticker,
        market.event_ticker,
        market.series_ticker,
        league_of.get(market.series_ticker),
        market.title,
        market.yes_sub_title,
        market.market_type,
        market.open_time,
        market.expected_expiration_time,
        market.occurrence_time,
        market.strike_type,
        None if market.strike is None else orjson.dumps(dict(market.strike), default=str).decode(),
        market.price_level_structure,
        orjson.dumps([[str(part) for part in step] for step in market.price_ranges]).decode(),
        market.rules_primary,
        market.settlement_time,
        at,
        market.status,
        market.result,
        market.close_time,
        market.settlement_value,
        market.expiration_value,
        at,
        at,
    )


def _state_row(market: MarketSeen, seen: Observation) -> tuple[Any, ...]:
    known_at = seen.observed_at
    if seen.origin is not Origin.LIVE and market.settlement_time is not None:
        known_at = min(known_at, market.settlement_time)
    return (
        market.market_id,
        seen.observed_at,
        market.status,
        market.result,
        market.close_time,
        market.settlement_value,
        market.expiration_value,
        known_at,
        seen.origin.value,
        seen.response_id,
    )


_PROJECT = sa.text(
    """
    UPDATE market.markets m SET
        status = s.status, result = s.result, close_time = s.close_time, settlement_value = s.settlement_value,
        expiration_value = s.expiration_value, first_observed_at = least(m.first_observed_at, s.first_at),
        last_observed_at = greatest(m.last_observed_at, s.observed_at), last_changed_at = s.observed_at
    FROM (
        SELECT DISTINCT ON (market_id) *, min(observed_at) OVER (PARTITION BY market_id) AS first_at
        FROM market.market_states
        WHERE market_id = ANY(:market_ids) ORDER BY market_id, observed_at DESC
    ) s
    WHERE m.market_id = s.market_id
      AND (m.first_observed_at > s.first_at
           OR (m.last_changed_at, m.status, m.result, m.close_time, m.settlement_value, m.expiration_value)
           IS DISTINCT FROM (s.observed_at, s.status, s.result, s.close_time, s.settlement_value, s.expiration_value))
    """
)


def _project(connection: sa.Connection, market_ids: list[str]) -> None:
    connection.execute(_PROJECT, {"market_ids": market_ids})
