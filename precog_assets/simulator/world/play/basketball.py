"""Basketball: alternating possessions of 0 to 3 points, home first, overtimes until decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.walk import (
    Edge,
    Outcomes,
    Sampler,
    Table,
    backward,
    mirrored,
    scaled,
    terminal,
    value,
)

REACH = 80
_POINTS: Outcomes = ((0, 0.40), (1, 0.16), (2, 0.35), (3, 0.09))
"""1.13 points a possession, as in the NBA."""


@dataclass(frozen=True, slots=True)
class Court:
    """How a league plays: clock, pace, and wall time."""

    periods: int
    period_s: int
    possessions: int
    """Of both sides in a period; even."""
    overtime_possessions: int
    scoring: float
    """Scoring probability relative to the NBA's."""
    period_wall_s: float
    half_name: str
    overtime_s: int = 300
    break_s: float = 150.0
    halftime_s: float = 900.0
    tenths: bool = True


COURTS = {
    "nba": Court(4, 720, 50, 20, 1.0, 1850.0, "Quarter"),
    "wnba": Court(4, 600, 40, 20, 0.91, 1650.0, "Quarter"),
    "ncaab": Court(2, 1200, 70, 18, 0.93, 3200.0, "Half", tenths=False),
    "wncaab": Court(4, 600, 36, 18, 0.84, 1500.0, "Quarter", tenths=False),
}


@dataclass(frozen=True, slots=True)
class _Chances:
    home: Sampler
    away: Sampler
    regulation: Table
    overtime: Table
    tie: float


@dataclass(frozen=True, slots=True)
class _Played:
    points: tuple[tuple[int, ...], ...]
    """Points of each possession by period; even places are the home side's."""
    pace: float
    """Wall time relative to the usual."""


def _tables(court: Court, edge: float) -> tuple[Table, Table, float]:
    home = scaled(_POINTS, court.scoring * (1.0 + edge))
    away = mirrored(scaled(_POINTS, court.scoring * (1.0 - edge)))
    extra = [home, away] * (court.overtime_possessions // 2)
    start = (court.overtime_possessions, 0)
    wins = value(backward(extra, terminal(REACH, ahead=1, level=0, behind=0)), *start)
    ties = value(backward(extra, terminal(REACH, ahead=0, level=1, behind=0)), *start)
    tie = wins / (1.0 - ties)
    end = terminal(REACH, ahead=1, level=tie, behind=0)
    whole = [home, away] * (court.possessions * court.periods // 2)
    return backward(whole, end), backward(extra, end), tie


class Basketball:
    """Rules of one basketball league."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self._edge = Edge(self._expected, limit=0.32)
        self._chances = lru_cache(maxsize=96)(self._make_chances)
        self._samplers = lru_cache(maxsize=512)(self._make_samplers)
        self._before = lru_cache(maxsize=1024)(self._make_before)

    def _expected(self, edge: float) -> float:
        table, _, _ = _tables(self.court, edge)
        return value(table, self.court.possessions * self.court.periods, 0)

    def _make_samplers(self, gap: float) -> tuple[Sampler, Sampler]:
        edge, scoring = self._edge(gap), self.court.scoring
        return Sampler(scaled(_POINTS, scoring * (1.0 + edge))), Sampler(scaled(_POINTS, scoring * (1.0 - edge)))

    def _make_chances(self, gap: float) -> _Chances:
        return _Chances(*self._samplers(gap), *_tables(self.court, self._edge(gap)))

    def _make_before(self, gap: float) -> float:
        return value(self._chances(gap).regulation, self.court.possessions * self.court.periods, 0)

    def before(self, game: SimGame) -> frame.Odds:
        return frame.without_draw(self._before(game.home_gap))

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng, court = Random(seed), self.court
        home, away = self._samplers(game.home_gap)
        draw = rng.random
        pace = 0.94 + 0.14 * draw()
        periods: list[tuple[int, ...]] = []
        lead = 0
        while len(periods) < court.periods or lead == 0:
            count = court.possessions if len(periods) < court.periods else court.overtime_possessions
            points = tuple(away(draw()) if i % 2 else home(draw()) for i in range(count))
            lead += sum(points[::2]) - sum(points[1::2])
            periods.append(points)
        return _Played(tuple(periods), pace)

    def _lines(self, played: _Played, periods: int) -> frame.Lines:
        done = played.points[:periods]
        return frame.Lines(tuple(sum(p[::2]) for p in done), tuple(sum(p[1::2]) for p in done))

    def _begins_s(self, period: int, pace: float) -> float:
        """Wall seconds at which a period begins."""
        court = self.court
        regular = min(period - 1, court.periods)
        seconds = regular * (court.period_wall_s * pace + court.break_s)
        if period > court.periods // 2:
            seconds += court.halftime_s - court.break_s
        return seconds + max(0, period - 1 - court.periods) * (self._wall_s(court.periods + 1, pace) + court.break_s)

    def _wall_s(self, period: int, pace: float) -> float:
        court = self.court
        return court.period_wall_s * pace * (1.0 if period <= court.periods else court.overtime_s / court.period_s)

    def _name(self, period: int) -> str:
        extra = period - self.court.periods
        if extra > 0:
            return "OT" if extra == 1 else f"{extra}OT"
        return f"{frame.ordinal(period)} {self.court.half_name}"

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        periods = len(played.points)
        lines = self._lines(played, periods)
        after_s = self._begins_s(periods, played.pace) + self._wall_s(periods, played.pace) + 20.0
        clock = "0.0" if self.court.tenths else "0:00"
        detail = "Final" if periods == self.court.periods else f"Final/{self._name(periods)}"
        moment = frame.Moment(after_s, periods, 0.0, clock, detail, frame.FINAL)
        return frame.over(game, moment, frame.summed((lines.home, lines.away)), lines)

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played, chances = self._play(game, seed), self._chances(game.home_gap)
        ticks = Random(seed ^ 0x5EED)
        truths: list[Truth] = []
        for period in range(1, len(played.points) + 1):
            truths += self._period(game, played, chances, period, ticks)
        truths.append(self._ending(game, played))
        return truths

    def _period(self, game: SimGame, played: _Played, chances: _Chances, period: int, ticks: Random) -> list[Truth]:
        court, points = self.court, played.points[period - 1]
        length = court.period_s if period <= court.periods else court.overtime_s
        before = self._lines(played, period - 1)
        home, away = frame.summed((before.home, before.away))
        table = chances.regulation if period <= court.periods else chances.overtime
        later = max(0, court.periods - period) * court.possessions
        weights = [0.5 + ticks.random() for _ in points]
        unit, spent = length / sum(weights), 0.0
        begins, wall = self._begins_s(period, played.pace), self._wall_s(period, played.pace)
        own_home = own_away = 0
        truths = []
        for index in range(len(points) + 1):
            ended = index == len(points)
            lines = frame.Lines((*before.home, own_home), (*before.away, own_away))
            score = (home + own_home, away + own_away)
            odds = frame.without_draw(value(table, later + len(points) - index, score[0] - score[1]))
            clock_s = 0.0 if ended else round(length - spent, 1)
            scored = points[index - 1] if index else 0
            situation = _situation(index, scored, odds, game) if index else {}
            after_s = begins + wall * (1.0 if ended else spent / length)
            moment = self._moment(after_s, period, clock_s, ended=ended)
            truths.append(frame.running(game, moment, score, lines, odds, situation))
            if not ended:
                spent += weights[index] * unit
                own_home, own_away = (
                    (own_home, own_away + points[index]) if index % 2 else (own_home + points[index], own_away)
                )
        return truths

    def _moment(self, after_s: float, period: int, clock_s: float, *, ended: bool) -> frame.Moment:
        name, court = self._name(period), self.court
        display = frame.count_down(clock_s, tenths=court.tenths)
        if ended and period == court.periods // 2:
            return frame.Moment(after_s, period, 0.0, display, "Halftime", frame.HALFTIME)
        if ended:
            return frame.Moment(after_s, period, 0.0, display, f"End of {name}", frame.END_PERIOD)
        return frame.Moment(after_s, period, clock_s, display, f"{display} - {name}")


_SHOTS = {0: "misses a jumper", 1: "makes a free throw", 2: "makes a two point shot", 3: "makes a three point jumper"}


def _situation(index: int, points: int, odds: frame.Odds, game: SimGame) -> dict[str, object]:
    side = game.home if index % 2 else game.away
    return {
        "play": index,
        "text": f"{side.name} {_SHOTS[points]}",
        "score_value": points,
        "team_id": side.espn_id,
        "home_win": round(odds[0], 4),
    }
