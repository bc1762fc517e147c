"""Prices: what the market says of each outcome, and what may be traded on once a model is heard."""

from __future__ import annotations

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.markets import QUOTES
from precog_assets.assets.ratings import FORECASTS
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import table_spec
from precog_assets.resources import PrecogServices

PRICES = dg.AssetKey(["model", "prices"])

prices_spec = table_spec(
    PRICES.path,
    "model.prices",
    group="trading",
    description="The market's probability of every outcome, the model's, and the one that may be traded on: one row "
    "for each change. Model less market is divergence, which is no edge.",
    kinds=("python",),
    deps=(QUOTES.path, LINKS.path, GAMES.path, FORECASTS.path),
)


@dg.multi_asset(specs=[prices_spec], name="prices")
def prices(services: PrecogServices) -> dg.MaterializeResult:
    """Price every linked market whose quotes or forecast changed."""
    from precog_assets.pipeline.price import price_markets
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = price_markets(opened, correlation_id=new_correlation_id())
    return materialized(report, opened.engine, "model.prices", key=PRICES)
