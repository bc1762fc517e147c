"""What accounts have: orders, fills, positions, settlements, order groups. Records only; `__init__` has the units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BookSide = Literal["bid", "ask"]
"""Of the YES leg: bid buys YES, ask sells YES (buys NO)."""
Outcome = Literal["yes", "no"]
OrderStatus = Literal["resting", "canceled", "executed"]
TimeInForce = Literal["fill_or_kill", "good_till_canceled", "immediate_or_cancel"]
SelfTrade = Literal["taker_at_cross", "maker"]


@dataclass(slots=True)
class Order:
    """An order as it stands; one that listeners are told of is a copy."""

    order_id: str
    account_id: str
    client_order_id: str
    ticker: str
    side: BookSide
    price: int
    initial: int
    remaining: int
    filled: int
    status: OrderStatus
    time_in_force: TimeInForce
    self_trade: SelfTrade
    created_us: int
    updated_us: int
    expires_us: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    group_id: str | None = None
    subaccount: int = 0
    taker_cost: int = 0
    """Money paid as taker, fees apart."""
    maker_cost: int = 0
    taker_fees: int = 0
    maker_fees: int = 0
    ahead: int = 0
    """Contracts that stand before it at its price."""
    sequence: int = 0
    """Order of arrival at the exchange."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One account's side of a trade."""

    fill_id: str
    """Also the public trade's id."""
    account_id: str
    order_id: str
    client_order_id: str
    ticker: str
    side: BookSide
    price: int
    """Of YES."""
    count: int
    is_taker: bool
    fee: int
    time_us: int
    subaccount: int = 0
    position_after: int = 0


@dataclass(slots=True)
class Position:
    """What an account holds in a market; `count` is above 0 for YES, below for NO."""

    ticker: str
    count: int = 0
    cost: int = 0
    """Money paid for what is held now, fees apart."""
    realized: int = 0
    fees: int = 0
    traded: int = 0
    """Money that changed hands in all."""
    volume: int = 0
    updated_us: int = 0
    subaccount: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a market paid an account at its end."""

    account_id: str
    ticker: str
    event_ticker: str
    result: Literal["yes", "no", "scalar"]
    value: int
    """Of one YES contract, as a price."""
    yes_count: int
    yes_cost: int
    no_count: int
    no_cost: int
    revenue: int
    fees: int
    time_us: int
    subaccount: int = 0


@dataclass(slots=True)
class OrderGroup:
    """Orders that are cancelled together once `limit` contracts filled within 15 seconds."""

    group_id: str
    account_id: str
    limit: int
    subaccount: int = 0
    triggered: bool = False
