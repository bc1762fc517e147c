"""Links: which game every market is about, or the reason why none is certain."""

from __future__ import annotations

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.markets import MARKETS
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import LIVE, table_spec
from precog_assets.assets.teams import TEAMS
from precog_assets.resources import PrecogServices

LINKS = dg.AssetKey(["market", "market_games"])

links_spec = table_spec(
    LINKS.path,
    "market.market_games",
    group="links",
    description="Every market tied to exactly one game, or refused with the reason and what was considered.",
    kinds=("python",),
    deps=(MARKETS.path, GAMES.path, TEAMS.path),
    freshness=LIVE,
)


@dg.multi_asset(specs=[links_spec], name="market_games")
def market_games(services: PrecogServices) -> dg.MaterializeResult:
    """Decide every market that is open or undecided."""
    from precog_assets.pipeline.link import link_markets
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = link_markets(opened, correlation_id=new_correlation_id())
    return materialized(report, opened.engine, "market.market_games", key=LINKS)
