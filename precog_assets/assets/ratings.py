"""Ratings: Elo by league, replayed from stored results; one partition a league."""

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import table_spec
from precog_assets.config import load_leagues
from precog_assets.resources import PrecogServices

RATINGS = dg.AssetKey(["model", "ratings"])
LEAGUES = dg.StaticPartitionsDefinition(list(load_leagues()))

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


@dg.multi_asset(specs=[ratings_spec], name="ratings", backfill_policy=dg.BackfillPolicy.single_run())
def ratings(context: dg.AssetExecutionContext, services: PrecogServices) -> dg.MaterializeResult:
    """Replay the results of the chosen leagues and write what differs from what is stored."""
    from precog_assets.pipeline.backfill import add
    from precog_assets.pipeline.rate import rate_league
    from precog_assets.pipeline.report import StepReport, new_correlation_id

    opened = services.get()
    total = StepReport("ratings", new_correlation_id(), opened.clock.now())
    with failures_named():
        for key in context.partition_keys:
            one = rate_league(opened, load_leagues()[key], correlation_id=total.correlation_id)
            total.notes[key] = str(one.notes["model_version"])
            add(total, one)
    return materialized(total.finish(), opened.engine, "model.ratings", key=RATINGS)
