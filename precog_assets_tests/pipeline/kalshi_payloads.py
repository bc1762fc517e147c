"""Kalshi's answers written by hand: every required key, and the values a test cares about."""

from __future__ import annotations

from typing import Any

TRADE = "/trade-api/v2"
EVENT = "KXNFLGAME-26NOV22JACKC"
KC, JAC = f"{EVENT}-KC", f"{EVENT}-JAC"


def market(ticker: str = KC, **given: Any) -> dict[str, Any]:
    return {
        "ticker": ticker,
        "event_ticker": ticker.rpartition("-")[0],
        "market_type": "binary",
        "title": "Jacksonville at Kansas City Winner?",
        "yes_sub_title": ticker.rpartition("-")[2],
        "no_sub_title": ticker.rpartition("-")[2],
        "status": "active",
        "result": "",
        "open_time": "2026-11-10T15:00:00Z",
        "close_time": "2026-12-06T18:00:00Z",
        "expected_expiration_time": "2026-11-22T21:00:00Z",
        "latest_expiration_time": "2026-12-06T18:00:00Z",
        "settlement_timer_seconds": 60,
        "yes_bid_dollars": "0.6200",
        "yes_bid_size_fp": "150.25",
        "yes_ask_dollars": "0.6400",
        "yes_ask_size_fp": "80.00",
        "no_bid_dollars": "0.3600",
        "no_ask_dollars": "0.3800",
        "last_price_dollars": "0.6300",
        "volume_fp": "1200.50",
        "volume_24h_fp": "310.00",
        "open_interest_fp": "900.75",
        "notional_value_dollars": "1.0000",
        "previous_yes_bid_dollars": "0.6100",
        "previous_yes_ask_dollars": "0.6300",
        "previous_price_dollars": "0.6200",
        "can_close_early": True,
        "expiration_value": "",
        "rules_primary": "If Kansas City win, then the market resolves to Yes.",
        "rules_secondary": "",
        "price_level_structure": "linear_cent",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
        **given,
    }


def settled(ticker: str = KC, result: str = "yes") -> dict[str, Any]:
    """Zeros and ones that are no prices any more."""
    return market(
        ticker,
        status="finalized",
        result=result,
        close_time="2026-11-22T21:05:00Z",
        settlement_ts="2026-11-22T21:06:00Z",
        settlement_value_dollars="1.0000" if result == "yes" else "0.0000",
        expiration_value="Kansas City",
        yes_bid_dollars="0.0000",
        yes_ask_dollars="1.0000",
        yes_bid_size_fp="0.00",
        yes_ask_size_fp="0.00",
    )


def page(*markets: Any, cursor: str = "") -> dict[str, Any]:
    return {"cursor": cursor, "markets": list(markets)}


def series(ticker: str = "KXNFLGAME") -> dict[str, Any]:
    return {
        "ticker": ticker,
        "title": "Pro football games",
        "category": "Sports",
        "frequency": "custom",
        "fee_type": "quadratic",
        "fee_multiplier": 1,
        "tags": ["Football"],
    }


def event(ticker: str = EVENT) -> dict[str, Any]:
    return {
        "event_ticker": ticker,
        "series_ticker": ticker.partition("-")[0],
        "title": "Jacksonville at Kansas City",
        "sub_title": "JAC at KC (Nov 22)",
        "mutually_exclusive": True,
        "collateral_return_type": "MECNET",
        "category": "Sports",
        "available_on_brokers": True,
    }
