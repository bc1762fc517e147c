"""How much one connection may ask for, and leave unread. Kalshi names the limits; the sizes are ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes of the limits behind the errors 25, 26 and 27, and of a connection as a whole."""

    buffered_frames: int = 50_000
    """Of one subscription; one more ends it with error 25."""
    markets: int = 10_000
    """Of one subscription; one more is refused with error 26."""
    commands_per_s: float = 100.0
    command_burst: float = 200.0
    """Commands about one subscription; one more is refused with error 27."""
    unread_frames: int = 200_000
    """Of a connection; one more ends it."""
