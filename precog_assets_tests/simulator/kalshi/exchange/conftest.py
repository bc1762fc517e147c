"""An exchange over the tiny world, and traders who call its venue with signed requests."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.applications import Starlette

from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.kalshi.exchange.events import ExchangeEvent
from precog_assets.simulator.kalshi.exchange.exchange import Exchange, Opened
from precog_assets.simulator.kalshi.exchange.model import BookSide
from precog_assets.simulator.kalshi.exchange.trading import Ticket
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TinyWorld

EventT = TypeVar("EventT")
PREFIX = "/trade-api/v2"
DAL = "KXNFLGAME-26NOV22TBDAL-DAL"
"""A market of a game in play at NOW."""
TB = "KXNFLGAME-26NOV22TBDAL-TB"
WIDE = "KXMLBGAME-26NOV222110SEALADG2-SEA"
"""A market whose makers leave a price free between bid and ask at NOW."""
FINE = "KXATPMATCH-26NOV23DARZVE-ZVE"
"""A market with prices by tenths of a cent."""


def new_exchange(clock: MovableClock, **options: Any) -> Exchange:
    return Exchange(WorldMarket(TinyWorld()), clock, **options)


def account(exchange: Exchange) -> str:
    """A new account with a million dollars; its id."""
    return exchange.open_account(Decimal(1_000_000), "prime", key_kind="ed25519").account_id


@pytest.fixture
def exchange() -> Exchange:
    return new_exchange(MovableClock())


@pytest.fixture
def ann(exchange: Exchange) -> str:
    return account(exchange)


@pytest.fixture
def heard(exchange: Exchange) -> list[ExchangeEvent]:
    """Every event the exchange tells from now on."""
    events: list[ExchangeEvent] = []
    exchange.listen(events.append)
    return events


def of(kind: type[EventT], events: list[ExchangeEvent]) -> list[EventT]:
    """The events of a kind."""
    return [event for event in events if isinstance(event, kind)]


def ticket(side: BookSide = "bid", price: int = 100, count: int = 1_000, **more: Any) -> Ticket:
    """An order on DAL with prices in 1/10,000 dollars and counts in 1/100 contracts."""
    terms: dict[str, Any] = {
        "ticker": DAL,
        "client_order_id": "",
        "time_in_force": "good_till_canceled",
        "self_trade": "taker_at_cross",
    }
    return Ticket(side=side, price=price, count=count, **{**terms, **more})


class Venue:
    """A venue served in process, with a clock the test moves."""

    def __init__(self, **options: Any) -> None:
        self.clock = MovableClock()
        self.monotonic = 0.0
        self.kalshi = KalshiVenue(TinyWorld(), self.clock, monotonic_s=lambda: self.monotonic, **options)
        self.exchange = self.kalshi.exchange
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(Starlette(routes=self.kalshi.routes()))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://simulator")

    @property
    def now_us(self) -> int:
        return microseconds(self.clock.instant)

    def wait(self, **time: float) -> None:
        """Let the world's time, and the machine's, pass."""
        self.clock.instant += timedelta(**time)
        self.monotonic += timedelta(**time).total_seconds()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, PREFIX + path, **options))

    def trader(self, dollars: str = "1000", tier: str = "prime", **options: Any) -> Trader:
        return Trader(self, self.exchange.open_account(Decimal(dollars), tier, key_kind="ed25519", **options))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


class Trader:
    """An account that signs what it sends."""

    def __init__(self, venue: Venue, opened: Opened) -> None:
        self.venue, self.opened = venue, opened
        self.account_id, self.key_id = opened.account_id, opened.key_id
        assert opened.private_key_pem is not None
        key = load_pem_private_key(opened.private_key_pem.encode(), None)
        assert isinstance(key, Ed25519PrivateKey)
        self.key = key
        self.get = partial(self.call, "GET")
        self.post = partial(self.call, "POST")
        self.put = partial(self.call, "PUT")
        self.delete = partial(self.call, "DELETE")

    def headers(self, method: str, path: str, *, at_ms: int | None = None) -> dict[str, str]:
        """Signed headers of a call at a time of the machine."""
        stamp = str(int(time.time() * 1_000) if at_ms is None else at_ms)
        signature = self.key.sign(f"{stamp}{method}{PREFIX}{path}".encode())
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": stamp,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
        }

    def call(self, method: str, path: str, body: Any = None, status: int | None = None, **params: Any) -> Any:
        """The JSON of an answer of that status, by default any good one."""
        answer = self.raw(method, path, body, **params)
        assert answer.status_code == status if status else answer.is_success, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def raw(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        options: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body} if body else {}
        return self.venue.request(method, path, headers=self.headers(method, path), params=params or None, **options)

    def order(self, side: str, price: str, count: str = "1.00", status: int | None = None, **more: Any) -> Any:
        """Place an order on DAL."""
        return self.post("/portfolio/events/orders", order_body(side, price, count, **more), status)


def order_body(side: str, price: str, count: str = "1.00", **more: Any) -> dict[str, Any]:
    return {
        "ticker": DAL,
        "side": side,
        "price": price,
        "count": count,
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }


NewVenue = Callable[..., Venue]


@pytest.fixture
def new_venue() -> Iterator[NewVenue]:
    """Makes venues and closes them when the test ends."""
    made: list[Venue] = []

    def make(**options: Any) -> Venue:
        made.append(Venue(**options))
        return made[-1]

    yield make
    for venue in made:
        venue.close()


@pytest.fixture
def venue(new_venue: NewVenue) -> Venue:
    return new_venue()


@pytest.fixture
def trader(venue: Venue) -> Trader:
    return venue.trader()


@pytest.fixture
def quotes(venue: Venue) -> Callable[[], tuple[Decimal, Decimal]]:
    """The best bid and ask shown for DAL."""

    def ask() -> tuple[Decimal, Decimal]:
        book = venue.exchange.book(DAL, venue.now_us)
        return Decimal(book.yes[-1][0]) / 10_000, 1 - Decimal(book.no[-1][0]) / 10_000

    return ask


def instant(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)
