"""Faults of the stream: what they do to frames, and that the sequence does not know of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from precog_assets.simulator.kalshi.stream.tampering import Untampered
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, BOB, DET, Desk


class Meddler(Untampered):
    """Withholds the second frame of a subscription, repeats the third, breaks the fourth; may silence or delay."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, str, int]] = []
        self.silenced: set[int] = set()
        self.gone: list[int] = []
        self.delays: dict[int, float] = {}

    def frame(self, connection: int, channel: str, sid: int, frame: bytes) -> Sequence[bytes]:
        self.seen.append((connection, channel, sid))
        number = self.seen.count((connection, channel, sid))
        return {2: (), 3: (frame, frame), 4: (frame[:-20],)}.get(number, (frame,))

    def delay_s(self, connection: int) -> float:
        return self.delays.get(connection, 0.0)

    def half_open(self, connection: int) -> bool:
        return connection in self.silenced

    def closed(self, connection: int) -> None:
        self.gone.append(connection)


def test_frames_are_withheld_repeated_and_broken_after_they_are_numbered() -> None:
    desk = Desk(Meddler())
    client = desk.connect()
    client.say("subscribe", channels=["trade"])
    for _ in range(5):
        desk.exchange.tell(on.trade_made())
    first, third, again, broken, fifth = client.raw()
    assert [json.loads(frame)["seq"] for frame in (first, third, fifth)] == [1, 3, 5]
    assert third == again
    assert b'"seq":4' in broken
    assert not broken.endswith(b"\n")


def test_answers_to_commands_are_left_alone() -> None:
    meddler = Meddler()
    desk = Desk(meddler)
    client = desk.connect()
    client.say("subscribe", channels=["orderbook_delta"], market_ticker=DET)
    client.say("update_subscription", sid=1, action="add_markets", market_ticker=DET)
    client.say("unsubscribe", sids=[1])
    assert meddler.seen == [(1, "orderbook_delta", 1)]


def test_a_connection_made_half_open_hears_nothing_more_while_the_others_do() -> None:
    meddler = Meddler()
    desk = Desk(meddler)
    ann, bob = desk.connect(ANN), desk.connect(BOB)
    for client in (ann, bob):
        client.say("subscribe", channels=["trade"])
    meddler.silenced.add(1)
    desk.hub.beat()
    desk.exchange.tell(on.trade_made())
    assert ann.outbox.silent
    assert ann.say("subscribe", channels=["fill"]) == []
    assert len(bob.frames()) == 1
    assert (desk.exchange.all_watched, meddler.gone) == (1, [1])


def test_delayed_frames_wait_from_when_they_were_put() -> None:
    meddler = Meddler()
    desk = Desk(meddler)
    client = desk.connect()
    client.say("subscribe", channels=["trade"])
    meddler.delays[1] = 2.0
    desk.hub.beat()
    desk.exchange.tell(on.trade_made())
    (waiting,) = client.outbox.take(10)
    assert 1.0 < client.outbox.left_s(waiting) <= 2.0
    meddler.delays.clear()
    desk.hub.beat()
    desk.exchange.tell(on.trade_made())
    desk.exchange.tell(on.trade_made())
    assert all(client.outbox.left_s(waiting) <= 0 for waiting in client.outbox.take(10))
