"""Markets of a file to games of a file: by the seeds' names, refused with the right reason, results compared."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.match_file import ANSWER, match_file, read_table
from precog_assets.seeds import team_seeds

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
    codes = sorted(team.abbreviation or "" for team in team_seeds() if team.league == "nfl" and team.current)
    opening = [
        {"date": date(2025, 9, 7) + timedelta(days=at % 3), "home": codes[2 * at], "away": codes[2 * at + 1]}
        for at in range(16)
    ]

    def reason(games: list[dict[str, object]]) -> object:
        return matched(games, "KXNFLGAME-25AUG16SFSEA-SF")[0]["reason"]

    assert (reason(opening), reason([SEATTLE])) == ("exhibition", "no_game")
    assert reason(opening[:9]) == "no_game", "a file of some games does not show the opening"


def test_missing_columns_dates_and_unknown_teams_are_named() -> None:
    with pytest.raises(PrecogError, match="games file: missing columns away; it has date, home"):
        match_file(
            pl.DataFrame({"ticker": ["KXNFLGAME-25SEP07SFSEA-SF"]}), pl.DataFrame({"date": ["x"], "home": ["SF"]})
        )
    with pytest.raises(PrecogError, match=r"row 1: '2025-9-40' is no date"):
        matched([{**SEATTLE, "date": "2025-9-40"}], "KXNFLGAME-25SEP07SFSEA-SF")
    with pytest.raises(PrecogError, match=r"1 sides are no team of nfl: 'Springfield' \(row 1\)"):
        matched([{**SEATTLE, "home": "Springfield"}], "KXNFLGAME-25SEP07SFSEA-SF")


def test_the_same_game_in_two_files_is_one_game_with_what_either_knows() -> None:
    schedule = pl.DataFrame([{"date": "2025-09-07", "home": "sea", "away": "sf", "kickoff_eastern": "16:05"}])
    scores = pl.DataFrame([{**SEATTLE, "league": "NFL", "home": "Seahawks"}])
    markets = pl.DataFrame({"ticker": ["KXNFLGAME-25SEP07SFSEA-SF"], "result": ["yes"]})
    for files in ([schedule, scores], [scores, schedule]):
        (found,) = match_file(markets, files).iter_rows(named=True)
        assert (found["verdict"], found["game"], found["agrees"]) == ("matched", 1, True)


def test_a_pair_twice_in_one_file_is_a_doubleheader_in_every_file() -> None:
    games = [{"date": "2025-07-17", "home": "BOS", "away": "TB", "kickoff_eastern": at} for at in ("13:35", "19:10")]
    markets = pl.DataFrame({"ticker": [f"KXMLBGAME-25JUL17TBBOSG{number}-TB" for number in (1, 2)]})
    scores = pl.DataFrame([{**game, "home_score": at, "away_score": 5} for at, game in enumerate(games)])
    found = match_file(markets, [pl.DataFrame(games), scores.drop("kickoff_eastern")])
    assert found["game"].to_list() == [1, 2]
    assert match_file(pl.DataFrame({"ticker": ["KXMLBGAME-25JUL17TBBOS-TB"]}), pl.DataFrame(games).drop(
        "kickoff_eastern"))["reason"].to_list() == ["ambiguous"]  # fmt: skip


def test_players_are_compared_by_name_with_the_markets_sub_titles() -> None:
    final = {"date": "2026-09-13", "home": "s0ag", "away": "z355", "league": "atp", "home_score": 0, "away_score": 1}
    games = [{**final, "home_name": "Ben Shelton", "away_name": "Alexander Zverev"}]
    tickers = ("KXATPMATCH-26SEP13ZVESHE-ZVE", "KXATPMATCH-26SEP13ZVESHE-SHE")
    found = matched(games, *tickers, yes_sub_title=["Alexander Zverev", "Ben Shelton"], result=["yes", "no"])
    assert [(row["verdict"], row["outcome"], row["agrees"]) for row in found] == [
        ("matched", "away", True),
        ("matched", "home", True),
    ]


def test_scores_of_a_csv_file_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "games.csv"
    path.write_text("date,home,away,home_score,away_score\n2025-09-07,SEA,SF,9,10\n2025-09-14,SF,SEA,,\n")
    tickers = pl.DataFrame(
        {"ticker": ["KXNFLGAME-25SEP07SFSEA-SF", "KXNFLGAME-25SEP14SEASF-SF"], "result": ["yes"] * 2}
    )
    assert match_file(tickers, read_table(path, "games file"))["agrees"].to_list() == [True, None]
    with pytest.raises(PrecogError, match="row 1: 'ten' is no score"):
        matched([{**SEATTLE, "home_score": "ten"}], "KXNFLGAME-25SEP07SFSEA-SF")
    with pytest.raises(PrecogError, match="row 1: 'TBD' is no time of day"):
        matched([{**SEATTLE, "kickoff_eastern": "TBD"}], "KXNFLGAME-25SEP07SFSEA-SF")


def test_columns_may_have_the_other_names() -> None:
    games = [{"game_date": "2025-09-07", "home_team": "Seattle", "away_team": "49ers", "league": "NFL"}]
    (found,) = matched(games, "KXNFLGAME-25SEP07SFSEA-SF")
    assert (found["verdict"], found["home"]) == ("matched", "Seattle")


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


@on_real_files
def test_schedules_and_scores_together_match_and_prove_every_real_market() -> None:
    """376 settled markets with a score, none of which contradicts its game."""
    spring = pl.read_parquet(SHARED / "schedules" / "nba_2025_spring.parquet")
    season = pl.read_parquet(SHARED / "schedules" / "nfl_2025.parquet")
    settled = 0
    for league, schedule, expected in (
        ("nfl", season, {"matched": 128, "exhibition": 98}),
        ("nba", spring, {"matched": 324, "no_game": 92, "exhibition": 2}),
    ):
        markets = pl.read_parquet(SHARED / "kalshi" / f"kalshi_{league}_game_markets_2025.parquet")
        found = match_file(markets, [schedule, pairs(league)])
        assert counts(found) == expected
        agrees = found["agrees"].drop_nulls()
        assert agrees.all()
        settled += agrees.len()
    assert settled == 376
