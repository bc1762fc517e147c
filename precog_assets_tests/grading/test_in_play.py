"""Files of scores by period joined to games under other names, and graded."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.grading.in_play import before, grade, join_periods, period_ends, read_table
from precog_assets.grading.team_names import TeamNames, plain
from precog_assets_tests.conftest import SHARED

NFL, EPL = load_leagues()["nfl"], load_leagues()["epl"]
QUARTERS = {f"q{number}_{side}": 7 for number in (1, 2, 3, 4) for side in ("home", "away")}


def quarters(*rows: tuple[str, str, str], **more: object) -> pl.DataFrame:
    """Date, home, away; 28 to 27 unless `more` says otherwise."""
    return pl.DataFrame(
        [
            {"season": 2018, "date": day, "home_team": home, "away_team": away, **QUARTERS, "q4_away": 6,
             "final_home": 28, "final_away": 27, **more}
            for day, home, away in rows
        ]
    )  # fmt: skip


def games(*rows: tuple[str, str, str], **more: object) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"date": day, "home": home, "away": away, "home_score": 28.0, "away_score": 27.0, "playoff": False,
             "close_home": 0.6, "oracle_elo_home": 0.55, **more}
            for day, home, away in rows
        ],
        schema_overrides={"close_home": pl.Float64},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("home", "away", "code_home", "code_away"),
    [
        ("Fortyniners", "Commanders", "SF", "WAS"),
        ("LosAngeles", "Packers", "LA", "GB"),
        ("NewYork", "Cowboys", "NYJ", "DAL"),
        ("St.Louis", "SanDiego", "LA", "LAC"),
        ("Oakland", "BuffaloBills", "LV", "BUF"),
        ("Kansas City Chiefs", "jacksonville", "KC", "JAX"),
        ("nfl:17", "Tampa Bay", "NE", "TB"),
    ],
)
def test_names_are_joined_through_the_tables(home: str, away: str, code_home: str, code_away: str) -> None:
    joined = join_periods(NFL, quarters(("2018-10-07", home, away)), games(("2018-10-07", code_home, code_away)))
    assert joined.unjoined == ()
    assert joined.frame.select("p_home", "home_1", "home_3", "away_3", "final_away").row(0) == (0.6, 7, 21, 21, 27)


def test_a_name_of_two_teams_is_told_by_the_other_side_or_left_alone() -> None:
    day = "2018-10-07"
    both = games((day, "NYG", "DAL"), (day, "NYJ", "DEN"))
    assert join_periods(NFL, quarters((day, "NewYork", "Broncos")), both).unjoined == ()
    twice = games((day, "NYG", "DAL"), (day, "NYJ", "DAL"))
    found = join_periods(NFL, quarters((day, "NewYork", "Cowboys")), twice)
    assert [row.reason for row in found.unjoined] == ["ambiguous"]


def test_rows_that_are_no_game_are_counted_by_reason_and_shown() -> None:
    periods = pl.concat(
        [
            quarters(
                ("2018-10-07", "0", "Eagles"), ("2018-10-08", "Packers", "Bears"), ("2018-10-07", "Jets", "Bills")
            ),
            quarters(("2018-10-07", "Jets", "Bills"), ("2018-10-07", "Rams", "Bears")),
        ]
    )
    there = games(("2018-10-07", "NYJ", "BUF"), ("2018-10-07", "LA", "CHI"), ("2018-10-01", "GB", "PHI"))
    priced = there.with_columns(
        close_home=pl.when(pl.col("home") == "LA").then(None).otherwise("close_home"),
        oracle_elo_home=pl.when(pl.col("home") == "LA").then(None).otherwise("oracle_elo_home"),
    )
    joined = join_periods(NFL, periods, priced)
    assert joined.frame.height == 1
    assert joined.reasons() == {"no_game": 1, "no_price": 1, "repeated": 1, "unknown_team": 1}
    assert [(row.row, row.home) for row in joined.unjoined] == [(1, "0"), (2, "Packers"), (4, "Jets"), (5, "Rams")]


def test_a_game_of_the_day_before_is_taken_only_with_the_same_end() -> None:
    there = games(("2018-10-08", "GB", "CHI"))
    assert join_periods(NFL, quarters(("2018-10-07", "Packers", "Bears")), there).day_differs == 1
    other = join_periods(NFL, quarters(("2018-10-07", "Packers", "Bears"), final_home=35), there)
    assert [row.reason for row in other.unjoined] == ["no_game"]


def test_a_score_that_differs_is_counted_and_the_periods_file_counts() -> None:
    there = games(("2018-10-07", "GB", "CHI"), home_score=10.0)
    joined = join_periods(NFL, quarters(("2018-10-07", "Packers", "Bears")), there)
    assert (joined.score_differs, joined.frame["final_home"][0]) == (1, 28)


def test_the_elo_oracle_stands_in_for_a_missing_price_and_is_counted() -> None:
    joined = join_periods(
        NFL, quarters(("2018-10-07", "Packers", "Bears")), games(("2018-10-07", "GB", "CHI"), close_home=None)
    )
    assert (joined.of_elo, joined.frame["p_home"][0]) == (1, 0.55)


def halves(final: tuple[int, int], **more: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    day = {"date": "2019-05-12"}
    row = {"season": 2018, **day, "home": "Man United", "away": "Cardiff", "halftime_home": 0.0, "halftime_away": 1.0}
    game = {**day, "home": "Man United", "away": "Cardiff", "home_score": final[0], "away_score": final[1]}
    price = {"close_home": 0.6, "close_draw": 0.2, "close_away": 0.2, **more}
    ends = {"final_home": final[0], "final_away": final[1]}
    return pl.DataFrame([{**row, **ends}]), pl.DataFrame([{**game, **price}])


def test_clubs_that_no_table_has_are_joined_by_their_name_alone() -> None:
    periods, there = halves((0, 2))
    joined = join_periods(EPL, periods, there)
    assert joined.unjoined == ()
    assert before(joined).tolist() == [pytest.approx([0.6, 0.2, 0.2])]
    states = period_ends(joined, 1)
    assert (states.away_score[0], states.period[0], states.clock_s[0]) == (1, 1, 0)


def test_a_three_way_price_with_a_part_missing_is_no_price() -> None:
    joined = join_periods(EPL, *halves((0, 2), close_draw=None))
    assert joined.reasons() == {"no_price": 1}


def test_soccer_is_graded_by_rps_and_a_missing_half_is_no_score() -> None:
    joined = join_periods(EPL, *halves((0, 2)))
    grades = grade(EPL, joined, 1, np.array([[0.2, 0.3, 0.5]]))
    assert grades[-1].score == pytest.approx(0.5 * (0.2**2 + 0.5**2))
    assert grades[-1].before == pytest.approx(0.5 * (0.6**2 + 0.8**2))
    periods, there = halves((0, 2))
    unscored = periods.with_columns(halftime_home=pl.lit(None, pl.Float64))
    assert join_periods(EPL, unscored, there).reasons() == {"no_score": 1}


def test_ties_are_left_out_and_counted_and_home_has_its_share_of_the_rest() -> None:
    day, other = "2018-10-07", "2018-10-14"
    tied = {"final_home": 27, "final_away": 27}
    periods = pl.concat([quarters((day, "Packers", "Bears")), quarters((other, "Packers", "Bears"), **tied)])
    there = pl.concat([games((day, "GB", "CHI")), games((other, "GB", "CHI"), home_score=27.0, away_score=27.0)])
    whole = grade(NFL, join_periods(NFL, periods, there), 1, np.array([[0.7, 0.1, 0.2], [0.5, 0.1, 0.4]]))[-1]
    assert (whole.games, whole.ties, whole.season) == (1, 1, None)
    assert whole.score == pytest.approx((1 - 0.7 / 0.9) ** 2)


def test_seasons_are_graded_apart_and_together() -> None:
    days = [("2018-10-07", 2018), ("2019-10-07", 2019)]
    periods = pl.concat([quarters((day, "Packers", "Bears"), season=season) for day, season in days])
    there = pl.concat([games((day, "GB", "CHI")) for day, _ in days])
    grades = grade(NFL, join_periods(NFL, periods, there), 2, np.array([[0.7, 0, 0.3], [0.6, 0, 0.4]]))
    assert [(one.season, one.games) for one in grades] == [(2018, 1), (2019, 1), (None, 2)]
    assert grades[2].score == pytest.approx((0.3**2 + 0.4**2) / 2)


def test_files_without_their_columns_are_refused() -> None:
    there = games(("2018-10-07", "GB", "CHI"))
    with pytest.raises(PrecogError, match="periods file: missing columns q1_home"):
        join_periods(NFL, quarters(("2018-10-07", "Packers", "Bears")).drop("q1_home"), there)
    with pytest.raises(PrecogError, match="games file: missing columns home_score"):
        join_periods(NFL, quarters(("2018-10-07", "Packers", "Bears")), there.drop("home_score"))
    with pytest.raises(PrecogError, match="'soon' is no date"):
        join_periods(NFL, quarters(("soon", "Packers", "Bears")), there)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_table(SHARED / "none.parquet", "--periods")


def test_accents_case_and_punctuation_do_not_part_names() -> None:
    assert plain("Saint-Étienne ") == plain("saint etienne")
    names = TeamNames("ligue1")
    assert names("St Etienne") == names("Saint-Étienne")
    assert names("Nobody FC") == frozenset({"nobody fc"})


@pytest.mark.skipif(not (SHARED / "data" / "periods").is_dir(), reason="no results beside the checkout")
@pytest.mark.parametrize(
    ("league", "file", "missed"),
    [
        ("nba", "nba_quarters", 0),
        ("nfl", "nfl_quarters", 9),
        ("epl", "epl_halftime", 0),
        ("ligue1", "ligue1_halftime", 1),
    ],
)
def test_real_files_are_joined_but_for_rows_that_name_no_team_or_score(league: str, file: str, missed: int) -> None:
    periods = pl.read_parquet(SHARED / "data" / "periods" / f"{file}.parquet")
    there = pl.read_parquet(SHARED / "data" / "games" / f"{league}.parquet")
    joined = join_periods(load_leagues()[league], periods, there)
    assert len(joined.unjoined) == missed
    assert {row.reason for row in joined.unjoined} <= {"unknown_team", "no_score"}
    assert joined.score_differs <= 1
