"""Every signed answer is valid against Kalshi's own OpenAPI file, where that is at hand."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, TB, Trader, order_body
from precog_assets_tests.simulator.kalshi.test_contract import as_json_schema

Check = Callable[[str, str, int, Any], None]
ORDERS = "/portfolio/events/orders"


@pytest.fixture(scope="module")
def check() -> Check:
    """Validates an answer of an operation and status against the schema the file has for it."""
    specification = Path(__file__).resolve().parents[5] / "shared" / "recorded" / "kalshi" / "specs" / "openapi.yaml"
    if not specification.is_file():
        pytest.skip("Kalshi's OpenAPI file is not beside this checkout")
    document = as_json_schema(yaml.load(specification.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    registry = Registry().with_resource("spec:", Resource.from_contents(document, default_specification=DRAFT202012))
    patterns = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in document["paths"]]

    def validate(method: str, path: str, status: int, body: Any) -> None:
        fitting = [known for pattern, known in patterns if pattern.fullmatch(path)]
        known = min(fitting, key=lambda name: name.count("{"))
        responses = document["paths"][known][method.lower()]["responses"]
        assert str(status) in responses or status >= 400, f"{method} {known} is not known to answer {status}"
        response = responses.get(str(status), {"$ref": "#/components/responses/BadRequestError"})
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        content = response.get("content", {}).get("application/json")
        if content is None:
            assert body is None or body == {}
            return
        schema = _rooted(content["schema"])
        validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(body)]
        assert errors == [], (method, path)

    return validate


def _rooted(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: "spec:" + v if k == "$ref" and v.startswith("#") else _rooted(v) for k, v in node.items()}
    return [_rooted(item) for item in node] if isinstance(node, list) else node


def test_every_signed_answer_is_valid(trader: Trader, check: Check) -> None:
    seen: set[tuple[str, str]] = set()

    def call(method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = trader.raw(method, path, body, **params)
        said = answer.json() if answer.content else None
        check(method, path, answer.status_code, said)
        seen.add((method, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", path)))
        return said

    resting = call("POST", ORDERS, order_body("bid", "0.0100", "5.00", client_order_id="mine"))["order_id"]
    call("POST", ORDERS, order_body("bid", "0.9900", "4.00"))
    call("POST", ORDERS, order_body("bid", "0.0155"))
    call("POST", ORDERS, order_body("bid", "0.0100", "5.00", client_order_id="mine"))
    call("POST", f"{ORDERS}/{resting}/amend", {"ticker": DAL, "side": "bid", "price": "0.0200", "count": "5.00"})
    call("POST", f"{ORDERS}/{resting}/decrease", {"reduce_by": "1.00"})
    call("GET", f"/portfolio/orders/{resting}")
    call("GET", f"/portfolio/orders/{resting}/queue_position")
    call("GET", "/portfolio/orders/queue_positions", market_tickers=DAL)
    call("GET", "/portfolio/summary/total_resting_order_value")
    call("DELETE", f"{ORDERS}/{resting}")
    call("DELETE", f"{ORDERS}/{resting}")
    rows = [order_body("bid", "0.0100", ticker=TB), order_body("bid", "0.0155"), order_body("bid", "0.9900")]
    made = call("POST", f"{ORDERS}/batched", {"orders": rows})["orders"]
    call("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": made[0]["order_id"]}, {"order_id": "unknown"}]})
    group = call("POST", "/portfolio/order_groups/create", {"contracts_limit": 5})["order_group_id"]
    expiring = {"order_group_id": group, "expiration_time": trader.venue.now_us // 1_000_000 + 600}
    call("POST", ORDERS, order_body("ask", "0.9900", **expiring))
    call("GET", "/portfolio/order_groups")
    call("GET", f"/portfolio/order_groups/{group}")
    call("PUT", f"/portfolio/order_groups/{group}/limit", {"contracts_limit": 6})
    call("PUT", f"/portfolio/order_groups/{group}/trigger")
    call("PUT", f"/portfolio/order_groups/{group}/reset")
    call("DELETE", f"/portfolio/order_groups/{group}")
    call("DELETE", ORDERS)
    call("POST", "/portfolio/subaccounts", {})
    transfer = {"client_transfer_id": str(uuid.uuid4()), "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 5}
    call("POST", "/portfolio/subaccounts/transfer", transfer)
    call("PUT", "/portfolio/subaccounts/netting", {"subaccount_number": 1, "enabled": True})
    for path in ("balances", "transfers", "netting"):
        call("GET", f"/portfolio/subaccounts/{path}")
    reads = ("balance", "positions", "fills", "orders", "settlements", "deposits", "withdrawals")
    for name in reads:
        call("GET", f"/portfolio/{name}")
    call("GET", "/account/limits")
    call("GET", "/account/api_usage_level/volume_progress")
    trader.venue.wait(hours=6)
    assert call("GET", "/portfolio/settlements")["settlements"]
    assert call("GET", "/portfolio/positions", settlement_status="settled")["market_positions"]
    trader.venue.wait(days=62)
    for name in ("fills", "orders", "positions"):
        call("GET", f"/historical/{name}")
    signed = {
        (endpoint.method, re.sub(r"\{\w+\}", "{id}", endpoint.path))
        for endpoint in trader.venue.kalshi.endpoints()
        if endpoint.signed and endpoint.handler.__name__ != "_retired"
    }
    assert signed <= seen


def test_the_check_itself_notices_a_wrong_answer(trader: Trader, check: Check) -> None:
    body = trader.get("/portfolio/balance")
    del body["portfolio_value"]
    with pytest.raises(AssertionError, match="portfolio_value"):
        check("GET", "/portfolio/balance", 200, body)
