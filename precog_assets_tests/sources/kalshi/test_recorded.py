"""Every recorded payload through `parse_any`: exactly these rows and these rejections, and known values in them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from precog_assets.domain.facts import QuoteSeen
from precog_assets.sources.kalshi.parse import (
    parse_any,
    parse_candlesticks,
    parse_events,
    parse_markets,
    parse_milestones,
    parse_orderbook,
    parse_series,
    parse_trades,
)
from precog_assets_tests.sources.kalshi.recorded import RECORDED, body, payloads

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded Kalshi payloads beside the checkout")

ARB, FORT, OBST, SHR, SDV = (
    "arb-engine-prod-2026-09",
    "fortuna-demo-2026-06",
    "golden-2026-01",
    "sports-hedge-real-2026-09",
    "sportsdataverse-prod-2026-10-06",
)
NHLC = "nhlcomp-2026-09-20"
PREC = "precog-cassettes-2025-11"

Parts = dict[str, tuple[int, dict[str, int]]]

READ: dict[str, tuple[str, Parts]] = {
    f"{ARB}/candlesticks__KXNFLGAME-26SEP17DETBUF-BUF__1m.json": ("candlesticks", {"candlesticks": (5, {})}),
    f"{ARB}/markets__KXNCAAFGAME-26SEP19.json": ("markets", {"markets": (4, {})}),
    f"{ARB}/markets__KXNFLGAME-26SEP17DETBUF.json": ("markets", {"markets": (2, {})}),
    f"{ARB}/markets__settled_tennis_trimmed.json": ("markets", {"markets": (0, {"missing_key:market_type": 22})}),
    f"{FORT}/auth__balance_alt_host.json": ("balance", {"balance": (1, {})}),
    f"{FORT}/auth__balance_ok.json": ("balance", {"balance": (1, {})}),
    f"{FORT}/auth__skew_minus5s.json": ("balance", {"balance": (1, {})}),
    f"{FORT}/auth__skew_plus5s.json": ("balance", {"balance": (1, {})}),
    f"{FORT}/exchange__status.json": ("exchange_status", {"exchange_status": (1, {})}),
    f"{FORT}/markets__garbage_cursor.json": ("markets", {"markets": (5, {})}),
    f"{FORT}/markets__high_temp.json": ("markets", {"markets": (18, {})}),
    f"{FORT}/markets__page1.json": ("markets", {"markets": (5, {})}),
    f"{FORT}/markets__page3.json": ("markets", {"markets": (5, {})}),
    f"{FORT}/markets__single.json": ("market", {"markets": (1, {})}),
    f"{FORT}/markets__single_filter_lastpage.json": ("markets", {"markets": (1, {})}),
    f"{FORT}/markets__status_closed.json": ("markets", {"markets": (5, {})}),
    f"{FORT}/markets__status_open.json": ("markets", {"markets": (199, {"combo": 1})}),
    f"{FORT}/markets__status_settled.json": ("markets", {"markets": (4, {"combo": 1})}),
    f"{FORT}/markets__unauth_list.json": ("markets", {"markets": (2, {})}),
    f"{FORT}/markets__unauth_single.json": ("market", {"markets": (1, {})}),
    f"{FORT}/orderbook__base.json": ("orderbook", {"orderbooks": (1, {})}),
    f"{FORT}/portfolio__positions.json": ("positions", {"positions": (1, {})}),
    f"{FORT}/trades__public_recorded.json": ("trades", {"trades": (12, {})}),
    f"{OBST}/candlesticks_batch_response.json": ("candlesticks", {"candlesticks": (0, {"legacy_shape": 90})}),
    f"{OBST}/event_candlesticks_response.json": ("candlesticks", {"candlesticks": (0, {"legacy_shape": 90})}),
    f"{OBST}/event_single_response.json": ("event", {"events": (1, {}), "markets": (0, {"legacy_shape": 1})}),
    f"{OBST}/events_list_response.json": ("events", {"events": (5, {})}),
    f"{OBST}/events_multivariate_list_response.json": ("events", {"events": (0, {"combo": 5})}),
    f"{OBST}/exchange_status_response.json": ("exchange_status", {"exchange_status": (1, {})}),
    f"{OBST}/market_single_response.json": ("market", {"markets": (0, {"combo": 1})}),
    f"{OBST}/milestone_single_response.json": ("milestones", {"milestones": (1, {})}),
    f"{OBST}/milestones_list_response.json": ("milestones", {"milestones": (5, {})}),
    f"{OBST}/orderbook_response.json": ("orderbook", {"orderbooks": (1, {})}),
    f"{OBST}/portfolio_balance_response.json": ("balance", {"balance": (1, {})}),
    f"{OBST}/portfolio_positions_response.json": ("positions", {"positions": (0, {"legacy_shape": 12})}),
    f"{OBST}/series_candlesticks_response.json": ("candlesticks", {"candlesticks": (0, {"legacy_shape": 90})}),
    f"{OBST}/series_list_response.json": ("series", {"series": (241, {})}),
    f"{OBST}/series_single_response.json": ("series", {"series": (1, {})}),
    f"{OBST}/trades_list_response.json": ("trades", {"trades": (0, {"legacy_shape": 5})}),
    f"{NHLC}/kalshi_historical_markets_kxnhlgame_limit2.json": ("markets", {"markets": (2, {})}),
    f"{PREC}/kalshi_get_balance.yaml#0": ("balance", {"balance": (1, {})}),
    f"{PREC}/kalshi_get_markets.yaml#0": ("markets", {"markets": (0, {"legacy_shape": 5})}),
    f"{PREC}/kalshi_get_positions.yaml#0": ("positions", {"positions": (0, {"legacy_shape": 1})}),
    f"{PREC}/kalshi_order_lifecycle.yaml#0": ("markets", {"markets": (0, {"legacy_shape": 1})}),
    f"{SHR}/nba__kalshi_event_game_bosdet_open.json": (
        "event",
        {"events": (1, {}), "markets": (0, {"missing_key:yes_bid_dollars": 2})},
    ),
    f"{SHR}/nba__kalshi_milestone_bosdet_tipoff.json": ("milestones", {"milestones": (1, {})}),
    f"{FORT}/series__fee_changes.json": ("series_fee_changes", {"fee_terms": (0, {})}),
    f"{OBST}/series_fee_changes_response.json": ("series_fee_changes", {"fee_terms": (0, {})}),
    f"{SHR}/nba__kalshi_series_kxnbagame.json": ("series", {"series": (0, {"missing_key:fee_multiplier": 1})}),
    f"{SHR}/ncaab__kalshi_event_game_michariz_settled_shell.json": ("event", {"events": (1, {}), "markets": (0, {})}),
    f"{SHR}/ncaab__kalshi_series_kxncaawbgame.json": ("series", {"series": (1, {})}),
    f"{SHR}/soccer__kalshi_bundesliga_bayern_union.json": (
        "event",
        {"events": (1, {}), "markets": (0, {"missing_key:status": 3})},
    ),
    f"{SDV}/events.json": ("events", {"events": (3, {})}),
    f"{SDV}/exchange__status.json": ("exchange_status", {"exchange_status": (1, {})}),
    f"{SDV}/markets.json": ("markets", {"markets": (2, {})}),
    f"{SDV}/markets__ticker.DERIVED-from-markets.json": ("market", {"markets": (1, {})}),
    f"{SDV}/markets__ticker__orderbook.json": ("orderbook", {"orderbooks": (1, {})}),
    f"{SDV}/markets__trades.json": ("trades", {"trades": (3, {})}),
    f"{SDV}/series__series_ticker.json": ("series", {"series": (1, {})}),
}
"""Kind, and by part: rows, and rejections by reason."""

REFUSALS = {
    f"{FORT}/auth__bad_signature.json": "authentication_error",
    f"{FORT}/auth__missing_signature_header.json": "signature_is_missing_from_headers",
    f"{FORT}/auth__skew_minus30s.json": "header_timestamp_expired",
    f"{FORT}/auth__skew_minus5min.json": "header_timestamp_expired",
    f"{FORT}/auth__skew_plus5min.json": "header_timestamp_expired",
    f"{FORT}/auth__unknown_key_id.json": "authentication_error",
    f"{FORT}/cleanup__leftover_0.json": "not_found",
    f"{FORT}/cleanup__leftover_1.json": "not_found",
    f"{FORT}/cleanup__leftover_2.json": "not_found",
    f"{FORT}/markets__limit_over_max.json": "parameter_validation",
    f"{FORT}/orders__cancel_already_canceled.json": "not_found",
    f"{FORT}/orders__cancel_executed.json": "not_found",
    f"{FORT}/orders__cancel_unknown_id.json": "not_found",
    f"{FORT}/orders__duplicate_client_order_id.json": "order_already_exists",
    f"{FORT}/orders__insufficient_balance.json": "insufficient_balance",
    f"{FORT}/orders__invalid_price_structure.json": "invalid_price",
    f"{FORT}/orders__numeric_field_types.json": "bad_request",
    f"{FORT}/orders__post_only_cross.json": "invalid_order",
    f"{FORT}/orders__reuse_canceled_client_id.json": "order_already_exists",
    f"{OBST}/portfolio_total_resting_order_value_response.json": "permission_denied",
}
"""The code of each refusal."""

OTHER = {
    f"{FORT}/account__endpoint_costs.json",
    f"{FORT}/account__limits.json",
    f"{FORT}/cleanup__stp_resting.json",
    f"{FORT}/fills__after_taker.json",
    f"{FORT}/orders__cancel_v2.json",
    f"{FORT}/orders__create_v2_maker.json",
    f"{FORT}/orders__create_v2_taker_ioc.json",
    f"{FORT}/orders__get_after_cancel.json",
    f"{FORT}/orders__get_after_create.json",
    f"{FORT}/orders__legacy_cancel.json",
    f"{FORT}/orders__legacy_create.json",
    f"{FORT}/orders__settlement_seed.json",
    f"{FORT}/orders__stp_resting_after.json",
    f"{FORT}/orders__stp_self_cross.json",
    f"{FORT}/orders__stp_setup.json",
    f"{FORT}/portfolio__orders_list.json",
    f"{FORT}/settlements__end_of_session.json",
    f"{FORT}/settlements__page.json",
    f"{OBST}/amend_order_response.json",
    f"{OBST}/batch_cancel_orders_response.json",
    f"{OBST}/batch_create_orders_response.json",
    f"{OBST}/cancel_order_response.json",
    f"{OBST}/create_order_response.json",
    f"{OBST}/decrease_order_response.json",
    f"{OBST}/event_metadata_response.json",
    f"{OBST}/exchange_announcements_response.json",
    f"{OBST}/exchange_schedule_response.json",
    f"{OBST}/filters_by_sport_response.json",
    f"{OBST}/incentive_programs_response.json",
    f"{OBST}/live_data_batch_response.json",
    f"{OBST}/live_data_milestone_response.json",
    f"{OBST}/multivariate_event_collection_lookup_tickers_response.json",
    f"{OBST}/multivariate_event_collection_single_response.json",
    f"{OBST}/multivariate_event_collections_list_response.json",
    f"{OBST}/order_group_create_response.json",
    f"{OBST}/order_group_delete_response.json",
    f"{OBST}/order_group_reset_response.json",
    f"{OBST}/order_group_single_response.json",
    f"{OBST}/order_groups_list_response.json",
    f"{OBST}/order_queue_position_response.json",
    f"{OBST}/order_queue_positions_response.json",
    f"{OBST}/portfolio_fills_response.json",
    f"{OBST}/portfolio_order_single_response.json",
    f"{OBST}/portfolio_orders_response.json",
    f"{OBST}/portfolio_settlements_response.json",
    f"{OBST}/structured_target_single_response.json",
    f"{OBST}/structured_targets_list_response.json",
    f"{OBST}/tags_by_categories_response.json",
    f"{OBST}/user_data_timestamp_response.json",
    f"{PREC}/kalshi_get_fills.yaml#0",
    f"{PREC}/kalshi_get_settlements.yaml#0",
    f"{PREC}/kalshi_get_settlements_limit100.yaml#0",
    f"{PREC}/kalshi_order_lifecycle.yaml#1",
    f"{PREC}/kalshi_order_lifecycle.yaml#2",
    f"{PREC}/kalshi_order_lifecycle.yaml#3",
}
"""Answers that are not read: orders, fills, settlements, limits, live data, structured targets, schedules."""


def test_every_recorded_payload_gives_exactly_the_rows_and_rejections_listed() -> None:
    read: dict[str, tuple[str, Parts]] = {}
    refusals: dict[str, str] = {}
    other: set[str] = set()
    for name, content in payloads():
        found = parse_any(content, ticker="KXTEST-1", period_minutes=1)
        if ".jsonl#" in name:
            assert found.kind == "other", f"{name}: a frame of the stream is no answer of the REST API"
        elif found.error is not None:
            refusals[name] = found.error.code
        elif found.kind == "other":
            other.add(name)
        else:
            read[name] = (
                found.kind,
                {
                    part: (len(parsed.rows), dict(Counter(rejection.reason for rejection in parsed.rejections)))
                    for part, parsed in found.parts.items()
                },
            )
            assert all(len(p.rows) + len(p.rejections) == p.seen for p in found.parts.values())
    assert read == READ
    assert refusals == REFUSALS
    assert other == OTHER


def test_the_october_market_has_the_values_of_its_recording() -> None:
    parsed = parse_markets(body(f"{SDV}/markets.json"))
    dallas = parsed.rows[0]
    assert dallas.market_id == "kalshi:KXNFLGAME-26OCT08TBDAL-DAL"
    assert (dallas.event_ticker, dallas.series_ticker) == ("KXNFLGAME-26OCT08TBDAL", "KXNFLGAME")
    assert dallas.quote == QuoteSeen(
        yes_bid=Decimal("0.80"),
        yes_ask=Decimal("0.81"),
        yes_bid_size=Decimal("16529.55"),
        yes_ask_size=Decimal("375864.43"),
        last_price=Decimal("0.81"),
        volume=Decimal("271926.68"),
        volume_24h=Decimal("202329.86"),
        open_interest=Decimal("242310.93"),
    )
    assert dallas.strike == {"football_team": "62b97b7c-5503-461c-b328-fd8543219b22"}
    assert dallas.close_time == datetime(2026, 10, 11, 0, 15, tzinfo=UTC)
    assert dallas.created_time == datetime(2026, 9, 29, 4, 1, 7, 177460, tzinfo=UTC)
    assert parsed.next_cursor == ""


@pytest.mark.parametrize("name", [f"{SDV}/markets.json", f"{ARB}/markets__KXNFLGAME-26SEP17DETBUF.json"])
def test_production_markets_hold_no_key_we_do_not_know_and_lack_none_we_need(name: str) -> None:
    page, market = parse_markets(body(name)).contracts
    assert (page.unknown, page.missing_required) == ({}, {})
    assert (market.unknown, market.missing_required, market.nulls) == ({}, {}, {})


def test_the_best_level_of_the_recorded_book_is_the_last_and_equals_the_quote() -> None:
    (book,) = parse_orderbook(body(f"{SDV}/markets__ticker__orderbook.json"), "KXNFLGAME-26OCT08TBDAL-DAL").rows
    quote = parse_markets(body(f"{SDV}/markets.json")).rows[0].quote
    assert quote is not None
    assert book.yes[-1] == (quote.yes_bid, quote.yes_bid_size)
    assert (1 - book.no[-1][0], book.no[-1][1]) == (quote.yes_ask, quote.yes_ask_size)


def test_the_recorded_trades_keep_fractions_of_contracts() -> None:
    trade = parse_trades(body(f"{SDV}/markets__trades.json")).rows[1]
    assert trade.trade_id == "072530dc-e0e9-9eec-eac5-06a89c1dc45f"
    assert (trade.count, trade.yes_price, trade.taker_side) == (Decimal("14.18"), Decimal("0.80"), "no")
    assert trade.created_time == datetime(2026, 10, 6, 6, 38, 11, 436559, tzinfo=UTC)


def test_a_settled_hockey_pair_has_results_and_no_quotes() -> None:
    vegas, carolina = parse_markets(body(f"{NHLC}/kalshi_historical_markets_kxnhlgame_limit2.json")).rows
    assert [(m.result, m.settlement_value) for m in (vegas, carolina)] == [("no", Decimal(0)), ("yes", Decimal(1))]
    assert vegas.settlement_time == datetime(2026, 6, 15, 2, 58, 59, 495517, tzinfo=UTC)
    assert (vegas.quote, carolina.quote) == (None, None)
    assert vegas.expiration_value == "CAR Hurricanes"


def test_recorded_tennis_rows_that_were_trimmed_say_what_they_lack() -> None:
    parsed = parse_markets(body(f"{ARB}/markets__settled_tennis_trimmed.json"))
    assert parsed.rejections[0].key == "KXATPMATCH-26AUG30JODKOK-KOK"
    assert "yes_bid_dollars" in parsed.rejections[0].detail
    assert parsed.contracts[1].missing_required["price_ranges"] == 22


def test_determined_markets_with_sizes_below_zero_keep_their_results() -> None:
    parsed = parse_markets(body(f"{FORT}/markets__high_temp.json"))
    determined = [market for market in parsed.rows if market.status == "determined"]
    assert Counter(market.result for market in determined) == {"no": 5, "yes": 1}
    assert {market.quote for market in determined} == {None}


def test_the_recorded_minute_candles_have_their_prices() -> None:
    candle = parse_candlesticks(
        body(f"{ARB}/candlesticks__KXNFLGAME-26SEP17DETBUF-BUF__1m.json"), "KXNFLGAME-26SEP17DETBUF-BUF", 1
    ).rows[0]
    assert candle.end_time == datetime(2026, 9, 18, 0, 15, tzinfo=UTC)
    assert (candle.yes_bid_close, candle.yes_ask_close) == (Decimal("0.69"), Decimal("0.70"))
    assert (candle.price_low, candle.price_close, candle.volume) == (
        Decimal("0.69"),
        Decimal("0.70"),
        Decimal("24950.99"),
    )


def test_the_recorded_events_series_and_milestone_have_their_values() -> None:
    event = parse_events(body(f"{SDV}/events.json")).rows[0]
    assert (event.event_ticker, event.competition) == ("KXNFLGAME-26OCT08TBDAL", "Pro Football")
    (series,) = parse_series(body(f"{SDV}/series__series_ticker.json")).rows
    assert (series.fee_type, series.fee_multiplier, series.tags) == (
        "quadratic_with_maker_fees",
        Decimal(1),
        ("Football",),
    )
    (milestone,) = parse_milestones(body(f"{SHR}/nba__kalshi_milestone_bosdet_tipoff.json")).rows
    assert milestone.start_time == datetime(2026, 10, 20, 19, 0, tzinfo=UTC)
    assert milestone.home_team == "65569528-1888-40aa-9d62-2b0e8142a9b4"
