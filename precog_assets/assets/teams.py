"""Teams: the seed tables in the database, with the codes that venues use for them."""

from __future__ import annotations

import dagster as dg

from precog_assets.assets.results import failures_named, rows_stored
from precog_assets.assets.tables import DAILY, table_spec
from precog_assets.resources import PrecogServices

TEAMS = dg.AssetKey(["core", "teams"])

teams_spec = table_spec(
    TEAMS.path,
    "core.teams",
    group="teams",
    description="Teams and players of all leagues: seeded with ESPN ids, and the provisional ones met on boards.",
    kinds=("python", "csv"),
    freshness=DAILY,
)


@dg.multi_asset(specs=[teams_spec], name="teams")
def teams(services: PrecogServices) -> dg.MaterializeResult:
    """Write the seeded teams and codes; what equals the seeds stays untouched."""
    from precog_assets.services import seed

    opened = services.get()
    with failures_named():
        seed(opened.engine, opened.clock.now())
    return dg.MaterializeResult(
        asset_key=TEAMS, metadata={"dagster/row_count": rows_stored(opened.engine, "core.teams")}
    )
