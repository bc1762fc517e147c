"""Writing ratings: what a recomputation leaves equal stays, what it changes is superseded, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from precog_assets.store.bulk import WriteCounts
from precog_assets.store.engine import driver_connection

COLUMNS = (
    "league",
    "game_id",
    "team_id",
    "model_version",
    "season",
    "start_time",
    "rating_before",
    "rating_after",
    "expected_score",
    "games_before",
)
_STAGE = "CREATE TEMPORARY TABLE IF NOT EXISTS staged_ratings (LIKE model.ratings) ON COMMIT DELETE ROWS"
_SUPERSEDE = """
    UPDATE model.ratings r SET superseded_at = %(now)s
    WHERE r.league = %(league)s AND r.model_version = %(version)s AND r.superseded_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM pg_temp.staged_ratings s
        WHERE s.game_id = r.game_id AND s.team_id = r.team_id AND s.season = r.season
          AND s.start_time = r.start_time AND s.rating_before = r.rating_before AND s.rating_after = r.rating_after
          AND s.expected_score = r.expected_score AND s.games_before = r.games_before)
"""
_INSERT = """
    INSERT INTO model.ratings ({columns}, computed_at)
    SELECT {columns}, %(now)s FROM pg_temp.staged_ratings s WHERE NOT EXISTS (
        SELECT 1 FROM model.ratings r
        WHERE r.model_version = s.model_version AND r.game_id = s.game_id AND r.team_id = s.team_id
          AND r.superseded_at IS NULL)
"""


def write_ratings(
    connection: sa.Connection, league: str, version: str, rows: Sequence[tuple[Any, ...]], now: datetime
) -> WriteCounts:
    """Bring a league's current ratings of one model version to `rows` (tuples in the order of COLUMNS).

    `changed` counts rows that superseded another; the superseded rows stay with their times.
    """
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
    given = {"league": league, "version": version, "now": now}
    with driver_connection(connection).cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"write ratings {league}",))
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute(_STAGE)
        cursor.execute("DELETE FROM pg_temp.staged_ratings")
        cursor.execute("ALTER TABLE pg_temp.staged_ratings ALTER COLUMN computed_at DROP NOT NULL")
        with cursor.copy(sql.SQL("COPY pg_temp.staged_ratings ({}) FROM STDIN").format(columns)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE pg_temp.staged_ratings")
        cursor.execute(_SUPERSEDE, given)
        superseded = cursor.rowcount
        cursor.execute(sql.SQL(_INSERT).format(columns=columns), given)
        written = cursor.rowcount
    changed = min(superseded, written)
    return WriteCounts(len(rows), written - changed, changed)


def rated_games(connection: sa.Connection, league: str) -> list[Any]:
    """Every completed game of a league with both teams known, in time order: what ratings are made from."""
    return list(
        connection.execute(
            sa.text(
                "SELECT game_id, league, season, season_type, game_kind, completed, start_time, home_team_id, "
                "away_team_id, home_score, away_score, winner, coalesce(neutral_site, false) AS neutral_site "
                "FROM core.games WHERE league = :league AND completed AND home_team_id IS NOT NULL "
                "AND away_team_id IS NOT NULL ORDER BY start_time, game_id"
            ),
            {"league": league},
        )
    )
