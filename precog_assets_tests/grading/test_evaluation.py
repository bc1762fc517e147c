"""A frame graded: scopes, ties, prices, comparisons, the leak guard, refusals, and how long it takes."""

import json
import time
from datetime import date

import numpy as np
import polars as pl
import pytest

from precog_assets.grading import scores
from precog_assets.grading.calibration import expected_calibration_error
from precog_assets.grading.evaluation import evaluate
from precog_assets.grading.intervals import difference_interval, skill_interval
from precog_assets.grading.leak import LeakBand
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.grading.builders import three_outcome_games, two_outcome_games

NBA = {"nba": LeakBand("brier", 0.198, 0.71)}


def graded(frame, seed=1, **options):
    return evaluate(frame, np.random.default_rng(seed), **options)


def games(*rows, **columns):
    """One row a game of (date, p_home, home score, away score), season 2024 unless `columns` say otherwise."""
    frame = pl.DataFrame(rows, schema=["date", "p_home", "home_score", "away_score"], orient="row")
    return frame.with_columns(
        league=pl.lit("nfl"),
        season=pl.lit(2024),
        p_draw=pl.lit(None),
        p_away=1 - pl.col("p_home"),
        model_version=pl.lit("elo-nfl-1"),
    ).with_columns(**columns)


def test_the_rows_are_overall_then_seasons_then_months_and_count_every_game_once():
    evaluation = graded(two_outcome_games(900, 3), resamples=0)
    rows = evaluation.rows
    assert [row.label for row in rows if row.scope != "month"] == ["all", "2024", "2025"]
    months = [row for row in rows if row.scope == "month"]
    assert [row.label for row in months] == ["2024-09", "2024-10", "2024-11", "2024-12", "2025-01", "2025-02"]
    assert sum(row.games for row in months) == rows[0].games == 900


def test_a_row_s_figures_are_the_scores_of_its_games():
    frame = two_outcome_games(300, 4)
    row = graded(frame).rows[0]
    p, close = frame["p_home"].to_numpy(), frame["close_home"].to_numpy()
    won = (frame["home_score"] > frame["away_score"]).to_numpy()
    assert row.brier == pytest.approx(scores.brier(p, won))
    assert row.log_loss == pytest.approx(scores.log_loss(p, won))
    assert row.accuracy == pytest.approx(scores.accuracy(p, won))
    assert row.ece == pytest.approx(expected_calibration_error(p, won))
    assert row.closing_log_loss == pytest.approx(scores.log_loss(close, won))
    assert row.rps is row.closing_rps is row.rps_on_priced is None
    ours, theirs = scores.brier_per_game(p, won), scores.brier_per_game(close, won)
    interval = skill_interval(ours, theirs, np.random.default_rng(1), blocks=frame["date"].to_numpy())
    assert (row.skill, row.skill_low, row.skill_high) == pytest.approx((interval.estimate, interval.low, interval.high))


def test_three_outcomes_are_ranked_and_measured_in_rps():
    frame = three_outcome_games(2000, 5)
    evaluation = graded(frame)
    row = evaluation.rows[0]
    close = frame.select("close_home", "close_draw", "close_away").to_numpy()
    outcome = 1 - np.sign((frame["home_score"] - frame["away_score"]).to_numpy())
    assert row.closing_rps == pytest.approx(scores.rps(close, outcome))
    assert row.closing_brier == pytest.approx(scores.brier(close, outcome))
    assert row.rps == pytest.approx(scores.rps(np.tile([0.45, 0.25, 0.3], (2000, 1)), outcome))
    assert (row.skill_score, row.ties_left_out) == ("rps", 0)
    assert row.rps is not None
    assert row.closing_rps is not None
    assert row.skill_high is not None
    assert row.skill == pytest.approx(1 - row.rps / row.closing_rps)
    assert row.skill_high < 0
    assert evaluation.curves[0].curve.pairs == 6000


def test_a_tie_in_a_league_without_draws_is_left_out_and_counted():
    frame = games(("2024-09-08", 0.7, 20, 17), ("2024-09-08", 0.6, 20, 20), ("2024-10-06", 0.4, 13, 13))
    overall, season, september, october = graded(frame).rows
    assert (overall.games, overall.ties_left_out) == (season.games, season.ties_left_out) == (1, 2)
    assert overall.brier == pytest.approx(0.09)
    assert (september.games, september.ties_left_out) == (1, 1)
    assert (october.games, october.ties_left_out, october.brier, october.ece) == (0, 1, None, None)


def test_only_games_with_a_price_are_compared_with_it():
    frame = two_outcome_games(200, 6)
    half = pl.int_range(pl.len()) < 100
    priced = frame.with_columns(pl.when(half).then(pl.col("close_home", "close_away")))
    row, alone = graded(priced).rows[0], graded(frame.head(100)).rows[0]
    assert (row.games, row.priced_games) == (200, 100)
    assert (row.brier_on_priced, row.closing_brier) == pytest.approx((alone.brier, alone.closing_brier))
    assert row.brier != row.brier_on_priced


def test_no_price_and_few_prices_are_not_measured():
    frame = two_outcome_games(200, 6)
    without = graded(frame.drop("close_home", "close_draw", "close_away")).rows[0]
    assert (without.priced_games, without.closing_brier, without.skill, without.skill_low) == (0, None, None, None)
    few = graded(frame.with_columns(pl.when(pl.int_range(pl.len()) < 29).then(pl.col("close_home")))).rows[0]
    assert (few.priced_games, few.skill, few.skill_low, few.resampled) == (29, None, None, None)
    assert few.closing_brier is not None


def test_months_have_a_skill_and_no_interval():
    month = next(row for row in graded(two_outcome_games(300, 7)).rows if row.scope == "month")
    assert month.skill is not None
    assert (month.skill_low, month.skill_high, month.resampled) == (None, None, None)


def test_games_of_a_date_are_resampled_together_where_there_are_dates_enough():
    assert graded(two_outcome_games(200, 8, per_day=5)).rows[0].resampled == "date"
    assert graded(two_outcome_games(200, 8, per_day=50)).rows[0].resampled == "game"


def test_each_league_and_model_version_is_graded_on_its_own():
    nba, epl = two_outcome_games(120, 9), three_outcome_games(80, 9)
    other = nba.with_columns(model_version=pl.lit("elo-nba-2"), p_home=0.5, p_away=0.5)
    kinds = (pl.col("date", "season").cast(pl.String), pl.col("p_draw", "close_draw").cast(pl.Float64))
    together = pl.concat([part.with_columns(*kinds) for part in (epl, other, nba)], how="vertical_relaxed")
    overall = [row for row in graded(together).rows if row.scope == "all"]
    assert [(row.league, row.model_version, row.games) for row in overall] == [
        ("epl", "elo-epl-1", 80),
        ("nba", "elo-nba-1", 120),
        ("nba", "elo-nba-2", 120),
    ]
    assert overall[1].brier == pytest.approx(graded(nba).rows[0].brier)


def test_another_forecast_is_compared_on_the_games_that_have_it():
    frame = two_outcome_games(400, 10)
    known = pl.int_range(pl.len()) % 2 == 0
    frame = frame.with_columns(
        blend_home=pl.when(known).then(pl.col("close_home")),
        blend_away=1 - pl.col("close_home"),
    )
    evaluation = graded(
        frame, others={"blend": ("blend_home", None, "blend_away"), "itself": ("p_home", "p_draw", "p_away")}
    )
    blend, itself = evaluation.comparisons
    half = frame.filter(known)
    won = half["home_score"] > half["away_score"]
    assert (blend.name, blend.games, blend.score_name) == ("blend", 200, "brier")
    assert blend.score == pytest.approx(scores.brier(half["close_home"], won))
    assert blend.model_score == pytest.approx(scores.brier(half["p_home"], won))
    assert blend.difference == pytest.approx(scores.brier(half["p_home"], won) - scores.brier(half["close_home"], won))
    assert blend.difference is not None
    assert blend.difference > 0.003
    ours, theirs = (scores.brier_per_game(half[name], won) for name in ("p_home", "close_home"))
    other_seed = difference_interval(ours, theirs, np.random.default_rng(5), blocks=half["date"])
    assert (blend.difference_low, blend.difference_high) == pytest.approx((other_seed.low, other_seed.high), abs=0.003)
    assert (itself.games, itself.difference, itself.difference_low, itself.difference_high) == (400, 0.0, 0.0, 0.0)


def test_another_forecast_that_is_nowhere_is_not_measured():
    frame = two_outcome_games(50, 10).with_columns(p538_home=pl.lit(None), p538_away=pl.lit(None))
    (found,) = graded(frame, others={"p538": ("p538_home", None, "p538_away")}).comparisons
    assert (found.games, found.score, found.model_score, found.difference, found.difference_low) == (
        0,
        None,
        None,
        None,
        None,
    )


def test_a_forecast_that_has_seen_results_is_caught():
    rules = {found.rule for found in graded(two_outcome_games(800, 11, leaked=0.25), bands=NBA).findings}
    assert rules == {"score_below_band", "accuracy_above_band", "beats_close"}


@pytest.mark.parametrize("seed", range(5))
def test_a_noisy_forecast_is_not_accused(seed):
    assert graded(two_outcome_games(800, seed), bands=NBA).findings == ()


def test_a_model_that_knows_prices_is_not_asked():
    assert graded(two_outcome_games(800, 11, leaked=0.25), bands=NBA, rating_only=False).findings == ()


def test_the_same_seed_gives_the_same_evaluation():
    frame = two_outcome_games(300, 12)
    assert graded(frame) == graded(frame)
    assert graded(frame).rows[0].skill_low != graded(frame, seed=2).rows[0].skill_low


def test_the_order_of_rows_and_the_type_of_dates_do_not_matter():
    frame = three_outcome_games(200, 13)
    text = frame.with_columns(pl.col("date").cast(pl.String))
    assert graded(text) == graded(frame)
    back = graded(frame.reverse(), resamples=0).as_dict()["rows"]
    for mine, theirs in zip(graded(frame, resamples=0).as_dict()["rows"], back, strict=True):
        assert mine == pytest.approx(theirs)


def test_the_dict_is_json_and_holds_everything():
    frame = two_outcome_games(600, 14, leaked=0.3)
    evaluation = graded(frame, bands=NBA, others={"close": ("close_home", None, "close_away")})
    told = evaluation.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert {name: len(part) for name, part in told.items()} == {
        "rows": len(evaluation.rows),
        "curves": 1,
        "comparisons": 1,
        "findings": len(evaluation.findings),
    }
    assert told["rows"][0]["skill"] == evaluation.rows[0].skill
    assert len(told["curves"][0]["curve"]["bins"]) == 10


ONE = ("2024-09-08", 0.7, 20, 17)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (games(ONE).drop("p_home", "season"), "lacks season, p_home"),
        (games(ONE).clear(), "no games"),
        (games(ONE, ("2024-09-08", None, 20, 17)), "row 1: p_home is None"),
        (games(ONE, ("2024-09-08", 0.5, None, 17)), "row 1: home_score is None"),
        (games(ONE, ("8 Sep 2024", 0.5, 20, 17)), "row 1: date is '8 Sep 2024'"),
        (games(ONE, ("2024-09-08", float("nan"), 20, 17)), "row 1: p_home is nan"),
        (games(ONE, ("2024-09-08", 1.5, 20, 17)), "row 1: probability 1.5"),
        (games(ONE, ONE, p_away=pl.Series([0.3, 0.4])), "row 1: probabilities 0.7, 0.4 sum to 1.1"),
        (games(ONE, ONE, close_home=pl.Series([None, 0.8]), close_away=0.3), "row 1: probabilities 0.8, 0.3"),
        (games(ONE, ONE, p_draw=pl.Series([0.0, None])), "row 1: p_draw is None"),
        (games(ONE, p_home=pl.lit("much")), "column p_home is String"),
        (games(ONE, model_version=pl.lit(None)), "row 0: model_version is None"),
    ],
)
def test_a_frame_that_cannot_be_graded_is_refused_by_its_first_row(frame, message):
    with pytest.raises(ValueError, match=message):
        graded(frame)


def test_a_row_is_named_as_it_stands_in_the_frame_also_when_leagues_are_mixed():
    frame = games(ONE, ONE, ONE, league=pl.Series(["nhl", "nfl", "nfl"]), p_away=pl.Series([0.3, 0.3, 0.9]))
    with pytest.raises(ValueError, match="row 2: probabilities"):
        graded(frame)


def test_a_forecast_without_a_draw_is_no_forecast_of_a_league_that_has_them():
    with pytest.raises(ValueError, match="no draw is named, which epl has"):
        graded(three_outcome_games(40, 1), others={"two": ("p_home", None, "p_away")})


def test_results_in_the_place_of_prices_are_refused():
    frame = two_outcome_games(100, 1)
    won = (pl.col("home_score") > pl.col("away_score")).cast(pl.Float64)
    with pytest.raises(ValueError, match="results, not prices"):
        graded(frame.with_columns(close_home=won, close_away=1 - won))


def test_all_games_of_forty_years_are_graded_in_under_three_seconds():
    frame = pl.concat([two_outcome_games(4500, seed, per_day=30) for seed in range(40)])
    years = pl.int_range(pl.len()) // 4500
    frame = frame.with_columns(
        season=1985 + years, date=pl.col("date").str.to_date().dt.offset_by(pl.format("-{}y", years))
    )
    started = time.process_time()
    evaluation = graded(frame)
    assert time.process_time() - started < 3.0
    assert evaluation.rows[0].games == 180_000


@pytest.mark.skipif(not (SHARED / "data/games").is_dir(), reason="real results are not beside the checkout")
@pytest.mark.parametrize(
    ("league", "graded_games", "brier", "log_loss", "accuracy"),
    [("nfl", 1882, 0.2208, 0.6315, 0.6440), ("nba", 8886, 0.2147, 0.6191, 0.6607)],
)
def test_fivethirtyeight_s_forecasts_score_what_was_published_of_them(league, graded_games, brier, log_loss, accuracy):
    frame = pl.read_parquet(SHARED / f"data/games/{league}.parquet").filter(pl.col("p538_home").is_not_null())
    names = {"p538_home": "p_home", "p538_draw": "p_draw", "p538_away": "p_away"}
    row = graded(frame.rename(names).with_columns(model_version=pl.lit("538")), resamples=0).rows[0]
    assert row.games == graded_games
    assert (row.brier, row.log_loss, row.accuracy) == pytest.approx((brier, log_loss, accuracy), abs=0.00006)


def test_a_date_may_be_a_date():
    assert graded(games((date(2024, 9, 8), 0.7, 20, 17))).rows[-1].label == "2024-09"
