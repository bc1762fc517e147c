"""What possessions of basketball bring, and the odds that follow: usual ones, and those that can still level the score.

The points of a possession are spread less than in life, where a side that is ahead eases off: so the margins
of whole games come out as wide as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from precog_assets.simulator.world.play.walk import (
    Edge,
    Outcomes,
    Side,
    Step,
    Table,
    backward,
    leads_after,
    mirrored,
    scaled,
    terminal,
)

REACH = 80
LATE = 6
"""Possessions at the end of regulation and of overtimes in which a side that is level or a shot behind plays for it."""
_POINTS: Outcomes = ((0, 0.325), (1, 0.275), (2, 0.36), (3, 0.04))
_BEHIND: dict[int, Outcomes] = {
    0: ((0, 0.52), (1, 0.12), (2, 0.32), (3, 0.04)),
    1: ((0, 0.44), (1, 0.3), (2, 0.22), (3, 0.04)),
    2: ((0, 0.44), (1, 0.06), (2, 0.44), (3, 0.06)),
    3: ((0, 0.5), (1, 0.04), (2, 0.1), (3, 0.36)),
}
"""Points of such a possession by what the side is behind by."""


@dataclass(frozen=True, slots=True)
class Court:
    """How a league plays: clock, pace, and wall time."""

    periods: int
    period_s: int
    possessions: int
    """Of both sides in a period; even."""
    overtime_possessions: int
    scoring: float
    """Scoring probability relative to the NBA's."""
    shared: float
    """Standard deviation of what both sides' scoring has in common, relative."""
    period_wall_s: float
    half_name: str
    overtime_s: int = 300
    break_s: float = 150.0
    halftime_s: float = 900.0
    tenths: bool = True


@dataclass(frozen=True, slots=True)
class Chances:
    """Home's chances by possessions left and lead."""

    regulation: Table
    overtime: Table


class Possessions:
    """A league's possessions under one set of conditions (`court.scoring` includes them)."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self._edge = Edge(self._expected, limit=0.36, points=49)
        self.chances = lru_cache(maxsize=48)(self._make_chances)
        self.sides = lru_cache(maxsize=256)(self._make_sides)

    def _outcomes(self, factor: float) -> tuple[Outcomes, dict[int, Outcomes]]:
        """Usual and late possessions of a side whose scoring is `factor` times the court's."""
        scoring = self.court.scoring * factor
        return scaled(_POINTS, scoring), {behind: scaled(points, scoring) for behind, points in _BEHIND.items()}

    def _ends(self, edge: float) -> tuple[list[Step], Outcomes, Outcomes]:
        """The late possessions, and usual ones of each side as its own points."""
        home, home_behind = self._outcomes(1.0 + edge)
        away, away_behind = self._outcomes(1.0 - edge)
        steps = [
            Step(home, {-behind: points for behind, points in home_behind.items()}),
            Step(mirrored(away), {behind: mirrored(points) for behind, points in away_behind.items()}),
        ]
        return steps * (LATE // 2), home, away

    def _level(self, edge: float) -> float:
        """Home's chance at the start of an overtime."""
        late, home, away = self._ends(edge)
        before = leads_after(home, away, (self.court.overtime_possessions - LATE) // 2, REACH)
        wins = float(before @ backward(late, terminal(REACH, ahead=1, level=0, behind=0))[LATE])
        ties = float(before @ backward(late, terminal(REACH, ahead=0, level=1, behind=0))[LATE])
        return wins / (1.0 - ties)

    def _expected(self, edge: float) -> float:
        late, home, away = self._ends(edge)
        end = terminal(REACH, ahead=1, level=self._level(edge), behind=0)
        before = leads_after(home, away, (self.court.possessions * self.court.periods - LATE) // 2, REACH)
        return float(np.dot(before, backward(late, end)[LATE]))

    def _make_sides(self, gap: float) -> tuple[Side, Side]:
        edge = self._edge(gap)
        return Side(*self._outcomes(1.0 + edge)), Side(*self._outcomes(1.0 - edge))

    def _make_chances(self, gap: float) -> Chances:
        edge = self._edge(gap)
        late, home, away = self._ends(edge)
        end = terminal(REACH, ahead=1, level=self._level(edge), behind=0)
        usual: list[Outcomes | Step] = [home, mirrored(away)]
        court = self.court
        whole = usual * ((court.possessions * court.periods - LATE) // 2) + late
        extra = usual * ((court.overtime_possessions - LATE) // 2) + late
        return Chances(backward(whole, end), backward(extra, end))

    def before(self, gap: float) -> float:
        """Home's chance before the start."""
        return self._expected(self._edge(gap))


def under(court: Court, factor: float) -> Possessions:
    """The possessions of a league in a game as rich in points as `factor` says."""
    return Possessions(replace(court, scoring=court.scoring * factor))
