"""From what a board said of a game, as stored in `core.game_states`, to the state a probability is of.

Belongs here: clocks that count up or down, breaks, half innings, running sets, yards. Does not: any probability.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from precog_assets.domain.facts import GameKind
from precog_assets.domain.in_play import GoalRules, InPlayRules, LeadRules, PlayStates, TennisRules
from precog_assets.domain.statuses import GamePhase

_BREAKS = frozenset(
    {
        "STATUS_HALFTIME",
        "STATUS_END_PERIOD",
        "STATUS_END_OF_REGULATION",
        "STATUS_HALFTIME_ET",
        "STATUS_END_OF_EXTRATIME",
    }
)
"""The period is over, stoppage time included."""
_AFTER_EXTRA = frozenset({"STATUS_FINAL_AET", "STATUS_FINAL_PEN", "STATUS_FINAL_AGT"})
"""Finals whose regulation was level."""
_STOPPAGE = re.compile(r"\+\s*(\d+)")
_STILL_S = 30.0
"""Stoppage time that is taken to be left while it lasts longer than expected."""
_BEFORE_EXTRA_S = (2700.0, 5400.0, 6300.0, 7200.0)
"""Where soccer's clock stops, by period."""
_BATTING = {"top": 0.0, "mid": 1.0, "bot": 1.0, "end": 1.0}
_SIDES = {"home": 1.0, "away": -1.0}
_NAN = float("nan")
Facts = Mapping[str, Any]


def states_of(
    rules: InPlayRules, rows: Sequence[Facts], *, knockout: bool = False, best_of: Sequence[int | None] | None = None
) -> PlayStates:
    """States of n observations with the columns of `core.game_states`, of one league.

    `rows` may also have `phase` (`core.games`), else `state` and `completed` tell it, and `game_kind`. `knockout`: the
    markets ask who goes through. `best_of`: of each tennis match; None is best of three. What a row does not say
    stays unknown (NaN), and is not guessed.
    """
    read = [_one(rules, row) for row in rows]
    if best_of is not None:
        for state, sets in zip(read, best_of, strict=True):
            state["best_of"] = float(sets or 3)
    names = {name for state in read for name in state}
    if not read:
        return PlayStates.of(home_score=[], knockout=[])
    given = {name: [state.get(name, _UNSAID.get(name, _NAN)) for state in read] for name in names}
    return PlayStates.of(**given, knockout=knockout)


_UNSAID = {"possession": 0.0, "bottom": 0.0, "outs": 0.0, "bases": 0.0, "server": 0.0, "best_of": 3.0,
           "home_games": 0.0, "away_games": 0.0}  # fmt: skip


def _one(rules: InPlayRules, row: Facts) -> dict[str, Any]:
    phase = row.get("phase")
    over = phase == GamePhase.FINAL if phase is not None else row.get("state") == "post" and bool(row.get("completed"))
    before = row.get("state") == "pre"
    state: dict[str, Any] = {
        "home_score": _number(row.get("home_score")),
        "away_score": _number(row.get("away_score")),
        "period": 0.0 if before else _number(row.get("period")),
        "over": over,
        "winner": {"home": 1.0, "away": -1.0, "draw": 0.0}.get(row.get("winner") or "", _NAN),
        "postseason": row.get("game_kind") == GameKind.POSTSEASON,
    }
    if over and row.get("status") in _AFTER_EXTRA:
        state["period"] = max(3.0, np.nan_to_num(state["period"]))
    if before or over:
        return state
    if isinstance(rules, LeadRules):
        state["clock_s"] = 0.0 if row.get("status") in _BREAKS else _number(row.get("clock"))
        state |= _football(rules, row)
    elif isinstance(rules, GoalRules):
        state["clock_s"] = _soccer_clock(rules, row) if rules.draws else _hockey_clock(row)
        state["home_shootout"] = _number(row.get("home_shootout_score"))
        state["away_shootout"] = _number(row.get("away_shootout_score"))
    elif isinstance(rules, TennisRules):
        state |= _tennis(row)
    else:
        state |= _baseball(row)
    return state


def _number(value: Any) -> float:
    return _NAN if value is None else float(value)


def _situation(row: Facts) -> Facts:
    found = row.get("situation")
    return found if isinstance(found, Mapping) else {}


def _hockey_clock(row: Facts) -> float:
    return 0.0 if row.get("status") in _BREAKS else _number(row.get("clock"))


def _soccer_clock(rules: GoalRules, row: Facts) -> float:
    """Seconds left: the board's clock counts up from the kick-off and stands still in stoppage time."""
    period = row.get("period")
    if row.get("status") in _BREAKS:
        return 0.0
    if period is None or row.get("clock") is None or not 1 <= period <= len(_BEFORE_EXTRA_S):
        return _NAN
    stoppage = rules.stoppage_s[period - 1] if period <= len(rules.stoppage_s) else 0.0
    left = _BEFORE_EXTRA_S[period - 1] - float(row["clock"])
    if left > 0:
        return left + stoppage
    added = _STOPPAGE.search(row.get("display_clock") or "")
    return max(_STILL_S, stoppage - 60.0 * (int(added.group(1)) - 1 if added else 0))


def _football(rules: LeadRules, row: Facts) -> dict[str, float]:
    """Possession and place; `yard_line` counts from home's goal line, whoever has the ball."""
    told = _situation(row)
    side = _SIDES.get(told.get("possession") or "", 0.0)
    if rules.possession is None or side == 0.0:
        return {}
    found = {"possession": side}
    line, down = told.get("yard_line"), told.get("down")
    if line is not None and 1 <= line <= 99:
        found["yards_to_goal"] = float(100 - line if side > 0 else line)
    if down is not None and 1 <= down <= 4:
        found["down"] = float(down)
    return found


def _baseball(row: Facts) -> dict[str, float]:
    """Half, outs and bases. The half is told by `detail` (`Top 3rd`, `Mid`, `Bot`, `End`), else by whose line of
    runs has the inning. Between halves the bases are empty and nobody is out."""
    told = _situation(row)
    word = str(row.get("detail") or "")[:3].lower()
    period = row.get("period")
    between = word in ("mid", "end")
    bottom = _BATTING.get(word)
    if bottom is None:
        lines = row.get("linescores")
        bottom = 1.0 if lines and period and len(lines[1]) >= period and len(lines[0]) >= period else 0.0
    found = {"bottom": bottom, "outs": 3.0 if word == "end" else 0.0, "bases": 0.0}
    if not between:
        outs = told.get("outs")
        bases = sum(bit for bit, name in ((1, "on_first"), (2, "on_second"), (4, "on_third")) if told.get(name) is True)
        found |= {"outs": _number(outs) if outs is not None else 0.0, "bases": float(bases)}
    return found


def _tennis(row: Facts) -> dict[str, float]:
    """Games of the running set, and who serves; boards tell no points."""
    found = {"server": _SIDES.get(_situation(row).get("server") or "", 0.0), "home_games": 0.0, "away_games": 0.0}
    lines = row.get("linescores")
    sets = (row.get("home_score") or 0) + (row.get("away_score") or 0)
    if lines and min(len(lines[0]), len(lines[1])) > sets:
        games = [_games(lines[side][sets]) for side in (0, 1)]
        found["home_games"], found["away_games"] = games
    return found


def _games(sent: Any) -> float:
    """Games of a set as a line tells them, `7` or `7(4)`; none where it tells none."""
    number = re.match(r"\d+", str(sent))
    return float(number.group()) if number else 0.0
