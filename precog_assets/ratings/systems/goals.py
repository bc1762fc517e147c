"""Soccer: strength and style of a club from goals, by a Poisson filter; the forecast's gap is Dixon and Coles'.

What belongs here: the loop, and what soccer alone has (promotion, the long-run level, the low-score correction).
What does not: the league table (`../table.py`), what the terms become (`../calibration.py`).

A club has log strength s (attack + defence) with variance P, style t (attack - defence) and a slow long-run level;
the league has log goals a side mu and the home edge h. Before a game, with d = s_home - s_away + h * factors +
stakes * (difference of the stakes) and t = t_home + t_away, the goal rates are exp(mu + (t + d) / 2) at home and
exp(mu + (t - d) / 2) away: Maher 1982 in other coordinates. After it, s moves by the gain P / (1 + (P_home + P_away)
* information), the step of a diagonal extended Kalman filter, times the surprise in goal difference; t by that
in goals. mu and h follow the surprises at rates of their own, h as far as it counted in the game.
The low-score correction is that of Dixon and Coles, Applied Statistics 46 (1997).
"""

from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from precog_assets.domain.rating_rules import GoalsParameters, Stakes
from precog_assets.ratings import table
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import LOGITS_PER_PROBIT, MEAN_POINTS, POINTS_PER_LOGIT, Rated, State

MAX_REST_DAYS = 30.0
MOST_GOALS = 12
"""Scores are summed up to this many goals a side."""
INVERSE = 1.0 / np.arange(1.0, MOST_GOALS + 1.0)
LOWEST_LOG_RATE, HIGHEST_LOG_RATE = math.log(0.05), math.log(6.0)
"""Goals expected of a side are held between these: a Poisson of 6 is above MOST_GOALS in 1 % of games."""
NEVER = -1_000_000
"""Label of the season before any game."""

Numbers = namedtuple("Numbers", sorted(GoalsParameters.model_fields))
"""`GoalsParameters` as compiled code reads them; sorted, because code cached on disk knows the fields by place."""


class Clubs(NamedTuple):
    """What the state has of each club."""

    strength: np.ndarray
    style: np.ndarray
    long_run: np.ndarray
    variance: np.ndarray
    """Of the strength, after the club's last game."""
    season: np.ndarray
    """Of the club's last game, NEVER before the first."""
    day: np.ndarray
    played: np.ndarray


class Common(NamedTuple):
    """What the state has of the league, arrays of one entry."""

    log_goals: np.ndarray
    home_edge: np.ndarray
    season: np.ndarray
    season_before: np.ndarray
    """The last one before `season` that had games with results."""
    season_games: np.ndarray
    """Games of `season` that were learnt from."""


class Columns(NamedTuple):
    """The games as the loop reads them: two columns of the table, then those of `Games` with the same names."""

    stakes: np.ndarray
    rounds: np.ndarray
    season: np.ndarray
    batch: np.ndarray
    day: np.ndarray
    home: np.ndarray
    away: np.ndarray
    home_score: np.ndarray
    away_score: np.ndarray
    result: np.ndarray
    home_factor: np.ndarray


class Shown(NamedTuple):
    """What the loop fills; strength and variance (n, 4): home and away before, then after."""

    strength: np.ndarray
    variance: np.ndarray
    played: np.ndarray
    terms: np.ndarray


@dataclass(frozen=True, slots=True)
class Goals:
    """The rating system `goals`; without `stakes` (the table's lines) clubs play for the same in every game.

    Rating points are MEAN_POINTS + `points_per_strength` * s. The goal difference has mean goals_a_side * d nearly
    and variance 2 * goals_a_side, so d is d * sqrt(goals_a_side / 2) probits, LOGITS_PER_PROBIT logits each.
    """

    parameters: GoalsParameters
    stakes: Stakes | None

    @property
    def name(self) -> str:
        return "goals"

    @property
    def terms(self) -> tuple[str, ...]:
        """gap: (logit P(home wins) - logit P(away wins)) / 2; rate_gap: log ratio of the goal rates; total: log of
        the goals expected of both less that of 2 goals_a_side; stakes: home's less away's; deviation: sqrt of the
        summed variance of s. Swapping the sides on neutral ground negates gap, rate_gap and stakes, no other.
        """
        return ("goals.gap", "goals.rate_gap", "goals.total", "goals.stakes", "goals.deviation")

    @property
    def points_per_strength(self) -> float:
        """Rating points of a unit of s."""
        return POINTS_PER_LOGIT * LOGITS_PER_PROBIT * math.sqrt(self.parameters.goals_a_side / 2.0)

    def start(self, teams: int) -> State:
        """The state of that many sides before any game; also what later sides are added with."""
        clubs = Clubs(
            strength=np.zeros(teams),
            style=np.zeros(teams),
            long_run=np.zeros(teams),
            variance=np.full(teams, self.parameters.variance),
            season=np.full(teams, NEVER, np.int64),
            day=np.zeros(teams, np.int64),
            played=np.zeros(teams, np.int64),
        )
        league = Common(
            log_goals=np.full(1, math.log(self.parameters.goals_a_side)),
            home_edge=np.full(1, self.parameters.home_edge),
            season=np.full(1, NEVER, np.int64),
            season_before=np.full(1, NEVER, np.int64),
            season_games=np.zeros(1, np.int64),
        )
        standings = table.start(teams)
        return State({**clubs._asdict(), **standings.teams}, {**league._asdict(), **standings.league})

    def advance(self, games: Games, state: State) -> Rated:
        """Rate `games` on top of `state`, which is moved on. Games without a result are rated, not learnt from.

        A club that was not in the league in the last season starts at `promoted`, or between that and its long-run
        level when it was there before; clubs of the first season of the data start at 0.
        """
        n = len(games)
        standings = table.advance(games, self.stakes, state)
        shown = Shown(np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 2), np.int64), np.zeros((n, len(self.terms))))
        _walk(
            Columns(standings.stakes, standings.rounds, *(getattr(games, name) for name in Columns._fields[2:])),
            Numbers(**{name: float(value) for name, value in self.parameters.model_dump().items()}),
            Clubs(**{name: state.teams[name] for name in Clubs._fields}),
            Common(**{name: state.league[name] for name in Common._fields}),
            shown,
        )
        points = MEAN_POINTS + self.points_per_strength * shown.strength
        deviation = self.points_per_strength * np.sqrt(shown.variance)
        return Rated(points[:, :2], points[:, 2:], deviation[:, :2], deviation[:, 2:], shown.played, shown.terms)


@compiled
def outcome_gap(home_rate: float, away_rate: float, rho: float) -> float:
    """(logit P(home wins) - logit P(away wins)) / 2 of Poisson goals with Dixon and Coles' correction rho.

    The correction moves rho * home_rate * away_rate * P(0:0) from each of 0:0 and 1:1 to each of 1:0 and 0:1,
    no more than is there. Everything is in units of P(0:0), which the ratios do not feel.
    """
    a, b, below_a, below_b = 1.0, 1.0, 0.0, 0.0
    home, draw, away = 0.0, 0.0, 0.0
    for k in range(MOST_GOALS + 1):
        home += a * below_b
        away += b * below_a
        draw += a * b
        below_a += a
        below_b += b
        if k < MOST_GOALS:
            a *= home_rate * INVERSE[k]
            b *= away_rate * INVERSE[k]
    both = home_rate * away_rate
    moved = max(min(rho * both, min(1.0, both)), -min(home_rate, away_rate))
    home += moved
    away += moved
    draw = max(draw - 2.0 * moved, 0.0)
    return (math.log(home * (draw + home)) - math.log(away * (draw + away))) / 2.0


@compiled
def _change_season(past: int, p: Numbers, clubs: Clubs) -> None:
    """Centre the clubs of the `past` season, move their long-run levels, carry a share over, widen."""
    count, mean, mean_style = 0, 0.0, 0.0
    for w in range(clubs.season.shape[0]):
        if clubs.season[w] == past:
            count += 1
            mean += clubs.strength[w]
            mean_style += clubs.style[w]
    for w in range(clubs.season.shape[0]):
        if clubs.season[w] == past:
            centred = clubs.strength[w] - mean / count
            clubs.long_run[w] += p.long_run_rate * (centred - clubs.long_run[w])
            clubs.strength[w] = p.carry * centred + (1.0 - p.carry) * p.long_run_pull * clubs.long_run[w]
            clubs.style[w] = p.carry * (clubs.style[w] - mean_style / count)
            clubs.variance[w] += p.season_variance


@compiled
def _walk(games: Columns, p: Numbers, clubs: Clubs, league: Common, shown: Shown) -> None:
    """Fill `shown`; move `clubs` and `league` on.

    `today` has strength, style, long-run level and variance of the clubs of the batch; only a game with a result
    brings them to `clubs`. In the first season `before` is NEVER, as is the season of its clubs: they stay as they
    start. What stands here in one piece would take twice the time in functions that get the arrays.
    """
    n, count = games.home.shape[0], clubs.season.shape[0]
    today = np.zeros((count, 4))
    move, turn, shrink, learnt = np.zeros(count), np.zeros(count), np.ones(count), np.zeros(count, np.int64)
    first = 0
    while first < n:
        if games.season[first] != league.season[0]:
            # A season nothing was learnt in is none that a club could have missed.
            if league.season_games[0] > 0:
                _change_season(league.season[0], p, clubs)
                league.season_before[0] = league.season[0]
            league.season[0] = games.season[first]
            league.season_games[0] = 0
        season, before, day = league.season[0], league.season_before[0], games.day[first]
        last, all_goals, all_edge = first, 0.0, 0.0
        while last < n and games.batch[last] == games.batch[first]:
            i, a, b = last, games.home[last], games.away[last]
            last += 1
            for w in (a, b):
                past = clubs.season[w]
                if past in (season, before):
                    rest = min(float(day - clubs.day[w]), MAX_REST_DAYS) if past == season else 0.0
                    today[w, 0] = clubs.strength[w]
                    today[w, 1] = clubs.style[w]
                    today[w, 2] = clubs.long_run[w]
                    today[w, 3] = clubs.variance[w] + p.drift_per_day * rest
                else:
                    level = p.promoted if past == NEVER else clubs.long_run[w]
                    today[w, 0] = p.promoted + p.returning * (level - p.promoted)
                    today[w, 1] = 0.0
                    today[w, 2] = level
                    today[w, 3] = p.variance
            p_a, p_b = today[a, 3], today[b, 3]
            shown.strength[i, 0], shown.strength[i, 1] = today[a, 0], today[b, 0]
            shown.variance[i, 0], shown.variance[i, 1] = p_a, p_b
            shown.played[i, 0], shown.played[i, 1] = clubs.played[a], clubs.played[b]
            if a == b:
                continue
            early = 1.0 - p.early_home_loss * math.exp(-games.rounds[i] / p.early_home_rounds)
            stake_gap = games.stakes[i, 0] - games.stakes[i, 1]
            d = today[a, 0] - today[b, 0] + league.home_edge[0] * games.home_factor[i] * early + p.stakes * stake_gap
            t = today[a, 1] + today[b, 1]
            log_a = min(max(league.log_goals[0] + (t + d) / 2.0, LOWEST_LOG_RATE), HIGHEST_LOG_RATE)
            log_b = min(max(league.log_goals[0] + (t - d) / 2.0, LOWEST_LOG_RATE), HIGHEST_LOG_RATE)
            rate_a, rate_b = math.exp(log_a), math.exp(log_b)
            shown.terms[i, 0] = outcome_gap(rate_a, rate_b, p.low_score_correction)
            shown.terms[i, 1] = log_a - log_b
            shown.terms[i, 2] = math.log((rate_a + rate_b) / (2.0 * p.goals_a_side))
            shown.terms[i, 3] = stake_gap
            shown.terms[i, 4] = math.sqrt(p_a + p_b)
            if math.isnan(games.result[i]):
                continue
            more_a = min(games.home_score[i], p.max_goals) - rate_a
            more_b = min(games.away_score[i], p.max_goals) - rate_b
            difference, goals = (more_a - more_b) / 2.0, (more_a + more_b) / 2.0
            information = (rate_a + rate_b) / 4.0
            gain_a = p_a / (1.0 + (p_a + p_b) * information)
            gain_b = p_b / (1.0 + (p_a + p_b) * information)
            move[a] += gain_a * difference
            move[b] -= gain_b * difference
            turn[a] += p.style_gain * gain_a * goals
            turn[b] += p.style_gain * gain_b * goals
            shrink[a] *= 1.0 - gain_a * information
            shrink[b] *= 1.0 - gain_b * information
            learnt[a] += 1
            learnt[b] += 1
            league.season_games[0] += 1
            all_goals += goals
            all_edge += difference * games.home_factor[i]
        for i in range(first, last):
            for w in (games.home[i], games.away[i]):
                if learnt[w] > 0:
                    today[w, 0] += move[w]
                    today[w, 3] *= shrink[w]
                    clubs.strength[w], clubs.style[w] = today[w, 0], today[w, 1] + turn[w]
                    clubs.long_run[w], clubs.variance[w] = today[w, 2], today[w, 3]
                    clubs.season[w], clubs.day[w] = season, day
                    clubs.played[w] += learnt[w]
                    move[w], turn[w], shrink[w], learnt[w] = 0.0, 0.0, 1.0, 0
        for i in range(first, last):
            a, b = games.home[i], games.away[i]
            shown.strength[i, 2], shown.strength[i, 3] = today[a, 0], today[b, 0]
            shown.variance[i, 2], shown.variance[i, 3] = today[a, 3], today[b, 3]
        league.log_goals[0] += p.goals_rate * all_goals / p.goals_a_side
        league.home_edge[0] += p.home_edge_rate * all_edge / p.goals_a_side
        first = last
