"""Every table the product writes, as SQLAlchemy Core tables; migrations make them, a test compares.

One module a schema: raw (what came), core (games and teams), market (venues), model (ratings, forecasts, grades), ops
(how we run). Facts (`game_states`, `market_states`, `quotes`, `order_books`) are appended on change and
never overwritten; `games` and `markets` are projections of them.
"""

from __future__ import annotations

import sqlalchemy as sa

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
from precog_assets.store.tables.model import blends, evaluations, forecasts, ratings, states, versions
from precog_assets.store.tables.ops import (
    archive_growth,
    backfill_units,
    contract_counts,
    contract_samples,
    feeds,
    rejections,
    stamp,
    steps,
)
from precog_assets.store.tables.raw import responses

SCHEMAS = ("raw", "core", "market", "model", "ops", "mart")
PARTITIONED: tuple[sa.Table, ...] = (responses, quotes, order_books)
"""Tables partitioned by month of observed_at, made ahead and dropped by retention."""

__all__ = [
    "PARTITIONED",
    "SCHEMAS",
    "archive_growth",
    "backfill_units",
    "blends",
    "candles",
    "closing_odds",
    "contract_counts",
    "contract_samples",
    "evaluations",
    "events",
    "feeds",
    "forecasts",
    "game_states",
    "games",
    "market_games",
    "market_states",
    "markets",
    "metadata",
    "order_books",
    "quotes",
    "ratings",
    "rejections",
    "responses",
    "series",
    "stamp",
    "states",
    "steps",
    "team_aliases",
    "teams",
    "trades",
    "versions",
]
