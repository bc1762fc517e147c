"""Ratings of a model version: the games they are made from, what changed in them, and writing the ratings.

Belongs here: `core.games` as a replay reads them, `model.ratings`. Does not: forecasts, states, arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from psycopg import sql

from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.frames import UTC_INSTANT, as_frame, read_frame, schema_of
from precog_assets.store.supersede import VersionedTarget, write_current

DEVIATIONS = ("deviation_before", "deviation_after")
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
    *DEVIATIONS,
)
RATINGS = VersionedTarget(
    tables.ratings,
    key=("game_id", "team_id"),
    values=tuple(name for name in COLUMNS if name not in ("league", "model_version", "game_id", "team_id")),
)
GAMES_TO_RATE = {
    "game_id": pl.String,
    "season": pl.Int32,
    "start_time": UTC_INSTANT,
    "game_kind": pl.String,
    "phase": pl.String,
    "completed": pl.Boolean,
    "home_team_id": pl.String,
    "away_team_id": pl.String,
    "home_score": pl.Int32,
    "away_score": pl.Int32,
    "winner": pl.String,
    "neutral_site": pl.Boolean,
    "attributes": pl.String,
    "last_changed_at": UTC_INSTANT,
}
_GAMES_TO_RATE = sql.SQL(
    """
    SELECT game_id, season, start_time, game_kind, phase, completed, home_team_id, away_team_id, home_score,
           away_score, winner, coalesce(neutral_site, false), attributes, last_changed_at
    FROM core.games
    WHERE league = %(league)s AND start_time >= %(since)s AND home_team_id IS NOT NULL AND away_team_id IS NOT NULL
      AND (completed OR (start_time <= %(until)s AND phase NOT IN ('postponed', 'canceled')))
    ORDER BY start_time, game_id COLLATE "C"
    """
)
CHANGED_SINCE = sa.text(
    """
    SELECT count(*) AS games, min(least(g.start_time, place.start_time)) AS earliest_start,
           min(least(g.start_time, place.start_time)) FILTER (WHERE g.completed OR place.rated)
               AS earliest_result_start,
           max(g.last_changed_at) AS newest_change
    FROM core.games g CROSS JOIN LATERAL (
        SELECT min(start_time) AS start_time, bool_or(rated) AS rated FROM (
            SELECT r.start_time, true AS rated FROM model.ratings r
            WHERE r.model_version = :version AND r.game_id = g.game_id AND r.superseded_at IS NULL
            UNION ALL
            SELECT f.start_time, false FROM model.forecasts f
            WHERE f.model_version = :version AND f.game_id = g.game_id AND f.superseded_at IS NULL
        ) places
    ) place
    WHERE g.league = :league AND g.last_changed_at > :instant
    """
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed among a league's games, and from where a version has to be replayed for it."""

    games: int
    earliest_start: datetime | None
    """First start_time of a changed game, now or in the version's current ratings and forecasts; None: none changed."""
    earliest_result_start: datetime | None
    """The same of games that are completed or are rated: nothing before it has another rating now."""
    newest_change: datetime | None
    """Newest last_changed_at of the changed games: the instant to ask from the next time."""


def games_to_rate(
    connection: sa.Connection, league: str, *, since: datetime | None = None, until: datetime
) -> pl.DataFrame:
    """The games a replay reads, in order of (start_time, game_id by its bytes); columns of GAMES_TO_RATE.

    Every completed game, and every other that starts up to `until` and is neither postponed nor canceled; both teams
    known, starting at `since` or later. Which of them count is `ratings.rules`' to say. Scores in points (tennis:
    sets), `neutral_site` false where unknown, `attributes` a JSON object as text, null but for imports.
    """
    given = {"league": league, "since": since or "-infinity", "until": until}
    return read_frame(connection, _GAMES_TO_RATE, given, GAMES_TO_RATE)


def changed_since(connection: sa.Connection, league: str, instant: datetime, *, version: str) -> Changes:
    """What changed in a league's games after `instant` (last_changed_at), also where they stood for `version` before.

    A game that was moved counts at both its places. Changes are stamped with the observation, not the commit: ask
    from a little before the last newest_change when another process may still be writing.
    """
    found = connection.execute(CHANGED_SINCE, {"league": league, "instant": instant, "version": version}).one()
    return Changes(*found)


def is_rated(connection: sa.Connection, league: str, version: str) -> bool:
    """Whether the league has any current rating of the version: a kept state without them is of no use."""
    rated = sa.select(tables.ratings.c.game_id).where(
        tables.ratings.c.league == league,
        tables.ratings.c.model_version == version,
        tables.ratings.c.superseded_at.is_(None),
    )
    return connection.scalar(rated.limit(1)) is not None


def write_ratings(
    connection: sa.Connection,
    league: str,
    version: str,
    rows: pl.DataFrame | Sequence[Sequence[Any]],
    now: datetime,
    *,
    since: datetime | None = None,
) -> WriteCounts:
    """Bring a league's current ratings of one model version to `rows`: a row a game and team.

    A frame with COLUMNS (league, model_version and deviations may be absent), or tuples in their order (the deviations
    may be left off). With `since`, `rows` are all there is from that start_time on, and older ratings of other games
    stay. `changed` counts rows that replaced another; the superseded rows stay with their times.
    Raises ValueError for rows of another league or version.
    """
    schema = schema_of(tables.ratings, COLUMNS)
    if isinstance(rows, pl.DataFrame):
        absent = [name for name in ("league", "model_version", *DEVIATIONS) if name not in rows.columns]
    else:
        absent = list(COLUMNS[len(rows[0]) :]) if rows else []
    frame = as_frame({name: kind for name, kind in schema.items() if name not in absent}, rows)
    for name, right in (("league", league), ("model_version", version)):
        if name in frame.columns and frame.filter(pl.col(name).ne_missing(right)).height:
            raise ValueError(f"ratings of {name} {frame[name].unique().to_list()}; right is {right!r} in every row")
    frame = frame.with_columns(pl.lit(None, schema[name]).alias(name) for name in DEVIATIONS if name in absent)
    return write_current(connection, RATINGS, league, version, frame.select(RATINGS.columns), now, since=since)
