"""The book: what was decided, ordered, filled, booked and settled, and how far each strategy may go."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.markets import MARKETS, QUOTES
from precog_assets.assets.prices import PRICES
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import table_spec
from precog_assets.assets.trading import ORDER_BOOKS, TRADES
from precog_assets.resources import PrecogServices

GROUP = "trading"
DECISIONS = dg.AssetKey(["book", "decisions"])
ORDERS = dg.AssetKey(["book", "orders"])
FILLS = dg.AssetKey(["book", "fills"])
LEDGER = dg.AssetKey(["book", "ledger"])
SETTLEMENTS = dg.AssetKey(["book", "settlements"])
RUNGS = dg.AssetKey(["book", "rungs"])
TRADED = {ORDERS: "book.orders", FILLS: "book.fills", LEDGER: "book.ledger"}
