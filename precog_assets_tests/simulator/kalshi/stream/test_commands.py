"""Commands and their answers, as recorded and as the AsyncAPI file words them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from precog_assets.simulator.kalshi.stream.channels import CHANNELS
from precog_assets_tests.simulator.kalshi.stream.scripted import BUF, DET, LATER, START_US, Connected, Desk, by_type

NOW_MS = START_US // 1000


def test_channels_are_acknowledged_in_order_before_the_first_snapshot(client: Connected) -> None:
    frames = client.say("subscribe", channels=["orderbook_delta", "trade"], market_tickers=[DET])
    assert frames[:2] == [
        {"type": "subscribed", "id": 1, "msg": {"channel": "orderbook_delta", "sid": 1}, "sending_ts_ms": NOW_MS},
        {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 2}, "sending_ts_ms": NOW_MS},
    ]
    assert [(frame["type"], frame["sid"], frame["seq"]) for frame in frames[2:]] == [("orderbook_snapshot", 1, 1)]


def test_a_channel_named_twice_is_opened_once(client: Connected) -> None:
    frames = client.say("subscribe", channels=["trade", "trade"])
    assert [frame["msg"]["sid"] for frame in frames] == [1]


def test_subscribing_to_an_open_channel_adds_markets_under_the_same_sid(client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    ok, *more = client.say("subscribe", channels=["orderbook_delta"], market_tickers=[DET, BUF])
    assert (ok["type"], ok["id"], ok["sid"], ok["seq"]) == ("ok", 2, 1, 2)
    assert ok["msg"] == {"market_tickers": [DET, BUF]}
    assert [(frame["seq"], frame["msg"]["market_ticker"]) for frame in more] == [(3, BUF)]


def test_a_channel_closed_and_opened_again_has_a_new_sid_and_counts_from_one(client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    (closed,) = client.say("unsubscribe", sids=[1])
    assert closed == {"type": "unsubscribed", "id": 2, "sid": 1, "seq": 2, "sending_ts_ms": NOW_MS}
    _, snapshot = client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    assert (snapshot["sid"], snapshot["seq"]) == (2, 1)


def test_every_sid_of_an_unsubscribe_is_answered_alone(client: Connected) -> None:
    client.say("subscribe", channels=["ticker", "trade"])
    frames = client.say("unsubscribe", sids=[1, 7, 2])
    assert [(frame["type"], frame.get("sid")) for frame in frames] == [
        ("unsubscribed", 1),
        ("error", None),
        ("unsubscribed", 2),
    ]
    assert frames[1]["msg"] == {"code": 7, "msg": "Unknown subscription ID"}


def test_open_subscriptions_are_listed(client: Connected) -> None:
    client.say("subscribe", channels=["fill", "ticker"])
    (listed,) = client.say_text('{"id":5,"cmd":"list_subscriptions"}')
    assert (listed["type"], listed["id"]) == ("ok", 5)
    assert listed["msg"] == [{"channel": "fill", "sid": 1}, {"channel": "ticker", "sid": 2}]


def test_markets_are_added_and_deleted_by_sid(client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    ok, snapshot = client.say("update_subscription", sids=[1], action="add_markets", market_tickers=[BUF])
    assert ok["msg"]["market_tickers"] == [DET, BUF]
    assert (snapshot["msg"]["market_ticker"], snapshot["seq"]) == (BUF, 3)
    (ok,) = client.say("update_subscription", sid=1, action="delete_markets", market_ticker=DET)
    assert (ok["seq"], ok["msg"]) == (4, {"market_tickers": [BUF]})


def test_a_snapshot_on_request_names_its_command_and_changes_nothing(client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    frames = client.say("update_subscription", sid=1, action="get_snapshot", market_tickers=[DET, BUF])
    assert [(frame["type"], frame["id"], frame["seq"]) for frame in frames] == [
        ("orderbook_snapshot", 2, 2),
        ("orderbook_snapshot", 2, 3),
    ]
    (ok,) = client.say("update_subscription", sid=1, action="delete_markets", market_tickers=[LATER])
    assert ok["msg"]["market_tickers"] == [DET]


def test_an_answer_on_a_channel_without_seq_has_none_but_for_the_last(client: Connected) -> None:
    client.say("subscribe", channels=["ticker"], market_ticker=DET)
    (ok,) = client.say("update_subscription", sid=1, action="add_markets", market_ticker=BUF)
    assert "seq" not in ok
    (closed,) = client.say("unsubscribe", sids=[1])
    assert closed["seq"] == 1


def test_acknowledgements_leave_markets_out_where_that_was_asked_for(client: Connected) -> None:
    client.say("subscribe", channels=["ticker"], market_ticker=DET, skip_ticker_ack=True)
    (ok,) = client.say("update_subscription", sid=1, action="add_markets", market_ticker=BUF)
    assert ok["msg"] == {}


def test_tickers_are_subscribed_to_by_market_id_and_listed_so(desk: Desk, client: Connected) -> None:
    ids = [desk.exchange.market_id(DET), "00000000-0000-0000-0000-000000000000"]
    client.say("subscribe", channels=["ticker"], market_ids=ids)
    (ok, shown) = client.say(
        "update_subscription",
        sid=1,
        action="add_markets",
        market_id=desk.exchange.market_id(BUF),
        send_initial_snapshot=True,
    )
    assert ok["msg"] == {"market_ids": [*ids, desk.exchange.market_id(BUF)]}
    assert shown["msg"]["market_ticker"] == BUF
    (ok,) = client.say("update_subscription", sid=1, action="delete_markets", market_id=ids[0])
    assert ok["msg"] == {"market_ids": [ids[1], desk.exchange.market_id(BUF)]}
    assert desk.exchange.watched == {DET: 0, BUF: 1}


def test_the_first_ticker_is_sent_where_it_was_asked_for(client: Connected) -> None:
    _, shown = client.say("subscribe", channels=["ticker"], market_tickers=[DET], send_initial_snapshot=True)
    assert shown["type"] == "ticker"
    assert "seq" not in shown
    said = shown["msg"]
    assert (said["volume_fp"], said["dollar_volume"], said["dollar_open_interest"]) == ("33896.00", 16948, 10211)


def test_a_command_without_an_id_is_answered_without_one(client: Connected) -> None:
    (frame,) = client.say_text('{"id":0,"cmd":"subscribe","params":{"channels":["fill"]}}')
    assert "id" not in frame


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_every_channel_of_the_file_can_be_opened(client: Connected, channel: str) -> None:
    frames = client.say("subscribe", channels=[channel], market_ticker=DET)
    assert frames[0]["msg"] == {"channel": channel, "sid": 1}


@pytest.mark.parametrize(
    ("channel", "noun", "verb", "ask"),
    [
        ("cfbenchmarks_value", "index_ids", "indices", "indexlist"),
        ("pyth_value", "underlying_tickers", "underlyings", "underlying_list"),
    ],
)
def test_feeds_this_world_has_not_are_accepted_and_silent(
    client: Connected, channel: str, noun: str, verb: str, ask: str
) -> None:
    client.say("subscribe", channels=[channel], **{noun: ["A"]})
    (ok,) = client.say("update_subscription", sid=1, action=f"subscribe_{verb}", **{noun: ["B"]})
    assert (ok["seq"], ok["msg"]) == (1, {noun: ["A", "B"]})
    (ok,) = client.say("update_subscription", sid=1, action=f"subscribe_{verb}", **{noun: ["all"]})
    assert ok["msg"] == {noun: ["all"]}
    (ok,) = client.say("update_subscription", sid=1, action=f"unsubscribe_{verb}", **{noun: ["all", "A"]})
    assert ok["msg"] == {noun: ["B"]}
    (listed,) = client.say("update_subscription", sid=1, action=ask)
    assert listed["type"] == f"{channel}_{ask}"
    assert listed["msg"] == {noun: []}
    missing = client.refused("update_subscription", sid=1, action=f"subscribe_{verb}")
    assert missing == {"indices": 24, "underlyings": 28}[verb]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1),
        ("{", 1),
        ("[]", 1),
        ('{"id":-1,"cmd":"subscribe"}', 1),
        ('{"id":"1","cmd":"subscribe"}', 1),
        ('{"id":1}', 5),
        ('{"id":1,"cmd":"dance"}', 5),
        ('{"id":1,"cmd":"subscribe"}', 2),
        ('{"id":1,"cmd":"unsubscribe","params":[]}', 2),
    ],
)
def test_texts_that_are_no_command_are_refused(client: Connected, text: str, code: int) -> None:
    (frame,) = client.say_text(text)
    assert (frame["type"], frame["msg"]["code"]) == ("error", code)
    assert ("id" in frame) == (code != 1)


def test_bytes_that_are_no_text_are_refused(client: Connected) -> None:
    (frame,) = client.say_text(b"\xff\xfe")
    assert frame["msg"] == {"code": 1, "msg": "Unable to process message"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 3),
        ({"channels": []}, 3),
        ({"channels": "trade"}, 11),
        ({"channels": ["fill", "news"]}, 8),
        ({"channels": [5]}, 8),
        ({"channels": ["orderbook_delta"]}, 14),
        ({"channels": ["orderbook_delta"], "market_ids": ["00000000-0000-0000-0000-000000000000"]}, 14),
        ({"channels": ["trade"], "market_ticker": 5}, 11),
        ({"channels": ["trade"], "market_tickers": DET}, 11),
        ({"channels": ["trade"], "market_tickers": [""]}, 11),
        ({"channels": ["trade"], "market_ticker": DET, "market_tickers": [BUF]}, 11),
        ({"channels": ["ticker"], "market_ticker": DET, "market_id": "x"}, 11),
        ({"channels": ["ticker"], "send_initial_snapshot": "yes"}, 11),
        ({"channels": ["communications"], "user_filter": "them"}, 11),
        ({"channels": ["communications"], "shard_factor": "3"}, 11),
        ({"channels": ["communications"], "shard_factor": 0}, 19),
        ({"channels": ["communications"], "shard_key": 0}, 20),
        ({"channels": ["communications"], "shard_factor": 2, "shard_key": 2}, 21),
        ({"channels": ["communications"], "shard_factor": 101}, 22),
    ],
)
def test_a_subscribe_that_makes_no_sense_is_refused_and_opens_nothing(
    client: Connected, params: dict[str, Any], code: int
) -> None:
    assert client.refused("subscribe", **params) == code
    assert not client.session.subscribed


@pytest.mark.parametrize(
    ("params", "code"),
    [({}, 4), ({"sids": []}, 4), ({"sids": [1, "2"]}, 11), ({"sids": [True]}, 11), ({"sids": [9]}, 7)],
)
def test_an_unsubscribe_that_makes_no_sense_is_refused(client: Connected, params: dict[str, Any], code: int) -> None:
    assert client.refused("unsubscribe", **params) == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"action": "add_markets"}, 12),
        ({"sids": [], "action": "add_markets"}, 12),
        ({"sids": [1, 2], "action": "add_markets"}, 12),
        ({"sid": 1, "sids": [1], "action": "add_markets"}, 12),
        ({"sid": "1", "action": "add_markets"}, 11),
        ({"sid": 9, "action": "add_markets"}, 7),
        ({"sid": 1}, 15),
        ({"sid": 1, "action": ""}, 15),
        ({"sid": 1, "action": 5}, 11),
        ({"sid": 1, "action": "subscribe_indices"}, 13),
        ({"sid": 2, "action": "get_snapshot", "market_ticker": DET}, 13),
        ({"sid": 3, "action": "add_markets", "market_ticker": DET}, 13),
        ({"sid": 1, "action": "add_markets"}, 14),
        ({"sid": 1, "action": "get_snapshot"}, 14),
        ({"sid": 1, "action": "add_markets", "market_id": "00000000-0000-0000-0000-000000000000"}, 14),
    ],
)
def test_an_update_that_makes_no_sense_is_refused(client: Connected, params: dict[str, Any], code: int) -> None:
    client.say("subscribe", channels=["orderbook_delta", "trade", "market_lifecycle_v2"], market_ticker=DET)
    assert client.refused("update_subscription", **params) == code


def test_a_snapshot_of_a_market_that_is_not_there_is_refused_by_name(client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    (frame,) = client.say("update_subscription", sid=1, action="get_snapshot", market_tickers=[DET, "KXNONE"])
    assert frame["msg"] == {"code": 11, "msg": "Invalid parameter", "market_tickers": ["KXNONE"]}


def test_frames_end_with_a_newline_and_are_one_line_each(client: Connected) -> None:
    client.session.execute(
        json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["orderbook_delta"], "market_ticker": DET}})
    )
    for frame in client.raw():
        assert frame.endswith(b"}\n")
        assert frame.count(b"\n") == 1


def test_a_closed_session_does_nothing_more(desk: Desk, client: Connected) -> None:
    desk.hub.disconnect(client.session)
    assert client.say("subscribe", channels=["trade"]) == []
    assert desk.exchange.all_watched == 0


def test_names_of_markets_are_ignored_where_a_channel_is_about_all(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["market_lifecycle_v2"], market_ticker=DET)
    (ok,) = client.say("subscribe", channels=["market_lifecycle_v2"])
    assert by_type([ok], "ok")[0]["msg"] == {}
    assert not desk.exchange.watched
