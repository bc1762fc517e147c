"""A stream over a scripted exchange for tests on sockets, and who sees its connections go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from precog_assets.simulator.kalshi.stream.endpoint import Stream
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.tampering import Tampering, Untampered
from precog_assets.simulator.turns import Turns
from precog_assets_tests.simulator.kalshi.stream import happenings as on
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, BUF, DET, Hands, ScriptedExchange
from precog_assets_tests.simulator.kalshi.stream.serving import PATIENCE_S, by_header

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

    def cut(self, connection: int) -> bool:
        return False

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
