"""A stream that sends nothing but changes of books, at a rate, and then a burst: `python -m benchmarks.flood`.

Belongs here: as much of the venue's protocol as the collector needs. Does not: what is true of the world.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sys
import time
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

BURST = 20_000
BEAT_S = 0.02


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Flood:
    """One connection's subscriptions, and what is sent on them."""

    def __init__(self, connection: ServerConnection, rate: float, seconds: float) -> None:
        self._connection, self._rate, self._seconds = connection, rate, seconds
        self._tickers: list[str] = []
        self._sids: dict[str, int] = {}
        self._told: dict[int, dict[str, None]] = {}
        self._seq = 0
        self._extra: dict[str, int] = {}
        self._chance = random.Random(1)

    async def run(self) -> None:
        sender = asyncio.create_task(self._send())
        try:
            async for text in self._connection:
                await self._command(orjson.loads(text))
        except ConnectionClosed:
            return
        finally:
            sender.cancel()

    async def _command(self, command: dict[str, Any]) -> None:
        params, kind = command.get("params", {}), command["cmd"]
        tickers = params.get("market_tickers") or [one for one in [params.get("market_ticker")] if one]
        if kind == "subscribe":
            for channel in params["channels"]:
                self._sids[channel] = len(self._sids) + 1
                self._told[self._sids[channel]] = dict.fromkeys(tickers)
                await self._say(
                    type="subscribed", id=command["id"], msg={"channel": channel, "sid": self._sids[channel]}
                )
                if channel == "orderbook_delta":
                    await self._snapshots(tickers)
        elif kind == "update_subscription":
            sid = params.get("sid") or (params.get("sids") or [0])[0]
            # The venue answers with every market that the subscription is about from then on.
            told = self._told.setdefault(sid, {})
            if params.get("action") == "add_markets":
                told.update(dict.fromkeys(tickers))
            elif params.get("action") == "delete_markets":
                for ticker in tickers:
                    told.pop(ticker, None)
                if sid == self._sids.get("orderbook_delta"):
                    self._tickers = [one for one in self._tickers if one not in tickers]
            said: dict[str, Any] = {"type": "ok", "id": command["id"], "sid": sid, "msg": {"market_tickers": [*told]}}
            if sid == self._sids.get("orderbook_delta"):
                said["seq"] = self._next()
            await self._say(**said)
            if sid == self._sids.get("orderbook_delta") and params.get("action") != "delete_markets":
                await self._snapshots(tickers)

    async def _snapshots(self, tickers: list[str]) -> None:
        for ticker in tickers:
            self._extra[ticker] = 0
            if ticker not in self._tickers:
                self._tickers.append(ticker)
            levels = {"yes_dollars_fp": [["0.4000", "100.00"]], "no_dollars_fp": [["0.5800", "100.00"]]}
            await self._frame(
                "orderbook_snapshot", {"market_ticker": ticker, "market_id": ticker, "clock": 1, **levels}
            )

    async def _send(self) -> None:
        while not self._tickers:
            await asyncio.sleep(BEAT_S)
        await asyncio.sleep(3.0)
        began, sent = time.monotonic(), 0
        # Longer than what is measured, which begins once the flood is seen.
        while (passed := time.monotonic() - began) < self._seconds + 30:
            while sent < passed * self._rate:
                await self._change()
                sent += 1
            await asyncio.sleep(BEAT_S)
        for _ in range(BURST):
            await self._change()

    async def _change(self) -> None:
        if not self._tickers:
            return
        ticker = self._chance.choice(self._tickers)
        change = 7 if self._extra[ticker] <= 0 else -3
        self._extra[ticker] += change
        now_ms = int(time.time() * 1000)
        await self._frame(
            "orderbook_delta",
            {
                "market_ticker": ticker,
                "market_id": ticker,
                "clock": 2,
                "price_dollars": "0.4000",
                "delta_fp": f"{change}.00",
                "side": "yes",
                "ts": "2026-11-22T18:00:00.123Z",
                "ts_ms": now_ms,
            },
        )

    async def _frame(self, kind: str, msg: dict[str, Any]) -> None:
        await self._say(type=kind, sid=self._sids["orderbook_delta"], seq=self._next(), msg=msg)

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    async def _say(self, **said: Any) -> None:
        await self._connection.send(orjson.dumps({**said, "sending_ts_ms": int(time.time() * 1000)}), text=True)


async def _main(rate: float, seconds: float) -> None:
    async def one(connection: ServerConnection) -> None:
        await Flood(connection, rate, seconds).run()

    async with serve(one, "127.0.0.1", 0, compression=None, ping_interval=10) as server:
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"flood ready at ws://127.0.0.1:{port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=2_000.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    asyncio.run(_main(given.rate, given.seconds))
