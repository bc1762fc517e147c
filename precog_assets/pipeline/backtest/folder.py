"""Which files of a folder a backtest of a league needs, told by the league in their names and by their columns.

Belongs here: telling markets, prices, games, schedules and pairs of games with markets apart. Does not: reading them
(`files.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.backtest.schedules import is_schedule
from precog_assets.pipeline.imports.quote_files import ASKS, BIDS, LASTS, TIMES

GAMES = {"season", "date", "home", "away", "home_score", "away_score"}
PAIRS = {"event_ticker", "game_date", "home_team", "away_team"}
_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files of a backtest."""

    markets: Path
    quotes: tuple[Path, ...]
    games: Path
    schedule: tuple[Path, ...] = ()


def files_for(
    folder: Path | None,
    league: str,
    *,
    markets: Path | None = None,
    quotes: Sequence[Path] = (),
    games: Path | None = None,
    schedule: Sequence[Path] = (),
) -> FileSet:
    """The files given, and for what is not given the one of the folder, or of a folder in it, that is of the league.

    A file is of the league whose key is a word of its name. Raises ConfigurationError where something is missing, or
    where two files could be meant.
    """
    found = _kinds(folder, league) if folder is not None else {}
    missing = []
    if markets is None and not (markets := _only(found, "markets", folder, league)):
        missing.append("--markets FILE")
    if not quotes and not (quotes := found.get("quotes", [])):
        missing.append("--quotes FILE")
    if games is None and not (games := _only(found, "games", folder, league)):
        missing.append("--games FILE")
    if missing or markets is None or games is None:
        where = f"{folder} has no such file of {league}; " if folder is not None else ""
        raise ConfigurationError(f"{where}a backtest of files needs {', '.join(missing)}.")
    if not schedule:
        one = _only(found, "schedule", folder, league)
        schedule = [*([one] if one else ()), *found.get("pairs", [])]
    return FileSet(markets, tuple(quotes), games, tuple(schedule))


def _kinds(folder: Path, league: str) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise ConfigurationError(f"--files {folder}: no such folder.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".parquet", ".csv") or not path.is_file():
            continue
        if league not in _WORDS.split(path.stem.lower()):
            continue
        if kind := _kind(_columns(path)):
            found.setdefault(kind, []).append(path)
    return found


def _kind(columns: set[str]) -> str | None:
    if "ticker" in columns:
        is_quotes = columns & set(TIMES) and columns & {*LASTS, *BIDS, *ASKS}
        return "quotes" if is_quotes else "markets"
    if columns >= GAMES:
        return "games"
    if columns >= PAIRS:
        return "pairs"
    with_results = columns & {"home_score", "away_score"} or any("odds" in one or "line" in one for one in columns)
    return "schedule" if is_schedule(columns) and not with_results else None


def _columns(path: Path) -> set[str]:
    try:
        if path.suffix.lower() == ".csv":
            return set(pl.scan_csv(path).collect_schema().names())
        return set(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError(f"{path}: cannot be read as Parquet or CSV: {error}") from error


def _only(found: dict[str, list[Path]], kind: str, folder: Path | None, league: str) -> Path | None:
    """The one file of a kind; of several the one named as the league alone, or as its kind, or in a folder of it."""
    paths = found.get(kind, [])
    named = [path for path in paths if path.stem.lower() == league]
    named = named or [path for path in paths if kind in f"{path.parent.name}/{path.stem}".lower()] or paths
    if len(named) > 1:
        names = ", ".join(map(str, named))
        raise ConfigurationError(
            f"{folder} has {len(named)} files of {kind} of {league}: {names}; say which with --{kind}."
        )
    return named[0] if named else None
