"""Tennis: points won on serve with a fixed chance a side, up through games, tie-breaks and sets.

Belongs here: the exact recursion (Newton and Keller, 2005, whose formulas it agrees with) and the serve chances that
a pre-game price implies. Does not: parameters. All arrays are (n,) and go through the recursion together.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Floats, PlayStates, TennisRules
from precog_assets.pricing.in_play.solving import invert, kept

_GRID = np.linspace(-0.6, 0.6, 241)
"""Home's chance on serve less away's that is tried; the mean of the two is the tour's."""
_LEAST, _MOST = 0.02, 0.98
_FEW = 64
"""Prices up to this many are solved one by one, each once; more of them together."""
_SET_GAMES = 6


def tennis_probabilities(rules: TennisRules, prior: Floats, states: PlayStates) -> Floats:
    """P(home), 0, P(away) of states in play, (n, 3); `prior` is (n, 3) with both sides alive."""
    home = np.empty(len(states))
    for best_of in np.unique(states.best_of):
        chosen = states.best_of == best_of
        priced = prior[chosen, 0] / (prior[chosen, 0] + prior[chosen, 2])
        own, other = serves(rules, priced, int(best_of))
        home[chosen] = match_chances(rules, own, other, states.at(chosen), int(best_of))
    return np.column_stack([home, np.zeros_like(home), 1.0 - home])


def serves(rules: TennisRules, home: Floats, best_of: int) -> tuple[Floats, Floats]:
    """Chances of either side to win a point it serves, with which home wins the match as often as priced."""
    values, back = np.unique(home, return_inverse=True)
    if len(values) <= _FEW:
        gap = np.array([_gap(rules, value, best_of) for value in values.tolist()])
    else:
        gap = _solved(rules, values, best_of)
    return _from_gap(rules, gap[back.reshape(-1)])


@kept
def _gap(rules: TennisRules, home: float, best_of: int) -> float:
    """Kept, as a match is priced again at every game of it."""
    return float(_solved(rules, np.array([home]), best_of)[0])


def _solved(rules: TennisRules, home: Floats, best_of: int) -> Floats:
    return invert(lambda x: _start(rules, x, best_of), _GRID, _curve(rules, best_of), home)


def _from_gap(rules: TennisRules, gap: Floats) -> tuple[Floats, Floats]:
    return np.clip(rules.serve + gap / 2, _LEAST, _MOST), np.clip(rules.serve - gap / 2, _LEAST, _MOST)


@kept
def _curve(rules: TennisRules, best_of: int) -> Floats:
    return _start(rules, _GRID, best_of)


def _start(rules: TennisRules, gap: Floats, best_of: int) -> Floats:
    own, other = _from_gap(rules, gap)
    return match_chances(rules, own, other, PlayStates.of(period=np.ones(len(gap))), best_of)


def game(serve: Floats, won: int, lost: int) -> Floats:
    """P(the server wins the game) who has won and lost so many points of it."""
    if won >= 4 and won - lost >= 2:
        return np.ones_like(serve)
    if lost >= 4 and lost - won >= 2:
        return np.zeros_like(serve)
    deuce = serve**2 / (serve**2 + (1.0 - serve) ** 2)
    if won >= 3 and lost >= 3:
        ahead = won - lost
        if ahead == 0:
            return deuce
        return serve + (1.0 - serve) * deuce if ahead > 0 else serve * deuce
    return serve * game(serve, won + 1, lost) + (1.0 - serve) * game(serve, won, lost + 1)


def tie_break(own: Floats, other: Floats, won: int, lost: int, *, first: bool, to: int) -> Floats:
    """P(home wins a tie-break) to `to` points with two ahead. `first`: home served its first point."""
    table: dict[tuple[int, int], Floats] = {}

    def value(a: int, b: int) -> Floats:
        if a >= to and a - b >= 2:
            return np.ones_like(own)
        if b >= to and b - a >= 2:
            return np.zeros_like(own)
        if a == b and a >= to - 1:
            both, neither = own * (1.0 - other), (1.0 - own) * other
            return both / (both + neither)
        if (a, b) not in table:
            home_serves = first == (((a + b + 1) // 2) % 2 == 0)
            point = own if home_serves else 1.0 - other
            table[a, b] = point * value(a + 1, b) + (1.0 - point) * value(a, b + 1)
        return table[a, b]

    return value(won, lost)


class _Match:
    """P(home wins) from every score by games, of n matches at once."""

    def __init__(self, rules: TennisRules, own: Floats, other: Floats, best_of: int) -> None:
        self.rules, self.own, self.other, self.best_of = rules, own, other, best_of
        self.need = best_of // 2 + 1
        self.hold = {True: game(own, 0, 0), False: 1.0 - game(other, 0, 0)}
        """Home's chance to win a game, by whether it serves."""
        self._breaks: dict[tuple[int, bool], Floats] = {}
        self._values: dict[tuple[int, int, int, int, bool], Floats] = {}

    def to(self, sets: tuple[int, int]) -> int:
        """Points that win a tie-break of the set that runs at this score by sets."""
        last = sum(sets) == self.best_of - 1
        return (
            dict(self.rules.last_set_tie_break).get(self.best_of, self.rules.tie_break)
            if last
            else self.rules.tie_break
        )

    def value(self, sets: tuple[int, int], games: tuple[int, int], serving: bool) -> Floats:
        """`serving`: home serves the next point; at six games all it serves the tie-break's first."""
        if max(sets) >= self.need:
            return np.full_like(self.own, float(sets[0] > sets[1]))
        key = (*sets, *games, serving)
        if key not in self._values:
            if games == (_SET_GAMES, _SET_GAMES):
                chance = self._break(self.to(sets), serving)
            else:
                chance = self.hold[serving]
            self._values[key] = chance * self.after(sets, games, serving, won=True) + (1.0 - chance) * self.after(
                sets, games, serving, won=False
            )
        return self._values[key]

    def after(self, sets: tuple[int, int], games: tuple[int, int], serving: bool, *, won: bool) -> Floats:
        """The value when the running game, or the tie-break, is won or lost."""
        now = (games[0] + won, games[1] + (not won))
        most, least = max(now), min(now)
        if most > _SET_GAMES or (most == _SET_GAMES and most - least >= 2):
            return self.value((sets[0] + won, sets[1] + (not won)), (0, 0), not serving)
        return self.value(sets, now, not serving)

    def _break(self, to: int, first: bool) -> Floats:
        if (to, first) not in self._breaks:
            self._breaks[to, first] = tie_break(self.own, self.other, 0, 0, first=first, to=to)
        return self._breaks[to, first]


def match_chances(rules: TennisRules, own: Floats, other: Floats, states: PlayStates, best_of: int) -> Floats:
    """P(home wins the match), (n,). Where the server is not told, either side is as likely to be it.

    Scores that cannot be (a set of 8-2, more sets than are played) count as the nearest that can.
    """
    found = np.empty(len(states))
    need = best_of // 2 + 1
    columns = (
        np.clip(states.home_score, 0, need), np.clip(states.away_score, 0, need),
        *(np.clip(np.nan_to_num(games), 0, _SET_GAMES) for games in (states.home_games, states.away_games)),
        *(np.clip(np.nan_to_num(points), 0, 60) for points in (states.home_points, states.away_points)),
        np.sign(np.nan_to_num(states.server)),
    )  # fmt: skip
    scores, back = np.unique(np.column_stack(columns).astype(np.int64), axis=0, return_inverse=True)
    back = back.reshape(-1)
    match = _Match(rules, own, other, best_of)
    for index, (sets_home, sets_away, home, away, won, lost, server) in enumerate(scores.tolist()):
        chosen = back == index
        sides = (server > 0,) if server else (True, False)
        values = [_at(match, (sets_home, sets_away), (home, away), (won, lost), serving) for serving in sides]
        found[chosen] = np.mean(values, axis=0)[chosen]
    return found


def _at(match: _Match, sets: tuple[int, int], games: tuple[int, int], points: tuple[int, int], serving: bool) -> Floats:
    most, least = max(games), min(games)
    if most == _SET_GAMES and most - least >= 2:
        sets, games, points = (sets[0] + (games[0] > games[1]), sets[1] + (games[1] > games[0])), (0, 0), (0, 0)
    if points == (0, 0) or max(sets) >= match.need:
        return match.value(sets, games, serving)
    won, lost = points
    first = serving
    if games == (_SET_GAMES, _SET_GAMES):
        first = serving == (((won + lost + 1) // 2) % 2 == 0)
        chance = tie_break(match.own, match.other, won, lost, first=first, to=match.to(sets))
    elif serving:
        chance = game(match.own, won, lost)
    else:
        chance = 1.0 - game(match.other, lost, won)
    return chance * match.after(sets, games, first, won=True) + (1.0 - chance) * match.after(
        sets, games, first, won=False
    )
