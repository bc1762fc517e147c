"""What accounts do shows in every public read alike: books, quotes, trades, last price, volume, candlesticks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.model import BookSide
from precog_assets.simulator.kalshi.exchange.trading import Done, Ticket
from precog_assets.simulator.kalshi.instants import instant_of, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.reads import Reads
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.test_pages import answer_of
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TinyWorld

WIDE = "KXMLBGAME-26NOV222110SEALADG2-SEA"
"""A market whose makers leave a price free between bid and ask at NOW."""
PERIOD_S = 3_600


class Floor:
    """An exchange with one account on it, and the public reads over both."""

    def __init__(self) -> None:
        self.clock = MovableClock()
        self.market = WorldMarket(TinyWorld())
        self.exchange = Exchange(self.market, self.clock)
        self.reads: Reads = self.market.reads(self.exchange)
        self.account = self.exchange.open_account(Decimal(100_000), key_kind="ed25519").account_id

    def place(self, side: BookSide, price: int, count: int) -> Done:
        terms = Ticket(WIDE, "", side, price, count, "good_till_canceled", "taker_at_cross")
        return self.exchange.place(microseconds(self.clock.instant), self.account, terms)

    def wait(self, **time: float) -> None:
        self.clock.instant += timedelta(**time)
        self.exchange.advance(microseconds(self.clock.instant))

    def get(self, path: str, params: dict[str, str] | None = None, **named: str) -> Any:
        return answer_of(self.reads, self.clock.instant, path, params or {}, named)

    def row(self) -> dict[str, Any]:
        return self.get("/markets/{ticker}", ticker=WIDE)["market"]

    def book(self) -> dict[str, list[list[str]]]:
        return self.get("/markets/{ticker}/orderbook", ticker=WIDE)["orderbook_fp"]

    def trades(self) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            page = self.get("/markets/trades", {"ticker": WIDE, "limit": "300", "cursor": cursor})
            found += page["trades"]
            cursor = page["cursor"]
            if not cursor:
                return found


@pytest.fixture
def floor() -> Floor:
    return Floor()


def prices(floor: Floor) -> tuple[int, int]:
    """Bid and ask in 1/10,000 dollars."""
    row = floor.row()
    return int(Decimal(row["yes_bid_dollars"]) * 10_000), int(Decimal(row["yes_ask_dollars"]) * 10_000)


def test_an_order_between_bid_and_ask_becomes_the_quote_everywhere(floor: Floor) -> None:
    bid, ask = prices(floor)
    assert ask - bid >= 200
    listing = floor.get("/markets", {"tickers": WIDE})
    floor.place("bid", bid + 100, 777)
    row = floor.row()
    assert (row["yes_bid_dollars"], row["yes_bid_size_fp"]) == (f"{(bid + 100) / 10_000:.4f}", "7.77")
    assert floor.book()["yes_dollars"][-1] == [row["yes_bid_dollars"], "7.77"]
    assert floor.get("/markets", {"tickers": WIDE})["markets"] == [row] != listing["markets"]
    nested = floor.get("/events/{event_ticker}", event_ticker=WIDE.rpartition("-")[0])["markets"]
    assert row in nested


def test_a_taker_leaves_less_in_the_book_and_a_trade_in_the_tape(floor: Floor) -> None:
    _, ask = prices(floor)
    before, book, tape = floor.row(), floor.book(), floor.trades()
    done = floor.place("bid", ask, 150)
    assert done.filled == 150
    row, trades = floor.row(), floor.trades()
    assert Decimal(row["volume_fp"]) - Decimal(before["volume_fp"]) == Decimal("1.50")
    assert Decimal(row["open_interest_fp"]) >= Decimal(before["open_interest_fp"])
    assert Decimal(book["no_dollars"][-1][1]) - Decimal(floor.book()["no_dollars"][-1][1]) == Decimal("1.50")
    assert trades[1:] == tape
    assert (trades[0]["count_fp"], trades[0]["taker_outcome_side"]) == ("1.50", "yes")
    assert row["last_price_dollars"] == trades[0]["yes_price_dollars"] == f"{ask / 10_000:.4f}"
    assert row["volume_24h_fp"] == str(Decimal(before["volume_24h_fp"]) + Decimal("1.50"))


def test_prints_that_met_an_accounts_order_are_told_once_and_sum_to_the_volume(floor: Floor) -> None:
    bid, _ = prices(floor)
    floor.place("bid", bid + 100, 5_000)
    for _ in range(18):
        floor.wait(minutes=10)
    filled = sum(fill.count for fill in floor.exchange.accounts[floor.account].fills)
    assert filled > 0
    trades, row = floor.trades(), floor.row()
    assert len({trade["trade_id"] for trade in trades}) == len(trades)
    assert sum(Decimal(trade["count_fp"]) for trade in trades) == Decimal(row["volume_fp"])
    times = [trade["created_time"] for trade in trades]
    assert all(later >= earlier for later, earlier in pairwise(times))
    assert row["last_price_dollars"] == trades[0]["yes_price_dollars"]


def test_candles_hold_the_trades_of_accounts(floor: Floor) -> None:
    _, ask = prices(floor)
    floor.place("bid", ask, 150)
    floor.wait(hours=1)
    end_s = microseconds(floor.clock.instant) // 1_000_000 // PERIOD_S * PERIOD_S
    span = {"start_ts": str(end_s - PERIOD_S + 1), "end_ts": str(end_s), "period_interval": "60"}
    path = "/series/{series_ticker}/markets/{ticker}/candlesticks"
    (candle,) = floor.get(path, span, series_ticker="KXMLBGAME", ticker=WIDE)["candlesticks"]
    begin, end = instant_of((end_s - PERIOD_S) * 1_000_000), instant_of(end_s * 1_000_000)
    assert begin < NOW <= end
    inside = [t for t in floor.trades() if begin.isoformat()[:19] < t["created_time"][:19] <= end.isoformat()[:19]]
    assert Decimal(candle["volume_fp"]) == sum(Decimal(trade["count_fp"]) for trade in inside)
    assert "1.50" in {trade["count_fp"] for trade in inside}


def test_markets_nobody_touched_stay_as_they_were(floor: Floor) -> None:
    params = {"limit": "1000", "mve_filter": "exclude"}
    before = floor.get("/markets", params)["markets"]
    floor.place("bid", prices(floor)[0] + 100, 100)
    after = floor.get("/markets", params)["markets"]
    assert [row["ticker"] for row, old in zip(after, before, strict=True) if row != old] == [WIDE]
