"""Informed takers trade on the score before the makers know it, and profit; noise takers pay them for it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from precog_assets.simulator.kalshi.flow import Print
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import HOUR_US, microseconds
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.kalshi.tiny_world import TinyWorld

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Played = list[tuple[Event, Listed, Print]]


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldSettings(anchor=ANCHOR, seed=3, leagues=("nfl", "nba", "epl")))


def in_play(market: WorldMarket) -> Played:
    found: Played = []
    for event in market.catalog.walk(market.catalog.series.values(), date(2026, 11, 20), date(2026, 11, 20)):
        close_us = microseconds(market.lifecycle.ending(event).close)
        for listed in event.markets:
            trades = market.flow.trades(event, listed, event.start_us, close_us)
            found += [(event, listed, trade) for trade in trades]
    return found


def edge(market: WorldMarket, played: Played) -> float:
    """What takers gained a contract against the true value at their trade, in dollars."""
    gained = contracts = 0.0
    for event, listed, trade in played:
        value = market.lifecycle.value(event, listed.side, trade.time_us)
        price = market.flow.price_of(event, listed, trade) / 10_000
        gained += trade.size * (value - price if trade.taker_yes else price - value)
        contracts += trade.size
    return gained / contracts


def test_without_informed_takers_takers_lose_and_with_them_they_lose_less(world: World) -> None:
    markets = {share: WorldMarket(world, Habits(informed=share, paused=0.0)) for share in (0.0, 0.4)}
    edges = {share: edge(market, in_play(market)) for share, market in markets.items()}
    assert edges[0.0] < -0.002
    assert edges[0.4] > edges[0.0] + 0.004


def test_informed_takers_follow_a_move_within_the_lag_at_a_price_that_pays(world: World) -> None:
    with_them, without = (WorldMarket(world, Habits(informed=share, paused=0.0)) for share in (0.4, 0.0))
    noise = {(listed.ticker, trade.time_us) for _, listed, trade in in_play(without)}
    informed = [item for item in in_play(with_them) if (item[1].ticker, item[2].time_us) not in noise]
    assert len(informed) > 200
    for event, listed, trade in informed:
        lag_us = with_them.makers.lag_us(event)
        value = with_them.lifecycle.value(event, listed.side, trade.time_us)
        before = with_them.lifecycle.value(event, listed.side, trade.time_us - lag_us)
        price = with_them.flow.price_of(event, listed, trade) / 10_000
        assert (value - price if trade.taker_yes else price - value) > 0
        assert value != before


def test_informed_share_of_what_is_traded_in_play_is_near_the_one_asked_for(world: World) -> None:
    sums = {}
    for share in (0.0, 0.25):
        sums[share] = sum(trade.size for _, _, trade in in_play(WorldMarket(world, Habits(informed=share, paused=0.0))))
    assert 0.1 < 1 - sums[0.0] / sums[0.25] < 0.35


@pytest.mark.parametrize("ticker", ["KXNFLGAME-26NOV22TBDAL-DAL", "KXEPLGAME-26NOV22CRYMCI-CRY"])
def test_volume_is_the_sum_of_the_prints_at_any_instant_also_across_stops(ticker: str) -> None:
    market = WorldMarket(TinyWorld())
    pair = market.catalog.market(ticker)
    assert pair is not None
    event, listed = pair
    stop_us = event.start_us + HOUR_US // 3
    market.hours.close(event.game.start, event.game.start.replace(minute=event.game.start.minute + 40))
    for at in range(event.start_us - HOUR_US, event.start_us + 3 * HOUR_US, HOUR_US // 7):
        trades = market.flow.trades(event, listed, 0, at)
        assert market.flow.volume(event, listed, at) == sum(trade.size for trade in trades)
        assert market.flow.last(event, listed, at) == (trades[-1] if trades else None)
    assert market.flow.trades(event, listed, event.start_us - 1, stop_us) == []


@pytest.mark.parametrize("bad", [{"informed": 1.0}, {"disputed": -0.1}, {"paused": 1.5}])
def test_habits_that_are_no_shares_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Habits(**bad)
