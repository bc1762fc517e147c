"""Odds as people write them and the probabilities they imply, vig included.

Belongs here: American, decimal and fractional odds to implied probability and back. Does not: taking the vig out
(`vig.py`). Numbers or arrays go in, float64 arrays of the same shape come out; every bad value is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

_FRACTION = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")
_EVENS = ("evens", "even", "evs")


def from_american(odds: ArrayLike) -> np.ndarray:
    """Implied probabilities of American odds: -150 is 0.6, +150 is 0.4.

    Raises ValueError naming the first value between -100 and 100, or that is no number.
    """
    given = _numbers(odds, "American odds", "a number")
    _refuse(np.abs(given) < 100, given, "American odds", "at most -100, or at least 100")
    return np.where(given < 0, -given, 100.0) / (np.abs(given) + 100.0)


def from_decimal(odds: ArrayLike) -> np.ndarray:
    """Implied probabilities of decimal odds (stake included): 2.5 is 0.4.

    Raises ValueError naming the first value that is not above 1.
    """
    given = _numbers(odds, "decimal odds", "a number above 1")
    _refuse(given <= 1, given, "decimal odds", "a number above 1")
    return 1.0 / given


def from_fractional(odds: str | Sequence[str]) -> np.ndarray:
    """Implied probabilities of fractional odds (profit to stake): "3/2" is 0.4, "evens" 0.5.

    Raises ValueError naming the first text that is no fraction above 0.
    """
    texts = [odds] if isinstance(odds, str) else list(odds)
    implied = np.array([_one_fraction(text, index) for index, text in enumerate(texts)], np.float64)
    return implied[0] if isinstance(odds, str) else implied


def to_american(probabilities: ArrayLike) -> np.ndarray:
    """American odds of probabilities: 0.6 is -150, 0.5 is 100 (not -100). Raises ValueError outside (0, 1)."""
    given = _probabilities(probabilities)
    return np.where(given > 0.5, -100.0 * given / (1.0 - given), 100.0 * (1.0 - given) / given)


def to_decimal(probabilities: ArrayLike) -> np.ndarray:
    """Decimal odds of probabilities. Raises ValueError outside (0, 1)."""
    return 1.0 / _probabilities(probabilities)


def to_fractional(probability: float, *, largest_stake: int = 100) -> str:
    """Fractional odds nearest to a probability with a stake of at most `largest_stake`: 0.4 is "3/2".

    Raises ValueError outside (0, 1), and where the nearest fraction would be 0.
    """
    given = float(_probabilities(probability))
    nearest = Fraction((1.0 - given) / given).limit_denominator(largest_stake)
    if nearest == 0:
        raise ValueError(f"probability {given}: no fraction with a stake up to {largest_stake} is near; give a larger")
    return f"{nearest.numerator}/{nearest.denominator}"


def _one_fraction(text: str, index: int) -> float:
    if isinstance(text, str) and text.strip().lower() in _EVENS:
        return 0.5
    found = _FRACTION.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0 or int(found[2]) == 0:
        raise ValueError(f"fractional odds {text!r} at {index}: expected a text such as '3/2' or 'evens'")
    profit, stake = int(found[1]), int(found[2])
    return stake / (profit + stake)


def _numbers(values: ArrayLike, name: str, expected: str) -> np.ndarray:
    try:
        given = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} {values!r}: expected numbers") from error
    _refuse(~np.isfinite(given), given, name, expected)
    return given


def _probabilities(values: ArrayLike) -> np.ndarray:
    given = _numbers(values, "probability", "a number above 0 and below 1")
    _refuse((given <= 0) | (given >= 1), given, "probability", "a number above 0 and below 1")
    return given


def _refuse(bad: np.ndarray, given: np.ndarray, name: str, expected: str) -> None:
    if np.any(bad):
        index = int(np.argmax(np.ravel(bad)))
        where = f" at {index}" if np.ndim(given) else ""
        raise ValueError(f"{name} {np.ravel(given)[index]:g}{where}: expected {expected}")
