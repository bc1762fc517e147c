"""Pages made from kept fragments are, at every instant, the pages that would be rendered anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from starlette.datastructures import QueryParams

from precog_assets.simulator.kalshi.answers import Query
from precog_assets.simulator.kalshi.endpoints import Call, Raw
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import instant_of, microseconds
from precog_assets.simulator.kalshi.kept import Kept, Span
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.reads import Reads
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW, TinyWorld

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PAGES = ({"limit": "1000"}, {"status": "open", "limit": "40"}, {"mve_filter": "exclude", "status": "settled"})


def said_by(reads: Reads, now: datetime, path: str, params: dict[str, str], named: dict[str, str]) -> object:
    endpoint = next(endpoint for endpoint in reads.endpoints() if endpoint.path == path)
    return endpoint.handler(Call(Query(endpoint.operation, QueryParams(params)), named, now))


def ask(reads: Reads, now: datetime, params: dict[str, str], path: str = "/markets") -> bytes:
    """The body of a read that answers in bytes."""
    said = said_by(reads, now, path, params, {})
    assert isinstance(said, Raw)
    return said.content


def answer_of(reads: Reads, now: datetime, path: str, params: dict[str, str], named: dict[str, str]) -> Any:
    """What a read answers, decoded."""
    said = said_by(reads, now, path, params, named)
    return orjson.loads(said.content) if isinstance(said, Raw) else said


@pytest.fixture(scope="module")
def market() -> WorldMarket:
    habits = Habits(paused=0.3, disputed=0.3)
    return WorldMarket(World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("nfl", "nba", "epl", "atp"))), habits)


def compare(market: WorldMarket, instants: list[datetime]) -> int:
    """How many answers of one long-lived venue were compared with those of new ones; and all were equal."""
    long_lived = market.reads()
    seen = set()
    for now in instants:
        for params in PAGES:
            kept = ask(long_lived, now, params)
            assert kept == ask(market.reads(), now, params), (now, params)
            seen.add(kept)
    return len(seen)


def test_kept_pages_equal_new_ones_while_time_goes_on_in_small_steps(market: WorldMarket) -> None:
    rng, now = Random(1), ANCHOR + timedelta(minutes=50)
    instants = []
    for _ in range(60):
        now += timedelta(seconds=rng.choice((0.0, 0.003, 0.4, 2.0, 9.0)))
        instants.append(now)
    assert compare(market, instants) > 20


def test_kept_pages_equal_new_ones_when_time_jumps_back_and_forth(market: WorldMarket) -> None:
    rng = Random(2)
    assert compare(market, [ANCHOR + timedelta(hours=rng.uniform(-60, 60)) for _ in range(12)]) > 20


def test_kept_pages_equal_new_ones_right_before_and_at_each_change() -> None:
    market = WorldMarket(TinyWorld(), Habits(paused=1.0, disputed=1.0))
    pair = market.catalog.market("KXNFLGAME-26NOV22TBDAL-DAL")
    assert pair is not None
    event, listed = pair
    instants: list[datetime] = []
    for begin in (LIVE.start - timedelta(seconds=90), LIVE.start + timedelta(hours=3) - timedelta(seconds=20)):
        at = microseconds(begin)
        for _ in range(25):
            at = market.depth.next_change_us(event, listed, at)
            instants += [instant_of(at - 1), instant_of(at)]
    assert compare(market, instants) > 20


def test_kept_pages_follow_closures_set_and_lifted_meanwhile() -> None:
    market = WorldMarket(TinyWorld())
    reads = market.reads()
    params = {"status": "open", "limit": "1000", "mve_filter": "exclude"}
    before = ask(reads, NOW, params)
    market.hours.close(NOW - timedelta(minutes=5), NOW + timedelta(minutes=5))
    closed = ask(reads, NOW, params)
    assert closed == ask(market.reads(), NOW, params) != before
    assert b'"yes_bid_dollars":"0.0000"' in closed
    market.hours.reopen(NOW - timedelta(minutes=5))
    assert ask(reads, NOW, params) == before


def test_nested_events_hold_the_markets_of_the_listing(market: WorldMarket) -> None:
    reads = market.reads()
    params = {"with_nested_markets": "true", "limit": "50", "status": "open"}
    assert ask(reads, ANCHOR, params, "/events") == ask(market.reads(), ANCHOR, params, "/events")
    events = orjson.loads(ask(reads, ANCHOR, params, "/events"))["events"]
    listed = {
        row["ticker"]: row
        for event in events
        for row in orjson.loads(ask(reads, ANCHOR, {"event_ticker": event["event_ticker"]}))["markets"]
    }
    nested = {row["ticker"]: row for event in events for row in event["markets"]}
    assert nested == listed
    assert len(nested) > 90


def test_what_is_kept_is_bounded() -> None:
    kept: Kept[int, str] = Kept(3)
    for number in range(10):
        kept.put(number, Span(0, 10, str(number)))
    assert len(kept) == 3
    assert [kept.get(number, 5) for number in (6, 7)] == [None, Span(0, 10, "7")]
    assert kept.get(7, 10) is None
    assert kept.get(7, -1) is None
    kept.put(8, Span(4, 4, "for no time"))
    assert len(kept) == 2
    kept.at(1)
    assert len(kept) == 0
