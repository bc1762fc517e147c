"""The keys of each kind of frame that carries facts: those without which it is of no use, those known, no others.

Belongs here: the contracts. Does not: reading a frame (`frames.py`). Keys as of the venue's AsyncAPI file.
"""

from __future__ import annotations

from collections.abc import Iterable

from precog_assets.sources.contract import Contract

PAYLOAD = "kalshi.stream"


def _contract(kind: str, required: Iterable[str], optional: Iterable[str] = ()) -> Contract:
    return Contract(f"{PAYLOAD}.{kind}", required=required, optional=optional)


CONTRACTS = {
    "orderbook_snapshot": _contract(
        "orderbook_snapshot", ("market_ticker",), ("market_id", "clock", "yes_dollars_fp", "no_dollars_fp")
    ),
    "orderbook_delta": _contract(
        "orderbook_delta",
        ("market_ticker", "price_dollars", "delta_fp", "side"),
        ("market_id", "clock", "ts", "ts_ms", "client_order_id", "subaccount"),
    ),
    "ticker": _contract(
        "ticker",
        (
            "market_ticker",
            "price_dollars",
            "yes_bid_dollars",
            "yes_ask_dollars",
            "yes_bid_size_fp",
            "yes_ask_size_fp",
            "volume_fp",
            "open_interest_fp",
        ),
        ("market_id", "dollar_volume", "dollar_open_interest", "last_trade_size_fp", "ts", "ts_ms", "time"),
    ),
    "trade": _contract(
        "trade",
        ("trade_id", "market_ticker", "yes_price_dollars", "count_fp", "ts_ms"),
        ("no_price_dollars", "taker_side", "taker_outcome_side", "taker_book_side", "is_block_trade", "ts"),
    ),
    "market_lifecycle_v2": _contract(
        "market_lifecycle_v2",
        ("market_ticker", "event_type"),
        (
            "exchange_index",
            "open_ts",
            "close_ts",
            "determination_ts",
            "settled_ts",
            "result",
            "settlement_value",
            "is_deactivated",
            "additional_metadata",
            "price_level_structure",
            "price_ranges",
        ),
    ),
}
"""The keys of each kind's `msg` that must be there, and those that may."""
