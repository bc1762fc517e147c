"""Taking the vig out: from the implied probabilities of all outcomes of a game to probabilities that sum to 1.

Belongs here: the methods, and the probabilities in an exchange's mids. Does not: formats of odds (`odds.py`).
Rows are games, columns their two, three or more outcomes. The seven methods of Clarke, Kovalchik and Ingram (2017)
and Buchdahl (Wisdom of the Crowds), as penaltyblog has them; `additive` and `differential_margin` are one formula
under two names, and so are `odds_ratio` and `logarithmic`, written in odds and in log odds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, get_args

import numpy as np

Method = Literal["multiplicative", "additive", "power", "shin", "odds_ratio", "logarithmic", "differential_margin"]
METHODS: tuple[Method, ...] = get_args(Method)
_TOLERANCE = 1e-13
_HALVINGS = 64
_NEWTON_STEPS = 100
MIDS_FROM, MIDS_TO = 0.85, 1.15
"""Sums of an exclusive event's mids outside this are not of all its outcomes, or not of one event."""


def remove_vig(
    implied: np.ndarray, method: Method = "multiplicative", *, impossible: Literal["raise", "nan"] = "raise"
) -> np.ndarray:
    """Probabilities (n, outcomes) without vig, rows summing to 1, of implied ones of the same shape.

    Not every method can every row: additive ones take more from a long shot than it has, and Shin's model knows no
    books that sum to less than 1. Such rows raise ValueError naming the first, or come back as NaN with
    `impossible="nan"`. Raises ValueError for an unknown method, fewer than two outcomes, and values outside (0, 1).
    """
    if method not in _BY_NAME:
        raise ValueError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    given = np.asarray(implied, np.float64)
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(
            f"implied probabilities of shape {given.shape}: expected (games, outcomes), two or more outcomes"
        )
    _refuse_rows(
        (given <= 0) | (given >= 1) | np.isnan(given), given, "implied probabilities", "all above 0 and below 1"
    )
    fair = _BY_NAME[method](given)
    bad = np.any((fair <= 0) | (fair >= 1) | np.isnan(fair), axis=1, keepdims=True)
    if impossible == "raise":
        _refuse_rows(bad, given, "implied probabilities", f"something {method} makes probabilities of")
    return np.where(bad, np.nan, fair)


def overround(implied: np.ndarray) -> np.ndarray:
    """What the implied probabilities (n, outcomes) of each game sum to above 1."""
    return np.asarray(implied, np.float64).sum(axis=1) - 1.0


def shin_insiders(implied: np.ndarray) -> np.ndarray:
    """Shin's z of each game, (n,): the share of bets by insiders that would explain the vig; NaN for books below 1."""
    given = np.asarray(implied, np.float64)
    return np.where(given.sum(axis=1) < 1 - _TOLERANCE, np.nan, _shin_z(given))


def mid_probabilities(bids: np.ndarray, asks: np.ndarray) -> np.ndarray:
    """Probabilities (n, outcomes) in an exchange's quotes of YES on each outcome: mids brought to sum 1.

    bids, asks: dollars, (n, outcomes), one market an outcome. Raises ValueError naming the first row: a side that is
    missing or at 0 or 1 (nobody bids there), a bid at or above its ask, mids that sum to nothing like 1.
    """
    bid, ask = np.asarray(bids, np.float64), np.asarray(asks, np.float64)
    if bid.shape != ask.shape or bid.ndim != 2 or bid.shape[1] < 2:
        raise ValueError(f"bids {bid.shape} and asks {ask.shape}: expected one shape (events, outcomes)")
    both = np.stack([bid, ask], axis=2).reshape(len(bid), -1)
    _refuse_rows((both <= 0) | (both >= 1) | np.isnan(both), both, "bids and asks", "all above 0 and below 1")
    _refuse_rows(bid >= ask, both, "bids and asks", "each bid below its ask, not a crossed book")
    mids = (bid + ask) / 2.0
    sums = mids.sum(axis=1, keepdims=True)
    expected = f"a sum from {MIDS_FROM} to {MIDS_TO}, as exclusive outcomes have"
    _refuse_rows((sums < MIDS_FROM) | (sums > MIDS_TO), mids, "mids", expected)
    return mids / sums


def event_probabilities(quotes: Sequence[tuple[Decimal | None, Decimal | None]]) -> tuple[float, ...]:
    """`mid_probabilities` of one event: (bid, ask) of YES on each of its outcomes, None where nobody bids or asks."""
    sides = np.array([[np.nan if side is None else float(side) for side in quote] for quote in quotes], np.float64)
    if sides.ndim != 2 or sides.shape[1:] != (2,):
        raise ValueError(f"quotes {quotes!r}: expected (bid, ask) of each outcome")
    return tuple(mid_probabilities(sides[None, :, 0], sides[None, :, 1])[0].tolist())


def _multiplicative(implied: np.ndarray) -> np.ndarray:
    return implied / implied.sum(axis=1, keepdims=True)


def _additive(implied: np.ndarray) -> np.ndarray:
    return implied - overround(implied)[:, None] / implied.shape[1]


def _power(implied: np.ndarray) -> np.ndarray:
    """implied^k. The sum falls and is convex in k, so that Newton's steps from the left never pass the root."""
    logs = np.log(implied)
    k = np.where(implied.sum(axis=1) >= 1.0, 1.0, 0.0)
    for _ in range(_NEWTON_STEPS):
        powers = np.exp(k[:, None] * logs)
        step = (powers.sum(axis=1) - 1.0) / -(powers * logs).sum(axis=1)
        k = k + step
        if np.all(np.abs(step) <= _TOLERANCE * np.maximum(1.0, k)):
            break
    return np.exp(k[:, None] * logs)


def _shin(implied: np.ndarray) -> np.ndarray:
    fair = _shin_at(implied, _shin_z(implied))
    fair[implied.sum(axis=1) < 1.0 - _TOLERANCE] = np.nan
    return fair


def _shin_z(implied: np.ndarray) -> np.ndarray:
    low, high = np.zeros(len(implied)), np.ones(len(implied))
    return _halve(lambda z: _shin_at(implied, z).sum(axis=1), low, high)


def _shin_at(implied: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(sqrt(z^2 + 4 (1 - z) p^2 / sum) - z) / (2 (1 - z)), written so that z = 1 divides by nothing (Shin 1993)."""
    insiders, squares = z[:, None], implied**2 / implied.sum(axis=1, keepdims=True)
    return 2.0 * squares / (np.sqrt(insiders**2 + 4.0 * (1.0 - insiders) * squares) + insiders)


def _logit_shift(implied: np.ndarray) -> np.ndarray:
    """Log odds less one number a game (Cheung's odds ratio is its exponential)."""
    logits = np.log(implied) - np.log1p(-implied)
    level = np.log(implied.shape[1] - 1.0)

    def at(shift: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(shift[:, None] - logits))

    shift = _halve(lambda shift: at(shift).sum(axis=1), logits.min(axis=1) + level, logits.max(axis=1) + level)
    return at(shift)


def _halve(total: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where a falling sum of probabilities is 1, between low and high, by bisection of all rows at once."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        above = total(middle) > 1.0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2.0


_BY_NAME: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "multiplicative": _multiplicative,
    "additive": _additive,
    "power": _power,
    "shin": _shin,
    "odds_ratio": _logit_shift,
    "logarithmic": _logit_shift,
    "differential_margin": _additive,
}


def _refuse_rows(bad: np.ndarray, values: np.ndarray, name: str, expected: str) -> None:
    """Raise for the first row with anything bad in it; bad has a row for each of values."""
    if np.any(bad):
        row = int(np.argmax(np.any(bad, axis=1)))
        shown = ", ".join(f"{value:g}" for value in values[row])
        raise ValueError(f"{name} [{shown}] in row {row}: expected {expected}")
