"""Markets: Kalshi's listings, kept raw, and the markets and quotes read from them, in one step; the series."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field, field_validator

from precog_assets.assets.results import failures_named, materialized, require_answers
from precog_assets.assets.tables import DAILY, LIVE, RETRIES, table_spec
from precog_assets.resources import PrecogServices

SERIES = dg.AssetKey(["market", "series"])
RAW_MARKETS = dg.AssetKey(["raw", "kalshi_markets"])
MARKETS = dg.AssetKey(["market", "markets"])
QUOTES = dg.AssetKey(["market", "quotes"])

series_spec = table_spec(
    SERIES.path,
    "market.series",
    group="markets",
    description="The Kalshi series of the configured leagues, with their fees; their events go to market.events.",
    kinds=("kalshi", "python"),
    freshness=DAILY,
)
raw_markets_spec = table_spec(
    RAW_MARKETS.path,
    "raw.responses",
    group="markets",
    description="Kalshi's answers as they came, byte for byte: one row for each that differs from the one before.",
    kinds=("kalshi", "json"),
    deps=(SERIES.path,),
    freshness=LIVE,
)
markets_spec = table_spec(
    MARKETS.path,
    "market.markets",
    group="markets",
    description="Every market as it stands now, a projection of the states in market.market_states.",
    kinds=("python",),
    deps=(RAW_MARKETS.path,),
    freshness=LIVE,
)
quotes_spec = table_spec(
    QUOTES.path,
    "market.quotes",
    group="markets",
    description="Best prices: one row for each change of a market's quote, never overwritten.",
    kinds=("python",),
    deps=(RAW_MARKETS.path, MARKETS.path),
    freshness=LIVE,
)
STATUSES = ("unopened", "open", "closed", "settled")
"""Kalshi's query values."""


class MarketsConfig(dg.Config):
    """Which markets to read: listings by status, or a sweep of those that left them without being final."""

    statuses: list[str] = Field(default=list(STATUSES))
    sweep_only: bool = Field(default=False, description="Read again only markets that are not final though over")
    step: str = Field(default="markets", description="The name under which ops.steps keeps the run")

    @field_validator("statuses")
    @classmethod
    def _known(cls, statuses: list[str]) -> list[str]:
        unknown = [status for status in statuses if status not in STATUSES]
        if unknown or not statuses:
            raise ValueError(f"statuses: expected some of {', '.join(STATUSES)}, was {statuses}")
        return statuses


@dg.multi_asset(specs=[series_spec], name="series", retry_policy=RETRIES)
def series(services: PrecogServices) -> dg.MaterializeResult:
    """Read the sports series and the open events of ours."""
    from precog_assets.pipeline.markets import discover_series
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = discover_series(opened, opened.leagues, correlation_id=new_correlation_id())
    require_answers(report)
    return materialized(report, opened.engine, "market.series", key=SERIES)


@dg.multi_asset(
    specs=[raw_markets_spec, markets_spec, quotes_spec], name="markets", can_subset=True, retry_policy=RETRIES
)
def markets(
    context: dg.AssetExecutionContext, config: MarketsConfig, services: PrecogServices
) -> Iterator[dg.MaterializeResult]:
    """Read the listings of every league's series; selecting any of the assets runs the one step."""
    from precog_assets.pipeline.markets import poll_markets, sweep_markets
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        if config.sweep_only:
            report = sweep_markets(opened, correlation_id=new_correlation_id())
        else:
            report = poll_markets(
                opened,
                opened.leagues,
                correlation_id=new_correlation_id(),
                statuses=config.statuses,
                step=config.step,
            )
    require_answers(report)
    chosen = context.selected_asset_keys
    if RAW_MARKETS in chosen:
        yield materialized(report, opened.engine, "raw.responses", key=RAW_MARKETS, source="kalshi")
    if MARKETS in chosen:
        yield materialized(report, opened.engine, "market.markets", key=MARKETS)
    if QUOTES in chosen:
        yield materialized(report, opened.engine, "market.quotes", key=QUOTES)
