"""Frames of a stream as the venue words them: snapshots of every market, then changes near the best prices.

Belongs here: what is sent. Does not: what reads it, with a socket (`stream_socket`) or without (`stream`).
"""

from __future__ import annotations

import random

import orjson

MARKETS = 500
LEVELS = 20
_SIDES = ("yes", "no")


def ticker_of(number: int) -> str:
    """A market's ticker by its number."""
    return f"KXNFLGAME-26NOV22AAA{number:03d}-AAA"


def frames_of(count: int) -> list[bytes]:
    """Snapshots of all markets and `count` changes near the best prices, as the venue words them."""
    chance = random.Random(2)
    books: list[dict[str, dict[int, int]]] = []
    frames = []
    for number in range(MARKETS):
        sides = {side: {cents: chance.randrange(1, 500) * 100 for cents in range(20, 20 + LEVELS)} for side in _SIDES}
        books.append(sides)
        msg = {"market_ticker": ticker_of(number), "market_id": _market_id(number), "clock": 1} | {
            f"{side}_dollars_fp": [[f"0.{cents:02d}00", f"{size // 100}.00"] for cents, size in levels.items()]
            for side, levels in sides.items()
        }
        frames.append(_framed("orderbook_snapshot", number + 1, msg))
    for number in range(count):
        market, side = chance.randrange(MARKETS), chance.choice(_SIDES)
        levels = books[market][side]
        cents = min(48, max(10, 20 + LEVELS - int(chance.expovariate(0.4))))
        change = chance.randrange(1, 300) * 100 if chance.random() < 0.5 else -levels.get(cents, 0)
        levels[cents] = levels.get(cents, 0) + change
        msg = {
            "market_ticker": ticker_of(market),
            "market_id": _market_id(market),
            "clock": number + 2,
            "price_dollars": f"0.{cents:02d}00",
            "delta_fp": f"{change / 100:.2f}",
            "side": side,
            "ts": "2026-11-22T18:00:00.123Z",
            "ts_ms": 1795370400123 + number,
        }
        frames.append(_framed("orderbook_delta", MARKETS + number + 1, msg))
    return frames


def _market_id(number: int) -> str:
    return f"ef793c45-beed-4096-8a3a-1c70af89{number:04d}"


def _framed(kind: str, seq: int, msg: dict) -> bytes:
    return orjson.dumps({"type": kind, "sid": 1, "seq": seq, "msg": msg, "sending_ts_ms": 1795370400125}) + b"\n"
