"""Finding the strength that a pre-game probability implies: inverting a rising curve, for many values at once.

Belongs here: the inversion, and keeping curves once made. Does not: what a curve is of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

import numpy as np

from precog_assets.domain.in_play import Floats

_STEPS = 4
_P = ParamSpec("_P")
_T = TypeVar("_T")


def kept(make: Callable[_P, _T]) -> Callable[_P, _T]:
    """`make`, whose last 1,024 answers are kept by its (hashable) arguments."""
    return cast("Callable[_P, _T]", lru_cache(maxsize=1024)(make))


def invert(curve: Callable[[Floats], Floats], grid: Floats, on_grid: Floats, wanted: Floats) -> Floats:
    """x with `curve(x)` = wanted, elementwise, for a curve that rises along `grid`, where it is `on_grid`.

    Interpolates, then takes secant steps to an error below 1e-9; beyond the grid its end is the answer.
    """
    x = np.interp(wanted, on_grid, grid)
    slope = np.maximum(np.interp(x, grid, np.gradient(on_grid, grid)), 1e-6)
    error = curve(x) - wanted
    for _ in range(_STEPS):
        if not len(error) or np.abs(error).max() < 1e-12:
            break
        moved = np.clip(x - error / slope, grid[0], grid[-1])
        updated = curve(moved) - wanted
        step = moved - x
        usable = (np.abs(step) > 1e-12) & ((updated - error) / np.where(step == 0.0, 1.0, step) > 1e-9)
        slope = np.where(usable, (updated - error) / np.where(step == 0.0, 1.0, step), slope)
        x, error = moved, updated
    return x
