"""Game and market states as the sources name them, classified by what is certain.

The name a source sent is always kept. Nothing here guesses: an unknown ESPN name is classified by
its `state` and `completed` alone, and only `completed` makes a result.
"""

from __future__ import annotations

from enum import StrEnum


class GamePhase(StrEnum):
    SCHEDULED = "scheduled"
    IN_PLAY = "in_play"
    DELAYED = "delayed"
    FINAL = "final"
    POSTPONED = "postponed"
    SUSPENDED = "suspended"
    CANCELED = "canceled"
    UNRESOLVED = "unresolved"
    """Over by its state, without a result, under a name that says no more."""


PLAYING = frozenset({GamePhase.IN_PLAY, GamePhase.DELAYED})
"""The game has begun and is not over."""
UNPLAYED_BY_NAME = {
    "STATUS_POSTPONED": GamePhase.POSTPONED,
    "STATUS_SUSPENDED": GamePhase.SUSPENDED,
    "STATUS_CANCELED": GamePhase.CANCELED,
    "STATUS_CANCELLED": GamePhase.CANCELED,
    "STATUS_ABANDONED": GamePhase.CANCELED,
    "STATUS_FINAL_ABANDONED": GamePhase.CANCELED,
    "STATUS_NO_CONTEST": GamePhase.CANCELED,
}
DELAYS = frozenset({"STATUS_RAIN_DELAY", "STATUS_DELAYED", "STATUS_DELAY"})


def game_phase(name: str, state: str, *, completed: bool) -> GamePhase:
    """Classify a status by state (`pre`, `in`, `post`) and `completed` first, by its name second."""
    if completed and state == "post":
        return GamePhase.FINAL
    if state == "pre":
        return GamePhase.SCHEDULED
    if state == "in":
        return GamePhase.DELAYED if name in DELAYS else GamePhase.IN_PLAY
    return UNPLAYED_BY_NAME.get(name, GamePhase.UNRESOLVED)


class MarketStatus(StrEnum):
    """Kalshi's response statuses in the order of a market's life."""

    INITIALIZED = "initialized"
    INACTIVE = "inactive"
    ACTIVE = "active"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    AMENDED = "amended"
    FINALIZED = "finalized"


QUOTED = frozenset({MarketStatus.ACTIVE, MarketStatus.INACTIVE})
"""Statuses in which bid and ask are quotes; elsewhere 0 and 1 are placeholders, not prices."""
