"""Order books over the stream: a snapshot, then deltas that add up to what the exchange shows."""

from __future__ import annotations

import random
from typing import Any

from precog_assets.simulator.kalshi.exchange.events import BookDelta, MarketChanged
from precog_assets_tests.simulator.kalshi.stream.scripted import (
    ANN,
    BOB,
    BUF,
    DET,
    LATER,
    Connected,
    Desk,
    Rebuilt,
    by_type,
)


def shown(desk: Desk, ticker: str) -> dict[str, dict[str, int]]:
    """The exchange's book as a client keeps it."""
    book = desk.exchange.book(ticker, desk.clock.us)
    return {
        side: {f"{price // 10_000}.{price % 10_000:04d}": count for price, count in levels}
        for side, levels in book._asdict().items()
    }


def test_a_snapshot_has_both_sides_ascending(client: Connected) -> None:
    _, snapshot = client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    said = snapshot["msg"]
    assert said["market_ticker"] == DET
    assert said["clock"] == 0
    assert said["yes_dollars_fp"] == [["0.4600", "10.00"], ["0.4700", "3.00"]]
    assert said["no_dollars_fp"] == [["0.5100", "2.50"], ["0.5200", "1.00"]]


def test_an_empty_side_has_no_key(desk: Desk, client: Connected) -> None:
    desk.exchange.levels[DET]["no"].clear()
    _, snapshot = client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    assert list(snapshot["msg"]) == ["market_ticker", "market_id", "clock", "yes_dollars_fp"]


def test_a_delta_says_what_changed_and_when(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    desk.exchange.plan(BookDelta(desk.clock.us + 90_750_999, DET, "yes", 4700, -250, 0))
    desk.clock.pass_s(91)
    (delta,) = client.beat()
    assert (delta["type"], delta["sid"], delta["seq"]) == ("orderbook_delta", 1, 2)
    assert delta["msg"] == {
        "market_ticker": DET,
        "market_id": desk.exchange.market_id(DET),
        "clock": 1,
        "price_dollars": "0.4700",
        "delta_fp": "-2.50",
        "side": "yes",
        "ts": "2026-11-22T18:01:30.75Z",
        "ts_ms": desk.clock.us // 1000 - 250,
    }
    assert delta["sending_ts_ms"] == desk.clock.us // 1000


def test_bids_for_no_are_priced_for_yes_where_that_was_asked_for(desk: Desk, client: Connected) -> None:
    _, snapshot = client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET, use_yes_price=True)
    assert snapshot["msg"]["no_dollars_fp"] == [["0.4800", "1.00"], ["0.4900", "2.50"]]
    assert snapshot["msg"]["yes_dollars_fp"] == [["0.4600", "10.00"], ["0.4700", "3.00"]]
    desk.exchange.plan(desk.delta(5200, 100, side="no"), desk.delta(4700, 100))
    desk.clock.pass_s(1)
    said = [(frame["msg"]["side"], frame["msg"]["price_dollars"]) for frame in client.beat()]
    assert said == [("no", "0.4800"), ("yes", "0.4700")]


def test_only_who_caused_a_change_is_told_by_which_order(desk: Desk) -> None:
    ann, bob = desk.connect(ANN), desk.connect(BOB)
    for client in (ann, bob):
        client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    told = desk.delta(4800, 500, account_id=ANN, client_order_id='my "first" order', subaccount=3)
    desk.exchange.tell(told)
    (own,), (others,) = ann.frames(), bob.frames()
    assert (own["msg"].pop("client_order_id"), own["msg"].pop("subaccount")) == ('my "first" order', 3)
    assert own == others


def test_what_happens_outside_a_beat_is_told_at_once(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    desk.exchange.tell(desk.delta(4700, 100, account_id=BOB, client_order_id="b"))
    (delta,) = client.frames()
    assert "client_order_id" not in delta["msg"]


def test_a_snapshot_includes_everything_that_was_due_before_it(desk: Desk, client: Connected) -> None:
    desk.exchange.plan(desk.delta(4800, 700))
    desk.clock.pass_s(2)
    _, snapshot = client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    assert ["0.4800", "7.00"] in snapshot["msg"]["yes_dollars_fp"]
    assert client.beat() == []


def test_books_rebuilt_from_the_stream_equal_the_exchanges_whatever_is_asked_in_between(desk: Desk) -> None:
    dice = random.Random(5)
    client, rebuilt = desk.connect(), Rebuilt()
    rebuilt.take(client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET))
    open_markets = {DET}
    for _ in range(300):
        for _ in range(dice.randrange(6)):
            ticker, side = dice.choice([DET, BUF]), dice.choice(["yes", "no"])
            level = dice.randrange(4000, 4400, 100)
            standing = desk.exchange.levels[ticker][side].get(level, 0)
            planned = [e for e in desk.exchange.script if isinstance(e, BookDelta) and e.ticker == ticker]
            standing += sum(e.delta for e in planned if e.side == side and e.price == level)
            change = -standing if standing and dice.random() < 0.4 else dice.randrange(1, 900)
            desk.exchange.plan(
                BookDelta(desk.clock.us + dice.randrange(1, 3_000_000), ticker, side, level, change, 0)
                if change > 0
                else BookDelta(desk.clock.us + 3_000_000, ticker, side, level, change, 0)
            )
        desk.clock.pass_s(dice.random() * 2)
        act = dice.randrange(5)
        if act == 0:
            taken = client.say("update_subscription", sid=1, action="get_snapshot", market_tickers=[*open_markets])
        elif act == 1 and BUF not in open_markets:
            open_markets.add(BUF)
            taken = client.say("update_subscription", sid=1, action="add_markets", market_ticker=BUF)
        elif act == 2 and BUF in open_markets:
            open_markets.remove(BUF)
            taken = client.say("update_subscription", sid=1, action="delete_markets", market_ticker=BUF)
            rebuilt.books.pop(BUF)
        else:
            taken = client.beat()
        take_all(rebuilt, taken)
        if act > 2:
            assert rebuilt.books == {ticker: shown(desk, ticker) for ticker in open_markets}
    assert rebuilt.seq > 300


def take_all(rebuilt: Rebuilt, frames: list[dict[str, Any]]) -> None:
    """Frames with the acknowledgements among them, which have a seq of their own."""
    for frame in frames:
        if frame["type"] == "ok":
            assert frame["seq"] == rebuilt.seq + 1
            rebuilt.seq += 1
        elif frame["msg"]["market_ticker"] in rebuilt.books or frame["type"] == "orderbook_snapshot":
            rebuilt.take([frame])
        else:
            rebuilt.seq += 1  # a delta of a market deleted in the same breath


def test_a_market_that_comes_later_is_told_from_its_creation_on(desk: Desk, client: Connected) -> None:
    frames = client.say("subscribe", channels=["orderbook_delta", "ticker"], market_tickers=[DET, LATER])
    assert [frame["msg"]["market_ticker"] for frame in by_type(frames, "orderbook_snapshot")] == [DET]
    assert desk.exchange.watched[LATER] == 0
    desk.exchange.plan(MarketChanged(desk.clock.us + 1_000_000, LATER, "created"))
    desk.clock.pass_s(2)
    (snapshot,) = client.beat()
    assert (snapshot["type"], snapshot["seq"], snapshot["msg"]["market_ticker"]) == ("orderbook_snapshot", 2, LATER)
    desk.exchange.plan(desk.delta(100, 5_00, LATER))
    desk.clock.pass_s(2)
    (delta,) = client.beat()
    assert (delta["seq"], delta["msg"]["market_ticker"]) == (3, LATER)
    client.say("unsubscribe", sids=[1, 2])
    assert not +desk.exchange.watched


def test_a_market_never_created_can_be_left_again(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta", "trade"], market_tickers=[LATER])
    client.say("update_subscription", sid=2, action="delete_markets", market_ticker=LATER)
    client.say("unsubscribe", sids=[1, 2])
    desk.exchange.plan(MarketChanged(desk.clock.us + 1_000_000, LATER, "created"))
    desk.clock.pass_s(2)
    assert client.beat() == []
    assert not +desk.exchange.watched


def test_a_clock_far_ahead_is_caught_up_with_in_slices(desk: Desk, client: Connected) -> None:
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    start = desk.exchange.advanced[-1]
    desk.clock.pass_s(12)
    assert [desk.hub.beat() for _ in range(3)] == [True, True, False]
    assert [at - start for at in desk.exchange.advanced[-3:]] == [5_000_000, 10_000_000, 12_000_000]
