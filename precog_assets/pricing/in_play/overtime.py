"""Basketball and football after regulation: overtimes that repeat, that may end level, and possessions in pairs.

Belongs here: from a level score, and from any state of an overtime, to home, draw, away. Does not: regulation.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Floats, LeadOvertime, LeadRules, PlayStates
from precog_assets.pricing.in_play.gaussian import below

_LEAST_SD = 1e-9


def from_level(rules: LeadRules, drift: Floats, postseason: np.ndarray) -> Floats:
    """(n, 3) at the start of the first overtime; `drift` in points per regulation."""
    if rules.overtime.kind == "pairs":
        home = _share(_pair_edges(rules, drift))
        return np.column_stack([home, np.zeros_like(home), 1.0 - home])
    nothing = np.zeros_like(drift)
    return _timed(rules, drift, nothing, np.full_like(drift, rules.overtime.period_s), postseason)


def in_overtime(rules: LeadRules, drift: Floats, lead: Floats, ball: Floats, states: PlayStates) -> Floats:
    """(n, 3) of states in an overtime; `ball` is what possession is worth there, points from home's side."""
    if rules.overtime.kind == "pairs":
        return _in_pairs(rules, drift, lead, states)
    clock = np.clip(np.nan_to_num(states.clock_s), 0.0, rules.overtime.period_s)
    return _timed(rules, drift, lead + ball, clock, states.postseason)


def _timed(rules: LeadRules, drift: Floats, lead: Floats, left_s: Floats, postseason: np.ndarray) -> Floats:
    home, level, away = _one(rules, drift, lead, left_s)
    nothing = np.zeros_like(drift)
    first, _, second = _one(rules, drift, nothing, np.full_like(drift, rules.overtime.period_s))
    again = first / (first + second)
    stays = ~postseason & (rules.overtime.kind == "ends_level")
    return np.column_stack(
        [
            home + np.where(stays, 0.0, level * again),
            np.where(stays, level, 0.0),
            away + np.where(stays, 0.0, level * (1.0 - again)),
        ]
    )


def _one(rules: LeadRules, drift: Floats, lead: Floats, left_s: Floats) -> tuple[Floats, Floats, Floats]:
    """One overtime's end: ahead, level, behind."""
    overtime = rules.overtime
    share = left_s / overtime.period_s
    mean = lead + drift * left_s / (rules.periods * rules.period_s)
    sd = np.maximum(overtime.sd * np.sqrt(share), _LEAST_SD)
    home, away = below((mean - overtime.level_half_width) / sd), below((-mean - overtime.level_half_width) / sd)
    return home, np.maximum(0.0, 1.0 - home - away), away


def _pair_edges(rules: LeadRules, drift: Floats) -> Floats:
    """Home's edge in one pair of possessions, standard deviations."""
    return drift * rules.overtime.period_s / (rules.periods * rules.period_s) / rules.overtime.sd


def _share(edge: Floats) -> Floats:
    return below(edge)


def _in_pairs(rules: LeadRules, drift: Floats, lead: Floats, states: PlayStates) -> Floats:
    """A pair of possessions: with a lead and the ball at the side behind, or level, it answers; else it is as at the
    start. A side that is ahead and has the ball is on its first possession of a later pair only if the board lags."""
    level_share = _share(_pair_edges(rules, drift))
    answering = (lead != 0) & (states.possession * lead <= 0)
    behind = np.abs(lead)
    past, reach = _answer(rules.overtime, behind)
    own = np.where(lead > 0, level_share, 1.0 - level_share)
    ahead_wins = 1.0 - past - reach + reach * own
    home = np.where(lead > 0, ahead_wins, 1.0 - ahead_wins)
    certain = (lead > 0).astype(np.float64)
    home = np.where(lead == 0, level_share, np.where(answering, home, 0.5 * certain + 0.5 * home))
    return np.column_stack([home, np.zeros_like(home), 1.0 - home])


def _answer(overtime: LeadOvertime, behind: Floats) -> tuple[Floats, Floats]:
    """Chances that one possession passes a deficit, and that it just makes it up."""
    field_goal, touchdown = overtime.possession_scores or (0.0, 0.0)
    past = np.where(behind < 3, field_goal, 0.0) + np.where(behind < 7, touchdown, 0.0)
    reach = np.where(behind == 3, field_goal, 0.0) + np.where((behind >= 7) & (behind <= 8), touchdown, 0.0)
    return past, reach
