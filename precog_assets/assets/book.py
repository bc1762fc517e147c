"""The book: what was decided, ordered, filled, booked and settled, and how far each strategy may go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import dagster as dg

from precog_assets.assets.fees import FEE_CHANGES
from precog_assets.assets.games import GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.market_data import ORDER_BOOKS, TRADES
from precog_assets.assets.markets import MARKETS, QUOTES
from precog_assets.assets.prices import PRICES
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import RETRIES, table_spec
from precog_assets.assets.why import why_metadata
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from precog_assets.pipeline.report import StepReport

GROUP = "trading"
DECISIONS = dg.AssetKey(["book", "decisions"])
ORDERS = dg.AssetKey(["book", "orders"])
FILLS = dg.AssetKey(["book", "fills"])
LEDGER = dg.AssetKey(["book", "ledger"])
SETTLEMENTS = dg.AssetKey(["book", "settlements"])
RUNGS = dg.AssetKey(["book", "rungs"])
DESK = {ORDERS: "book.orders", FILLS: "book.fills", LEDGER: "book.ledger"}
"""What working on the account's orders writes."""

decisions_spec = table_spec(
    DECISIONS.path,
    "book.decisions",
    group=GROUP,
    description="What every strategy decided on every market, each gate's answer and what was read: one row for each "
    "change of verdict; the same again is counted.",
    kinds=("python",),
    deps=(PRICES.path, QUOTES.path, ORDER_BOOKS.path, LINKS.path, GAMES.path, FEE_CHANGES.path),
)
desk_specs = [
    table_spec(
        key.path,
        table,
        group=GROUP,
        description=description,
        kinds=("python",),
        deps=(DECISIONS.path, ORDER_BOOKS.path, QUOTES.path, TRADES.path),
    )
    for (key, table), description in zip(
        DESK.items(),
        (
            "Orders, written before they are sent, under ids of our own.",
            "What orders met: on paper the recorded books, the queue before us assumed whole.",
            "Double entry of every dollar: deposits, fills, fees, payouts; each transaction sums to zero.",
        ),
        strict=True,
    )
]
settlements_spec = table_spec(
    SETTLEMENTS.path,
    "book.settlements",
    group=GROUP,
    description="How the venue settled what we hold or hold no more, held against the game; amendments are rows.",
    kinds=("python",),
    deps=(MARKETS.path, GAMES.path, FILLS.path),
)
rungs_spec = table_spec(
    RUNGS.path,
    "book.rungs",
    group=GROUP,
    description="How far each strategy may go in each league, with the figures that say so.",
    kinds=("python",),
    deps=(SETTLEMENTS.path, DECISIONS.path),
)


@dg.multi_asset(specs=[decisions_spec], name="decisions", retry_policy=RETRIES)
def decisions(services: PrecogServices) -> dg.MaterializeResult:
    """Decide on every linked market under every strategy; the orders of what is taken are written with it."""
    from precog_assets.pipeline.decide import decide_markets

    opened = services.get()
    result = materialized(_run(services, decide_markets), opened.engine, "book.decisions", key=DECISIONS)
    why = why_metadata(opened.engine, opened.clock.now())
    return dg.MaterializeResult(asset_key=DECISIONS, metadata={**(result.metadata or {}), **why})


@dg.multi_asset(specs=desk_specs, name="orders", retry_policy=RETRIES)
def orders(services: PrecogServices) -> Iterator[dg.MaterializeResult]:
    """Send what is written, match what rests against everything recorded since, book it."""
    from precog_assets.pipeline.book import work_book

    report = _run(services, work_book)
    for key, table in DESK.items():
        yield materialized(report, services.get().engine, table, key=key)


@dg.multi_asset(specs=[settlements_spec], name="payouts", retry_policy=RETRIES)
def settlements(services: PrecogServices) -> dg.MaterializeResult:
    """Pay out the positions of markets that the venue settled."""
    from precog_assets.pipeline.settle import settle_markets

    report = _run(services, settle_markets)
    return materialized(report, services.get().engine, "book.settlements", key=SETTLEMENTS)


@dg.multi_asset(specs=[rungs_spec], name="rungs", retry_policy=RETRIES)
def rungs(services: PrecogServices) -> dg.MaterializeResult:
    """Grade what was decided on games that are over, and move strategies up or down."""
    from precog_assets.pipeline.ladder import climb

    return materialized(_run(services, climb), services.get().engine, "book.rungs", key=RUNGS)


def _run(services: PrecogServices, step: Callable[..., StepReport]) -> StepReport:
    from precog_assets.pipeline.report import new_correlation_id

    with failures_named():
        return step(services.get(), correlation_id=new_correlation_id())
