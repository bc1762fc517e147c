"""Checks of ratings: rows as they must be, means where they belong, how many teams are unrated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.ratings import RATINGS
from precog_assets.checks.findings import Finding, told
from precog_assets.domain.leagues import League
from precog_assets.resources import PrecogServices

DRIFT = 75.0
"""Rating points that a league's mean may lie outside of what its new and its regressed teams start from."""
UNRATED_SHARE = 0.5


@dg.multi_asset_check(
    name="ratings_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=RATINGS, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec("mean_drift", asset=RATINGS, description="A league's mean rating stays where it began"),
        dg.AssetCheckSpec("unrated", asset=RATINGS, description="Most teams have games enough to be rated"),
    ],
)
def ratings_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, the means, and the unrated teams."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(RATINGS, "schema", checked(connection, "model.ratings", opened.clock.now()))
    drift, unrated = means(opened.engine, opened.leagues)
    yield told(RATINGS, "mean_drift", drift)
    yield told(RATINGS, "unrated", unrated)


def means(engine: sa.Engine, leagues: Sequence[League]) -> tuple[Finding, Finding]:
    """Mean rating and unrated teams by league, of the leagues that have ratings."""
    from precog_assets.queries.ratings import team_ratings

    mean: dict[str, float] = {}
    unrated: dict[str, str] = {}
    drifted: list[str] = []
    thin: list[str] = []
    for league in leagues:
        frame = team_ratings(engine, league.key)
        if frame.is_empty():
            continue
        ratings = frame["rating"].to_list()
        mean[league.key] = round(sum(ratings) / len(ratings), 1)
        low, high = sorted((league.rating.mean, league.rating.new_team))
        if not low - DRIFT <= mean[league.key] <= high + DRIFT:
            drifted.append(f"{league.key} {mean[league.key]:g}, expected {low:g} to {high:g}")
        count = frame.height - int(frame["rated"].sum())
        unrated[league.key] = f"{count} of {frame.height}"
        if count > UNRATED_SHARE * frame.height:
            thin.append(f"{league.key} {unrated[league.key]}")
    return (
        Finding(not drifted, "; ".join(drifted) or "means are where they began", warn=True, facts={"mean": mean}),
        Finding(
            not thin,
            f"unrated: {', '.join(thin)}; `precog bootstrap` reads the seasons before" if thin else "most are rated",
            warn=True,
            facts={"unrated": unrated},
        ),
    )
