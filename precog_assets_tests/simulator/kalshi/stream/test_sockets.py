"""The stream on sockets: handshakes, heartbeats, connections that end in every way, nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode

from precog_assets.simulator.kalshi.stream.endpoint import Stream
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.tampering import Untampered
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.floors import HEADERS, SUBSCRIBE, Floor, run
from precog_assets_tests.simulator.kalshi.stream.scripted import Hands
from precog_assets_tests.simulator.kalshi.stream.serving import (
    NO_KEY,
    RawClient,
    by_header,
    serving,
)


def test_a_handshake_without_a_signature_is_refused_with_the_body_of_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def what() -> None:
        floor = Floor()
        async with serving(floor.stream.routes()) as address:
            with pytest.raises(InvalidStatus) as refused:
                await connect(address)
            assert refused.value.response.status_code == 401
            assert json.loads(refused.value.response.body) == NO_KEY
            assert refused.value.response.headers["Content-Type"] == "application/json"
            assert not floor.exchange.listened_to

    run(what)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_client_subscribes_and_hears_what_happens() -> None:
    async def what() -> None:
        floor = Floor()
        async with serving(floor.stream.routes()) as address, connect(address, additional_headers=HEADERS) as client:
            await client.send(SUBSCRIBE)
            kinds = [json.loads(await client.recv())["type"] for _ in range(4)]
            assert kinds == ["subscribed", "subscribed", "orderbook_snapshot", "orderbook_snapshot"]
            await floor.trades()
            trade = await client.recv()
            assert isinstance(trade, str)
            assert trade.endswith("}\n")
            assert json.loads(trade)["seq"] == 1

    run(what)


def test_commands_may_come_as_binary_frames() -> None:
    async def what() -> None:
        floor = Floor()
        async with serving(floor.stream.routes()) as address, connect(address, additional_headers=HEADERS) as client:
            await client.send(b'{"id":1,"cmd":"list_subscriptions"}')
            assert json.loads(await client.recv())["msg"] == []

    run(what)


def test_the_pump_tells_what_is_due_by_the_clock() -> None:
    async def what() -> None:
        floor = Floor()
        clock = Hands()
        stream = Stream(floor.exchange, clock, by_header, turns=floor.turns)
        async with serving(stream.routes()) as address, connect(address, additional_headers=HEADERS) as client:
            await client.send(SUBSCRIBE)
            for _ in range(4):
                await client.recv()
            floor.exchange.plan(on.trade_made(clock.us + 30_000_000))
            clock.pass_s(60)
            assert json.loads(await client.recv())["type"] == "trade"

    run(what)


def test_a_clock_that_runs_ahead_is_followed_no_faster_than_clients_read() -> None:
    async def what() -> None:
        floor = Floor()
        clock = Hands()
        stream = Stream(floor.exchange, clock, by_header, limits=Limits(buffered_frames=15_000), turns=floor.turns)
        async with serving(stream.routes()) as address, connect(address, additional_headers=HEADERS) as client:
            await client.send('{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}')
            await client.recv()
            floor.exchange.plan(*(on.trade_made(clock.us + place * 1_000) for place in range(1, 50_001)))
            clock.pass_s(60)
            for seq in range(1, 50_001):
                assert f'"seq":{seq},' in str(await client.recv())

    run(what)


def test_the_server_pings_with_heartbeat_and_goes_on_while_it_is_answered() -> None:
    async def what() -> None:
        async with (
            serving(Floor().stream.routes(), ws_ping_interval=0.05) as address,
            RawClient.open(address) as client,
        ):
            for _ in range(4):
                frame = await client.frame()
                assert frame is not None
                assert (frame.opcode, bytes(frame.data)) == (Opcode.PING, b"heartbeat")
                client.flush()

    run(what)


def test_a_ping_of_the_client_is_answered() -> None:
    async def what() -> None:
        async with (
            serving(Floor().stream.routes()) as address,
            connect(address, additional_headers=HEADERS) as client,
        ):
            await (await client.ping("are you there"))

    run(what)


def test_spoiled_frames_leave_as_text_all_the_same() -> None:
    class Spoiler(Untampered):
        def frame(self, connection: int, channel: str, sid: int, frame: bytes) -> Sequence[bytes]:
            return (b"\xff\xfe" + frame[:9],)

    async def what() -> None:
        floor = Floor(Spoiler())
        async with serving(floor.stream.routes()) as address, connect(address, additional_headers=HEADERS) as client:
            await client.send('{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}')
            await client.recv()
            await floor.trades()
            spoiled = await client.recv()
            assert isinstance(spoiled, str)
            with pytest.raises(json.JSONDecodeError):
                json.loads(spoiled)

    run(what)
