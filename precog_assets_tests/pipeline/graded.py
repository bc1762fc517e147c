"""Finished games with forecasts and closing prices, drawn by chance from their true odds: what evaluations read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import Observation, Origin
from precog_assets.ratings.versions import model_version
from precog_assets.store import tables
from precog_assets.store.forecasts import COLUMNS, write_forecasts
from precog_assets.store.games import write_games
from precog_assets_tests.store.rows import final

VERSION = model_version(load_leagues()["nfl"])


@dataclass(frozen=True)
class Played:
    """A finished game: home win or not, its forecast, its closing price."""

    number: int
    season: int
    start: datetime
    home_won: bool
    forecast: float
    close: float | None = None
    tied: bool = False

    @property
    def game_id(self) -> str:
        return f"nfl:{self.number}"


def drawn(
    season: int, games: int, *, noise: float = 0.5, blind: float = 0.0, priced: bool = True, seed: int = 1
) -> list[Played]:
    """Games of true odds; `noise` blurs the forecast's logit, `blind` the close's; a game an hour from September on."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0.2, 0.8, games)
    truth = 1 / (1 + np.exp(-logit))
    forecast = 1 / (1 + np.exp(-(logit + rng.normal(0, noise, games))))
    close = 1 / (1 + np.exp(-(logit + rng.normal(0, blind, games))))
    won = rng.random(games) < truth
    first = datetime.fromisoformat(f"{season}-09-05T18:00:00+00:00")
    return [
        Played(
            season * 10_000 + i,
            season,
            first + timedelta(hours=i),
            bool(won[i]),
            float(forecast[i]),
            float(close[i]) if priced else None,
        )
        for i in range(games)
    ]


def forecast_of(one: Played, p_home: float | None = None) -> tuple:
    p = one.forecast if p_home is None else p_home
    as_of = one.start - timedelta(hours=20)
    sides = ("nfl:12", "nfl:30")
    numbers = (p, None, 1 - p, 1550.0, 1450.0, 60.0, 70.0, 10, 9)
    row = dict(zip(COLUMNS, (one.game_id, one.season, one.start, *sides, *numbers, as_of), strict=True))
    return tuple(row[name] for name in COLUMNS)


def play(engine: sa.Engine, games: Sequence[Played], now: datetime, *, forecast_at: datetime | None = None) -> None:
    """Store results, forecasts (made at `forecast_at`, by default at `now`) and closing prices."""
    scores = [(17, 17) if one.tied else (24, 17) if one.home_won else (17, 24) for one in games]
    finals = [
        final(str(one.number), score, season=one.season, start_time=one.start)
        for one, score in zip(games, scores, strict=True)
    ]
    odds = [
        {"source": "test", "game_id": one.game_id, "p_home": one.close, "p_away": 1 - one.close, "imported_at": now}
        for one in games
        if one.close is not None
    ]
    with engine.begin() as connection:
        write_games(connection, [(one, Observation(now, Origin.LIVE, 1)) for one in finals], load_leagues())
        write_forecasts(connection, "nfl", VERSION, [forecast_of(one) for one in games], forecast_at or now)
        if odds:
            connection.execute(sa.insert(tables.closing_odds), odds)
