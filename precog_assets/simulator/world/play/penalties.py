"""Soccer's shoot-out: five penalties each in turn, then pairs until one side is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

KICKS = 5
SCORED_SHARE = 0.75
KICK_S = 45.0


def shootout(rng: Random) -> tuple[bool, ...]:
    """Whether each penalty went in, home first and in turn, up to the one that decides."""
    kicks: list[bool] = []
    while not _decided(kicks):
        kicks.append(rng.random() < SCORED_SHARE)
    return tuple(kicks)


def tally(kicks: Sequence[bool]) -> tuple[int, int]:
    """Penalties scored by home and away."""
    return sum(kicks[::2]), sum(kicks[1::2])


def _decided(kicks: Sequence[bool]) -> bool:
    home, away = tally(kicks)
    if len(kicks) >= 2 * KICKS:
        return len(kicks) % 2 == 0 and home != away
    home_left, away_left = KICKS - (len(kicks) + 1) // 2, KICKS - len(kicks) // 2
    return home > away + away_left or away > home + home_left
