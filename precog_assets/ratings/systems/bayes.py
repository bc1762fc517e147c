"""Bayesian Elo by surface: a Gaussian over each side's four skills, whose deviation widens the forecast.

Belongs here: the filter, its terms and its state. Does not: the fit of the terms (`calibration`), other systems.

A side's skills, in logits, one a surface, have mean m and covariance C. Before a batch (in tennis a match, in
team leagues a day) a side that has played adds to C (drift_per_year^2 years + drift_per_match^2) R, with R the
drift's correlations; where the first surface's variance then passes the prior's, C is scaled back to it. With h
picking the surface (a quarter each where it is unknown), v = h'C h summed over both sides, and the gap b times
(h'm at home - h'm away + activity and home edge), the forecast's logit is the normal-logistic approximation
of MacKay 1992, z = gap / sqrt(1 + pi/8 b^2 v). The result enters as one Newton step of the log likelihood,
as in Glickman 1999 (Glicko) with correlated skills: information w p (1-p) b^2 and score w b (y - p), the
opponent's variance integrated out. A side's several games of a batch add up their information and scores.
Parameters stand with `BayesParameters`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.rating_rules import BayesParameters
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import SURFACES, UNKNOWN_SURFACE, Games
from precog_assets.ratings.systems import MEAN_POINTS, POINTS_PER_LOGIT, Rated, State

TERMS = (
    "bayes.gap",
    "bayes.gap_deviation",
    "bayes.gap_team_event",
    "bayes.activity_fast",
    "bayes.activity_slow",
    "bayes.activity_surface",
    "bayes.career",
    "bayes.newness",
)
"""The logit z; z times the deviation of the skill gap; z in team competitions; then differences, home less away:
log(1 + recent matches) with the fast decay, the slow one, the slow one on this surface; years since the first
match; exp(-matches / 2)."""
DAYS_PER_YEAR = 365.25
NEWNESS_MATCHES = 2.0
SKILLS = len(SURFACES)
FAST, SLOW, ON_SURFACE = 0, 1, 2
"""Columns of `recent`: matches, each decayed to the last day; from ON_SURFACE on by surface, the last unknown."""
COUNTS = ON_SURFACE + SKILLS + 1
_READ = ("home", "away", "day", "batch", "result", "home_factor", "surface", "best_of", "team_event", "retired")
_STATE = ("mean", "covariance", "recent", "first_day", "last_day", "played")


@compiled
def _skill(mean: np.ndarray, covariance: np.ndarray, row: int, surface: int) -> tuple[float, float]:
    """Mean and variance of a row's skill on a surface; of the mean of the four where it is unknown."""
    if surface != UNKNOWN_SURFACE:
        return mean[row, surface], max(covariance[row, surface, surface], 0.0)
    total, variance = 0.0, 0.0
    for k in range(SKILLS):
        total += mean[row, k]
        for m in range(SKILLS):
            variance += covariance[row, k, m]
    return total / SKILLS, max(variance, 0.0) / (SKILLS * SKILLS)


@compiled
def _grown(
    covariance: np.ndarray, side: int, years: float, matrices: np.ndarray, own_covariance: np.ndarray, slot: int
) -> None:
    """The side's covariance after `years` of drift and that of one match, into row `slot` of `own_covariance`."""
    prior, drift_year, drift_match = matrices[0], matrices[1], matrices[2]
    most = covariance[side, 0, 0] + years * drift_year[0, 0] + drift_match[0, 0]
    scale = prior[0, 0] / most if most > prior[0, 0] else 1.0
    for k in range(SKILLS):
        for m in range(SKILLS):
            wide = covariance[side, k, m] + years * drift_year[k, m] + drift_match[k, m]
            own_covariance[slot, k, m] = wide * scale


@compiled
def _learn(
    own_covariance: np.ndarray,
    pull: np.ndarray,
    gain: np.ndarray,
    slot: int,
    surface: int,
    information: float,
    score: float,
) -> None:
    """Add a game's information to the covariance (formula of Sherman and Morrison) and its score to `pull`."""
    variance = 0.0
    first, last = (surface, surface + 1) if surface != UNKNOWN_SURFACE else (0, SKILLS)
    share = 1.0 / (last - first)
    for k in range(SKILLS):
        gain[k] = 0.0
        for m in range(first, last):
            gain[k] += share * own_covariance[slot, k, m]
    for m in range(first, last):
        variance += share * gain[m]
        pull[slot, m] += share * score
    shrink = information / (1.0 + information * max(variance, 0.0))
    for k in range(SKILLS):
        for m in range(SKILLS):
            own_covariance[slot, k, m] -= gain[k] * gain[m] * shrink


@compiled
def _rate(
    games: tuple[np.ndarray, ...],
    sides: tuple[np.ndarray, ...],
    matrices: np.ndarray,
    numbers: tuple[float, ...],
    columns: tuple[np.ndarray, ...],
) -> None:
    """Rate `games` (the columns _READ), moving `sides` (_STATE) and filling `columns` (those of Rated).

    A batch works on copies of its sides, two slots a game: what a side learns gathers in the slot of its
    first game that counts, and goes to `sides` when the batch is over.
    """
    home, away, day, batch, result, home_factor, surfaces, best_of, team_event, retired = games
    mean, covariance, recent, first_day, last_day, played = sides
    before, after, deviation_before, deviation_after, played_before, terms = columns
    prior_mean, best_of_5, retired_weight, team_event_weight, fast_days, slow_days, activity_gain, home_edge = numbers
    n = home.shape[0]
    largest, start = 0, 0
    for i in range(n):
        if batch[i] != batch[start]:
            start = i
        largest = max(largest, i - start + 1)
    own_mean, own_covariance = np.empty((2 * largest, SKILLS)), np.empty((2 * largest, SKILLS, SKILLS))
    own_recent, pull, gain = np.empty((2 * largest, COUNTS)), np.empty((2 * largest, SKILLS)), np.empty(SKILLS)
    gathers = np.full(played.shape[0], -1)
    skill, variance, career = np.empty(2), np.empty(2), np.empty(2)
    start = 0
    while start < n:
        end = start + 1
        while end < n and batch[end] == batch[start]:
            end += 1
        for i in range(start, end):
            surface = surfaces[i]
            one = 2 * (i - start)
            two = one + 1
            for t in range(2):
                side, slot = home[i] if t == 0 else away[i], one + t
                new = played[side] == 0
                days = 0 if new else max(day[i] - last_day[side], 0)
                career[t] = 0.0 if new else (day[i] - first_day[side]) / DAYS_PER_YEAR
                for k in range(SKILLS):
                    own_mean[slot, k] = mean[side, k]
                    if new:
                        own_mean[slot, k] = prior_mean if team_event[i] else 0.0
                        own_covariance[slot, k] = matrices[0, k]
                if not new:
                    _grown(covariance, side, days / DAYS_PER_YEAR, matrices, own_covariance, slot)
                fast, slow = (math.exp(-days / fast_days), math.exp(-days / slow_days)) if days else (1.0, 1.0)
                own_recent[slot, FAST] = fast * recent[side, FAST]
                for k in range(SLOW, COUNTS):
                    own_recent[slot, k] = slow * recent[side, k]
                skill[t], variance[t] = _skill(own_mean, own_covariance, slot, surface)
                shown, spread = _skill(own_mean, own_covariance, slot, UNKNOWN_SURFACE)
                before[i, t] = after[i, t] = MEAN_POINTS + POINTS_PER_LOGIT * shown
                deviation_before[i, t] = deviation_after[i, t] = POINTS_PER_LOGIT * math.sqrt(spread)
                played_before[i, t] = played[side]
            if home[i] == away[i]:
                continue
            for k in range(3):
                count = (FAST, SLOW, ON_SURFACE + surface)[k]
                terms[i, 3 + k] = math.log(1.0 + own_recent[one, count]) - math.log(1.0 + own_recent[two, count])
            terms[i, 6] = career[0] - career[1]
            terms[i, 7] = math.exp(-played[home[i]] / NEWNESS_MATCHES) - math.exp(-played[away[i]] / NEWNESS_MATCHES)
            b = best_of_5 if best_of[i] == 5 else 1.0
            both = variance[0] + variance[1]
            edge = activity_gain * terms[i, 3] + home_edge * home_factor[i]
            z = b * (skill[0] - skill[1] + edge) / math.sqrt(1.0 + math.pi / 8.0 * b * b * both)
            terms[i, 0] = z
            terms[i, 1] = z * math.sqrt(both)
            terms[i, 2] = z if team_event[i] else 0.0
            if math.isnan(result[i]):
                continue
            p = 1.0 / (1.0 + math.exp(-z))
            weight = (retired_weight if retired[i] else 1.0) * (team_event_weight if team_event[i] else 1.0)
            information, score = weight * p * (1.0 - p) * b * b, weight * b * (result[i] - p)
            for t in range(2):
                side = home[i] if t == 0 else away[i]
                if gathers[side] < 2 * start:
                    gathers[side] = 2 * start + one + t
                    pull[one + t] = 0.0
                slot = int(gathers[side]) - 2 * start
                known = 1.0 + information * variance[1 - t]
                _learn(own_covariance, pull, gain, slot, surface, information / known, (1 - 2 * t) * score / known)
                own_recent[slot, FAST] += 1.0
                own_recent[slot, SLOW] += 1.0
                own_recent[slot, ON_SURFACE + surface] += 1.0
        for i in range(start, end):
            if home[i] == away[i] or math.isnan(result[i]):
                continue
            for t in range(2):
                side, slot = home[i] if t == 0 else away[i], 2 * (i - start) + t
                if gathers[side] == 2 * start + slot:
                    for k in range(SKILLS):
                        mean[side, k] = own_mean[slot, k]
                        for m in range(SKILLS):
                            mean[side, k] += own_covariance[slot, k, m] * pull[slot, m]
                            covariance[side, k, m] = own_covariance[slot, k, m]
                    for k in range(COUNTS):
                        recent[side, k] = own_recent[slot, k]
                    if played[side] == 0:
                        first_day[side] = last_day[side] = day[i]
                    last_day[side] = max(last_day[side], day[i])
                played[side] += 1
        for i in range(start, end):
            for t in range(2):
                side = home[i] if t == 0 else away[i]
                if gathers[side] >= 2 * start:
                    shown, spread = _skill(mean, covariance, side, UNKNOWN_SURFACE)
                    after[i, t] = MEAN_POINTS + POINTS_PER_LOGIT * shown
                    deviation_after[i, t] = POINTS_PER_LOGIT * math.sqrt(spread)
        start = end


def _correlations(values: tuple[float, float, float], name: str) -> np.ndarray:
    """The (4, 4) matrix of (hard-clay, hard-grass, clay-grass); carpet is to the others as grass is."""
    hard_clay, hard_grass, clay_grass = values
    r, f, c = hard_clay, hard_grass, clay_grass
    matrix = np.array([[1.0, r, f, f], [r, 1.0, c, c], [f, c, 1.0, f], [f, c, f, 1.0]])
    least = np.linalg.eigvalsh(matrix)[0]
    if least < -1e-9:
        raise ConfigurationError(
            f"bayes.{name} {list(values)} are no correlations of four skills (hard-clay, hard-grass, clay-grass): "
            f"the least eigenvalue of their matrix is {least:.3g}, it must not be negative."
        )
    return matrix


@dataclass(frozen=True, slots=True)
class Bayes:
    """The filter with its parameters. Raises ConfigurationError where three correlations do not fit together."""

    parameters: BayesParameters

    def __post_init__(self) -> None:
        _correlations(self.parameters.prior_correlation, "prior_correlation")
        _correlations(self.parameters.drift_correlation, "drift_correlation")

    @property
    def name(self) -> str:
        return "bayes"

    @property
    def terms(self) -> tuple[str, ...]:
        return TERMS

    def start(self, teams: int) -> State:
        """Sides never met; `first_day` and `last_day` mean nothing until a side has played."""
        arrays = (
            np.zeros((teams, SKILLS)),
            np.tile(self._matrices()[0], (teams, 1, 1)),
            np.zeros((teams, COUNTS)),
            *(np.zeros(teams, np.int64) for _ in range(3)),
        )
        return State(teams=dict(zip(_STATE, arrays, strict=True)))

    def advance(self, games: Games, state: State) -> Rated:
        """Rate `games` on top of `state`, which is moved on; games without a result leave it as it is."""
        n, own = len(games), self.parameters
        before, after, deviation_before, deviation_after = (np.empty((n, 2)) for _ in range(4))
        columns = (
            before, after, deviation_before, deviation_after,
            np.empty((n, 2), np.int64), np.zeros((n, len(TERMS))),
        )  # fmt: skip
        _rate(
            tuple(getattr(games, name) for name in _READ),
            tuple(state.teams[name] for name in _STATE),
            self._matrices(),
            (
                own.prior_mean_team_event,
                own.best_of_5,
                own.retired_weight,
                own.team_event_weight,
                *own.activity_days,
                own.activity_gain,
                own.home_edge,
            ),
            columns,
        )
        return Rated(*columns)

    def _matrices(self) -> np.ndarray:
        """Covariance of a side never met, what a year and what a match add to one; (3, 4, 4)."""
        own = self.parameters
        drift = _correlations(own.drift_correlation, "drift_correlation")
        prior = own.prior_sd**2 * _correlations(own.prior_correlation, "prior_correlation")
        return np.stack([prior, own.drift_per_year**2 * drift, own.drift_per_match**2 * drift])
