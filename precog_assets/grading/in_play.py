"""Grading probabilities in play at the ends of periods: files of scores by period joined to games, and the scores.

Belongs here: reading the two files, joining them by team and day, the states at each period's end, the scores. Does
not: any probability; who prices the states (the command, the benchmark) does so between `period_ends` and `grade`.

The two files name teams differently (`team_names.py`). A row is joined where exactly one game of its day has both
sides; where none has, where one of the day before or after has them and ended with the same score. Nothing else is
guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.in_play import Floats, PlayStates
from precog_assets.domain.leagues import League
from precog_assets.grading import scores
from precog_assets.grading.team_names import TeamNames

SHOWN = 10
DAY = timedelta(days=1)
_SIDES = ("home", "away")


@dataclass(frozen=True, slots=True)
class Unjoined:
    """A row of the periods file that no game was found for."""

    row: int
    date: str
    home: str
    away: str
    reason: str
    """`unknown_team`, `no_game`, `ambiguous`, `no_price`, `no_score` or `repeated`."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows that were joined, and what became of the others."""

    frame: pl.DataFrame
    """season date playoff p_home p_draw p_away, `home_1 away_1 ...` (score after each period), `final_home
    final_away`, in the order of the periods file."""
    periods: int
    """Period ends before the last that the file tells: 3 for quarters, 1 for halves."""
    of_elo: int
    """Rows whose price is the Elo oracle's, for want of a closing one."""
    score_differs: int
    """Rows whose final score is another in the games file; the periods file's counts."""
    day_differs: int
    """Rows whose game is of the day before or after."""
    unjoined: tuple[Unjoined, ...]

    def reasons(self) -> dict[str, int]:
        return dict(sorted(Counter(row.reason for row in self.unjoined).items()))


@dataclass(frozen=True, slots=True)
class PeriodGrade:
    """How good the probabilities after one period were, and those of before the game on the same games."""

    after: int
    season: int | None
    """None: all seasons together."""
    games: int
    ties: int
    """Games without a winner where only winners are graded; left out."""
    score: float
    """Brier, RPS where games are drawn."""
    log_loss: float
    before: float
    """The score of the pre-game probability."""


def join_periods(league: League, periods: pl.DataFrame, games: pl.DataFrame) -> Joined:
    """Rows of a periods file with their games' prices.

    Periods: `season date`, `home` or `home_team` and the like, `q1_home ... q4_away` or `halftime_home halftime_away`,
    `final_home final_away`. Games: the exchange format with `close_home` (and `close_draw close_away`), or
    `oracle_elo_home` where it is null. Raises PrecogError(contract.games_file) for missing columns.
    """
    names = {side: side if side in periods.columns else f"{side}_team" for side in _SIDES}
    steps = _steps(periods.columns)
    _needs(periods, ("season", "date", *names.values(), "final_home", "final_away"), "periods file")
    _needs(games, ("date", "home", "away", "home_score", "away_score"), "games file")
    of_name = TeamNames(league.key)
    by_day: defaultdict[date, list[dict[str, Any]]] = defaultdict(list)
    for game in games.iter_rows(named=True):
        found = {**game, "sides": tuple(of_name(str(game[side])) for side in _SIDES)}
        by_day[_day(game["date"])].append(found)
    known = {team for found in by_day.values() for game in found for side in game["sides"] for team in side}
    rows, missed, of_elo, differs, moved, used = [], [], 0, 0, 0, set()
    for number, row in enumerate(periods.iter_rows(named=True), 1):
        sides = tuple(of_name(str(row[names[side]])) for side in _SIDES)
        day = _day(row["date"])
        fitting = _between(sides, by_day.get(day, ()))
        if not fitting:
            near = [*by_day.get(day - DAY, ()), *by_day.get(day + DAY, ())]
            fitting = [game for game in _between(sides, near) if _same_end(game, row)]
            moved += bool(fitting)
        reason, price, after = "", None, _scores(row, steps)
        if len(fitting) != 1:
            reason = "ambiguous" if fitting else "no_game" if all(side & known for side in sides) else "unknown_team"
        elif id(fitting[0]) in used:
            reason = "repeated"
        elif (price := _price(fitting[0], drawn=league.has_draw)) is None:
            reason = "no_price"
        elif after is None:
            reason = "no_score"
        if reason or price is None or after is None:
            told = [str(row[names[side]]) for side in _SIDES]
            missed.append(Unjoined(number, str(row["date"]), told[0], told[1], reason))
            continue
        game = fitting[0]
        used.add(id(game))
        of_elo += price[3]
        differs += not _same_end(game, row)
        rows.append({"season": row["season"], "date": str(row["date"]), "playoff": bool(game.get("playoff")),
                     "p_home": price[0], "p_draw": price[1], "p_away": price[2], **after})  # fmt: skip
    return Joined(pl.DataFrame(rows), len(steps), of_elo, differs, moved, tuple(missed))


def _between(sides: tuple[frozenset[str], ...], games: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [game for game in games if all(own & other for own, other in zip(sides, game["sides"], strict=True))]


def _same_end(game: dict[str, Any], row: dict[str, Any]) -> bool:
    return (game["home_score"], game["away_score"]) == (row["final_home"], row["final_away"])


def period_ends(joined: Joined, after: int) -> PlayStates:
    """The states of every joined game as the period `after` (1 is the first) ended."""
    frame = joined.frame
    return PlayStates.of(
        home_score=frame[f"home_{after}"].to_numpy(),
        away_score=frame[f"away_{after}"].to_numpy(),
        period=float(after),
        clock_s=0.0,
        postseason=frame["playoff"].to_numpy(),
    )


def before(joined: Joined) -> Floats:
    """Pre-game probabilities, (n, 3)."""
    return joined.frame.select("p_home", "p_draw", "p_away").to_numpy()


def grade(league: League, joined: Joined, after: int, p: Floats) -> list[PeriodGrade]:
    """Grades of `p` (n, 3) after one period: by season, and of all of them last.

    Where games are not drawn, home's probability is its share of those of either side, and games without a winner are
    left out. Raises ValueError when no game is left.
    """
    frame = joined.frame
    margin = (frame["final_home"] - frame["final_away"]).to_numpy()
    season = frame["season"].to_numpy()
    counted = np.ones(len(margin), dtype=np.bool_) if league.has_draw else margin != 0
    prior = before(joined)
    grades = []
    for label in (*np.unique(season).tolist(), None):
        inside = np.ones(len(margin), dtype=np.bool_) if label is None else season == label
        chosen = inside & counted
        if not chosen.any():
            continue
        outcome = _outcomes(league, margin[chosen])
        own, was = (_asked(league, values[chosen]) for values in (p, prior))
        score = scores.rps if league.has_draw else scores.brier
        grades.append(
            PeriodGrade(
                after=after,
                season=None if label is None else int(label),
                games=int(chosen.sum()),
                ties=int((inside & ~counted).sum()),
                score=score(own, outcome),
                log_loss=scores.log_loss(own, outcome),
                before=score(was, outcome),
            )
        )
    return grades


def _outcomes(league: League, margin: Floats) -> np.ndarray:
    if league.has_draw:
        return np.where(margin > 0, 0, np.where(margin < 0, 2, 1)).astype(np.int64)
    return (margin > 0).astype(np.int64)


def _asked(league: League, p: Floats) -> Floats:
    if league.has_draw:
        return p / p.sum(axis=1, keepdims=True)
    return p[:, 0] / (p[:, 0] + p[:, 2])


def _steps(columns: list[str]) -> tuple[tuple[str, ...], ...]:
    """Columns whose sum is the score after each period but the last, with `{side}` for the side."""
    if {"halftime_home", "halftime_away"} <= set(columns):
        return (("halftime_{side}",),)
    quarters = [f"q{number}_{{side}}" for number in (1, 2, 3)]
    missing = [name.format(side=side) for name in quarters for side in _SIDES if name.format(side=side) not in columns]
    if missing:
        raise PrecogError(
            "contract.games_file",
            f"periods file: missing columns {', '.join(missing)} (or halftime_home, halftime_away); "
            f"it has {', '.join(columns)}.",
        )
    return tuple(tuple(quarters[:number]) for number in (1, 2, 3))


def _scores(row: dict[str, Any], steps: tuple[tuple[str, ...], ...]) -> dict[str, float] | None:
    """Scores after each period and at the end; None where one is missing."""
    found: dict[str, float] = {}
    for side in _SIDES:
        for number, names in enumerate(steps, 1):
            values = [row[name.format(side=side)] for name in names]
            if None in values:
                return None
            found[f"{side}_{number}"] = float(sum(values))
        if row[f"final_{side}"] is None:
            return None
        found[f"final_{side}"] = float(row[f"final_{side}"])
    return found


def _price(game: dict[str, Any], *, drawn: bool) -> tuple[float, float, float, bool] | None:
    """Home, draw, away, and whether the Elo oracle said it; None where nothing did."""
    home, draw, away = (game.get(f"close_{side}") for side in ("home", "draw", "away"))
    if drawn:
        if home is None or draw is None or away is None or home + draw + away <= 0:
            return None
        return home / (home + draw + away), draw / (home + draw + away), away / (home + draw + away), False
    elo = home is None
    home = game.get("oracle_elo_home") if elo else home
    return None if home is None else (float(home), 0.0, 1.0 - float(home), elo)


def _needs(frame: pl.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise PrecogError(
            "contract.games_file", f"{what}: missing columns {', '.join(missing)}; it has {', '.join(frame.columns)}."
        )


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise PrecogError("contract.games_file", f"{value!r} is no date; expected YYYY-MM-DD.") from None


def read_table(path: Path, option: str) -> pl.DataFrame:
    """A Parquet or CSV file. Raises ConfigurationError naming the option for one that is not there or neither."""
    if not path.is_file():
        raise ConfigurationError(f"{option} {path}: no such file.")
    try:
        return pl.read_csv(path, infer_schema_length=None) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError(f"{option} {path}: cannot be read as Parquet or CSV: {error}") from error
