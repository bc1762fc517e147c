"""Who hears what: public channels by market, private ones by account, lives of markets and events."""

from __future__ import annotations

import pytest

from precog_assets.simulator.kalshi.exchange.events import ExchangeEvent
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, BOB, BUF, DET, Connected, Desk


def test_a_ticker_frame_has_its_values_and_no_seq(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["ticker"], market_ticker=DET)
    desk.exchange.tell(on.ticker_moved())
    (frame,) = client.frames()
    assert list(frame) == ["type", "sid", "msg", "sending_ts_ms"]
    assert frame["msg"] == {
        "market_ticker": DET,
        "market_id": desk.exchange.market_id(DET),
        "price_dollars": "0.4700",
        "yes_bid_dollars": "0.4600",
        "yes_ask_dollars": "0.4800",
        "volume_fp": "200.50",
        "open_interest_fp": "100.00",
        "dollar_volume": 100,
        "dollar_open_interest": 50,
        "yes_bid_size_fp": "10.00",
        "yes_ask_size_fp": "1.00",
        "last_trade_size_fp": "25.00",
        "ts": on.AT // 1_000_000,
        "ts_ms": on.AT // 1000,
        "time": "2026-11-22T18:00:01Z",
    }


def test_trades_are_numbered_and_name_the_takers_side(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["trade"])
    desk.exchange.tell(on.trade_made())
    desk.exchange.tell(on.trade_made(ticker=BUF))
    first, second = client.frames()
    assert (first["seq"], second["seq"], second["msg"]["market_ticker"]) == (1, 2, BUF)
    assert first["msg"] == {
        "trade_id": on.UUID,
        "market_ticker": DET,
        "yes_price_dollars": "0.4800",
        "no_price_dollars": "0.5200",
        "count_fp": "136.00",
        "taker_side": "no",
        "taker_outcome_side": "no",
        "taker_book_side": "ask",
        "is_block_trade": False,
        "ts": on.AT // 1_000_000,
        "ts_ms": on.AT // 1000,
    }


def test_who_names_markets_hears_of_those_alone(desk: Desk) -> None:
    narrow, wide = desk.connect(), desk.connect()
    narrow.say("subscribe", channels=["trade", "ticker"], market_ticker=BUF)
    wide.say("subscribe", channels=["trade", "ticker"])
    for ticker in (DET, BUF):
        desk.exchange.tell(on.trade_made(ticker=ticker))
        desk.exchange.tell(on.ticker_moved(ticker=ticker))
    assert [frame["msg"]["market_ticker"] for frame in narrow.frames()] == [BUF, BUF]
    assert [frame["msg"]["market_ticker"] for frame in wide.frames()] == [DET, DET, BUF, BUF]


def test_a_narrow_subscription_becomes_wide_when_no_market_is_named(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["trade"], market_ticker=BUF)
    client.say("subscribe", channels=["trade"])
    assert (desk.exchange.watched[BUF], desk.exchange.all_watched) == (0, 1)
    client.say("subscribe", channels=["trade"], market_ticker=DET)
    assert (desk.exchange.watched[DET], desk.exchange.all_watched) == (0, 1)
    desk.exchange.tell(on.trade_made())
    assert len(client.frames()) == 1


def test_watches_are_given_back_when_a_connection_ends(desk: Desk) -> None:
    first, second = desk.connect(), desk.connect()
    for client in (first, second):
        client.say("subscribe", channels=["orderbook_delta", "ticker"], market_tickers=[DET, BUF])
        client.say("subscribe", channels=["trade", "fill"])
    assert (desk.exchange.watched[DET], desk.exchange.all_watched) == (4, 2)
    desk.hub.disconnect(first.session)
    desk.hub.disconnect(first.session)
    assert (desk.exchange.watched[DET], desk.exchange.all_watched) == (2, 1)
    desk.hub.disconnect(second.session)
    assert (+desk.exchange.watched, desk.exchange.all_watched, desk.exchange.listened_to) == ({}, 0, False)


def test_the_exchange_is_not_moved_on_for_connections_that_subscribed_to_nothing(desk: Desk, client: Connected) -> None:
    desk.clock.pass_s(1)
    client.beat()
    assert desk.exchange.advanced == []


@pytest.mark.parametrize(
    ("channel", "told", "others"),
    [
        ("fill", on.fill_made(), on.fill_made(BOB)),
        ("user_orders", on.order_changed(), on.order_changed(BOB)),
        ("market_positions", on.position_changed(), on.position_changed(BOB)),
        ("order_group_updates", on.group_changed(), on.group_changed(BOB)),
    ],
)
def test_private_channels_tell_of_the_own_account_alone(
    desk: Desk, channel: str, told: ExchangeEvent, others: ExchangeEvent
) -> None:
    ann, bob = desk.connect(ANN), desk.connect(BOB)
    for client in (ann, bob):
        client.say("subscribe", channels=[channel])
    desk.exchange.tell(told)
    assert (len(ann.frames()), len(bob.frames())) == (1, 0)
    desk.exchange.tell(others)
    assert (len(ann.frames()), len(bob.frames())) == (0, 1)


@pytest.mark.parametrize(
    ("channel", "make"),
    [("fill", on.fill_made), ("user_orders", on.order_changed), ("market_positions", on.position_changed)],
)
def test_private_channels_can_be_narrowed_to_markets(desk: Desk, client: Connected, channel: str, make) -> None:
    client.say("subscribe", channels=[channel], market_ticker=BUF)
    desk.exchange.tell(make(ticker=DET))
    assert client.frames() == []
    desk.exchange.tell(make(ticker=BUF))
    assert len(client.frames()) == 1
    client.say("update_subscription", sid=1, action="delete_markets", market_ticker=BUF)
    desk.exchange.tell(make(ticker=BUF))
    assert client.frames() == []


def test_a_fill_is_told_in_the_old_words_and_the_new(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["fill"])
    desk.exchange.tell(on.fill_made(subaccount=3))
    (frame,) = client.frames()
    assert "seq" not in frame
    assert frame["msg"] == {
        "trade_id": on.UUID,
        "order_id": on.ORDER_ID,
        "client_order_id": "mine",
        "market_ticker": DET,
        "exchange_index": 0,
        "is_taker": True,
        "side": "yes",
        "ts": on.AT // 1_000_000,
        "ts_ms": on.AT // 1000,
        "yes_price_dollars": "0.4800",
        "count_fp": "3.00",
        "fee_cost": "0.017500",
        "action": "sell",
        "post_position_fp": "-3.00",
        "purchased_side": "no",
        "outcome_side": "no",
        "book_side": "ask",
        "subaccount": 3,
    }


def test_an_order_is_told_as_it_stands(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["user_orders"])
    desk.exchange.tell(on.order_changed(group_id="og", expires_us=on.AT + 500_000))
    (frame,) = client.frames()
    said = frame["msg"]
    assert frame["type"] == "user_order"
    assert (said["side"], said["is_yes"], said["outcome_side"], said["book_side"]) == ("yes", True, "no", "ask")
    assert (said["initial_count_fp"], said["fill_count_fp"], said["remaining_count_fp"]) == ("10.00", "3.00", "7.00")
    assert (said["taker_fill_cost_dollars"], said["maker_fees_dollars"]) == ("1.440000", "0.000000")
    assert (said["last_update_reason"], said["order_group_id"]) == ("Trade", "og")
    assert (said["created_time"], said["expiration_time"]) == ("2026-11-22T18:00:00Z", "2026-11-22T18:00:01.5Z")
    assert said["user_id"] == ANN


def test_an_order_group_tells_its_limit_only_where_that_is_new(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["order_group_updates"])
    for change in ("created", "triggered", "limit_updated"):
        desk.exchange.tell(on.group_changed(change=change))
    frames = client.frames()
    assert [frame["seq"] for frame in frames] == [1, 2, 3]
    assert [frame["msg"].get("contracts_limit_fp") for frame in frames] == ["150.00", None, "150.00"]


def test_lives_of_markets_and_events_share_a_channel_and_its_sequence(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["market_lifecycle_v2"])
    for event in (on.event_listed(), on.market_created(), on.fees_changed(), on.market_created(on.COMBO)):
        desk.exchange.tell(event)
    frames = client.frames()
    assert [(frame["type"], frame["seq"]) for frame in frames] == [
        ("event_lifecycle", 1),
        ("market_lifecycle_v2", 2),
        ("event_fee_update", 3),
    ]
    assert frames[1]["msg"]["event_type"] == "created"
    assert frames[2]["msg"]["fee_multiplier_override"] == 0.5


def test_combos_have_a_channel_of_their_own(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["multivariate_market_lifecycle"])
    for event in (on.market_created(), on.event_listed("KXMVESPORTS-26NOV22"), on.market_created(on.COMBO)):
        desk.exchange.tell(event)
    assert [frame["type"] for frame in client.frames()] == ["event_lifecycle", "multivariate_market_lifecycle"]
