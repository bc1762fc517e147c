"""A game as it was known: its phase and start, and in play its score, its clock and what they make of YES.

Types only, frozen. Does not belong here: states as arithmetic wants them (`in_play.py`), prices (`trading.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GameFacts:
    """The game as it was known."""

    game_id: str
    league: str
    season: int
    game_kind: str
    phase: str
    start_time: datetime
    start_time_valid: bool
    observed_at: datetime
    """Of the state these facts are from, or of its last confirmation."""


@dataclass(frozen=True, slots=True)
class PlayFacts:
    """Where a game in play stood as it was known, and what that makes of YES."""

    observed_at: datetime
    """When the board first said so."""
    home_score: int | None
    away_score: int | None
    period: int | None
    clock: str | None
    """As the board shows it; `detail` too."""
    detail: str | None
    p_in_play: float | None
    """Of what YES pays for, by the model of games in play; None: `why_not` says why."""
    p_before: float | None = None
    """What it was thought to be before the start: where the model begins."""
    before_from: str = ""
    """`forecast`, or `market`: its last price before the start, where no forecast was made. Empty: neither."""
    why_not: str = ""
