"""How much: Kelly with fees, for one bet, for the exclusive outcomes of a game, and for a slate of games.

Belongs here: fractions of equity that make its logarithm grow fastest, and what of them a book can fill. Does not:
limits (`limits.py`), whether to bet at all (`gates.py`).

A bet costs k = price + fee a contract and pays a dollar or nothing (or, tied, half of one). Kelly 1956; simultaneous
bets as in Thorp 2006, "The Kelly criterion in blackjack, sports betting and the stock market", section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_ENUMERATED = 10
"""Correlated bets whose 2^n results are gone through one by one."""
_NODES = 24
_LEAST_WEALTH = 1e-9
_NEGLIGIBLE = 1e-9
_IMPOSSIBLE = 1e-12
_HALVINGS = 32
_TOLERANCE = 1e-12


def kelly_fraction(probability: float, price: float, fee: float) -> float:
    """Share of equity to spend on a side that costs `price` + `fee` a contract: f* = (p - c - phi) / (1 - c - phi).

    0 where the bet is worth nothing, or costs a dollar or more. All in dollars a contract.
    """
    left = 1.0 - price - fee
    if left <= 0.0:
        return 0.0
    return max(0.0, (probability - price - fee) / left)


def simultaneous_kelly(
    payoffs: np.ndarray, probabilities: np.ndarray, costs: np.ndarray, *, caps: np.ndarray, budget: float = 1.0
) -> np.ndarray:
    """Shares of equity (bets,) to spend on bets held at once, that maximise the expected logarithm of wealth.

    payoffs (results, bets): dollars a contract of each bet in each result; probabilities (results,), summing to 1;
    costs (bets,) > 0: dollars a contract, fee included; caps (bets,): most of each; budget: most of all. Exact for any
    dependence that the results spell out. Raises ValueError for shapes that do not fit, or costs not above 0.
    """
    payoffs, probabilities, costs, caps = (np.asarray(one, np.float64) for one in (payoffs, probabilities, costs, caps))
    bets = len(costs)
    if payoffs.shape != (len(probabilities), bets) or caps.shape != (bets,):
        raise ValueError(
            f"payoffs {payoffs.shape} and caps {caps.shape} for {len(probabilities)} results and {bets} bets; "
            f"expected ({len(probabilities)}, {bets}) and ({bets},)"
        )
    if not np.all(costs > 0.0):
        raise ValueError(f"costs {costs.tolist()}; expected dollars a contract above 0")
    possible = probabilities > _IMPOSSIBLE
    payoffs, chances = payoffs[possible], probabilities[possible]
    found = _one_or_the_other(payoffs, chances, costs)
    if found is not None and np.all(found <= caps) and found.sum() <= budget:
        return found
    return _searched(payoffs / costs - 1.0, chances, caps, budget)


def _one_or_the_other(payoffs: np.ndarray, chances: np.ndarray, costs: np.ndarray) -> np.ndarray | None:
    """Shares without a search where two results are possible and each bet pays a dollar on one of them.

    Then all bets on a result are the same bet and the cheapest is made, equal ones alike; both results are never worth
    betting on, unless together they cost less than the dollar they pay. None where that is so, and for other payoffs.
    """
    if len(chances) != 2 or not np.all(np.sort(payoffs, axis=0) == np.array([[0.0], [1.0]])):
        return None
    pays = payoffs == 1.0
    cheapest = np.min(np.where(pays, costs, np.inf), axis=1)
    if cheapest.sum() < 1.0:
        return None
    found = np.zeros(len(costs))
    for on_it, chance, cost in zip(pays, (chances / chances.sum()).tolist(), cheapest.tolist(), strict=True):
        share = kelly_fraction(chance, cost, 0.0)
        if share > 0.0:
            alike = on_it & (costs <= cost + _NEGLIGIBLE)
            found[alike] = share / np.count_nonzero(alike)
    return found


def _searched(returns: np.ndarray, chances: np.ndarray, caps: np.ndarray, budget: float) -> np.ndarray:
    from scipy.optimize import LinearConstraint, minimize

    bets = len(caps)

    def shrink(fractions: np.ndarray) -> tuple[float, np.ndarray]:
        wealth = np.maximum(1.0 + returns @ fractions, _LEAST_WEALTH)
        return -float(chances @ np.log(wealth)), -(chances / wealth) @ returns

    bounds = [(0.0, max(0.0, float(cap))) for cap in caps]
    start = np.minimum(0.5 * min(budget, 1.0) / bets, [high for _, high in bounds])
    found = minimize(
        shrink,
        start,
        jac=True,
        method="SLSQP",
        bounds=bounds,
        constraints=[LinearConstraint(np.ones((1, bets)), -np.inf, min(budget, 1.0 - _NEGLIGIBLE))],
        options={"ftol": _TOLERANCE, "maxiter": 500},
    )
    # A search that went astray buys nothing rather than something worse than nothing.
    if not np.all(np.isfinite(found.x)) or shrink(found.x)[0] > 0.0:
        return np.zeros(bets)
    return _within(found.x, caps, budget)


def exclusive_payoffs(pays_on: Sequence[frozenset[str]], outcomes: Sequence[str]) -> np.ndarray:
    """Payoffs (outcomes, bets) of bets that each pay on some of a game's outcomes, of which one happens."""
    return np.array([[1.0 if outcome in paid else 0.0 for paid in pays_on] for outcome in outcomes])


def correlated_payoffs(probabilities: Sequence[float], correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """(payoffs (results, bets), probabilities (results,)) of bets that win together, by one common normal factor.

    Each bet wins where a normal variable is below its quantile; each two have `correlation` (0 to below 1; Vasicek
    1987), integrated over the factor by Gauss-Hermite. At most MOST_ENUMERATED bets. Raises ValueError otherwise.
    """
    from scipy.special import ndtr, ndtri

    chances = np.asarray(probabilities, np.float64)
    if not 0.0 <= correlation < 1.0 or not 1 <= len(chances) <= MOST_ENUMERATED:
        raise ValueError(
            f"correlation {correlation:g} of {len(chances)} bets; expected 0 to below 1, 1 to {MOST_ENUMERATED} bets"
        )
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    given = ndtr((ndtri(chances)[None, :] - np.sqrt(correlation) * nodes[:, None]) / np.sqrt(1.0 - correlation))
    results = (np.arange(2 ** len(chances))[:, None] >> np.arange(len(chances))) & 1
    joint = np.where(results[None, :, :] == 1, given[:, None, :], 1.0 - given[:, None, :]).prod(axis=2)
    return results.astype(np.float64), weights @ joint


@dataclass(frozen=True, slots=True)
class SlateBets:
    """Bets of several games: `payoffs` (results, bets) and `probabilities` of each game, all `costs` in one row."""

    payoffs: Sequence[np.ndarray]
    probabilities: Sequence[np.ndarray]
    costs: np.ndarray


def slate_kelly(slate: SlateBets, *, caps: np.ndarray, budget: float, between_games: float = 0.0) -> np.ndarray:
    """Shares of equity (bets,) for bets of many games at once, games correlated by `between_games`.

    The second-order expansion of the logarithm (Thorp 2006, section 7): maximise m'f - f'Mf / 2, with m the expected
    and M the expected products of the bets' returns; near the exact answer while a bet is a few hundredths of equity,
    and never above `caps` or, together, `budget`. Raises ValueError for a correlation outside [0, 1).
    """
    if not 0.0 <= between_games < 1.0:
        raise ValueError(f"correlation between games {between_games:g}; expected 0 to below 1")
    costs, caps = np.asarray(slate.costs, np.float64), np.maximum(np.asarray(caps, np.float64), 0.0)
    bets = len(costs)
    mean, covariance, first = np.empty(bets), np.zeros((bets, bets)), 0
    apart = np.ones((bets, bets), bool)
    for payoffs, chances in zip(slate.payoffs, slate.probabilities, strict=True):
        here = slice(first, first + payoffs.shape[1])
        returns = payoffs / costs[here] - 1.0
        mean[here] = chances @ returns
        centred = returns - mean[here]
        covariance[here, here] = (centred * chances[:, None]).T @ centred
        apart[here, here] = False
        first = here.stop
    if between_games:
        deviation = np.sqrt(np.diag(covariance))
        covariance = np.where(apart, between_games * np.outer(deviation, deviation), covariance)
    elif len(slate.payoffs) == bets and np.all(np.diag(covariance) > 0.0):
        return _within(_independent(mean, np.diag(covariance), caps, budget), caps, budget)
    return _quadratic(mean, covariance + np.outer(mean, mean), caps, budget)


def _independent(mean: np.ndarray, variance: np.ndarray, caps: np.ndarray, budget: float) -> np.ndarray:
    """The best shares where every bet is of a game of its own: each follows from what all of them expect together.

    At the best f, each bet's own condition is c m - v f = price of the budget, within its cap, with c = 1 - m'f. What
    the bets expect grows with c and falls with the price, so that both are found by search.
    """

    slope = mean * mean / variance

    def shares(price: float) -> np.ndarray:
        c, low, high = 1.0, 0.0, 1.0
        for _ in range(_HALVINGS):
            wanted = (c * mean - price) / variance
            found = np.clip(wanted, 0.0, caps)
            excess = c + float(mean @ found) - 1.0
            if abs(excess) <= _TOLERANCE:
                break
            low, high = (low, c) if excess > 0.0 else (c, high)
            # Newton's step where it stays between what is too low and too high, else their middle.
            c -= excess / (1.0 + float(slope[(wanted > 0.0) & (wanted < caps)].sum()))
            c = c if low < c < high else (low + high) / 2.0
        return np.clip((c * mean - price) / variance, 0.0, caps)

    found = shares(0.0)
    if found.sum() <= budget:
        return found
    low, high = 0.0, float(max(mean.max(), 0.0))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if shares(middle).sum() > budget else (low, middle)
    return shares(high)


def _quadratic(mean: np.ndarray, moment: np.ndarray, caps: np.ndarray, budget: float) -> np.ndarray:
    from scipy.optimize import LinearConstraint, minimize

    bets = len(mean)
    found = minimize(
        lambda f: (float(0.5 * f @ moment @ f - mean @ f), moment @ f - mean),
        np.zeros(bets),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, float(cap)) for cap in caps],
        constraints=[LinearConstraint(np.ones((1, bets)), -np.inf, budget)],
        options={"ftol": _TOLERANCE, "maxiter": 500},
    )
    return _within(found.x, caps, budget) if np.all(np.isfinite(found.x)) else np.zeros(bets)


def _within(fractions: np.ndarray, caps: np.ndarray, budget: float) -> np.ndarray:
    """Exactly inside what was asked, whatever the search's tolerance left over."""
    kept = np.clip(fractions, 0.0, np.maximum(caps, 0.0))
    kept[kept < _NEGLIGIBLE] = 0.0
    total = float(kept.sum())
    return kept * (budget / total) if total > budget else kept
