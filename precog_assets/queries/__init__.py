"""What people ask, as typed readers that return polars frames: the notebook API.

    from precog_assets.queries import connect, games_as_of, quotes_as_of
    engine = connect()                                  # the environment of PRECOG_ENV and the modes
    quotes_as_of(engine, datetime(2026, 11, 22, 18, tzinfo=UTC), league="nfl")

Belongs here: reading. Does not: writing, opening servers, anything of Dagster.
Every reader takes an engine first; instants are aware; frames have the documented columns even when empty.
"""

from precog_assets.queries.connection import connect
from precog_assets.queries.decisions import decision, decisions, funnel, latest_decisions
from precog_assets.queries.explain import explain_decision
from precog_assets.queries.forecasts import (
    evaluations,
    forecasts,
    graded_games,
    missing_forecasts,
    rating_history,
)
from precog_assets.queries.freshness import archive_use, freshness, latest_steps
from precog_assets.queries.games import game_history, games, games_as_of
from precog_assets.queries.quotes import quote_history, quotes_as_of
from precog_assets.queries.ratings import team_ratings
from precog_assets.queries.why import why

__all__ = [
    "archive_use",
    "connect",
    "decision",
    "decisions",
    "evaluations",
    "explain_decision",
    "forecasts",
    "freshness",
    "funnel",
    "game_history",
    "games",
    "games_as_of",
    "graded_games",
    "latest_decisions",
    "latest_steps",
    "missing_forecasts",
    "quote_history",
    "quotes_as_of",
    "rating_history",
    "team_ratings",
    "why",
]
