"""The arithmetic of Elo: win probability, margin multipliers, K rules, and the loop over games.

What belongs here: plain scalar functions and one loop over arrays, no rows, names or dates. The same
source runs as Python and, through `compiled_replay`, as machine code; numba is imported only then.
All of it stays in this one file because numba's cache notices changes of this file alone.

Formulas: FiveThirtyEight's published models (NFL: `fivethirtyeight/nfl-elo-game`, forecast.py; NBA:
"How We Calculate NBA Elo Ratings"; NHL and tennis: their methodology pages) and World Football Elo.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import cache
from typing import Any

MARGIN_CODES = {"none": 0, "nfl": 1, "nba": 2, "nhl": 3, "log": 4, "goals": 5}
K_RULE_CODES = {"constant": 0, "tennis": 1}


def win_probability(gap: float) -> float:
    """Expected score of the side that is `gap` rating points ahead: 1 / (1 + 10^(-gap/400))."""
    return 1.0 / (1.0 + 10.0 ** (-gap / 400.0))


def margin_multiplier(code: int, margin: float, winner_gap: float, tied: bool) -> float:
    """Multiplier of K for a result.

    `code` is one of MARGIN_CODES; `margin` is the absolute difference of the scores; `winner_gap` is the
    winner's rating gap with home edge, signed, so that an upset counts for more. There is no floor at 1.
    """
    if code == 1:
        denominator = 1.0 if tied else winner_gap * 0.001 + 2.2
        return math.log(max(margin, 1.0) + 1.0) * 2.2 / denominator
    if code == 2:
        return (margin + 3.0) ** 0.8 / (7.5 + 0.006 * (0.0 if tied else winner_gap))
    if code == 3:
        growth = 0.6686 * math.log(max(margin, 1.0)) + 0.8048
        return growth * 2.05 / ((0.0 if tied else winner_gap) * 0.001 + 2.05)
    if code == 4:
        return math.log(max(margin, 1.0) + 1.0)
    if code == 5:
        if margin < 2.0:
            return 1.0
        if margin < 3.0:
            return 1.5
        return 1.75 + (margin - 3.0) / 8.0
    return 1.0


def k_factor(code: int, k: float, games_before: int) -> float:
    """K of a team that has played `games_before` rated games: constant, or tennis' k / (n + 5)^0.4."""
    if code == 1:
        return k / (games_before + 5.0) ** 0.4
    return k


def carried(rating: float, carry: float, mean: float) -> float:
    """A rating at the start of a season: `carry` of its distance to `mean` is kept."""
    return mean + carry * (rating - mean)


def replay_loop(
    home: Any,
    away: Any,
    season: Any,
    score: Any,
    margin: Any,
    neutral: Any,
    playoff: Any,
    ratings: Any,
    games: Any,
    seasons: Any,
    season_games: Any,
    numbers: Any,
    margin_code: int,
    k_code: int,
    out: Any,
    out_games: Any,
) -> None:
    """Rate games in order, in place.

    Per game: `home` and `away` index the per-team arrays, `score` is the home side's result (1, 0.5, 0),
    `margin` the absolute difference. `numbers` is (k, home_edge, carry, mean, playoff_factor). `seasons`
    holds each team's last season, or `NO_SEASON` for a new team. Writes ratings before (home, away), after
    (home, away) and the home side's expected score to the five columns of `out`, games before to `out_games`.
    """
    k, home_edge, carry, mean, playoff_factor = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    for i in range(len(home)):
        for side in range(2):
            team = home[i] if side == 0 else away[i]
            if season[i] > seasons[team]:
                if games[team] > 0:
                    ratings[team] = carried(ratings[team], carry, mean)
                seasons[team] = season[i]
                season_games[team] = 0
            out[i, side] = ratings[team]
            out_games[i, side] = games[team]
        h, a = home[i], away[i]
        gap = ratings[h] - ratings[a]
        if not neutral[i]:
            gap += home_edge
        if playoff[i]:
            gap *= playoff_factor
        expected = win_probability(gap)
        winner_gap = gap if score[i] > 0.5 else -gap
        multiplier = margin_multiplier(margin_code, margin[i], winner_gap, score[i] == 0.5)
        surprise = multiplier * (score[i] - expected)
        ratings[h] += k_factor(k_code, k, games[h]) * surprise
        ratings[a] -= k_factor(k_code, k, games[a]) * surprise
        games[h] += 1
        games[a] += 1
        season_games[h] += 1
        season_games[a] += 1
        out[i, 2] = ratings[h]
        out[i, 3] = ratings[a]
        out[i, 4] = expected


@cache
def compiled_replay() -> Callable[..., None]:
    """`replay_loop` as machine code, cached on disk where some folder for it can be written."""
    import numba
    from numba.extending import register_jitable

    for function in (win_probability, margin_multiplier, k_factor, carried):
        register_jitable(function)
    try:
        return numba.njit(cache=True)(replay_loop)
    except RuntimeError as error:
        logging.getLogger(__name__).warning("Elo kernel is compiled anew in each process: %s", error)
        return numba.njit(replay_loop)
