"""Two Poisson numbers side by side: who has more, and the rates that a three-way price implies.

Belongs here: that arithmetic. Does not: time, periods, competitions.
"""

from __future__ import annotations

import numpy as np

from precog_assets.domain.in_play import Floats

_MOST = 27
"""Goals of a side that are told apart; rates are held under `_MOST_RATE`."""
_LEAST_RATE, _MOST_RATE = 0.02, 9.0
_STEPS = 40
_FACTORIAL = np.cumsum(np.log(np.maximum(np.arange(_MOST), 1.0)))


def poisson(rate: Floats) -> Floats:
    """P(0), P(1), ... of each rate, (n, _MOST), of sum 1."""
    k = np.arange(_MOST)
    p = np.exp(k * np.log(np.maximum(rate, 1e-300))[:, None] - rate[:, None] - _FACTORIAL)
    return p / p.sum(axis=1, keepdims=True)


def outcomes(home_rate: Floats, away_rate: Floats, lead: Floats) -> Floats:
    """P(lead + home - away is above, at and below 0), (n, 3), of independent Poisson numbers."""
    home, away = poisson(home_rate), poisson(away_rate)
    n = len(lead)
    at_most = np.concatenate([np.zeros((n, 1)), np.cumsum(home, axis=1)], axis=1)
    needed = np.arange(_MOST)[None, :] - np.nan_to_num(lead)[:, None].astype(np.int64)
    rows = np.arange(n)[:, None]
    below = (at_most[rows, np.clip(needed, 0, _MOST)] * away).sum(axis=1)
    within = (needed >= 0) & (needed < _MOST)
    level = (np.where(within, home[rows, np.clip(needed, 0, _MOST - 1)], 0.0) * away).sum(axis=1)
    return np.column_stack([np.maximum(0.0, 1.0 - below - level), level, below])


def implied_rates(prices: Floats) -> Floats:
    """Rates (n, 2) with which two Poisson numbers win, draw and lose as priced, (n, 3).

    Newton's method in the logarithms of the rates; the derivatives follow from
    dP(difference = k) / d home = P(k - 1) - P(k). Where no rates within bounds fit, the nearest found.
    """
    total = np.clip(0.16 / np.maximum(prices[:, 1], 0.03) ** 2, 0.5, 8.0)
    edge = np.clip(1.3 * (prices[:, 0] - prices[:, 2]), -1.5, 1.5)
    rates = np.column_stack([total / 2 * np.exp(edge), total / 2 * np.exp(-edge)])
    rates = np.clip(rates, _LEAST_RATE, _MOST_RATE)
    for _ in range(_STEPS):
        home, away = poisson(rates[:, 0]), poisson(rates[:, 1])
        level = (home * away).sum(axis=1)
        won = (home[:, 1:] * np.cumsum(away, axis=1)[:, :-1]).sum(axis=1)
        missing = prices - np.column_stack([won, level, 1.0 - won - level])
        if np.abs(missing).max() < 1e-12:
            break
        one_up, one_down = (home[:, 1:] * away[:, :-1]).sum(axis=1), (home[:, :-1] * away[:, 1:]).sum(axis=1)
        # Rows: home, away; columns: by the logarithm of home's rate, of away's.
        a, b = level * rates[:, 0], -one_up * rates[:, 1]
        c, d = -one_down * rates[:, 0], level * rates[:, 1]
        det = a * d - b * c
        det = np.where(np.abs(det) < 1e-12, 1e-12, det)
        step = np.column_stack(
            [(d * missing[:, 0] - b * missing[:, 2]) / det, (a * missing[:, 2] - c * missing[:, 0]) / det]
        )
        rates = np.clip(rates * np.exp(np.clip(step, -0.7, 0.7)), _LEAST_RATE, _MOST_RATE)
    return rates
