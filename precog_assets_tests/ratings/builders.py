"""Games for the rating tests: written by hand, drawn by hypothesis, or read from the shared results."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import strategies as st

from precog_assets.ratings.elo import RatedGame

GAMES = Path(__file__).resolve().parents[3] / "shared" / "data" / "games"
START = datetime(2000, 1, 1, tzinfo=UTC)


def game(
    number: int,
    home: str,
    away: str,
    home_score: int,
    away_score: int,
    *,
    season: int = 2000,
    league: str = "nfl",
    neutral: bool = False,
    playoff: bool = False,
    winner: str | None = None,
) -> RatedGame:
    start = START + timedelta(hours=number)
    return RatedGame(
        f"{league}:{number:06d}",
        league,
        season,
        start,
        home,
        away,
        home_score,
        away_score,
        neutral=neutral,
        playoff=playoff,
        winner=winner,
    )


@cache
def real_games(league: str) -> tuple[pl.DataFrame, list[RatedGame]]:
    """The shared results of a league as rows and as rated games in the file's order; skips where absent."""
    path = GAMES / f"{league}.parquet"
    if not path.is_file():
        pytest.skip(f"no results of real games at {path}")
    frame = pl.read_parquet(path).filter(pl.col("home") != pl.col("away"))
    wanted = frame.select("season", "home", "away", "home_score", "away_score", "neutral", "playoff")
    return frame, [
        game(
            i,
            str(home),
            str(away),
            int(hs),
            int(as_),
            season=season,
            league=league,
            neutral=bool(neutral),
            playoff=bool(playoff),
        )
        for i, (season, home, away, hs, as_, neutral, playoff) in enumerate(wanted.iter_rows())
    ]


@st.composite
def game_lists(draw: st.DrawFn) -> list[RatedGame]:
    """Up to 40 games of six teams over up to four seasons, some labels out of order as late games are."""
    rows = draw(
        st.lists(
            st.tuples(
                st.permutations("abcdef").map(lambda teams: (teams[0], teams[1])),
                st.integers(0, 60),
                st.integers(0, 60),
                st.integers(2000, 2003),
                st.booleans(),
                st.booleans(),
            ),
            max_size=40,
        )
    )
    return [
        game(i, pair[0], pair[1], hs, as_, season=season, neutral=neutral, playoff=playoff)
        for i, (pair, hs, as_, season, neutral, playoff) in enumerate(rows)
    ]
