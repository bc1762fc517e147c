"""The limits of a connection: unread frames, markets, commands."""

from __future__ import annotations

from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import BUF, DET, LATER, Desk


def test_a_subscription_that_is_not_read_ends_with_error_25_and_the_others_go_on() -> None:
    desk = Desk(limits=Limits(buffered_frames=3))
    slow, quick = desk.connect(), desk.connect()
    for client in (slow, quick):
        client.say("subscribe", channels=["trade"])
        client.say("subscribe", channels=["market_lifecycle_v2"])
    for _ in range(5):
        desk.exchange.tell(on.trade_made())
        quick.raw()
    desk.hub.beat()
    desk.exchange.tell(on.market_created())
    *trades, error, created = slow.frames()
    assert [frame["seq"] for frame in trades] == [1, 2, 3]
    assert (error["type"], error["sid"], error["seq"]) == ("error", 1, 4)
    assert error["msg"] == {"code": 25, "msg": "Subscription buffer overflow"}
    assert created["type"] == "market_lifecycle_v2"
    assert desk.exchange.all_watched == 1
    assert slow.say("subscribe", channels=["trade"])[0]["msg"]["sid"] == 3
    desk.exchange.tell(on.trade_made())
    assert slow.frames()[0]["seq"] == 1
    assert quick.frames()[-1]["seq"] == 6


def test_frames_that_were_read_count_no_longer() -> None:
    desk = Desk(limits=Limits(buffered_frames=3))
    client = desk.connect()
    client.say("subscribe", channels=["trade"])
    for number in range(1, 20):
        desk.exchange.tell(on.trade_made())
        desk.hub.beat()
        assert client.frames()[0]["seq"] == number


def test_an_error_on_a_channel_without_sequence_has_none() -> None:
    desk = Desk(limits=Limits(buffered_frames=1))
    client = desk.connect()
    client.say("subscribe", channels=["ticker"])
    for _ in range(2):
        desk.exchange.tell(on.ticker_moved())
    desk.hub.beat()
    _, error = client.frames()
    assert (error["sid"], error["msg"]["code"]) == (1, 25)
    assert "seq" not in error


def test_a_connection_nobody_reads_is_given_up() -> None:
    desk = Desk(limits=Limits(unread_frames=10))
    client = desk.connect()
    client.say("subscribe", channels=["trade"])
    for _ in range(11):
        desk.exchange.tell(on.trade_made())
    desk.hub.beat()
    assert client.outbox.full
    assert client.frames() == []
    assert (desk.exchange.all_watched, desk.exchange.listened_to) == (0, False)


def test_more_markets_than_a_subscription_may_have_are_refused() -> None:
    desk = Desk(limits=Limits(markets=2))
    client = desk.connect()
    assert client.refused("subscribe", channels=["trade"], market_tickers=[DET, BUF, LATER]) == 26
    client.say("subscribe", channels=["trade"], market_tickers=[DET, BUF])
    (error,) = client.say("update_subscription", sid=1, action="add_markets", market_ticker=LATER)
    assert (error["id"], error["sid"], error["seq"], error["msg"]["code"]) == (3, 1, 1, 26)
    (error,) = client.say("subscribe", channels=["trade"], market_ticker=LATER)
    assert (error["seq"], error["msg"]["code"]) == (2, 26)
    assert client.say("update_subscription", sid=1, action="add_markets", market_ticker=DET)[0]["type"] == "ok"
    client.say("update_subscription", sid=1, action="delete_markets", market_ticker=DET)
    assert client.say("update_subscription", sid=1, action="add_markets", market_ticker=LATER)[0]["type"] == "ok"


def test_too_many_commands_about_a_subscription_are_refused_until_time_has_passed() -> None:
    desk = Desk(limits=Limits(commands_per_s=2.0, command_burst=3.0))
    client = desk.connect()
    client.say("subscribe", channels=["trade"], market_ticker=DET)
    ask = {"sid": 1, "action": "add_markets", "market_ticker": BUF}
    answers = [client.say("update_subscription", **ask)[0] for _ in range(4)]
    assert [frame["type"] for frame in answers] == ["ok", "ok", "ok", "error"]
    assert (answers[3]["seq"], answers[3]["msg"]) == (4, {"code": 27, "msg": "Too many requests"})
    desk.real_s += 0.5
    assert [client.say("update_subscription", **ask)[0]["type"] for _ in range(2)] == ["ok", "error"]
    client.say("subscribe", channels=["fill"])
    ask["sid"] = 2
    assert client.say("update_subscription", **ask)[0]["type"] == "ok"
