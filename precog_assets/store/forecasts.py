"""Model versions and their forecasts: written once, superseded where a number changes, never lost.

Belongs here: writing `model.versions` and `model.forecasts`. Does not: reading them for people (`queries`), ratings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.frames import as_frame
from precog_assets.store.supersede import VersionedTarget, write_current

FORECASTS = VersionedTarget(
    tables.forecasts,
    key=("game_id",),
    values=(
        "season",
        "start_time",
        "home_team_id",
        "away_team_id",
        "p_home",
        "p_draw",
        "p_away",
        "rating_home",
        "rating_away",
        "deviation_home",
        "deviation_away",
        "games_home",
        "games_away",
    ),
    stamps=("as_of",),
)
COLUMNS = FORECASTS.columns


def write_version(
    connection: sa.Connection,
    model_version: str,
    league: str,
    name: str,
    parameters: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Record what a model version is, once: True when it was new. Its first `name` and `now` stay.

    `parameters` must be JSON by the rules of orjson. Raises ValueError when the version is known with another league
    or other parameters: its name would mean two models.
    """
    wanted = orjson.loads(orjson.dumps(dict(parameters)))
    table = tables.versions
    row = {
        "model_version": model_version,
        "league": league,
        "name": name,
        "parameters": wanted,
        "created_at": now,
    }
    once = insert(table).values(row).on_conflict_do_nothing().returning(table.c.model_version)
    if connection.scalar(once) is not None:
        return True
    known = connection.execute(
        sa.select(table.c.league, table.c.parameters).where(table.c.model_version == model_version)
    ).one()
    if tuple(known) != (league, wanted):
        raise ValueError(f"{model_version} is {known.league} with {known.parameters}, not {league} with {wanted}")
    return False


def write_forecasts(
    connection: sa.Connection,
    league: str,
    version: str,
    forecasts: pl.DataFrame | Sequence[Sequence[Any]],
    now: datetime,
    *,
    since: datetime | None = None,
) -> WriteCounts:
    """Bring a league's current forecasts of one model version to `forecasts`: a row a game.

    A frame with COLUMNS, or tuples in their order; probabilities sum to 1, p_draw null in leagues of two outcomes,
    ratings and deviations in the model's points before the game. A forecast whose numbers, teams, season and start
    are the same stays as it was made, with its `as_of` and `computed_at`. With `since`, `forecasts` are all there
    is from that start_time on; a forecast whose game is not among them any more is superseded.
    """
    frame = as_frame(FORECASTS.schema, forecasts)
    return write_current(connection, FORECASTS, league, version, frame, now, since=since)
