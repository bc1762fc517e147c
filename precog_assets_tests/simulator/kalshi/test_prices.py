"""Quotes, books, trades, volumes and candlesticks agree with one another and with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from precog_assets.domain.times import parse_instant
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.conftest import Ask, app_at
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW, TIED, TWIN_1, TinyWorld

DAL = "KXNFLGAME-26NOV22TBDAL-DAL"
MOMENTS = [
    NOW - timedelta(days=5),
    NOW - timedelta(hours=3),
    NOW,
    LIVE.start + timedelta(hours=2, minutes=50, seconds=3),
]


def active(get: Ask, when: datetime = NOW) -> list[dict[str, Any]]:
    return get("/markets", when, status="open", limit=1000, mve_filter="exclude")["markets"]


def on_grid(price: Decimal, ranges: list[dict[str, str]]) -> bool:
    return any(
        Decimal(r["start"]) <= price <= Decimal(r["end"]) and (price - Decimal(r["start"])) % Decimal(r["step"]) == 0
        for r in ranges
    )


@pytest.mark.parametrize("when", MOMENTS)
def test_quotes_are_on_the_grid_within_limits_and_never_crossed(get: Ask, when: datetime) -> None:
    markets = active(get, when)
    assert markets
    for market in markets:
        bid, ask = Decimal(market["yes_bid_dollars"]), Decimal(market["yes_ask_dollars"])
        assert Decimal("0.01") <= bid < ask <= Decimal("0.99")
        assert ask - bid <= Decimal("0.05")
        assert on_grid(bid, market["price_ranges"]), market["ticker"]
        assert on_grid(ask, market["price_ranges"]), market["ticker"]
        assert Decimal(market["no_bid_dollars"]) == 1 - ask
        assert Decimal(market["no_ask_dollars"]) == 1 - bid
        assert Decimal(market["yes_bid_size_fp"]) > 0 < Decimal(market["yes_ask_size_fp"])


@pytest.mark.parametrize("when", MOMENTS)
def test_markets_of_an_event_are_priced_as_one(get: Ask, when: datetime) -> None:
    events = get("/events", when, status="open", with_nested_markets="true")["events"]
    for event in events:
        bids = sum(Decimal(m["yes_bid_dollars"]) for m in event["markets"])
        asks = sum(Decimal(m["yes_ask_dollars"]) for m in event["markets"])
        assert bids <= 1 <= asks
        assert abs((bids + asks) / 2 - 1) <= Decimal("0.035")


def test_quotes_stay_near_the_truth_of_the_last_seconds(get: Ask) -> None:
    world = TinyWorld()
    for minute in range(5, 170, 7):
        when = LIVE.start + timedelta(minutes=minute, seconds=30)
        market = get(f"/markets/{DAL}", when)["market"]
        middle = (float(market["yes_bid_dollars"]) + float(market["yes_ask_dollars"])) / 2
        assert abs(middle - world.truth(LIVE, when).home_win) < 0.06


def test_a_score_shows_in_the_quotes_within_ten_seconds(get: Ask) -> None:
    jump = LIVE.start + timedelta(minutes=20)

    def middle(when: datetime) -> float:
        market = get(f"/markets/{DAL}", when)["market"]
        return (float(market["yes_bid_dollars"]) + float(market["yes_ask_dollars"])) / 2

    before, after = middle(jump - timedelta(seconds=1)), middle(jump + timedelta(seconds=10))
    assert after - before > 0.05


def test_not_every_quote_moves_between_two_polls_and_not_none_over_minutes(get: Ask) -> None:
    def quotes(when: datetime) -> dict[str, tuple[str, str]]:
        return {m["ticker"]: (m["yes_bid_dollars"], m["yes_ask_dollars"]) for m in active(get, when)}

    polls = [quotes(NOW + timedelta(seconds=5 * i)) for i in range(24)]
    moved = [sum(a[t] != b[t] for t in a) for a, b in pairwise(polls)]
    assert sum(moved) > 0
    assert max(moved) < len(polls[0])


def test_book_is_ascending_and_ends_in_the_quote(get: Ask) -> None:
    for market in active(get):
        book = get(f"/markets/{market['ticker']}/orderbook")["orderbook_fp"]
        for side in ("yes", "no"):
            levels = [(Decimal(price), Decimal(size)) for price, size in book[f"{side}_dollars"]]
            assert levels == sorted(levels)
            assert 1 <= len(levels) <= 8
            assert all(size > 0 and on_grid(price, market["price_ranges"]) for price, size in levels)
            assert levels[-1][0] == Decimal(market[f"{side}_bid_dollars"])
        assert book["yes_dollars"][-1][1] == market["yes_bid_size_fp"]
        assert book["no_dollars"][-1][1] == market["yes_ask_size_fp"]


def test_depth_keeps_the_best_levels(get: Ask) -> None:
    whole = get(f"/markets/{DAL}/orderbook")["orderbook_fp"]
    two = get(f"/markets/{DAL}/orderbook", depth=2)["orderbook_fp"]
    assert two["yes_dollars"] == whole["yes_dollars"][-2:]


def test_books_of_many_agree_with_single_ones_and_are_empty_for_strangers(get: Ask) -> None:
    books = get("/markets/orderbooks", tickers=[DAL, "KXNO-1"])["orderbooks"]
    assert books[0]["orderbook_fp"] == get(f"/markets/{DAL}/orderbook")["orderbook_fp"]
    assert books[1]["orderbook_fp"] == {"yes_dollars": [], "no_dollars": []}


def test_closed_market_has_placeholders_and_an_empty_book(get: Ask) -> None:
    ticker = "KXEPLGAME-26NOV22CRYMCI-TIE"
    market = get(f"/markets/{ticker}")["market"]
    assert (market["yes_bid_dollars"], market["yes_ask_dollars"]) == ("0.0000", "1.0000")
    assert get(f"/markets/{ticker}/orderbook")["orderbook_fp"] == {"yes_dollars": [], "no_dollars": []}


def all_trades(get: Ask, ticker: str, when: datetime = NOW, **params: Any) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = get("/markets/trades", when, ticker=ticker, limit=137, cursor=cursor, **params)
        yield from page["trades"]
        cursor = page["cursor"]
        if not cursor:
            return


@pytest.mark.parametrize("ticker", [DAL, "KXNFLGAME-26NOV21NYJNYG-NYG", "KXATPMATCH-26NOV23DARZVE-DAR"])
def test_volume_is_the_sum_of_the_trades(get: Ask, ticker: str) -> None:
    trades = list(all_trades(get, ticker))
    market = get(f"/markets/{ticker}")["market"]
    assert len({t["trade_id"] for t in trades}) == len(trades) > 100
    assert sum(Decimal(t["count_fp"]) for t in trades) == Decimal(market["volume_fp"])
    assert all(Decimal(t["count_fp"]) > 0 for t in trades)
    day_ago = NOW - timedelta(days=1)
    recent = [t for t in trades if parse_instant(t["created_time"]) > day_ago]
    assert sum(Decimal(t["count_fp"]) for t in recent) == Decimal(market["volume_24h_fp"])


def test_trades_come_newest_first_and_the_newest_is_the_last_price(get: Ask) -> None:
    trades = list(all_trades(get, DAL))
    times = [parse_instant(t["created_time"]) for t in trades]
    assert times == sorted(times, reverse=True)
    assert times[0] <= NOW
    market = get(f"/markets/{DAL}")["market"]
    assert trades[0]["yes_price_dollars"] == market["last_price_dollars"]
    assert parse_instant(market["open_time"]) <= times[-1]


def test_trades_never_follow_the_close(get: Ask) -> None:
    ticker = "KXNFLGAME-26NOV21NYJNYG-NYG"
    close = parse_instant(get(f"/markets/{ticker}")["market"]["close_time"])
    assert TIED.start + timedelta(hours=3) < close < TIED.start + timedelta(hours=3, minutes=1)
    assert parse_instant(next(all_trades(get, ticker))["created_time"]) <= close


def test_trading_is_busier_in_play(get: Ask) -> None:
    hour, live = timedelta(hours=1), TWIN_1.start + timedelta(hours=1)
    ticker = "KXMLBGAME-26NOV221235SEALADG1-LAD"

    def traded(until: datetime) -> int:
        span = {"min_ts": int((until - hour).timestamp()), "max_ts": int(until.timestamp())}
        return len(get("/markets/trades", ticker=ticker, limit=1000, **span)["trades"])

    assert traded(live) > 4 * traded(live - timedelta(days=3)) > 0


def test_trades_of_all_markets_are_those_of_each(get: Ask) -> None:
    since = int((NOW - timedelta(minutes=30)).timestamp())
    together = get("/markets/trades", min_ts=since, limit=1000)["trades"]
    single = list(all_trades(get, DAL, min_ts=since))
    assert [t for t in together if t["ticker"] == DAL] == single
    assert len({t["ticker"] for t in together}) > 3


def test_trade_price_was_the_quote_it_hit(get: Ask) -> None:
    for trade in get("/markets/trades", ticker=DAL, limit=20)["trades"]:
        market = get(f"/markets/{DAL}", parse_instant(trade["created_time"]))["market"]
        side = "yes_ask_dollars" if trade["taker_outcome_side"] == "yes" else "yes_bid_dollars"
        assert trade["yes_price_dollars"] == market[side]
        assert Decimal(trade["yes_price_dollars"]) + Decimal(trade["no_price_dollars"]) == 1


def candles(get: Ask, ticker: str, period: int, start: datetime, end: datetime, **params: Any) -> list[dict[str, Any]]:
    span = {"start_ts": int(start.timestamp()), "end_ts": int(end.timestamp()), "period_interval": period}
    return get(f"/series/{ticker.partition('-')[0]}/markets/{ticker}/candlesticks", **span, **params)["candlesticks"]


@pytest.mark.parametrize("period", [1, 60, 1440])
def test_candles_follow_each_other_and_sum_to_the_trades(get: Ask, period: int) -> None:
    span = timedelta(hours=2) if period == 1 else timedelta(days=6)
    rows = candles(get, DAL, period, NOW - span, NOW)
    assert len(rows) >= (5 if period == 1440 else 100)
    ends = [row["end_period_ts"] for row in rows]
    assert {b - a for a, b in pairwise(ends)} == {period * 60}
    volume = sum(Decimal(row["volume_fp"]) for row in rows)
    first, last = ends[0] - period * 60, ends[-1]
    inside = [t for t in all_trades(get, DAL) if first < parse_instant(t["created_time"]).timestamp() <= last]
    assert volume == sum(Decimal(t["count_fp"]) for t in inside)


def test_candle_holds_open_close_high_and_low_of_its_trades_and_quotes(get: Ask) -> None:
    for row in candles(get, DAL, 60, NOW - timedelta(hours=20), NOW):
        for name in ("yes_bid", "yes_ask", "price"):
            values = {k.removesuffix("_dollars"): Decimal(v) for k, v in row[name].items() if v is not None}
            assert values["low"] <= min(values["open"], values["close"])
            assert values["high"] >= max(values["open"], values["close"])
        assert Decimal(row["price"]["low_dollars"]) <= Decimal(row["price"]["mean_dollars"])
        end = datetime.fromtimestamp(row["end_period_ts"], NOW.tzinfo)
        market = get(f"/markets/{DAL}", end)["market"]
        assert row["yes_bid"]["close_dollars"] == market["yes_bid_dollars"]
        assert row["price"]["close_dollars"] == market["last_price_dollars"]
        assert row["open_interest_fp"] == market["open_interest_fp"]


def test_quiet_minute_has_null_prices_and_the_price_before(get: Ask) -> None:
    rows = candles(get, DAL, 1, NOW - timedelta(days=4), NOW - timedelta(days=4) + timedelta(hours=2))
    quiet = [row for row in rows if row["volume_fp"] == "0.00"]
    assert quiet
    for row in quiet:
        assert row["price"]["open_dollars"] is row["price"]["mean_dollars"] is None
        assert row["price"]["previous_dollars"] is not None


def test_latest_candle_before_the_start_is_prepended_when_asked(get: Ask) -> None:
    start = NOW + timedelta(seconds=1)
    (row,) = candles(get, DAL, 60, start, start + timedelta(hours=3), include_latest_before_start="true")
    assert row["price"]["close_dollars"] is None
    assert row["price"]["previous_dollars"] == get(f"/markets/{DAL}")["market"]["last_price_dollars"]
    assert candles(get, DAL, 60, start, start + timedelta(hours=3)) == []


def test_batch_of_candles_equals_the_single_reads(get: Ask) -> None:
    start, end = NOW - timedelta(hours=5), NOW
    span = {"start_ts": int(start.timestamp()), "end_ts": int(end.timestamp()), "period_interval": 60}
    batch = get("/markets/candlesticks", market_tickers=f"{DAL},KXNO-1", **span)["markets"]
    assert batch[0] == {"market_ticker": DAL, "candlesticks": candles(get, DAL, 60, start, end)}
    assert batch[1] == {"market_ticker": "KXNO-1", "candlesticks": []}


def test_a_fresh_process_answers_the_same(get: Ask) -> None:
    with Client(app_at(NOW)) as fresh:
        for path in ("/markets?limit=1000", f"/markets/{DAL}/orderbook", f"/markets/trades?ticker={DAL}&limit=500"):
            assert fresh.get("/trade-api/v2" + path).json() == get(path)
