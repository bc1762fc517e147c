"""The loops of Elo: one parameter set with every row it gives, and many sets at once with only their scores.

What belongs here: compiled loops over arrays, and the types of their numbers. What does not: parameters as people
write them, margin rules, states and rows (`elo.py`).

Formulas: FiveThirtyEight's published models (NFL: `fivethirtyeight/nfl-elo-game`, forecast.py; NBA: "How We Calculate
NBA Elo Ratings"; NHL and tennis: their methodology pages) and World Football Elo. Their multiplier of K is a growth,
which depends on the margin alone and is looked up, over a denominator, which depends on the winner's gap, so that an
upset counts for more and a favourite's blowout for less.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from precog_assets.ratings.compiled import compiled

LOGITS_PER_POINT = math.log(10.0) / 400.0
NO_SEASON = -(2**31)
TABLED = 128
"""Whole margins below it are looked up."""
DENOMINATOR_FLOOR = 0.1
"""Share of its value between equal sides that a denominator keeps at least: it must never reach zero."""
BLOCK = 64
"""Sets to rate side by side: as many as leave the ratings of a league in the fastest cache."""
RARELY = 32
"""Likelihoods multiplied before one logarithm is taken of all: 32 of 1e-6 are still far from the least float."""


class MarginRule(NamedTuple):
    """A multiplier growth(margin) / (base + slope * winner's gap) as numbers."""

    code: int
    """Of `growth_of`."""
    base: float
    slope: float
    tied: float
    """The denominator of a tie."""
    typical: float
    """Stands in where the margin is unknown: the median of the leagues that the rule was made for."""


class Numbers(NamedTuple):
    """The parameters of one set."""

    k: float
    home_edge_rate: float
    carry: float
    mean: float
    playoff_factor: float


class Rows(NamedTuple):
    """Games as `Games` has them, and `growth`, by `growths` of their margins; all (n,)."""

    home: np.ndarray
    away: np.ndarray
    batch: np.ndarray
    season: np.ndarray
    result: np.ndarray
    growth: np.ndarray
    home_factor: np.ndarray
    playoff: np.ndarray


@compiled
def logistic(x: float) -> float:
    """1 / (1 + exp(-x)) to the last bit or two, in operations that a processor does for several sets at once.

    exp as in Cephes: 2^k (q + p) / (q - p), with p and q polynomials in what k times ln 2 leaves of the exponent.
    """
    y = min(max(-x, -700.0), 700.0)
    rounded = y * 1.4426950408889634 + 6755399441055744.0
    k = rounded - 6755399441055744.0
    r = y - k * 6.93145751953125e-1 - k * 1.42860682030941723212e-6
    z = r * r
    p = r * ((1.26177193074810590878e-4 * z + 3.02994407707441961300e-2) * z + 9.99999999999999999910e-1)
    q = ((3.00198505138664455042e-6 * z + 2.52448340349684104192e-3) * z + 2.27265548208155028766e-1) * z + 2.0
    scale = np.int64((np.float64(rounded).view(np.int64) + 1023) << 52).view(np.float64)
    return (q - p) / ((q - p) + scale * (q + p))


@compiled
def growth_of(code: int, margin: float) -> float:
    """The part of a multiplier that depends on the margin alone; there is no floor at 1."""
    if code == 1:
        return math.log(max(margin, 1.0) + 1.0) * 2.2
    if code == 2:
        return (margin + 3.0) ** 0.8
    if code == 3:
        return (0.6686 * math.log(max(margin, 1.0)) + 0.8048) * 2.05
    if code == 4:
        return math.log(max(margin, 1.0) + 1.0)
    if code == 5 and margin >= 2.0:
        return 1.5 if margin < 3.0 else 1.75 + (margin - 3.0) / 8.0
    return 1.0


@compiled
def growths(rule: MarginRule, home_score: np.ndarray, away_score: np.ndarray, margin_known: np.ndarray) -> np.ndarray:
    """The rule's growth of each game (n,); a power or a logarithm is taken once for each margin."""
    table, out = np.empty(TABLED), np.empty(home_score.shape[0])
    for whole in range(TABLED):
        table[whole] = growth_of(rule.code, float(whole))
    for i in range(out.shape[0]):
        margin = abs(home_score[i] - away_score[i]) if margin_known[i] else rule.typical
        tabled = margin < TABLED and int(margin) == margin
        out[i] = table[int(margin)] if tabled else growth_of(rule.code, margin)
    return out


@compiled
def k_shares(tennis: bool, most: int) -> np.ndarray:
    """What K is multiplied by after 0 to `most` games: tennis' (n + 5)^-0.4, or 1 and no more entries."""
    table = np.ones(most + 1 if tennis else 1)
    if tennis:
        for played in range(most + 1):
            table[played] = (played + 5.0) ** -0.4
    return table


@compiled
def _shown(rating: float, played: int, seen: int, season: int, carry: float, mean: float) -> float:
    """A side's rating at a game of `season`: regressed where it has played, but not yet in this season."""
    return mean + carry * (rating - mean) if season > seen and played > 0 else rating


@compiled
def rate(
    rows: Rows,
    rating: np.ndarray,
    played: np.ndarray,
    seen: np.ndarray,
    home_edge: np.ndarray,
    numbers: Numbers,
    rule: MarginRule,
    shares: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    played_before: np.ndarray,
    terms: np.ndarray,
) -> None:
    """Rate games in order. `rating` to `home_edge` are the state, moved in place (`seen`: season last played in).

    `shares` by `k_shares`. Writes the last four, two columns each.
    """
    home, away, batch, season, result, growth, home_factor, playoff = rows
    k, home_edge_rate, carry, mean, playoff_factor = numbers
    n, floor, most = home.shape[0], DENOMINATOR_FLOOR * rule.base, shares.shape[0] - 1
    edge, moved, first = home_edge[0], 0.0, 0
    for i in range(n):
        # Unsigned: an eighth faster, as no index can then count from the end.
        h, a, s = np.uintp(home[i]), np.uintp(away[i]), season[i]
        learns = h != a and not math.isnan(result[i])
        of_home = _shown(rating[h], played[h], seen[h], s, carry, mean)
        of_away = _shown(rating[a], played[a], seen[a], s, carry, mean)
        if learns:
            rating[h], rating[a] = of_home, of_away
            seen[h], seen[a] = max(seen[h], s), max(seen[a], s)
        before[i, 0], before[i, 1] = of_home, of_away
        played_before[i, 0], played_before[i, 1] = played[h], played[a]
        factor = playoff_factor if playoff[i] else 1.0
        rating_gap = of_home - of_away
        gap = (rating_gap + edge * home_factor[i]) * factor if h != a else 0.0
        terms[i, 0] = gap * LOGITS_PER_POINT
        terms[i, 1] = rating_gap * factor * LOGITS_PER_POINT
        if learns:
            won = result[i]
            surprise = won - logistic(gap * LOGITS_PER_POINT)
            base, sign = (rule.tied, 0.0) if won == 0.5 else (rule.base, 1.0 if won > 0.5 else -1.0)
            # What the game moves waits where its row will stand: nothing moves before the batch is over.
            after[i, 0] = growth[i] * surprise / max(base + rule.slope * (gap * sign), floor)
            moved += home_factor[i] * surprise
        if i + 1 < n and batch[i + 1] == batch[i]:
            continue
        for j in range(first, i + 1):
            h, a = np.uintp(home[j]), np.uintp(away[j])
            if h != a and not math.isnan(result[j]):
                rating[h] += k * shares[min(played_before[j, 0], most)] * after[j, 0]
                rating[a] -= k * shares[min(played_before[j, 1], most)] * after[j, 0]
                played[h] += 1
                played[a] += 1
        edge += home_edge_rate * moved
        for j in range(first, i + 1):
            h, a = np.uintp(home[j]), np.uintp(away[j])
            after[j, 0] = _shown(rating[h], played[h], seen[h], season[j], carry, mean)
            after[j, 1] = _shown(rating[a], played[a], seen[a], season[j], carry, mean)
        first, moved = i + 1, 0.0
    home_edge[0] = edge


@compiled
def plan(rows: Rows, sides: int) -> tuple[np.ndarray, np.ndarray, int]:
    """What is the same for all parameter sets, of games that are all learnt from, starting with nothing.

    Returns whether the sides regress before the game, their games before it (both (n, 2)), and the largest batch.
    """
    home, away, batch, season = rows.home, rows.away, rows.batch, rows.season
    n = home.shape[0]
    regresses, played_before = np.zeros((n, 2), np.bool_), np.empty((n, 2), np.int64)
    played, seen = np.zeros(sides, np.int64), np.full(sides, NO_SEASON, np.int64)
    first, largest = 0, 0
    for i in range(n):
        for place in range(2):
            side = home[i] if place == 0 else away[i]
            played_before[i, place] = played[side]
            if season[i] > seen[side]:
                regresses[i, place] = played[side] > 0
                seen[side] = season[i]
        if i + 1 < n and batch[i + 1] == batch[i]:
            continue
        for j in range(first, i + 1):
            played[home[j]] += 1
            played[away[j]] += 1
        largest = max(largest, i + 1 - first)
        first = i + 1
    return regresses, played_before, largest


@compiled
def _score(won: float, expected: np.ndarray, clip: float, square: np.ndarray, likelihood: np.ndarray) -> None:
    """Add a game's squared errors and multiply in its likelihoods; a tie is half a win and half a loss."""
    for w in range(expected.shape[0]):
        square[w] += (won - expected[w]) * (won - expected[w])
        p = min(max(expected[w], clip), 1.0 - clip)
        likelihood[w] *= p if won == 1.0 else 1.0 - p if won == 0.0 else math.sqrt(p * (1.0 - p))


@compiled
def _take_logarithms(likelihood: np.ndarray, loss: np.ndarray) -> None:
    """Move the likelihoods gathered so far into the log loss."""
    for w in range(likelihood.shape[0]):
        loss[w] -= math.log(likelihood[w])
        likelihood[w] = 1.0


@compiled
def score_sets(
    rows: Rows,
    regresses: np.ndarray,
    shares: np.ndarray,
    counted: np.ndarray,
    sides: int,
    largest: int,
    rule: MarginRule,
    sets: np.ndarray,
    clip: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the counted games of squared error and log loss, one a set, of games that are all learnt from.

    `regresses` and `largest` by `plan`, `shares` (n, 2) from `k_shares`; `sets` (7, sets), at best BLOCK of them: k,
    home_edge, home_edge_rate, carry, mean, new_team, playoff_factor. The sets are rated side by side; each does in
    this order what `rate` does, so the same forecasts come out.
    """
    home, away, batch, _, result, growth, home_factor, playoff = rows
    k, home_edge, home_edge_rate, carry, mean = sets[0], sets[1].copy(), sets[2], sets[3], sets[4]
    n, width, floor = home.shape[0], sets.shape[1], DENOMINATOR_FLOOR * rule.base
    rating, waiting, expected = np.empty((sides, width)), np.empty((largest, width)), np.empty(width)
    for side in range(sides):
        rating[side] = sets[5]
    moved, no_factor = np.zeros(width), np.ones(width)
    square, loss, likelihood, multiplied, first = np.zeros(width), np.zeros(width), np.ones(width), 0, 0
    for i in range(n):
        of_home, of_away, push = rating[home[i]], rating[away[i]], waiting[i - first]
        if regresses[i, 0]:
            for w in range(width):
                of_home[w] = mean[w] + carry[w] * (of_home[w] - mean[w])
        if regresses[i, 1]:
            for w in range(width):
                of_away[w] = mean[w] + carry[w] * (of_away[w] - mean[w])
        factor = sets[6] if playoff[i] else no_factor
        won, grown, at_home = result[i], growth[i], home_factor[i]
        base, sign = (rule.tied, 0.0) if won == 0.5 else (rule.base, 1.0 if won > 0.5 else -1.0)
        for w in range(width):
            gap = (of_home[w] - of_away[w] + home_edge[w] * at_home) * factor[w]
            expected[w] = logistic(gap * LOGITS_PER_POINT)
            surprise = won - expected[w]
            push[w] = grown * surprise / max(base + rule.slope * (gap * sign), floor)
            moved[w] += at_home * surprise
        if counted[i]:
            _score(won, expected, clip, square, likelihood)
            multiplied += 1
            if multiplied % RARELY == 0:
                _take_logarithms(likelihood, loss)
        if i + 1 < n and batch[i + 1] == batch[i]:
            continue
        for j in range(first, i + 1):
            of_home, of_away, push = rating[home[j]], rating[away[j]], waiting[j - first]
            for w in range(width):
                of_home[w] += k[w] * shares[j, 0] * push[w]
                of_away[w] -= k[w] * shares[j, 1] * push[w]
        for w in range(width):
            home_edge[w] += home_edge_rate[w] * moved[w]
            moved[w] = 0.0
        first = i + 1
    _take_logarithms(likelihood, loss)
    return square, loss
