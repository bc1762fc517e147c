"""Seasons of games made up from a seed: true probabilities, results drawn from them, prices and forecasts of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

FIRST_DAY = date(2024, 9, 1)


def logit_noise(p: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Probabilities as someone sees them who errs by `spread` logits."""
    return 1.0 / (1.0 + np.exp(-(np.log(p / (1 - p)) + rng.normal(0.0, spread, len(p)))))


def two_outcome_games(games: int, seed: int, *, per_day: int = 5, leaked: float = 0.0) -> pl.DataFrame:
    """A league whose closing price errs by 0.1 logits and whose model errs by 0.5; a share of it is `leaked` result."""
    rng = np.random.default_rng(seed)
    true = rng.beta(6, 5, games)
    won = rng.random(games) < true
    model = (1 - leaked) * logit_noise(true, 0.5, rng) + leaked * won
    close = logit_noise(true, 0.1, rng)
    days = [FIRST_DAY + timedelta(days=at // per_day) for at in range(games)]
    return pl.DataFrame(
        {
            "league": "nba",
            "season": [day.year for day in days],
            "date": [day.isoformat() for day in days],
            "p_home": model,
            "p_draw": None,
            "p_away": 1 - model,
            "home_score": np.where(won, 101, 99),
            "away_score": 100,
            "model_version": "elo-nba-1",
            "close_home": close,
            "close_draw": None,
            "close_away": 1 - close,
        }
    )


def three_outcome_games(games: int, seed: int) -> pl.DataFrame:
    """A soccer league, two games a day, whose model gives every game the same forecast and whose price knows more."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([9, 5, 6], games)
    outcome = (rng.random(games)[:, None] > true.cumsum(axis=1)).sum(axis=1)
    days = [FIRST_DAY + timedelta(days=at // 2) for at in range(games)]
    return pl.DataFrame(
        {
            "league": "epl",
            "season": "2024",
            "date": days,
            "p_home": 0.45,
            "p_draw": 0.25,
            "p_away": 0.30,
            "home_score": np.array([1, 0, 0])[outcome],
            "away_score": np.array([0, 0, 1])[outcome],
            "model_version": "elo-epl-1",
            "close_home": true[:, 0],
            "close_draw": true[:, 1],
            "close_away": true[:, 2],
        }
    )
