"""Tennis: games won by the server with a fixed chance, tie-breaks at six all, best of three or five sets.

Before every game but the first either side may retire, with the same small chance; the other one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play import frame
from precog_assets.simulator.world.play.walk import Edge

RETIRED = "STATUS_RETIRED"
_BETWEEN_SETS_S = 150.0
_TREATMENT_S = 240.0
"""From the score at which a player stops to the retirement."""
Score = tuple[int, int, int, int, bool]
"""Sets home, sets away, games home, games away, home serving."""


@dataclass(frozen=True, slots=True)
class _Game:
    """One game of a set as it was played."""

    home_served: bool
    home_won: bool
    tie_break: tuple[int, int] | None
    """Points (home, away) when it was the tie-break."""
    wall_s: float


@dataclass(frozen=True, slots=True)
class _Serves:
    """Chances of the server to hold a game, by side, and of home to win a tie-break."""

    home: float
    away: float
    tie_break: float

    def home_wins(self, score: Score) -> float:
        """Home's chance to win the next game."""
        if score[2] == score[3] == 6:
            return self.tie_break
        return self.home if score[4] else 1.0 - self.away


BySets = dict[int, _Serves]


@dataclass(frozen=True, slots=True)
class _Played:
    sets: tuple[tuple[_Game, ...], ...]
    """Games by set; the last set is unfinished, or not begun, after a retirement."""
    retired_home: bool | None = None
    """Who retired, if anyone."""


Values = dict[Score, float]
"""Home's chance to win the match from every score."""


def _next(score: Score, won: bool) -> Score:
    """The score after a game; a set ends at six with two ahead, or at seven."""
    sets_home, sets_away, home, away, serving = score
    home, away = home + won, away + (not won)
    if max(home, away) == 7 or (max(home, away) == 6 and abs(home - away) >= 2):
        return sets_home + (home > away), sets_away + (away > home), 0, 0, not serving
    return sets_home, sets_away, home, away, not serving


def _serves(hold: float, form: float, edge: float) -> BySets:
    """By the sets home leads by: whoever is ahead has the day's form."""
    by_sets = {}
    for lead in (-2, -1, 0, 1, 2):
        now = edge + form * lead
        hold_home, hold_away = (min(0.985, max(0.05, hold + own)) for own in (now, -now))
        by_sets[lead] = _Serves(hold_home, hold_away, min(0.95, max(0.05, 0.5 + 1.1 * now)))
    return by_sets


def _match(serves: BySets, best_of: int, retiring: float) -> Values:
    """`retiring` is each side's chance to give up before a game."""
    need = best_of // 2 + 1
    values: Values = {}

    def solve(score: Score) -> float:
        if score[0] == need or score[1] == need:
            return float(score[0] == need)
        if score not in values:
            chance = serves[score[0] - score[1]].home_wins(score)
            played = chance * solve(_next(score, True)) + (1.0 - chance) * solve(_next(score, False))
            values[score] = retiring + (1.0 - 2.0 * retiring) * played if any(score[:4]) else played
        return values[score]

    solve((0, 0, 0, 0, True))
    solve((0, 0, 0, 0, False))
    return values


class Tennis:
    """Rules of one tour.

    `hold` is the usual share of service games held, `form` what a side adds to it, and takes from the other's, for
    each set it leads by, `retiring` a side's chance to give up before a game.
    """

    def __init__(self, hold: float, form: float, retiring: float) -> None:
        self.hold, self.form, self.retiring = hold, form, retiring
        self._edges = {best_of: Edge(self._expected(best_of), limit=0.33, points=23) for best_of in (3, 5)}
        self._match = lru_cache(maxsize=128)(self._make_match)
        self._before = lru_cache(maxsize=1024)(self._make_before)

    def _expected(self, best_of: int) -> Callable[[float], float]:
        def expected(edge: float) -> float:
            return _start(_match(_serves(self.hold, self.form, edge), best_of, self.retiring))

        return expected

    def _serves(self, gap: float, best_of: int) -> BySets:
        return _serves(self.hold, self.form, self._edges[best_of](gap))

    def _make_match(self, gap: float, best_of: int) -> Values:
        return _match(self._serves(gap, best_of), best_of, self.retiring)

    def _make_before(self, gap: float, best_of: int) -> float:
        return _start(self._match(gap, best_of))

    def before(self, game: SimGame) -> frame.Odds:
        return frame.without_draw(self._before(game.home_gap, game.best_of or 3))

    def _play(self, game: SimGame, seed: int) -> _Played:
        rng = Random(seed)
        draw = rng.random
        serves = self._serves(game.home_gap, game.best_of or 3)
        score: Score = (0, 0, 0, 0, draw() < 0.5)
        sets: list[list[_Game]] = [[]]
        need = (game.best_of or 3) // 2 + 1
        while max(score[:2]) < need:
            if any(score[:4]):
                gives_up = draw()
                if gives_up < 2.0 * self.retiring:
                    return _Played(tuple(map(tuple, sets)), retired_home=gives_up < self.retiring)
            breaker = score[2] == score[3] == 6
            won = draw() < serves[score[0] - score[1]].home_wins(score)
            points = None
            if breaker:
                lost = int(6 * draw())
                points = (7, lost) if won else (lost, 7)
            sets[-1].append(_Game(score[4], won, points, (600.0 if breaker else 190.0) + 80.0 * draw()))
            after = _next(score, won)
            if after[:2] != score[:2] and max(after[:2]) < need:
                sets.append([])
            score = after
        return _Played(tuple(map(tuple, sets)))

    def ending(self, game: SimGame, seed: int) -> Truth:
        return self._ending(game, self._play(game, seed))

    def _ending(self, game: SimGame, played: _Played) -> Truth:
        sets = played.sets
        after_s = sum(one.wall_s for games in sets for one in games) + _BETWEEN_SETS_S * (len(sets) - 1)
        lines = frame.Lines(
            tuple(sum(g.home_won for g in games) for games in sets),
            tuple(sum(not g.home_won for g in games) for games in sets),
        )
        finished = len(sets) if played.retired_home is None else len(sets) - 1
        won = [home > away for home, away in zip(lines.home[:finished], lines.away[:finished], strict=True)]
        score = (sum(won), len(won) - sum(won))
        if played.retired_home is None:
            moment = frame.Moment(after_s, len(sets), 0.0, "", "Final", frame.FINAL)
            return frame.over(game, moment, score, lines, _facts(sets, None))
        moment = frame.Moment(after_s + _TREATMENT_S, len(sets), 0.0, "", "Retired", RETIRED)
        settled = (0, 1) if played.retired_home else (1, 0)
        return frame.over(game, moment, score, lines, _facts(sets, None), settled=settled)

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        played = self._play(game, seed)
        sets = played.sets
        match = self._match(game.home_gap, game.best_of or 3)
        truths: list[Truth] = []
        home_sets, away_sets, after_s = 0, 0, 0.0
        done: list[tuple[int, int]] = []

        def tell(number: int, home: int, away: int, serving: bool, told: Sequence[Sequence[_Game]]) -> None:
            odds = frame.without_draw(match[home_sets, away_sets, home, away, serving])
            lines = frame.Lines((*(h for h, _ in done), home), (*(a for _, a in done), away))
            moment = frame.Moment(after_s, number, 0.0, "", f"{frame.ordinal(number)} Set")
            facts = _facts(told, serving)
            truths.append(frame.running(game, moment, (home_sets, away_sets), lines, odds, facts))

        for number, games in enumerate(sets, start=1):
            home = away = 0
            for index, one in enumerate(games):
                tell(number, home, away, one.home_served, [*sets[: number - 1], games[:index]])
                after_s += one.wall_s
                home, away = home + one.home_won, away + (not one.home_won)
            if number == len(sets) and played.retired_home is not None:
                last = next(games[-1] for games in reversed(sets) if games)
                tell(number, home, away, not last.home_served, sets)
                break
            done.append((home, away))
            home_sets, away_sets = home_sets + (home > away), away_sets + (away > home)
            after_s += _BETWEEN_SETS_S
        return [*truths, self._ending(game, played)]


def _start(match: Values) -> float:
    return (match[0, 0, 0, 0, True] + match[0, 0, 0, 0, False]) / 2


def _facts(sets: Sequence[Sequence[_Game]], home_serving: bool | None) -> dict[str, object]:
    """Who serves, and the tie-break's points by set (None where there was none)."""
    breaks = tuple(games[-1].tie_break if games and games[-1].tie_break else None for games in sets)
    serving = None if home_serving is None else "home" if home_serving else "away"
    return {"serving": serving, "tie_breaks": breaks}
