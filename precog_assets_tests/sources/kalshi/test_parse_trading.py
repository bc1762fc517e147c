"""Order books, trades and candlesticks as rows: orientation, order, both candle shapes, named rejections."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from precog_assets.domain.facts import CandleSeen, OrderBookSeen, TradeSeen
from precog_assets.sources.kalshi.parse import (
    parse_candlesticks,
    parse_orderbook,
    parse_orderbooks,
    parse_trades,
)
from precog_assets_tests.sources.kalshi.payload_files import changed, element, fixture, page

TICKER = "KXNBAGAME-26DEC25AAABBB-BBB"
MARKET_ID = f"kalshi:{TICKER}"


def book(yes: object, no: object) -> bytes:
    return orjson.dumps({"orderbook_fp": {"yes_dollars": yes, "no_dollars": no}})


def only_reason(parsed: Any) -> str:
    assert parsed.rows == []
    assert parsed.seen == len(parsed.rejections) == 1
    return parsed.rejections[0].reason


def test_both_sides_of_a_book_are_bids_with_the_best_last() -> None:
    parsed = parse_orderbook(book([["0.6100", "10.00"], ["0.6200", "5.25"]], [["0.3600", "7.00"]]), TICKER)
    assert parsed.rows == [
        OrderBookSeen(
            MARKET_ID,
            yes=((Decimal("0.61"), Decimal(10)), (Decimal("0.62"), Decimal("5.25"))),
            no=((Decimal("0.36"), Decimal(7)),),
        )
    ]


def test_a_book_sent_best_first_is_turned_ascending() -> None:
    (row,) = parse_orderbook(book([["0.6200", "5.00"], ["0.6100", "1.00"]], []), TICKER).rows
    assert [at for at, _ in row.yes] == [Decimal("0.61"), Decimal("0.62")]


@pytest.mark.parametrize(
    "body",
    [
        book([], []),
        book(None, None),
        b'{"orderbook":{}}',
        b'{"orderbook":{"yes":null,"no":null,"yes_dollars":null,"no_dollars":null}}',
    ],
)
def test_an_empty_book_is_a_row_without_levels(body: bytes) -> None:
    assert parse_orderbook(body, TICKER).rows == [OrderBookSeen(MARKET_ID, (), ())]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"orderbook":{"yes":[[62,10]],"no":[]}}', "legacy_shape"),
        (b'{"orderbook_fp":{"yes_dollars":[]}}', "missing_key:no_dollars"),
        (b'{"orderbook_fp":null}', "not_an_object"),
        (b'{"orderbook":null}', "not_an_object"),
        (b'{"book":{}}', "missing_key:orderbook_fp"),
        (b'{"error":{"code":"not_found","message":"not found"}}', "error_body"),
        (book([["0.62", 5]], []), "bad_level"),
        (book([["0.62"]], []), "bad_level"),
        (book([["0.62", "0.00"]], []), "bad_level"),
        (book([["0.62", "1.00"], ["0.6200", "2.00"]], []), "bad_level"),
        (book({"0.62": "1.00"}, []), "bad_level"),
        (book([["1.0000", "1.00"]], []), "price_out_of_range"),
        (book([["0.0000", "1.00"]], []), "price_out_of_range"),
        (book([["6e-1", "1.00"]], []), "bad_price"),
        (book([["0.62", "-1.00"]], []), "bad_count"),
    ],
)
def test_a_book_that_cannot_be_read_is_rejected_by_name(body: bytes, reason: str) -> None:
    parsed = parse_orderbook(body, TICKER)
    assert only_reason(parsed) == reason


def test_a_batch_of_books_is_read_one_by_one() -> None:
    full = {"ticker": "A-1", "orderbook_fp": {"yes_dollars": [["0.5000", "1.00"]], "no_dollars": []}}
    body = page("orderbooks", full, {"ticker": "B-2"}, {"orderbook_fp": {}}, 7, {"ticker": "C-3", "orderbook_fp": 1})
    parsed = parse_orderbooks(body)
    assert [row.market_id for row in parsed.rows] == ["kalshi:A-1"]
    assert [(rejection.key, rejection.reason) for rejection in parsed.rejections] == [
        ("B-2", "missing_key:orderbook_fp"),
        ("orderbooks[2]", "missing_key:ticker"),
        ("orderbooks[3]", "not_an_object"),
        ("C-3", "not_an_object"),
    ]
    assert parsed.seen == 5
    assert only_reason(parse_orderbooks(b'{"orderbooks":{}}')) == "not_a_list"
    assert only_reason(parse_orderbooks(b'{"books":[]}')) == "missing_key:orderbooks"


def test_a_trade_becomes_a_row_from_either_name_of_the_takers_side() -> None:
    parsed = parse_trades(fixture("trades"))
    assert parsed.rows == [
        TradeSeen(
            trade_id="t-2",
            market_id=MARKET_ID,
            created_time=datetime(2026, 12, 25, 20, 0, 1, 436559, tzinfo=UTC),
            yes_price=Decimal("0.63"),
            count=Decimal("14.18"),
            taker_side="no",
            is_block=False,
        ),
        TradeSeen(
            trade_id="t-1",
            market_id=MARKET_ID,
            created_time=datetime(2026, 12, 25, 20, 0, tzinfo=UTC),
            yes_price=Decimal("0.64"),
            count=Decimal(1),
            taker_side="yes",
            is_block=True,
        ),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"trade_id": ...}, "missing_key:trade_id"),
        ({"taker_outcome_side": ..., "taker_side": ...}, "missing_key:taker_outcome_side"),
        ({"taker_outcome_side": "buy"}, "bad_value:taker_outcome_side"),
        ({"count_fp": "0.00"}, "bad_count"),
        ({"count_fp": ..., "count": 14}, "legacy_shape"),
        ({"yes_price_dollars": "63"}, "price_out_of_range"),
        ({"created_time": "yesterday"}, "bad_time"),
        ({"ticker": "KXMVEX-1"}, "combo"),
        ({"is_block_trade": 1}, "wrong_type:is_block_trade"),
    ],
)
def test_a_trade_that_cannot_be_read_is_rejected_by_name(change: dict[str, Any], reason: str) -> None:
    parsed = parse_trades(page("trades", changed(element("trades"), change), element("trades", 1)))
    assert [rejection.reason for rejection in parsed.rejections] == [reason]
    assert len(parsed.rows) == 1


def test_a_candle_becomes_a_row_and_a_quiet_one_has_no_prices() -> None:
    parsed = parse_candlesticks(fixture("candlesticks"), None, 1)
    assert parsed.rows == [
        CandleSeen(
            market_id=MARKET_ID,
            period_minutes=1,
            end_time=datetime(2026, 12, 25, 20, 1, tzinfo=UTC),
            yes_bid_close=Decimal("0.63"),
            yes_ask_close=Decimal("0.65"),
            price_open=Decimal("0.62"),
            price_high=Decimal("0.64"),
            price_low=Decimal("0.62"),
            price_close=Decimal("0.64"),
            volume=Decimal("10.5"),
            open_interest=Decimal(900),
        ),
        CandleSeen(
            market_id=MARKET_ID,
            period_minutes=1,
            end_time=datetime(2026, 12, 25, 20, 2, tzinfo=UTC),
            yes_bid_close=None,
            yes_ask_close=None,
            price_open=None,
            price_high=None,
            price_low=None,
            price_close=None,
            volume=Decimal(0),
            open_interest=Decimal(900),
        ),
    ]


def test_the_historical_shape_without_suffixes_gives_the_same_rows() -> None:
    live = parse_candlesticks(fixture("candlesticks"), None, 60)
    candles = []
    for index in (0, 1):
        candle = element("candlesticks", index)
        for part in ("yes_bid", "yes_ask", "price"):
            candle[part] = {name.removesuffix("_dollars"): value for name, value in candle[part].items()}
        candle["volume"] = candle.pop("volume_fp")
        candle["open_interest"] = candle.pop("open_interest_fp")
        candles.append(candle)
    historical = parse_candlesticks(orjson.dumps({"ticker": TICKER, "candlesticks": candles}), None, 60)
    assert historical.rows == live.rows
    assert not any(counts.broken for counts in historical.contracts)


def test_a_batch_and_an_event_name_their_markets() -> None:
    candle = element("candlesticks")
    batch = {"markets": [{"market_ticker": "A-1", "candlesticks": [candle]}, {"market_ticker": "B-2"}]}
    parsed = parse_candlesticks(orjson.dumps(batch), None, 60)
    assert [row.market_id for row in parsed.rows] == ["kalshi:A-1"]
    assert [rejection.reason for rejection in parsed.rejections] == ["missing_key:candlesticks"]
    event = {"market_tickers": ["A-1", "B-2"], "market_candlesticks": [[candle], [candle]], "adjusted_end_ts": 1}
    parsed = parse_candlesticks(orjson.dumps(event), None, 60)
    assert [row.market_id for row in parsed.rows] == ["kalshi:A-1", "kalshi:B-2"]
    uneven = {"market_tickers": ["A-1"], "market_candlesticks": [[candle], [candle]]}
    assert only_reason(parse_candlesticks(orjson.dumps(uneven), None, 60)) == "bad_value:market_tickers"


def test_candles_that_nobody_names_a_market_for_are_rejected() -> None:
    body = page("candlesticks", element("candlesticks"))
    assert only_reason(parse_candlesticks(body, None, 1)) == "missing_key:ticker"
    assert [row.market_id for row in parse_candlesticks(body, TICKER, 1).rows] == [MARKET_ID]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"end_period_ts": ...}, "missing_key:end_period_ts"),
        ({"end_period_ts": "1798228860"}, "bad_time"),
        ({"end_period_ts": True}, "bad_time"),
        ({"end_period_ts": 10**18}, "bad_time"),
        ({"volume_fp": ..., "volume": 10}, "legacy_shape"),
        ({"yes_bid": None}, "wrong_type:yes_bid"),
        ({"yes_bid": {}}, "missing_key:yes_bid.close_dollars"),
        ({"price": {"close_dollars": "64"}}, "price_out_of_range"),
    ],
)
def test_a_candle_that_cannot_be_read_is_rejected_by_name(change: dict[str, Any], reason: str) -> None:
    body = page("candlesticks", changed(element("candlesticks"), change), element("candlesticks", 1))
    parsed = parse_candlesticks(body, TICKER, 1)
    assert [rejection.reason for rejection in parsed.rejections] == [reason]
    assert len(parsed.rows) == 1
