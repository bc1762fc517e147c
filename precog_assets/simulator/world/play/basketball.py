"""Basketball: alternating possessions of 0 to 3 points, home first, overtimes until decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.conditions import factors, level_of
from precog_assets.simulator.world.play.possessions import LATE, Chances, Court, Possessions, under
from precog_assets.simulator.world.play.walk import value

COURTS = {
    "nba": Court(4, 720, 50, 20, 1.0, 0.063, 1850.0, "Quarter"),
    "wnba": Court(4, 600, 40, 20, 0.92, 0.06, 1650.0, "Quarter"),
    "ncaab": Court(2, 1200, 70, 18, 0.885, 0.113, 3200.0, "Half", tenths=False),
    "wncaab": Court(4, 600, 36, 18, 0.81, 0.12, 1500.0, "Quarter", tenths=False),
}


@dataclass(frozen=True, slots=True)
class _Played:
    points: tuple[tuple[int, ...], ...]
    """Points of each possession by period; even places are the home side's."""
    pace: float
    """Wall time relative to the usual."""


class Basketball:
    """Rules of one basketball league."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self._levels = [under(court, factor) for factor in factors(court.shared)]
        self._before = lru_cache(maxsize=1024)(self._make_before)

    def _of(self, game: SimGame) -> Possessions:
        return self._levels[level_of(game)]

    def _make_before(self, level: int, gap: float) -> float:
        return self._levels[level].before(gap)

    def before(self, game: SimGame) -> frame.Odds:
        return frame.without_draw(self._before(level_of(game), game.home_gap))

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng, court = Random(seed), self.court
        home, away = self._of(game).sides(game.home_gap)
        draw = rng.random
        pace = 0.94 + 0.14 * draw()
        periods: list[tuple[int, ...]] = []
        lead = 0
        while len(periods) < court.periods or lead == 0:
            regular = len(periods) < court.periods
            count = court.possessions if regular else court.overtime_possessions
            late = 0 if len(periods) < court.periods - 1 else LATE
            each = (count - late) // 2
            points = [0] * count
            points[0 : 2 * each : 2], points[1 : 2 * each : 2] = (
                home.usual.many(each, draw),
                away.usual.many(each, draw),
            )
            lead += sum(points[::2]) - sum(points[1::2])
            for i in range(count - late, count):
                points[i] = away.late(lead, draw()) if i % 2 else home.late(-lead, draw())
                lead += -points[i] if i % 2 else points[i]
            periods.append(tuple(points))
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
        played, chances = self._play(game, seed), self._of(game).chances(game.home_gap)
        ticks = Random(seed ^ 0x5EED)
        truths: list[Truth] = []
        for period in range(1, len(played.points) + 1):
            truths += self._period(game, played, chances, period, ticks)
        truths.append(self._ending(game, played))
        return truths

    def _period(self, game: SimGame, played: _Played, chances: Chances, period: int, ticks: Random) -> list[Truth]:
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
