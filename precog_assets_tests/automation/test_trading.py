"""The trading sensor: near markets at every tick, all others each minute, told with versions and checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.automation.memory import News, TickMemory
from precog_assets.automation.trading import EVERYTHING_EACH_S, near, trading_tick
from precog_assets.domain.leagues import Outcome
from precog_assets.pipeline.feeds import only_one
from precog_assets.pipeline.live.standing_down import AWAY_S
from precog_assets.pipeline.live.venue_watch import VenueWatch
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.sources.kalshi.client import KalshiClient
from precog_assets.store import tables
from precog_assets_tests.automation.test_live import Ticking, later, made, memory, rows, said
from precog_assets_tests.pipeline.book_world import order, put
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    game_row,
    jac,
    kc,
    market_row,
    put_games,
    put_link,
    put_markets,
    put_quote,
    put_slate,
)

TOMORROW = NOW + timedelta(days=1)


def put_far(services: Services) -> str:
    """A quoted market of a game of tomorrow."""
    with services.engine.begin() as connection:
        put_games(connection, game_row(9, start_time=TOMORROW))
        put_markets(connection, market_row(kc(9)))
        put_link(connection, kc(9), "nfl:9", Outcome.HOME)
        put_quote(connection, kc(9), "0.49", "0.51")
    return kc(9)


def test_a_tick_prices_decides_and_tells_every_table_with_its_checks(
    resource: PrecogServices, services: Services, instance: dg.DagsterInstance
) -> None:
    put_slate(services.engine)
    trading = Ticking("trading_live", resource, instance)
    result = trading.tick()
    told = made(result)
    assert set(told) == {
        "model/prices",
        "book/decisions",
        "book/orders",
        "book/fills",
        "book/ledger",
        "book/settlements",
    }
    assert told["model/prices"]["dagster/row_count"] == 2
    assert told["book/decisions"]["dagster/row_count"] == rows(services, tables.decisions)[0] > 0
    checks = {event.check_name for event in result.asset_events if isinstance(event, dg.AssetCheckEvaluation)}
    assert {"schema", "sums_to_one", "lineage", "sums_to_zero", "paid_in_time"} <= checks
    assert said(result).startswith("prices: 2 in")
    assert made(trading.tick()) == {}


def test_between_the_minutes_only_markets_near_their_games_are_decided_on(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    far = put_far(services)
    assert near(services) == sorted([kc(), jac()])
    first = trading_tick(services, memory(services), "a")
    later(services, clock)
    second = trading_tick(services, memory(services), "b")
    later(services, clock, EVERYTHING_EACH_S)
    third = trading_tick(services, memory(services), "c")
    markets = [tick.reports["decisions"].notes["markets"] for tick in (first, second, third)]
    assert markets == [3, 2, 3], far


class Scripted(News):
    """News that come when they are waited for: each is one of `happenings`, done then."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        super().__init__()
        self.happenings = list(happenings)

    def wait(self, seen: int, timeout_s: float) -> bool:
        if timeout_s <= 0 or not self.happenings:
            return False
        self.happenings.pop(0)()
        return True


def test_a_tick_that_stays_decides_again_at_news_and_reports_both(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    first: list[int] = []

    def changed() -> None:
        first.extend(rows(services, tables.decisions))
        clock.forward(1)
        with services.engine.begin() as connection:
            put_quote(connection, kc(), "0.40", "0.42", clock.now())

    tick = trading_tick(services, TickMemory(monotonic=lambda: 0.0, news=Scripted(changed)), "a", stays_s=4.0)
    decided = tick.reports["decisions"]
    assert decided.rows_in == 2 * first[0]
    assert first[0] < decided.inserted == rows(services, tables.decisions)[0]


def test_news_that_were_told_since_are_not_waited_for() -> None:
    news = News()
    seen = news.seen()
    assert not news.wait(seen, 0.0)
    news.tell()
    assert news.wait(seen, 0.0)
    assert not news.wait(news.seen(), 0.0)


def test_a_venue_that_is_away_for_long_passes_every_market_and_what_rests_is_taken_back(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a collector nobody else looks."""
    put_slate(services.engine)
    now = [100.0]
    remembered = TickMemory(monotonic=lambda: now[0], venue=VenueWatch(monotonic=lambda: now[0]))
    trading_tick(services, remembered, "a")
    terms = {"status": "resting", "limit_price": Decimal("0.02"), "created_at": NOW, "ticker": kc().partition(":")[2]}
    put(services.engine, tables.orders, order("rests", kc(), **terms))
    monkeypatch.setattr(KalshiClient, "answers", False)
    trading_tick(services, remembered, "b")
    now[0] += AWAY_S + 1
    later(services, clock)
    tick = trading_tick(services, remembered, "c")
    assert tick.reports["decisions"].rows_in > 0
    with services.engine.connect() as connection:
        gates = connection.execute(
            sa.text("SELECT action, gates FROM book.decisions WHERE as_of = (SELECT max(as_of) FROM book.decisions)")
        ).all()
        rests = connection.execute(sa.select(tables.orders).where(tables.orders.c.client_id == "rests")).one()
    assert gates
    for action, judged in gates:
        assert (action, [gate["passed"] for gate in judged if gate["name"] == "venue"]) == ("pass", [False])
    assert (rests.status, rests.reason) == ("canceled", "venue_down")


def test_two_processes_do_not_trade_at_once(services: Services) -> None:
    put_slate(services.engine)
    with only_one(services.engine, "trading") as mine:
        assert mine
        tick = trading_tick(services, memory(services), "a")
    assert tick.reports == {}
    assert tick.sentence == "trading: another process is at it"
    assert rows(services, tables.decisions) == [0]
