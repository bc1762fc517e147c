"""Football's probabilities: drives still to come in regulation, and each league's overtime behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.walk import Outcomes, Step, Table, backward, mirrored, terminal, value

REACH = 100
LATE = 2
"""Drives at the end of regulation that are played to the score."""
DRAW_AT = 4
"""Drives an overtime that may end level lasts."""


@dataclass(frozen=True, slots=True)
class Drives:
    """What a side's drives bring: usually, and at the end of regulation by what it is behind by."""

    usual: Outcomes
    behind: Mapping[int, Outcomes]


@dataclass(frozen=True, slots=True)
class Chances:
    """Tables of the home side winning and of a draw: regulation, the overtime's first pair, sudden death by mover."""

    win: Table
    draw: Table
    pair_win: Table
    pair_draw: Table
    sudden: dict[tuple[bool, int], tuple[float, float]]
    """(home to move, drives left) to (win, draw); drives left -1 where nothing ends it level."""


def three_way(win: float, draw: float) -> frame.Odds:
    """Odds from home's chance to win and the draw's."""
    return win, draw, max(0.0, 1.0 - win - draw)


def drive_tables(half_drives: int, home: Drives, away: Drives, overtime: str) -> Chances:
    """Tables for two halves of so many drives, home first in one, away in the other; the last drive of each is late.

    `overtime`: `draw` (a pair, then sudden death, level after four), `decide` (sudden death until won),
    `pairs` (college) or `none`.
    """
    moves = {True: home.usual, False: mirrored(away.usual)}
    late = {
        True: Step(home.usual, {-behind: points for behind, points in home.behind.items()}),
        False: Step(moves[False], {behind: mirrored(points) for behind, points in away.behind.items()}),
    }
    mover = [(index + half) % 2 == 0 for half in (0, 1) for index in range(half_drives)]
    order = [*(moves[own] for own in mover[:-LATE]), *(late[own] for own in mover[-LATE:])]
    pair = [moves[True], moves[False]]
    hit = {True: 1.0 - home.usual[0][1], False: 1.0 - away.usual[0][1]}
    sudden: dict[tuple[bool, int], tuple[float, float]] = {}
    if overtime == "decide":
        forever = hit[True] / (1.0 - (1.0 - hit[True]) * (1.0 - hit[False]))
        sudden = {(True, -1): (forever, 0.0), (False, -1): ((1.0 - hit[False]) * forever, 0.0)}
        level = (forever, 0.0)
    elif overtime == "pairs":
        wins = value(backward(pair, terminal(REACH, ahead=1, level=0, behind=0)), 2, 0)
        ties = value(backward(pair, terminal(REACH, ahead=0, level=1, behind=0)), 2, 0)
        level = (wins / (1.0 - ties), 0.0)
    else:
        last = (0.0, 1.0 - hit[False])
        both = (hit[True], (1.0 - hit[True]) * (1.0 - hit[False]))
        sudden = {(True, 2): both, (False, 1): last, (True, 0): (0.0, 1.0)}
        level = both
    pair_win = backward(pair, terminal(REACH, ahead=1, level=level[0], behind=0))
    pair_draw = backward(pair, terminal(REACH, ahead=0, level=level[1], behind=0))
    start = (0.0, 1.0) if overtime == "none" else (value(pair_win, 2, 0), value(pair_draw, 2, 0))
    return Chances(
        win=backward(order, terminal(REACH, ahead=1, level=start[0], behind=0)),
        draw=backward(order, terminal(REACH, ahead=0, level=start[1], behind=0)),
        pair_win=pair_win,
        pair_draw=pair_draw,
        sudden=sudden,
    )
