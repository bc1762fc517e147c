"""The JSON of combos: their market, their event, the series, and the collection they come from."""

from __future__ import annotations

from collections.abc import Iterable

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.combos import (
    COLLECTION,
    COMBO_SERIES,
    MOST_LEGS,
    SETTLEMENT_TIMER_S,
    STRUCTURE,
    Combo,
    Combos,
    Outcome,
)
from precog_assets.simulator.kalshi.instants import HOUR_US, instant_of
from precog_assets.simulator.kalshi.listing import EXPECTED_DURATION, Event
from precog_assets.simulator.kalshi.sports import PRICE_RANGES
from precog_assets.simulator.kalshi.wire import DOLLARS, Json, count_text, time_text

COMBO_SHARD = 1
COMBO_TAG = "Combos"
_TITLE = "Combo"


def combo_market(combos: Combos, combo: Combo, now_us: int) -> Json:
    """The Market object of a combo at an instant. Raises ValueError before it is created."""
    status = combos.status(combo, now_us)
    if status is None:
        raise ValueError(f"{combo.ticker} is not created before {instant_of(combo.created_us).isoformat()}")
    quote = combos.quote(combo, now_us)
    ended = combos.outcome(combo, now_us)
    created, deadline = time_text(instant_of(combo.created_us)), time_text(instant_of(combo.deadline_us))
    expected = max(leg.event.first_start for leg in combo.legs) + EXPECTED_DURATION
    row: Json = {
        "ticker": combo.ticker,
        "event_ticker": combo.event_ticker,
        "market_type": "binary",
        "title": combo.name,
        "yes_sub_title": combo.name,
        "no_sub_title": combo.name,
        "created_time": created,
        "updated_time": created,
        "open_time": created,
        "close_time": deadline,
        "expected_expiration_time": time_text(expected),
        "expiration_time": deadline,
        "latest_expiration_time": deadline,
        "settlement_timer_seconds": SETTLEMENT_TIMER_S,
        "settlement_bounds_type": "default",
        "status": status.value,
        "yes_bid_dollars": DOLLARS[quote.yes_bid],
        "yes_ask_dollars": DOLLARS[quote.yes_ask],
        "no_bid_dollars": DOLLARS[10_000 - quote.yes_ask],
        "no_ask_dollars": DOLLARS[10_000 - quote.yes_bid],
        "yes_bid_size_fp": count_text(quote.bid_size),
        "yes_ask_size_fp": count_text(quote.ask_size),
        "last_price_dollars": DOLLARS[0],
        "previous_yes_bid_dollars": DOLLARS[0],
        "previous_yes_ask_dollars": DOLLARS[0],
        "previous_price_dollars": DOLLARS[0],
        "volume_fp": count_text(0),
        "volume_24h_fp": count_text(0),
        "open_interest_fp": count_text(0),
        "result": "",
        "expiration_value": "",
        "can_close_early": True,
        "notional_value_dollars": "1.0000",
        "liquidity_dollars": "0.0000",
        "strike_type": "custom",
        "custom_strike": {
            "Associated Events": ",".join(leg.event.ticker for leg in combo.legs),
            "Associated Market Sides": ",".join("yes" if leg.yes else "no" for leg in combo.legs),
            "Associated Markets": ",".join(leg.market.ticker for leg in combo.legs),
            "Multivariate Event Ticker": combo.event_ticker,
        },
        "rules_primary": "",
        "rules_secondary": "",
        "mve_collection_ticker": COLLECTION,
        "mve_selected_legs": _legs(combos, combo, now_us),
        "price_level_structure": STRUCTURE,
        "price_ranges": PRICE_RANGES[STRUCTURE],
        "is_provisional": True,
        "exchange_index": COMBO_SHARD,
    }
    if ended is not None:
        row.update(_ended(ended, status, now_us))
    return row


def _legs(combos: Combos, combo: Combo, now_us: int) -> list[Json]:
    legs = []
    for leg in combo.legs:
        row = {
            "event_ticker": leg.event.ticker,
            "market_ticker": leg.market.ticker,
            "side": "yes" if leg.yes else "no",
        }
        value = combos.leg_value(leg, now_us)
        if value is not None:
            row["yes_settlement_value_dollars"] = DOLLARS[value if leg.yes else 10_000 - value]
        legs.append(row)
    return legs


def _ended(ended: Outcome, status: MarketStatus, now_us: int) -> Json:
    close = time_text(instant_of(ended.close_us))
    changes: Json = {"close_time": close, "updated_time": close}
    if now_us >= ended.determined_us:
        changes["result"] = ended.result
        changes["settlement_value_dollars"] = DOLLARS[ended.value]
        changes["updated_time"] = time_text(instant_of(ended.determined_us))
    if status is MarketStatus.FINALIZED:
        changes["settlement_ts"] = changes["updated_time"] = time_text(instant_of(ended.finalized_us))
    return changes


def combo_event(combo: Combo) -> Json:
    """The EventData object of a combo, without its market."""
    return {
        "event_ticker": combo.event_ticker,
        "series_ticker": COMBO_SERIES,
        "title": _TITLE,
        "sub_title": "MVE",
        "category": "Sports",
        "collateral_return_type": "",
        "mutually_exclusive": False,
        "strike_period": "",
        "settlement_sources": [],
        "last_updated_ts": time_text(instant_of(combo.created_us)),
        "exchange_index": COMBO_SHARD,
    }


def combo_series(updated: str) -> Json:
    """The Series object of combos; `updated` is its last change."""
    return {
        "ticker": COMBO_SERIES,
        "title": "Multigame combos",
        "frequency": "custom",
        "category": "Sports",
        "categories": ["Sports"],
        "tags": [COMBO_TAG],
        "settlement_sources": [],
        "contract_url": "https://assets.kalshi.com/regulatory/product-certifications/MULTIVARIATE.pdf",
        "contract_terms_url": "https://assets.kalshi.com/contract_terms/MULTIVARIATE.pdf",
        "product_metadata": {"scope": "Combo"},
        "fee_type": "quadratic_with_combo_maker_fees",
        "fee_multiplier": 1,
        "additional_prohibitions": [],
        "last_updated_ts": updated,
        "exchange_index": COMBO_SHARD,
    }


def collection(events: Iterable[Event], now_us: int) -> Json:
    """The MultivariateEventCollection object: one that rolls on, over the events that are open now."""
    associated = [
        {"ticker": event.ticker, "is_yes_only": False, "size_max": 1, "size_min": None, "active_quoters": []}
        for event in events
    ]
    day_us = 24 * HOUR_US
    return {
        "collection_ticker": COLLECTION,
        "series_ticker": COMBO_SERIES,
        "exchange_index": COMBO_SHARD,
        "title": _TITLE,
        "description": "Choose any combination of games",
        "open_date": time_text(instant_of((now_us // day_us - 30) * day_us)),
        "close_date": time_text(instant_of((now_us // day_us + 30) * day_us)),
        "associated_events": associated,
        "associated_event_tickers": [row["ticker"] for row in associated],
        "is_ordered": False,
        "is_single_market_per_event": True,
        "is_all_yes": False,
        "size_min": 2,
        "size_max": MOST_LEGS,
        "functional_description": "yes when every chosen market settles on the chosen side",
        "price_level_structure": STRUCTURE,
        "price_ranges": PRICE_RANGES[STRUCTURE],
    }
