"""Football: drives that alternate between the sides, worth 0, 3, 6, 7 or 8 points, and overtime by each league's rule.

The field position shown within a drive is drawn apart from how the drive ends, so the probability at
its start stays the true one until it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.drives import drive_plays, situation
from precog_assets.simulator.world.play.overtime import DRAW_AT, LATE, Chances, Drives, drive_tables, three_way
from precog_assets.simulator.world.play.walk import Edge, Outcomes, Side, scaled, value

HALF_S = 1800
_POINTS: Outcomes = ((0, 0.625), (3, 0.15), (6, 0.01), (7, 0.205), (8, 0.01))
_FOR_A_KICK: Outcomes = ((0, 0.54), (3, 0.34), (7, 0.12))
_FOR_A_TOUCHDOWN: Outcomes = ((0, 0.68), (7, 0.31), (8, 0.01))
_BEHIND: dict[int, Outcomes] = {
    **dict.fromkeys((0, 1, 2, 3), _FOR_A_KICK),
    **dict.fromkeys((4, 5, 6, 7), _FOR_A_TOUCHDOWN),
    8: ((0, 0.7), (6, 0.13), (8, 0.17)),
}
"""A side's last drive by what it is behind by."""


@dataclass(frozen=True, slots=True)
class Field:
    """How a league plays."""

    half_drives: int
    scoring: float
    college: bool
    quarter_wall_s: float = 2550.0
    halftime_s: float = 780.0
    break_s: float = 130.0


FIELDS = {"nfl": Field(12, 0.955, False), "ncaaf": Field(13, 1.1, True, halftime_s=1200.0)}


@dataclass(frozen=True, slots=True)
class _Drive:
    home: bool
    points: int
    starts_s: float
    """On the half's clock, or the overtime period's."""
    ends_s: float


@dataclass(frozen=True, slots=True)
class _Played:
    halves: tuple[tuple[_Drive, ...], ...]
    overtime: tuple[_Drive, ...]
    pace: float


class Football:
    """Rules of one football league."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._edge = Edge(self._expected, limit=0.85)
        self._chances = lru_cache(maxsize=192)(self._make_chances)
        self._sides = lru_cache(maxsize=256)(self._make_sides)
        self._before = lru_cache(maxsize=1024)(self._make_before)

    def _overtime(self, season_type: int) -> str:
        """`pairs` (college), `draw` (may end level), `decide` (until won) or `none`."""
        if self.field.college:
            return "pairs"
        return {1: "none", 3: "decide"}.get(season_type, "draw")

    def _drives(self, edge: float) -> tuple[Drives, Drives]:
        factors = (self.field.scoring * (1.0 + edge), self.field.scoring * (1.0 - edge))
        home, away = (
            Drives(scaled(_POINTS, factor), {behind: scaled(points, factor) for behind, points in _BEHIND.items()})
            for factor in factors
        )
        return home, away

    def _expected(self, edge: float) -> float:
        chances = drive_tables(
            self.field.half_drives, *self._drives(edge), "draw" if not self.field.college else "pairs"
        )
        count = 2 * self.field.half_drives
        return value(chances.win, count, 0) + value(chances.draw, count, 0) / 2

    def _make_sides(self, gap: float) -> tuple[Side, Side]:
        home, away = self._drives(self._edge(gap))
        return Side(home.usual, home.behind), Side(away.usual, away.behind)

    def _make_chances(self, gap: float, overtime: str) -> Chances:
        return drive_tables(self.field.half_drives, *self._drives(self._edge(gap)), overtime)

    def _make_before(self, gap: float, overtime: str) -> frame.Odds:
        chances, count = self._chances(gap, overtime), 2 * self.field.half_drives
        return three_way(value(chances.win, count, 0), value(chances.draw, count, 0))

    def before(self, game: SimGame) -> frame.Odds:
        return self._before(game.home_gap, self._overtime(game.season_type))

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng = Random(seed)
        sides = self._sides(game.home_gap)
        pace = 0.95 + 0.1 * rng.random()
        halves, lead = [], 0
        for half in (0, 1):
            weights = [0.5 + rng.random() for _ in range(self.field.half_drives)]
            unit, clock, drives = HALF_S / sum(weights), 0.0, []
            for index, weight in enumerate(weights):
                home = (index + half) % 2 == 0
                side, chance = sides[0 if home else 1], rng.random()
                late = half == 1 and index >= self.field.half_drives - LATE
                points = side.late(-lead if home else lead, chance) if late else side.usual(chance)
                ends = HALF_S if index == len(weights) - 1 else round(clock + weight * unit, 1)
                drives.append(_Drive(home, points, clock, ends))
                lead += points if home else -points
                clock = ends
            halves.append(tuple(drives))
        extra = self._extra(game, rng, sides) if lead == 0 else ()
        return _Played(tuple(halves), extra, pace)

    def _extra(self, game: SimGame, rng: Random, sides: tuple[Side, Side]) -> tuple[_Drive, ...]:
        kind = self._overtime(game.season_type)
        drives: list[_Drive] = []
        lead = 0
        while kind != "none":
            count = len(drives)
            if count >= 2 and lead and (kind != "pairs" or count % 2 == 0):
                break
            if kind == "draw" and count == DRAW_AT:
                break
            home = count % 2 == 0
            points = sides[0 if home else 1].usual(rng.random())
            lead += points if home else -points
            place = count % self._per_overtime()
            drives.append(_Drive(home, points, place * 150.0, (place + 1) * 150.0))
        return tuple(drives)

    def _per_overtime(self) -> int:
        return 2 if self.field.college else DRAW_AT

    def _lines(self, played: _Played) -> tuple[list[int], list[int]]:
        home, away = [0, 0, 0, 0], [0, 0, 0, 0]
        for half, drives in enumerate(played.halves):
            for drive in drives:
                quarter = 2 * half + (1 if drive.ends_s > HALF_S / 2 else 0)
                (home if drive.home else away)[quarter] += drive.points
        for index, drive in enumerate(played.overtime):
            if index % self._per_overtime() == 0:
                home.append(0)
                away.append(0)
            (home if drive.home else away)[-1] += drive.points
        return home, away

    def _wall_s(self, quarter: int, elapsed_s: float, pace: float) -> float:
        """Wall seconds when `elapsed_s` of a quarter (1 first, overtimes from 5) are played."""
        field = self.field
        seconds = (quarter - 1) * (field.quarter_wall_s * pace + field.break_s)
        if quarter > 2:
            seconds += field.halftime_s - field.break_s
        if quarter > 5:
            seconds -= (quarter - 5) * field.quarter_wall_s * pace / 3
        return seconds + elapsed_s * field.quarter_wall_s * pace / 900.0

    def _overtime_name(self, period: int) -> str:
        return "OT" if period == 5 else f"{period - 4}OT"

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        home, away = self._lines(played)
        period = len(home)
        elapsed = played.overtime[-1].ends_s if played.overtime else 900.0
        detail = "Final" if period == 4 else f"Final/{self._overtime_name(period)}"
        moment = frame.Moment(
            self._wall_s(period, elapsed, played.pace) + 15.0, period, 0.0, "0:00", detail, frame.FINAL
        )
        lines = frame.Lines(tuple(home), tuple(away))
        return frame.over(game, moment, frame.summed((home, away)), lines)

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played = self._play(game, seed)
        chances = self._chances(game.home_gap, self._overtime(game.season_type))
        telling = _Telling(self, game, played, chances, Random(seed ^ 0x5EED))
        for half in (0, 1):
            telling.half(half)
        telling.extra()
        return [*telling.truths, self._ending(game, played)]


class _Telling:
    """Tells a played game as states: after each play, each score, each quarter."""

    def __init__(self, rules: Football, game: SimGame, played: _Played, chances: Chances, rng: Random) -> None:
        self.rules, self.game, self.played, self.chances, self.rng = rules, game, played, chances, rng
        self.truths: list[Truth] = []
        self.home: list[int] = [0]
        self.away: list[int] = [0]
        self.done = 0

    def half(self, half: int) -> None:
        first = 2 * half + 1
        quarter = first
        for drive in self.played.halves[half]:
            for play in drive_plays(self.rng, drive.ends_s - drive.starts_s):
                at = drive.starts_s + play.after_s
                if quarter == first and at > 900:
                    quarter = self._next_quarter(quarter)
                clock = 900.0 * (quarter - first + 1) - at
                self._tell(quarter, clock, situation(self.game, drive.home, play))
            if quarter == first and drive.ends_s > 900:
                quarter = self._next_quarter(quarter)
            self._score(drive, quarter, 900.0 * (quarter - first + 1) - drive.ends_s)
        if half == 0:
            self._pause(2)
            self.home.append(0)
            self.away.append(0)
        elif self.played.overtime:
            self._pause(4)

    def _next_quarter(self, quarter: int) -> int:
        self._pause(quarter)
        self.home.append(0)
        self.away.append(0)
        return quarter + 1

    def _pause(self, quarter: int) -> None:
        if quarter == 2:
            self._tell(2, 0.0, {}, "Halftime", frame.HALFTIME)
        else:
            self._tell(quarter, 0.0, {}, f"End of {frame.ordinal(quarter)} Quarter", frame.END_PERIOD)

    def _score(self, drive: _Drive, quarter: int, clock_s: float) -> None:
        self.done += 1
        if drive.points:
            (self.home if drive.home else self.away)[-1] += drive.points
        self._tell(quarter, max(0.0, clock_s), situation(self.game, drive.home, None, drive.points))

    def extra(self) -> None:
        per = self.rules._per_overtime()
        for index, drive in enumerate(self.played.overtime):
            if index % per == 0:
                self.home.append(0)
                self.away.append(0)
            period = 5 + index // per
            for play in drive_plays(self.rng, drive.ends_s - drive.starts_s):
                clock = 600.0 - drive.starts_s - play.after_s
                self._tell(period, clock, situation(self.game, drive.home, play))
            self._score(drive, period, 600.0 - drive.ends_s)

    def _odds_now(self) -> frame.Odds:
        lead = sum(self.home) - sum(self.away)
        chances, count = self.chances, 2 * self.rules.field.half_drives
        extra = self.done - count
        if extra < 0 or (extra == 0 and not self.played.overtime):
            left = count - self.done
            return three_way(value(chances.win, left, lead), value(chances.draw, left, lead))
        kind = self.rules._overtime(self.game.season_type)
        if lead and extra >= 2 and (kind != "pairs" or extra % 2 == 0):
            return three_way(float(lead > 0), 0.0)
        if extra < 2 or kind == "pairs":
            left = 2 - extra % 2
            return three_way(value(chances.pair_win, left, lead), value(chances.pair_draw, left, lead))
        left = DRAW_AT - extra if kind == "draw" else -1
        return three_way(*chances.sudden[extra % 2 == 0, left])

    def _tell(
        self, quarter: int, clock_s: float, facts: dict[str, object], detail: str = "", status: str = frame.IN_PROGRESS
    ) -> None:
        clock_s = float(int(clock_s))
        display = frame.count_down(clock_s)
        length = 900.0 if quarter <= 4 else 600.0
        name = f"{frame.ordinal(quarter)} Quarter" if quarter <= 4 else self.rules._overtime_name(quarter)
        wall = self.rules._wall_s(quarter, length - clock_s, self.played.pace)
        moment = frame.Moment(wall, quarter, clock_s, display, detail or f"{display} - {name}", status)
        lines = frame.Lines(tuple(self.home), tuple(self.away))
        score = frame.summed((self.home, self.away))
        self.truths.append(frame.running(self.game, moment, score, lines, self._odds_now(), facts))
