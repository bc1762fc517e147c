"""Grades of a model version, and its weight beside the market: superseded where they change, never lost.

Belongs here: writing `model.evaluations` and `model.blends`, and the blend in force. Does not: grading, fitting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import polars as pl
import sqlalchemy as sa

from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.frames import as_frame
from precog_assets.store.supersede import VersionedTarget, write_current

EVALUATIONS = VersionedTarget(
    tables.evaluations,
    key=("forecast", "scope", "label"),
    values=(
        "games",
        "ties_left_out",
        "brier",
        "log_loss",
        "rps",
        "accuracy",
        "ece",
        "priced_games",
        "closing_brier",
        "closing_log_loss",
        "closing_rps",
        "skill",
        "skill_low",
        "skill_high",
        "leak_findings",
    ),
    group="forecast",
    by_group=True,
)
BLENDS = VersionedTarget(
    tables.blends, key=("season",), values=("model_weight", "fitted_games"), group="season", by_group=True
)


@dataclass(frozen=True, slots=True)
class Blend:
    """How much of the model goes into a forecast that also knows the market's price."""

    model_weight: float
    """0: the market alone, 1: the model alone."""
    fitted_games: int
    """Games of the seasons before that it was learnt on."""
    computed_at: datetime


def write_evaluations(
    connection: sa.Connection, league: str, version: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> WriteCounts:
    """Bring the current grades of a version to `rows`: mappings with the columns of EVALUATIONS, by name.

    `forecast` is model or market_aware, `scope` all, season or month, `label` which of them; nullable columns may be
    absent, further ones are left out; `leak_findings` is a list, kept as JSON. Of a `forecast` that is among the
    rows, grades of scopes that are not are superseded; grades of the other stay. Raises ValueError, naming the row,
    for a missing value.
    """
    return write_current(connection, EVALUATIONS, league, version, _frame(EVALUATIONS, rows), now)


def write_blends(
    connection: sa.Connection, league: str, version: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> WriteCounts:
    """Bring the current blends of the seasons given to `rows` (season, model_weight, fitted_games); others stay."""
    return write_current(connection, BLENDS, league, version, _frame(BLENDS, rows), now)


def current_blend(connection: sa.Connection, version: str, season: int) -> Blend | None:
    """The blend of a version in force for a season; None where none was learnt."""
    table = tables.blends
    found = connection.execute(
        sa.select(table.c.model_weight, table.c.fitted_games, table.c.computed_at).where(
            table.c.model_version == version, table.c.season == season, table.c.superseded_at.is_(None)
        )
    ).one_or_none()
    return None if found is None else Blend(*found)


def _frame(target: VersionedTarget, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    needed = [name for name in target.columns if not target.table.c[name].nullable]
    for number, row in enumerate(rows):
        absent = [name for name in needed if row.get(name) is None]
        if absent:
            raise ValueError(f"row {number} lacks {', '.join(absent)}; it has {', '.join(row)}")
    told = [{**row, "leak_findings": orjson.dumps(row.get("leak_findings")).decode()} for row in rows]
    return as_frame(target.schema, [tuple(row.get(name) for name in target.columns) for row in told])
