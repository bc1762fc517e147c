"""The WebSocket client of kalshi-sdk, unchanged: its books against REST after many deltas with frames dropped.

Run by Python 3.13 in an environment of its own: `python books.py ADDRESS KEY_ID KEY_FILE DELTAS MARKETS`. Prints
one JSON object: deltas seen, gaps the client mended, books compared.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import urllib.request
from decimal import Decimal
from typing import Any

from kalshi import AsyncKalshiClient, KalshiAuth, KalshiConfig
from kalshi.ws import KalshiWebSocket

PATIENCE_S = 60.0
DROPS = {"kind": "drop_frame", "venue": "stream", "channel": "orderbook_delta", "probability": 0.001}

Book = dict[str, dict[Decimal, Decimal]]


def control(address: str, path: str, body: Any = None, method: str | None = None) -> Any:
    """One call of the simulator's own endpoints."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data=data, headers={"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Gaps(logging.Handler):
    """Counts the gaps the client says it found."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "Sequence gap" in record.getMessage()


def levels(side: Any) -> dict[Decimal, Decimal]:
    return {level.price: level.quantity for level in side}


async def served_books(client: AsyncKalshiClient, tickers: list[str]) -> dict[str, Book]:
    found: dict[str, Book] = {}
    for start in range(0, len(tickers), 100):
        for book in await client.markets.bulk_orderbooks(tickers=tickers[start : start + 100]):
            found[book.ticker] = {"yes": levels(book.yes), "no": levels(book.no)}
    return found


async def main(address: str, key_id: str, key_file: str, deltas: int, markets: int) -> None:
    auth = KalshiAuth.from_key_path(key_id, key_file)
    config = KalshiConfig(
        base_url=f"{address}/trade-api/v2", ws_base_url=address.replace("http", "ws") + "/trade-api/ws/v2"
    )
    gaps = Gaps()
    logging.getLogger("kalshi.ws").addHandler(gaps)
    client = AsyncKalshiClient(auth=auth, config=config)
    found = [m async for m in client.markets.list_all(status="open", mve_filter="exclude", limit=1000)]
    busiest = sorted(found, key=lambda market: market.volume, reverse=True)
    tickers = [market.ticker for market in busiest[:markets]]
    fault = control(address, "/simulator/faults", DROPS)
    socket = KalshiWebSocket(auth=auth, config=config)
    seen = 0
    began = time.monotonic()
    async with socket.connect() as session:
        stream = await session.subscribe_orderbook_delta(tickers=tickers, maxsize=100_000)

        async def read(until: int) -> None:
            nonlocal seen
            async for message in stream:
                seen += message.type == "orderbook_delta"
                if seen >= until:
                    return

        await asyncio.wait_for(read(deltas), PATIENCE_S * 4)
        control(address, f"/simulator/faults/{fault['id']}", method="DELETE")
        await asyncio.wait_for(read(seen + 1_000), PATIENCE_S)  # the last dropped frame shows in the next one's seq
        control(address, "/simulator/clock", {"speed": 0.001})
        drain = asyncio.create_task(read(sys.maxsize))
        manager = session._orderbook_mgr
        deadline = time.monotonic() + PATIENCE_S
        while True:
            served = await served_books(client, tickers)
            own = {
                ticker: {"yes": levels(book.yes), "no": levels(book.no)} if (book := manager.get(ticker)) else None
                for ticker in tickers
            }
            different = [ticker for ticker in tickers if own[ticker] != served[ticker]]
            if not different:
                break
            if time.monotonic() > deadline:
                ticker = different[0]
                raise AssertionError(f"{len(different)} books differ, e.g. {ticker}: {own[ticker]} {served[ticker]}")
        drain.cancel()
    await client.close()
    filled = sum(bool(book["yes"] or book["no"]) for book in served.values())
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"deltas": seen, "gaps": gaps.count, "books": len(tickers), "filled": filled, "seconds": seconds}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])))
