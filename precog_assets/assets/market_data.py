"""What is read of linked markets: order books near their games, trades and candlesticks afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from precog_assets.assets.links import LINKS
from precog_assets.assets.results import failures_named, materialized, require_answers
from precog_assets.assets.tables import RETRIES, table_spec
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from collections.abc import Callable

    from precog_assets.pipeline.report import StepReport
    from precog_assets.services import Services

ORDER_BOOKS = dg.AssetKey(["market", "order_books"])
TRADES = dg.AssetKey(["market", "trades"])
CANDLES = dg.AssetKey(["market", "candles"])

order_books_spec = table_spec(
    ORDER_BOOKS.path,
    "market.order_books",
    group="markets",
    description="Order books of the markets whose games run or begin soon: one row for each change.",
    kinds=("kalshi", "python"),
    deps=(LINKS.path,),
)
trades_spec = table_spec(
    TRADES.path,
    "market.trades",
    group="markets",
    description="Trades of linked markets, each once, by the venue's id.",
    kinds=("kalshi", "python"),
    deps=(LINKS.path,),
)
candles_spec = table_spec(
    CANDLES.path,
    "market.candles",
    group="markets",
    description="Hourly candlesticks of linked markets, known at the end of their hour.",
    kinds=("kalshi", "python"),
    deps=(LINKS.path,),
)


@dg.multi_asset(specs=[order_books_spec], name="order_books", retry_policy=RETRIES)
def order_books(services: PrecogServices) -> dg.MaterializeResult:
    """Read the books of every league's markets near their games."""
    from precog_assets.pipeline.market_data import poll_books
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = poll_books(opened, opened.leagues, correlation_id=new_correlation_id())
    require_answers(report)
    return materialized(report, opened.engine, "market.order_books", key=ORDER_BOOKS)


@dg.multi_asset(specs=[trades_spec], name="trades", retry_policy=RETRIES)
def trades(services: PrecogServices) -> dg.MaterializeResult:
    """Read the trades since the last one that this brought, league by league; those of a stream are the same rows."""
    from precog_assets.pipeline.market_data import read_trades

    opened = services.get()
    report = _by_league(opened, "trades", read_trades)
    return materialized(report, opened.engine, "market.trades", key=TRADES)


@dg.multi_asset(specs=[candles_spec], name="candles", retry_policy=RETRIES)
def candles(services: PrecogServices) -> dg.MaterializeResult:
    """Read the candlesticks of the last days, league by league."""
    from precog_assets.pipeline.market_data import read_candles

    opened = services.get()
    report = _by_league(opened, "candles", read_candles)
    return materialized(report, opened.engine, "market.candles", key=CANDLES)


def _by_league(opened: Services, step: str, read: Callable[..., StepReport]) -> StepReport:
    from precog_assets.pipeline.backfill import add
    from precog_assets.pipeline.report import StepReport, new_correlation_id

    total = StepReport(step, new_correlation_id(), opened.clock.now())
    with failures_named():
        for league in opened.leagues:
            add(total, read(opened, league, correlation_id=total.correlation_id))
    require_answers(total)
    return total.finish()
