"""Elo on real results, walking forward: Brier scores beside the closing odds of the same games, and replay time.

Belongs here: accuracy with the parameters in force. The results lie beside the checkout and are not part of it;
without them nothing is measured, and the table says so by its absence.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target
from precog_assets.config import load_leagues
from precog_assets.ratings.elo import RatedGame, home_result, replay

GAMES = ROOT.parent / "shared" / "data" / "games"
START = datetime(1900, 1, 1, tzinfo=UTC)
WINDOWS = {
    "nfl": (2015, 2022, 0.2235),
    "nba": (2010, 2023, 0.2160),
    "nhl": (2012, 2023, 0.2405),
    "mlb": (2012, 2022, 0.2445),
    "ncaab": (2003, 2016, 0.1800),
    "atp": (2010, 2021, 0.2125),
}
"""First and last season, and the Brier score to reach there."""


def measure(_scale: Scale) -> list[Figure]:
    """One Brier score a league; the detail holds the score of the closing odds on the games that have them."""
    return [_league(key) for key in WINDOWS if (GAMES / f"{key}.parquet").is_file()]


def _league(key: str) -> Figure:
    first, last, wanted = WINDOWS[key]
    frame = pl.read_parquet(GAMES / f"{key}.parquet").filter(pl.col("home") != pl.col("away"))
    games = [_game(key, place, row) for place, row in enumerate(frame.iter_rows(named=True))]
    parameters = load_leagues()[key].rating
    replay(games[:2], parameters)
    began = time.perf_counter()
    changes, _ = replay(games, parameters)
    took_s = time.perf_counter() - began
    won = np.array([home_result(game) for game in games])
    elo = (changes.numbers[:, 4] - won) ** 2
    closing = frame["close_home"].cast(pl.Float64).to_numpy()
    chosen = (frame["season"].to_numpy() >= first) & (frame["season"].to_numpy() <= last)
    priced = chosen & ~np.isnan(closing)
    note = f"{chosen.sum():,} games; all {len(games):,} replayed in {took_s:.2f} s; closing odds not measured"
    detail = {"games": int(chosen.sum()), "priced_games": int(priced.sum()), "replay_s": took_s}
    if priced.any():
        of_odds = float(((closing - won) ** 2)[priced].mean())
        of_elo = float(elo[priced].mean())
        detail |= {"closing_odds": of_odds, "elo_on_priced_games": of_elo}
        note = f"{chosen.sum():,} games; on the {priced.sum():,} with odds {of_elo:.4f}, closing odds {of_odds:.4f}"
    return Figure(f"Elo {key} {first}-{last}", float(elo[chosen].mean()), "Brier", Target("<=", wanted), note, detail)


def _game(key: str, place: int, row: dict[str, object]) -> RatedGame:
    return RatedGame(
        game_id=f"{place:07d}",
        league=key,
        season=int(str(row["season"])),
        start_time=START + timedelta(hours=place),
        home_team_id=str(row["home"]),
        away_team_id=str(row["away"]),
        home_score=int(float(str(row["home_score"]))),
        away_score=int(float(str(row["away_score"]))),
        neutral=bool(row["neutral"]),
        playoff=bool(row["playoff"]),
    )
