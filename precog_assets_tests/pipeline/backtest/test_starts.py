"""When a game counts as begun, and which price is the last before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from precog_assets.config import load_trading_rules
from precog_assets.pipeline.backtest.starts import Start, guessed_start, pre_game_prices, start_of
from precog_assets_tests.conftest import SHARED

RULES = load_trading_rules().backtests
TIP = datetime(2025, 10, 22, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_an_announced_start_is_taken_as_it_is():
    assert start_of(TIP, TIP + 30 * MINUTE, RULES) == Start(TIP)


def test_of_a_guessed_start_the_margin_before_it_counts():
    assert RULES.unknown_start_margin_minutes == 45
    assert start_of(None, TIP, RULES) == Start(TIP - 45 * MINUTE, TIP)


def test_without_even_a_guess_there_is_no_start():
    assert start_of(None, None, RULES) is None


@pytest.mark.parametrize(("league", "hours"), [("nba", 2.5), ("nfl", 3.0)])
def test_the_exchange_expects_the_end_a_league_s_usual_length_after_the_start(league, hours):
    assert guessed_start(league, TIP + timedelta(hours=hours)) == TIP


def test_of_leagues_that_were_not_measured_and_markets_without_an_end_nothing_is_guessed():
    assert guessed_start("mlb", TIP) is None
    assert guessed_start("nba", None) is None


def test_the_pre_game_price_is_the_last_before_the_start_and_not_the_one_in_play():
    quotes = pl.DataFrame(
        {
            "ticker": ["A", "A", "A", "B", "C"],
            "known_at": [TIP - 60 * MINUTE, TIP - 46 * MINUTE, TIP - 45 * MINUTE, TIP, TIP - 90 * MINUTE],
            "last": [0.5, 0.55, 0.8, 0.4, 0.3],
        }
    )
    starts = pl.DataFrame({"ticker": ["A", "B"], "at": [TIP - 45 * MINUTE, TIP - 45 * MINUTE]})
    found = pre_game_prices(quotes, starts)
    assert found.select("ticker", "last").rows() == [("A", 0.55)]


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded data is not here")
def test_in_recorded_games_the_guess_is_the_expected_end_less_the_league_s_length():
    folder = SHARED / "data" / "kalshi"
    for league in ("nba", "nfl"):
        markets = pl.read_parquet(folder / f"kalshi_{league}_game_markets_2025.parquet")
        lines = pl.read_parquet(folder / f"kalshi_{league}_closing_lines_2025.parquet").join(markets, on="ticker")
        both = lines.select(
            start=pl.col("game_start").str.to_datetime(time_zone="UTC"),
            end=pl.col("expected_expiration_time").str.to_datetime(time_zone="UTC"),
        )
        assert all(guessed_start(league, end) == start for start, end in both.iter_rows())
