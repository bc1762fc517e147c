"""What matching answers: a game and the outcome YES stands for, or a refusal that says why.

The types only; every rule that produces them is in `teams.py` and `players.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from precog_assets.domain.leagues import Outcome


class Reason(StrEnum):
    """Why a market is tied to no game."""

    PARSE_FAIL = "parse_fail"
    """The ticker is not of a form we know."""
    UNKNOWN_CODE = "unknown_code"
    """A code names no team of the league on that day."""
    NO_GAME = "no_game"
    """The teams are known and have no game on that Eastern day."""
    AMBIGUOUS = "ambiguous"
    """Several games, splits or orientations fit, or the one that fits cannot be proven."""
    EXHIBITION = "exhibition"
    """Preseason, all-star or exhibition: the game is known or nameable, and is never rated."""
    WRONG_MARKET_TYPE = "wrong_market_type"
    """Not a winner market: another series, a draw where there is none, a side that does not play."""
    MULTI_EVENT = "multi_event"
    """A combination of several games."""


@dataclass(frozen=True, slots=True)
class Match:
    game_id: str
    outcome: Outcome | None
    """What YES pays on; None for an event ticker, which names no side."""
    rule: str
    """Short, stable name of what singled the game out, e.g. `only_game_of_pair`, `nearest_start`."""
    evidence: Mapping[str, str | int | bool]
    """What was compared, by name; times in UTC, days Eastern."""
    score: float
    """1.0: codes, day and, where given, start or number agree. Lower: something was ruled out or left open."""
    steps: tuple[str, ...]
    """What was done, in words, in order."""


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: Reason
    detail: str
    candidates: tuple[str, ...] = ()
    """Games that were considered, by id."""
    suggestion: str = ""
    """What a person may check or add; never acted upon."""
    steps: tuple[str, ...] = ()
