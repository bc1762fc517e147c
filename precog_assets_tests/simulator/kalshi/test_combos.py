"""Combos: most of the unfiltered listing, priced as products of their legs, settled with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import prod
from typing import Any

import pytest

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.combos import COLLECTION, COMBO_SERIES, Combo
from precog_assets.simulator.kalshi.instants import HOUR_US, NEVER_US, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.conftest import Ask

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> WorldMarket:
    return WorldMarket(World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("nfl", "nba", "epl", "atp"))))


@pytest.fixture(scope="module")
def combos(market: WorldMarket) -> list[Combo]:
    return list(market.combos.walk(date(2026, 11, 19), date(2026, 11, 22)))


def tickers(page: dict[str, Any]) -> list[str]:
    return [market["ticker"] for market in page["markets"]]


def test_filters_show_only_combos_or_none_and_without_one_both(get: Ask) -> None:
    only = tickers(get("/markets", mve_filter="only", limit=1000))
    games = tickers(get("/markets", mve_filter="exclude", limit=1000))
    assert only
    assert all(ticker.startswith("KXMVE") for ticker in only)
    assert not any(ticker.startswith("KXMVE") for ticker in games)
    assert sorted(tickers(get("/markets", limit=1000))) == sorted(only + games)
    assert tickers(get("/markets", series_ticker="KXNFLGAME", limit=1000)) == tickers(
        get("/markets", series_ticker="KXNFLGAME", limit=1000, mve_filter="exclude")
    )
    assert tickers(get("/markets", series_ticker=COMBO_SERIES, limit=1000)) == only


def test_pages_hold_every_combo_and_game_once(get: Ask) -> None:
    whole, cursor, pages = tickers(get("/markets", limit=1000)), "", []
    while True:
        page = get("/markets", limit=7, cursor=cursor)
        pages += tickers(page)
        cursor = page["cursor"]
        if not cursor:
            break
    assert pages == whole
    assert len(set(whole)) == len(whole)


def test_the_unfiltered_open_listing_is_mostly_combos(market: WorldMarket) -> None:
    days = date(2026, 11, 18), date(2026, 11, 29)
    now_us = microseconds(ANCHOR)
    combos = sum(market.combos.status(combo, now_us) is MarketStatus.ACTIVE for combo in market.combos.walk(*days))
    events = market.catalog.walk(market.catalog.series.values(), *days)
    games = sum(len(e.markets) for e in events if market.lifecycle.status(e, ANCHOR) is MarketStatus.ACTIVE)
    assert combos > games > 100


def test_a_combo_is_found_by_market_and_event_ticker_with_its_legs(get: Ask) -> None:
    combo = get("/markets", mve_filter="only", limit=1)["markets"][0]
    assert get(f"/markets/{combo['ticker']}")["market"] == combo
    answer = get(f"/events/{combo['event_ticker']}")
    assert answer["markets"] == [combo]
    assert (answer["event"]["series_ticker"], answer["event"]["exchange_index"]) == (COMBO_SERIES, 1)
    assert combo["exchange_index"] == 1
    assert combo["mve_collection_ticker"] == COLLECTION
    assert 2 <= len(combo["mve_selected_legs"]) <= 4
    for leg in combo["mve_selected_legs"]:
        assert get(f"/markets/{leg['market_ticker']}")["market"]["event_ticker"] == leg["event_ticker"]
    assert len({leg["event_ticker"] for leg in combo["mve_selected_legs"]}) == len(combo["mve_selected_legs"])


def test_multivariate_events_are_listed_apart_from_games(get: Ask) -> None:
    events = get("/events/multivariate", limit=200, with_nested_markets="true")["events"]
    assert {event["event_ticker"] for event in events} == {
        market["event_ticker"] for market in get("/markets", mve_filter="only", limit=1000)["markets"]
    }
    assert not any(event["event_ticker"].startswith("KXMVE") for event in get("/events")["events"])
    (one,) = get("/events/multivariate", tickers=events[0]["event_ticker"])["events"]
    assert one == {name: value for name, value in events[0].items() if name != "markets"}
    assert get("/events/multivariate", series_ticker="KXNFLGAME")["events"] == []


def test_the_collection_holds_what_is_open_now(get: Ask, client: Client) -> None:
    (row,) = get("/multivariate_event_collections", status="open")["multivariate_contracts"]
    assert row == get(f"/multivariate_event_collections/{COLLECTION}")["multivariate_contract"]
    opened = {event["event_ticker"] for event in get("/events", status="open")["events"]}
    assert set(row["associated_event_tickers"]) == opened
    assert get("/multivariate_event_collections", status="closed")["multivariate_contracts"] == []
    assert client.get("/trade-api/v2/multivariate_event_collections/KXMVENO").status_code == 404


@pytest.mark.parametrize(
    "ticker",
    ["KXMVESPORTSMULTIGAMEEXTENDED-S20265A700000000-00000000000", "KXMVESPORTSMULTIGAMEEXTENDED-S9999FFF00000000",
     "KXMVESPORTSMULTIGAMEEXTENDED-S1", "KXMVENFLSINGLEGAME-26NOV22"],
)  # fmt: skip
def test_unknown_combos_are_404(client: Client, ticker: str) -> None:
    assert client.get(f"/trade-api/v2/markets/{ticker}").status_code == 404
    assert client.get(f"/trade-api/v2/events/{ticker}").status_code == 404


def test_the_bid_is_below_the_product_of_the_legs_and_the_ask_above(market: WorldMarket, combos: list[Combo]) -> None:
    now_us = microseconds(ANCHOR)
    quoted = 0
    for combo in combos:
        quote = market.combos.quote(combo, now_us)
        if not quote.bid_size:
            continue
        quoted += 1
        chances = []
        for leg in combo.legs:
            settled = market.combos.leg_value(leg, now_us)
            home, draw, away = market.makers.opinion(leg.event, now_us)
            value = {"home": home, "draw": draw, "away": away}[leg.market.side]
            believed = value if leg.yes else 1 - value
            chances.append(believed if settled is None else settled / 10_000)
        assert quote.yes_bid < 10_000 * prod(chances) < quote.yes_ask
        assert quote.yes_bid % 10 == 0 == quote.yes_ask % 10
    assert quoted > 50


def test_a_combo_wins_when_all_legs_do_and_is_lost_with_the_first_that_is_lost(
    market: WorldMarket, combos: list[Combo]
) -> None:
    results = set()
    for combo in combos:
        end_us = combo.deadline_us
        ended = market.combos.outcome(combo, end_us)
        assert ended is not None
        results.add(ended.result)
        values = {leg: market.combos.leg_value(leg, end_us) for leg in combo.legs}
        times = {leg: microseconds(market.lifecycle.ending(leg.event).finalized) for leg in combo.legs}
        lost = [times[leg] for leg, value in values.items() if value == 0]
        assert (ended.value == 0) == bool(lost)
        assert ended.close_us == (min(lost) if lost else max(times.values()))
        assert market.combos.status(combo, ended.close_us - 1) is MarketStatus.ACTIVE
        assert market.combos.status(combo, ended.finalized_us) is MarketStatus.FINALIZED
        assert market.combos.next_status_us(combo, ended.finalized_us) == NEVER_US
    assert {"yes", "no"} <= results


def test_a_combo_does_not_change_between_the_instants_that_are_announced(
    market: WorldMarket, combos: list[Combo]
) -> None:
    for combo in combos[::40]:
        at = combo.legs[0].event.start_us - HOUR_US // 4
        for _ in range(40):
            following = market.combos.next_change_us(combo, at)
            seen = {(market.combos.status(combo, t), market.combos.quote(combo, t)) for t in (at, following - 1)}
            assert len(seen) == 1
            at = following
            if at == NEVER_US:
                break


def test_settled_combos_are_in_the_archive_with_their_legs_values(get: Ask) -> None:
    later = ANCHOR + timedelta(days=9)
    rows = get("/historical/markets", later, mve_filter="only", limit=1000)["markets"]
    assert rows
    row = rows[0]
    assert get(f"/historical/markets/{row['ticker']}", later)["market"] == row
    assert row["status"] == "finalized"
    won = float(row["settlement_value_dollars"])
    if row["result"] == "yes":
        assert all(
            leg["yes_settlement_value_dollars"] == ("1.0000" if leg["side"] == "yes" else "0.0000")
            for leg in row["mve_selected_legs"]
        )
    assert (row["result"], won) in {("yes", 1.0), ("no", 0.0)} or 0 < won < 1
