"""Files of games by day and sides: schedules, and pairs of an exchange's events with games.

Belongs here: the columns of such files. Does not: games in the exchange format (`ratings.exchange`), who the sides are.

Scores of pairs are left out on purpose. They are of some of a season's games: ratings that learnt from those alone
would pass for fresh, and be no better than the ones of years ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.imports.quote_files import read_table

NAMES = {"date": ("date", "game_date"), "home": ("home", "home_team"), "away": ("away", "away_team")}
MAY_HAVE = ("kickoff_eastern", "location", "neutral", "game_type", "playoff")
SCORES = ("home_score", "away_score")
OF_PAIRS = "event_ticker"


def read_schedules(paths: Path | Sequence[Path] | None) -> pl.DataFrame | None:
    """The games of one file or several under one set of columns: `date home away`, and what a file has of MAY_HAVE and
    SCORES.

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
        needed = ", ".join(" or ".join(names) for names in NAMES.values())
        raise ConfigurationError(f"{path}: columns {', '.join(frame.columns)}; a schedule needs {needed}.")
    picked = {to: next(name for name in names if name in frame.columns) for to, names in NAMES.items()}
    wanted = MAY_HAVE if OF_PAIRS in frame.columns else (*MAY_HAVE, *SCORES)
    kept = [name for name in wanted if name in frame.columns]
    return frame.select(*(pl.col(source).cast(pl.String).alias(to) for to, source in picked.items()), *kept)
