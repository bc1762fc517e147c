"""How the simulated market behaves where real ones differ from one another: shares that a test or a scenario sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares between 0 and 1. Raises ValueError for others."""

    informed: float = 0.25
    """Of what is traded in play: by takers who know the score before the makers do."""
    disputed: float = 0.01
    """Of events: first determined for the wrong side."""
    paused: float = 0.03
    """Of events: trading is paused once, for no reason the game knows."""
    fee_override: float = 0.02
    """Of events: with a fee of their own."""

    def __post_init__(self) -> None:
        for name in ("informed", "disputed", "paused", "fee_override"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"habit {name!r} is {share}; it must be a share from 0 to 1")
        if self.informed == 1.0:
            raise ValueError("habit 'informed' is 1.0; someone else must trade too, so it must be below 1")
