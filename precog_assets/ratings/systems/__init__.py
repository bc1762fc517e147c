"""What a rating system is: the interface all of them share, and the rows they give.

A system takes games in rating order and gives, for each, ratings before and after and terms for the forecast,
all known before the game. Its state holds every number it needs to go on: rating in parts that end with a
batch gives bit for bit what rating at once gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from precog_assets.ratings.games import Games

POINTS_PER_LOGIT = 173.71779276130073
"""400 / ln 10: a logit in rating points, so that 400 points are odds of ten to one in every system."""
LOGITS_PER_PROBIT = 1.702
"""The logistic curve that lies closest to the normal one (Camilli 1994)."""

MEAN_POINTS = 1505.0
"""What an average side shows in the systems that do not count in rating points themselves."""


@dataclass(slots=True)
class State:
    """Numbers of a system between two games: `teams` arrays have one entry (or row) a side, `league` arrays not."""

    teams: dict[str, np.ndarray] = field(default_factory=dict)
    league: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rated:
    """What a system says of n games; columns of (n, 2) arrays are home, away."""

    before: np.ndarray
    """Rating points before the game, a season's regression done, (n, 2)."""
    after: np.ndarray
    """After the game's batch: in team leagues after its day."""
    deviation_before: np.ndarray
    """Standard deviation of the rating, points; NaN in systems without one."""
    deviation_after: np.ndarray
    played: np.ndarray
    """Games of the side before this one's batch that were learnt from, (n, 2) integers."""
    terms: np.ndarray
    """(n, terms), in the order of the system's `terms`."""


class System(Protocol):
    """A rating system with its parameters."""

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns of `Rated.terms`.."""
        ...

    def start(self, teams: int) -> State:
        """The state of that many sides before any game; also what later sides are added with."""
        ...

    def advance(self, games: Games, state: State) -> Rated:
        """Rate `games` on top of `state`, which is moved on. Games without a result are rated, not learnt from."""
        ...
