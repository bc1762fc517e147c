"""Hockey and soccer: goals of both sides as Poisson processes whose rates the pre-game price implies.

Belongs here: regulation, and soccer's and hockey's ends of it. Does not: the arithmetic of two Poisson numbers
(`skellam.py`). Rates are spread over the periods by `shares`; a side that is behind or ahead scores more or less
(`trailing`, `leading`), so a lead of 0 is priced as before the game.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Bools, Floats, GoalRules, PlayStates
from precog_assets.pricing.in_play.skellam import implied_rates, outcomes
from precog_assets.pricing.in_play.solving import invert, kept

_GRID = np.linspace(-6.0, 6.0, 481)
"""Logarithms of home's scoring over away's that are tried."""
EXTRA_TIME_S = 900.0
_SHOOTOUT_PERIOD = 5
_KICK = 0.75
"""Share of kicks scored in a shoot-out (about three in four in every published count)."""
_KICKS = 5


def goal_probabilities(rules: GoalRules, prior: Floats, states: PlayStates) -> Floats:
    """P(home), P(draw), P(away) of states in play, (n, 3); `prior` is (n, 3) with both sides alive."""
    drawn = (prior[:, 1] > 0) & rules.draws
    rates = np.empty((len(states), 2))
    if drawn.any():
        rates[drawn] = _distinct(prior[drawn])
    if not drawn.all():
        rates[~drawn] = _two_way_rates(rules, prior[~drawn], states.postseason[~drawn])
    answer = _from_state(rules, rates, states)
    if drawn.any():
        left = _left(rules, states)
        at_start = outcomes(rates[:, 0], rates[:, 1], np.zeros(len(states)))
        ratio = np.where(drawn[:, None], prior / np.maximum(at_start, 1e-12), 1.0)
        regulation = drawn & ~states.knockout
        answer[regulation] *= ratio[regulation] ** left[regulation, None]
    return answer / answer.sum(axis=1, keepdims=True)


def _distinct(prior: Floats) -> Floats:
    """Rates of three-way prices, each solved once."""
    values, back = np.unique(prior, axis=0, return_inverse=True)
    return implied_rates(values)[back.reshape(-1)]


def _two_way_rates(rules: GoalRules, prior: Floats, postseason: Bools) -> Floats:
    """Rates of the usual total with which home wins, overtime included, as often as priced."""
    home = prior[:, 0] / (prior[:, 0] + prior[:, 2])
    edge = np.empty_like(home)
    for late in (False, True):
        chosen = postseason == late
        if chosen.any():
            values, back = np.unique(home[chosen], return_inverse=True)
            found = invert(lambda x, late=late: _start(rules, x, late), _GRID, _curve(rules, late), values)
            edge[chosen] = found[back.reshape(-1)]
    return _rates(rules, edge)


def _rates(rules: GoalRules, edge: Floats) -> Floats:
    home = 1.0 / (1.0 + np.exp(-edge))
    return rules.usual_total * np.column_stack([home, 1.0 - home])


@kept
def _curve(rules: GoalRules, postseason: bool) -> Floats:
    return _start(rules, _GRID, postseason)


def _start(rules: GoalRules, edge: Floats, postseason: bool) -> Floats:
    n = len(edge)
    start = PlayStates.of(
        period=np.ones(n),
        clock_s=rules.period_s + rules.stoppage_s[0],
        postseason=postseason,
        knockout=rules.draws,
    )
    p = _from_state(rules, _rates(rules, edge), start)
    return p[:, 0] / (p[:, 0] + p[:, 2])


def _left(rules: GoalRules, states: PlayStates) -> Floats:
    """Share of the rates of regulation still to come."""
    shares = np.array(rules.shares)
    lengths = rules.period_s + np.array(rules.stoppage_s)
    at = np.clip(np.nan_to_num(states.period, nan=1.0) - 1, 0, len(shares) - 1).astype(np.int64)
    after = np.append(np.cumsum(shares[::-1])[::-1], 0.0)[at + 1]
    clock = np.clip(np.nan_to_num(states.clock_s), 0.0, lengths[at]) / lengths[at]
    return np.where(states.period > len(shares), 0.0, after + shares[at] * clock)


def _from_state(rules: GoalRules, rates: Floats, states: PlayStates) -> Floats:
    lead = states.home_score - states.away_score
    left = _left(rules, states)
    behind, ahead = np.exp(rules.trailing), np.exp(rules.leading)
    home = rates[:, 0] * left * np.where(lead < 0, behind, np.where(lead > 0, ahead, 1.0))
    away = rates[:, 1] * left * np.where(lead > 0, behind, np.where(lead < 0, ahead, 1.0))
    p = outcomes(home, away, lead)
    regulation = states.period <= len(rules.shares)
    if rules.level_odds != 1.0:
        level = p[:, 1] * rules.level_odds / (1.0 + p[:, 1] * (rules.level_odds - 1.0))
        decided = 1.0 - p[:, 1]
        kept = np.where(decided > 0, (1.0 - level) / np.where(decided > 0, decided, 1.0), 0.0)
        p = np.column_stack([p[:, 0] * kept, level, p[:, 2] * kept])
    if rules.draws:
        return _soccer_ends(rules, rates, states, p, regulation)
    after = _hockey_overtime(rules, rates, states, regulation)
    won = np.where(regulation, p[:, 0] + p[:, 1] * after, np.where(lead > 0, 1.0, np.where(lead < 0, 0.0, after)))
    return np.column_stack([won, np.zeros_like(won), 1.0 - won])


def _hockey_overtime(rules: GoalRules, rates: Floats, states: PlayStates, regulation: Bools) -> Floats:
    """P(home) from level: the next goal wins; outside the play-offs a shoot-out, even, after one overtime."""
    share = rates[:, 0] / rates.sum(axis=1)
    periods = len(rules.shares)
    left_s = np.where(regulation, rules.overtime_s, np.clip(np.nan_to_num(states.clock_s), 0.0, rules.overtime_s))
    left_s = np.where(states.period > periods + 1, 0.0, left_s)
    decided = np.where(states.postseason, 1.0, 1.0 - (1.0 - rules.overtime_decides) ** (left_s / rules.overtime_s))
    return decided * share + (1.0 - decided) * 0.5


def _soccer_ends(rules: GoalRules, rates: Floats, states: PlayStates, p: Floats, regulation: Bools) -> Floats:
    """As regulation ends, or for a knock-out who goes through: extra time of two times 15 minutes, then kicks.

    A regulation result that extra time already follows can only have been level.
    """
    late = ~regulation
    asked = states.knockout
    answer = p.copy()
    answer[late & ~asked] = (0.0, 1.0, 0.0)
    if not asked.any():
        return answer
    lead = states.home_score - states.away_score
    extra_s = np.where(regulation, 2 * EXTRA_TIME_S, _extra_left_s(states))
    share = extra_s / (len(rules.shares) * rules.period_s)
    extra = outcomes(rates[:, 0] * share, rates[:, 1] * share, np.where(regulation, 0.0, lead))
    kicks = _shootout(states)
    through = extra[:, 0] + extra[:, 1] * kicks
    through = np.where(late & (states.period >= _SHOOTOUT_PERIOD), kicks, through)
    home = np.where(regulation, p[:, 0] + p[:, 1] * through, through)
    answer[asked] = np.column_stack([home, np.zeros_like(home), 1.0 - home])[asked]
    return answer


def _extra_left_s(states: PlayStates) -> Floats:
    clock = np.clip(np.nan_to_num(states.clock_s), 0.0, EXTRA_TIME_S)
    return np.where(states.period == 3, EXTRA_TIME_S + clock, np.where(states.period == 4, clock, 0.0))


def _shootout(states: PlayStates) -> Floats:
    """P(home) of the kicks, even before the first; by the Gaussian of the kicks left where a score is told.

    A board tells goals, not kicks: as many are taken to have been shot as the better side has scored, over the usual
    share, so that what is left is never nothing while kicks go on.
    """
    home, away = np.nan_to_num(states.home_shootout), np.nan_to_num(states.away_shootout)
    taken = np.ceil(np.maximum(home, away) / _KICK)
    left = np.maximum(_KICKS - taken, 1.0)
    sd = np.sqrt(2.0 * left * _KICK * (1.0 - _KICK))
    return 1.0 / (1.0 + np.exp(-1.7 * (home - away) / sd))
