"""Markets of a file to games of a file: by the seeds' names, refused with the right reason, results compared."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.match_file import ANSWER, match_file

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
on_real_files = pytest.mark.skipif(not SHARED.is_dir(), reason="the real files do not lie beside the checkout")


def matched(games: list[dict[str, object]], *tickers: str, **columns: list[object]) -> list[dict[str, object]]:
    markets = pl.DataFrame({"ticker": list(tickers), **columns})
    return list(match_file(markets, pl.DataFrame(games)).iter_rows(named=True))


SEATTLE = {"date": "2025-09-07", "home": "SEA", "away": "SF", "home_score": 13, "away_score": 17}


@pytest.mark.parametrize(
    ("home", "away"),
    [
        ("SEA", "SF"),
        ("sea", "sf"),
        ("Seattle Seahawks", "San Francisco 49ers"),
        ("Seahawks", "49ers"),
        ("Seattle", "San Francisco"),
    ],
)
def test_teams_are_known_by_code_name_nickname_and_city(home: str, away: str) -> None:
    (found,) = matched([{**SEATTLE, "home": home, "away": away}], "KXNFLGAME-25SEP07SFSEA-SF")
    assert (found["verdict"], found["game"], found["outcome"]) == ("matched", 1, "away")


def test_a_settled_market_is_compared_with_the_score() -> None:
    tickers = ("KXNFLGAME-25SEP07SFSEA-SF", "KXNFLGAME-25SEP07SFSEA-SEA")
    right = matched([SEATTLE], *tickers, result=["yes", "no"])
    wrong = matched([SEATTLE], *tickers, result=["no", None])
    assert [row["agrees"] for row in right] == [True, True]
    assert [row["agrees"] for row in wrong] == [False, None]


def test_what_cannot_be_tied_is_refused_with_its_reason() -> None:
    found = matched(
        [SEATTLE],
        "KXNFLGAME-25SEP08SFSEA-SF",
        "KXNFLGAME-25SEP07SFXXX-SF",
        "KXNFLSPREAD-25SEP07SFSEA-SF3",
        "KXMVESPORTSMULTIGAMEEXTENDED-S1-X",
    )
    assert [row["reason"] for row in found] == ["no_game", "unknown_code", "wrong_market_type", "multi_event"]
    assert {row["verdict"] for row in found} == {"refused"}


def test_a_market_before_the_opening_of_the_season_is_an_exhibition() -> None:
    codes = sorted(
        {"ARI", "ATL", "BAL", "BUF", "CAR", "CHI", "CIN", "CLE", "DAL", "DEN", "DET", "GB", "HOU", "IND", "SF", "SEA"}
    )
    opening = [
        {"date": date(2025, 9, 7) + timedelta(days=at % 3), "home": codes[2 * at], "away": codes[2 * at + 1]}
        for at in range(8)
    ]
    (with_opening,) = matched(opening, "KXNFLGAME-25AUG16SFSEA-SF")
    (without,) = matched([SEATTLE], "KXNFLGAME-25AUG16SFSEA-SF")
    assert (with_opening["reason"], without["reason"]) == ("exhibition", "no_game")


def test_missing_columns_dates_and_unknown_teams_are_named() -> None:
    with pytest.raises(PrecogError, match="games file: missing columns away; it has date, home"):
        match_file(
            pl.DataFrame({"ticker": ["KXNFLGAME-25SEP07SFSEA-SF"]}), pl.DataFrame({"date": ["x"], "home": ["SF"]})
        )
    with pytest.raises(PrecogError, match=r"row 1: '2025-9-40' is no date"):
        matched([{**SEATTLE, "date": "2025-9-40"}], "KXNFLGAME-25SEP07SFSEA-SF")
    with pytest.raises(PrecogError, match=r"1 sides are no team of nfl: 'Springfield' \(row 1\)"):
        matched([{**SEATTLE, "home": "Springfield"}], "KXNFLGAME-25SEP07SFSEA-SF")


def pairs(league: str) -> pl.DataFrame:
    found = pl.read_parquet(SHARED / "kalshi" / f"kalshi_vs_sportsbook_{league}_2025.parquet")
    return found.select("home_score", "away_score", date="game_date", home="home_team", away="away_team")


def real(league: str, games: pl.DataFrame) -> pl.DataFrame:
    found = match_file(pl.read_parquet(SHARED / "kalshi" / f"kalshi_{league}_game_markets_2025.parquet"), games)
    assert found.schema == pl.Schema(ANSWER)
    return found


def counts(found: pl.DataFrame) -> dict[str, int]:
    return dict(found.select(pl.coalesce("reason", "verdict").alias("what")).group_by("what").len().iter_rows())


@on_real_files
def test_every_real_nfl_market_is_matched_or_a_preseason_game() -> None:
    schedule = pl.read_parquet(SHARED / "schedules" / "nfl_2025.parquet")
    found = real("nfl", schedule.select("date", "home", "away", "kickoff_eastern"))
    assert counts(found) == {"matched": 128, "exhibition": 98}


@on_real_files
def test_every_real_nba_market_whose_game_is_there_is_matched_and_the_others_refused() -> None:
    spring = pl.read_parquet(SHARED / "schedules" / "nba_2025_spring.parquet").select("date", "home", "away")
    autumn = pairs("nba").filter(pl.col("date") > "2025-09-01").select("date", "home", "away")
    found = real("nba", pl.concat([spring, autumn]))
    assert counts(found) == {"matched": 324, "no_game": 92, "exhibition": 2}
    assert found.filter(pl.col("reason") == "exhibition")["ticker"].str.contains("GUA").all()


@on_real_files
@pytest.mark.parametrize(("league", "settled"), [("nfl", 52), ("nba", 324)])
def test_every_settled_real_market_agrees_with_its_score(league: str, settled: int) -> None:
    agrees = real(league, pairs(league))["agrees"].drop_nulls()
    assert (agrees.len(), int(agrees.sum())) == (settled, settled)
