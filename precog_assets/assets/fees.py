"""Fees: what Kalshi schedules and shows of what its series and events charge."""

import dagster as dg

from precog_assets.assets.markets import SERIES
from precog_assets.assets.results import failures_named, materialized, require_answers
from precog_assets.assets.tables import DAILY, RETRIES, table_spec
from precog_assets.resources import PrecogServices

FEE_CHANGES = dg.AssetKey(["market", "fee_changes"])

fee_changes_spec = table_spec(
    FEE_CHANGES.path,
    "market.fee_changes",
    group="markets",
    description="Fee terms of the configured series and their events: scheduled changes and terms seen in force.",
    kinds=("kalshi", "python"),
    deps=(SERIES.path,),
    freshness=DAILY,
)


@dg.multi_asset(specs=[fee_changes_spec], name="fee_changes", retry_policy=RETRIES)
def fee_changes(services: PrecogServices) -> dg.MaterializeResult:
    """Read the scheduled changes, and the terms of our series and their open events."""
    from precog_assets.pipeline.fees import poll_fees
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = poll_fees(opened, correlation_id=new_correlation_id())
    require_answers(report)
    return materialized(report, opened.engine, "market.fee_changes", key=FEE_CHANGES)
