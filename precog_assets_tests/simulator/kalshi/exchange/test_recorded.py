"""An order lifecycle recorded on Kalshi's demo venue, sent again: the same statuses, errors and keys."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from precog_assets_tests.simulator.kalshi.exchange.conftest import WIDE, NewVenue, Trader

RECORDED_TICKER = "KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP"
BALANCE = "98.0186"
SKEWS_S = {"minus5s": -5, "plus5s": 5, "minus30s": -30, "minus5min": -300, "plus5min": 300}
RETIRED_SINCE = {"orders__legacy_create", "orders__legacy_cancel"}
"""V1 still worked on the demo venue then; the live one answers 410."""
NOT_AGAIN = {"account__endpoint_costs"}
"""Needs no key; the public reads have their own comparison."""


@dataclass(frozen=True)
class Step:
    """One recorded request with its answer."""

    name: str
    method: str
    path: str
    auth: str
    request: dict[str, Any] | None
    status: int
    answer: Any


def steps(folder: Path) -> Iterator[Step]:
    """The requests that name an account, in the order they were sent."""
    found = []
    for file in folder.glob("*.meta.json"):
        meta = json.loads(file.read_text())
        path = meta.get("path", "").removeprefix("/trade-api/v2")
        if path.startswith(("/portfolio", "/account")):
            name = file.name.removesuffix(".meta.json")
            answer = json.loads((folder / f"{name}.json").read_text())
            step = Step(name, meta["method"], path, meta["auth"], meta["request_body"], meta["status"], answer)
            found.append((meta["recorded_at_epoch_ms"], step))
    return (step for _, step in sorted(found, key=lambda item: item[0]))


class Replay:
    """The recorded requests against a simulated market, with its prices and the simulator's order ids."""

    def __init__(self, trader: Trader) -> None:
        self.trader = trader
        self.ids: dict[str, str] = {}
        quoted = trader.venue.exchange.book(WIDE, trader.venue.now_us)
        self.inside = f"{(quoted.yes[-1][0] + 100) / 10_000:.4f}"
        """One tick above the best bid, as 0.4800 was there."""

    def body(self, step: Step) -> dict[str, Any] | None:
        if step.request is None:
            return None
        price = self.inside if step.request.get("price") == "0.4800" else step.request.get("price")
        return {**step.request, "ticker": WIDE, **({"price": price} if price is not None else {})}

    def send(self, step: Step) -> httpx.Response:
        path = step.path
        for recorded, simulated in self.ids.items():
            path = path.replace(recorded, simulated)
        bare = path.partition("?")[0]
        headers = self.trader.headers(step.method, bare)
        if step.auth == "signed-skewed":
            skew_s = SKEWS_S[step.name.removeprefix("auth__skew_")]
            headers = self.trader.headers(step.method, bare, at_ms=int((time.time() + skew_s) * 1_000))
        elif step.auth == "bad-signature":
            headers = self.trader.headers(step.method, "/another")
        elif step.auth == "unknown-key-id":
            headers["KALSHI-ACCESS-KEY"] = "00000000-0000-0000-0000-000000000000"
        elif step.auth == "missing-signature-header":
            del headers["KALSHI-ACCESS-SIGNATURE"]
        body = self.body(step)
        answer = self.trader.venue.request(step.method, path, headers=headers, **({"json": body} if body else {}))
        if step.status == 201 and answer.status_code == 201:
            self.ids[step.answer["order_id"]] = answer.json()["order_id"]
        return answer


def lacking(recorded: Any, simulated: Any, where: str = "") -> list[str]:
    """Keys of the recorded body that the simulated one lacks; rows of a list are compared by all their keys."""
    if isinstance(recorded, dict):
        if not isinstance(simulated, dict):
            return [f"{where} is no object"]
        missing = [f"{where}.{key}" for key in recorded if key not in simulated]
        shared = [key for key in recorded if key in simulated]
        return missing + [gap for key in shared for gap in lacking(recorded[key], simulated[key], f"{where}.{key}")]
    if isinstance(recorded, list) and recorded:
        if not isinstance(simulated, list) or not simulated:
            return [f"{where} is empty"]
        return lacking(merged(recorded), merged(simulated), f"{where}[]")
    return [] if type(recorded) is type(simulated) else [f"{where} is {simulated!r}, recorded {recorded!r}"]


def merged(rows: list[Any]) -> Any:
    return {key: value for row in rows for key, value in row.items()} if isinstance(rows[0], dict) else rows[0]


@pytest.fixture
def recorded(shared: Path) -> list[Step]:
    folder = shared / "recorded" / "kalshi" / "fortuna-demo-2026-06"
    if not folder.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    return list(steps(folder))


def test_recorded_lifecycle_gives_the_same_statuses_errors_and_keys(recorded: list[Step], new_venue: NewVenue) -> None:
    venue = new_venue()
    venue.kalshi.stale.seconds = 0.35
    trader = venue.trader(BALANCE, "basic")
    replay = Replay(trader)
    compared = 0
    for step in recorded:
        if step.name in NOT_AGAIN:
            continue
        venue.wait(seconds=0.4 if step.name != "orders__get_after_cancel" else 0.3)
        answer = replay.send(step)
        body = answer.json()
        if step.name in RETIRED_SINCE:
            assert (answer.status_code, body["error"]["code"]) == (410, "deprecated_v1_order_endpoint")
            continue
        assert answer.status_code == step.status, (step.name, body)
        if step.status >= 400:
            assert body == step.answer, step.name
        else:
            assert lacking(step.answer, body, step.name) == []
        compared += 1
    assert compared >= 35


def test_recorded_values_come_back_where_they_are_not_the_markets(recorded: list[Step], new_venue: NewVenue) -> None:
    """What the recordings say beyond keys: idle balances, stale reads, self-trades."""
    venue = new_venue()
    venue.kalshi.stale.seconds = 0.35
    trader = venue.trader(BALANCE, "basic")
    replay = Replay(trader)
    seen: dict[str, Any] = {}
    for step in recorded:
        if step.name not in NOT_AGAIN | RETIRED_SINCE:
            venue.wait(seconds=0.4 if step.name != "orders__get_after_cancel" else 0.3)
            seen[step.name] = (step.answer, replay.send(step).json())
    for name, keys in (
        ("auth__balance_ok", ("balance", "balance_dollars", "balance_breakdown")),
        ("account__limits", ("read", "write", "usage_tier", "grants")),
        ("orders__create_v2_maker", ("client_order_id", "fill_count", "remaining_count")),
        ("orders__stp_self_cross", ("client_order_id", "fill_count", "remaining_count")),
        ("orders__cancel_v2", ("reduced_by",)),
        ("settlements__page", ("cursor", "settlements")),
    ):
        before, now = seen[name]
        assert {key: now[key] for key in keys} == {key: before[key] for key in keys}
    before, now = (row["order"] for row in seen["orders__get_after_cancel"])
    for key in ("status", "remaining_count_fp", "initial_count_fp", "yes_price_dollars", "action", "side", "type"):
        assert now[key] == before[key]
