"""Small seasons in the exchange format, drawn from a seed: what tests of models share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.ratings.exchange import GamesFile, checked

LEAGUES = load_leagues()


def season_frame(
    league: str = "nfl", *, seasons: int = 3, teams: int = 8, days: int = 12, seed: int = 1, **given: Any
) -> pl.DataFrame:
    """Every day each team meets another; the stronger tends to win. Columns of the exchange format."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0.0, 1.0, teams)
    rows: list[dict[str, Any]] = []
    first = date(2015, 9, 1)
    for season in range(seasons):
        for day in range(days):
            order = rng.permutation(teams)
            for home, away in zip(order[::2], order[1::2], strict=True):
                gap = 0.3 + strength[home] - strength[away]
                rows.append(_game(league, season, first + timedelta(days=365 * season + 3 * day), home, away, gap, rng))
    return pl.DataFrame([{**row, **given} for row in rows])


def _game(
    league: str, season: int, day: date, home: int, away: int, gap: float, rng: np.random.Generator
) -> dict[str, Any]:
    rules = LEAGUES[league]
    row: dict[str, Any] = {
        "season": 2015 + season,
        "date": day.isoformat(),
        "home": f"t{home:02d}",
        "away": f"t{away:02d}",
        "neutral": False,
        "playoff": False,
    }
    if rules.is_individual:
        won = rng.random() < 1.0 / (1.0 + np.exp(-gap))
        surface = ("Hard", "Clay", "Grass", None)[int(rng.integers(4))]
        return row | {
            "home_score": int(won), "away_score": int(not won), "surface": surface, "best_of": int(rng.choice([3, 5])),
            "level": str(rng.choice(["A", "G", "D"])), "retired": bool(rng.random() < 0.05),
        }  # fmt: skip
    if rules.has_draw:
        return row | {
            "home_score": int(rng.poisson(1.4 * np.exp(gap / 4))),
            "away_score": int(rng.poisson(1.2 * np.exp(-gap / 4))),
        }
    margin = round(rng.normal(6.0 * gap, 11.0)) or 1
    loser = int(rng.integers(3, 24))
    return row | {
        "home_score": loser + max(margin, 0),
        "away_score": loser + max(-margin, 0),
    }


def games_file(league: str = "nfl", frame: pl.DataFrame | None = None, **given: Any) -> GamesFile:
    """The same, read: checked and in rating order."""
    rules: League = LEAGUES[league]
    return checked(season_frame(league, **given) if frame is None else frame, rules, "games")
