"""Kalshi's payloads as Precog needs them: tolerant models, and the contract each one declares.

A field is required here only if a row is of no use without it; the exchange's own list is longer
(OpenAPI 3.34.0). Known keys that nobody reads are named in the contracts, so that only news counts
as unknown. Market data exists only in the fixed-point shape of April 2026: `*_dollars` and `*_fp` strings.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, TypeAdapter
from typing_extensions import TypedDict

from precog_assets.sources.contract import Contract
from precog_assets.sources.kalshi.values import (
    Cents,
    Count,
    Factor,
    Ident,
    Instant,
    Levels,
    OptionalCount,
    OptionalFactor,
    OptionalInstant,
    OptionalPrice,
    Price,
    PriceRanges,
    Signed,
    UnixSeconds,
)


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _MarketMust(TypedDict):
    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]

    ticker: Ident
    event_ticker: Ident
    market_type: str
    status: Ident
    result: str
    yes_sub_title: str
    open_time: Instant
    close_time: Instant
    yes_bid_dollars: Price
    yes_bid_size_fp: Signed
    yes_ask_dollars: Price
    yes_ask_size_fp: Signed
    last_price_dollars: Price
    volume_fp: Count
    open_interest_fp: Count
    price_level_structure: str
    price_ranges: PriceRanges


class Market(_MarketMust, total=False):
    """A typed dict, where the other payloads are models: a page holds a thousand, and it takes half the time."""

    title: str | None
    rules_primary: str | None
    volume_24h_fp: OptionalCount
    expected_expiration_time: OptionalInstant
    occurrence_datetime: OptionalInstant
    settlement_value_dollars: OptionalPrice
    settlement_ts: OptionalInstant
    expiration_value: str | None
    strike_type: str | None
    custom_strike: dict[str, Any] | None
    floor_strike: int | float | None
    cap_strike: int | float | None
    functional_strike: str | None
    created_time: OptionalInstant
    updated_time: OptionalInstant


class Event(_Payload):
    event_ticker: Ident
    series_ticker: Ident
    title: str
    mutually_exclusive: StrictBool
    sub_title: str | None = None
    strike_date: OptionalInstant = None
    product_metadata: dict[str, Any] | None = None
    fee_type_override: str | None = None
    fee_multiplier_override: OptionalFactor = None


class Series(_Payload):
    ticker: Ident
    title: str
    category: str
    frequency: str
    fee_type: Ident
    fee_multiplier: Factor
    tags: list[str] | None = None


class SeriesFeeChange(_Payload):
    id: Ident
    series_ticker: Ident
    fee_type: Ident
    fee_multiplier: Factor
    scheduled_ts: Instant


class EventFeeChange(_Payload):
    """Both overrides null: from then on the event is charged as its series."""

    id: Ident
    event_ticker: Ident
    series_ticker: Ident
    fee_type_override: str | None
    fee_multiplier_override: OptionalFactor
    scheduled_ts: Instant


class Milestone(_Payload):
    id: Ident
    type: str
    title: str
    start_date: Instant
    primary_event_tickers: list[str]
    category: str | None = None
    related_event_tickers: list[str] | None = None
    source_ids: dict[str, str] | None = None
    details: dict[str, Any] | None = None
    last_updated_ts: OptionalInstant = None


class Trade(_Payload):
    trade_id: Ident
    ticker: Ident
    count_fp: Count
    yes_price_dollars: Price
    created_time: Instant
    taker_outcome_side: str | None = None
    taker_side: str | None = None
    """The deprecated name of `taker_outcome_side`; read only where the other is absent."""
    is_block_trade: StrictBool = False


class OrderBook(_Payload):
    yes_dollars: Levels
    no_dollars: Levels


class BidAsk(_Payload):
    close_dollars: OptionalPrice


class TradedPrice(_Payload):
    open_dollars: OptionalPrice = None
    high_dollars: OptionalPrice = None
    low_dollars: OptionalPrice = None
    close_dollars: OptionalPrice = None


class Candlestick(_Payload):
    """As live endpoints send it; the historical tier drops the suffixes and is renamed before."""

    end_period_ts: UnixSeconds
    yes_bid: BidAsk
    yes_ask: BidAsk
    price: TradedPrice
    volume_fp: Count
    open_interest_fp: Count


class ExchangeStatus(_Payload):
    exchange_active: StrictBool
    trading_active: StrictBool
    exchange_estimated_resume_time: OptionalInstant = None


class Cutoff(_Payload):
    market_settled_ts: Instant
    trades_created_ts: Instant
    orders_updated_ts: OptionalInstant = None


class Balance(_Payload):
    balance: Cents
    portfolio_value: Cents
    updated_ts: UnixSeconds


class Position(_Payload):
    ticker: Ident
    position_fp: Signed
    market_exposure_dollars: Signed
    realized_pnl_dollars: Signed
    fees_paid_dollars: Signed
    total_traded_dollars: Signed
    last_updated_ts: OptionalInstant = None


MARKET = Contract(
    "kalshi.market",
    required=Market.__required_keys__,
    optional=[
        *Market.__optional_keys__,
        *[
            "subtitle",
            "no_sub_title",
            "expiration_time",
            "latest_expiration_time",
            "settlement_timer_seconds",
            "no_bid_dollars",
            "no_ask_dollars",
            "can_close_early",
            "notional_value_dollars",
            "previous_yes_bid_dollars",
            "previous_yes_ask_dollars",
            "previous_price_dollars",
            "settlement_bounds_type",
            "settlement_floor_dollars",
            "fee_waiver_expiration_time",
            "early_close_condition",
            "rules_secondary",
            "mve_collection_ticker",
            "mve_selected_legs",
            "primary_participant_key",
            "is_provisional",
            "exchange_index",
            "liquidity_dollars",
        ],
    ],
)
validate_market = TypeAdapter(Market).validate_python
EVENT = Contract.of_model(
    "kalshi.event",
    Event,
    ignored=[
        "collateral_return_type",
        "category",
        "strike_period",
        "markets",
        "settlement_sources",
        "last_updated_ts",
        "exchange_index",
        "available_on_brokers",
    ],
)
SERIES = Contract.of_model(
    "kalshi.series",
    Series,
    ignored=[
        "categories",
        "settlement_sources",
        "contract_url",
        "contract_terms_url",
        "product_metadata",
        "additional_prohibitions",
        "volume_fp",
        "last_updated_ts",
        "exchange_index",
    ],
)
SERIES_FEE_CHANGE = Contract.of_model("kalshi.series_fee_change", SeriesFeeChange)
EVENT_FEE_CHANGE = Contract.of_model("kalshi.event_fee_change", EventFeeChange)
MILESTONE = Contract.of_model("kalshi.milestone", Milestone, ignored=("end_date", "notification_message", "source_id"))
TRADE = Contract.of_model("kalshi.trade", Trade, ignored=("no_price_dollars", "taker_book_side"))
ORDER_BOOK = Contract.of_model("kalshi.orderbook", OrderBook)
CANDLESTICK = Contract.of_model("kalshi.candlestick", Candlestick)
EXCHANGE_STATUS = Contract.of_model(
    "kalshi.exchange_status", ExchangeStatus, ignored=("intra_exchange_transfers_active", "exchange_index_statuses")
)
CUTOFF = Contract.of_model("kalshi.cutoff", Cutoff, ignored=("market_positions_last_updated_ts",))
BALANCE = Contract.of_model("kalshi.balance", Balance, ignored=("balance_dollars", "balance_breakdown"))
POSITION = Contract.of_model("kalshi.position", Position, ignored=("exchange_index", "resting_orders_count"))

PAGES = {
    name: Contract(f"kalshi.{name}_page", required=(name,), optional=("cursor", *also))
    for name, also in {
        "markets": (),
        "events": ("milestones",),
        "series": (),
        "series_fee_change_arr": (),
        "event_fee_changes": (),
        "milestones": (),
        "trades": (),
        "orderbooks": (),
        "market_positions": ("event_positions",),
    }.items()
}
"""The envelope of each list; the list's own name is what must be there."""
