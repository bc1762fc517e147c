"""Markets, events, series and milestones as rows: exact values, empty sides, and every named rejection."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from precog_assets.domain.facts import EventSeen, MarketSeen, QuoteSeen, SeriesSeen
from precog_assets.sources.kalshi.parse import parse_events, parse_markets, parse_milestones, parse_series
from precog_assets_tests.sources.kalshi.payload_files import changed, element, fixture, market_page, page

EMPTY_BID = {"yes_bid_dollars": "0.0000", "yes_bid_size_fp": "0.00"}


def quote_of(change: dict[str, Any]) -> QuoteSeen:
    (market,) = parse_markets(market_page(change)).rows
    assert market.quote is not None
    return market.quote


def reasons(body: bytes) -> list[str]:
    parsed = parse_markets(body)
    assert len(parsed.rows) + len(parsed.rejections) == parsed.seen
    return [rejection.reason for rejection in parsed.rejections]


def test_a_market_becomes_a_row_with_exact_values() -> None:
    parsed = parse_markets(fixture("markets"))
    assert parsed.rows[0] == MarketSeen(
        market_id="kalshi:KXNBAGAME-26DEC25AAABBB-BBB",
        venue="kalshi",
        ticker="KXNBAGAME-26DEC25AAABBB-BBB",
        event_ticker="KXNBAGAME-26DEC25AAABBB",
        series_ticker="KXNBAGAME",
        title="Bees win",
        yes_sub_title="Bees",
        market_type="binary",
        status="active",
        result="",
        open_time=datetime(2026, 12, 18, 15, 5, tzinfo=UTC),
        close_time=datetime(2026, 12, 28, 1, 0, tzinfo=UTC),
        expected_expiration_time=datetime(2026, 12, 26, 4, 0, tzinfo=UTC),
        occurrence_time=datetime(2026, 12, 26, 4, 0, tzinfo=UTC),
        settlement_value=None,
        settlement_time=None,
        expiration_value="",
        strike_type="structured",
        strike={"basketball_team": "00000000-0000-4000-8000-000000000002"},
        price_level_structure="linear_cent",
        price_ranges=((Decimal(0), Decimal(1), Decimal("0.01")),),
        rules_primary="If Bees win, then the market resolves to Yes.",
        quote=QuoteSeen(
            yes_bid=Decimal("0.62"),
            yes_ask=Decimal("0.64"),
            yes_bid_size=Decimal("150.25"),
            yes_ask_size=Decimal("80"),
            last_price=Decimal("0.63"),
            volume=Decimal("1200.5"),
            volume_24h=Decimal("310"),
            open_interest=Decimal("900.75"),
        ),
        created_time=datetime(2026, 12, 18, 15, 0, 0, 123456, tzinfo=UTC),
        updated_time=datetime(2026, 12, 18, 15, 5, tzinfo=UTC),
    )
    assert (parsed.seen, parsed.rejections, parsed.next_cursor) == (3, [], "page-two")


def test_prices_keep_the_digits_that_were_sent() -> None:
    quote = quote_of({"yes_bid_dollars": "0.123456", "volume_fp": "271926.68"})
    assert str(quote.yes_bid) == "0.123456"
    assert str(quote.volume) == "271926.68"


def test_a_market_that_nobody_quotes_or_trades_has_no_prices_and_a_volume_of_zero() -> None:
    quote = parse_markets(fixture("markets")).rows[1].quote
    assert quote == QuoteSeen(None, None, None, None, None, Decimal(0), Decimal(0), Decimal(0))


def test_each_side_is_empty_on_its_own() -> None:
    quote = quote_of(EMPTY_BID)
    assert (quote.yes_bid, quote.yes_bid_size) == (None, None)
    assert (quote.yes_ask, quote.yes_ask_size) == (Decimal("0.64"), Decimal(80))
    quote = quote_of({"yes_ask_dollars": "1.0000", "yes_ask_size_fp": "0.00"})
    assert (quote.yes_bid, quote.yes_ask) == (Decimal("0.62"), None)


def test_an_ask_of_zero_without_size_is_no_ask_either() -> None:
    assert quote_of({"yes_ask_dollars": "0.0000", "yes_ask_size_fp": "0.00"}).yes_ask is None


def test_a_zero_that_says_something_stays_a_zero() -> None:
    assert quote_of({"last_price_dollars": "0.0000"}).last_price == 0
    assert quote_of({"yes_bid_dollars": "0.0000", "yes_bid_size_fp": "5.00"}).yes_bid == 0
    assert quote_of({"volume_fp": "0.00"}).last_price == Decimal("0.63")


@pytest.mark.parametrize("status", ["initialized", "closed", "determined", "disputed", "amended", "finalized", "new"])
def test_outside_the_quoted_statuses_there_is_no_quote(status: str) -> None:
    (market,) = parse_markets(market_page({"status": status})).rows
    assert market.quote is None
    assert market.status == status


def test_a_paused_market_keeps_its_quote() -> None:
    (market,) = parse_markets(market_page({"status": "inactive"})).rows
    assert market.quote is not None


def test_a_scalar_settlement_is_kept_in_spite_of_a_size_below_zero() -> None:
    market = parse_markets(fixture("markets")).rows[2]
    assert (market.result, market.settlement_value) == ("scalar", Decimal("0.11"))
    assert market.settlement_time == datetime(2026, 12, 2, 10, 0, tzinfo=UTC)
    assert market.strike == {"floor_strike": 3.5}
    assert market.quote is None


def test_a_size_below_zero_on_a_quoted_market_is_rejected() -> None:
    assert reasons(market_page({"yes_ask_size_fp": "-1.00"})) == ["bad_count"]


def test_the_zero_time_of_go_means_unset() -> None:
    assert parse_markets(fixture("markets")).rows[1].created_time is None
    assert reasons(market_page({"open_time": "0001-01-01T00:00:00Z"})) == ["bad_time"]


def test_a_tapered_grid_keeps_its_three_ranges() -> None:
    ranges = parse_markets(fixture("markets")).rows[1].price_ranges
    assert [step for _, _, step in ranges] == [Decimal("0.001"), Decimal("0.01"), Decimal("0.001")]


def test_a_market_without_a_grid_yet_is_still_seen() -> None:
    assert parse_markets(market_page({"price_ranges": []})).rows[0].price_ranges == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"yes_bid_dollars": ...}, "missing_key:yes_bid_dollars"),
        ({"status": ..., "ticker": ...}, "missing_key:ticker"),
        ({"yes_bid_dollars": "62 cents"}, "bad_price"),
        ({"yes_bid_dollars": "0,62"}, "bad_price"),
        ({"yes_bid_dollars": "6.2e-1"}, "bad_price"),
        ({"yes_bid_dollars": "NaN"}, "bad_price"),
        ({"yes_bid_dollars": "٠.٦٢"}, "bad_price"),
        ({"yes_bid_dollars": ""}, "bad_price"),
        ({"yes_bid_dollars": 0.62}, "wrong_type:yes_bid_dollars"),
        ({"yes_bid_dollars": None}, "wrong_type:yes_bid_dollars"),
        ({"yes_bid_dollars": "62.0000"}, "price_out_of_range"),
        ({"last_price_dollars": "-0.0100"}, "price_out_of_range"),
        ({"volume_fp": "-1.00"}, "bad_count"),
        ({"volume_fp": "many"}, "bad_count"),
        ({"volume_fp": "9" * 400}, "bad_count"),
        ({"close_time": "2026-10-11"}, "bad_time"),
        ({"close_time": "2026-10-11T00:15:00"}, "bad_time"),
        ({"close_time": "2026-13-11T00:15:00Z"}, "bad_time"),
        ({"close_time": 1790000000}, "wrong_type:close_time"),
        ({"settlement_ts": "soon"}, "bad_time"),
        ({"price_ranges": None}, "bad_price_ranges"),
        ({"price_ranges": [{"start": "0.5000", "end": "0.5000", "step": "0.0100"}]}, "bad_price_ranges"),
        ({"price_ranges": [{"start": 0, "end": 1, "step": 0.01}]}, "bad_price_ranges"),
        ({"price_ranges": {"start": "0"}}, "bad_price_ranges"),
        ({"custom_strike": "team"}, "wrong_type:custom_strike"),
        ({"ticker": ""}, "bad_value:ticker"),
        ({"ticker": "X" * 5000}, "bad_value:ticker"),
        ({"title": "Bees\0win"}, "bad_text"),
        ({"ticker": "KXMVENFLSINGLEGAME-S1-2"}, "combo"),
        ({"mve_collection_ticker": "KXMVENFLSINGLEGAME-26JAN12HOUPIT"}, "combo"),
        ({"volume_fp": ..., "volume": 12}, "legacy_shape"),
        ({"yes_bid_dollars": ..., "yes_bid": 62}, "legacy_shape"),
    ],
)
def test_a_market_that_cannot_be_read_is_rejected_by_name_and_the_next_one_is_read(
    change: dict[str, Any], reason: str
) -> None:
    parsed = parse_markets(market_page(change, {}))
    assert [rejection.reason for rejection in parsed.rejections] == [reason]
    assert len(parsed.rows) == 1
    assert parsed.seen == 2
    assert parsed.rejections[0].payload_type == "kalshi.market"
    assert parsed.rejections[0].detail
    assert parsed.rejections[0].sample.startswith("{")


def test_a_rejection_names_the_ticker_or_else_the_place() -> None:
    parsed = parse_markets(market_page({"status": ...}, {"ticker": ...}))
    assert [rejection.key for rejection in parsed.rejections] == ["KXNBAGAME-26DEC25AAABBB-BBB", "markets[1]"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"<html>Access Denied</html>", "not_json"),
        (b'{"markets":[', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b"{}", "missing_key:markets"),
        (b'{"marketz":[],"cursor":""}', "missing_key:markets"),
        (b'{"markets":{}}', "not_a_list"),
        (b'{"markets":[7]}', "not_an_object"),
        (b'{"market":null}', "not_an_object"),
        (b'{"error":{"code":"not_found","message":"not found"}}', "error_body"),
        (b'{"error":"too many requests"}', "error_body"),
        (b'{"msg":"Parameter validation failed"}', "error_body"),
        (b'{"events":[{"markets":"no"}]}', "not_a_list"),
    ],
)
def test_a_body_without_markets_is_one_rejection_and_never_an_empty_page(body: bytes, reason: str) -> None:
    parsed = parse_markets(body)
    assert [rejection.reason for rejection in parsed.rejections] == [reason]
    assert (parsed.rows, parsed.seen) == ([], 1)


def test_an_empty_page_is_empty_and_nothing_else() -> None:
    for body in (b'{"cursor":"","markets":[]}', b'{"cursor":"","markets":null}'):
        parsed = parse_markets(body)
        assert (parsed.rows, parsed.rejections, parsed.seen) == ([], [], 0)


@pytest.mark.parametrize("innermost", [b"1", b'"\\u0000"'], ids=["plain", "to be searched for NUL"])
def test_a_market_nested_deeper_than_can_be_kept_is_rejected(innermost: bytes) -> None:
    market = orjson.dumps(element("markets")).replace(
        b'"00000000-0000-4000-8000-000000000002"', b'{"a":' * 900 + innermost + b"}" * 900
    )
    assert reasons(b'{"markets":[' + market + b"]}") == ["too_deep"]


def test_a_strike_of_several_parts_is_kept_as_it_is() -> None:
    strike = {"teams": ["a", "b"], "by": {"points": 3}}
    (market,) = parse_markets(market_page({"custom_strike": strike})).rows
    assert market.strike == strike


def test_nested_markets_are_read_from_a_page_of_events_and_from_one_event() -> None:
    market = element("markets")
    events = orjson.dumps({"events": [{"event_ticker": "E", "markets": [market, market]}, {"event_ticker": "F"}]})
    assert len(parse_markets(events).rows) == 2
    nested = orjson.dumps({"event": {"event_ticker": "E", "markets": [market]}})
    assert len(parse_markets(nested).rows) == 1
    beside = orjson.dumps({"event": {"event_ticker": "E"}, "markets": [market]})
    assert len(parse_markets(beside).rows) == 1


def test_the_tripwire_counts_unknown_vanished_and_null_keys_by_row() -> None:
    parsed = parse_markets(market_page({"brand_new": 1}, {"volume_fp": ...}, {"title": None, "brand_new": None}))
    page_counts, counts = parsed.contracts
    assert (page_counts.payload_type, page_counts.rows, page_counts.broken) == ("kalshi.markets_page", 1, False)
    assert (counts.payload_type, counts.rows) == ("kalshi.market", 3)
    assert counts.unknown == {"brand_new": 2}
    assert counts.missing_required == {"volume_fp": 1}
    assert counts.missing_optional["settlement_ts"] == 3
    assert counts.nulls == {"title": 1, "brand_new": 1}
    assert '"ticker":"KXNBAGAME-26DEC25AAABBB-BBB"' in counts.sample
    assert counts.broken


def test_a_renamed_list_breaks_the_contract_of_its_page() -> None:
    page_counts, _ = parse_markets(b'{"marketz":[],"cursor":""}').contracts
    assert page_counts.missing_required == {"markets": 1}
    assert page_counts.unknown == {"marketz": 1}


def test_combos_are_left_out_of_the_tripwire() -> None:
    parsed = parse_markets(market_page({"ticker": "KXMVEX-1", "volume_fp": ...}))
    assert [counts.broken for counts in parsed.contracts] == [False, False]


EVENT = {
    "event_ticker": "KXNBAGAME-26DEC25AAABBB",
    "series_ticker": "KXNBAGAME",
    "title": "Ants vs Bees",
    "sub_title": "AAA vs BBB (Dec 25)",
    "mutually_exclusive": True,
    "product_metadata": {"competition": "Pro Basketball (M)", "competition_scope": "Game"},
    "strike_date": "2026-12-25T20:00:00Z",
}


def test_an_event_becomes_a_row() -> None:
    for body in (page("events", EVENT), orjson.dumps({"event": EVENT, "markets": []})):
        (event,) = parse_events(body).rows
        assert event == EventSeen(
            event_ticker="KXNBAGAME-26DEC25AAABBB",
            series_ticker="KXNBAGAME",
            title="Ants vs Bees",
            sub_title="AAA vs BBB (Dec 25)",
            mutually_exclusive=True,
            strike_date=datetime(2026, 12, 25, 20, 0, tzinfo=UTC),
            competition="Pro Basketball (M)",
            competition_scope="Game",
        )


def test_events_are_rejected_by_name() -> None:
    parsed = parse_events(
        page(
            "events",
            changed(EVENT, {"mutually_exclusive": ...}),
            changed(EVENT, {"mutually_exclusive": "yes"}),
            changed(EVENT, {"event_ticker": "KXMVECROSSCATEGORY-S2026"}),
            changed(EVENT, {"product_metadata": None, "strike_date": None}),
        )
    )
    assert Counter(rejection.reason for rejection in parsed.rejections) == {
        "missing_key:mutually_exclusive": 1,
        "wrong_type:mutually_exclusive": 1,
        "combo": 1,
    }
    assert [event.competition for event in parsed.rows] == [None]


SERIES = {
    "ticker": "KXNBAGAME",
    "title": "NBA Game",
    "category": "Sports",
    "frequency": "custom",
    "fee_type": "quadratic_with_maker_fees",
    "fee_multiplier": 0.5,
    "tags": ["Basketball"],
}


def test_series_come_as_a_list_or_alone_and_their_multiplier_is_exact() -> None:
    expected = SeriesSeen(
        "KXNBAGAME", "NBA Game", "Sports", "custom", "quadratic_with_maker_fees", Decimal("0.5"), ("Basketball",)
    )
    assert parse_series(orjson.dumps({"series": SERIES})).rows == [expected]
    assert parse_series(orjson.dumps({"series": [SERIES]})).rows == [expected]
    (whole,) = parse_series(orjson.dumps({"series": {**SERIES, "fee_multiplier": 1, "tags": None}})).rows
    assert (str(whole.fee_multiplier), whole.tags) == ("1", ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fee_multiplier": ...}, "missing_key:fee_multiplier"),
        ({"fee_multiplier": "1"}, "bad_number"),
        ({"fee_multiplier": True}, "bad_number"),
        ({"fee_multiplier": -1}, "bad_number"),
        ({"tags": "Basketball"}, "wrong_type:tags"),
    ],
)
def test_series_are_rejected_by_name(change: dict[str, Any], reason: str) -> None:
    (rejection,) = parse_series(orjson.dumps({"series": [changed(SERIES, change)]})).rejections
    assert rejection.reason == reason


def test_a_milestone_gives_start_and_sides() -> None:
    body = page(
        "milestones",
        {
            "id": "m-1",
            "type": "basketball_game",
            "title": "Ants at Bees",
            "start_date": "2026-12-25T20:00:00Z",
            "primary_event_tickers": ["KXNBAGAME-26DEC25AAABBB"],
            "details": {"league": "NBA", "status": "scheduled", "home_team_id": "u-b", "away_team_id": "u-a"},
        },
    )
    (milestone,) = parse_milestones(body).rows
    assert milestone.start_time == datetime(2026, 12, 25, 20, 0, tzinfo=UTC)
    assert (milestone.home_team, milestone.away_team, milestone.league) == ("u-b", "u-a", "NBA")
    assert milestone.event_tickers == ("KXNBAGAME-26DEC25AAABBB",)


def test_milestones_beside_events_are_read_too() -> None:
    body = orjson.dumps({"cursor": "n", "events": [], "milestones": [{"id": "m-1"}]})
    parsed = parse_milestones(body)
    assert [rejection.reason for rejection in parsed.rejections] == ["missing_key:type"]
    assert parsed.contracts[0].payload_type == "kalshi.events_page"
    assert parsed.next_cursor == "n"
