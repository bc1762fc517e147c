"""An exchange's prices beside others' probabilities: which are compared, and what real ones of 2025 were worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.kalshi_prices import BLEND, BOOKS, KALSHI, MODEL, compare, figures
from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.imports.quote_files import QuoteFile, quotes_of
from precog_assets.pipeline.market_scores import (
    Score,
    blended,
    model_probabilities,
    pregame_prices,
    score_games,
    sportsbook_probabilities,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "kalshi"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data at {DATA}")
ASSUMED = load_trading_rules().backtests
"""A margin of 45 minutes before guessed starts."""
START = datetime(2025, 10, 23, 2, 30, tzinfo=UTC)
EVENT = "KXNBAGAME-25OCT22SACPHX"
PAIRS = pl.DataFrame(
    {
        "game_id": ["g1"],
        "event_ticker": [EVENT],
        "game_date": ["2025-10-22"],
        "home_team": ["Phoenix Suns"],
        "away_team": ["Sacramento Kings"],
        "home_score": [120],
        "away_score": [116],
        "bookmakers_used": [3],
        "sportsbook_prob_home": [0.61],
    }
)
STARTS = pl.DataFrame({"ticker": [f"{EVENT}-PHX", f"{EVENT}-SAC"], "game_start": [START.isoformat()] * 2})


def trades(*rows: tuple[str, int, int]) -> QuoteFile:
    """Trades of a side, minutes before the assumed start, in cents."""
    sides, minutes, cents = zip(*rows, strict=True)
    at = [int((START - timedelta(minutes=one)).timestamp()) for one in minutes]
    return quotes_of(
        pl.DataFrame({"ticker": [f"{EVENT}-{side}" for side in sides], "timestamp": at, "close": list(cents)}), "trades"
    )


def books(*rows: tuple[str, int, int, int]) -> QuoteFile:
    """Bids and asks of a side, minutes before the assumed start, in cents."""
    sides, minutes, bids, asks = zip(*rows, strict=True)
    at = [int((START - timedelta(minutes=one)).timestamp()) for one in minutes]
    columns = {"yes_bid_close": list(bids), "yes_ask_close": list(asks), "price_time_unix": at}
    return quotes_of(pl.DataFrame({"ticker": [f"{EVENT}-{side}" for side in sides], **columns}), "books")


def price(*quotes: QuoteFile, schedule: pl.DataFrame | None = None) -> dict:
    found = pregame_prices(PAIRS, quotes, STARTS, league="nba", assumptions=ASSUMED, schedule=schedule)
    assert found.height == 1
    return found.row(0, named=True)


def test_of_an_assumed_start_the_last_trade_before_the_margin_counts_not_the_one_in_play() -> None:
    found = price(trades(("PHX", 300, 60), ("PHX", 47, 62), ("PHX", 20, 90)))
    assert found["p_home"] == pytest.approx(0.62)
    assert (found["minutes_before"], found["start_known"], found["from_mid"]) == (2.0, False, False)


def test_a_scheduled_start_is_known_and_needs_no_margin() -> None:
    schedule = pl.DataFrame({"date": ["2025-10-22"], "home": ["phx"], "away": ["sac"], "kickoff_eastern": ["22:30"]})
    found = price(trades(("PHX", 47, 62), ("PHX", 1, 64), ("PHX", -1, 90)), schedule=schedule)
    assert found["p_home"] == pytest.approx(0.64)
    assert found["start_known"]


def test_a_trade_exactly_the_margin_before_an_assumed_start_counts_and_one_at_a_known_start_does_not() -> None:
    assert price(trades(("PHX", 47, 62), ("PHX", 45, 63), ("PHX", 44, 64)))["p_home"] == pytest.approx(0.63)
    schedule = pl.DataFrame({"date": ["2025-10-22"], "home": ["phx"], "away": ["sac"], "kickoff_eastern": ["22:30"]})
    found = price(trades(("PHX", 47, 62), ("PHX", 0, 90)), schedule=schedule)
    assert found["p_home"] == pytest.approx(0.62)


def test_the_order_of_rows_does_not_decide() -> None:
    assert price(trades(("PHX", 20, 90), ("PHX", 50, 63), ("PHX", 300, 60)))["p_home"] == pytest.approx(0.63)


@given(st.lists(st.integers(-200, 400), min_size=1, max_size=30))
def test_prices_after_the_margin_change_nothing(minutes: list[int]) -> None:
    rows = [("PHX", one, 10 + at) for at, one in enumerate(dict.fromkeys(minutes))]
    before = [row for row in rows if row[1] >= 45]
    every = pregame_prices(PAIRS, [trades(*rows)], STARTS, league="nba", assumptions=ASSUMED)
    if before:
        alone = pregame_prices(PAIRS, [trades(*before)], STARTS, league="nba", assumptions=ASSUMED)
        assert every.to_dicts() == alone.to_dicts()
    else:
        assert every.is_empty()


def test_the_away_side_alone_speaks_for_both() -> None:
    assert price(trades(("SAC", 60, 40)))["p_home"] == pytest.approx(0.60)


def test_mids_of_both_sides_are_brought_to_sum_one() -> None:
    found = price(books(("PHX", 60, 60, 64), ("SAC", 60, 40, 44)))
    assert found["p_home"] == pytest.approx(0.62 / 1.04)
    assert found["from_mid"]


def test_a_game_without_a_price_before_the_margin_has_none() -> None:
    late = trades(("PHX", 20, 90))
    assert pregame_prices(PAIRS, [late], STARTS, league="nba", assumptions=ASSUMED).is_empty()


def test_missing_columns_are_named() -> None:
    with pytest.raises(ConfigurationError, match="pairs: missing columns home_team"):
        pregame_prices(PAIRS.drop("home_team"), [trades(("PHX", 60, 60))], STARTS, league="nba", assumptions=ASSUMED)


def test_the_vig_is_taken_out_of_each_sportsbook_and_games_without_odds_keep_what_is_stated() -> None:
    odds = pl.DataFrame(
        {
            "game_id_unique": ["g1", "g1", "g1"],
            "home_ml_raw": [-150.0, 100.0, None],
            "away_ml_raw": [130.0, -120.0, 1.0],
        }
    )
    implied = [(0.6, 100 / 230), (0.5, 120 / 220)]
    expected = np.mean([home / (home + away) for home, away in implied])
    found = sportsbook_probabilities(PAIRS, odds).row(0, named=True)
    assert found["p_home"] == pytest.approx(expected)
    assert found["books"] == 2
    assert sportsbook_probabilities(PAIRS, None).row(0, named=True) == {"row": 0, "p_home": 0.61, "books": 3}


def many(days: int, a_day: int = 2) -> pl.DataFrame:
    count = days * a_day
    days_of = [f"2025-10-{1 + at // a_day:02d}" for at in range(count)]
    return pl.DataFrame(
        {
            "game_date": days_of,
            "home_score": [at % 2 for at in range(count)],
            "away_score": [1 - at % 2 for at in range(count)],
        }
    )


def told(pairs: pl.DataFrame, p: float) -> pl.DataFrame:
    return pl.DataFrame({"row": range(pairs.height), "p_home": [p] * pairs.height})


def test_scores_are_on_the_same_games_and_differences_have_intervals() -> None:
    pairs = many(12)
    scores = score_games(pairs, {"a": told(pairs, 0.5), "b": told(pairs, 0.7)[:20]}, reference="b")
    a, b = scores
    assert (a.games, b.games, a.drawn) == (20, 20, "days")
    assert a.brier is not None
    assert b.brier is not None
    assert a.brier.estimate == pytest.approx(0.25)
    assert b.brier.estimate == pytest.approx((0.09 + 0.49) / 2)
    above = a.above["b"]
    assert above.estimate == pytest.approx(0.25 - 0.29)
    assert above.low <= above.estimate <= above.high
    assert not b.above


def test_of_few_days_games_are_drawn() -> None:
    pairs = many(3)
    assert [one.drawn for one in score_games(pairs, {"a": told(pairs, 0.5)}, reference="a")] == ["games"]


def test_ties_are_not_graded() -> None:
    pairs = many(12).with_columns(home_score=pl.when(pl.int_range(pl.len()) == 0).then(1).otherwise("home_score"))
    assert score_games(pairs, {"a": told(pairs, 0.5)}, reference="a")[0].games == 23


def test_who_has_no_forecasts_is_not_measured_and_the_reason_is_told() -> None:
    pairs = many(12)
    empty = told(pairs, 0.5).clear()
    one, other = score_games(pairs, {"a": told(pairs, 0.5), "m": empty}, reasons={"m": "results end"}, reference="a")
    assert one.games == 24
    assert other == Score("m", 0, "days", None, {}, "results end")


def test_a_reference_that_nobody_is_is_refused() -> None:
    with pytest.raises(ValueError, match="reference 'x': expected one of a"):
        score_games(many(12), {"a": told(many(12), 0.5)}, reference="x")


def results(tmp_path: Path, days: list[str]) -> Path:
    """Games of Phoenix and Sacramento, each day one, Phoenix at home and winning."""
    path = tmp_path / "nba.parquet"
    count = len(days)
    pl.DataFrame(
        {
            "league": ["nba"] * count,
            "season": [2026] * count,
            "date": days,
            "home": ["phx"] * count,
            "away": ["sac"] * count,
            "home_score": [110] * count,
            "away_score": [100] * count,
            "neutral": [False] * count,
            "playoff": [False] * count,
        }
    ).write_parquet(path)
    return path


TICKERS = [f"{EVENT}-PHX", f"{EVENT}-SAC"]


def test_results_that_end_long_before_the_games_measure_no_model(tmp_path: Path) -> None:
    path = results(tmp_path, ["2023-06-12"])
    found, reason = model_probabilities(PAIRS, TICKERS, path, load_leagues()["nba"], max_age_days=200)
    assert found.is_empty()
    assert reason == (
        "the results of nba end 2023-06-12, 863 days before the first game (2025-10-22); ratings may be 200 days old"
    )
    missing = model_probabilities(PAIRS, TICKERS, tmp_path / "none", load_leagues()["nba"], max_age_days=200)
    assert missing[1] == "no results of nba"


def test_fresh_results_give_the_forecast_of_the_day_before(tmp_path: Path) -> None:
    path = results(tmp_path, ["2025-10-18", "2025-10-20", "2025-10-22"])
    found, reason = model_probabilities(PAIRS, TICKERS, path, load_leagues()["nba"], max_age_days=200)
    assert reason == ""
    assert found["row"].to_list() == [0]
    assert 0.5 < found["p_home"].item() < 0.9
    assert found["weight"].to_list() == [0.0]
    market = pl.DataFrame({"row": [0], "p_home": [0.6]})
    assert blended(found, market)["p_home"].item() == pytest.approx(0.6)


@cache
def compared(league: str) -> tuple[pl.DataFrame, dict[str, Score]]:
    prices, scores = compare(league, resamples=500)
    return prices, {one.name: one for one in scores}


@real
@pytest.mark.parametrize(
    ("league", "games", "of_kalshi", "of_books"), [("nba", 155, 0.2259, 0.2233), ("nfl", 26, 0.2128, 0.2133)]
)
def test_kalshi_was_as_good_as_the_sportsbooks_in_2025(
    league: str, games: int, of_kalshi: float, of_books: float
) -> None:
    prices, scores = compared(league)
    kalshi, sportsbooks = scores[KALSHI].brier, scores[BOOKS].brier
    assert kalshi is not None
    assert sportsbooks is not None
    assert prices.height == scores[KALSHI].games == scores[BOOKS].games == games
    assert kalshi.estimate == pytest.approx(of_kalshi, abs=5e-5)
    assert sportsbooks.estimate == pytest.approx(of_books, abs=5e-5)
    above = scores[KALSHI].above[BOOKS]
    assert above.low < 0 < above.high


@real
@pytest.mark.parametrize("league", ["nba", "nfl"])
def test_model_and_blend_are_not_measured_where_results_end_years_before(league: str) -> None:
    _, scores = compared(league)
    for name in (MODEL, BLEND):
        assert scores[name].brier is None
        assert f"the results of {league} end 2023-0" in scores[name].reason
    note = figures(league, resamples=50)[0].note
    assert "model not measured: the results" in note


@real
def test_no_price_of_the_nba_is_later_than_45_minutes_before_the_assumed_start() -> None:
    """The prices near the assumed start are in play: they would seem to beat the sportsbooks."""
    prices, _ = compared("nba")
    assert not prices["start_known"].any()
    assert not prices["from_mid"].any()
    assert prices["minutes_before"].min() >= 0  # type: ignore[operator]
    lines = pl.read_parquet(DATA / "kalshi_nba_closing_lines_2025.parquet")
    pairs = pl.read_parquet(DATA / "kalshi_vs_sportsbook_nba_2025.parquet")
    quoted = quotes_of(lines, "lines")
    starts = lines.select("ticker", "game_start")
    picked = pregame_prices(
        pairs,
        [quoted],
        starts,
        league="nba",
        assumptions=ASSUMED.model_copy(update={"unknown_start_margin_minutes": 0}),
    )
    in_play = score_games(pairs, {KALSHI: picked, BOOKS: sportsbook_probabilities(pairs, None)}, reference=BOOKS)[0]
    assert in_play.games > 150
    assert in_play.above[BOOKS].high < 0


@real
def test_nfl_prices_are_mids_before_true_kick_offs() -> None:
    prices, _ = compared("nfl")
    assert prices["start_known"].all()
    assert prices["from_mid"].all()
    assert prices["minutes_before"].unique().to_list() == [5.0]
