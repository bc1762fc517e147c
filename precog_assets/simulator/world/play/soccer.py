"""Soccer: goals in slots of a minute, stoppage time known to the world; extra time and penalties in cup ties.

The probabilities are of the ninety minutes, on which markets settle: once these are over they are certain.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.penalties import KICK_S, shootout, tally
from precog_assets.simulator.world.play.walk import Edge, Outcomes, Step, Table, backward, terminal, value

HALF_MINUTES = 45
_PERIODS = ((0, 45), (45, 45), (90, 15), (105, 15))
"""Minute each period begins at, and its length."""
_BREAKS_S = (0.0, 960.0, 1260.0, 1320.0)
"""Wall seconds of all breaks before each period."""
SLOTS = 98
"""Minutes the goal rates are spread over: two halves and the usual stoppage."""
LONGEST = 110
REACH = 12
CAREFUL_MINUTES = 25
"""At the end of regulation sides risk less while the score is level."""
_SHOOTOUT_BREAK_S = 240.0
FULL_TIME, FINAL_AET, FINAL_PEN = "STATUS_FULL_TIME", "STATUS_FINAL_AET", "STATUS_FINAL_PEN"
_PLAYING = ("STATUS_FIRST_HALF", "STATUS_SECOND_HALF", "STATUS_OVERTIME", "STATUS_OVERTIME")
_PAUSES = ((frame.HALFTIME, "HT"), ("STATUS_END_OF_REGULATION", "ET"), ("STATUS_HALFTIME_ET", "Extra Time Halftime"))
"""After the first, second and third period, where another follows."""
SHOOTOUT = ("STATUS_SHOOTOUT", "Penalties")


@dataclass(frozen=True, slots=True)
class _Pitch:
    home: float
    away: float
    """Goal chances a minute."""
    win: Table
    draw: Table


@dataclass(frozen=True, slots=True)
class _Incident:
    minute: int
    """Minutes played before it, stoppage counted on."""
    home: bool
    kind: str
    """goal, penalty, yellow or red."""
    second: int

    @property
    def goal(self) -> bool:
        return self.kind in ("goal", "penalty")


@dataclass(frozen=True, slots=True)
class _Played:
    lengths: tuple[int, ...]
    """Minutes of each period, stoppage included: two, or four with extra time."""
    incidents: tuple[_Incident, ...]
    kicks: tuple[bool, ...] = ()
    """Penalties of the shoot-out."""

    @property
    def bounds(self) -> list[int]:
        """Minutes played by the end of each period."""
        return list(accumulate(self.lengths))

    @property
    def regulation(self) -> int:
        return self.lengths[0] + self.lengths[1]

    def period(self, minute: int) -> int:
        """The period a minute is in, 0 the first; the end of play counts to the last."""
        return min(bisect_right(self.bounds, minute), len(self.lengths) - 1)


class Soccer:
    """Rules of one soccer league.

    `goals` is the mean of both sides together, `careful` the goal rate late in a level game relative to the usual.
    """

    def __init__(self, goals: float, careful: float) -> None:
        self.goals, self.careful = goals, careful
        self._edge = Edge(self._expected, limit=0.93)
        self._pitch = lru_cache(maxsize=256)(self._make_pitch)

    def _rates(self, edge: float) -> tuple[float, float]:
        minute = self.goals / 2 / SLOTS
        return minute * (1.0 + edge), minute * (1.0 - edge)

    def _tables(self, edge: float) -> _Pitch:
        home, away = self._rates(edge)
        usual: Outcomes = ((1, home), (-1, away), (0, 1.0 - home - away))
        scored, conceded = self.careful * home, self.careful * away
        late = Step(usual, {0: ((1, scored), (-1, conceded), (0, 1.0 - scored - conceded))})
        steps = [*[usual] * (LONGEST - CAREFUL_MINUTES), *[late] * CAREFUL_MINUTES]
        win = backward(steps, terminal(REACH, ahead=1, level=0, behind=0))
        draw = backward(steps, terminal(REACH, ahead=0, level=1, behind=0))
        return _Pitch(home, away, win, draw)

    def _make_pitch(self, gap: float) -> _Pitch:
        return self._tables(self._edge(gap))

    def _expected(self, edge: float) -> float:
        pitch = self._tables(edge)
        return value(pitch.win, SLOTS, 0) + value(pitch.draw, SLOTS, 0) / 2

    def _odds(self, pitch: _Pitch, left: int, lead: int) -> frame.Odds:
        win, draw = value(pitch.win, left, lead), value(pitch.draw, left, lead)
        return win, draw, max(0.0, 1.0 - win - draw)

    def before(self, game: SimGame) -> frame.Odds:
        return self._odds(self._pitch(game.home_gap), SLOTS, 0)

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng = Random(seed)
        draw = rng.random
        lengths = (HALF_MINUTES + 1 + int(4 * draw()), HALF_MINUTES + 3 + int(6 * draw()))
        incidents = self._minutes(game, rng, 0, sum(lengths))
        if not game.knockout or _lead(game, incidents):
            return _Played(lengths, tuple(incidents))
        lengths = (*lengths, 15 + int(3 * draw()), 15 + int(4 * draw()))
        incidents += self._minutes(game, rng, sum(lengths[:2]), sum(lengths))
        return _Played(lengths, tuple(incidents), () if _lead(game, incidents) else shootout(rng))

    def _minutes(self, game: SimGame, rng: Random, first: int, last: int) -> list[_Incident]:
        """What happens in minutes from `first` up to `last`."""
        draw = rng.random
        home, away = self._rates(self._edge(game.home_gap))
        incidents = []
        careful = last - CAREFUL_MINUTES if first == 0 else last
        lead, factor = 0, 1.0
        for minute in range(first, last):
            if minute >= careful:
                factor = 1.0 if lead else self.careful
            chance = draw()
            if chance < factor * (home + away):
                scored = chance < factor * home
                lead += 1 if scored else -1
                kind = "penalty" if draw() < 0.09 else "goal"
                incidents.append(_Incident(minute, scored, kind, int(58 * draw())))
            elif chance > 0.96:
                kind = "red" if draw() < 0.025 else "yellow"
                incidents.append(_Incident(minute, draw() < 0.47, kind, int(58 * draw())))
        return incidents

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        total = sum(played.lengths)
        after_s = _wall_s(played, total) + 5.0
        clock_s, display = _end_of(played, len(played.lengths) - 1)
        status, detail, period = FULL_TIME, "FT", 2
        if played.kicks:
            after_s += _SHOOTOUT_BREAK_S + KICK_S * len(played.kicks)
            status, detail, period, display = FINAL_PEN, "FT-Pens", 5, "120'"
        elif len(played.lengths) > 2:
            status, detail, period = FINAL_AET, "AET", 4
        moment = frame.Moment(after_s, period, clock_s, display, detail, status)
        facts = _facts(game, played, len(played.incidents), len(played.kicks))
        score, lines = _score(played, len(played.incidents), total)
        settled = (sum(lines.home[:2]), sum(lines.away[:2]))
        home_kicks, away_kicks = tally(played.kicks)
        lead = _lead(game, played.incidents) or home_kicks - away_kicks
        advanced = ("home" if lead > 0 else "away") if game.knockout else None
        return frame.over(
            game,
            moment,
            score,
            lines,
            facts,
            settled=settled,
            advanced=advanced,
            shootout=(home_kicks, away_kicks) if played.kicks else None,
        )

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played, pitch = self._play(game, seed), self._pitch(game.home_gap)
        incidents = {incident.minute: place for place, incident in enumerate(played.incidents)}
        breaks = {bound: period for period, bound in enumerate(played.bounds[:-1])}
        total, truths, seen = sum(played.lengths), [], 0
        for minute in range(total):
            if minute in breaks:
                truths.append(self._pause(game, played, pitch, breaks[minute], seen))
            truths.append(self._state(game, played, pitch, minute, seen, 0))
            if minute in incidents:
                seen = incidents[minute] + 1
                truths.append(self._state(game, played, pitch, minute, seen, played.incidents[seen - 1].second + 1))
        if played.kicks:
            truths += [self._penalties(game, played, pitch, taken) for taken in range(len(played.kicks) + 1)]
        return [*truths, self._ending(game, played)]

    def _odds_at(self, played: _Played, pitch: _Pitch, done: int, seen: int) -> frame.Odds:
        """Odds with `done` minutes behind; of the ninety minutes, so goals of extra time do not count."""
        lead = sum(
            (1 if one.home else -1) for one in played.incidents[:seen] if one.goal and one.minute < played.regulation
        )
        return self._odds(pitch, max(0, played.regulation - done), lead)

    def _state(self, game: SimGame, played: _Played, pitch: _Pitch, minute: int, seen: int, second: int) -> Truth:
        score, lines = _score(played, seen, minute)
        goal = bool(second) and played.incidents[seen - 1].goal
        odds = self._odds_at(played, pitch, minute + goal, seen)
        period = played.period(minute)
        clock_s, display = _clock(played, minute, second)
        after_s = _wall_s(played, minute) + second
        moment = frame.Moment(after_s, period + 1, clock_s, display, display, _PLAYING[period])
        return frame.running(game, moment, score, lines, odds, _facts(game, played, seen))

    def _pause(self, game: SimGame, played: _Played, pitch: _Pitch, period: int, seen: int) -> Truth:
        """Between a period and the next."""
        minute = played.bounds[period]
        score, lines = _score(played, seen, minute - 1)
        status, detail = _PAUSES[period]
        clock_s, display = _end_of(played, period)
        after_s = minute * 60.0 + _BREAKS_S[period]
        moment = frame.Moment(after_s, period + 1, clock_s, display, detail, status)
        odds = self._odds_at(played, pitch, minute, seen)
        return frame.running(game, moment, score, lines, odds, _facts(game, played, seen))

    def _penalties(self, game: SimGame, played: _Played, pitch: _Pitch, taken: int) -> Truth:
        """After so many penalties of the shoot-out."""
        total, seen = sum(played.lengths), len(played.incidents)
        score, lines = _score(played, seen, total)
        after_s = _wall_s(played, total) + _SHOOTOUT_BREAK_S + KICK_S * taken
        status, detail = SHOOTOUT
        moment = frame.Moment(after_s, 5, 7200.0, "120'", detail, status)
        odds = self._odds_at(played, pitch, total, seen)
        facts = _facts(game, played, seen, taken)
        return frame.running(game, moment, score, lines, odds, facts, shootout=tally(played.kicks[:taken]))


def _lead(game: SimGame, incidents: tuple[_Incident, ...] | list[_Incident]) -> int:
    """Goals the home side is ahead by, the first leg counted."""
    return (game.first_leg_lead or 0) + sum((1 if one.home else -1) for one in incidents if one.goal)


def _wall_s(played: _Played, minute: int) -> float:
    return minute * 60.0 + _BREAKS_S[played.period(minute)]


def _clock(played: _Played, minute: int, second: int) -> tuple[float, str]:
    """Seconds that stop at the period's end, and the minute as shown."""
    period = played.period(minute)
    base, length = _PERIODS[period]
    into = minute - sum(played.lengths[:period])
    if into >= length:
        return (base + length) * 60.0, f"{base + length}'+{into - length + 1}'"
    return (base + into) * 60.0 + second, f"{base + into + 1}'"


def _end_of(played: _Played, period: int) -> tuple[float, str]:
    """Clock and minute as shown when a period is over."""
    base, length = _PERIODS[period]
    added = played.lengths[period] - length
    return (base + length) * 60.0, f"{base + length}'+{added}'" if added else f"{base + length}'"


def _score(played: _Played, seen: int, minute: int) -> tuple[tuple[int, int], frame.Lines]:
    """Score and lines of the first `seen` incidents, with a period once it has begun."""
    periods = played.period(minute) + 1
    home, away = [0] * periods, [0] * periods
    for incident in played.incidents[:seen]:
        if incident.goal:
            (home if incident.home else away)[played.period(incident.minute)] += 1
    return (sum(home), sum(away)), frame.Lines(tuple(home), tuple(away))


def _facts(game: SimGame, played: _Played, seen: int, taken: int = 0) -> dict[str, object]:
    """What has happened so far: goals and cards in order, and penalties taken in a shoot-out."""
    happened = []
    for incident in played.incidents[:seen]:
        clock_s, display = _clock(played, incident.minute, incident.second)
        side = game.home if incident.home else game.away
        happened.append({"kind": incident.kind, "team_id": side.espn_id, "clock_s": clock_s, "display_clock": display})
    facts: dict[str, object] = {"incidents": tuple(happened)}
    if taken:
        sides = (game.home.espn_id, game.away.espn_id)
        facts["shootout"] = tuple(
            {"team_id": sides[place % 2], "scored": scored} for place, scored in enumerate(played.kicks[:taken])
        )
    return facts
