"""Ratings: where every team of a league stands now."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.queries.connection import UTC_INSTANT, frame
from precog_assets.ratings.versions import model_version

RATINGS = {
    "league": pl.String,
    "team_id": pl.String,
    "team": pl.String,
    "rating": pl.Float64,
    "games": pl.Int32,
    "season": pl.Int32,
    "last_game_at": UTC_INSTANT,
    "model_version": pl.String,
    "rated": pl.Boolean,
}
_CURRENT = sa.text(
    "SELECT * FROM (SELECT DISTINCT ON (r.team_id) r.league, r.team_id, t.display_name, "
    "r.rating_after AS rating, r.games_before + 1 AS games, r.season, r.start_time, r.model_version, "
    "r.games_before + 1 >= :min_games FROM model.ratings r JOIN core.teams t USING (team_id) "
    "WHERE r.league = :league AND r.model_version = :version AND r.superseded_at IS NULL "
    "ORDER BY r.team_id, r.start_time DESC, r.game_id DESC) latest ORDER BY rating DESC, team_id"
)


def team_ratings(engine: sa.Engine, league: str, *, version: str | None = None) -> pl.DataFrame:
    """The rating of every team of a league after its last game, best first; columns of RATINGS.

    `version` names the model (`model_version`), by default the one of the parameters in force.
    `rated` is false while a team has fewer games than the league's `min_games`: its rating means little.
    """
    leagues = load_leagues()
    if league not in leagues:
        raise ConfigurationError(f"Unknown league {league!r}; known: {', '.join(leagues)}.")
    parameters = leagues[league].rating
    chosen = {"league": league, "min_games": parameters.min_games, "version": version}
    if version is None:
        chosen["version"] = model_version(leagues[league])
    return frame(engine, _CURRENT, chosen, RATINGS)
