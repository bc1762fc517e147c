"""The venue over the tiny world, asked in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from precog_assets.domain.times import FixedClock
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TinyWorld

Ask = Callable[..., Any]


class MovableClock:
    """A clock the tests put where they need it."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant


def app_at(instant: datetime) -> Starlette:
    """A new venue, with empty caches, at an instant."""
    return Starlette(routes=KalshiVenue(TinyWorld(), FixedClock(instant)).routes())


@pytest.fixture(scope="module")
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(scope="module")
def client(clock: MovableClock) -> Iterator[Client]:
    with Client(Starlette(routes=KalshiVenue(TinyWorld(), clock).routes())) as client:
        yield client


@pytest.fixture
def get(client: Client, clock: MovableClock) -> Ask:
    """GET a path under /trade-api/v2 at NOW, or at `when`; the JSON of a 200 answer."""

    def ask(path: str, when: datetime = NOW, **params: Any) -> Any:
        clock.instant = when
        answer = client.get("/trade-api/v2" + path, params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask
