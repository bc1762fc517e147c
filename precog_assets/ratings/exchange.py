"""The exchange format of games: what a file of results must hold, and what happens to odd rows of it.

Belongs here: columns, their types, the rules with row numbers, reading Parquet and CSV. Does not: ratings,
and mapping foreign team names (ids are opaque text here). The README documents the same rules.

Refused, all at once and by row number (the first data row is row 1): missing columns, values of the wrong
type, two leagues, a missing or impossible date, a missing side, NaN or one score without the other, one
game given twice, seasons that overlap, tennis rows out of order. Kept but not learnt from: a row without
scores (not played: it is forecast), a tie where the league knows none, a side playing itself, a tennis match
that repeats an earlier row (its sources do that; round robins and team cups meet twice, so it is no proof).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.leagues import League, Sport

REQUIRED = {
    "season": "integer",
    "date": "YYYY-MM-DD",
    "home": "text",
    "away": "text",
    "home_score": "number",
    "away_score": "number",
}
OPTIONAL = {
    "neutral": "boolean",
    "playoff": "boolean",
    "winner_only": "boolean",
    "retired": "boolean",
    "surface": "text",
    "level": "text",
    "round": "text",
    "best_of": "integer",
    "tourney": "text",
}
"""Read where present; a missing flag is false, a missing text or number unknown."""
PRICES = ("close_home", "close_draw", "close_away", "p538_home", "p538_draw", "p538_away")
"""Used only to grade; no rating reads them."""
SHOWN = 5
_CASTS = {"integer": pl.Int32, "number": pl.Float64, "text": pl.String, "boolean": pl.Boolean}
_ACCEPTED = {
    "integer": lambda kind: kind.is_integer() or kind.is_float() or kind == pl.Null,
    "number": lambda kind: kind.is_numeric() or kind == pl.Null,
    "text": lambda kind: kind in (pl.String, pl.Null, pl.Categorical) or kind.is_integer(),
    "boolean": lambda kind: kind in (pl.Boolean, pl.Null),
    "YYYY-MM-DD": lambda kind: kind in (pl.String, pl.Date) or kind == pl.Datetime,
}


@dataclass(frozen=True, slots=True)
class GamesFile:
    """Games of one league in the order they are rated."""

    league: League
    frame: pl.DataFrame
    """REQUIRED and OPTIONAL columns plus `row` (1 = first data row of the file) and `learns`: whether the
    result counts. The prices that the file has are kept."""
    notes: tuple[str, ...] = ()
    """Rows that are kept but not learnt from, in words."""


def read_games(path: Path, league: League) -> GamesFile:
    """Games of a Parquet or CSV file. Raises PrecogError(contract.games_file) naming everything wrong with it."""
    if not path.is_file():
        raise PrecogError("contract.games_file", f"{path}: no such file.")
    try:
        if path.suffix.lower() == ".csv":
            frame = _from_text(pl.read_csv(path, infer_schema=False))
        else:
            wanted = [*REQUIRED, *OPTIONAL, *PRICES, "league"]
            there = pl.read_parquet_schema(path)
            frame = pl.read_parquet(path, columns=[name for name in wanted if name in there])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PrecogError("contract.games_file", f"{path}: cannot be read as Parquet or CSV: {error}") from error
    return checked(frame, league, str(path))


def _from_text(frame: pl.DataFrame) -> pl.DataFrame:
    """A CSV's columns in their kinds; guessing kinds would strip the zeros of an id like `007`.

    A column with a value that is none of its kind stays text, so that `checked` refuses it by row.
    """
    kinds = {**REQUIRED, **OPTIONAL, **dict.fromkeys(PRICES, "number")}
    read = {name: _parsed(pl.col(name), kind) for name, kind in kinds.items() if name in frame.columns}
    typed = frame.select(**{name: one for name, one in read.items() if kinds[name] not in ("text", "YYYY-MM-DD")})
    whole = [name for name in typed.columns if not frame.filter(_unread(name, kinds[name])).height]
    return frame.with_columns(typed.select(whole))


def _parsed(column: pl.Expr, kind: str) -> pl.Expr:
    if kind == "boolean":
        words = {"true": True, "1": True, "false": False, "0": False}
        return column.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    return column.cast(pl.String if kind in ("text", "YYYY-MM-DD") else pl.Float64, strict=False)


def _unread(name: str, kind: str) -> pl.Expr:
    return pl.col(name).is_not_null() & (pl.col(name) != "") & _parsed(pl.col(name), kind).is_null()


def checked(frame: pl.DataFrame, league: League, name: str) -> GamesFile:
    """`frame` of the exchange format, checked, typed, and in rating order. `name` heads the messages.

    Team leagues are put in order of date and, within it, of the sides' ids: games of one day do not inform
    each other, so their order means nothing. Tennis stays in the order given.
    Raises PrecogError(contract.games_file) naming every kind of fault with its first rows.
    """
    faults = _columns(frame, league)
    if faults:
        raise _refusal(name, faults)
    typed = _typed(frame)
    faults = _values(typed, frame)
    if faults:
        raise _refusal(name, faults)
    learns, notes = _learns(typed, league)
    typed = typed.with_columns(learns=learns)
    if not league.is_individual:
        typed = typed.sort("date", "home", "away", "home_score", "away_score", "row")
    faults = _order(typed, league)
    if faults:
        raise _refusal(name, faults)
    return GamesFile(league, typed, notes)


def _columns(frame: pl.DataFrame, league: League) -> list[str]:
    missing = [f"`{name}` ({kind})" for name, kind in REQUIRED.items() if name not in frame.columns]
    faults = [f"missing columns: {', '.join(missing)}; it has {', '.join(frame.columns)}"] if missing else []
    for name, kind in {**REQUIRED, **OPTIONAL}.items():
        if name in frame.columns and not _ACCEPTED[kind](frame.schema[name]):
            faults.append(f"column `{name}` is {frame.schema[name]}; expected {kind}{_where(frame, name, kind)}")
    faults += [
        f"column `{name}` is {frame.schema[name]}; expected a probability{_where(frame, name, 'number')}"
        for name in PRICES
        if name in frame.columns and not (frame.schema[name].is_float() or frame.schema[name] == pl.Null)
    ]
    if not faults and not frame.height:
        faults.append("no rows")
    if "league" in frame.columns and frame.height:
        others = frame.with_row_index("row", 1).filter(pl.col("league").cast(pl.String).ne_missing(league.key))
        if others.height:
            found = ", ".join(repr(value) for value in others["league"].unique(maintain_order=True).head(SHOWN))
            faults.append(f"league {found} in {_rows(others)}; expected only {league.key!r}: one league a file")
    return faults


def _where(frame: pl.DataFrame, name: str, kind: str) -> str:
    """Of a column of texts: the rows that are none of the kind."""
    if frame.schema[name] != pl.String or kind in ("text", "YYYY-MM-DD"):
        return ""
    bad = frame.with_row_index("row", 1).filter(_unread(name, kind))
    return f", but {_rows(bad)} has {bad[name][0]!r}" if bad.height else ""


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    day = pl.col("date")
    if frame.schema["date"] == pl.String:
        day = pl.when(day.str.len_bytes() == len("YYYY-MM-DD")).then(day.str.to_date("%Y-%m-%d", strict=False))
    columns = [day.cast(pl.Date).alias("date")]
    columns += [_cast(frame, name, kind).alias(name) for name, kind in REQUIRED.items() if name != "date"]
    for name, kind in OPTIONAL.items():
        there = _cast(frame, name, kind) if name in frame.columns else pl.lit(None, _CASTS[kind])
        columns.append((there.fill_null(value=False) if kind == "boolean" else there).alias(name))
    columns += [pl.col(name).cast(pl.Float64).fill_nan(None) for name in PRICES if name in frame.columns]
    return frame.select(columns).with_row_index("row", 1)


def _cast(frame: pl.DataFrame, name: str, kind: str) -> pl.Expr:
    column = pl.col(name)
    if kind == "integer" and frame.schema[name].is_float():  # a cast alone would cut 2020.5 to 2020
        column = pl.when(column == column.floor()).then(column)
    return column.cast(_CASTS[kind], strict=False)


def _values(typed: pl.DataFrame, frame: pl.DataFrame) -> list[str]:
    """What is wrong with single values. All conditions are asked at once; rows are looked for where one holds."""
    wrong: list[tuple[pl.Expr, str, str | None]] = [
        (pl.col("date").is_null(), "no date of the form YYYY-MM-DD", "date"),
        (pl.col("season").is_null(), "no season (a whole number)", "season"),
    ]
    if "best_of" in frame.columns:
        wrong.append(
            (pl.col("best_of").is_null() & frame["best_of"].is_not_null(), "`best_of` is no whole number", "best_of")
        )
    for side in ("home", "away"):
        wrong.append((pl.col(side).is_null() | (pl.col(side).str.strip_chars() == ""), f"no {side} side", side))
        score = pl.col(f"{side}_score")
        no_score = score.is_nan() | score.is_infinite() | (score < 0)
        wrong.append((no_score, f"`{side}_score` is no score", f"{side}_score"))
    one = pl.col("home_score").is_null() != pl.col("away_score").is_null()
    wrong.append((one, "one score without the other (a game not played has neither)", None))
    for price in (name for name in PRICES if name in typed.columns):
        wrong.append(((pl.col(price) < 0) | (pl.col(price) > 1), f"`{price}` is no probability", price))
    found = typed.select(condition.any().alias(str(at)) for at, (condition, _, _) in enumerate(wrong)).row(0)
    faults: list[str] = []
    for condition, what, read in (row for row, any_of_it in zip(wrong, found, strict=True) if any_of_it):
        bad = typed.filter(condition)
        was = f" (read {frame[read][int(bad['row'][0]) - 1]!r})" if read else ""
        faults.append(f"{what} in {_rows(bad)}{was}")
    return faults


def _learns(typed: pl.DataFrame, league: League) -> tuple[pl.Series, tuple[str, ...]]:
    notes: list[str] = []
    itself = pl.col("home") == pl.col("away")
    unplayed = pl.col("home_score").is_null()
    tie = (pl.col("home_score") == pl.col("away_score")).fill_null(value=False) & ~itself
    refused = itself | unplayed
    if not league.has_draw and not league.ties:
        refused = refused | tie
        notes += _note(typed.filter(tie), f"a tie, which {league.key} does not know: forecast, not learnt from")
    if league.is_individual:
        alike = typed.filter(_alike("date", "home", "away") & ~itself)
        again = alike.filter(~pl.struct(pl.exclude("row")).is_first_distinct())
        refused = refused | pl.col("row").is_in(again["row"].to_list())
        notes += _note(again, "repeats an earlier row: forecast, not learnt from")
    notes += _note(typed.filter(itself), "a side playing itself: forecast 0.5, not learnt from")
    notes += _note(typed.filter(unplayed & ~itself), "no score yet: forecast only")
    return typed.select(learns=~refused).to_series(), tuple(notes)


def _alike(*names: str) -> pl.Expr:
    """Rows that may equal another in these columns: a quick sieve before what is exact and slow."""
    mixed = pl.col(names[0]).hash(0)
    for seed, name in enumerate(names[1:], 1):
        mixed = mixed ^ pl.col(name).hash(seed)
    return mixed.is_duplicated()


def _order(typed: pl.DataFrame, league: League) -> list[str]:
    faults: list[str] = []
    real = typed.filter(pl.col("home") != pl.col("away"))
    if league.is_individual:
        late = typed.filter(pl.col("date") < pl.col("date").shift(1))
        if late.height:
            faults.append(f"{_rows(late)} dated before the row above; tennis rows count in the order given")
        return faults
    same = ["date", "home", "away"]
    if league.sport is Sport.BASEBALL:  # two games a day are common: only rows equal in everything are one game
        same = [name for name in typed.columns if name not in ("row", "learns")]
    alike = real.filter(_alike("date", "home", "away"))
    twice = alike.filter(pl.struct(same).is_duplicated())
    if twice.height:
        faults.append(f"one game given twice: {_rows(twice)}")
    back = typed.filter(pl.col("season") < pl.col("season").cum_max().shift(1))
    if back.height:
        faults.append(f"seasons overlap: {_rows(back)} of a season before that of an earlier date")
    return faults


def _rows(bad: pl.DataFrame) -> str:
    shown = ", ".join(str(row) for row in bad["row"].sort().head(SHOWN))
    more = f" and {bad.height - SHOWN} more" if bad.height > SHOWN else ""
    return f"row {shown}" if bad.height == 1 else f"rows {shown}{more}"


def _note(rows: pl.DataFrame, what: str) -> list[str]:
    return [f"{_rows(rows)}: {what}"] if rows.height else []


def _refusal(name: str, faults: list[Any]) -> PrecogError:
    return PrecogError("contract.games_file", f"{name}: " + "; ".join(faults) + ".")
