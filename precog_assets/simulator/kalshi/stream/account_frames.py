"""What the stream says of an account and of the lives of markets: the `msg` objects of the rarer channels."""

from __future__ import annotations

from typing import Any

from precog_assets.simulator.kalshi.exchange.events import (
    EventFeeChanged,
    EventListed,
    FillMade,
    GroupChanged,
    MarketChanged,
    OrderChanged,
    PositionChanged,
)
from precog_assets.simulator.kalshi.exchange.model import BookSide
from precog_assets.simulator.kalshi.exchange.units import dollars_text, price_text, signed_count_text
from precog_assets.simulator.kalshi.stream.frames import Tail, message, time_text

Json = dict[str, Any]

_OUTCOME: dict[BookSide, str] = {"bid": "yes", "ask": "no"}
_ACTION: dict[BookSide, str] = {"bid": "buy", "ask": "sell"}
"""In the legacy words every order is one for the YES leg."""


def fill(told: FillMade, sending_ms: int) -> Tail:
    """An account's side of a trade."""
    made = told.fill
    msg: Json = {
        "trade_id": made.fill_id,
        "order_id": made.order_id,
        "client_order_id": made.client_order_id,
        "market_ticker": made.ticker,
        "exchange_index": 0,
        "is_taker": made.is_taker,
        "side": "yes",
        "ts": made.time_us // 1_000_000,
        "ts_ms": made.time_us // 1000,
        "yes_price_dollars": price_text(made.price),
        "count_fp": signed_count_text(made.count),
        "fee_cost": dollars_text(made.fee),
        "action": _ACTION[made.side],
        "post_position_fp": signed_count_text(made.position_after),
        "purchased_side": _OUTCOME[made.side],
        "outcome_side": _OUTCOME[made.side],
        "book_side": made.side,
    }
    if made.subaccount:
        msg["subaccount"] = made.subaccount
    return message("fill", msg, sending_ms)


def position(told: PositionChanged, sending_ms: int) -> Tail:
    """What an account holds in a market; fees count towards the position while one is held."""
    held = told.position
    msg: Json = {
        "user_id": told.account_id,
        "market_ticker": held.ticker,
        "position_fp": signed_count_text(held.count),
        "position_cost_dollars": dollars_text(held.cost),
        "realized_pnl_dollars": dollars_text(held.realized),
        "fees_paid_dollars": dollars_text(held.fees),
        "position_fee_cost_dollars": dollars_text(held.fees if held.count else 0),
        "volume_fp": signed_count_text(held.volume),
    }
    if held.subaccount:
        msg["subaccount"] = held.subaccount
    return message("market_position", msg, sending_ms)


def order(told: OrderChanged, sending_ms: int) -> Tail:
    """An order as it stands after a change."""
    placed = told.order
    msg: Json = {
        "order_id": placed.order_id,
        "user_id": placed.account_id,
        "ticker": placed.ticker,
        "exchange_index": 0,
        "status": placed.status,
        "side": "yes",
        "is_yes": True,
        "outcome_side": _OUTCOME[placed.side],
        "book_side": placed.side,
        "yes_price_dollars": price_text(placed.price),
        "fill_count_fp": signed_count_text(placed.filled),
        "remaining_count_fp": signed_count_text(placed.remaining),
        "initial_count_fp": signed_count_text(placed.initial),
        "taker_fill_cost_dollars": dollars_text(placed.taker_cost),
        "maker_fill_cost_dollars": dollars_text(placed.maker_cost),
        "taker_fees_dollars": dollars_text(placed.taker_fees),
        "maker_fees_dollars": dollars_text(placed.maker_fees),
        "client_order_id": placed.client_order_id,
        "self_trade_prevention_type": placed.self_trade,
        "created_time": time_text(placed.created_us),
        "created_ts_ms": placed.created_us // 1000,
        "last_update_time": time_text(placed.updated_us),
        "last_updated_ts_ms": placed.updated_us // 1000,
        "subaccount_number": placed.subaccount,
    }
    if placed.group_id is not None:
        msg["order_group_id"] = placed.group_id
    if placed.expires_us is not None:
        msg["expiration_time"] = time_text(placed.expires_us)
        msg["expiration_ts_ms"] = placed.expires_us // 1000
    if told.reason is not None:
        msg["last_update_reason"] = told.reason
    return message("user_order", msg, sending_ms)


def group(told: GroupChanged, sending_ms: int) -> Tail:
    """What happened to an order group; its limit where that is new."""
    msg: Json = {
        "event_type": told.change,
        "order_group_id": told.group.group_id,
        "ts_ms": told.time_us // 1000,
    }
    if told.change in ("created", "limit_updated"):
        msg["contracts_limit_fp"] = signed_count_text(told.group.limit)
    return message("order_group_updates", msg, sending_ms)


def market_life(told: MarketChanged, kind: str, sending_ms: int) -> Tail:
    """A step in a market's life; `kind` is the channel of its sort of market."""
    return message(kind, {"market_ticker": told.ticker, **told.facts, "event_type": told.change}, sending_ms)


def event_listed(told: EventListed, sending_ms: int) -> Tail:
    """A new event."""
    return message("event_lifecycle", {"event_ticker": told.event_ticker, **told.facts}, sending_ms)


def event_fee(told: EventFeeChanged, sending_ms: int) -> Tail:
    """Fees of an event's own, or None for what lost them."""
    msg = {
        "event_ticker": told.event_ticker,
        "fee_type_override": told.fee_type,
        "fee_multiplier_override": told.fee_multiplier,
    }
    return message("event_fee_update", msg, sending_ms)
