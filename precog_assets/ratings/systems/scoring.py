"""Attack and defence of a team from the scores of its games: a Gaussian filter with one home edge for the league.

What belongs here: the model, its loop over games and the translation into rating points. What does not: the
probability a forecast gives (`calibration.py`) and where games come from.

Model: a score s counts f = (s + offset)^power; f of the home side is normal around
mean + A_h - D_a + H home_factor / 2, that of the away side around mean + A_a - D_h - H home_factor / 2, each with
variance `noise`. A and D are independent normals, moved by the Kalman filter's update (Kalman 1960; the split into
attack and defence is Maher's, 1982). The league's mean and H follow the errors at a constant rate. Games that only
tell the winner say nothing about who scored: they are rated, not learnt from.

Rating points: a score difference has variance 2 noise, so (A + D) / sqrt(2 noise) is in probits, and
POINTS_PER_LOGIT * LOGITS_PER_PROBIT points are one probit; 0 shows as MEAN_POINTS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from precog_assets.domain.rating_rules import ScoringParameters
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import LOGITS_PER_PROBIT, MEAN_POINTS, POINTS_PER_LOGIT, Rated, State

TERMS = ("scoring.gap", "scoring.attack_gap", "scoring.defence_gap", "scoring.deviation")
"""Home less away in standard deviations of a score: A + D, A, D; and the deviation of the first."""
NEVER = -(10**9)
"""The season of a team, or the first of the league, before there is one."""
LEAST_KEPT = 0.3
"""Share of a variance that one batch leaves at least, however many games a team had in it."""


class _Numbers(NamedTuple):
    """`ScoringParameters` as the loop reads them, variances in transformed scores."""

    noise: float
    new_variance: float
    drift_per_day: float
    carry_attack: float
    carry_defence: float
    season_variance_attack: float
    season_variance_defence: float
    mean_rate: float
    home_edge_rate: float


@compiled
def _grown(
    attack: float,
    defence: float,
    attack_variance: float,
    defence_variance: float,
    last_season: int,
    last_day: int,
    season: int,
    day: int,
    first_season: int,
    p: _Numbers,
) -> tuple[float, float, float, float]:
    """Attack, defence and their variances of a team on `day`, from those after its last batch."""
    if last_season == NEVER:
        if first_season == NEVER or season == first_season:
            return attack, defence, attack_variance, defence_variance
        return attack, defence, p.new_variance, p.new_variance
    if season > last_season:
        for _ in range(season - last_season):
            attack *= p.carry_attack
            defence *= p.carry_defence
            attack_variance = attack_variance * p.carry_attack * p.carry_attack + p.season_variance_attack
            defence_variance = defence_variance * p.carry_defence * p.carry_defence + p.season_variance_defence
    elif day > last_day:
        attack_variance += p.drift_per_day * (day - last_day)
        defence_variance += p.drift_per_day * (day - last_day)
    return attack, defence, attack_variance, defence_variance


@compiled
def _replay(
    home: np.ndarray,
    away: np.ndarray,
    day: np.ndarray,
    batch: np.ndarray,
    season: np.ndarray,
    learnt: np.ndarray,
    home_score: np.ndarray,
    away_score: np.ndarray,
    home_factor: np.ndarray,
    attack: np.ndarray,
    defence: np.ndarray,
    attack_variance: np.ndarray,
    defence_variance: np.ndarray,
    last_season: np.ndarray,
    last_day: np.ndarray,
    games: np.ndarray,
    league_mean: np.ndarray,
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
    """Rate n games in place: arrays from `attack` to `first_season` are the state, those after `p` the answer.

    Scores are transformed. `before` and `after` are A + D, and the variances that of the sum. Games where `learnt`
    is false leave the state as it is.
    """
    n, teams = home.shape[0], attack.shape[0]
    # A team's steps of one batch: attack, defence, and the shares their variances lose.
    step = np.zeros((teams, 4))
    unit = math.sqrt(p.noise)
    first = 0
    while first < n:
        last = first
        while last < n and batch[last] == batch[first]:
            last += 1
        mean, edge = league_mean[0], home_edge[0]
        for g in range(first, last):
            for side in range(2):
                t: int = home[g] if side == 0 else away[g]
                sign = 1.0 if side == 0 else -1.0
                a, d, va, vd = _grown(
                    attack[t], defence[t], attack_variance[t], defence_variance[t], last_season[t], last_day[t],
                    season[g], day[g], first_season[0], p,
                )  # fmt: skip
                before[g, side], variance_before[g, side] = a + d, va + vd
                played[g, side] = games[t]
                terms[g, 1] += sign * a / unit
                terms[g, 2] += sign * d / unit
                if learnt[g]:
                    attack[t], defence[t], attack_variance[t], defence_variance[t] = a, d, va, vd
                    last_season[t], last_day[t] = season[g], day[g]
            if learnt[g] and first_season[0] == NEVER:
                first_season[0] = season[g]
            if home[g] != away[g]:
                terms[g, 0] = terms[g, 1] + terms[g, 2]
                terms[g, 3] = math.sqrt(variance_before[g, 0] + variance_before[g, 1]) / unit
        for g in range(first, last):
            if not learnt[g]:
                continue
            half_edge = 0.5 * edge * home_factor[g]
            errors = 0.0
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                other = away[g] if side == 0 else home[g]
                score = home_score[g] if side == 0 else away_score[g]
                sign = 1.0 if side == 0 else -1.0
                error = score - (mean + attack[t] - defence[other] + sign * half_edge)
                total = attack_variance[t] + defence_variance[other] + p.noise
                step[t, 0] += attack_variance[t] * error / total
                step[other, 1] -= defence_variance[other] * error / total
                step[t, 2] += attack_variance[t] / total
                step[other, 3] += defence_variance[other] / total
                home_edge[0] += p.home_edge_rate * sign * error * home_factor[g]
                errors += error
                games[t] += 1
            league_mean[0] += p.mean_rate * errors / 2.0
        for g in range(first, last):
            if not learnt[g]:
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                attack[t] += step[t, 0]
                defence[t] += step[t, 1]
                attack_variance[t] *= max(1.0 - step[t, 2], LEAST_KEPT)
                defence_variance[t] *= max(1.0 - step[t, 3], LEAST_KEPT)
                step[t, :] = 0.0
        for g in range(first, last):
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                moved = last_day[t] == day[g]
                after[g, side] = attack[t] + defence[t] if moved else before[g, side]
                variance_after[g, side] = (
                    attack_variance[t] + defence_variance[t] if moved else variance_before[g, side]
                )
        first = last


@dataclass(frozen=True, slots=True)
class Scoring:
    """The system `scoring`; terms are known before the game, the deviation is the same for both sides."""

    parameters: ScoringParameters

    @property
    def name(self) -> str:
        return "scoring"

    @property
    def terms(self) -> tuple[str, ...]:
        return TERMS

    @property
    def points(self) -> float:
        """Rating points of one transformed score of attack or defence."""
        return POINTS_PER_LOGIT * LOGITS_PER_PROBIT / math.sqrt(2.0 * self.parameters.noise)

    def start(self, teams: int) -> State:
        """Teams before any game: whether they are new to the league shows at their first."""
        p = self.parameters
        return State(
            teams={
                "attack": np.zeros(teams),
                "defence": np.zeros(teams),
                "attack_variance": np.full(teams, p.variance * p.noise),
                "defence_variance": np.full(teams, p.variance * p.noise),
                "season": np.full(teams, NEVER, np.int64),
                "day": np.full(teams, NEVER, np.int64),
                "played": np.zeros(teams, np.int64),
            },
            league={
                "mean": np.full(1, p.mean),
                "home_edge": np.full(1, p.home_edge * math.sqrt(p.noise)),
                "first_season": np.full(1, NEVER, np.int64),
            },
        )

    def advance(self, games: Games, state: State) -> Rated:
        """Rate games on top of `state`, in place; games not learnt from leave no trace in it.

        Between two of its games a team's variances grow by the days since the one before, or by each season that
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
        learnt = ~np.isnan(games.result) & games.margin_known & (games.home != games.away)
        _replay(
            games.home, games.away, games.day, games.batch, games.season,
            learnt, self._transformed(games.home_score), self._transformed(games.away_score), games.home_factor,
            teams["attack"], teams["defence"], teams["attack_variance"], teams["defence_variance"],
            teams["season"], teams["day"], teams["played"],
            league["mean"], league["home_edge"], league["first_season"], self._numbers(),
            rated.before, rated.after, rated.deviation_before, rated.deviation_after, rated.played, rated.terms,
        )  # fmt: skip
        for rating in (rated.before, rated.after):
            rating *= self.points
            rating += MEAN_POINTS
        for deviation in (rated.deviation_before, rated.deviation_after):
            np.sqrt(deviation, out=deviation)
            deviation *= self.points
        return rated

    def _transformed(self, scores: np.ndarray) -> np.ndarray:
        return (np.maximum(scores, 0.0) + self.parameters.offset) ** self.parameters.power

    def _numbers(self) -> _Numbers:
        p = self.parameters
        return _Numbers(
            noise=p.noise,
            new_variance=p.new_variance * p.noise,
            drift_per_day=p.drift_per_day * p.noise,
            carry_attack=p.carry_attack,
            carry_defence=p.carry_defence,
            season_variance_attack=p.season_variance_attack * p.noise,
            season_variance_defence=p.season_variance_defence * p.noise,
            mean_rate=p.mean_rate,
            home_edge_rate=p.home_edge_rate,
        )
