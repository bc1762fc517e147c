"""The stream on sockets: handshakes, heartbeats, connections that end in every way, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode

from precog_assets.simulator.kalshi.stream.endpoint import Stream
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.tampering import Tampering, Untampered
from precog_assets.simulator.turns import Turns
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, BUF, DET, Hands, ScriptedExchange
from precog_assets_tests.simulator.kalshi.stream.serving import (
    NO_KEY,
    PATIENCE_S,
    RawClient,
    by_header,
    read_to_the_end,
    serving,
)

HEADERS = {"account": ANN}
SUBSCRIBE = json.dumps(
    {"id": 1, "cmd": "subscribe", "params": {"channels": ["orderbook_delta", "trade"], "market_tickers": [DET, BUF]}}
)


class Watchman(Untampered):
    """Says when connections are gone, and silences all on demand."""

    def __init__(self) -> None:
        self.silent = False
        self.gone = 0
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def half_open(self, connection: int) -> bool:
        return self.silent

    def closed(self, connection: int) -> None:
        self.gone += 1
        self._loop.call_soon_threadsafe(self._changed.set)

    async def until_gone(self, count: int) -> None:
        while self.gone < count:
            self._changed.clear()
            await self._changed.wait()


class Floor:
    """A stream over a scripted exchange, with turns of its own."""

    def __init__(self, tampering: Tampering | None = None, limits: Limits | None = None) -> None:
        self.exchange = ScriptedExchange()
        self.turns = Turns()
        self.stream = Stream(self.exchange, Hands(), by_header, tampering, limits, self.turns)

    async def trades(self, count: int = 1) -> None:
        """Have trades happen in the exchange's turn."""

        def trade() -> None:
            for _ in range(count):
                self.exchange.tell(on.trade_made())

        await self.turns.run(trade)


def run(what: Callable[[], Awaitable[None]]) -> None:
    async def within_patience() -> None:
        async with asyncio.timeout(PATIENCE_S * 2):
            await what()

    asyncio.run(within_patience())


def test_a_handshake_without_a_signature_is_refused_with_the_body_of_rest() -> None:
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


def test_a_client_that_answers_no_ping_is_closed() -> None:
    async def what() -> None:
        watchman = Watchman()
        options = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.1}
        async with serving(Floor(watchman).stream.routes(), **options) as address, RawClient.open(address) as client:
            opcodes = []
            while (frame := await client.frame()) is not None:
                opcodes.append(frame.opcode)
            assert opcodes == [Opcode.PING, Opcode.CLOSE]
            await watchman.until_gone(1)

    run(what)


def test_a_ping_of_the_client_is_answered() -> None:
    async def what() -> None:
        async with (
            serving(Floor().stream.routes()) as address,
            connect(address, additional_headers=HEADERS) as client,
        ):
            await (await client.ping("are you there"))

    run(what)


def test_a_half_open_connection_answers_nothing_until_the_client_ends_it() -> None:
    async def what() -> None:
        watchman = Watchman()
        floor = Floor(watchman)
        async with (
            serving(floor.stream.routes(), ws_ping_interval=0.05, ws_ping_timeout=0.1) as address,
            RawClient.open(address) as client,
        ):
            client.say(SUBSCRIBE)
            watchman.silent = True
            await watchman.until_gone(1)
            client.say('{"id":2,"cmd":"list_subscriptions"}')
            seen: list[bytes] = []
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_collect(client, seen), 0.6)
            assert b'"id":2' not in b"".join(seen)
            assert seen.count(b"heartbeat") < 5, "pings of 0.6 s went on"

    run(what)


async def _collect(client: RawClient, seen: list[bytes]) -> None:
    while (frame := await client.frame()) is not None:
        seen.append(bytes(frame.data))


def test_a_client_that_does_not_read_is_cut_off_and_the_others_are_served() -> None:
    async def what() -> None:
        watchman = Watchman()
        floor = Floor(watchman, Limits(buffered_frames=1_000_000, unread_frames=20_000))
        async with (
            serving(floor.stream.routes()) as address,
            RawClient.open(address) as slow,
            connect(address, additional_headers=HEADERS) as quick,
        ):
            slow.say(SUBSCRIBE)
            await quick.send('{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}')
            await quick.recv()
            heard = 0
            while not watchman.gone:
                await floor.trades(5_000)
                for _ in range(5_000):
                    await quick.recv()
                heard += 5_000
            assert watchman.gone == 1
            await floor.trades()
            assert json.loads(await quick.recv())["seq"] == heard + 1

    run(what)


async def _leave_before_the_request(address: str) -> None:
    host, port = address.removeprefix("ws://").split("/")[0].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.transport.abort()


async def _leave_after_the_handshake(address: str) -> None:
    async with RawClient.open(address):
        pass


async def _leave_in_the_middle_of_a_command(address: str) -> None:
    async with RawClient.open(address) as client:
        client.say(SUBSCRIBE)


async def _leave_in_the_middle_of_the_flow(address: str) -> None:
    async with RawClient.open(address) as client:
        client.say(SUBSCRIBE)
        for _ in range(4):
            await client.frame()


async def _leave_politely(address: str) -> None:
    async with connect(address, additional_headers=HEADERS, max_queue=None) as client:
        await client.send(SUBSCRIBE)
        await client.recv()


async def _send_too_much(address: str) -> None:
    async with connect(address, additional_headers=HEADERS, max_queue=None) as client:
        await client.send("x" * (2 << 20))
        assert await read_to_the_end(client) == 1009


LEAVINGS: Sequence[Callable[[str], Awaitable[None]]] = (
    _leave_before_the_request,
    _leave_after_the_handshake,
    _leave_in_the_middle_of_a_command,
    _leave_in_the_middle_of_the_flow,
    _leave_politely,
    _send_too_much,
)


@pytest.mark.parametrize("leave", LEAVINGS)
def test_however_a_client_leaves_nothing_of_it_stays(
    leave: Callable[[str], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async def what() -> None:
        watchman = Watchman()
        floor = Floor(watchman)
        async with serving(floor.stream.routes()) as address:
            stop = asyncio.Event()

            async def keep_trading() -> None:
                while not stop.is_set():
                    await floor.trades(50)

            trading = asyncio.create_task(keep_trading())
            for _ in range(5):
                await leave(address)
            if leave is not _leave_before_the_request:
                await watchman.until_gone(5)
            stop.set()
            await trading
            await _until_deaf(floor)
        assert not floor.exchange.listened_to
        assert (+floor.exchange.watched, floor.exchange.all_watched) == ({}, 0)

    with caplog.at_level(logging.WARNING):
        run(what)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def _until_deaf(floor: Floor) -> None:
    while floor.exchange.listened_to:
        await floor.turns.run(lambda: None)


def test_a_server_that_stops_says_so_to_its_clients_and_leaves_nothing() -> None:
    async def what() -> None:
        floor = Floor()
        async with serving(floor.stream.routes()) as address:
            client = await connect(address, additional_headers=HEADERS)
            await client.send(SUBSCRIBE)
            await client.recv()
        assert await read_to_the_end(client) == 1012
        assert not floor.exchange.listened_to

    run(what)


def test_an_exchange_that_fails_ends_the_connections_loudly_and_new_ones_are_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def what() -> None:
        floor = Floor()
        async with serving(floor.stream.routes()) as address:
            async with connect(address, additional_headers=HEADERS) as client:
                await client.send(SUBSCRIBE)
                await client.recv()
                advance = floor.exchange.advance

                def fail(now_us: int) -> None:
                    floor.exchange.advance = advance
                    raise ArithmeticError("the exchange is broken")

                floor.exchange.advance = fail
                assert await read_to_the_end(client) == 1006
            async with connect(address, additional_headers=HEADERS) as client:
                await client.send(SUBSCRIBE)
                await client.recv()
                await floor.trades()

    with caplog.at_level(logging.ERROR):
        run(what)
    assert "the exchange is broken" in caplog.text


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
