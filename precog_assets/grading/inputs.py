"""What every score asks of its input: shapes, codes, probabilities; what is wrong is refused, naming its row.

Belongs here: the checks that scores, calibration and evaluation share. Does not: any score.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SUM_TOLERANCE = 1e-6
"""The probabilities of a game may miss one by this much (single precision needs 1.2e-7)."""


class ThreeWay(IntEnum):
    """Columns of three-outcome forecasts and codes of their outcomes, in the order that RPS cumulates."""

    HOME = 0
    DRAW = 1
    AWAY = 2


def checked_games(p: ArrayLike, outcome: ArrayLike, rows: Integers | None = None) -> tuple[Floats, Integers]:
    """Forecasts and outcomes as arrays that every score may trust.

    `p`: home win probability, shape (n,), or home, draw, away, shape (n, 3). `outcome`, shape (n,): for two outcomes
    1 home won, 0 away won; for three the codes of `ThreeWay`. `rows`: what errors call the rows, by default 0 to n - 1.
    Raises ValueError, naming the first row at fault, for NaN or values outside [0, 1], rows of three that do not sum
    to 1 within SUM_TOLERANCE, other outcomes (a tie, 0.5 or NaN, is for the caller to leave out), wrong shapes, and
    empty input.
    """
    forecasts = checked_probabilities(p, rows)
    codes = np.asarray(outcome)
    if codes.shape != (len(forecasts),):
        raise ValueError(f"outcomes have shape {codes.shape}; {len(forecasts)} forecasts need ({len(forecasts)},)")
    values = codes.astype(np.float64)
    highest = 1 if forecasts.ndim == 1 else 2
    bad = ~((values >= 0) & (values <= highest) & (values == np.floor(values)))
    if bad.any():
        at = int(bad.argmax())
        right = "1 (home won) or 0 (away won)" if highest == 1 else "0 (home), 1 (draw) or 2 (away)"
        raise ValueError(f"row {row_name(at, rows)}: outcome {values[at]:g}; right is {right}, ties left out")
    return forecasts, values.astype(np.int64)


def checked_probabilities(p: ArrayLike, rows: Integers | None = None) -> Floats:
    """The forecasts of `checked_games`; raises ValueError as it does."""
    forecasts = np.asarray(p, dtype=np.float64)
    if forecasts.ndim != 1 and (forecasts.ndim != 2 or forecasts.shape[1] != 3):
        raise ValueError(
            f"forecasts have shape {forecasts.shape}; right is (n,), the home side's probability, "
            "or (n, 3), home, draw and away"
        )
    if not len(forecasts):
        raise ValueError("no forecasts: a score of no games is not a number")
    if forecasts.ndim == 2:
        check_distributions(forecasts, rows)
        return forecasts
    _check_range(forecasts[:, None], rows)
    return forecasts


def check_distributions(p: Floats, rows: Integers | None = None) -> None:
    """Refuse, with a ValueError naming the row, rows of `p` (n, outcomes) that are no distribution."""
    _check_range(p, rows)
    total = p.sum(axis=1)
    bad = np.abs(total - 1.0) > SUM_TOLERANCE
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"row {row_name(at, rows)}: probabilities {_listed(p[at])} sum to {total[at]:.8g}, not to 1")


def row_name(at: int, rows: Integers | None) -> int:
    """What an error calls the row at position `at`."""
    return at if rows is None else int(rows[at])


def _check_range(p: Floats, rows: Integers | None) -> None:
    bad = ~((p >= 0.0) & (p <= 1.0)).all(axis=1)
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"row {row_name(at, rows)}: probability {_listed(p[at])} is not within [0, 1]")


def _listed(values: Floats) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
