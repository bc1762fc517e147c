"""The market-aware probability: model and market blended on the logit scale, the weight learnt walking forward.

What belongs here: the blend, its weight, the divergence. What does not: fees, and how the vig was removed.

Raw ratings do not beat a closing price. So the market is the start, the model moves it by a share that earlier
seasons must have earned, and that share may be 0. This, not the raw forecast, is a trading probability; the raw
difference from the market is called divergence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_GAMES = 200
"""Fewer priced games before a season than this: its weight is 0."""
LEAST_GAIN = 2.0
"""Log likelihood that a weight must have gained on the seasons before, over all their games, to be used at all."""
MOST_WEIGHT = 0.5
_CLIP = 1e-6


@dataclass(frozen=True, slots=True)
class SeasonWeight:
    """Weight of the model in one season's blend."""

    season: int
    model_weight: float
    fitted_games: int
    """Priced games of the seasons before that it was learnt on."""


def blend(model: np.ndarray, market: np.ndarray, weight: float | np.ndarray) -> np.ndarray:
    """Market moved towards the model: each outcome in proportion to market^(1-weight) * model^weight.

    For two outcomes the logits' weighted mean. model, market (n, outcomes), rows summing to 1; weight in [0, 1], one
    or (n,). Returns (n, outcomes), rows summing to 1. A logarithmic opinion pool (Genest and Zidek 1986).
    """
    share = np.broadcast_to(np.asarray(weight, np.float64), (model.shape[0],))[:, None]
    if np.any((share < 0) | (share > 1)):
        raise ValueError(f"weight of the model {np.min(share):g} to {np.max(share):g}; expected 0 to 1")
    pooled = (1.0 - share) * np.log(np.clip(market, _CLIP, 1.0)) + share * np.log(np.clip(model, _CLIP, 1.0))
    odds = np.exp(pooled - pooled.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def divergence(model: np.ndarray, market: np.ndarray) -> np.ndarray:
    """Model minus market, as probabilities: where they disagree, which is no edge."""
    return model - market


def learn_weight(model: np.ndarray, market: np.ndarray, outcome: np.ndarray) -> float:
    """Weight that makes the blend most likely on these games, or 0 where it gains less than LEAST_GAIN on the market.

    outcome (n,): column of the outcome that happened. At most MOST_WEIGHT.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(outcome))

    def surprise(weight: float) -> float:
        return float(-np.log(np.clip(blend(model, market, weight)[rows, outcome], _CLIP, 1.0)).sum())

    found = minimize_scalar(surprise, bounds=(0.0, MOST_WEIGHT), method="bounded", options={"xatol": 1e-4})
    gain = surprise(0.0) - float(found.fun)
    return float(found.x) if gain >= LEAST_GAIN else 0.0


def walk_weights(model: np.ndarray, market: np.ndarray, outcome: np.ndarray, season: np.ndarray) -> list[SeasonWeight]:
    """The weight of each season, learnt on the priced games of the seasons before it alone."""
    weights: list[SeasonWeight] = []
    for label in np.unique(season):
        before = season < label
        games = int(before.sum())
        weight = learn_weight(model[before], market[before], outcome[before]) if games >= LEAST_GAMES else 0.0
        weights.append(SeasonWeight(int(label), weight, games))
    return weights
