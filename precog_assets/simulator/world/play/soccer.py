"""Soccer: goals in slots of a minute, stoppage time known to the world, a draw after ninety minutes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.walk import Edge, Outcomes, Table, backward, terminal, value

HALF_MINUTES = 45
SLOTS = 97
"""Minutes the goal rates are spread over: two halves and the usual stoppage."""
LONGEST = 110
REACH = 12
HALFTIME_S = 960.0
FIRST_HALF, SECOND_HALF, FULL_TIME = "STATUS_FIRST_HALF", "STATUS_SECOND_HALF", "STATUS_FULL_TIME"


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


@dataclass(frozen=True, slots=True)
class _Played:
    halves: tuple[int, int]
    """Minutes of each half, stoppage included."""
    incidents: tuple[_Incident, ...]


class Soccer:
    """Rules of one soccer league; `goals` is the mean of both sides together."""

    def __init__(self, goals: float) -> None:
        self.goals = goals
        self._edge = Edge(self._expected, limit=0.93)
        self._pitch = lru_cache(maxsize=256)(self._make_pitch)

    def _rates(self, edge: float) -> tuple[float, float]:
        minute = self.goals / 2 / SLOTS
        return minute * (1.0 + edge), minute * (1.0 - edge)

    def _tables(self, edge: float) -> _Pitch:
        home, away = self._rates(edge)
        moves: Outcomes = ((1, home), (-1, away), (0, 1.0 - home - away))
        win = backward([moves] * LONGEST, terminal(REACH, ahead=1, level=0, behind=0))
        draw = backward([moves] * LONGEST, terminal(REACH, ahead=0, level=1, behind=0))
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
        home, away = self._rates(self._edge(game.home_gap))
        halves = (HALF_MINUTES + 1 + int(4 * draw()), HALF_MINUTES + 3 + int(6 * draw()))
        incidents = []
        for minute in range(sum(halves)):
            chance = draw()
            if chance < home + away:
                kind = "penalty" if draw() < 0.09 else "goal"
                incidents.append(_Incident(minute, chance < home, kind, int(58 * draw())))
            elif chance > 0.96:
                kind = "red" if draw() < 0.025 else "yellow"
                incidents.append(_Incident(minute, draw() < 0.47, kind, int(58 * draw())))
        return _Played(halves, tuple(incidents))

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        total = sum(played.halves)
        added = played.halves[1] - HALF_MINUTES
        moment = frame.Moment(_wall_s(played, total) + 5.0, 2, 5400.0, f"90'+{added}'", "FT", FULL_TIME)
        facts = _facts(game, played, len(played.incidents))
        return frame.over(game, moment, *_score(played, len(played.incidents), total), facts)

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played, pitch = self._play(game, seed), self._pitch(game.home_gap)
        incidents = {incident.minute: place for place, incident in enumerate(played.incidents)}
        total, truths, seen = sum(played.halves), [], 0
        for minute in range(total):
            if minute == played.halves[0]:
                truths.append(self._pause(game, played, pitch, seen))
            truths.append(self._state(game, played, pitch, minute, seen, 0))
            if minute in incidents:
                seen = incidents[minute] + 1
                truths.append(self._state(game, played, pitch, minute, seen, played.incidents[seen - 1].second + 1))
        return [*truths, self._ending(game, played)]

    def _state(self, game: SimGame, played: _Played, pitch: _Pitch, minute: int, seen: int, second: int) -> Truth:
        score, lines = _score(played, seen, minute)
        goal = second and played.incidents[seen - 1].kind in ("goal", "penalty")
        odds = self._odds(pitch, sum(played.halves) - minute - bool(goal), score[0] - score[1])
        period = 1 if minute < played.halves[0] else 2
        status = FIRST_HALF if period == 1 else SECOND_HALF
        clock_s, display = _clock(played, minute, second)
        moment = frame.Moment(_wall_s(played, minute) + second, period, clock_s, display, display, status)
        return frame.running(game, moment, score, lines, odds, _facts(game, played, seen))

    def _pause(self, game: SimGame, played: _Played, pitch: _Pitch, seen: int) -> Truth:
        first = played.halves[0]
        score, lines = _score(played, seen, first - 1)
        odds = self._odds(pitch, played.halves[1], score[0] - score[1])
        display = f"45'+{first - HALF_MINUTES}'"
        moment = frame.Moment(first * 60.0, 1, 2700.0, display, "HT", frame.HALFTIME)
        return frame.running(game, moment, score, lines, odds, _facts(game, played, seen))


def _wall_s(played: _Played, minute: int) -> float:
    return minute * 60.0 + (HALFTIME_S if minute >= played.halves[0] else 0.0)


def _clock(played: _Played, minute: int, second: int) -> tuple[float, str]:
    """Seconds that stop at the half's end, and the minute as shown."""
    first = played.halves[0]
    base, into = (0, minute) if minute < first else (HALF_MINUTES, minute - first)
    if into >= HALF_MINUTES:
        return (base + HALF_MINUTES) * 60.0, f"{base + HALF_MINUTES}'+{into - HALF_MINUTES + 1}'"
    return (base + into) * 60.0 + second, f"{base + into + 1}'"


def _score(played: _Played, seen: int, minute: int) -> tuple[tuple[int, int], frame.Lines]:
    """Score and lines of the first `seen` incidents, with a second period once it has begun."""
    home, away = [0, 0], [0, 0]
    for incident in played.incidents[:seen]:
        if incident.kind in ("goal", "penalty"):
            (home if incident.home else away)[incident.minute >= played.halves[0]] += 1
    periods = 2 if minute >= played.halves[0] else 1
    return (sum(home), sum(away)), frame.Lines(tuple(home[:periods]), tuple(away[:periods]))


def _facts(game: SimGame, played: _Played, seen: int) -> dict[str, object]:
    """What has happened so far: goals and cards, in order."""
    happened = []
    for incident in played.incidents[:seen]:
        clock_s, display = _clock(played, incident.minute, incident.second)
        side = game.home if incident.home else game.away
        happened.append({"kind": incident.kind, "team_id": side.espn_id, "clock_s": clock_s, "display_clock": display})
    return {"incidents": tuple(happened)}
