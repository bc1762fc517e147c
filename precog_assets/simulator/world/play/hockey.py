"""Hockey: goals in slots of half a minute, sudden-death overtime, and a shoot-out outside the postseason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.walk import Edge, Outcomes, Step, Table, backward, terminal, value

SLOT_S = 30
PERIOD_SLOTS = 40
SLOTS = 3 * PERIOD_SLOTS
OVERTIME_SLOTS = 10
GOALS_A_SIDE = 2.9
OPEN_ICE = 2.2
"""Goal rate three against three relative to regulation."""
REACH = 14
CAREFUL_SLOTS, CAREFUL = 24, 0.55
"""At the end of regulation, while the score is level: slots, and goal rate relative to the usual."""
PULLED_SLOTS, PULLED_BEHIND = 4, 2
"""Without a goalkeeper: the last slots, of a side behind by so much at most."""
SIX_SKATERS, EMPTY_NET = 1.8, 5.0
"""Goal rates then, of the side behind and of the other."""
PERIOD_WALL_S = 2280.0
INTERMISSION_S = 1080.0
BREAK_S = 180.0


@dataclass(frozen=True, slots=True)
class _Ice:
    """Goal chances a slot, and what follows from them."""

    home: float
    away: float
    regulation: Table
    overtime: tuple[float, ...]
    """Home's chance with n slots of a five minute overtime left; the first is the shoot-out's."""
    forever: float
    """Home's chance in an overtime without end."""


@dataclass(frozen=True, slots=True)
class _Goal:
    slot: int
    """Since the start, overtimes counted on."""
    home: bool
    second: int
    """Into the slot."""


@dataclass(frozen=True, slots=True)
class _Played:
    goals: tuple[_Goal, ...]
    """Of regulation and overtime."""
    slots: int
    """Played in all, overtime included."""
    shootout_home: bool | None
    pace: float


def _rates(edge: float) -> tuple[float, float]:
    slot = GOALS_A_SIDE / SLOTS
    return slot * (1.0 + edge), slot * (1.0 - edge)


def _factors(slot: int, lead: int) -> tuple[float, float]:
    """Goal rates of home and away in a slot of regulation by home's lead, relative to the usual."""
    if slot >= SLOTS - PULLED_SLOTS and 0 < abs(lead) <= PULLED_BEHIND:
        return (EMPTY_NET, SIX_SKATERS) if lead > 0 else (SIX_SKATERS, EMPTY_NET)
    if slot >= SLOTS - CAREFUL_SLOTS and lead == 0:
        return CAREFUL, CAREFUL
    return 1.0, 1.0


def _step(slot: int, home: float, away: float) -> Step:
    """The moves of a slot of regulation."""

    def moves(lead: int) -> Outcomes:
        home_factor, away_factor = _factors(slot, lead)
        scored, conceded = home * home_factor, away * away_factor
        return ((1, scored), (-1, conceded), (0, 1.0 - scored - conceded))

    leads = range(-PULLED_BEHIND, PULLED_BEHIND + 1) if slot >= SLOTS - CAREFUL_SLOTS else ()
    return Step(moves(REACH), {lead: moves(lead) for lead in leads})


def _ice(edge: float, *, postseason: bool) -> _Ice:
    home, away = _rates(edge)
    forever = home / (home + away)
    chances = [0.5 + edge / 4]
    for _ in range(OVERTIME_SLOTS):
        chances.append(OPEN_ICE * home + (1.0 - OPEN_ICE * (home + away)) * chances[-1])
    level = forever if postseason else chances[-1]
    steps = [_step(slot, home, away) for slot in range(SLOTS)]
    table = backward(steps, terminal(REACH, ahead=1, level=level, behind=0))
    return _Ice(home, away, table, tuple(chances), forever)


class Hockey:
    """Rules of hockey as the NHL plays it."""

    def __init__(self) -> None:
        self._edge = Edge(lambda edge: value(_ice(edge, postseason=False).regulation, SLOTS, 0), limit=0.9)
        self._ice = lru_cache(maxsize=256)(self._make_ice)

    def _make_ice(self, gap: float, postseason: bool) -> _Ice:
        return _ice(self._edge(gap), postseason=postseason)

    def _of(self, game: SimGame) -> _Ice:
        return self._ice(game.home_gap, game.season_type == 3)

    def before(self, game: SimGame) -> frame.Odds:
        return frame.without_draw(value(self._of(game).regulation, SLOTS, 0))

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng = Random(seed)
        draw = rng.random
        home, away = _rates(self._edge(game.home_gap))
        postseason = game.season_type == 3
        pace = 0.95 + 0.1 * draw()
        goals: list[_Goal] = []
        lead = slot = 0
        while slot < SLOTS or (lead == 0 and (postseason or slot < SLOTS + OVERTIME_SLOTS)):
            if slot < SLOTS:
                home_factor, away_factor = _factors(slot, lead)
            else:
                home_factor = away_factor = 1.0 if postseason else OPEN_ICE
            chance = draw()
            if chance < home_factor * home + away_factor * away:
                scored = chance < home_factor * home
                goals.append(_Goal(slot, scored, 1 + int(28 * draw())))
                lead += 1 if scored else -1
            slot += 1
        shootout = draw() < self._of(game).overtime[0] if lead == 0 else None
        return _Played(tuple(goals), slot, shootout, pace)

    def _lines(self, played: _Played, slot: float, *, postseason: bool) -> frame.Lines:
        """Goals by period of the slots before `slot`."""
        last = max(0.0, min(slot, played.slots) - 1e-6)
        periods = _period(int(last), postseason=postseason)
        home, away = [0] * periods, [0] * periods
        for goal in played.goals:
            if goal.slot < slot:
                (home if goal.home else away)[_period(goal.slot, postseason=postseason) - 1] += 1
        return frame.Lines(tuple(home), tuple(away))

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        postseason = game.season_type == 3
        lines = self._lines(played, played.slots, postseason=postseason)
        period = len(lines.home)
        clock_s, after_s = 0.0, _wall_s(played.slots, played.pace, postseason=postseason) + 15.0
        if period > 3 and played.shootout_home is None:
            goal = played.goals[-1]
            into = (goal.slot - _first_slot(period)) * SLOT_S + goal.second
            clock_s = float(_length_s(period, postseason=postseason) - into)
        if played.shootout_home is not None:
            won = int(played.shootout_home)
            lines = frame.Lines((*lines.home, won), (*lines.away, 1 - won))
            period, after_s = 5, after_s + 420.0
        detail = {3: "Final", 4: "Final/OT"}.get(period, f"Final/{period - 3}OT" if postseason else "Final/SO")
        moment = frame.Moment(after_s, period, clock_s, frame.count_down(clock_s), detail, frame.FINAL)
        return frame.over(game, moment, frame.summed((lines.home, lines.away)), lines)

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played, ice = self._play(game, seed), self._of(game)
        postseason = game.season_type == 3
        goals = {goal.slot: goal for goal in played.goals}
        truths: list[Truth] = []
        for slot in range(played.slots):
            truths.append(self._state(game, played, ice, slot, None))
            if slot in goals and slot < SLOTS:
                truths.append(self._state(game, played, ice, slot, goals[slot]))
            ended = slot + 1
            more = ended < played.slots or played.shootout_home is not None
            if more and _period(ended, postseason=postseason) > _period(slot, postseason=postseason):
                truths.append(self._pause(game, played, ice, ended))
        if played.shootout_home is not None:
            truths.append(self._shootout(game, played, ice))
        return [*truths, self._ending(game, played)]

    def _odds(self, ice: _Ice, slots_done: int, lead: int, *, postseason: bool) -> frame.Odds:
        if slots_done < SLOTS or lead:
            return frame.without_draw(value(ice.regulation, max(0, SLOTS - slots_done), lead))
        if postseason:
            return frame.without_draw(ice.forever)
        return frame.without_draw(ice.overtime[max(0, SLOTS + OVERTIME_SLOTS - slots_done)])

    def _state(self, game: SimGame, played: _Played, ice: _Ice, slot: int, goal: _Goal | None) -> Truth:
        postseason = game.season_type == 3
        done = slot + (goal is not None)
        period = _period(slot, postseason=postseason)
        lines = _padded(self._lines(played, done, postseason=postseason), period)
        score = frame.summed((lines.home, lines.away))
        into = (slot - _first_slot(period)) * SLOT_S + (goal.second if goal else 0)
        clock_s = float(_length_s(period, postseason=postseason) - into)
        display = frame.count_down(clock_s)
        facts: dict[str, object] = {}
        after_s = _wall_s(slot, played.pace, postseason=postseason)
        if goal:
            side = game.home if goal.home else game.away
            facts = {"text": f"{side.name} goal", "score_value": 1, "team_id": side.espn_id, "play": slot}
            after_s += goal.second * PERIOD_WALL_S / (PERIOD_SLOTS * SLOT_S) * played.pace
        odds = self._odds(ice, done, score[0] - score[1], postseason=postseason)
        moment = frame.Moment(after_s, period, clock_s, display, f"{display} - {_name(period)}")
        return frame.running(game, moment, score, lines, odds, facts)

    def _pause(self, game: SimGame, played: _Played, ice: _Ice, ended: int) -> Truth:
        postseason = game.season_type == 3
        lines = self._lines(played, ended, postseason=postseason)
        period = len(lines.home)
        score = frame.summed((lines.home, lines.away))
        after_s = _wall_s(ended - 1, played.pace, postseason=postseason) + _slot_wall_s(played.pace)
        odds = self._odds(ice, ended, score[0] - score[1], postseason=postseason)
        moment = frame.Moment(after_s, period, 0.0, "0:00", f"End of {_name(period)}", frame.END_PERIOD)
        return frame.running(game, moment, score, lines, odds, {})

    def _shootout(self, game: SimGame, played: _Played, ice: _Ice) -> Truth:
        lines = self._lines(played, played.slots, postseason=False)
        score = frame.summed((lines.home, lines.away))
        after_s = _wall_s(played.slots, played.pace, postseason=False) + 90.0
        moment = frame.Moment(after_s, 5, 0.0, "0:00", "Shootout")
        return frame.running(game, moment, score, _padded(lines, 5), frame.without_draw(ice.overtime[0]), {})


def _period(slot: int, *, postseason: bool) -> int:
    if slot < SLOTS:
        return slot // PERIOD_SLOTS + 1
    if not postseason:
        return 4 if slot < SLOTS + OVERTIME_SLOTS else 5
    return slot // PERIOD_SLOTS + 1


def _first_slot(period: int) -> int:
    return (period - 1) * PERIOD_SLOTS


def _length_s(period: int, *, postseason: bool) -> int:
    return PERIOD_SLOTS * SLOT_S if period <= 3 or postseason else OVERTIME_SLOTS * SLOT_S


def _slot_wall_s(pace: float) -> float:
    return PERIOD_WALL_S * pace / PERIOD_SLOTS


def _wall_s(slot: int, pace: float, *, postseason: bool) -> float:
    """Wall seconds at the beginning of a slot; at the end of all of them, of the last one played."""
    breaks = min(slot // PERIOD_SLOTS, 2) * INTERMISSION_S
    if slot >= SLOTS:
        breaks += INTERMISSION_S * (slot // PERIOD_SLOTS - 2) if postseason else BREAK_S
    return slot * _slot_wall_s(pace) + breaks


def _name(period: int) -> str:
    if period <= 3:
        return f"{frame.ordinal(period)} Period"
    return "OT" if period == 4 else f"{period - 3}OT"


def _padded(lines: frame.Lines, periods: int) -> frame.Lines:
    missing = (0,) * max(0, periods - len(lines.home))
    return frame.Lines((*lines.home, *missing), (*lines.away, *missing))
