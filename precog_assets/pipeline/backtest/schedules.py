"""Files of games by day and sides, whose results a backtest must not learn from: schedules, and pairs of an exchange.

Belongs here: the columns of such files. Does not: games in the exchange format (`ratings.exchange`), who the sides are.

Scores that such a file has are left out on purpose. Files of pairs hold some of a season's games: ratings that learnt
from those alone would pass for fresh, and be no better than the ones of years ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.imports.quote_files import read_table

NAMES = {"date": ("date", "game_date"), "home": ("home", "home_team"), "away": ("away", "away_team")}
MAY_HAVE = ("kickoff_eastern", "location", "neutral", "game_type", "playoff")


def read_schedules(paths: Path | Sequence[Path] | None) -> pl.DataFrame | None:
    """The games of one file or several under one set of columns: `date home away`, and of MAY_HAVE what a file has.

    None without files. Games of several files are there as often, those of files with `kickoff_eastern` last. Raises
    ConfigurationError for a file without these columns.
    """
    frames = [_one(path) for path in ([paths] if isinstance(paths, Path) else paths or ())]
    frames.sort(key=lambda frame: "kickoff_eastern" in frame.columns)
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


def is_schedule(columns: set[str]) -> bool:
    """Whether a file of these columns holds games by day and sides."""
    return all(any(name in columns for name in names) for names in NAMES.values())


def _one(path: Path) -> pl.DataFrame:
    frame = read_table(path)
    if not is_schedule(set(frame.columns)):
        wanted = ", ".join(" or ".join(names) for names in NAMES.values())
        raise ConfigurationError(f"{path}: columns {', '.join(frame.columns)}; a schedule needs {wanted}.")
    picked = {to: next(name for name in names if name in frame.columns) for to, names in NAMES.items()}
    kept = [name for name in MAY_HAVE if name in frame.columns]
    return frame.select(*(pl.col(source).cast(pl.String).alias(to) for to, source in picked.items()), *kept)
