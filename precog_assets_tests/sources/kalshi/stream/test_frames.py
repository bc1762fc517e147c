"""Frames are read exactly, or refused by name; nothing raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.sources.kalshi.stream.events import (
    Acknowledged,
    BookDelta,
    BookSnapshot,
    MarketLifeTold,
    OtherTold,
    Refused,
    Subscribed,
    TickerTold,
    TradeTold,
    Unreadable,
    Unsubscribed,
)
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets_tests.sources.kalshi.stream import venue
from precog_assets_tests.sources.kalshi.stream.venue import A, frame


def renamed(**price: Any) -> bytes:
    """A delta that has something else for its price."""
    return frame("orderbook_delta", {"market_ticker": A, "delta_fp": "1.00", "side": "yes", **price}, sid=1, seq=2)


def read(data: bytes | str) -> Any:
    return FrameReader().read(data)


def test_a_snapshot_without_a_side_has_an_empty_side_and_levels_ascend() -> None:
    event = read(venue.snapshot(1, 1, A, yes=[("0.4200", "7.00"), ("0.4000", "10.50")]))
    assert event == BookSnapshot(1, 1, A, ((Decimal("0.40"), Decimal("10.5")), (Decimal("0.42"), Decimal(7))), (), None)


def test_a_delta_is_exact() -> None:
    event = read(venue.delta(3, 9, A, "0.0100", "-10.25", "no"))
    assert event == BookDelta(3, 9, A, "no", Decimal("0.01"), Decimal("-10.25"), 1787838983996, None)


def test_a_ticker_is_a_quote_and_an_empty_side_has_no_price() -> None:
    full = read(venue.ticker(4, A))
    empty = read(
        venue.ticker(4, A, yes_bid_dollars="0.0000", yes_bid_size_fp="0.00", price_dollars="0.0000", volume_fp="0.00")
    )
    assert isinstance(full, TickerTold)
    assert (full.quote.yes_bid, full.quote.yes_ask, full.quote.last_price) == (
        Decimal("0.42"),
        Decimal("0.44"),
        Decimal("0.43"),
    )
    assert full.quote.volume_24h is None
    assert (empty.quote.yes_bid, empty.quote.yes_bid_size, empty.quote.last_price) == (None, None, None)


def test_a_trade_has_the_time_of_the_venue_to_the_millisecond() -> None:
    event = read(venue.trade(2, 1, A, "t1"))
    assert isinstance(event, TradeTold)
    assert event.trade.created_time == datetime(2026, 8, 27, 13, 56, 23, 996000, UTC)
    assert (event.trade.market_id, event.trade.taker_side, event.trade.count) == (f"kalshi:{A}", "no", Decimal("12.5"))


def test_lives_of_markets_keep_what_was_sent_of_them() -> None:
    event = read(
        frame("market_lifecycle_v2", {"market_ticker": A, "event_type": "determined", "result": "yes"}, sid=5, seq=1)
    )
    assert event == MarketLifeTold(5, 1, A, "determined", {"result": "yes"}, None)


def test_answers_to_commands_are_told_apart() -> None:
    assert read(frame("subscribed", {"channel": "trade", "sid": 2}, id=1)) == Subscribed(1, "trade", 2)
    assert read(frame("ok", {"market_tickers": [A]}, id=2, sid=1, seq=108)) == Acknowledged(2, 1, 108, (A,))
    assert read(frame("ok", [{"channel": "trade", "sid": 2}], id=3)) == Acknowledged(3, None, None, None)
    assert read(frame("unsubscribed", id=4, sid=1, seq=109)) == Unsubscribed(4, 1, 109)
    assert read(frame("error", {"code": 8, "msg": "Unknown channel name"}, id=3)) == Refused(
        3, None, None, 8, "Unknown channel name"
    )


def test_a_kind_nobody_reads_keeps_its_number() -> None:
    assert read(frame("event_lifecycle", {"event_ticker": "E"}, sid=5, seq=7)) == OtherTold(5, 7, "event_lifecycle")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"type":"orderbook_delta","sid":1,"seq":4,"msg":{"market_ti', "not_json"),
        (b"[1]", "not_an_object"),
        (b'{"sid":1}', "missing_key:type"),
        (frame("orderbook_delta", sid=1, seq=2), "missing_key:msg"),
        (venue.delta(1, 2, A, "0.40", "x"), "bad_amount"),
        (venue.delta(1, 2, A, "1.00", "1.00"), "price_out_of_range"),
        (venue.delta(1, 2, A, "-0.10", "1.00"), "price_out_of_range"),
        (venue.delta(1, 2, A, "0.40", "1.00", "maybe"), "bad_value:side"),
        (
            frame(
                "orderbook_delta", {"market_ticker": A, "price": "0.4", "delta_fp": "1", "side": "yes"}, sid=1, seq=2
            ),
            "missing_key:price_dollars",
        ),
        (
            frame(
                "orderbook_delta",
                {"market_ticker": A, "price_dollars": 40, "delta_fp": "1", "side": "yes"},
                sid=1,
                seq=2,
            ),
            "wrong_type:price_dollars",
        ),
        (venue.delta(1, 2, A, "0.40", "1.00").replace(b'"seq": 2', b'"seq": null'), "missing_key:seq"),
        (venue.snapshot(1, 1, A, yes=[("0.40", "0.00")]), "bad_level"),
        (venue.trade(1, 1, A, "t", count_fp="0.00"), "bad_count"),
        (venue.trade(1, 1, A, "t", taker_side=None, taker_outcome_side=None), "missing_key:taker_outcome_side"),
        (venue.trade(1, 1, A, "t", ts_ms="now"), "bad_time"),
        (venue.ticker(1, A, yes_bid_size_fp="-1.00"), "bad_count"),
        (venue.ticker(1, "bad\0name"), "wrong_type:market_ticker"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, reason: str) -> None:
    event = read(data)
    assert isinstance(event, Unreadable)
    assert event.rejection.reason == reason
    assert event.rejection.payload_type.startswith("kalshi.stream.")


def test_of_a_frame_cut_off_the_subscription_and_market_are_made_out_where_they_stand() -> None:
    whole = b'{"type":"orderbook_delta","sid":12,"seq":4,"msg":{"market_ticker":"KXNBAGAME-A","market_id":"0'
    event = read(whole)
    assert isinstance(event, Unreadable)
    assert (event.sid, event.seq, event.ticker) == (12, None, "KXNBAGAME-A")
    assert read(whole[:30]).sid is None


def test_a_renamed_field_shows_in_the_contract() -> None:
    reader = FrameReader()
    reader.read(renamed(price_usd="0.4"))
    counts = {one.payload_type: one for one in reader.contracts()}["kalshi.stream.orderbook_delta"]
    assert (counts.unknown, counts.missing_required) == ({"price_usd": 1}, {"price_dollars": 1})
    assert counts.vanished == ["price_dollars"]


def test_keys_are_counted_once_and_anew_after_they_were_asked_for() -> None:
    reader = FrameReader()
    for _ in range(2):
        reader.read(renamed(price_usd="0.4"))
    assert sum(one.rows for one in reader.contracts()) == 2
    assert [one for one in reader.contracts() if one.rows or one.unknown] == []
    reader.read(renamed(price_dollars="0.4"))
    (counted,) = (one for one in reader.contracts() if one.rows)
    assert (counted.rows, counted.vanished) == (1, [])


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    LEAVES | st.sampled_from([A, "0.4000"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MSG_KEYS = [
    "market_ticker",
    "price_dollars",
    "delta_fp",
    "side",
    "yes_dollars_fp",
    "ts_ms",
    "channel",
    "sid",
    "code",
    "trade_id",
]
KINDS = [
    "orderbook_delta",
    "orderbook_snapshot",
    "ticker",
    "trade",
    "market_lifecycle_v2",
    "ok",
    "error",
    "subscribed",
    "unsubscribed",
]


@given(
    kind=st.sampled_from(KINDS) | JSON,
    msg=st.dictionaries(st.sampled_from(MSG_KEYS), JSON, max_size=6) | JSON,
    sid=JSON,
    seq=JSON,
)
def test_no_json_makes_the_reader_raise(kind: Any, msg: Any, sid: Any, seq: Any) -> None:
    read(json.dumps({"type": kind, "sid": sid, "seq": seq, "msg": msg}))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    read(data)


def test_recorded_frames_of_the_venue_are_read(shared: Path) -> None:
    files = sorted((shared / "recorded" / "kalshi" / "ws-verbatim").rglob("*.json*"))
    if not files:
        pytest.skip("no recorded frames there")
    reader = FrameReader()
    kinds = set()
    for path in files:
        text = path.read_text()
        for line in text.splitlines() if path.suffix == ".jsonl" else [text]:
            if line.strip():
                kinds.add(type(reader.read(line)))
    assert BookDelta in kinds or TickerTold in kinds
    assert Unreadable not in kinds
