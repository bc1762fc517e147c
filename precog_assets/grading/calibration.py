"""Calibration: whether what was forecast at 60 % happened in 60 %.

Belongs here: the reliability curve and the expected calibration error (ECE) over equal-width bins. Does not: scores.
Bins are [0, 0.1), [0.1, 0.2) ... [0.9, 1]. Expect no ECE of zero: closing prices of the NFL reach 0.017 to 0.025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from precog_assets.grading.inputs import Floats, ThreeWay, checked_games
from precog_assets.grading.scores import one_hot

BINS = 10
_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Forecasts from `low` up to, not including, `high` (the last bin includes 1); None where there were none."""

    low: float
    high: float
    count: int
    mean_forecast: float | None
    observed_share: float | None
    share_low: float | None
    """Lower end of the 95 % Wilson interval of `observed_share`."""
    share_high: float | None


@dataclass(frozen=True, slots=True)
class ReliabilityCurve:
    """`pairs` forecasts of a probability with what happened, by bin, and their ECE."""

    pairs: int
    ece: float
    bins: tuple[ReliabilityBin, ...]


def reliability_curve(
    p: ArrayLike, outcome: ArrayLike, *, of: ThreeWay | None = None, bins: int = BINS
) -> ReliabilityCurve:
    """The curve of games as `inputs.checked_games` takes them.

    Two outcomes: the home win, one pair a game. Three outcomes: `of` picks one of them, one pair a game; None takes
    all three of every game as pairs of their own (flattened), so `pairs` is 3 n, and the Wilson intervals are then
    somewhat too narrow, as the pairs of a game depend on each other.
    Raises ValueError as `checked_games` does, for `of` with two outcomes, and for fewer than one bin.
    """
    forecasts, happened = _pairs(p, outcome, of)
    counts, forecast_sum, happened_sum = _binned(forecasts, happened, bins)
    filled = []
    for at, count in enumerate(counts.astype(np.int64).tolist()):
        low, high = at / bins, (at + 1) / bins
        if not count:
            filled.append(ReliabilityBin(low, high, 0, None, None, None, None))
            continue
        interval = wilson_interval(float(happened_sum[at]), count)
        share = float(happened_sum[at]) / count
        filled.append(ReliabilityBin(low, high, count, float(forecast_sum[at]) / count, share, *interval))
    return ReliabilityCurve(len(forecasts), _ece(forecast_sum, happened_sum, len(forecasts)), tuple(filled))


def expected_calibration_error(
    p: ArrayLike, outcome: ArrayLike, *, of: ThreeWay | None = None, bins: int = BINS
) -> float:
    """Mean over forecasts of |mean forecast - observed share| of their bin; pairs as in `reliability_curve`.

    Naeini, Cooper and Hauskrecht (2015). Raises ValueError as `reliability_curve` does.
    """
    forecasts, happened = _pairs(p, outcome, of)
    _, forecast_sum, happened_sum = _binned(forecasts, happened, bins)
    return _ece(forecast_sum, happened_sum, len(forecasts))


def wilson_interval(successes: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` trials; Wilson (1927). Raises ValueError unless 0 <= successes <= count,
    count > 0.
    """
    if not 0 <= successes <= count or count <= 0:
        raise ValueError(f"{successes:g} successes of {count} trials")
    share, square = successes / count, _Z_95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z_95 / (1 + square / count) * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _pairs(p: ArrayLike, outcome: ArrayLike, of: ThreeWay | None) -> tuple[Floats, Floats]:
    forecasts, codes = checked_games(p, outcome)
    if forecasts.ndim == 1:
        if of is not None:
            raise ValueError(f"of={of!r} picks one of three outcomes; these forecasts have two")
        return forecasts, codes.astype(np.float64)
    if of is None:
        return forecasts.ravel(), one_hot(codes).ravel()
    return forecasts[:, int(of)], (codes == int(of)).astype(np.float64)


def _binned(forecasts: Floats, happened: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Count, sum of forecasts and number that happened, by bin."""
    if bins < 1:
        raise ValueError(f"{bins} bins; at least 1")
    edges = np.arange(1, bins) / bins
    at = np.searchsorted(edges, forecasts, side="right")
    return (
        np.bincount(at, minlength=bins).astype(np.float64),
        np.bincount(at, forecasts, minlength=bins).astype(np.float64),
        np.bincount(at, happened, minlength=bins).astype(np.float64),
    )


def _ece(forecast_sum: Floats, happened_sum: Floats, pairs: int) -> float:
    return float(np.abs(forecast_sum - happened_sum).sum() / pairs)
