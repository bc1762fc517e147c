"""Calibration: from terms to probabilities, refitted at each season's start on the seasons before it.

What belongs here: which games a fit sees, the scale and the prior of its coefficients, applying it. What does
not: the numerics (`fitting.py`), what the terms mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from precog_assets.domain.rating_rules import Calibration
from precog_assets.ratings import fitting


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a season is forecast with."""

    season: int
    coefficients: np.ndarray
    """One a term; with three outcomes the width last. With isotonic regression the knots' places, then heights."""
    games: int
    """Games it was fitted on; 0: the prior of the configuration."""


def prior(calibration: Calibration, season: int) -> Fitted:
    """The coefficients before anything is fitted."""
    width = () if calibration.width is None else (calibration.width,)
    return Fitted(season, np.array([*calibration.prior, *width], np.float64), 0)


def fit(
    calibration: Calibration,
    terms: np.ndarray,
    result: np.ndarray,
    seasons: np.ndarray,
    season: int,
    first_season: int,
    before: Fitted | None,
) -> Fitted:
    """What `season` is forecast with, from the games given, all of them played before it.

    terms (n, terms); result (n,) 1, 0.5, 0 or NaN; seasons (n,), rising. `first_season` of the data counts the
    seasons to skip; `before`, the fit of an earlier season, is where Newton's method starts.
    """
    start = prior(calibration, season)
    oldest = max(season - calibration.window_seasons, first_season + calibration.skip_seasons)
    place = int(np.searchsorted(seasons, oldest))
    x, y = terms[place:], result[place:]
    age = season - 1 - seasons[place:]
    weight = np.where(np.isnan(y), 0.0, calibration.decay ** np.maximum(age, 0))
    games = int((weight > 0).sum())
    if calibration.method == "none" or not games:
        return start
    y = np.where(np.isnan(y), 0.5, y)
    if calibration.method == "isotonic":
        return Fitted(season, _isotonic(x[:, 0] * start.coefficients[0], y, weight), games)
    scale = np.sqrt((x * x * weight[:, None]).sum(axis=0) / weight.sum())
    scale = np.where(scale < 1e-9, 1.0, scale)
    full = scale if calibration.width is None else np.append(scale, 1.0)
    ridge = np.full(full.shape, calibration.ridge)
    centre = start.coefficients * full
    begin = centre if before is None or not before.games else before.coefficients * full
    scaled = np.ascontiguousarray(x / scale)
    if calibration.width is None:
        found = fitting.fit_logistic(scaled, y, weight, ridge, centre, begin)
    else:
        softmax = calibration.method == "multinomial"
        found = fitting.fit_three(scaled, y, weight, ridge, centre, begin, softmax)
    return Fitted(season, found / full, games)


def apply(calibration: Calibration, fitted: Fitted, terms: np.ndarray) -> np.ndarray:
    """Probabilities of each row of terms: (n, 2) home, away, or (n, 3) home, draw, away; rows sum to 1."""
    terms = np.ascontiguousarray(terms)
    if calibration.width is not None:
        return fitting.apply_three(terms, fitted.coefficients, calibration.method == "multinomial")
    if calibration.method == "isotonic" and fitted.games:
        knots = len(fitted.coefficients) // 2
        logit = terms[:, 0] * calibration.prior[0]
        home = np.interp(logit, fitted.coefficients[:knots], fitted.coefficients[knots:])
    else:
        home = fitting.apply_logistic(terms, fitted.coefficients)
    return np.column_stack((home, 1.0 - home))


def _isotonic(logit: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Knots of a rising curve through both orientations of each game, so that it mirrors; heights within (0, 1)."""
    both = np.concatenate((logit, -logit))
    order = np.argsort(both, kind="stable")
    results = np.concatenate((y, 1.0 - y))[order]
    places, heights = fitting.fit_isotonic(both[order], results, np.concatenate((weight, weight))[order])
    least = 1.0 / (2.0 * len(y) + 2.0)
    return np.concatenate((places, np.clip(heights, least, 1.0 - least)))
