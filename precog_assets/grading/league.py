"""One model version in one league: its games as arrays in, rows of a report out.

Belongs here: scopes, ties, the games a price or another forecast is known for. Does not: reading frames
(`evaluation.py`), the definition of any score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from precog_assets.grading import scores
from precog_assets.grading.calibration import expected_calibration_error, reliability_curve
from precog_assets.grading.inputs import Floats, Integers
from precog_assets.grading.intervals import Interval, difference_interval, skill_interval
from precog_assets.grading.leak import LeakBand, LeakFinding, ScoreName, leak_findings
from precog_assets.grading.report import Comparison, LeagueCurve, Scope, ScoreRow

MINIMUM_FOR_SKILL = 30
"""Fewer games with both forecasts than this: skill and intervals are not measured."""
MINIMUM_DATES = 20
"""Fewer dates than this are too few blocks: single games are resampled."""


@dataclass(frozen=True, eq=False)
class LeagueGames:
    """Games of one league with the forecasts of one model version, all arrays of n games.

    Forecasts, closing prices and `others` are (n,) home probabilities or (n, 3) home, draw, away, checked; NaN where
    a game has no closing price or no such forecast. `outcome`: codes of `inputs.checked_games`, -1 for a tie that the
    league has no outcome for.
    """

    league: str
    model_version: str
    season: Sequence[str]
    season_of: Integers
    """Index into `season`."""
    month_of: Integers
    """Year * 12 + month - 1."""
    day: Integers
    """Days since any epoch: games of a day are resampled together."""
    outcome: Integers
    forecast: Floats
    close: Floats
    others: Mapping[str, Floats]

    @cached_property
    def graded(self) -> Integers:
        """Positions of the games that have an outcome."""
        return np.flatnonzero(self.outcome >= 0)

    @cached_property
    def score_name(self) -> ScoreName:
        return "brier" if self.forecast.ndim == 1 else "rps"

    @cached_property
    def model(self) -> _PerGame:
        return _per_game(self.forecast, self.outcome)

    @cached_property
    def closing(self) -> _PerGame:
        return _per_game(self.close, self.outcome)

    def blocks(self, at: Integers) -> Integers | None:
        """What to resample the games at these positions by: dates, or None for single games."""
        day = self.day[at]
        return day if len(np.unique(day)) >= MINIMUM_DATES else None

    def slices(self) -> Iterator[tuple[Scope, str, Integers]]:
        """Every scope and label with the positions of its games."""
        yield "all", "all", np.arange(len(self.outcome))
        for code, at in _split(self.season_of):
            yield "season", self.season[code], at
        for code, at in _split(self.month_of):
            yield "month", f"{code // 12:04d}-{code % 12 + 1:02d}", at


@dataclass(frozen=True, slots=True, eq=False)
class _PerGame:
    """Scores of all games, NaN where there is no outcome or no forecast."""

    known: NDArray[np.bool_]
    brier: Floats
    log_loss: Floats
    rps: Floats
    accuracy: Floats

    def ranked(self, name: ScoreName) -> Floats:
        return self.brier if name == "brier" else self.rps


def score_rows(games: LeagueGames, rng: np.random.Generator, resamples: int) -> tuple[list[ScoreRow], Interval | None]:
    """Rows of all scopes, and the interval of the skill over all games; 0 resamples measure no interval."""
    rows, overall = [], None
    for scope, label, at in games.slices():
        row, interval = _row(games, scope, label, at, rng, 0 if scope == "month" else resamples)
        rows.append(row)
        if scope == "all":
            overall = interval
    return rows, overall


def curves(games: LeagueGames) -> list[LeagueCurve]:
    """The reliability curve over all graded games; none where every game was a tie."""
    at = games.graded
    if not len(at):
        return []
    return [LeagueCurve(games.league, games.model_version, reliability_curve(games.forecast[at], games.outcome[at]))]


def findings(games: LeagueGames, row: ScoreRow, skill: Interval | None, band: LeakBand | None) -> list[LeakFinding]:
    """The leak guard on the row of all games."""
    if row.brier is None or row.accuracy is None:
        return []
    found = leak_findings(
        games.league,
        games.model_version,
        band,
        games=row.games,
        brier=row.brier,
        rps=row.rps,
        accuracy=row.accuracy,
        priced_games=row.priced_games,
        skill=skill,
    )
    return list(found)


def comparisons(games: LeagueGames, rng: np.random.Generator, resamples: int) -> list[Comparison]:
    """The model beside each of the other forecasts."""
    compared = []
    for name, forecast in games.others.items():
        other = _per_game(forecast, games.outcome)
        at = np.flatnonzero(other.known)
        theirs, ours = other.ranked(games.score_name)[at], games.model.ranked(games.score_name)[at]
        score, model_score = _mean(theirs), _mean(ours)
        difference = None if score is None or model_score is None else model_score - score
        interval = None
        if len(at) >= MINIMUM_FOR_SKILL and resamples:
            interval = difference_interval(ours, theirs, rng, resamples=resamples, blocks=games.blocks(at))
        compared.append(
            Comparison(
                league=games.league,
                model_version=games.model_version,
                name=name,
                games=len(at),
                score_name=games.score_name,
                score=score,
                model_score=model_score,
                difference=difference,
                difference_low=interval.low if interval else None,
                difference_high=interval.high if interval else None,
            )
        )
    return compared


def _row(
    games: LeagueGames, scope: Scope, label: str, at: Integers, rng: np.random.Generator, resamples: int
) -> tuple[ScoreRow, Interval | None]:
    model, closing = games.model, games.closing
    graded = at[model.known[at]]
    priced = at[closing.known[at]]
    ours, theirs = model.ranked(games.score_name)[priced], closing.ranked(games.score_name)[priced]
    skill, interval, blocks = None, None, None
    if len(priced) >= MINIMUM_FOR_SKILL:
        if not theirs.any():
            raise ValueError(
                f"{games.league}, {scope} {label}: the closing probabilities are certain and right in all "
                f"{len(priced)} games; they are results, not prices"
            )
        skill = scores.skill(ours, theirs)
        if resamples:
            blocks = games.blocks(priced)
            interval = skill_interval(ours, theirs, rng, resamples=resamples, blocks=blocks)
    three = games.score_name == "rps"
    row = ScoreRow(
        league=games.league,
        model_version=games.model_version,
        scope=scope,
        label=label,
        games=len(graded),
        ties_left_out=len(at) - len(graded),
        brier=_mean(model.brier[graded]),
        log_loss=_mean(model.log_loss[graded]),
        rps=_mean(model.rps[graded]) if three else None,
        accuracy=_mean(model.accuracy[graded]),
        ece=expected_calibration_error(games.forecast[graded], games.outcome[graded]) if len(graded) else None,
        priced_games=len(priced),
        brier_on_priced=_mean(model.brier[priced]),
        log_loss_on_priced=_mean(model.log_loss[priced]),
        rps_on_priced=_mean(model.rps[priced]) if three else None,
        closing_brier=_mean(closing.brier[priced]),
        closing_log_loss=_mean(closing.log_loss[priced]),
        closing_rps=_mean(closing.rps[priced]) if three else None,
        skill_score=games.score_name,
        skill=skill,
        skill_low=interval.low if interval else None,
        skill_high=interval.high if interval else None,
        resampled=None if interval is None else "game" if blocks is None else "date",
    )
    return row, interval


def _per_game(forecast: Floats, outcome: Integers) -> _PerGame:
    present = ~np.isnan(forecast) if forecast.ndim == 1 else ~np.isnan(forecast).any(axis=1)
    known = present & (outcome >= 0)
    brier, log_loss, rps, accuracy = (np.full(len(outcome), np.nan) for _ in range(4))
    if known.any():
        p, codes = forecast[known], outcome[known]
        brier[known] = scores.brier_per_game(p, codes)
        log_loss[known] = scores.log_loss_per_game(p, codes)
        accuracy[known] = scores.accuracy_per_game(p, codes)
        if forecast.ndim == 2:
            rps[known] = scores.rps_per_game(p, codes)
    return _PerGame(known, brier, log_loss, rps, accuracy)


def _split(codes: Integers) -> Iterator[tuple[int, Integers]]:
    """Positions of each distinct code, codes ascending."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=codes[order[0]] - 1))
    for at in np.split(order, starts[1:]):
        yield int(codes[at[0]]), at


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
