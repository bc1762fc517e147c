"""Scores of forecasts: Brier, log loss, RPS, accuracy, and skill against a reference.

Belongs here: one definition of each, per game and as the mean over games. Does not: calibration, intervals, frames.

All take `p` and `outcome` as `inputs.checked_games` describes them and raise its ValueErrors. Lower is better but for
accuracy and skill.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from precog_assets.grading.inputs import Floats, Integers, checked_games

LOG_LOSS_CLIP = 1e-6
"""A forecast of 0 or 1 counts as this far from certain, so one game costs at most 13.8 nats."""


def brier_per_game(p: ArrayLike, outcome: ArrayLike) -> Floats:
    """Squared error of the home win, (p - y)^2 in [0, 1]; for three outcomes the sum over classes, in [0, 2].

    Brier (1950), who sums over classes; for two outcomes half of that, as sports forecasts are quoted.
    """
    forecasts, codes = checked_games(p, outcome)
    if forecasts.ndim == 1:
        return (forecasts - codes) ** 2
    return ((forecasts - one_hot(codes)) ** 2).sum(axis=1)


def log_loss_per_game(p: ArrayLike, outcome: ArrayLike) -> Floats:
    """Minus the natural logarithm of the probability given to what happened, clipped by LOG_LOSS_CLIP."""
    forecasts, codes = checked_games(p, outcome)
    if forecasts.ndim == 1:
        given = np.where(codes == 1, forecasts, 1.0 - forecasts)
    else:
        given = forecasts[np.arange(len(codes)), codes]
    return -np.log(np.clip(given, LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP))


def rps_per_game(p: ArrayLike, outcome: ArrayLike) -> Floats:
    """Ranked probability score, in [0, 1]: half the squared differences of cumulated home, draw, away.

    Epstein (1969), Constantinou and Fenton (2012). Raises ValueError for two outcomes too: there it is the Brier score.
    """
    forecasts, codes = checked_games(p, outcome)
    if forecasts.ndim == 1:
        raise ValueError("RPS is of three ordered outcomes, shape (n, 3); of two it would be the Brier score")
    home_or_draw = forecasts[:, 0] + forecasts[:, 1]
    return 0.5 * ((forecasts[:, 0] - (codes == 0)) ** 2 + (home_or_draw - (codes <= 1)) ** 2)


def accuracy_per_game(p: ArrayLike, outcome: ArrayLike) -> Floats:
    """1 where the likeliest outcome happened, 0 where not; outcomes equally likely share the credit (0.5 or 1/3)."""
    forecasts, codes = checked_games(p, outcome)
    if forecasts.ndim == 1:
        return np.where(forecasts == 0.5, 0.5, (forecasts > 0.5) == (codes == 1))
    likeliest = forecasts == forecasts.max(axis=1, keepdims=True)
    return likeliest[np.arange(len(codes)), codes] / likeliest.sum(axis=1)


def brier(p: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of `brier_per_game`."""
    return float(brier_per_game(p, outcome).mean())


def log_loss(p: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of `log_loss_per_game`, in nats."""
    return float(log_loss_per_game(p, outcome).mean())


def rps(p: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of `rps_per_game`."""
    return float(rps_per_game(p, outcome).mean())


def accuracy(p: ArrayLike, outcome: ArrayLike) -> float:
    """Mean of `accuracy_per_game`: a share, in [0, 1]."""
    return float(accuracy_per_game(p, outcome).mean())


def skill(score_per_game: ArrayLike, reference_per_game: ArrayLike) -> float:
    """1 - mean score / mean reference score over the same games: above 0 better than the reference.

    Per-game scores of one kind, both (n,), game by game; the ratio is of means, so no game has a skill of its own.
    Raises ValueError for other shapes, no games, NaN, and a reference that scores 0.
    """
    score, reference = (np.asarray(values, dtype=np.float64) for values in (score_per_game, reference_per_game))
    if score.ndim != 1 or score.shape != reference.shape or not len(score):
        raise ValueError(f"scores have shapes {score.shape} and {reference.shape}; right is (n,) of the same games")
    bad = ~(np.isfinite(score) & np.isfinite(reference))
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"row {at}: scores {score[at]:g} and {reference[at]:g}; both must be numbers")
    against = reference.mean()
    if against == 0.0:
        raise ValueError("the reference scores 0: nothing can be measured against a forecast that knew every result")
    return float(1.0 - score.mean() / against)


def one_hot(codes: Integers) -> Floats:
    """Outcomes of three (n,) as (n, 3) of zeros and ones."""
    return np.eye(3)[codes]
