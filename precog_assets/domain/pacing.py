"""Waits between tries that grow and are spread out, so that many clients do not come back at once.

Belongs here: arithmetic of a given clock and given chances. Does not: sleeping. The retries of one HTTP request are
the HTTP layer's.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Pace:
    """How waits grow: evenly between 0 and `initial_s * factor ** n`, which ends at `max_s` (full jitter).

    Many clients that lose one venue at one moment so come back spread out, not together. `floor_s` is the least wait.
    """

    initial_s: float = 0.5
    factor: float = 2.0
    max_s: float = 30.0
    floor_s: float = 0.0
    steady_s: float = 30.0
    """After so long without trouble the waits begin anew."""


class Backoff:
    """Waits between tries. A success counts only once it has lasted, so that flapping does not reset the waits."""

    def __init__(self, pace: Pace, random: Random) -> None:
        self._pace = pace
        self._random = random
        self._up_since_s: float | None = None
        self.failures = 0
        """In a row."""

    def failed(self, now_s: float) -> float:
        """Seconds to wait before the next try."""
        pace = self._pace
        if self._up_since_s is not None and now_s - self._up_since_s >= pace.steady_s:
            self.failures = 0
        self._up_since_s = None
        ceiling = min(pace.max_s, pace.initial_s * pace.factor ** min(self.failures, 64))
        self.failures += 1
        return max(pace.floor_s, self._random.uniform(0.0, ceiling))

    def succeeded(self, now_s: float) -> None:
        """Trouble is over, for now."""
        if self._up_since_s is None:
            self._up_since_s = now_s
