"""Games: the current board, and what was known of it at any moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import polars as pl
import sqlalchemy as sa

from precog_assets.queries.connection import UTC_INSTANT, aware, frame

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
Basis = Literal["observed", "known"]
"""`observed`: live facts observed by then (replays). `known`: any fact known by then (backtests)."""

GAMES = {
    "game_id": pl.String,
    "league": pl.String,
    "season": pl.Int32,
    "season_type": pl.String,
    "game_kind": pl.String,
    "start_time": UTC_INSTANT,
    "home_team_id": pl.String,
    "away_team_id": pl.String,
    "home_team": pl.String,
    "away_team": pl.String,
    "neutral_site": pl.Boolean,
    "status": pl.String,
    "state": pl.String,
    "completed": pl.Boolean,
    "phase": pl.String,
    "home_score": pl.Int32,
    "away_score": pl.Int32,
    "winner": pl.String,
    "first_observed_at": UTC_INSTANT,
    "last_changed_at": UTC_INSTANT,
}
STATES = {
    "game_id": pl.String,
    "league": pl.String,
    "observed_at": UTC_INSTANT,
    "known_at": UTC_INSTANT,
    "confirmed_at": UTC_INSTANT,
    "origin": pl.String,
    "status": pl.String,
    "state": pl.String,
    "completed": pl.Boolean,
    "period": pl.Int32,
    "clock": pl.Float64,
    "home_score": pl.Int32,
    "away_score": pl.Int32,
    "winner": pl.String,
    "start_time": UTC_INSTANT,
    "home_team_id": pl.String,
    "away_team_id": pl.String,
    "response_id": pl.Int64,
}
_STATE_COLUMNS = (
    "s.game_id, g.league, s.observed_at, s.known_at, least(s.confirmed_at, :at) AS confirmed_at, s.origin, s.status, "
    "s.state, s.completed, s.period, s.clock, s.home_score, s.away_score, s.winner, s.start_time, s.home_team_id, "
    "s.away_team_id, s.response_id"
)
_CURRENT = sa.text(
    "SELECT g.game_id, g.league, g.season, g.season_type, g.game_kind, g.start_time, g.home_team_id, g.away_team_id, "
    "h.display_name, a.display_name, g.neutral_site, g.status, g.state, g.completed, g.phase, g.home_score, "
    "g.away_score, g.winner, g.first_observed_at, g.last_changed_at FROM core.games g "
    "LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id "
    "WHERE (CAST(:league AS text) IS NULL OR g.league = :league) "
    "AND (CAST(:first AS timestamptz) IS NULL OR g.start_time >= :first) "
    "AND (CAST(:last AS timestamptz) IS NULL OR g.start_time < :last) ORDER BY g.start_time, g.game_id"
)
_OBSERVED = sa.text(
    f"SELECT DISTINCT ON (s.game_id) {_STATE_COLUMNS} FROM core.game_states s JOIN core.games g USING (game_id) "
    "WHERE s.observed_at <= :at AND s.origin = 'live' AND (CAST(:league AS text) IS NULL OR g.league = :league) "
    "ORDER BY s.game_id, s.observed_at DESC"
)
_KNOWN = sa.text(
    f"SELECT DISTINCT ON (s.game_id) {_STATE_COLUMNS} FROM core.game_states s JOIN core.games g USING (game_id) "
    "WHERE s.known_at <= :at AND (CAST(:league AS text) IS NULL OR g.league = :league) "
    "ORDER BY s.game_id, s.known_at DESC, s.observed_at DESC"
)
_HISTORY = sa.text(
    f"SELECT {_STATE_COLUMNS} FROM core.game_states s JOIN core.games g USING (game_id) "
    "WHERE s.game_id = :game_id ORDER BY s.observed_at"
)


def games(
    engine: sa.Engine,
    league: str | None = None,
    *,
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
) -> pl.DataFrame:
    """Games as they stand now, by start; columns of GAMES, scores in points (tennis: sets)."""
    first = aware("starts_from", starts_from) if starts_from else None
    last = aware("starts_before", starts_before) if starts_before else None
    return frame(engine, _CURRENT, {"league": league, "first": first, "last": last}, GAMES)


def games_as_of(
    engine: sa.Engine, at: datetime, *, league: str | None = None, basis: Basis = "observed"
) -> pl.DataFrame:
    """The state of every game as it was known at an instant: one row a game, columns of STATES.

    A game nobody had seen by then is not there. `origin` tells the share that was not live.
    """
    query = _OBSERVED if basis == "observed" else _KNOWN
    return frame(engine, query, {"at": aware("at", at), "league": league}, STATES)


def game_history(engine: sa.Engine, game_id: str) -> pl.DataFrame:
    """Every state a game was seen in, oldest first; columns of STATES."""
    return frame(engine, _HISTORY, {"game_id": game_id, "at": END_OF_TIME}, STATES)
