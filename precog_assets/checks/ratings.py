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
_LAST_SEASON = sa.text(
    """
    WITH current AS (
        SELECT * FROM model.ratings WHERE league = :league AND model_version = :version AND superseded_at IS NULL
    ), newest AS (SELECT season, start_time FROM current ORDER BY start_time DESC LIMIT 1),
    teams AS (
        SELECT DISTINCT ON (c.team_id) c.rating_after AS rating, c.games_before + 1 AS games
        FROM current c JOIN newest USING (season) WHERE c.start_time > newest.start_time - interval '400 days'
        ORDER BY c.team_id, c.start_time DESC, c.game_id DESC
    )
    SELECT count(*) AS teams, avg(rating) AS mean, count(*) FILTER (WHERE games < :min_games) AS unrated FROM teams
    """
)
"""Where the teams of the newest season stand; the days keep it from reading every season there is."""


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
    """Mean rating and unrated teams by league, over the teams of its newest season, where there are any."""
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.ratings.versions import model_version

    mean: dict[str, float] = {}
    unrated: dict[str, str] = {}
    drifted: list[str] = []
    thin: list[str] = []
    with in_database(engine) as connection:
        rows = [
            connection.execute(
                _LAST_SEASON,
                {"league": league.key, "version": model_version(league), "min_games": league.rating.min_games},
            ).one()
            for league in leagues
        ]
    for league, row in zip(leagues, rows, strict=True):
        if not row.teams:
            continue
        mean[league.key] = round(row.mean, 1)
        low, high = expected_mean(league)
        if not low - DRIFT <= mean[league.key] <= high + DRIFT:
            drifted.append(f"{league.key} {mean[league.key]:g}, expected {low:g} to {high:g}")
        unrated[league.key] = f"{row.unrated} of {row.teams}"
        if row.unrated > UNRATED_SHARE * row.teams:
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


def expected_mean(league: League) -> tuple[float, float]:
    """Between which points the mean of a league's teams belongs, by the rating system of its model in force."""
    from precog_assets.ratings.systems import MEAN_POINTS

    rules = league.rating
    if rules.models["default"].ratings != "elo":
        return MEAN_POINTS, MEAN_POINTS
    return min(rules.elo.mean, rules.elo.new_team), max(rules.elo.mean, rules.elo.new_team)
