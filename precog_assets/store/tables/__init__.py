"""Every table the product writes, as SQLAlchemy Core tables; migrations make them, a test compares.

One module a schema: raw (what came), core (games and teams), market (venues), model (ratings, forecasts, grades,
prices), book (decisions and what became of them), ops (how we run). Facts (`game_states`, `market_states`, `quotes`,
`order_books`) are appended on change and never overwritten; `games` and `markets` are projections of them.
"""

from __future__ import annotations

import sqlalchemy as sa

from precog_assets.store.tables.book import (
    accounts,
    decisions,
    equity,
    fills,
    kill_switch,
    ledger,
    limits,
    orders,
    paper_markets,
    rungs,
    settlements,
    strategies,
)
from precog_assets.store.tables.columns import metadata
from precog_assets.store.tables.core import game_states, games, team_aliases, teams
from precog_assets.store.tables.market import (
    candles,
    closing_odds,
    events,
    market_games,
    market_states,
    markets,
    order_books,
    quotes,
    series,
    trades,
)
from precog_assets.store.tables.model import blends, evaluations, forecasts, prices, ratings, states, versions
from precog_assets.store.tables.ops import (
    archive_growth,
    backfill_units,
    clock_offsets,
    contract_counts,
    contract_samples,
    error_counts,
    feeds,
    leases,
    rejections,
    stamp,
    steps,
    stream_gaps,
)
from precog_assets.store.tables.raw import responses

SCHEMAS = ("raw", "core", "market", "model", "book", "ops", "mart")
PARTITIONED: tuple[sa.Table, ...] = (responses, quotes, order_books)
"""Tables partitioned by month of observed_at, made ahead and dropped by retention."""

__all__ = [
    "PARTITIONED",
    "SCHEMAS",
    "accounts",
    "archive_growth",
    "backfill_units",
    "blends",
    "candles",
    "clock_offsets",
    "closing_odds",
    "contract_counts",
    "contract_samples",
    "decisions",
    "equity",
    "error_counts",
    "evaluations",
    "events",
    "feeds",
    "fills",
    "forecasts",
    "game_states",
    "games",
    "kill_switch",
    "leases",
    "ledger",
    "limits",
    "market_games",
    "market_states",
    "markets",
    "metadata",
    "order_books",
    "orders",
    "paper_markets",
    "prices",
    "quotes",
    "ratings",
    "rejections",
    "responses",
    "rungs",
    "series",
    "settlements",
    "stamp",
    "states",
    "steps",
    "strategies",
    "stream_gaps",
    "team_aliases",
    "teams",
    "trades",
    "versions",
]
