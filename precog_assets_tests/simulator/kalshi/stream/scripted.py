"""An exchange that tells what a test wrote down for it, and the stream's side of a connection without sockets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from precog_assets.simulator.kalshi.exchange.events import (
    BookDelta,
    ExchangeEvent,
    MarketChanged,
    TickerMoved,
    TradeMade,
)
from precog_assets.simulator.kalshi.exchange.view import Book
from precog_assets.simulator.kalshi.instants import instant_of, microseconds
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.stream.hub import Hub
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.outbox import Outbox
from precog_assets.simulator.kalshi.stream.tampering import Tampering, Untampered

START = datetime.fromisoformat("2026-11-22T18:00:00+00:00")
START_US = microseconds(START)
DET, BUF = "KXNFLGAME-26NOV22DETBUF-DET", "KXNFLGAME-26NOV22DETBUF-BUF"
LATER = "KXNFLGAME-26NOV29DETCHI-DET"
"""A market that only an event creates."""
ANN, BOB = "6a8c5f0e-0f3e-4f3e-8f0e-00000000000a", "6a8c5f0e-0f3e-4f3e-8f0e-00000000000b"

Json = dict[str, Any]


class Hands:
    """A clock the tests move."""

    def __init__(self) -> None:
        self.us = START_US

    def now(self) -> datetime:
        return instant_of(self.us)

    def pass_s(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


class ScriptedExchange:
    """Implements ExchangeView over a script of events; keeps to its contract, counts and all."""

    def __init__(self) -> None:
        self.levels: dict[str, dict[str, dict[int, int]]] = {}
        self.clocks: Counter[str] = Counter()
        self.watched: Counter[str] = Counter()
        self.all_watched = 0
        self.script: list[ExchangeEvent] = []
        self.advanced: list[int] = []
        self._listeners: list[Callable[[ExchangeEvent], None]] = []
        for ticker in (DET, BUF):
            self.levels[ticker] = {"yes": {4700: 300, 4600: 1000}, "no": {5200: 100, 5100: 250}}

    @property
    def listened_to(self) -> bool:
        return bool(self._listeners)

    def plan(self, *events: ExchangeEvent) -> None:
        self.script = sorted([*self.script, *events], key=lambda event: event.time_us)

    def tell(self, event: ExchangeEvent) -> None:
        """Have an event happen now, as an order of an account makes it happen."""
        ticker = getattr(event, "ticker", "")
        if isinstance(event, BookDelta):
            self.clocks[ticker] += 1
            event = replace(event, clock=self.clocks[ticker])
            side = self.levels[ticker][event.side]
            side[event.price] = side.get(event.price, 0) + event.delta
            if not side[event.price]:
                del side[event.price]
        if isinstance(event, MarketChanged) and event.change == "created":
            self.levels[ticker] = {"yes": {}, "no": {}}
        if isinstance(event, BookDelta | TradeMade | TickerMoved) and not (self.watched[ticker] or self.all_watched):
            return
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Callable[[ExchangeEvent], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def watch(self, ticker: str, now_us: int) -> None:
        assert ticker in self.levels, f"watched {ticker}, which is not created"
        self.watched[ticker] += 1

    def unwatch(self, ticker: str) -> None:
        assert self.watched[ticker] > 0, f"unwatched {ticker}, which nobody watches"
        self.watched[ticker] -= 1

    def watch_all(self, now_us: int) -> None:
        self.all_watched += 1

    def unwatch_all(self) -> None:
        assert self.all_watched > 0
        self.all_watched -= 1

    def advance(self, now_us: int) -> None:
        self.advanced.append(now_us)
        while self.script and self.script[0].time_us <= now_us:
            self.tell(self.script.pop(0))

    def knows(self, ticker: str, now_us: int) -> bool:
        return ticker in self.levels

    def book(self, ticker: str, now_us: int) -> Book:
        sides = self.levels[ticker]
        return Book(tuple(sorted(sides["yes"].items())), tuple(sorted(sides["no"].items())))

    def clock(self, ticker: str) -> int:
        return self.clocks[ticker]

    def market_id(self, ticker: str) -> str:
        return stable_uuid("market", ticker)

    def ticker_of(self, market_id: str, now_us: int) -> str | None:
        return next((ticker for ticker in self.levels if self.market_id(ticker) == market_id), None)

    def ticker(self, ticker: str, now_us: int) -> TickerMoved:
        return TickerMoved(now_us, ticker, 4700, 4700, 4800, 300, 100, 3_389_600, 2_042_200, 2500)


class Connected:
    """A connection of an account, asked without a socket."""

    def __init__(self, hub: Hub, account_id: str) -> None:
        self.hub = hub
        self.outbox = Outbox(lambda: None)
        self.session = hub.connect(account_id, self.outbox)
        self._last_id = 0

    def say(self, cmd: str, **params: Any) -> list[Json]:
        """The frames after a command, of whatever sort."""
        self._last_id += 1
        return self.say_text(json.dumps({"id": self._last_id, "cmd": cmd, "params": params}))

    def say_text(self, text: str | bytes) -> list[Json]:
        self.session.execute(text)
        return self.frames()

    def refused(self, cmd: str, **params: Any) -> int:
        """The error code of a command that is answered by nothing else."""
        (frame,) = self.say(cmd, **params)
        assert frame["type"] == "error", frame
        assert frame["id"] == self._last_id
        return frame["msg"]["code"]

    def raw(self) -> list[bytes]:
        """What is to be sent, taken as the writer does."""
        taken = self.outbox.take(1_000_000)
        for waiting in taken:
            waiting.lane.taken += 1
        return [waiting.frame for waiting in taken]

    def frames(self) -> list[Json]:
        return [json.loads(frame) for frame in self.raw()]

    def beat(self) -> list[Json]:
        """The frames of what happened up to now."""
        while self.hub.beat():
            pass
        return self.frames()


class Desk:
    """A scripted exchange, its clock, and a hub over them."""

    def __init__(self, tampering: Tampering | None = None, limits: Limits | None = None) -> None:
        self.clock = Hands()
        self.real_s = 0.0
        self.exchange = ScriptedExchange()
        self.hub = Hub(
            self.exchange, self.clock, tampering or Untampered(), limits or Limits(), monotonic=lambda: self.real_s
        )

    def connect(self, account_id: str = ANN) -> Connected:
        return Connected(self.hub, account_id)

    def delta(self, price: int, count: int, ticker: str = DET, **more: Any) -> BookDelta:
        """A change of a level one second from now."""
        return BookDelta(self.clock.us + 1_000_000, ticker, more.pop("side", "yes"), price, count, 0, **more)


def by_type(frames: list[Json], kind: str) -> list[Json]:
    return [frame for frame in frames if frame["type"] == kind]


class Rebuilt:
    """Books as a client rebuilds them from frames of one subscription; every seq must follow the one before."""

    def __init__(self) -> None:
        self.seq = 0
        self.clocks: dict[str, int] = {}
        self.books: dict[str, dict[str, dict[str, int]]] = {}

    def take(self, frames: list[Json]) -> None:
        for frame in frames:
            if frame["type"] not in ("orderbook_snapshot", "orderbook_delta"):
                continue
            assert frame["seq"] == self.seq + 1, frame
            self.seq = frame["seq"]
            said = frame["msg"]
            ticker = said["market_ticker"]
            if frame["type"] == "orderbook_snapshot":
                self.books[ticker] = {
                    side: {price: _hundredths(count) for price, count in said.get(f"{side}_dollars_fp", [])}
                    for side in ("yes", "no")
                }
            else:
                assert said["clock"] > 0
                assert said["clock"] >= self.clocks.get(ticker, 0)
                side = self.books[ticker][said["side"]]
                price = said["price_dollars"]
                side[price] = side.get(price, 0) + _hundredths(said["delta_fp"])
                assert side[price] >= 0, frame
                if not side[price]:
                    del side[price]
            self.clocks[ticker] = said["clock"]


def _hundredths(text: str) -> int:
    whole, _, part = text.partition(".")
    assert len(part) == 2, text
    return int(whole + part)
