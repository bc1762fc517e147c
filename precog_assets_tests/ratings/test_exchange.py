"""The exchange format of games: what is refused by row, what is kept and not learnt from, and the order."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.ratings.exchange import OPTIONAL, REQUIRED, checked, read_games

NFL, NBA, MLB, EPL, ATP = (load_leagues()[key] for key in ("nfl", "nba", "mlb", "epl", "atp"))
GAME: dict[str, Any] = {
    "season": 2020,
    "date": "2020-09-13",
    "home": "KC",
    "away": "HOU",
    "home_score": 34,
    "away_score": 20,
}


def frame(*games: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([GAME | one for one in games], infer_schema_length=None)


def refusal(*games: dict[str, Any], league=NFL) -> str:
    with pytest.raises(PrecogError) as caught:
        checked(frame(*games), league, "games.csv")
    assert caught.value.code == "contract.games_file"
    assert str(caught.value).startswith("games.csv: ")
    return str(caught.value)


def csv_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "games.csv"
    path.write_text(text)
    return path


def test_a_file_of_the_required_columns_alone_has_all_columns_with_flags_false_and_texts_unknown():
    read = checked(frame({}), NFL, "x").frame
    assert {*REQUIRED, *OPTIONAL, "row", "learns"} == set(read.columns)
    [row] = read.to_dicts()
    assert row["date"] == date(2020, 9, 13)
    assert (row["row"], row["learns"], row["neutral"], row["playoff"], row["surface"]) == (1, True, False, False, None)


def test_missing_columns_are_named_with_their_kind_and_what_is_there():
    with pytest.raises(PrecogError, match=r"missing columns: `season` \(integer\), `away` \(text\); it has date, home"):
        checked(frame({}).drop("season", "away"), NFL, "x")


def test_every_fault_of_a_file_is_told_at_once():
    said = refusal({"season": None}, {"date": "2020-13-01"}, {"home": " "}, {"away_score": None})
    for fault in ("no season", "no date", "no home side", "one score without the other"):
        assert fault in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"date": "2021-02-30"}, "no date of the form YYYY-MM-DD in row 2 (read '2021-02-30')"),
        ({"date": "2021-2-3"}, "no date of the form YYYY-MM-DD in row 2 (read '2021-2-3')"),
        ({"date": None}, "no date of the form YYYY-MM-DD in row 2 (read None)"),
        ({"season": None}, "no season (a whole number) in row 2 (read None)"),
        ({"away": None}, "no away side in row 2 (read None)"),
        ({"home_score": float("nan")}, "`home_score` is no score in row 2 (read nan)"),
        ({"home_score": -1.0}, "`home_score` is no score in row 2 (read -1.0)"),
        ({"away_score": float("inf")}, "`away_score` is no score in row 2 (read inf)"),
        ({"home_score": None}, "one score without the other (a game not played has neither) in row 2"),
        ({"close_home": 1.5}, "`close_home` is no probability in row 2 (read 1.5)"),
        ({"best_of": 2.5}, "`best_of` is no whole number in row 2 (read 2.5)"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_row(given, told):
    scores = {"home_score": 3.0, "away_score": 0.0, "close_home": 0.5, "best_of": 3.0}
    assert told in refusal({**scores, "date": "2020-09-14"}, scores | given)


def test_a_season_with_a_fraction_is_no_whole_number():
    assert "no season (a whole number) in row 2 (read 2020.5)" in refusal({"season": 2020.0}, {"season": 2020.5})


def test_seasons_stored_as_whole_decimals_are_read():
    assert checked(frame({"season": 2020.0}), NFL, "x").frame["season"].to_list() == [2020]


def test_two_leagues_are_refused():
    said = refusal({"league": "nfl"}, {"league": "nba"}, {"league": None})
    assert "league 'nba', None in rows 2, 3; expected only 'nfl'" in said


def test_a_column_of_the_wrong_type_is_named():
    assert "column `neutral` is Int64; expected boolean" in refusal({"neutral": 1})


def test_many_bad_rows_are_shown_as_the_first_and_a_count():
    said = refusal(*({"date": f"2020-09-{13 + i}", "home": ""} for i in range(9)))
    assert "no home side in rows 1, 2, 3, 4, 5 and 4 more" in said


def test_a_file_without_rows_is_refused():
    with pytest.raises(PrecogError, match="no rows"):
        checked(frame({}).clear(), NFL, "x")


def test_one_game_given_twice_is_refused_in_either_score():
    assert "one game given twice: rows 1, 3" in refusal({}, {"home": "SF"}, {"home_score": 10})


def test_a_second_game_of_a_day_is_baseball_and_the_same_row_twice_is_not():
    both = frame({"home_score": 3, "away_score": 1}, {"home_score": 2, "away_score": 1})
    assert checked(both, MLB, "x").frame["learns"].to_list() == [True, True]
    assert "one game given twice: rows 1, 2" in refusal({}, {}, league=MLB)


def test_seasons_that_overlap_are_refused():
    said = refusal({}, {"date": "2020-09-20", "season": 2019})
    assert "seasons overlap: row 2 of a season before that of an earlier date" in said


def test_tennis_rows_out_of_order_are_refused_and_those_of_a_week_stay_as_given():
    said = refusal({"date": "2020-09-14"}, {"date": "2020-09-07"}, league=ATP)
    assert "row 2 dated before the row above" in said
    week = [{"home": home, "away": "Z", "home_score": 1, "away_score": 0} for home in "CAB"]
    assert checked(frame(*week), ATP, "x").frame["home"].to_list() == ["C", "A", "B"]


def test_a_tie_teaches_only_where_the_league_knows_ties():
    level = frame({"home_score": 20, "away_score": 20})
    assert checked(level, NFL, "x").frame["learns"].to_list() == [True]
    assert checked(level, EPL, "x").frame["learns"].to_list() == [True]
    nba = checked(level, NBA, "x")
    assert nba.frame["learns"].to_list() == [False]
    assert nba.notes == ("row 1: a tie, which nba does not know: forecast, not learnt from",)


def test_a_game_not_played_and_a_side_playing_itself_are_kept_without_being_learnt_from():
    read = checked(frame({}, {"home": "SF", "home_score": None, "away_score": None}, {"home": "HOU"}), NFL, "x")
    assert dict(read.frame.select("row", "learns").rows()) == {1: True, 2: False, 3: False}
    assert read.notes == (
        "row 3: a side playing itself: forecast 0.5, not learnt from",
        "row 2: no score yet: forecast only",
    )


def test_a_tennis_match_that_repeats_an_earlier_row_is_not_learnt_from_again():
    match = {"home_score": 1, "away_score": 0, "round": "RR"}
    read = checked(frame(match, match, match | {"round": "F"}), ATP, "x")
    assert read.frame["learns"].to_list() == [True, False, True]


def test_a_csv_keeps_the_zeros_of_ids_and_reads_flags_numbers_and_empty_cells(tmp_path):
    text = (
        "season,date,home,away,home_score,away_score,neutral,close_home,close_away,round,extra\n"
        "2020,2020-09-13,007,1.0,34,20.0,True,0.6,0.4,1,x\n"
        "2020,2020-09-20,007,1.0,,,0,,,,y\n"
    )
    first, second = read_games(csv_of(tmp_path, text), NFL).frame.to_dicts()
    assert (first["home"], first["away"], first["round"]) == ("007", "1.0", "1")
    assert (first["home_score"], first["away_score"], first["neutral"], first["close_home"]) == (34, 20, True, 0.6)
    assert (second["home_score"], second["neutral"], second["close_home"], second["learns"]) == (
        None,
        False,
        None,
        False,
    )


def test_a_word_where_a_csv_needs_a_number_is_refused_by_row(tmp_path):
    text = "season,date,home,away,home_score,away_score\n2020,2020-09-13,A,B,1,0\n2020,2020-09-14,A,B,W,0\n"
    with pytest.raises(PrecogError, match="column `home_score` is String; expected number, but row 2 has 'W'"):
        read_games(csv_of(tmp_path, text), NFL)


@pytest.mark.parametrize("name", ["games.csv", "games.parquet"])
def test_a_file_that_is_absent_or_of_another_kind_is_refused(tmp_path, name):
    with pytest.raises(PrecogError, match="no such file"):
        read_games(tmp_path / name, NFL)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(PrecogError, match="cannot be read as Parquet or CSV"):
        read_games(tmp_path / name, NFL)


sides = st.sampled_from(["A", "B", "C", "D", "E", "F"])
games = st.builds(
    lambda day, home, away, scores, neutral: (
        GAME
        | {
            "date": (date(2020, 9, 1) + timedelta(days=day)).isoformat(),
            "home": home,
            "away": away,
            "home_score": scores and float(scores[0]),
            "away_score": scores and float(scores[1]),
            "neutral": neutral,
        }
    ),
    st.integers(0, 60),
    sides,
    sides,
    st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.booleans(),
)
slates = st.lists(games, min_size=1, max_size=25, unique_by=lambda one: (one["date"], one["home"], one["away"]))


def _frame(slate: list[dict[str, Any]]) -> pl.DataFrame:
    numbers = {"home_score": pl.Float64, "away_score": pl.Float64}
    return pl.DataFrame(slate, schema_overrides=numbers, infer_schema_length=None)


@given(slates, st.randoms(use_true_random=False))
def test_the_order_of_a_team_leagues_file_does_not_matter(slate, random):
    shuffled = random.sample(slate, len(slate))
    one, other = (checked(_frame(given), NFL, "x").frame.drop("row") for given in (slate, shuffled))
    assert one.equals(other)


@given(slates)
def test_every_row_is_kept_once_and_learnt_from_only_with_a_result_of_two_sides(slate):
    read = checked(_frame(slate), NFL, "x").frame
    assert read["row"].sort().to_list() == list(range(1, len(slate) + 1))
    for row in read.to_dicts():
        given_row = slate[row["row"] - 1]
        played = given_row["home_score"] is not None and given_row["home"] != given_row["away"]
        assert (row["home"], row["away"], row["learns"]) == (given_row["home"], given_row["away"], played)


@given(slates)
def test_csv_and_parquet_say_the_same(tmp_path_factory, slate):
    folder = tmp_path_factory.mktemp("files")
    given_frame = _frame(slate)
    given_frame.write_csv(folder / "games.csv")
    given_frame.write_parquet(folder / "games.parquet")
    one, other = (read_games(folder / name, NFL).frame for name in ("games.csv", "games.parquet"))
    assert one.equals(other)


def test_bytes_of_a_csv_may_carry_a_mark_of_their_order(tmp_path):
    text = io.StringIO()
    frame({}).write_csv(text)
    path = tmp_path / "games.csv"
    path.write_text(text.getvalue(), encoding="utf-8-sig")
    assert read_games(path, NFL).frame.height == 1


def test_real_files_are_read_whole(shared):
    """Counts of the results beside the checkout; what is not learnt from are ties, repeats and self-play."""
    folder = shared / "data" / "games"
    if not folder.is_dir():
        pytest.skip("needs the real results beside the checkout")
    for league, games_read, not_learnt in ((NFL, 6_421, 0), (MLB, 30_535, 19), (EPL, 7_510, 0), (ATP, 184_647, 73)):
        read = read_games(folder / f"{league.key}.parquet", league).frame
        assert (read.height, (~read["learns"]).sum()) == (games_read, not_learnt)
