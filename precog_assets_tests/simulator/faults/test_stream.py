"""Faults of the stream: which frames a client sees, in which order, and what the ledger says of the others."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from precog_assets.domain.times import FixedClock
from precog_assets.simulator.faults.engine import Engine
from precog_assets.simulator.faults.rules import read_rule
from precog_assets.simulator.faults.stream import StreamFaults
from precog_assets_tests.simulator.serving import Running, running

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PATH = "/trade-api/ws/v2"


class Notes:
    """A recorder that only remembers."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    def record(self, kind: str, at: datetime, facts: Mapping[str, Any]) -> None:
        assert (kind, at) == ("fault", NOW)
        self.rows.append(facts)


def faults(*rules: dict[str, Any], seed: int = 1) -> tuple[StreamFaults, Notes]:
    notes = Notes()
    engine = Engine(seed, FixedClock(NOW), lambda: NOW, notes)
    for rule in rules:
        engine.add(read_rule(rule))
    return StreamFaults(engine), notes


def frame(number: int, ticker: str = "KXNBAGAME-A") -> bytes:
    return json.dumps({"type": "trade", "seq": number, "msg": {"market_ticker": ticker}}).encode() + b"\n"


def seen(hook: StreamFaults, count: int, *, connection: int = 1, sid: int = 1, channel: str = "trade") -> list[bytes]:
    """What the client has of that many frames."""
    numbers = range(count)
    return list(itertools.chain.from_iterable(hook.frame(connection, channel, sid, frame(n)) for n in numbers))


def test_without_faults_every_frame_is_itself() -> None:
    hook, notes = faults()
    assert seen(hook, 5) == [frame(n) for n in range(5)]
    assert (hook.delay_s(1), hook.half_open(1), notes.rows) == (0.0, False, [])


def test_dropped_frames_are_missing_and_each_is_told() -> None:
    hook, notes = faults({"kind": "drop_frame", "probability": 0.3})
    numbers = [json.loads(said)["seq"] for said in seen(hook, 200)]
    assert numbers == sorted(numbers)
    assert 110 < len(numbers) < 170
    assert len(notes.rows) == 200 - len(numbers)
    assert notes.rows[0]["ticker"] == "KXNBAGAME-A"


def test_a_repeated_frame_comes_twice() -> None:
    hook, _ = faults({"kind": "repeat_frame", "count": 1})
    assert seen(hook, 3) == [frame(0), frame(0), frame(1), frame(2)]


def test_a_reordered_frame_comes_after_the_next_of_its_subscription() -> None:
    hook, _ = faults({"kind": "reorder_frame", "count": 1})
    assert list(hook.frame(1, "trade", 1, frame(0))) == []
    assert list(hook.frame(1, "trade", 2, frame(7))) == [frame(7)], "another subscription does not wait"
    assert list(hook.frame(1, "trade", 1, frame(1))) == [frame(1), frame(0)]


def test_what_a_closed_connection_held_back_is_forgotten() -> None:
    hook, _ = faults({"kind": "reorder_frame", "count": 1})
    hook.frame(1, "trade", 1, frame(0))
    hook.closed(1)
    assert list(hook.frame(1, "trade", 1, frame(1))) == [frame(1)]


def test_a_corrupt_frame_is_not_json_any_more() -> None:
    hook, _ = faults({"kind": "corrupt_frame"})
    for said in seen(hook, 50):
        with pytest.raises(json.JSONDecodeError):
            json.loads(said)


def test_a_garbage_frame_is_no_message_at_all() -> None:
    for form in ("binary", "json", "huge"):
        hook, notes = faults({"kind": "garbage_frame", "form": form, "size_bytes": 3_000_000, "count": 1})
        spoiled, after = seen(hook, 2)
        assert after == frame(1)
        assert notes.rows[0]["fault"] == "garbage_frame"
        if form == "json":
            assert json.loads(spoiled) == [1, None]
        else:
            with pytest.raises(ValueError, match=r"codec|Expecting"):
                json.loads(spoiled.decode())
        assert (len(spoiled) == 3_000_000) is (form == "huge")


def test_a_frames_field_stands_under_another_name() -> None:
    hook, _ = faults({"kind": "renamed_frame_field", "field": "msg.market_ticker", "to_name": "symbol", "count": 1})
    first, second = (json.loads(said) for said in seen(hook, 2))
    assert first == {"type": "trade", "seq": 0, "msg": {"symbol": "KXNBAGAME-A"}}
    assert second["msg"] == {"market_ticker": "KXNBAGAME-A"}


def test_a_connection_is_cut_as_often_as_the_rule_says() -> None:
    hook, notes = faults({"kind": "cut_stream", "count": 2})
    assert [hook.cut(number) for number in (1, 2, 3)] == [True, True, False]
    assert [row["connection"] for row in notes.rows] == [1, 2]


@pytest.mark.parametrize(
    ("where", "struck"),
    [
        ({"channel": "trade"}, True),
        ({"channel": "ticker"}, False),
        ({"ticker": "KXNBA*"}, True),
        ({"ticker": "KXNFL*"}, False),
        ({"from": "2026-11-22T02:00Z"}, False),
        ({"to": "2026-11-22T02:00Z"}, True),
    ],
)
def test_frames_are_struck_where_and_when_the_rule_says(where: dict[str, str], struck: bool) -> None:
    hook, _ = faults({"kind": "drop_frame", **where})
    assert (seen(hook, 1) == []) is struck


def test_a_delay_is_told_once_a_connection() -> None:
    hook, notes = faults({"kind": "delay_frame", "delay_ms": 1500})
    assert [hook.delay_s(number) for number in (1, 1, 2)] == [1.5, 1.5, 1.5]
    assert [row["connection"] for row in notes.rows] == [1, 2]


def test_the_same_seed_loses_the_same_frames() -> None:
    rule = {"kind": "drop_frame", "probability": 0.5}
    runs = [seen(faults(rule, seed=seed)[0], 100) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.fixture
def one() -> Iterator[Running]:
    with running(speed=200) as simulator:
        yield simulator


@contextmanager
def stream(one: Running) -> Iterator[ClientConnection]:
    """A signed connection of an account of its own, subscribed to the books of games in play."""
    opened = one.control("/accounts", {"key_kind": "ed25519", "tier": "prime"})
    key: Any = load_pem_private_key(opened["private_key_pem"].encode(), None)
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    headers = {
        "KALSHI-ACCESS-KEY": opened["key_id"],
        "KALSHI-ACCESS-TIMESTAMP": stamp,
        "KALSHI-ACCESS-SIGNATURE": base64.b64encode(key.sign(f"{stamp}GET{PATH}".encode())).decode(),
    }
    address = one.address.replace("http", "ws") + PATH
    with connect(address, additional_headers=headers, max_size=None, close_timeout=1) as connection:
        tickers = [ticker for game in one.control("/games")["games"] for ticker in game["tickers"]]
        params = {"channels": ["orderbook_delta"], "market_tickers": tickers}
        connection.send(json.dumps({"id": 1, "cmd": "subscribe", "params": params}))
        yield connection


def sequence(connection: ClientConnection, count: int) -> list[int]:
    """The sequence numbers of the next frames that have one."""
    numbers: list[int] = []
    while len(numbers) < count:
        said = json.loads(connection.recv(timeout=30))
        if "seq" in said:
            numbers.append(said["seq"])
    return numbers


def test_a_client_sees_gaps_where_frames_were_lost_and_the_ledger_has_each(one: Running) -> None:
    rule = one.control("/faults", {"kind": "drop_frame", "channel": "orderbook_delta", "probability": 0.1})["id"]
    with stream(one) as connection:
        numbers = sequence(connection, 300)
        lost = set(range(1, numbers[-1])) - set(numbers)
    assert numbers == sorted(set(numbers))
    assert 10 < len(lost) < 70
    page = one.client.get("/simulator/ledger", params={"kinds": "fault", "limit": 1000}).json()
    assert len([row for row in page["happenings"] if row["rule_id"] == rule]) >= len(lost)


def test_a_half_open_stream_goes_silent_and_stays_open(one: Running) -> None:
    with stream(one) as connection:
        sequence(connection, 5)
        one.control("/faults", {"kind": "half_open"})
        while (silent := _waits(connection)) is False:
            pass
        assert silent
        pong = connection.ping()
        assert not pong.wait(0.5)
        assert connection.state.name == "OPEN"


def test_a_cut_stream_ends_without_a_word_and_a_garbage_frame_is_binary(one: Running) -> None:
    with stream(one) as connection:
        sequence(connection, 5)
        one.control("/faults", {"kind": "garbage_frame", "count": 1})
        said = connection.recv(timeout=30)
        while isinstance(said, str):
            said = connection.recv(timeout=30)
        assert said == bytes(range(256))
        one.control("/faults", {"kind": "cut_stream", "count": 1})
        with pytest.raises(ConnectionClosed) as end:
            sequence(connection, 1_000_000)
        assert end.value.rcvd is None


def _waits(connection: ClientConnection) -> bool:
    """Whether nothing comes for a while."""
    try:
        connection.recv(timeout=1.0)
    except TimeoutError:
        return True
    return False


def test_streams_end_when_another_world_begins(one: Running) -> None:
    with stream(one) as connection:
        sequence(connection, 3)
        one.control("/scenario", {"name": "march"})
        with pytest.raises(ConnectionClosed) as end:
            sequence(connection, 1_000_000)
        assert end.value.rcvd is not None
        assert (end.value.rcvd.code, end.value.rcvd.reason) == (1012, "another world begins")
