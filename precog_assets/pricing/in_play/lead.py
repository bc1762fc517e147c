"""Basketball and football: the lead as a Brownian motion with drift and a volatility by period.

Belongs here: regulation and what the ball is worth. Does not: overtime (`overtime.py`), and parameters.

The final lead is Gaussian around the lead now plus the drift of the time left (Stern, 1994), its variance the sum of
what the periods still bring. The drift is the one with which the game, at its start, is won as often as the pre-game
price says.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Floats, LeadRules, PlayStates, Possession
from precog_assets.pricing.in_play.gaussian import below
from precog_assets.pricing.in_play.overtime import from_level, in_overtime
from precog_assets.pricing.in_play.solving import invert, kept

_GRID = np.linspace(-5.0, 5.0, 401)
"""Drifts that are tried, in standard deviations of the final lead."""
_LEAST_SD = 1e-9


def lead_probabilities(rules: LeadRules, prior: Floats, states: PlayStates) -> Floats:
    """P(home), P(draw), P(away) of states in play, (n, 3); `prior` is (n, 3) with both sides alive."""
    drift = drifts(rules, prior[:, 0] / (prior[:, 0] + prior[:, 2]), states.postseason)
    lead = states.home_score - states.away_score
    playing = states.period <= rules.periods
    left = _share_left(rules, states)
    ball = ball_worth(rules.possession, states, _left_in_half_s(rules, states))
    mean = lead + ball + drift * left
    answer = _regulation(rules, mean, np.sqrt(variance(rules, left)), drift, states.postseason)
    if not playing.all():
        late = ~playing
        answer[late] = in_overtime(rules, drift[late], lead[late], ball[late], states.at(late))
    told = (prior[:, 1] > 0) & (rules.overtime.kind == "ends_level") & ~states.postseason
    if told.any():
        made = _whole(rules, drift[told], states.postseason[told])[:, 1]
        answer[told] = _with_draw(answer[told], prior[told, 1], made)
    return answer


def _with_draw(answer: Floats, told: Floats, made: Floats) -> Floats:
    """Answers with the draw's odds as many times the model's as the price's were before the game."""
    factor = told * (1.0 - made) / ((1.0 - told) * made)
    draw = answer[:, 1] * factor / (1.0 - answer[:, 1] + answer[:, 1] * factor)
    rest = answer[:, 0] + answer[:, 2]
    kept = np.where(rest > 0, (1.0 - draw) / np.where(rest > 0, rest, 1.0), 0.0)
    return np.column_stack([answer[:, 0] * kept, draw, answer[:, 2] * kept])


def variance(rules: LeadRules, left: Floats) -> Floats:
    """Of the final lead, as long as the share `left` of regulation is to be played; points squared."""
    total, n = np.zeros_like(left), rules.periods
    for index, sd in enumerate(rules.period_sd):
        low = (n - index - 1) / n
        high = np.clip(left, low, (n - index) / n)
        total = total + sd**2 * n * (high - low)
    return total


def drifts(rules: LeadRules, home: Floats, postseason: np.ndarray) -> Floats:
    """The drift, points per regulation, with which home wins that share of the games that have a winner."""
    found = np.empty_like(home)
    for late in (False, True):
        chosen = postseason == late
        if chosen.any():
            on_grid = _curve(rules, late)
            found[chosen] = invert(lambda x, late=late: _start(rules, x, late), _GRID, on_grid, home[chosen])
    return found * _whole_sd(rules)


def _whole_sd(rules: LeadRules) -> float:
    return float(np.sqrt(np.square(rules.period_sd).sum()))


@kept
def _curve(rules: LeadRules, postseason: bool) -> Floats:
    return _start(rules, _GRID, postseason)


def _start(rules: LeadRules, x: Floats, postseason: bool) -> Floats:
    """Home's share of decided games by its drift in standard deviations."""
    p = _whole(rules, x * _whole_sd(rules), np.full(x.shape, postseason))
    return p[:, 0] / (p[:, 0] + p[:, 2])


def _whole(rules: LeadRules, drift: Floats, postseason: np.ndarray) -> Floats:
    """Probabilities at the start."""
    return _regulation(rules, drift, np.full_like(drift, _whole_sd(rules)), drift, postseason)


def _regulation(rules: LeadRules, mean: Floats, sd: Floats, drift: Floats, postseason: np.ndarray) -> Floats:
    sd = np.maximum(sd, _LEAST_SD)
    home, away = below((mean - rules.level_half_width) / sd), below((-mean - rules.level_half_width) / sd)
    level = np.maximum(0.0, 1.0 - home - away)
    after = from_level(rules, drift, postseason)
    return np.column_stack([home + level * after[:, 0], level * after[:, 1], away + level * after[:, 2]])


def _share_left(rules: LeadRules, states: PlayStates) -> Floats:
    clock = np.clip(np.nan_to_num(states.clock_s), 0.0, rules.period_s) / rules.period_s
    return np.clip((rules.periods - states.period + clock) / rules.periods, 0.0, 1.0)


def _left_in_half_s(rules: LeadRules, states: PlayStates) -> Floats:
    """Seconds until the ball is given away whoever has it: the end of a half, or of the overtime."""
    per_half = max(1, rules.periods // 2)
    after = np.where(states.period <= rules.periods, (-states.period) % per_half, 0)
    return after * rules.period_s + np.nan_to_num(states.clock_s)


def ball_worth(rules: Possession | None, states: PlayStates, left_s: Floats) -> Floats:
    """Points of lead, from home's side, that having the ball where it is stands for."""
    if rules is None:
        return np.zeros(len(states))
    yards, points = np.array(rules.by_yards_to_goal).T
    there = np.interp(np.nan_to_num(states.yards_to_goal, nan=50.0), yards, points)
    worth = np.where(np.isnan(states.yards_to_goal), rules.unknown_place, there)
    worth = worth - rules.a_down * np.clip(np.nan_to_num(states.down, nan=1.0) - 1.0, 0.0, 3.0)
    return states.possession * worth * np.clip(left_s / rules.drive_s, 0.0, 1.0)
