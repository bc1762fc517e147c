"""Connections that end, in every way, and what must not stay behind."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.frames import Opcode

from precog_assets.simulator.kalshi.stream import PATH
from precog_assets.simulator.kalshi.stream.heartbeat import SOCKET
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets_tests.simulator.kalshi.stream.floors import HEADERS, SUBSCRIBE, Floor, Watchman, run
from precog_assets_tests.simulator.kalshi.stream.serving import (
    PATIENCE_S,
    RawClient,
    read_to_the_end,
    serving,
)


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


def test_a_turn_is_kept_to_its_end_though_the_connection_it_was_for_is_gone() -> None:
    async def what() -> None:
        watchman = Watchman()
        floor = Floor(watchman)
        inside, gate = threading.Event(), threading.Event()

        def advance(now_us: int) -> None:
            inside.set()
            assert gate.wait(PATIENCE_S)

        async with serving(floor.stream.routes()) as address:
            async with RawClient.open(address) as client:
                client.say(SUBSCRIBE)
                await client.frame()
                floor.exchange.advance = advance
                assert await asyncio.to_thread(inside.wait, PATIENCE_S)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(watchman.until_gone(1), 0.3)
            gate.set()
            await watchman.until_gone(1)

    run(what)


def test_what_is_sent_on_a_connection_that_the_server_is_closing_is_late_and_no_mistake() -> None:
    said: list[type[Exception]] = []

    async def send_late(websocket: WebSocket) -> None:
        await websocket.accept()
        websocket.scope["extensions"][SOCKET].keepalive_timeout()
        try:
            await websocket.send_text("late")
        except WebSocketDisconnect as error:
            said.append(type(error))

    async def what() -> None:
        async with (
            serving([WebSocketRoute(PATH, send_late)]) as address,
            connect(address, additional_headers=HEADERS) as client,
        ):
            await read_to_the_end(client)
        assert said == [WebSocketDisconnect]

    run(what)


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
