"""Glicko-2: a rating, its deviation and its volatility for each side; a rating period is a batch.

What belongs here: the system, its state and its loop. What does not: calibration.

Glickman, "Example of the Glicko-2 system" (2013), steps 2 to 8, with these additions: the home edge lies inside the
expected score; a side's rating regresses once, at its first game of a later season; between two game days the
variance grows by the squared volatility for each `period_days` of the days without a game, in part for a part of
them (the day of a game is a period of its own, as in the paper); a deviation never exceeds that of a new side.

Ratings and deviations are kept in rating points. In logits, the scale the paper computes in, they are divided by
POINTS_PER_LOGIT, its 173.7178.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from precog_assets.domain.rating_rules import GlickoParameters
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import POINTS_PER_LOGIT, Rated, State

NO_SEASON = -(2**31)
STEPS = 50
CLOSE_ENOUGH = 1e-6
"""The search for a volatility's logarithm ends with a step below it: each has twice the digits of the one before."""
LEAST_INFORMATION = 1e-12
"""Of games whose outcome was as good as certain: their variance stays a number."""


class Numbers(NamedTuple):
    """The parameters as the loop reads them; `home_edge` in logits, `most` the deviation of a new side in points."""

    most: float
    tau: float
    period_days: float
    home_edge: float
    mean: float
    carry: float


class Rows(NamedTuple):
    """Games as `Games` has them; all (n,)."""

    home: np.ndarray
    away: np.ndarray
    day: np.ndarray
    batch: np.ndarray
    season: np.ndarray
    result: np.ndarray
    home_factor: np.ndarray


@dataclass(frozen=True, slots=True)
class Glicko:
    """Glicko-2 of one league.

    Terms: `glicko.gap`, the logit of the expected score: the rating gap with home edge, shrunk by
    g(sqrt(phi_home^2 + phi_away^2)); `glicko.deviation`, sqrt(phi_home^2 + phi_away^2) in logits. Both 0 where a side
    plays itself.
    """

    parameters: GlickoParameters

    @property
    def name(self) -> str:
        return "glicko"

    @property
    def terms(self) -> tuple[str, ...]:
        return ("glicko.gap", "glicko.deviation")

    def start(self, teams: int) -> State:
        """New sides at `mean`, with the given deviation and volatility. `day` and `season` are the last played in."""
        p = self.parameters
        return State(
            teams={
                "rating": np.full(teams, p.mean, np.float64),
                "deviation": np.full(teams, p.deviation, np.float64),
                "volatility": np.full(teams, p.volatility, np.float64),
                "played": np.zeros(teams, np.int64),
                "season": np.full(teams, NO_SEASON, np.int64),
                "day": np.zeros(teams, np.int64),
            }
        )

    def advance(self, games: Games, state: State) -> Rated:
        """Rate `games`, moving `state` on; games without a result leave it as it is, bit for bit.

        Raises ValueError where the state has fewer sides than the games.
        """
        p, n, sides = self.parameters, len(games), state.teams
        if sides["rating"].shape[0] < len(games.teams):
            raise ValueError(f"state of {sides['rating'].shape[0]} sides, games of {len(games.teams)}")
        rows = Rows(
            *_read_only(games.home, games.away, games.day, games.batch, games.season, games.result, games.home_factor)
        )
        before, after, deviation_before, deviation_after, terms = np.empty((5, n, 2))
        played = np.empty((n, 2), np.int64)
        _rate(
            rows,
            Numbers(p.deviation, p.tau, p.period_days, p.home_edge / POINTS_PER_LOGIT, p.mean, p.carry),
            sides["rating"],
            sides["deviation"],
            sides["volatility"],
            sides["played"],
            sides["season"],
            sides["day"],
            before,
            after,
            deviation_before,
            deviation_after,
            played,
            terms,
        )
        return Rated(before, after, deviation_before, deviation_after, played, terms)


def _read_only(*arrays: np.ndarray) -> list[np.ndarray]:
    """Views that all have one type to the compiler, whether their arrays may be written or not."""
    views = [array.view() for array in arrays]
    for view in views:
        view.flags.writeable = False
    return views


@compiled
def _g(variance: float) -> float:
    """How much an opponent's uncertainty shrinks a gap: g of step 3, of the squared deviation in logits."""
    return 1.0 / math.sqrt(1.0 + (3.0 / math.pi**2) * variance)


@compiled
def _regressed(rating: float, played: int, seen: int, season: int, carry: float, mean: float) -> float:
    """A side's rating at a game of `season`: regressed where it has played, but not yet in this season."""
    return mean + carry * (rating - mean) if season > seen and played > 0 else rating


@compiled
def _rested(deviation: float, volatility: float, days: int, period_days: float, most: float) -> float:
    """A deviation in points `days` after the last game day; a side that has not played stays at the most."""
    if days <= 1:
        return deviation
    per_period = volatility * POINTS_PER_LOGIT
    return min(math.sqrt(deviation * deviation + per_period * per_period * (days - 1) / period_days), most)


@compiled
def next_volatility(volatility: float, improvement: float, variance: float, of_games: float, tau: float) -> float:
    """The volatility after a period: step 5, with `improvement` Delta, `variance` phi^2 and `of_games` v.

    Newton steps for y = x - a, from 0; one that leaves the bracket halves it instead. The bracket's upper end is the
    paper's; its lower end, tau^2 / 2 below, follows from f's first term never being less than -1/2.
    """
    squared, known, old = improvement * improvement, variance + of_games, volatility * volatility
    high = max(math.log((squared - known) / old), 0.0) if squared > known else 0.0
    low, y, e = -0.5 * tau * tau, 0.0, old
    for _ in range(STEPS):
        whole = 1.0 / (known + e)
        rise = 0.5 * e * (squared - known - e) * whole * whole
        f = rise - y / (tau * tau)
        slope = rise - 0.5 * e * e * whole * whole - 2.0 * e * rise * whole - 1.0 / (tau * tau)
        if f > 0.0:
            low = y
        else:
            high = y
        step = y - f / slope
        if not low <= step <= high:
            step = 0.5 * (low + high)
        moved, y = abs(step - y), step
        if moved < CLOSE_ENOUGH:
            break
        e = old * math.exp(y)
    return volatility * math.exp(0.5 * y)


@compiled
def _rate(
    rows: Rows,
    numbers: Numbers,
    rating: np.ndarray,
    deviation: np.ndarray,
    volatility: np.ndarray,
    played: np.ndarray,
    seen: np.ndarray,
    last_day: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    deviation_before: np.ndarray,
    deviation_after: np.ndarray,
    played_before: np.ndarray,
    terms: np.ndarray,
) -> None:
    """Rate games in order. `rating` to `last_day` are the state, moved in place; writes the rest, two columns each."""
    home, away, day, batch, season, result, home_factor = rows
    most, tau, period_days, home_edge, mean, carry = numbers
    n, sides = home.shape[0], rating.shape[0]
    # Of the sides in the batch; zero between batches.
    information, surprise, count = np.zeros(sides), np.zeros(sides), np.zeros(sides, np.int64)
    first = 0
    for i in range(n):
        h, a, s = np.uintp(home[i]), np.uintp(away[i]), season[i]
        learns = h != a and not math.isnan(result[i])
        if learns:
            rating[h] = _regressed(rating[h], played[h], seen[h], s, carry, mean)
            rating[a] = _regressed(rating[a], played[a], seen[a], s, carry, mean)
            seen[h], seen[a] = max(seen[h], s), max(seen[a], s)
        before[i, 0] = _regressed(rating[h], played[h], seen[h], s, carry, mean)
        before[i, 1] = _regressed(rating[a], played[a], seen[a], s, carry, mean)
        points_h = _rested(deviation[h], volatility[h], day[i] - last_day[h], period_days, most)
        points_a = _rested(deviation[a], volatility[a], day[i] - last_day[a], period_days, most)
        deviation_before[i, 0], deviation_before[i, 1] = points_h, points_a
        played_before[i, 0], played_before[i, 1] = played[h], played[a]
        terms[i, 0], terms[i, 1] = 0.0, 0.0
        if h != a:
            variance_h, variance_a = (points_h / POINTS_PER_LOGIT) ** 2, (points_a / POINTS_PER_LOGIT) ** 2
            gap = (before[i, 0] - before[i, 1]) / POINTS_PER_LOGIT + home_edge * home_factor[i]
            terms[i, 0] = _g(variance_h + variance_a) * gap
            terms[i, 1] = math.sqrt(variance_h + variance_a)
            if learns:
                g_h, g_a = _g(variance_h), _g(variance_a)
                expected_h, expected_a = 1.0 / (1.0 + math.exp(-g_a * gap)), 1.0 / (1.0 + math.exp(g_h * gap))
                information[h] += g_a * g_a * expected_h * (1.0 - expected_h)
                information[a] += g_h * g_h * expected_a * (1.0 - expected_a)
                surprise[h] += g_a * (result[i] - expected_h)
                surprise[a] += g_h * (1.0 - result[i] - expected_a)
                count[h] += 1
                count[a] += 1
        if i + 1 < n and batch[i + 1] == batch[i]:
            continue
        for j in range(first, i + 1):
            for place in range(2):
                t = np.uintp(home[j]) if place == 0 else np.uintp(away[j])
                if count[t] == 0:
                    continue
                variance = (deviation_before[j, place] / POINTS_PER_LOGIT) ** 2
                of_games = 1.0 / max(information[t], LEAST_INFORMATION)
                wilder = next_volatility(volatility[t], of_games * surprise[t], variance, of_games, tau)
                variance = 1.0 / (1.0 / (variance + wilder * wilder) + 1.0 / of_games)
                rating[t] += variance * surprise[t] * POINTS_PER_LOGIT
                deviation[t] = min(math.sqrt(variance) * POINTS_PER_LOGIT, most)
                volatility[t], last_day[t] = wilder, day[j]
                played[t] += count[t]
                information[t], surprise[t], count[t] = 0.0, 0.0, 0
        for j in range(first, i + 1):
            h, a = np.uintp(home[j]), np.uintp(away[j])
            after[j, 0] = _regressed(rating[h], played[h], seen[h], season[j], carry, mean)
            after[j, 1] = _regressed(rating[a], played[a], seen[a], season[j], carry, mean)
            days_h, days_a = day[j] - last_day[h], day[j] - last_day[a]
            deviation_after[j, 0] = _rested(deviation[h], volatility[h], days_h, period_days, most)
            deviation_after[j, 1] = _rested(deviation[a], volatility[a], days_a, period_days, most)
        first = i + 1
