"""Baseball: half innings as Markov chains over outs and bases, innings as steps of the lead.

Belongs here: the chain, the innings, walk-offs, extra innings. Does not: parameters. Values are tables by the two
sides' relative strength, made once per rules, and read by interpolation along it, so that the start is worth exactly
the pre-game price. The method is Lindsey's (1963): run distributions by half inning, convolved to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from precog_assets.domain.in_play import BaseballRules, Floats, PlateChances, PlayStates
from precog_assets.pricing.in_play.solving import kept

RUNS = 16
"""Runs of a half inning that are told apart; the last stands for as many and more."""
REACH = 20
"""Leads that are told apart."""
STATES = 24
"""Outs * 8 + bases."""
_APPEARANCES = 45
_EDGES = np.linspace(-2.0, 2.0, 61)
"""Logarithms of home's offence over away's that are in the tables; as many on either side of 0."""
_ON_SECOND = 2


@dataclass(frozen=True, slots=True)
class Tables:
    """P(home wins): `top[i][edge, state, lead]`, `bottom` the same; the last inning stands for every extra one."""

    top: Floats
    bottom: Floats
    start: Floats
    """By edge, rising."""
    opening: int
    """The state that extra innings begin with."""


def baseball_probabilities(rules: BaseballRules, prior: Floats, states: PlayStates) -> Floats:
    """P(home), 0, P(away) of states in play, (n, 3); `prior` is (n, 3) with both sides alive."""
    home = np.empty(len(states))
    for postseason in (False, True):
        chosen = states.postseason == postseason
        if chosen.any():
            runner = rules.extra_runner and not postseason
            home[chosen] = _read(rules, tables_of(rules, extra_runner=runner), prior[chosen], states.at(chosen))
    return np.column_stack([home, np.zeros_like(home), 1.0 - home])


def _read(rules: BaseballRules, tables: Tables, prior: Floats, states: PlayStates) -> Floats:
    edge = np.interp(prior[:, 0] / (prior[:, 0] + prior[:, 2]), tables.start, np.arange(len(_EDGES)))
    low = np.minimum(edge.astype(np.int64), len(_EDGES) - 2)
    weight = edge - low
    inning = np.clip(states.period - 1, 0, rules.innings).astype(np.int64)
    outs = np.clip(np.nan_to_num(states.outs), 0, 3).astype(np.int64)
    bases = np.clip(np.nan_to_num(states.bases), 0, 7).astype(np.int64)
    bottom = np.nan_to_num(states.bottom) > 0
    ended = outs == 3
    lead = (states.home_score - states.away_score).astype(np.int64)
    # A third out ends the half: the next one begins with nobody on, or with the runner of extra innings.
    walked = np.where(ended & bottom, inning + 1, inning)
    inning_now = np.minimum(walked, rules.innings)
    fresh = np.where(inning_now == rules.innings, tables.opening, 0)
    state = np.where(ended, fresh, np.minimum(outs, 2) * 8 + bases)
    at_bat = np.where(ended, ~bottom, bottom)
    late = inning >= rules.innings - 1
    at = np.clip(lead, -REACH, REACH) + REACH
    found = np.zeros(len(states))
    for side, table in ((False, tables.top), (True, tables.bottom)):
        chosen = at_bat == side
        if chosen.any():
            where = inning_now[chosen], low[chosen], state[chosen], at[chosen]
            upper = inning_now[chosen], low[chosen] + 1, state[chosen], at[chosen]
            found[chosen] = (1.0 - weight[chosen]) * table[where] + weight[chosen] * table[upper]
    done = ended & bottom & late
    found = np.where(done & (lead != 0), (lead > 0).astype(np.float64), found)
    return np.clip(found, 0.0, 1.0)


@kept
def tables_of(rules: BaseballRules, *, extra_runner: bool) -> Tables:
    """Every value by inning, half, strength, outs and bases, and lead."""
    home = np.stack([runs_to_come(rules.plate, float(np.exp(edge / 2))) for edge in _EDGES])
    away = home[::-1]
    opening = _ON_SECOND if extra_runner else 0
    extra_top, extra_bottom = _extra(home, away, opening)
    tops, bottoms = [extra_top], [extra_bottom]
    for inning in range(rules.innings, 0, -1):
        following = tops[-1][:, opening if inning == rules.innings else 0]
        last = inning == rules.innings
        bottom = _bottom(home, following, last=last)
        tops.append(_top(away, bottom[:, 0]))
        bottoms.append(bottom)
    top, bottom = np.stack(tops[::-1]), np.stack(bottoms[::-1])
    return Tables(top, bottom, top[0, :, 0, REACH], opening)


def _extra(home: Floats, away: Floats, opening: int) -> tuple[Floats, Floats]:
    """Values of an extra inning, which begins again and again while it ends level."""
    edges = len(home)
    lead = np.arange(-REACH, REACH + 1)
    lost = np.zeros((edges, len(lead))) + (lead > 0)
    again = np.zeros((edges, len(lead))) + (lead == 0)
    wins = _top(away, _bottom(home, lost, last=True)[:, opening])[:, opening, REACH]
    level = _top(away, _bottom(home, again, last=True, ahead=0.0)[:, opening])[:, opening, REACH]
    value = wins / (1.0 - level)
    following = lost + again * value[:, None]
    bottom = _bottom(home, following, last=True)
    return _top(away, bottom[:, opening]), bottom


def _bottom(home: Floats, following: Floats, *, last: bool, ahead: float = 1.0) -> Floats:
    """Values while home bats, (edges, states, leads), from those of what follows, (edges, leads).

    In the last inning home stops as soon as it leads, and loses if it is behind at the end.
    """
    lead = np.arange(-REACH, REACH + 1)
    after = following.copy()
    if last:
        after = np.where(lead > 0, ahead, np.where(lead < 0, 0.0, after))
    found = np.zeros((*home.shape[:2], len(lead)))
    for runs in range(RUNS):
        at = np.minimum(np.arange(len(lead)) + runs, len(lead) - 1)
        found += home[:, :, runs, None] * after[:, None, at]
    if last:
        found[:, :, lead > 0] = ahead
    return found


def _top(away: Floats, following: Floats) -> Floats:
    """Values while away bats, from those of the bottom's start, (edges, leads)."""
    width = following.shape[1]
    found = np.zeros((*away.shape[:2], width))
    for runs in range(RUNS):
        found += away[:, :, runs, None] * following[:, None, np.maximum(np.arange(width) - runs, 0)]
    return found


def runs_to_come(plate: PlateChances, factor: float) -> Floats:
    """P(runs still to come in the half inning), (STATES, RUNS), where every way to reach base is `factor` as likely."""
    moves = [
        (outs * 8 + bases, chance, after, runs)
        for outs in range(3)
        for bases in range(8)
        for chance, after, runs in plate_moves(plate, outs, bases, factor)
    ]
    transition = np.zeros((5, STATES + 1, STATES + 1))
    for state, chance, after, runs in moves:
        transition[runs, state, after] += chance
    transition[0, STATES, STATES] = 1.0
    scored = np.zeros((STATES + 1, RUNS))
    scored[:, 0] = 1.0
    for _ in range(_APPEARANCES):
        updated = np.zeros_like(scored)
        for runs in range(5):
            moved = np.zeros_like(scored)
            moved[:, runs:] = scored[:, : RUNS - runs]
            moved[:, -1] += scored[:, RUNS - runs :].sum(axis=1)
            updated += transition[runs] @ moved
        scored = updated
    return scored[:STATES]


def plate_moves(plate: PlateChances, outs: int, bases: int, factor: float) -> list[tuple[float, int, int]]:
    """(chance, next state, runs) of a plate appearance; the state STATES is the end of the half inning."""
    first, second, third = bool(bases & 1), bool(bases & 2), bool(bases & 4)
    reach = [factor * chance for chance in (plate.walk, plate.single, plate.double, plate.triple, plate.homer)]
    over = max(1.0, sum(reach) / 0.9)
    walk, single, double, triple, homer = (chance / over for chance in reach)
    on = first + second + third
    moves = [(triple, outs * 8 + 4, on), (homer, outs * 8, on + 1)]
    if first and second and third:
        moves.append((walk, outs * 8 + 7, 1))
    else:
        moves.append((walk, outs * 8 + (bases | 1 if not first else bases | (2 if not second else 4)), 0))
    home_from_second = plate.single_scores_second if second else 1.0
    for scores, chance in ((True, home_from_second), (False, 1.0 - home_from_second)):
        held_third = second and not scores
        go = plate.single_first_to_third if first and not held_third else 0.0
        runs = third + (second and scores)
        for far, share in ((True, go), (False, 1.0 - go)):
            now = 1 | (4 if held_third or far else 0) | (2 if first and not far else 0)
            moves.append((single * chance * share, outs * 8 + now, int(runs)))
    in_two = plate.double_scores_first if first else 0.0
    moves.append((double * in_two, outs * 8 + 2, third + second + first))
    moves.append((double * (1.0 - in_two), outs * 8 + 2 + (4 if first else 0), third + second))
    out = 1.0 - walk - single - double - triple - homer
    return [move for move in (*moves, *_outs(plate, outs, bases, out)) if move[0] > 0]


def _outs(plate: PlateChances, outs: int, bases: int, out: float) -> list[tuple[float, int, int]]:
    if outs == 2:
        return [(out, STATES, 0)]
    first, second, third = bases & 1, bases & 2, bases & 4
    two = plate.double_play if first else 0.0
    after_two = STATES if outs == 1 else 16 + (4 if second else 0)
    moves = [(out * two, after_two, 1 if third and outs == 0 else 0)]
    one = out * (1.0 - two)
    scores = plate.out_scores_third if third else 0.0
    for home, chance in ((1, scores), (0, 1.0 - scores)):
        still = third and not home
        move = plate.out_moves_second if second and not still else 0.0
        for far, share in ((True, move), (False, 1.0 - move)):
            now = first | (4 if still or far else 0) | (second if not far else 0)
            moves.append((one * chance * share, (outs + 1) * 8 + now, home))
    return moves
