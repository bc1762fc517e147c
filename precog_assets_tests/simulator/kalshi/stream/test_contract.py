"""Frames of every sort against Kalshi's AsyncAPI file, and against the recorded ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from precog_assets.simulator.kalshi.stream.channels import CHANNELS
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, BUF, DET, Desk, Json

NEW_IN_OCTOBER = {"clock", "sending_ts_ms", "dollar_volume", "dollar_open_interest", "time"}
"""Fields of the AsyncAPI file that the older recordings do not have."""
SILENT = {"cfbenchmarks_value", "cfbenchmarks_value_5hz", "pyth_value"}


def all_sorts() -> list[Json]:
    """Frames of everything the stream can say."""
    desk = Desk(limits=Limits(buffered_frames=100))
    client = desk.connect()
    frames = client.say("subscribe", channels=sorted(CHANNELS), market_tickers=[DET], send_initial_snapshot=True)
    sids = {frame["msg"]["channel"]: frame["msg"]["sid"] for frame in frames if frame["type"] == "subscribed"}
    desk.exchange.plan(
        desk.delta(4800, 500, account_id=ANN, client_order_id="mine", subaccount=1), desk.delta(4700, -300)
    )
    for event in on.everything():
        desk.exchange.plan(event)
    desk.clock.pass_s(2)
    frames += client.beat()
    for channel, sid in sids.items():
        frames += client.say("update_subscription", sid=sid, action="add_markets", market_ticker=BUF)
        if channel in SILENT:
            kind = "underlying" if channel == "pyth_value" else "index"
            ask, add = (
                ("underlying_list", "subscribe_underlyings")
                if kind == "underlying"
                else (
                    "indexlist",
                    "subscribe_indices",
                )
            )
            frames += client.say("update_subscription", sid=sid, action=ask)
            ids = {"index_ids": ["BRTI"], "underlying_tickers": ["Metal.XAU/USD"]}
            frames += client.say("update_subscription", sid=sid, action=add, **ids)
    frames += client.say("update_subscription", sid=sids["orderbook_delta"], action="get_snapshot", market_ticker=BUF)
    frames += client.say_text('{"id":9,"cmd":"list_subscriptions"}')
    frames += client.say("nonsense")
    for _ in range(101):
        desk.exchange.tell(on.trade_made())
        desk.exchange.tell(on.ticker_moved())
    frames += client.beat()
    desk.hub.beat()
    frames += client.frames()
    frames += client.say("unsubscribe", sids=sorted(sids.values()))
    return frames


def validators(shared: Path) -> dict[str, list[Draft202012Validator]]:
    """By the `type` a payload has: what it may look like."""
    document: Any = yaml.safe_load((shared / "recorded/kalshi/specs/asyncapi.yaml").read_text())
    found: dict[str, list[Draft202012Validator]] = {}
    for name, schema in document["components"]["schemas"].items():
        kind = schema.get("properties", {}).get("type", {}).get("const")
        if kind is not None:
            whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            found.setdefault(kind, []).append(Draft202012Validator(whole, format_checker=FormatChecker()))
    return found


def declared(shared: Path, name: str) -> set[str]:
    document: Any = yaml.safe_load((shared / "recorded/kalshi/specs/asyncapi.yaml").read_text())
    return set(document["components"]["schemas"][name]["properties"]["msg"]["properties"])


def test_frames_of_every_sort_are_valid(shared: Path) -> None:
    known = validators(shared)
    frames = all_sorts()
    for frame in frames:
        errors = [list(validator.iter_errors(frame)) for validator in known[frame["type"]]]
        assert [] in errors, (frame, errors)
    said = {frame["type"] for frame in frames}
    assert said == {
        *("subscribed", "unsubscribed", "ok", "error", "orderbook_snapshot", "orderbook_delta", "ticker", "trade"),
        *("fill", "market_position", "user_order", "order_group_updates", "market_lifecycle_v2", "event_lifecycle"),
        *("event_fee_update", "multivariate_market_lifecycle", "pyth_value_underlying_list"),
        *("cfbenchmarks_value_indexlist", "cfbenchmarks_value_5hz_indexlist"),
    }
    assert {frame["msg"]["code"] for frame in frames if frame["type"] == "error"} == {5, 7, 13, 25}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("orderbook_snapshot", "orderbookSnapshotPayload"),
        ("orderbook_delta", "orderbookDeltaPayload"),
        ("ticker", "tickerPayload"),
        ("trade", "tradePayload"),
        ("fill", "fillPayload"),
        ("market_position", "marketPositionPayload"),
        ("user_order", "userOrderPayload"),
        ("order_group_updates", "orderGroupUpdatesPayload"),
    ],
)
def test_every_field_of_a_message_is_said_and_no_other(shared: Path, kind: str, schema: str) -> None:
    said = {name for frame in all_sorts() if frame["type"] == kind for name in frame["msg"]}
    assert said == declared(shared, schema)


def recorded(shared: Path) -> list[Json]:
    files = [
        *(shared / "recorded/kalshi/ws-verbatim").glob("*.jsonl"),
        *(shared / "recorded/kalshi/fortuna-demo-2026-06").glob("ws__*.jsonl"),
    ]
    lines = [line for file in files for line in file.read_text().splitlines() if line]
    return [frame for frame in map(json.loads, lines) if frame.get("msg", {}).get("market_id") != ""]


def keys(frame: Json) -> tuple[str, ...]:
    msg = frame.get("msg")
    return (*frame, *(f"msg.{name}" for name in (msg if isinstance(msg, dict) else ())))


def test_recorded_frames_have_the_same_keys_in_the_same_order_but_for_what_is_new(shared: Path) -> None:
    shapes = {
        tuple(key for key in keys(frame) if key.removeprefix("msg.") not in NEW_IN_OCTOBER) for frame in all_sorts()
    }
    found = recorded(shared)
    assert {frame["type"] for frame in found} >= {"subscribed", "orderbook_snapshot", "orderbook_delta", "ticker", "ok"}
    for frame in found:
        assert keys(frame) in shapes, frame
