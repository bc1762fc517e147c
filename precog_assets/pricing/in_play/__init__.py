"""Win probability of a game in play: from what was thought before it and the state of the game to home, draw, away.

Belongs here: the arithmetic of each family of sports, a module each, and reading a state from what a board said
(`states.py`). Does not: parameters (`config/in_play.yaml`), databases, clocks, venues. Pure functions of arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from precog_assets.domain.in_play import BaseballRules, Floats, GoalRules, InPlayRules, LeadRules, PlayStates
from precog_assets.pricing.in_play.baseball import baseball_probabilities
from precog_assets.pricing.in_play.endings import decided, known_enough
from precog_assets.pricing.in_play.goals import goal_probabilities
from precog_assets.pricing.in_play.lead import lead_probabilities
from precog_assets.pricing.in_play.tennis import tennis_probabilities

SURE = 1e-4
"""Pre-game probabilities are held this far from 0 and 1: no game is lost before it begins."""
_SUM_TOLERANCE = 1e-3


def in_play_probabilities(rules: InPlayRules, before: ArrayLike, states: PlayStates) -> Floats:
    """P(home), P(draw), P(away) of n states, (n, 3), each row of sum 1.

    `before`: the same three as thought before the game, (3,) for all states or (n, 3). Where games are not drawn its
    draw is 0, but for a league whose games may end level (NFL), where it may also be 0 and the draw comes out of the
    model. Before the start the answer is `before` itself; of a game that is over, what it ended as.

    A row of NaN means that the state does not say enough (no score, no period, no clock where there is one), or that
    `before` is NaN. Raises ValueError for another shape, and for rows that are no probabilities.
    """
    prior = _prior(before, len(states))
    answer = prior.copy()
    said = np.isfinite(prior).all(axis=1)
    over, running = states.over, said & ~states.over & (states.period >= 1)
    answer[over] = decided(rules, states.at(over))
    enough = known_enough(rules, states)
    answer[running & ~enough] = np.nan
    answer[~over & ~(states.period >= 0)] = np.nan
    if (live := running & enough).any():
        answer[live] = _family(rules, _held(prior[live]), states.at(live))
    return answer


def _family(rules: InPlayRules, prior: Floats, states: PlayStates) -> Floats:
    if isinstance(rules, LeadRules):
        found = lead_probabilities(rules, prior, states)
    elif isinstance(rules, GoalRules):
        found = goal_probabilities(rules, prior, states)
    elif isinstance(rules, BaseballRules):
        found = baseball_probabilities(rules, prior, states)
    else:
        found = tennis_probabilities(rules, prior, states)
    found = np.clip(found, 0.0, 1.0)
    return found / found.sum(axis=1, keepdims=True)


def _prior(before: ArrayLike, n: int) -> Floats:
    given = np.asarray(before, dtype=np.float64)
    if given.shape not in ((3,), (n, 3)):
        raise ValueError(f"before has shape {given.shape}; right is (3,) or ({n}, 3)")
    prior = np.broadcast_to(given, (n, 3))
    bad = (prior < 0).any(axis=1) | (np.abs(prior.sum(axis=1) - 1.0) > _SUM_TOLERANCE)
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"row {at}: before is {prior[at].tolist()}; right is three probabilities of sum 1")
    return prior / prior.sum(axis=1, keepdims=True)


def _held(prior: Floats) -> Floats:
    """Priors with both sides alive."""
    held = prior.copy()
    held[:, [0, 2]] = np.maximum(held[:, [0, 2]], SURE)
    return held / held.sum(axis=1, keepdims=True)
