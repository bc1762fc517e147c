"""The venue over the real simulated world, a few leagues of each kind."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from starlette.applications import Starlette

from precog_assets.domain.times import FixedClock, parse_instant
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.kalshi.asking import Client

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldSettings(anchor=ANCHOR, seed=11, leagues=("nfl", "nba", "mlb", "epl", "atp")))


def test_values_follow_the_truth_at_every_instant_and_a_tie_pays_half(world: World) -> None:
    catalog, lifecycle, rng = Catalog(world), Lifecycle(world), Random(5)
    events = list(catalog.walk(catalog.series.values(), date(2026, 11, 20), date(2026, 11, 22)))
    assert len({event.series.league for event in events}) == 5
    for event in events:
        for _ in range(8):
            when = event.game.start + timedelta(seconds=rng.uniform(-3_600, 14_400))
            truth = world.truth(event.game, when)
            half = 0.0 if event.series.league == "epl" else truth.draw / 2
            assert lifecycle.chances(event, microseconds(when)) == pytest.approx(
                (truth.home_win + half, truth.draw - 2 * half, truth.away_win + half)
            )


def test_market_settles_as_its_game_ended(world: World) -> None:
    catalog, lifecycle = Catalog(world), Lifecycle(world)
    for event in catalog.walk(catalog.series.values(), date(2026, 11, 16), date(2026, 11, 20)):
        final = world.truth(event.game, event.deadline)
        ending = lifecycle.ending(event)
        assert sum(ending.values.values()) == 10_000
        if final.completed:
            assert ending.winner == final.winner
            assert timedelta(0) < ending.close - final.at < timedelta(seconds=40)
        else:
            assert (ending.winner, ending.close) == (None, event.deadline)


def test_later_rounds_are_listed_only_once_both_players_are_known(world: World) -> None:
    catalog = Catalog(world)
    events = catalog.walk(catalog.series.values(), date(2026, 10, 1), date(2026, 11, 30))
    drawn = [event for event in events if event.game.known_from is not None]
    assert drawn
    for event in drawn:
        assert event.game.known_from is not None
        assert event.game.known_from <= event.created < event.opened < event.game.start


@pytest.mark.parametrize("hours", [-30.0, -2.0, 0.0, 1.7])
def test_events_of_a_saturday_evening_are_priced_as_one(world: World, hours: float) -> None:
    now = ANCHOR + timedelta(hours=hours)
    with Client(Starlette(routes=KalshiVenue(world, FixedClock(now)).routes())) as client:
        page = client.get("/trade-api/v2/markets", {"status": "open", "limit": 1000, "mve_filter": "exclude"}).json()
    by_event = defaultdict(list)
    for market in page["markets"]:
        by_event[market["event_ticker"]].append(market)
        assert 0.01 <= float(market["yes_bid_dollars"]) < float(market["yes_ask_dollars"]) <= 0.99
        assert parse_instant(market["open_time"]) <= now
    assert len(by_event) > 50
    for ticker, markets in by_event.items():
        assert len(markets) == (3 if ticker.startswith("KXEPLGAME") else 2)
        bids = sum(float(m["yes_bid_dollars"]) for m in markets)
        asks = sum(float(m["yes_ask_dollars"]) for m in markets)
        assert bids <= 1.0001
        assert asks >= 0.9999
        assert abs((bids + asks) / 2 - 1) < 0.04
