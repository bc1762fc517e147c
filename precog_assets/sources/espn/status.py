"""State and result of a game: status, period and clock, scores by period, winner.

Not here: where in a payload they stand (`events`, `tennis`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from precog_assets.domain.leagues import Outcome, Sport
from precog_assets.domain.statuses import GamePhase, game_phase
from precog_assets.sources.espn.fields import Unreadable, items, mapping, number, shown, text, whole
from precog_assets.sources.espn.payloads import STATUS, STATUS_TYPE, Tally

_STATES = frozenset({"pre", "in", "post"})
_NEVER_COMPLETED = frozenset({"STATUS_POSTPONED", "STATUS_CANCELED", "STATUS_CANCELLED", "STATUS_SUSPENDED"})
_CLOCKLESS = frozenset({Sport.BASEBALL, Sport.TENNIS})
SCORED = frozenset({GamePhase.IN_PLAY, GamePhase.DELAYED, GamePhase.SUSPENDED, GamePhase.FINAL})
"""Phases in which a score is one: before the start, and on postponed or canceled games, "0" is not."""


@dataclass(frozen=True, slots=True)
class Status:
    """`period`, `clock` and `display_clock` are None before the start, when boards are primed with
    period 1 and a full clock; the clock is also None in sports that have none."""

    name: str
    state: str
    completed: bool
    phase: GamePhase
    period: int | None
    clock: float | None
    display_clock: str | None
    detail: str | None


def read_status(raw: Any, sport: Sport, tally: Tally) -> Status:
    """Read a status object of any payload.

    Raises Unreadable: `missing_key:status`, `missing_key:status.type.name` and so on, `bad_status`
    where a value is none of those that can be, or where a game is completed without being over.
    """
    if not isinstance(raw, dict):
        raise Unreadable("missing_key:status", "neither the competition nor the event has a `status` object")
    tally.observe(STATUS, raw)
    kind = raw.get("type")
    if not isinstance(kind, dict):
        raise Unreadable("missing_key:status.type", f"`status.type` is {shown(kind)}; expected an object")
    tally.observe(STATUS_TYPE, kind)
    for key in ("name", "state", "completed"):
        if kind.get(key) is None:
            raise Unreadable(f"missing_key:status.type.{key}", f"no `status.type.{key}`")
    name, state, completed = text(kind["name"]), kind["state"], kind["completed"]
    if name is None or not isinstance(state, str) or state not in _STATES or not isinstance(completed, bool):
        raise Unreadable(
            "bad_status", f"name {shown(kind['name'])}, state {shown(state)}, completed {shown(completed)}"
        )
    if completed and state != "post":
        raise Unreadable("bad_status", f"{name}: completed, yet state {state!r}; expected `post`")
    if completed and name in _NEVER_COMPLETED:
        raise Unreadable("bad_status", f"{name}: completed; a result under this name was never recorded")
    started = state != "pre"
    timed = started and sport not in _CLOCKLESS
    return Status(
        name=name,
        state=state,
        completed=completed,
        phase=game_phase(name, state, completed=completed),
        period=whole(raw.get("period")) if started else None,
        clock=number(raw.get("clock")) if timed else None,
        display_clock=text(raw.get("displayClock")) if timed else None,
        detail=text(kind.get("detail")) or text(kind.get("shortDetail")) or text(kind.get("description")),
    )


def score_of(raw: Any) -> int | None:
    """A score sent as text, as a number, or as a schedule's object `{value, displayValue}`."""
    if isinstance(raw, dict):
        value = whole(raw.get("value"))
        return value if value is not None else whole(raw.get("displayValue"))
    return whole(raw)


def read_scores(home: Mapping[str, Any], away: Mapping[str, Any], phase: GamePhase) -> tuple[int | None, int | None]:
    """Scores of both sides, None where a score means nothing.

    Raises Unreadable (`no_score`) for a completed game without two readable scores.
    """
    if phase not in SCORED:
        return None, None
    scores = score_of(home.get("score")), score_of(away.get("score"))
    if phase is GamePhase.FINAL and None in scores:
        sent = f"{shown(home.get('score'))} and {shown(away.get('score'))}"
        raise Unreadable("no_score", f"completed with scores {sent}; expected whole numbers")
    return scores


def winner_of(flags: tuple[Any, Any], scores: tuple[int | None, int | None], *, can_tie: bool) -> str | None:
    """The winner of a completed game: by the provider's flags if exactly one is set, else by the scores.

    Flags come first: after a shoot-out they name the side that qualified while the scores are equal, so
    this is not the outcome of ninety minutes. Equal scores are a draw only where a draw can be.
    """
    home, away = flags[0] is True, flags[1] is True
    if home != away:
        return Outcome.HOME.value if home else Outcome.AWAY.value
    home_score, away_score = scores
    if home_score is None or away_score is None:
        return None
    if home_score != away_score:
        return Outcome.HOME.value if home_score > away_score else Outcome.AWAY.value
    return Outcome.DRAW.value if can_tie else None


def linescore(raw: Any) -> tuple[str, ...]:
    """Scores by period as sent; a period whose value cannot be read is an empty text."""
    periods = []
    for entry in items(raw):
        period = mapping(entry)
        shown = text(period.get("displayValue"))
        if shown is None:
            value = whole(period.get("value"))
            shown = "" if value is None else str(value)
        periods.append(shown)
    return tuple(periods)


def read_linescores(
    home: Mapping[str, Any], away: Mapping[str, Any], phase: GamePhase
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Scores by period of both sides; None where scores mean nothing, or the board has none."""
    if phase not in SCORED:
        return None
    both = linescore(home.get("linescores")), linescore(away.get("linescores"))
    return both if both[0] or both[1] else None
