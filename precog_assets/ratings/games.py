"""A league's games as arrays, in rating order: what every rating system reads.

What belongs here: the arrays and how they are made from a checked frame. What does not: checking files
(`exchange.py`), reading a database, ratings.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
import polars as pl

from precog_assets.domain.leagues import League

SURFACES = ("hard", "clay", "grass", "carpet")
UNKNOWN_SURFACE = len(SURFACES)
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Games:
    """n games of one league; equal `batch` means: forecast from the same state (a day; in tennis each row)."""

    teams: tuple[str, ...]
    """Ids of the sides; `home` and `away` index them. Moved franchises go by their first id here."""
    home: np.ndarray
    away: np.ndarray
    day: np.ndarray
    """Days since 1970-01-01."""
    batch: np.ndarray
    season: np.ndarray
    """Season label, never falling: a tennis row labelled with an earlier year counts to the later one."""
    home_score: np.ndarray
    away_score: np.ndarray
    """NaN where there is nothing to learn."""
    result: np.ndarray
    """Home side's score in the sense of Elo: 1, 0.5, 0; NaN where there is nothing to learn."""
    neutral: np.ndarray
    playoff: np.ndarray
    home_factor: np.ndarray
    """What the home edge is multiplied by: 0 on neutral ground, the league's factor behind closed doors, else 1."""
    margin_known: np.ndarray
    """False where the scores only tell the winner."""
    surface: np.ndarray
    """Index into SURFACES, or UNKNOWN_SURFACE."""
    best_of: np.ndarray
    """Sets, 0 where unknown or meaningless."""
    team_event: np.ndarray
    """Tennis: a rubber of a team competition (level D)."""
    retired: np.ndarray

    def __len__(self) -> int:
        return self.home.shape[0]

    def part(self, first: int, last: int) -> Games:
        """Games first to last (exclusive), of the same teams."""
        arrays = {f.name: getattr(self, f.name)[first:last] for f in fields(self) if f.name != "teams"}
        return replace(self, **arrays)


def games_from(frame: pl.DataFrame, league: League, known: tuple[str, ...] = ()) -> Games:
    """Arrays of a checked frame (`exchange.checked`), in its order. `known` teams keep their places in front."""
    moves = league.rating.franchises
    if moves:
        frame = frame.with_columns(pl.col("home", "away").replace(moves))
    sides = pl.concat([frame["home"], frame["away"]])
    met = sides.unique().sort()
    teams = known + tuple(met.filter(~met.is_in(list(known))).to_list()) if known else tuple(met.to_list())
    codes = sides.cast(pl.Enum(teams)).to_physical().to_numpy().astype(np.int64)
    n = frame.height
    day = frame["date"].cast(pl.Int32).to_numpy().astype(np.int64)
    learns = frame["learns"].to_numpy()
    home_score = np.where(learns, frame["home_score"].to_numpy(), np.nan).astype(np.float64)
    away_score = np.where(learns, frame["away_score"].to_numpy(), np.nan).astype(np.float64)
    result = np.where(home_score > away_score, 1.0, np.where(home_score < away_score, 0.0, 0.5))
    neutral = np.ones(n, np.bool_) if league.is_individual else frame["neutral"].to_numpy()
    home_factor = np.ones(n)
    for span in league.rating.closed_doors:
        inside = (day >= (span.first - EPOCH).days) & (day <= (span.last - EPOCH).days)
        home_factor[inside] = span.home_edge_factor
    home_factor[neutral] = 0.0
    surface = frame["surface"].str.to_lowercase()
    return Games(
        teams=teams,
        home=codes[:n],
        away=codes[n:],
        day=day,
        batch=np.arange(n, dtype=np.int64) if league.is_individual else day,
        season=np.maximum.accumulate(frame["season"].to_numpy().astype(np.int64)) if n else np.empty(0, np.int64),
        home_score=home_score,
        away_score=away_score,
        result=np.where(learns, result, np.nan),
        neutral=neutral,
        playoff=frame["playoff"].to_numpy(),
        home_factor=home_factor,
        margin_known=~frame["winner_only"].to_numpy(),
        surface=surface.replace_strict(
            list(SURFACES), list(range(UNKNOWN_SURFACE)), default=UNKNOWN_SURFACE, return_dtype=pl.Int64
        )
        .fill_null(UNKNOWN_SURFACE)
        .to_numpy(),
        best_of=frame["best_of"].fill_null(0).to_numpy().astype(np.int64),
        team_event=(frame["level"] == "D").fill_null(value=False).to_numpy(),
        retired=frame["retired"].to_numpy(),
    )
