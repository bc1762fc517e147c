"""Exact probabilities of a score lead that moves in steps: tables by backward induction, and their calibration.

A game is a sequence of steps (possession, drive, slot of time), each of which moves the home side's
lead by a small amount with known probabilities. The value of a state is the mean over the next step,
so the probabilities are those of the very process that is played.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Outcomes = tuple[tuple[int, float], ...]
"""(points, probability) of one step of one side."""
Table = NDArray[np.float32]
"""values[steps left, lead + reach]."""


def elo_expectation(gap: float) -> float:
    """Expected score of the home side for a gap on the Elo scale."""
    return 1.0 / (1.0 + 10.0 ** (-gap / 400.0))


def scaled(outcomes: Outcomes, factor: float) -> Outcomes:
    """The outcomes with every scoring probability multiplied, the rest left to scoring nothing."""
    scoring = [(points, min(0.9, chance * factor)) for points, chance in outcomes if points]
    return ((0, 1.0 - sum(chance for _, chance in scoring)), *scoring)


def mirrored(outcomes: Outcomes) -> Outcomes:
    """The same outcomes as moves of the home lead when the away side has them."""
    return tuple((-points, chance) for points, chance in outcomes)


@dataclass(frozen=True, slots=True)
class Step:
    """One step whose moves of the home lead depend on the lead: late in a game sides play to the score."""

    usual: Outcomes
    at_lead: Mapping[int, Outcomes]
    """Moves at the leads where they differ."""


class Sampler:
    """Draws points from outcomes with one number in [0, 1)."""

    __slots__ = ("bounds", "points")

    def __init__(self, outcomes: Outcomes) -> None:
        self.points = [points for points, _ in outcomes]
        self.bounds = list(accumulate(chance for _, chance in outcomes))[:-1]

    def __call__(self, uniform: float) -> int:
        return self.points[bisect_right(self.bounds, uniform)]

    def many(self, count: int, draw: Callable[[], float]) -> list[int]:
        """The points of `count` steps."""
        points, bounds = self.points, self.bounds
        return [points[bisect_right(bounds, draw())] for _ in range(count)]


class Side:
    """Draws the points of a side's steps: usual ones, and late ones by what it is behind by."""

    __slots__ = ("_behind", "usual")

    def __init__(self, usual: Outcomes, behind: Mapping[int, Outcomes]) -> None:
        self.usual = Sampler(usual)
        self._behind = {points: Sampler(outcomes) for points, outcomes in behind.items()}

    def late(self, behind: int, uniform: float) -> int:
        """Points of a late step of a side so many points behind."""
        return self._behind.get(behind, self.usual)(uniform)


def terminal(reach: int, *, ahead: float, level: float, behind: float) -> NDArray[np.float64]:
    """Values at the end by the sign of the home lead, for leads from -reach to +reach."""
    values = np.full(2 * reach + 1, float(behind))
    values[reach] = level
    values[reach + 1 :] = ahead
    return values


def backward(moves: Sequence[Outcomes | Step], end: NDArray[np.float64]) -> Table:
    """Table over the steps in playing order: row n holds the values with the last n steps still to come.

    Leads beyond the reach count as the outermost one.
    """
    table = np.empty((len(moves) + 1, end.size), dtype=np.float32)
    table[0] = end
    size = end.size
    for left, move in enumerate(reversed(moves), start=1):
        outcomes = move.usual if isinstance(move, Step) else move
        largest = max(abs(points) for points, _ in outcomes)
        padded = _edged(table[left - 1], largest)
        row = np.zeros(size)
        for points, chance in outcomes:
            row += chance * padded[largest + points : largest + points + size]
        if isinstance(move, Step):
            for lead, special in move.at_lead.items():
                row[size // 2 + lead] = sum(
                    chance * value(table, left - 1, lead + points) for points, chance in special
                )
        table[left] = row
    return table


def _edged(row: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """The row with its first and last value repeated `by` times."""
    padded = np.empty(row.size + 2 * by, dtype=row.dtype)
    padded[:by], padded[by : by + row.size], padded[by + row.size :] = row[0], row, row[-1]
    return padded


def leads_after(home: Outcomes, away: Outcomes, steps: int, reach: int) -> NDArray[np.float64]:
    """Distribution of the home lead from -reach to reach after so many steps of each side, beyond it the outermost."""
    size = 1024
    moves = np.zeros((2, size))
    for row, outcomes, sign in ((0, home, 1), (1, away, -1)):
        for points, chance in outcomes:
            moves[row, sign * points] += chance
    chances = np.fft.irfft((np.fft.rfft(moves[0]) * np.fft.rfft(moves[1])) ** steps, size)
    leads = np.clip(np.fft.fftfreq(size, 1.0 / size).astype(int), -reach, reach)
    return np.bincount(leads + reach, weights=chances, minlength=2 * reach + 1).astype(np.float64)


def value(table: Table, steps_left: int, lead: int) -> float:
    """The table's value, leads beyond its reach counted as the outermost."""
    reach = table.shape[1] // 2
    return float(table[steps_left, reach + max(-reach, min(reach, lead))])


class Edge:
    """Turns an Elo gap into a sport's own edge, such that the expected score is the gap's.

    `expected(edge)` must rise with the edge; it is tabulated once, on first use, and inverted.
    """

    def __init__(self, expected: Callable[[float], float], limit: float, points: int = 33) -> None:
        self._expected = expected
        self._limit = limit
        self._points = points
        self._grid: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def __call__(self, gap: float) -> float:
        if self._grid is None:
            edges = np.linspace(-self._limit, self._limit, self._points)
            shares = np.clip([self._expected(float(edge)) for edge in edges], 1e-9, 1.0 - 1e-9)
            self._grid = (np.log(shares / (1.0 - shares)), edges)
        logits, edges = self._grid
        share = elo_expectation(gap)
        return float(np.interp(np.log(share / (1.0 - share)), logits, edges))
