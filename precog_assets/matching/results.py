"""What matching answers: a game and the outcome YES stands for, or a refusal that says why.

The types only; every rule that produces them is in `teams.py` and `players.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from precog_assets.domain.leagues import Outcome

READ, HALF, SIDES, DAY = 0.25, 0.35, 0.5, 0.75
"""Scores of refusals: see `Refusal.score`."""


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


OURS_TO_MEND = (Reason.PARSE_FAIL, Reason.UNKNOWN_CODE, Reason.NO_GAME, Reason.AMBIGUOUS)
"""Refusals that better tables could turn into links; the others are refused by their nature."""


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
class Alias:
    """A code that could stand for a team: what a person may accept, never acted upon before."""

    league: str
    code: str
    team_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: Reason
    detail: str
    candidates: tuple[str, ...] = ()
    """Games that were considered, by id, best first."""
    suggestion: str = ""
    """What a person may check or add; never acted upon."""
    steps: tuple[str, ...] = ()
    score: float = 0.0
    """How far the market got: 0 nothing read, `READ` the ticker, `HALF` one side known, `SIDES` both, `DAY` with
    a game of theirs on the day."""
    alias: Alias | None = None
    """The alias that would let the market be matched, where exactly one is plausible."""
