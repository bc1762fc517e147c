"""Ratings and forecasts: results replayed by league, the games of the next days forecast; one partition a league."""

from collections.abc import Iterator

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import table_spec
from precog_assets.config import load_leagues
from precog_assets.resources import PrecogServices

RATINGS = dg.AssetKey(["model", "ratings"])
FORECASTS = dg.AssetKey(["model", "forecasts"])
LEAGUES = dg.StaticPartitionsDefinition(list(load_leagues()))
TABLES = {RATINGS: "model.ratings", FORECASTS: "model.forecasts"}

ratings_spec = table_spec(
    RATINGS.path,
    "model.ratings",
    group="ratings",
    description="Every rating change of every team, by model version; superseded rows stay. One partition a league: "
    "`dagster asset materialize --select model/ratings --partition nfl`.",
    kinds=("python", "numba"),
    deps=(GAMES.path,),
    partitions=LEAGUES,
)
forecasts_spec = table_spec(
    FORECASTS.path,
    "model.forecasts",
    group="ratings",
    description="Probabilities of every game from what was known before its day: those played, and those of the next "
    "two weeks. No price is in them. Superseded rows stay, so what was said ahead can be told from a replay.",
    kinds=("python", "numba"),
    deps=(GAMES.path, RATINGS.path),
    partitions=LEAGUES,
)


@dg.multi_asset(specs=[ratings_spec, forecasts_spec], name="ratings", can_subset=True)
def ratings(context: dg.AssetExecutionContext, services: PrecogServices) -> Iterator[dg.MaterializeResult]:
    """Replay what changed in a league and write what differs; selecting either asset runs the one step."""
    from precog_assets.pipeline.rate import rate_league
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = rate_league(opened, load_leagues()[context.partition_key], correlation_id=new_correlation_id())
    for key, table in TABLES.items():
        if key in context.selected_asset_keys:
            yield materialized(report, opened.engine, table, key=key)
