"""The asset of fees: rows in its table, counts in its metadata, a venue that is away a failure."""

from __future__ import annotations

import dagster as dg
import pytest

from precog_assets.assets.fees import FEE_CHANGES, fee_changes
from precog_assets.resources import PrecogServices
from precog_assets_tests.pipeline.kalshi_payloads import TRADE, event, series
from precog_assets_tests.venues import Venue


def run(resource: PrecogServices) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize([fee_changes], resources={"services": resource}, instance=instance, raise_on_error=False)


@pytest.fixture
def fees(venue: Venue) -> Venue:
    change = {"id": "c1", "series_ticker": "KXNFLGAME", "fee_type": "quadratic", "fee_multiplier": 0.5}
    venue.put(
        f"{TRADE}/series/fee_changes", {"series_fee_change_arr": [{**change, "scheduled_ts": "2026-12-01T00:00:00Z"}]}
    )
    venue.put(f"{TRADE}/events/fee_changes", {"event_fee_changes": [], "cursor": ""})
    venue.put(f"{TRADE}/series", {"series": [series()]})
    venue.put(f"{TRADE}/events", {"events": [event()], "cursor": ""})
    return venue


def test_the_asset_counts_the_rows_of_its_table(resource: PrecogServices, fees: Venue) -> None:
    result = run(resource)
    assert result.success
    (made,) = result.asset_materializations_for_node("fee_changes")
    assert made.asset_key == FEE_CHANGES
    assert made.metadata["dagster/row_count"].value == 2


def test_a_venue_that_does_not_answer_is_a_failure(resource: PrecogServices, venue: Venue) -> None:
    assert not run(resource).success
