"""Games that are over, and states that say too little: the same in every family.

Belongs here: what a final score means by league. Does not: any probability between 0 and 1.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Bools, Floats, GoalRules, InPlayRules, LeadRules, PlayStates


def decided(rules: InPlayRules, states: PlayStates) -> Floats:
    """Outcomes of games that are over, (n, 3) of 0 and 1.

    Soccer's result is that of regulation, level where extra time followed, unless `knockout` asks who went through.
    NaN for a level score where games are not drawn and no winner is told, and for a score that is not known.
    """
    lead = states.home_score - states.away_score
    told = np.where(np.isnan(states.winner), np.sign(lead), states.winner)
    draws = _may_end_level(rules, states)
    if isinstance(rules, GoalRules) and rules.draws:
        regulation = np.where(states.period > len(rules.shares), 0.0, np.sign(lead))
        told, draws = np.where(states.knockout, told, regulation), ~states.knockout
    draws = draws & (told == 0)
    answer = np.column_stack([told > 0, draws, told < 0]).astype(np.float64)
    answer[~answer.any(axis=1)] = np.nan
    return answer


def _may_end_level(rules: InPlayRules, states: PlayStates) -> Bools:
    level = isinstance(rules, LeadRules) and rules.overtime.kind == "ends_level"
    return ~states.postseason & level


def known_enough(rules: InPlayRules, states: PlayStates) -> Bools:
    """Whether a state in play says what its family needs: score and period, and the clock where one runs."""
    enough = np.isfinite(states.home_score) & np.isfinite(states.away_score) & np.isfinite(states.period)
    if isinstance(rules, LeadRules):
        untimed = (states.period > rules.periods) & (rules.overtime.kind == "pairs")
        return enough & (untimed | np.isfinite(states.clock_s))
    if isinstance(rules, GoalRules):
        untimed = states.period > (4 if rules.draws else len(rules.shares) + 1)
        return enough & (untimed | np.isfinite(states.clock_s))
    return enough
