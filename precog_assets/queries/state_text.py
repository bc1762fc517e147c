"""The state of a game in play that a decision read, in words: score, period, clock, and what the model makes of it.

Belongs here: saying it, for `explain` and `why`. Does not: reading states, probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def state_text(play: Mapping[str, Any]) -> str:
    """A recorded snapshot's `play` in one line: `home 17, away 14, period 3, clock 7:05; in play 0.7312 ...`."""
    return f"{place_text(play)}; {chance_text(play)}"


def place_text(play: Mapping[str, Any]) -> str:
    """Score, period and clock; what the board did not tell is a question mark."""
    scores = (f"{side} {_told(play.get(f'{side}_score'))}" for side in ("home", "away"))
    return f"{', '.join(scores)}, period {_told(play.get('period'))}, clock {_told(play.get('clock'))}"


def chance_text(play: Mapping[str, Any]) -> str:
    """The probability in play of YES and where it began; without one the reason."""
    now, before = play.get("p_in_play"), play.get("p_before")
    if now is None:
        return f"in play not known: {play.get('why_not') or 'no reason is recorded'}"
    begun = "" if before is None else f", begun at {before:.4f} by the {play.get('before_from')}"
    return f"in play {now:.4f}{begun}"


def _told(value: Any) -> str:
    return "?" if value is None or value == "" else str(value)
