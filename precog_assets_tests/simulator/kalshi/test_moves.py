"""Games that are moved, called off, suspended or given away: which events they get, and how those settle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.times import days_between, eastern_day
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.instants import instant_of, microseconds
from precog_assets.simulator.kalshi.listing import Event
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.moves import offers
from precog_assets.simulator.world import World, WorldSettings
from precog_assets.simulator.world.model import Announced, SimGame
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE

FIRST = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def moved(announced: timedelta, by: timedelta, **more: datetime) -> SimGame:
    """A game first announced for FIRST, then `announced` before that for `by` later."""
    entries = (Announced(None, FIRST), Announced(FIRST - announced, FIRST + by))
    return replace(LIVE, start=FIRST + by, announced=entries, **more)


def test_a_game_that_never_moves_is_listed_once() -> None:
    assert [(offer.start, offer.again) for offer in offers(LIVE)] == [(LIVE.start, False)]


def test_a_game_moved_before_it_is_listed_is_listed_for_its_new_day() -> None:
    assert [offer.start for offer in offers(moved(timedelta(days=20), timedelta(days=3)))] == [
        FIRST + timedelta(days=3)
    ]


@pytest.mark.parametrize("hours", [-20, 3, 48])
def test_a_listed_game_moved_by_up_to_two_days_keeps_its_event(hours: int) -> None:
    assert [offer.start for offer in offers(moved(timedelta(days=2), timedelta(hours=hours)))] == [FIRST]


def test_a_listed_game_moved_further_is_listed_anew() -> None:
    by = timedelta(days=30)
    found = offers(moved(timedelta(hours=5), by))
    assert [(offer.start, offer.again) for offer in found] == [(FIRST, False), (FIRST + by, True)]
    assert found[1].since == FIRST - timedelta(hours=5)


def test_a_game_called_off_before_its_listing_is_not_listed_until_it_is_back() -> None:
    back = FIRST + timedelta(days=12)
    off = moved(timedelta(days=8), timedelta(days=30), off_from=FIRST - timedelta(days=10), off_until=back)
    assert [(offer.start, offer.since) for offer in offers(off)] == [(FIRST + timedelta(days=30), back)]
    never = replace(LIVE, fate="postponed", off_from=LIVE.start - timedelta(days=10))
    assert offers(never) == ()


@pytest.fixture(scope="module")
def market() -> WorldMarket:
    leagues = ("mlb", "epl", "ligue1", "atp", "wta")
    return WorldMarket(World(WorldSettings(anchor=ANCHOR, seed=12, leagues=leagues)))


@pytest.fixture(scope="module")
def events(market: WorldMarket) -> list[Event]:
    """All events of a year."""
    return list(market.catalog.walk(market.catalog.series.values(), date(2026, 1, 1), date(2027, 1, 31)))


def test_every_game_of_a_season_has_exactly_its_events(market: WorldMarket, events: list[Event]) -> None:
    world = World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("epl", "ligue1")))
    first, last = date(2026, 1, 1), date(2027, 1, 31)
    games = {
        game.event_id: game
        for league in world.leagues
        for day in days_between(first, last)
        for game in world.games_on(league, day)
    }
    wanted = sorted((game.event_id, offer.start) for game in games.values() for offer in offers(game))
    listed = [(e.game.event_id, e.first_start) for e in events if e.series.league in world.leagues]
    assert sorted(listed) == wanted
    assert len({event.ticker for event in events}) == len(events)
    for event in events[::50]:
        found = market.catalog.event(event.ticker)
        assert found is not None
        assert (found.key, found.first_start) == (event.key, event.first_start)


def test_a_game_moved_too_far_settles_at_fair_prices_and_its_new_event_by_the_game(
    market: WorldMarket, events: list[Event]
) -> None:
    again = {event.game.event_id: event for event in events if event.key != _key_of_first(market, event)}
    both = [(event, again[event.game.event_id]) for event in events if event.game.event_id in again]
    pairs = [(old, new) for old, new in both if old is not new]
    assert pairs
    for old, new in pairs:
        assert old.ticker != new.ticker
        ending = market.lifecycle.ending(old)
        assert ending.winner is None
        assert sum(ending.values.values()) == 10_000
        assert ending.close <= old.first_start + timedelta(hours=48)
        assert new.created > old.created
        played = market.lifecycle.ending(new)
        assert (played.winner is not None) == (new.game.fate == "played")


def _key_of_first(market: WorldMarket, event: Event) -> int:
    """The noise key of the first event of the same game."""
    first = offers(event.game)[0]
    catalog: Catalog = market.catalog
    found = catalog.day(event.series, eastern_day(first.start))
    return next(one.key for one in found if one.game.event_id == event.game.event_id and one.first_start == first.start)


@pytest.mark.parametrize("fate", ["canceled", "walkover", "postponed"])
def test_a_game_that_is_not_played_settles_at_fair_prices_that_sum_to_a_dollar(
    market: WorldMarket, events: list[Event], fate: str
) -> None:
    unplayed = [event for event in events if event.game.fate == fate]
    assert unplayed
    for event in unplayed:
        ending = market.lifecycle.ending(event)
        assert (ending.winner, ending.winner_name) == (None, "")
        assert sum(ending.values.values()) == 10_000
        assert all(0 < value < 10_000 for value in ending.values.values())
        off = event.game.off_from
        assert off is not None
        assert off < ending.close <= event.deadline
        soon = ending.close - max(off, event.opened) < timedelta(hours=2)
        assert soon == (fate != "postponed") or ending.close == event.deadline
        at_us = microseconds(ending.close)
        assert market.lifecycle.status_at(event, at_us - 1) in (MarketStatus.ACTIVE, MarketStatus.INACTIVE)
        assert market.lifecycle.status_at(event, at_us) is MarketStatus.CLOSED
        assert market.lifecycle.next_status_us(event, event.opened_us) <= at_us


def test_a_suspended_game_is_inactive_until_it_goes_on_and_settles_by_its_result(
    market: WorldMarket, events: list[Event]
) -> None:
    suspended = [event for event in events if any(p.status == "STATUS_SUSPENDED" for p in event.game.pauses)]
    stopped = [(event, market.lifecycle.path(event).suspensions) for event in suspended]
    assert any(spans for _, spans in stopped)
    for event, spans in stopped:
        ending = market.lifecycle.ending(event)
        assert ending.winner in ("home", "away")
        for begin_us, end_us in spans:
            assert market.lifecycle.status_at(event, begin_us) is MarketStatus.INACTIVE
            assert market.lifecycle.status_at(event, end_us - 1) is MarketStatus.INACTIVE
            assert market.lifecycle.status_at(event, end_us) is MarketStatus.ACTIVE
            assert market.lifecycle.close_shown(event, instant_of(end_us)) > instant_of(end_us)
            for listed in event.markets:
                assert market.flow.trades(event, listed, begin_us - 1, end_us - 1) == []


def test_a_retired_player_loses_and_the_market_settles_for_the_other(market: WorldMarket, events: list[Event]) -> None:
    world = World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("mlb", "epl", "ligue1", "atp", "wta")))
    met = 0
    for event in events:
        if event.series.league == "atp" and event.game.fate == "played":
            final = world.ending(event.game)
            if final.status == "STATUS_RETIRED":
                met += 1
                assert market.lifecycle.ending(event).winner == final.winner
    assert met > 3
