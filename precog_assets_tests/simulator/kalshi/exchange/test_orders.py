"""Orders over REST: bodies, answers and refusals in the shapes the venue uses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, TB, Trader, Venue, order_body

ORDERS = "/portfolio/events/orders"
Quotes = Callable[[], tuple[Decimal, Decimal]]


def test_resting_order_answers_without_averages(trader: Trader) -> None:
    body = trader.order("bid", "0.0100", "1.00", client_order_id="mine")
    assert set(body) == {"client_order_id", "fill_count", "order_id", "remaining_count", "ts_ms"}
    assert (body["fill_count"], body["remaining_count"]) == ("0.00", "1.00")
    assert body["ts_ms"] == trader.venue.now_us // 1_000


def test_filled_order_answers_its_average_price_and_fee_a_contract(trader: Trader, quotes: Quotes) -> None:
    _, ask = quotes()
    body = trader.order("bid", "0.9900", "4.00")
    assert body["average_fill_price"] == f"{ask:.4f}"
    fee = Decimal("0.07") * ask * (1 - ask)
    assert abs(Decimal(body["average_fee_paid"]) - fee) < Decimal("0.0001")


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"count": 1}, "number into Go struct field CreateOrderV2Request.count of type string"),
        ({"price": 0.01}, "number into Go struct field CreateOrderV2Request.price of type string"),
        ({"post_only": "yes"}, "string into Go struct field CreateOrderV2Request.post_only of type bool"),
        ({"subaccount": 1.5}, "number 1.5 into Go struct field CreateOrderV2Request.subaccount of type int64"),
        ({"expiration_time": "soon"}, "string into Go struct field CreateOrderV2Request.expiration_time of type int64"),
        ({"ticker": ["A"]}, "array into Go struct field CreateOrderV2Request.ticker of type string"),
        ({"side": {}}, "object into Go struct field CreateOrderV2Request.side of type string"),
    ],
)
def test_field_of_the_wrong_kind_is_refused_in_gos_words(trader: Trader, change: dict, details: str) -> None:
    body = trader.post(ORDERS, order_body("bid", "0.0100") | change, 400)
    expected = {"code": "bad_request", "message": "bad request", "details": f"json: cannot unmarshal {details}"}
    assert body == expected


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (b"", "EOF"),
        (b"   ", "EOF"),
        (b'{"ticker": ', "unexpected EOF"),
        (b"nonsense", "invalid character 'n' looking for beginning of value"),
        (b'{"count": NaN}', "invalid character 'N' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type CreateOrderV2Request"),
        (b'"text"', "json: cannot unmarshal string into Go value of type CreateOrderV2Request"),
        (b"\xff\xfe", "invalid UTF-8 in body"),
        (b"[" * 100_000, "json: exceeded max depth"),
    ],
)
def test_body_that_cannot_be_decoded_is_a_flat_400(trader: Trader, raw: bytes, details: str) -> None:
    answer = trader.raw("POST", ORDERS, raw or None) if raw else trader.raw("POST", ORDERS)
    assert answer.status_code == 400
    assert answer.json() == {"code": "bad_request", "message": "bad request", "details": details}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ticker": None}, "'Ticker' failed on the 'required'"),
        ({"count": ""}, "'Count' failed on the 'required'"),
        ({"side": "buy"}, "'Side' failed on the 'oneof'"),
        ({"time_in_force": "day"}, "'TimeInForce' failed on the 'oneof'"),
        ({"self_trade_prevention_type": None}, "'SelfTradePreventionType' failed on the 'required'"),
        ({"count": "1e3"}, "'Count' failed on the 'fixed_point_count'"),
        ({"count": "1.005"}, "'Count' failed on the 'fixed_point_count'"),
        ({"subaccount": -1}, "'Subaccount' failed on the 'gte'"),
        ({"exchange_index": 2}, "'ExchangeIndex' failed on the 'oneof'"),
        ({"expiration_time": -5}, "'ExpirationTime' failed on the 'gte'"),
        ({"expiration_time": 1 << 60}, "'ExpirationTime' failed on the 'lte'"),
    ],
)
def test_missing_or_impossible_field_is_named(trader: Trader, change: dict[str, Any], named: str) -> None:
    body = trader.post(ORDERS, order_body("bid", "0.0100") | change, 400)
    assert body["error"]["code"] == "invalid_parameters"
    assert named in body["error"]["details"]


@pytest.mark.parametrize("price", ["0.5150", "0", "1", "1.0000", "abc", "-0.01", "0.00005"])
def test_impossible_price_is_an_invalid_price(trader: Trader, price: str) -> None:
    expected = {"error": {"code": "invalid_price", "message": "invalid price", "service": "exchange"}}
    assert trader.order("bid", price, status=400) == expected


def test_order_without_contracts_is_invalid(trader: Trader) -> None:
    assert trader.order("bid", "0.01", "0", status=400)["error"]["code"] == "invalid_order"


def test_unknown_fields_pass(trader: Trader) -> None:
    trader.order("bid", "0.0100", nobody_knows=[1, 2])


def test_unknown_market_subaccount_and_group_are_not_found(trader: Trader) -> None:
    changes: tuple[dict[str, Any], ...] = ({"ticker": "KXNO-1"}, {"subaccount": 7}, {"order_group_id": "nobody's"})
    for change in changes:
        assert trader.order("bid", "0.0100", status=404, **change)["error"]["code"] == "not_found"


def test_oversize_body_is_refused(trader: Trader) -> None:
    answer = trader.raw("POST", ORDERS, b" " * (1 << 20) + b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_entity_too_large")


def test_cancel_answers_what_it_took_off_and_then_not_found(trader: Trader) -> None:
    order_id = trader.order("bid", "0.0100", "3.00")["order_id"]
    assert trader.delete(f"{ORDERS}/{order_id}") == {
        "order_id": order_id,
        "reduced_by": "3.00",
        "ts_ms": trader.venue.now_us // 1_000,
    }
    executed = trader.order("bid", "0.9900", "1.00")["order_id"]
    unknown = "00000000-0000-0000-0000-000000000000"
    bodies = [trader.delete(f"{ORDERS}/{one}", status=404) for one in (order_id, executed, unknown)]
    assert bodies == [{"error": {"code": "not_found", "message": "not found", "service": "exchange"}}] * 3


def test_nobody_cancels_reads_or_amends_anothers_order(venue: Venue, trader: Trader) -> None:
    other = venue.trader()
    order_id = trader.order("bid", "0.0100")["order_id"]
    other.delete(f"{ORDERS}/{order_id}", status=404)
    other.get(f"/portfolio/orders/{order_id}", status=404)
    other.post(f"{ORDERS}/{order_id}/amend", {"ticker": DAL, "side": "bid", "price": "0.02", "count": "1"}, 404)
    other.post(f"{ORDERS}/{order_id}/decrease", {"reduce_by": "0.50"}, 404)
    assert other.get("/portfolio/orders")["orders"] == []


def test_amend_answers_counts_only_where_they_changed(trader: Trader) -> None:
    order_id = trader.order("bid", "0.0100", "5.00")["order_id"]
    path = f"{ORDERS}/{order_id}/amend"
    terms = {"ticker": DAL, "side": "bid"}
    same = trader.post(path, {**terms, "price": "0.0200", "count": "5.00"})
    assert set(same) == {"order_id", "ts_ms"}
    fewer = trader.post(path, {**terms, "price": "0.0200", "count": "4.00"})
    assert (fewer["remaining_count"], fewer["fill_count"]) == ("4.00", "0.00")
    filled = trader.post(path, {**terms, "price": "0.9900", "count": "4.00"})
    assert (filled["remaining_count"], filled["fill_count"]) == ("0.00", "4.00")
    assert "average_fill_price" in filled


@pytest.mark.parametrize("change", [{"ticker": TB}, {"side": "ask"}, {"count": "0.00"}, {"client_order_id": "another"}])
def test_amendment_that_does_not_fit_the_order_is_invalid(trader: Trader, change: dict[str, str]) -> None:
    order_id = trader.order("bid", "0.0100", "5.00", client_order_id="mine")["order_id"]
    body = {"ticker": DAL, "side": "bid", "price": "0.0200", "count": "5.00", **change}
    assert trader.post(f"{ORDERS}/{order_id}/amend", body, 400)["error"]["code"] == "invalid_order"


def test_amendment_changes_and_removes_the_expiry(trader: Trader) -> None:
    order_id = trader.order("bid", "0.0100", "5.00")["order_id"]
    body = {"ticker": DAL, "side": "bid", "price": "0.0100", "count": "5.00"}
    later = trader.venue.now_us // 1_000_000 + 600
    trader.post(f"{ORDERS}/{order_id}/amend", {**body, "expiration_time": later})
    assert "expiration_time" in trader.get(f"/portfolio/orders/{order_id}")["order"]
    trader.post(f"{ORDERS}/{order_id}/amend", {**body, "expiration_time": 0})
    assert "expiration_time" not in trader.get(f"/portfolio/orders/{order_id}")["order"]


def test_decrease_takes_one_of_two_fields(trader: Trader) -> None:
    path = f"{ORDERS}/{trader.order('bid', '0.0100', '5.00')['order_id']}/decrease"
    assert trader.post(path, {"reduce_by": "1.50"})["remaining_count"] == "3.50"
    assert trader.post(path, {"reduce_to": "2.00"})["remaining_count"] == "2.00"
    for wrong in ({"reduce_by": "1", "reduce_to": "1"}, {}):
        assert trader.post(path, wrong, 400)["code"] == "bad_request"


def test_batch_answers_row_by_row(trader: Trader) -> None:
    rows = [order_body("bid", "0.0100"), order_body("bid", "0.0155"), order_body("up", "0.0200")]
    made = trader.post(f"{ORDERS}/batched", {"orders": rows})["orders"]
    assert made[0]["remaining_count"] == "1.00"
    assert made[1]["error"] == {"code": "invalid_price", "message": "invalid price"}
    assert made[2]["error"]["code"] == "invalid_parameters"
    orders = [{"order_id": made[0]["order_id"]}, {"order_id": "unknown"}]
    ended = trader.delete(f"{ORDERS}/batched", {"orders": orders})["orders"]
    assert ended[0]["reduced_by"] == "1.00"
    assert ended[1] == {
        "order_id": "unknown",
        "reduced_by": "0.00",
        "error": {"code": "not_found", "message": "not found"},
    }


@pytest.mark.parametrize("body", [{}, {"orders": []}, {"orders": "all"}, {"orders": [1]}, [1]])
def test_batch_that_is_none_is_refused_whole(trader: Trader, body: Any) -> None:
    assert trader.raw("POST", f"{ORDERS}/batched", body or b"{}").status_code == 400


def test_cancel_all_leaves_nothing_and_says_nothing(trader: Trader) -> None:
    trader.order("bid", "0.0100")
    trader.order("ask", "0.9900", ticker=TB)
    answer = trader.raw("DELETE", ORDERS)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {order["status"] for order in trader.get("/portfolio/orders")["orders"]} == {"canceled"}


def test_orders_are_listed_newest_first_page_by_page(trader: Trader) -> None:
    made = []
    for number in range(7):
        trader.venue.wait(seconds=number % 2)
        made.append(trader.order("bid", "0.0100")["order_id"])
    seen: list[str] = []
    cursor = ""
    while True:
        page = trader.get("/portfolio/orders", limit=3, cursor=cursor)
        seen += [order["order_id"] for order in page["orders"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert seen == made[::-1]


def test_orders_are_filtered(trader: Trader) -> None:
    one = trader.order("bid", "0.0100")["order_id"]
    trader.venue.wait(minutes=1)
    two = trader.order("bid", "0.0100", ticker=TB)["order_id"]
    trader.delete(f"{ORDERS}/{two}")

    def listed(**filters: Any) -> list[str]:
        answer = trader.raw("GET", "/portfolio/orders", **filters)
        assert answer.status_code == 200
        return [order["order_id"] for order in answer.json()["orders"]]

    assert listed(ticker=DAL) == [one]
    assert listed(status="canceled") == [two]
    assert listed(event_ticker="KXNFLGAME-26NOV22TBDAL,KXNO") == [two, one]
    assert listed(min_ts=trader.venue.now_us // 1_000_000) == [two]
    assert listed(max_ts=trader.venue.now_us // 1_000_000 - 30) == [one]
    assert listed(subaccount=1) == []
    assert listed(exchange_index=1) == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "status=open", "subaccount=64", "subaccount=-1", "exchange_index=-2"]
)
def test_bad_parameter_is_named(trader: Trader, query: str) -> None:
    name, _, value = query.partition("=")
    answer = trader.raw("GET", "/portfolio/orders", **{name: value})
    assert answer.status_code == 400
    assert answer.json()["msg"].startswith("Parameter validation failed for GetOrders")


def test_queue_positions_need_a_market_or_an_event(trader: Trader) -> None:
    order_id = trader.order("bid", "0.0100")["order_id"]
    (row,) = trader.get("/portfolio/orders/queue_positions", market_tickers=f"{DAL},{TB}")["queue_positions"]
    assert row == {"order_id": order_id, "market_ticker": DAL, "queue_position_fp": "0.00"}
    event = DAL.rpartition("-")[0]
    assert trader.get("/portfolio/orders/queue_positions", event_ticker=event)["queue_positions"] == [row]
    assert trader.get(f"/portfolio/orders/{order_id}/queue_position") == {"queue_position_fp": "0.00"}
    trader.get("/portfolio/orders/queue_positions", status=400)
    trader.delete(f"{ORDERS}/{order_id}")
    trader.get(f"/portfolio/orders/{order_id}/queue_position", status=404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/portfolio/orders"),
        ("DELETE", "/portfolio/orders/one"),
        ("POST", "/portfolio/orders/batched"),
        ("DELETE", "/portfolio/orders/batched"),
        ("POST", "/portfolio/orders/one/amend"),
        ("POST", "/portfolio/orders/one/decrease"),
    ],
)
def test_retired_order_endpoints_are_gone(trader: Trader, method: str, path: str) -> None:
    assert trader.call(method, path, status=410)["error"]["code"] == "deprecated_v1_order_endpoint"


def test_cancelled_order_still_reads_as_resting_for_a_while_when_asked_to(trader: Trader) -> None:
    trader.venue.kalshi.stale.seconds = 0.35
    order_id = trader.order("bid", "0.0100")["order_id"]
    before = trader.get(f"/portfolio/orders/{order_id}")
    trader.delete(f"{ORDERS}/{order_id}")
    assert trader.get(f"/portfolio/orders/{order_id}") == before
    trader.delete(f"{ORDERS}/{order_id}", status=404)
    trader.venue.wait(seconds=0.36)
    assert trader.get(f"/portfolio/orders/{order_id}")["order"]["status"] == "canceled"


def test_unknown_paths_and_methods_are_told_apart(venue: Venue) -> None:
    assert venue.request("GET", "/nothing/here").json()["error"]["code"] == "not_found"
    assert venue.request("PUT", "/portfolio/balance").status_code == 405
