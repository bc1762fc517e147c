"""What a half inning of baseball can bring: plate appearances as a Markov chain over outs and bases."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

EVENTS = ("out", "walk", "single", "double", "triple", "homer")
_CHANCES = (0.087, 0.146, 0.047, 0.004, 0.035)
"""Of each event but the out, a plate appearance."""
MOST_RUNS = 16
STATES = 24
_LENGTH = 40
"""Plate appearances after which a half inning is over for all purposes."""
Runs = NDArray[np.float64]
"""chance[state, runs still to come in the half inning]."""


def after(event: int, outs: int, bases: int) -> tuple[int, int, int]:
    """(outs, bases, runs) after an event; bases are bits: 1 first, 2 second, 4 third."""
    if event == 0:
        return outs + 1, bases, 0
    if event == 1:
        if not bases & 1:
            return outs, bases | 1, 0
        if not bases & 2:
            return outs, bases | 2, 0
        return outs, 7, 1 if bases & 4 else 0
    on = bin(bases).count("1")
    if event == 2:
        return outs, 1 | (2 if bases & 1 else 0), on - (bases & 1)
    if event == 3:
        return outs, 2 | (4 if bases & 1 else 0), on - (bases & 1)
    return (outs, 4, on) if event == 4 else (outs, 0, on + 1)


def chances(factor: float) -> tuple[float, ...]:
    """Event chances of a side whose every good event is `factor` times as likely as usual."""
    good = [min(0.3, factor * chance) for chance in _CHANCES]
    return (1.0 - sum(good), *good)


class Plate:
    """Draws the event of a plate appearance with one number in [0, 1)."""

    __slots__ = ("_bounds",)

    def __init__(self, factor: float) -> None:
        self._bounds = list(accumulate(chances(factor)))[:-1]

    def __call__(self, uniform: float) -> int:
        return bisect_right(self._bounds, uniform)


def _transitions() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Next state and runs by event and state; the state `STATES` is the end of the half inning."""
    following = np.full((len(EVENTS), STATES + 1), STATES, dtype=np.intp)
    scored = np.zeros((len(EVENTS), STATES + 1), dtype=np.intp)
    for event in range(len(EVENTS)):
        for state in range(STATES):
            outs, bases, runs = after(event, state // 8, state % 8)
            following[event, state] = STATES if outs == 3 else outs * 8 + bases
            scored[event, state] = runs
    return following, scored


_FOLLOWING, _SCORED = _transitions()


@lru_cache(maxsize=512)
def runs_to_come(factor: float) -> Runs:
    """Distribution of the runs still to come in the half inning from each state (outs * 8 + bases)."""
    weights = chances(factor)
    current = np.zeros((STATES + 1, MOST_RUNS))
    current[:, 0] = 1.0
    for _ in range(_LENGTH):
        shifted = np.zeros((5, STATES + 1, MOST_RUNS))
        shifted[0] = current
        for runs in range(1, 5):
            shifted[runs, :, runs:] = current[:, :-runs]
            shifted[runs, :, -1] += current[:, -runs:].sum(axis=1)
        updated = np.zeros_like(current)
        for event, weight in enumerate(weights):
            updated += weight * shifted[_SCORED[event], _FOLLOWING[event]]
        updated[STATES] = current[STATES]
        current = updated
    return current[:STATES]
