"""A market's life: statuses only go on, results follow the game, money is paid as the rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.noise import key_of
from precog_assets_tests.simulator.kalshi.conftest import Ask
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW, TinyWorld

ORDER = ["initialized", "active", "closed", "determined", "finalized"]
DAL, TB = "KXNFLGAME-26NOV22TBDAL-DAL", "KXNFLGAME-26NOV22TBDAL-TB"


def test_statuses_are_monotone_and_all_are_passed(get: Ask) -> None:
    created = parse_instant(get(f"/markets/{DAL}")["market"]["created_time"])
    end = LIVE.start + timedelta(hours=3)
    moments = [created + timedelta(minutes=i) for i in range(0, 70, 4)] + [
        end + timedelta(seconds=i) for i in range(240)
    ]
    seen = [get(f"/markets/{DAL}", when)["market"]["status"] for when in moments]
    assert [ORDER.index(s) for s in seen] == sorted(ORDER.index(s) for s in seen)
    assert set(seen) == set(ORDER)


def test_close_time_is_the_deadline_until_the_real_end(get: Ask) -> None:
    before = get(f"/markets/{DAL}")["market"]
    assert parse_instant(before["close_time"]) == LIVE.start + timedelta(hours=48)
    after = get(f"/markets/{DAL}", LIVE.start + timedelta(hours=4))["market"]
    assert timedelta(0) < parse_instant(after["close_time"]) - (LIVE.start + timedelta(hours=3)) < timedelta(minutes=1)
    assert after["latest_expiration_time"] == before["latest_expiration_time"]


def test_result_shows_when_determined_and_settlement_time_when_finalized(get: Ask) -> None:
    end = LIVE.start + timedelta(hours=3)
    market: dict[str, Any] = {}
    for second in range(300):
        market = get(f"/markets/{DAL}", end + timedelta(seconds=second))["market"]
        past = ORDER.index(market["status"])
        assert (market["result"] != "") == ("settlement_value_dollars" in market) == (past >= 3)
        assert ("settlement_ts" in market) == (past >= 4)
    closed = parse_instant(market["settlement_ts"])
    assert closed - parse_instant(market["close_time"]) > timedelta(seconds=market["settlement_timer_seconds"])


def test_winner_pays_a_dollar_and_both_markets_name_it(get: Ask) -> None:
    when = LIVE.start + timedelta(hours=5)
    home, away = (get(f"/markets/{ticker}", when)["market"] for ticker in (DAL, TB))
    assert (home["result"], home["settlement_value_dollars"]) == ("yes", "1.0000")
    assert (away["result"], away["settlement_value_dollars"]) == ("no", "0.0000")
    assert home["expiration_value"] == away["expiration_value"] == "Dallas"


def test_nfl_tie_pays_half_as_scalar(get: Ask) -> None:
    for market in get("/events/KXNFLGAME-26NOV21NYJNYG")["markets"]:
        assert (market["result"], market["settlement_value_dollars"]) == ("scalar", "0.5000")
        assert market["market_type"] == "binary"
        assert market["expiration_value"] == ""


def test_postponed_game_stays_active_until_the_deadline_then_pays_fair_prices(get: Ask) -> None:
    event = "/events/KXNFLGAME-26NOV19DALTB"
    deadline = parse_instant("2026-11-21T18:00:00Z")
    assert {m["status"] for m in get(event, deadline - timedelta(seconds=1))["markets"]} == {"active"}
    after = get(event, deadline + timedelta(hours=1))["markets"]
    assert {(m["status"], m["result"]) for m in after} == {("finalized", "scalar")}
    assert sum(Decimal(m["settlement_value_dollars"]) for m in after) == 1


@pytest.mark.parametrize("ticker", [DAL, TB])
def test_volume_and_open_interest_never_fall_before_settlement(get: Ask, ticker: str) -> None:
    rows = [get(f"/markets/{ticker}", NOW + timedelta(minutes=7 * i))["market"] for i in range(18)]
    for name in ("volume_fp", "open_interest_fp"):
        values = [Decimal(row[name]) for row in rows]
        assert values == sorted(values)
        assert values[-1] > values[0]
    assert all(Decimal(row["open_interest_fp"]) <= Decimal(row["volume_fp"]) for row in rows)


def test_a_wrong_determination_is_disputed_and_amended_before_it_is_paid() -> None:
    lifecycle = WorldMarket(TinyWorld(), Habits(disputed=1.0)).lifecycle
    event = Catalog(TinyWorld()).event(DAL.rpartition("-")[0])
    assert event is not None
    ending = lifecycle.ending(event)
    assert ending.disputed is not None
    assert ending.amended is not None
    assert ending.mistaken is not None
    instants = [ending.close, ending.determined, ending.disputed, ending.amended, ending.finalized]
    assert instants == sorted(instants)
    assert [lifecycle.status(event, at) for at in instants] == [
        "closed",
        "determined",
        "disputed",
        "amended",
        "finalized",
    ]
    shown = [ending.shown(at).winner for at in (ending.determined, ending.disputed, ending.amended, ending.finalized)]
    assert shown == ["away", "away", "home", "home"]
    assert ending.shown(ending.disputed).values == {"home": 0, "away": 10_000}
    assert ending.values == {"home": 10_000, "away": 0}
    assert ending.finalized - ending.amended == timedelta(seconds=60)


def test_about_one_event_in_a_hundred_is_determined_wrongly_and_ties_never() -> None:
    lifecycle = WorldMarket(TinyWorld()).lifecycle
    event = Catalog(TinyWorld()).event(DAL.rpartition("-")[0])
    assert event is not None
    disputed = sum(lifecycle.ending(replace(event, key=key_of(number))).disputed is not None for number in range(3_000))
    assert 15 <= disputed <= 45
    tied = Catalog(TinyWorld()).event("KXNFLGAME-26NOV21NYJNYG")
    assert tied is not None
    assert WorldMarket(TinyWorld(), Habits(disputed=1.0)).lifecycle.ending(tied).disputed is None
