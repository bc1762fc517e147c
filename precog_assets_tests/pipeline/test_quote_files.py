"""Files of prices: what they may say, what is left out by name, and how they get into the database."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.pipeline.backtest.files import quote_arrays
from precog_assets.pipeline.backtest.stored import StoredFeed
from precog_assets.pipeline.imports.quote_files import COLUMNS, instants_of, quotes_of, read_quotes
from precog_assets.pipeline.imports.quotes import FUTURE, UNKNOWN_MARKET, import_quotes
from precog_assets.store.markets import write_markets, write_quotes
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.pipeline.sql_world import market, quote

KC = "KXNFLGAME-26NOV22JACKC-KC"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of candles: a price at the end of a minute."""
    usual = {"ticker": KC, "end_period_ts": SECONDS, "price_close": 0.5}
    return pl.DataFrame([usual | row for row in rows], infer_schema_length=None)


def test_a_price_without_bid_and_ask_is_synthetic():
    read = quotes_of(frame([{}]), "f")
    assert read.frame.columns == list(COLUMNS)
    assert read.frame.row(0, named=True) == {
        "ticker": KC, "known_at": AT, "bid": None, "ask": None, "last": 0.5, "bid_size": None, "ask_size": None,
        "volume": None, "open_interest": None, "synthetic": True,
    }  # fmt: skip
    assert (read.rows, read.synthetic, read.rejected, read.in_cents) == (1, 1, {}, False)


def test_bid_and_ask_are_read_and_are_no_synthetic_quote():
    read = quotes_of(frame([{"yes_bid_close": 0.48, "yes_ask_close": 0.5, "yes_bid_size": 20, "volume": 7}]), "f")
    row = read.frame.row(0, named=True)
    assert (row["bid"], row["ask"], row["bid_size"], row["ask_size"], row["volume"]) == (0.48, 0.5, 20.0, None, 7.0)
    assert not row["synthetic"]


def test_a_file_in_cents_is_read_in_dollars():
    read = quotes_of(frame([{"price_close": 72}, {"price_close": 1, "end_period_ts": SECONDS + 60}]), "f")
    assert read.in_cents
    assert read.frame["last"].to_list() == [0.72, 0.01]


@pytest.mark.parametrize(
    ("bid", "ask", "wanted"), [(0, 0.03, (None, 0.03)), (0.97, 1, (0.97, None)), (0, 1, (None,) * 2)]
)
def test_bids_of_nothing_and_asks_of_a_dollar_are_nobodys(bid, ask, wanted):
    row = quotes_of(frame([{"yes_bid": bid, "yes_ask": ask}]), "f").frame.row(0, named=True)
    assert ((row["bid"], row["ask"]), row["synthetic"]) == (wanted, False)


def test_rows_that_cannot_be_are_left_out_and_counted_by_name():
    rows: list[dict[str, Any]] = [
        {},
        {"price_close": 0.6},
        {"ticker": None},
        {"ticker": ""},
        {"end_period_ts": None},
        {"price_close": None},
        {"price_close": float("nan")},
        {"price_close": -0.2, "end_period_ts": SECONDS + 1},
    ]
    read = quotes_of(frame(rows), "f")
    assert read.rejected == {"no price": 2, "no ticker": 2, "no time": 1, "price out of range": 1, "repeated": 1}
    assert read.frame["last"].to_list() == [0.6]


@pytest.mark.parametrize(
    "time",
    [SECONDS, float(SECONDS), "2026-11-21T12:00:00Z", "2026-11-21T07:00:00-05:00", AT, AT.replace(tzinfo=None)],
)
def test_times_are_seconds_or_instants_and_come_out_in_utc(time):
    assert instants_of(pl.DataFrame({"at": [time]}), "at").to_list() == [AT]


def test_rows_come_out_in_time_order_whatever_the_file_had():
    rows = [{"end_period_ts": SECONDS + step} for step in (60, 0, 120)]
    assert quotes_of(frame(rows), "f").frame["known_at"].is_sorted()


def test_a_file_without_the_columns_says_which_it_has_and_which_it_needs(tmp_path: Path):
    path = tmp_path / "prices.csv"
    path.write_text("symbol,mid\nX,0.5\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="columns symbol, mid; expected ticker"):
        read_quotes(path)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_quotes(tmp_path / "missing.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet")
    with pytest.raises(ConfigurationError, match="cannot be read as Parquet or CSV"):
        read_quotes(broken)


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded data is not here")
def test_a_month_of_recorded_candles_is_read_whole():
    read = read_quotes(SHARED / "data" / "kalshi" / "kalshi_nba_candles_1min_2025.parquet")
    assert (read.rows, read.frame.height, read.rejected, read.in_cents) == (100_984, 100_984, {}, True)
    assert read.synthetic == read.rows


@pytest.fixture
def stored(services: Any) -> Any:
    """The platform with one market, seen a minute before the file's first row."""
    with services.engine.begin() as connection:
        seen = Observation(AT - timedelta(minutes=1), Origin.LIVE)
        write_markets(connection, [(market(KC, quote("0.48", "0.50")), seen)], {"KXNFLGAME": "nfl"})
    return services


def rows_of(services: Any) -> list[Any]:
    statement = "SELECT * FROM market.quotes WHERE origin = 'import' ORDER BY observed_at"
    with services.engine.connect() as connection:
        return list(connection.execute(sa.text(statement)))


def saved(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "prices.parquet"
    frame(rows).write_parquet(path)
    return path


def test_imported_prices_are_marked_and_keep_what_the_file_said(stored, tmp_path):
    minute = 60
    path = saved(
        tmp_path,
        [
            {"price_close": 0.5, "volume": 3},
            {"price_close": None, "yes_bid": 0.48, "yes_ask": 0.51, "end_period_ts": SECONDS + minute},
            {"price_close": 0.5, "yes_bid": 0, "yes_ask": 1, "end_period_ts": SECONDS + 2 * minute},
        ],
    )
    brought = import_quotes(stored, path, correlation_id="c")
    only_price, both, empty = rows_of(stored)
    assert (only_price.yes_bid, only_price.yes_ask, only_price.last_price, only_price.volume) == (
        None,
        None,
        Decimal("0.5"),
        3,
    )
    assert (both.yes_bid, both.yes_ask) == (Decimal("0.48"), Decimal("0.51"))
    assert (empty.yes_bid, empty.yes_ask) == (0, 1)
    assert only_price.observed_at == only_price.known_at == AT
    assert (brought.report.written, brought.synthetic, brought.markets) == (3, 1, 1)
    assert (brought.first, brought.last) == (AT, AT + timedelta(minutes=2))


def test_the_same_file_again_writes_nothing(stored, tmp_path):
    path = saved(
        tmp_path, [{"price_close": 0.5 + step / 100, "end_period_ts": SECONDS + step * 60} for step in range(5)]
    )
    assert import_quotes(stored, path, correlation_id="c").report.written == 5
    again = import_quotes(stored, path, correlation_id="d").report
    assert (again.written, again.unchanged) == (0, 5)


def test_a_dry_run_says_what_would_be_and_writes_nothing(stored, tmp_path):
    brought = import_quotes(stored, saved(tmp_path, [{}]), correlation_id="c", dry_run=True)
    assert (brought.synthetic, brought.report.written, rows_of(stored)) == (1, 0, [])


def test_rows_of_no_market_of_ours_and_of_the_future_are_named(stored, tmp_path):
    tomorrow = int(stored.clock.now().timestamp()) + 86_400
    rows = [{}, {"ticker": "KXNFLGAME-26NOV22DENLV-LV"}, {"end_period_ts": tomorrow}]
    brought = import_quotes(stored, saved(tmp_path, rows), correlation_id="c")
    assert brought.report.rejections == {UNKNOWN_MARKET: 1, FUTURE: 1}
    assert brought.unknown == {"KXNFLGAME-26NOV22DENLV-LV": 1}
    assert brought.report.rows_in == 3


def test_live_quotes_stay_as_they_were(stored, tmp_path):
    with stored.engine.begin() as connection:
        live = replace(quote("0.47", "0.49"), last_price=None)
        write_quotes(connection, [(f"kalshi:{KC}", live, Observation(AT + timedelta(minutes=5), Origin.LIVE))])
    import_quotes(stored, saved(tmp_path, [{"end_period_ts": SECONDS + 60}]), correlation_id="c")
    with stored.engine.connect() as connection:
        origins = connection.scalars(sa.text("SELECT origin FROM market.quotes ORDER BY observed_at")).all()
    assert origins == ["live", "import", "live"]


def test_a_backtest_of_what_was_imported_sees_the_quotes_of_the_file(stored, tmp_path):
    rows = [
        {"price_close": 0.5 + step / 100, "end_period_ts": SECONDS + 60 * step}
        | ({"yes_bid": 0.40, "yes_ask": 0.45 + step / 100, "yes_bid_size": 30, "yes_ask_size": 20} if step % 2 else {})
        for step in range(6)
    ]
    path = saved(tmp_path, rows)
    import_quotes(stored, path, correlation_id="c")
    rules = load_trading_rules().backtests
    feed = StoredFeed(stored.engine, load_leagues()["nfl"], AT, AT + timedelta(hours=1), rules)
    of_store = next(chunk.quotes for chunk in feed.chunks() if chunk.start >= AT)
    _, of_file = quote_arrays(read_quotes(path).frame, rules)
    for one in fields(of_file):
        assert getattr(of_store, one.name).tolist() == getattr(of_file, one.name).tolist(), one.name


def test_the_step_is_recorded_and_progress_told(stored, tmp_path):
    told: list[tuple[str, int, int]] = []
    import_quotes(stored, saved(tmp_path, [{}]), correlation_id="c", progress=lambda *said: told.append(said))
    with stored.engine.connect() as connection:
        step = connection.execute(sa.text("SELECT step, rows_in, inserted + changed AS written FROM ops.steps")).one()
    assert tuple(step) == ("import quotes prices.parquet", 1, 1)
    assert told == [("prices", 1, 1)]
