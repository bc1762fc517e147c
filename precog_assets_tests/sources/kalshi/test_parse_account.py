"""Exchange status, cutoff, balance and positions as rows; the four shapes of a refusal; recognising a body."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from precog_assets.sources.kalshi.parse import (
    parse_any,
    parse_balance,
    parse_cutoff,
    parse_error,
    parse_exchange_status,
    parse_positions,
)
from precog_assets.sources.kalshi.rows import ApiError, BalanceSeen, CutoffSeen, ExchangeStatusSeen, PositionSeen
from precog_assets_tests.sources.kalshi.payload_files import fixture, page

POSITION = {
    "ticker": "KXNBAGAME-26DEC25AAABBB-BBB",
    "position_fp": "-3.00",
    "market_exposure_dollars": "2.500000",
    "realized_pnl_dollars": "-0.120000",
    "fees_paid_dollars": "0.018900",
    "total_traded_dollars": "2.500000",
    "last_updated_ts": "2026-12-25T20:00:00Z",
}


def test_the_exchange_says_whether_it_trades_and_when_it_resumes() -> None:
    body = (
        b'{"exchange_active":false,"trading_active":false,"exchange_estimated_resume_time":"2026-11-26T10:00:00Z",'
        b'"exchange_index_statuses":[]}'
    )
    parsed = parse_exchange_status(body)
    assert parsed.rows == [ExchangeStatusSeen(False, False, datetime(2026, 11, 26, 10, tzinfo=UTC))]
    assert parsed.contracts[0].unknown == {}


def test_a_status_that_is_no_boolean_is_rejected_and_never_read_as_open() -> None:
    (rejection,) = parse_exchange_status(b'{"exchange_active":"true","trading_active":true}').rejections
    assert rejection.reason == "wrong_type:exchange_active"


def test_the_cutoff_is_three_instants() -> None:
    body = (
        b'{"market_settled_ts":"2026-08-20T00:00:00Z","trades_created_ts":"2026-08-21T00:00:00Z",'
        b'"orders_updated_ts":"2026-08-22T00:00:00Z"}'
    )
    expected = CutoffSeen(*(datetime(2026, 8, day, tzinfo=UTC) for day in (20, 21, 22)))
    assert parse_cutoff(body).rows == [expected]


def test_a_balance_in_cents_is_dollars_exactly() -> None:
    body = b'{"balance":9801,"balance_dollars":"98.0186","portfolio_value":198,"updated_ts":1781159348}'
    assert parse_balance(body).rows == [
        BalanceSeen(Decimal("98.01"), Decimal("1.98"), datetime(2026, 6, 11, 6, 29, 8, tzinfo=UTC))
    ]
    assert [rejection.reason for rejection in parse_balance(body.replace(b"9801", b"98.01")).rejections] == [
        "bad_amount"
    ]


def test_a_position_below_zero_is_a_no_position() -> None:
    parsed = parse_positions(page("market_positions", POSITION))
    assert parsed.rows == [
        PositionSeen(
            market_id="kalshi:KXNBAGAME-26DEC25AAABBB-BBB",
            ticker="KXNBAGAME-26DEC25AAABBB-BBB",
            contracts=Decimal(-3),
            exposure=Decimal("2.5"),
            realized_pnl=Decimal("-0.12"),
            fees_paid=Decimal("0.0189"),
            total_traded=Decimal("2.5"),
            updated_time=datetime(2026, 12, 25, 20, tzinfo=UTC),
        )
    ]


def test_positions_in_cents_of_before_the_migration_are_rejected() -> None:
    old = {key: value for key, value in POSITION.items() if key != "position_fp"} | {"position": -3}
    (rejection,) = parse_positions(page("market_positions", old)).rejections
    assert rejection.reason == "legacy_shape"
    assert [rejection.reason for rejection in parse_positions(b'{"positions":[]}').rejections] == [
        "missing_key:market_positions"
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'{"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}}',
            ApiError("authentication_error", "authentication_error", "NOT_FOUND"),
        ),
        (
            b'{"code":"bad_request","message":"bad request","details":"json: cannot unmarshal"}',
            ApiError("bad_request", "bad request", "json: cannot unmarshal"),
        ),
        (b'{"msg":"Parameter validation failed"}', ApiError("parameter_validation", "Parameter validation failed")),
        (b'{"error": "too many requests"}', ApiError("too_many_requests", "too many requests")),
    ],
    ids=["nested", "flat", "bare", "rate"],
)
def test_every_shape_of_a_refusal_is_read(body: bytes, error: ApiError) -> None:
    assert parse_error(body) == error
    assert parse_any(body).error == error


@pytest.mark.parametrize(
    "body", [b'{"markets":[],"cursor":""}', b"{}", b"[]", b"", b"<html></html>", b'{"error":null}']
)
def test_what_is_no_refusal_is_not_read_as_one(body: bytes) -> None:
    assert parse_error(body) is None


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (fixture("markets"), "markets", {"markets": 3}),
        (fixture("trades"), "trades", {"trades": 2}),
        (fixture("candlesticks"), "candlesticks", {"candlesticks": 2}),
        (page("market_positions", POSITION), "positions", {"positions": 1}),
        (b'{"cursor":"","events":[],"milestones":[{}]}', "events", {"events": 0, "milestones": 1}),
        (b'{"event":{"markets":[{}]}}', "event", {"events": 1, "markets": 1}),
        (b'{"markets":[{"market_ticker":"A-1","candlesticks":[{}]}]}', "candlesticks", {"candlesticks": 1}),
        (b'{"orderbook_fp":{"yes_dollars":[],"no_dollars":[]}}', "other", {}),
        (b'{"orderbooks":[{}]}', "orderbooks", {"orderbooks": 1}),
        (b'{"schedule":{}}', "other", {}),
        (b"[]", "other", {}),
        (b"<html>", "not_json", {}),
    ],
)
def test_a_body_is_recognised_by_its_keys(body: bytes, kind: str, parts: dict[str, int]) -> None:
    found = parse_any(body)
    assert found.kind == kind
    assert {name: parsed.seen for name, parsed in found.parts.items()} == parts
