"""One strength a team from margins of victory: a Gaussian filter with a home edge of the league and of each team.

What belongs here: the model, its loop over games and the translation into rating points. What does not: the
probability a forecast gives (`calibration.py`) and where games come from.

Model: a margin of m points counts z = sign(m) (|m| / scale)^power (m first brought to `of_total` points of both
sides, where that is given: a fast game's points are worth less), and z is normal around
mean_h - mean_a + (H + u_h + u_a) home_factor with variance `noise`. Strengths are independent normals (mean and
variance a team), moved by the Kalman filter's update (Kalman 1960; Glickman and Stern 1998 for football margins).
Where only the winner is known, mean and variance are those of the normal cut off at zero, as in TrueSkill (Herbrich,
Minka and Graepel 2006). H and the team's own part u follow the errors at a constant rate. A tie is a margin of 0.

Rating points: `noise` is the variance of one game, so mean / sqrt(noise) is in probits, and
POINTS_PER_LOGIT * LOGITS_PER_PROBIT points are one probit; 0 shows as MEAN_POINTS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from precog_assets.domain.rating_rules import MarginParameters
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import LOGITS_PER_PROBIT, MEAN_POINTS, POINTS_PER_LOGIT, Rated, State

TERMS = ("margin.gap", "margin.curve", "margin.deviation")
"""Expected z in probits x = (mean_h - mean_a + (H + u_h + u_a) home_factor) / sqrt(noise + both variances); x |x|;
sqrt of both variances."""
NEVER = -(10**9)
"""The season of a team, or the first of the league, before there is one."""
LEAST_KEPT = 0.2
"""Share of a variance that one batch leaves at least, however many games a team had in it."""
TAIL = -30.0
"""Below it the normal distribution's tail is taken from its continued fraction: `erfc` nears its end."""


class _Numbers(NamedTuple):
    """`MarginParameters` as the loop reads them."""

    scale: float
    power: float
    noise: float
    new_variance: float
    new_mean: float
    drift_per_day: float
    drift_days: float
    carry: float
    season_variance: float
    max_variance: float
    home_edge_rate: float
    team_home_rate: float
    team_home_carry: float


@compiled
def _hazard(t: float) -> float:
    """phi(t) / Phi(t) of the standard normal, for any t."""
    if t < TAIL:
        return -t + 1.0 / (-t + 2.0 / (-t - 3.0 / t))
    return math.exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi) / (0.5 * math.erfc(-t / math.sqrt(2.0)))


@compiled
def _grown(
    mean: float,
    variance: float,
    team_home: float,
    last_season: int,
    last_day: int,
    season: int,
    day: int,
    first_season: int,
    p: _Numbers,
) -> tuple[float, float, float]:
    """Mean, variance and home part of a team on `day`, from those after its last batch."""
    if last_season == NEVER:
        if first_season == NEVER or season == first_season:
            return mean, variance, team_home
        return p.new_mean, p.new_variance, team_home
    if season > last_season:
        for _ in range(season - last_season):
            mean *= p.carry
            variance = min(variance * p.carry * p.carry + p.season_variance, p.max_variance)
            team_home *= p.team_home_carry
    elif day > last_day:
        rested = variance + p.drift_per_day * min(float(day - last_day), p.drift_days)
        variance = max(variance, min(rested, p.max_variance))
    return mean, variance, team_home


@compiled
def _replay(
    home: np.ndarray,
    away: np.ndarray,
    day: np.ndarray,
    batch: np.ndarray,
    season: np.ndarray,
    result: np.ndarray,
    points: np.ndarray,
    margin_known: np.ndarray,
    home_factor: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    team_home: np.ndarray,
    last_season: np.ndarray,
    last_day: np.ndarray,
    games: np.ndarray,
    home_edge: np.ndarray,
    first_season: np.ndarray,
    p: _Numbers,
    before: np.ndarray,
    after: np.ndarray,
    variance_before: np.ndarray,
    variance_after: np.ndarray,
    played: np.ndarray,
    terms: np.ndarray,
) -> None:
    """Rate n games in place: arrays from `mean` to `first_season` are the state, those after `p` the answer.

    `points` is the home side's margin. A game that is not learnt from leaves the state as it is.
    """
    n, teams = home.shape[0], mean.shape[0]
    shift, shrink, expected = np.zeros(teams), np.zeros(teams), np.zeros(n)
    first = 0
    while first < n:
        last = first
        while last < n and batch[last] == batch[first]:
            last += 1
        edge = home_edge[0]
        for g in range(first, last):
            h, a = home[g], away[g]
            learnt = h != a and not np.isnan(result[g])
            own = 0.0
            for side in range(2):
                t: int = h if side == 0 else a
                m, v, u = _grown(
                    mean[t], variance[t], team_home[t], last_season[t], last_day[t],
                    season[g], day[g], first_season[0], p,
                )  # fmt: skip
                before[g, side], variance_before[g, side] = m, v
                played[g, side] = games[t]
                own += u * home_factor[g]
                if learnt:
                    mean[t], variance[t], team_home[t] = m, v, u
                    last_season[t], last_day[t] = season[g], day[g]
            if learnt and first_season[0] == NEVER:
                first_season[0] = season[g]
            if h == a:
                continue
            spread = variance_before[g, 0] + variance_before[g, 1]
            expected[g] = before[g, 0] - before[g, 1] + edge * home_factor[g] + own
            x = expected[g] / math.sqrt(p.noise + spread)
            terms[g, 0], terms[g, 1], terms[g, 2] = x, x * abs(x), math.sqrt(spread)
        for g in range(first, last):
            h, a = home[g], away[g]
            if h == a or np.isnan(result[g]):
                continue
            gap = expected[g]
            total = variance[h] + variance[a] + p.noise
            certainty = 1.0
            if result[g] == 0.5:
                error = -gap
            elif margin_known[g]:
                error = math.copysign((abs(points[g]) / p.scale) ** p.power, points[g]) - gap
            else:
                won = 1.0 if result[g] > 0.5 else -1.0
                t_gap = won * gap / math.sqrt(total)
                hazard = _hazard(t_gap)
                error = won * hazard * math.sqrt(total)
                certainty = hazard * (hazard + t_gap)
            shift[h] += variance[h] * error / total
            shift[a] -= variance[a] * error / total
            shrink[h] += certainty * variance[h] / total
            shrink[a] += certainty * variance[a] / total
            home_edge[0] += p.home_edge_rate * error * home_factor[g]
            team_home[h] += p.team_home_rate * error * home_factor[g]
            team_home[a] += p.team_home_rate * error * home_factor[g]
            games[h] += 1
            games[a] += 1
        for g in range(first, last):
            if home[g] == away[g] or np.isnan(result[g]):
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                mean[t] += shift[t]
                variance[t] *= max(1.0 - shrink[t], LEAST_KEPT)
                shift[t] = shrink[t] = 0.0
        for g in range(first, last):
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                moved = last_day[t] == day[g]
                after[g, side] = mean[t] if moved else before[g, side]
                variance_after[g, side] = variance[t] if moved else variance_before[g, side]
        first = last


@dataclass(frozen=True, slots=True)
class Margin:
    """The system `margin`; terms are known before the game, the deviation is the same for both sides."""

    parameters: MarginParameters

    @property
    def name(self) -> str:
        return "margin"

    @property
    def terms(self) -> tuple[str, ...]:
        return TERMS

    @property
    def points(self) -> float:
        """Rating points of one unit of strength."""
        return POINTS_PER_LOGIT * LOGITS_PER_PROBIT / math.sqrt(self.parameters.noise)

    def start(self, teams: int) -> State:
        """Teams before any game: whether they are new to the league shows at their first."""
        return State(
            teams={
                "mean": np.zeros(teams),
                "variance": np.full(teams, self.parameters.variance),
                "team_home": np.zeros(teams),
                "season": np.full(teams, NEVER, np.int64),
                "day": np.full(teams, NEVER, np.int64),
                "played": np.zeros(teams, np.int64),
            },
            league={
                "home_edge": np.full(1, self.parameters.home_edge),
                "first_season": np.full(1, NEVER, np.int64),
            },
        )

    def advance(self, games: Games, state: State) -> Rated:
        """Rate games on top of `state`, in place; games without a result leave no trace in it.

        Between two of its games a team's variance grows by the days since the one before, or by each season that
        began since.
        """
        n, teams, league = len(games), state.teams, state.league
        rated = Rated(
            before=np.empty((n, 2)),
            after=np.empty((n, 2)),
            deviation_before=np.empty((n, 2)),
            deviation_after=np.empty((n, 2)),
            played=np.empty((n, 2), np.int64),
            terms=np.zeros((n, len(self.terms))),
        )
        _replay(
            games.home, games.away, games.day, games.batch, games.season,
            games.result, self._margins(games), games.margin_known, games.home_factor,
            teams["mean"], teams["variance"], teams["team_home"], teams["season"], teams["day"], teams["played"],
            league["home_edge"], league["first_season"], self._numbers(),
            rated.before, rated.after, rated.deviation_before, rated.deviation_after, rated.played, rated.terms,
        )  # fmt: skip
        for rating in (rated.before, rated.after):
            rating *= self.points
            rating += MEAN_POINTS
        for deviation in (rated.deviation_before, rated.deviation_after):
            np.sqrt(deviation, out=deviation)
            deviation *= self.points
        return rated

    def _margins(self, games: Games) -> np.ndarray:
        margins = games.home_score - games.away_score
        if self.parameters.of_total is None:
            return margins
        return margins * self.parameters.of_total / np.maximum(games.home_score + games.away_score, 1.0)

    def _numbers(self) -> _Numbers:
        return _Numbers(*(float(getattr(self.parameters, name)) for name in _Numbers._fields))
