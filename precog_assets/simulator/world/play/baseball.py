"""Baseball: plate appearances, nine innings, no bottom of the ninth for a leader, extra innings until decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.innings import EVENTS, MOST_RUNS, Plate, Runs, after, runs_to_come
from precog_assets.simulator.world.play.walk import Edge

INNINGS = 9
REACH = 40
GHOST = 2
"""Bases at the start of an extra inning outside the postseason: a runner on second."""
BREAK_S = 130.0


@dataclass(frozen=True, slots=True)
class _Chances:
    home_runs: Runs
    away_runs: Runs
    top: NDArray[np.float64]
    """Home's chance at the top of inning n (1 to 9), by lead."""
    bottom: NDArray[np.float64]
    extra: float
    """Home's chance at the top of an extra inning."""

    def value(self, inning: int, home: bool, lead: int, state: int) -> float:
        """Home's chance in a half inning with `state` on the field."""
        runs = self.home_runs if home else self.away_runs
        if not home:
            ahead = self._bottom(inning)[np.clip(lead - np.arange(MOST_RUNS) + REACH, 0, 2 * REACH)]
        else:
            ahead = self._after(inning)[np.clip(lead + np.arange(MOST_RUNS) + REACH, 0, 2 * REACH)]
        return float(runs[state] @ ahead)

    def _bottom(self, inning: int) -> NDArray[np.float64]:
        if inning <= INNINGS:
            return self.bottom[inning]
        return _bottoms(self.home_runs, self._after(inning), extra_start=True)

    def _after(self, inning: int) -> NDArray[np.float64]:
        return self.top[inning + 1] if inning < INNINGS else _decided(self.extra)


def _decided(level: float) -> NDArray[np.float64]:
    values = np.zeros(2 * REACH + 1)
    values[REACH], values[REACH + 1 :] = level, 1.0
    return values


def _mix(distribution: NDArray[np.float64], values: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """Mean of `values` at lead + sign * runs, for every lead."""
    result = np.zeros_like(values)
    padded = np.pad(values, MOST_RUNS, mode="edge")
    for runs in range(MOST_RUNS):
        start = MOST_RUNS + sign * runs
        result += distribution[runs] * padded[start : start + values.size]
    return result


def _bottoms(home_runs: Runs, following: NDArray[np.float64], *, extra_start: bool) -> NDArray[np.float64]:
    """Values at the start of a last bottom half: a home side ahead has won already."""
    values = _mix(home_runs[GHOST if extra_start else 0], following, 1)
    values[REACH + 1 :] = 1.0
    return values


def _chances(edge: float, *, postseason: bool) -> _Chances:
    home, away = runs_to_come(1.0 + edge), runs_to_come(1.0 - edge)
    start = 0 if postseason else GHOST
    level = np.zeros(2)
    for guess in (0, 1):
        bottom = _mix(home[start], _decided(float(guess)), 1)
        bottom[REACH + 1 :] = 1.0
        level[guess] = _mix(away[start], bottom, -1)[REACH]
    extra = level[0] / (1.0 - (level[1] - level[0]))
    top, bottom = np.zeros((INNINGS + 2, 2 * REACH + 1)), np.zeros((INNINGS + 2, 2 * REACH + 1))
    top[INNINGS + 1] = _decided(extra)
    for inning in range(INNINGS, 0, -1):
        bottom[inning] = _mix(home[0], top[inning + 1], 1)
        if inning == INNINGS:
            bottom[inning, REACH + 1 :] = 1.0
        top[inning] = _mix(away[0], bottom[inning], -1)
    return _Chances(home, away, top, bottom, float(extra))


@dataclass(frozen=True, slots=True)
class _Appearance:
    outs: int
    bases: int
    event: int
    runs: int
    wall_s: float


@dataclass(frozen=True, slots=True)
class _Half:
    inning: int
    home: bool
    appearances: tuple[_Appearance, ...]

    @property
    def runs(self) -> int:
        return sum(one.runs for one in self.appearances)

    @property
    def hits(self) -> int:
        return sum(one.event >= 2 for one in self.appearances)


class Baseball:
    """Rules of baseball as the MLB plays it."""

    def __init__(self) -> None:
        self._edge = Edge(lambda edge: float(_chances(edge, postseason=False).top[1, REACH]), limit=0.6, points=25)
        self._chances = lru_cache(maxsize=256)(self._make_chances)

    def _make_chances(self, gap: float, postseason: bool) -> _Chances:
        return _chances(self._edge(gap), postseason=postseason)

    def before(self, game: SimGame) -> frame.Odds:
        return frame.without_draw(float(self._chances(game.home_gap, game.season_type == 3).top[1, REACH]))

    def _play(self, game: SimGame, seed: int) -> list[_Half]:
        rng = Random(seed)
        edge = self._edge(game.home_gap)
        sides = {True: Plate(1.0 + edge), False: Plate(1.0 - edge)}
        halves: list[_Half] = []
        lead, inning = 0, 1
        while inning <= INNINGS or lead == 0:
            ghost = inning > INNINGS and game.season_type != 3
            for home in (False, True):
                if home and inning >= INNINGS and lead > 0:
                    break
                half = _half(rng, sides[home], inning, home, lead, GHOST if ghost else 0)
                lead += half.runs if home else -half.runs
                halves.append(half)
            inning += 1
        return halves

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, halves: list[_Half]) -> Truth:
        innings = halves[-1].inning
        after_s = sum(one.wall_s for half in halves for one in half.appearances) + BREAK_S * (len(halves) - 1) + 10.0
        detail = "Final" if innings == INNINGS else f"Final/{innings}"
        moment = frame.Moment(after_s, innings, 0.0, "0:00", detail, frame.FINAL)
        lines = _lines(halves)
        return frame.over(game, moment, frame.summed((lines.home, lines.away)), lines, _box(halves))

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        halves = self._play(game, seed)
        chances = self._chances(game.home_gap, game.season_type == 3)
        truths: list[Truth] = []
        after_s, text = 0.0, "Play ball"
        for place, half in enumerate(halves):
            so_far, side = halves[:place], game.home if half.home else game.away
            scored = hits = 0
            for one in half.appearances:
                lines = _lines([*so_far, _Half(half.inning, half.home, half.appearances[:0])], scored)
                score = frame.summed((lines.home, lines.away))
                chance = chances.value(half.inning, half.home, score[0] - score[1], one.outs * 8 + one.bases)
                detail = f"{'Bot' if half.home else 'Top'} {frame.ordinal(half.inning)}"
                moment = frame.Moment(after_s, half.inning, 0.0, "0:00", detail)
                facts = {**_box(so_far, half.home, hits), **_field(one.outs, one.bases), "text": text}
                odds = frame.without_draw(min(1.0, max(0.0, chance)))
                truths.append(frame.running(game, moment, score, lines, odds, facts))
                after_s += one.wall_s
                scored, hits = scored + one.runs, hits + (one.event >= 2)
                text = f"{side.name}: {EVENTS[one.event]}"
            if half is not halves[-1]:
                truths.append(_break(game, halves[: place + 1], chances, after_s))
                after_s += BREAK_S
        return [*truths, self._ending(game, halves)]


def _half(rng: Random, plate: Plate, inning: int, home: bool, lead: int, bases: int) -> _Half:
    outs, appearances = 0, []
    last = home and inning >= INNINGS
    while outs < 3:
        event = plate(rng.random())
        next_outs, next_bases, runs = after(event, outs, bases)
        won = last and lead + runs > 0
        if won and event != len(EVENTS) - 1:
            runs = 1 - lead
        appearances.append(_Appearance(outs, bases, event, runs, 68.0 + 56.0 * rng.random()))
        if won:
            break
        lead += runs if home else 0
        outs, bases = next_outs, next_bases
    return _Half(inning, home, tuple(appearances))


def _lines(halves: list[_Half], unfinished: int = 0) -> frame.Lines:
    """Runs by inning; the last half's are `unfinished` when its appearances are left out."""
    home = [half.runs for half in halves if half.home]
    away = [half.runs for half in halves if not half.home]
    if halves and not halves[-1].appearances:
        (home if halves[-1].home else away)[-1] = unfinished
    return frame.Lines(tuple(home), tuple(away))


def _box(halves: list[_Half], home: bool = False, hits: int = 0) -> dict[str, object]:
    """Hits so far, `hits` of them by the side at bat in the unfinished half."""
    counts = {True: 0, False: 0}
    for half in halves:
        counts[half.home] += half.hits
    counts[home] += hits
    return {"home_hits": counts[True], "away_hits": counts[False]}


def _field(outs: int, bases: int) -> dict[str, object]:
    return {
        "balls": 0,
        "strikes": 0,
        "outs": outs,
        "on_first": bool(bases & 1),
        "on_second": bool(bases & 2),
        "on_third": bool(bases & 4),
    }


def _break(game: SimGame, halves: list[_Half], chances: _Chances, after_s: float) -> Truth:
    """Between half innings: `Mid 3rd`, `End 3rd`."""
    half = halves[-1]
    lines = _lines(halves)
    score = frame.summed((lines.home, lines.away))
    inning, home = (half.inning + 1, False) if half.home else (half.inning, True)
    ghost = inning > INNINGS and game.season_type != 3
    chance = chances.value(inning, home, score[0] - score[1], GHOST if ghost else 0)
    word = "End" if half.home else "Mid"
    detail = f"{word} {frame.ordinal(half.inning)}"
    moment = frame.Moment(after_s, half.inning, 0.0, "0:00", detail)
    facts = {**_box(halves), **_field(0, 0), "text": f"{detail} inning"}
    return frame.running(game, moment, score, lines, frame.without_draw(min(1.0, max(0.0, chance))), facts)
