"""What both sides of a game share: pace, ground and weather make some games rich in points and others poor.

A game has one of a few levels, drawn from its id and known to the world from the start, so the odds stay those
of the very process that is played.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.randomness import digest

_LEVELS = (-1.77, -0.88, 0.0, 0.88, 1.77)
"""In standard deviations."""
_SHARES = (0.1, 0.24, 0.32, 0.24, 0.1)
_BOUNDS = tuple(accumulate(_SHARES))[:-1]
LEVELS = len(_LEVELS)


def level_of(game: SimGame) -> int:
    """The level of a game, 0 the poorest."""
    return bisect_right(_BOUNDS, digest("conditions", game.league, game.event_id) / 2**64)


def factors(spread: float) -> tuple[float, ...]:
    """Scoring relative to the usual by level; `spread` is the standard deviation."""
    return tuple(1.0 + spread * level for level in _LEVELS)
