"""Which price is the last before the game."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.grading.pregame import last_before, price_cutoff

START = datetime(2025, 10, 23, 2, 30, tzinfo=UTC)
TIMES = pl.Datetime("us", "UTC")


def quotes(*minutes: int, ticker: str = "A") -> pl.DataFrame:
    """Prices so many minutes before START, in the order given, each price its position."""
    rows = [(ticker, START - timedelta(minutes=one), float(at)) for at, one in enumerate(minutes)]
    return pl.DataFrame(rows, schema={"ticker": pl.String, "known_at": TIMES, "last": pl.Float64}, orient="row")


def until(at: datetime, *tickers: str) -> pl.DataFrame:
    rows = [(ticker, at) for ticker in tickers or ("A",)]
    return pl.DataFrame(rows, schema={"ticker": pl.String, "cutoff": TIMES}, orient="row")


def test_a_known_start_is_the_limit_itself_and_an_assumed_one_the_margin_before() -> None:
    assert price_cutoff(START, is_known=True, margin_minutes=45) == START
    assert price_cutoff(START, is_known=False, margin_minutes=45) == START - timedelta(minutes=45)


def test_the_last_price_at_or_before_the_limit_is_taken_and_no_later_one() -> None:
    found = last_before(quotes(90, 45, 44, 5), until(START - timedelta(minutes=45)))
    assert found["last"].to_list() == [1.0]
    assert found["minutes_before"].to_list() == [0.0]


def test_the_order_of_rows_does_not_decide() -> None:
    found = last_before(quotes(5, 60, 50, 300), until(START - timedelta(minutes=45)))
    assert found["last"].to_list() == [2.0]
    assert found["minutes_before"].to_list() == [5.0]


def test_a_market_without_a_price_before_the_limit_is_left_out() -> None:
    both = pl.concat([quotes(10), quotes(60, ticker="B")])
    assert last_before(both, until(START - timedelta(minutes=45), "A", "B"))["ticker"].to_list() == ["B"]


def test_a_negative_margin_and_a_start_without_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="margin of -1 minutes"):
        price_cutoff(START, is_known=False, margin_minutes=-1)
    with pytest.raises(ValueError, match="no zone"):
        price_cutoff(START.replace(tzinfo=None), is_known=True, margin_minutes=0)


@given(st.lists(st.integers(-200, 400), min_size=1, max_size=30), st.integers(0, 90))
def test_what_comes_after_the_limit_changes_nothing(minutes: list[int], margin: int) -> None:
    cutoff = until(START - timedelta(minutes=margin))
    before = [one for one in minutes if one >= margin]
    found = last_before(quotes(*minutes), cutoff)
    alone = last_before(quotes(*before), cutoff)
    assert found["known_at"].to_list() == alone["known_at"].to_list()
