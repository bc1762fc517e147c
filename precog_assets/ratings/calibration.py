"""Calibration: from terms to probabilities, refitted at each season's start on the seasons before it.

What belongs here: which games a fit sees, the scale and the prior of its coefficients, applying it. What does
not: the numerics (`fitting.py`), what the terms mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from precog_assets.domain.rating_rules import Calibration
from precog_assets.ratings import fitting

ISOTONIC_DIGITS = 9
"""Logits are rounded to them, so that noise in the last bits does not part games of equal terms."""


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

    terms (terms, n); result (n,) 1, 0.5, 0 or NaN; seasons (n,), rising. `first_season` of the data counts the
    seasons to skip; `before`, the fit of an earlier season, is where Newton's method starts. The ridge is in units
    of each term's root mean square.
    """
    start = prior(calibration, season)
    oldest = max(season - calibration.window_seasons, first_season + calibration.skip_seasons)
    place = int(np.searchsorted(seasons, oldest))
    x, y = np.ascontiguousarray(terms[:, place:]), result[place:]
    weight = calibration.decay ** np.maximum(season - 1 - seasons[place:], 0)
    unknown = np.isnan(y)
    weight[unknown] = 0.0
    games = int(len(y) - unknown.sum())
    if calibration.method == "none" or not games:
        return start
    y = np.where(unknown, 0.5, y)
    if calibration.method == "isotonic":
        return Fitted(season, _isotonic(x[0] * start.coefficients[0], y, weight), games)
    squares = fitting.mean_squares(x, weight)
    squares[squares < 1e-18] = 1.0
    begin = start if before is None or not before.games else before
    centre, begun = start.coefficients, begin.coefficients
    if calibration.width is None:
        found = fitting.fit_logistic(x, y, weight, calibration.ridge * squares, centre, begun)
    else:
        ridge = calibration.ridge * np.append(squares, 1.0)
        found = fitting.fit_three(x, y, weight, ridge, centre, begun, calibration.method == "multinomial")
    return Fitted(season, found, games)


def apply(calibration: Calibration, fitted: Fitted, terms: np.ndarray) -> np.ndarray:
    """Probabilities from terms (terms, n): (n, 2) home, away, or (n, 3) home, draw, away; rows sum to 1."""
    terms = np.ascontiguousarray(terms)
    if calibration.width is not None:
        return fitting.apply_three(terms, fitted.coefficients, calibration.method == "multinomial")
    if calibration.method == "isotonic" and fitted.games:
        knots = len(fitted.coefficients) // 2
        logit = np.round(terms[0] * calibration.prior[0], ISOTONIC_DIGITS)
        home = np.interp(logit, fitted.coefficients[:knots], fitted.coefficients[knots:])
    else:
        home = fitting.apply_logistic(terms, fitted.coefficients)
    return np.column_stack((home, 1.0 - home))


def _isotonic(logit: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Knots of a rising curve through both orientations of each game, so that it mirrors; heights within (0, 1)."""
    rounded = np.round(logit, ISOTONIC_DIGITS)
    both, place = np.unique(np.concatenate((rounded, -rounded)), return_inverse=True)
    mass = np.bincount(place, np.concatenate((weight, weight)))
    won = np.bincount(place, np.concatenate((y * weight, (1.0 - y) * weight)))
    met = mass > 0
    places, heights = fitting.fit_isotonic(both[met], won[met] / mass[met], mass[met])
    least = 1.0 / (2.0 * len(y) + 2.0)
    return np.concatenate((places, np.clip(heights, least, 1.0 - least)))
