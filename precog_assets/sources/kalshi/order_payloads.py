"""Kalshi's order objects, both ways: our order as it is asked for, its answers as ours.

Belongs here: fields, directions and statuses. Does not: sending, and what to do about an answer (`orders.py`).
The venue's book is that of YES: buying YES is a `bid` at its price, buying NO at x an `ask` at 1 - x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.trading import Fill, Order, OrderStatus, Side
from precog_assets.sources.kalshi.parse_markets import VENUE, market_id_of
from precog_assets.sources.kalshi.values import Count, Ident, Instant, OptionalInstant, Price, Signed

ONE = Decimal(1)
_BOOK_SIDE = {Side.YES: "bid", Side.NO: "ask"}
_NOT_FILLED = "not_enough_offered"
ModelT = TypeVar("ModelT", bound="_Answer")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Created(_Answer):
    order_id: Ident
    fill_count: Count
    remaining_count: Count


class Canceled(_Answer):
    order_id: Ident
    reduced_by: Count


class Amended(_Answer):
    order_id: Ident
    remaining_count: Count | None = None
    """Left out by the venue where it did not change."""


class Decreased(_Answer):
    order_id: Ident
    remaining_count: Count


class OrderSeen(_Answer):
    order_id: Ident
    client_order_id: str
    ticker: Ident
    outcome_side: Literal["yes", "no"]
    status: Literal["resting", "canceled", "executed"]
    yes_price_dollars: Price
    no_price_dollars: Price
    fill_count_fp: Count
    remaining_count_fp: Count
    initial_count_fp: Count
    expiration_time: OptionalInstant = None
    created_time: Instant
    last_update_time: OptionalInstant = None


class FillSeen(_Answer):
    fill_id: Ident
    order_id: Ident
    ticker: Ident
    outcome_side: Literal["yes", "no"]
    count_fp: Count
    yes_price_dollars: Price
    no_price_dollars: Price
    is_taker: StrictBool
    fee_cost: Signed
    created_time: Instant


class BalanceNow(_Answer):
    balance_dollars: Signed


def read(model: type[ModelT], row: Any) -> ModelT:
    """A row of an answer. Raises PrecogError(contract.vanished) naming the field that cannot be read."""
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise PrecogError(
            "contract.vanished", f"Kalshi's {model.__name__}: {field}: {first['msg']} (was {first['input']!r})."
        ) from error


def document_of(body: bytes) -> dict[str, Any]:
    """A body's object. Raises PrecogError(contract.not_json)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PrecogError("contract.not_json", f"Kalshi's answer is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise PrecogError("contract.not_json", f"Kalshi's answer is a {type(document).__name__}, not an object.")
    return document


def rows_of(document: Mapping[str, Any], key: str) -> list[Any]:
    """A list in an answer. Raises PrecogError(contract.vanished) when there is none under that key."""
    rows = document.get(key)
    if not isinstance(rows, list):
        raise PrecogError("contract.vanished", f"Kalshi's answer has no list `{key}` (was {rows!r}).")
    return rows


def created_body(order: Order) -> dict[str, Any]:
    """CreateOrderV2Request of an order. A maker rests until it expires, a taker leaves nothing behind."""
    body: dict[str, Any] = {
        **terms(order),
        "client_order_id": order.client_id,
        "time_in_force": "good_till_canceled" if order.post_only else "immediate_or_cancel",
        "post_only": order.post_only,
        "self_trade_prevention_type": "taker_at_cross",
    }
    if order.post_only and order.expires_at is not None:
        # Whole seconds, down: an order never rests longer than was asked for.
        body["expiration_time"] = int(order.expires_at.timestamp())
    return body


def terms(order: Order) -> dict[str, Any]:
    """Market, side, price and count, as creating and amending word them."""
    yes_price = order.limit_price if order.side is Side.YES else ONE - order.limit_price
    return {
        "ticker": order.ticker,
        "side": _BOOK_SIDE[order.side],
        "price": f"{yes_price:f}",
        "count": f"{order.contracts:f}",
    }


def placed(order: Order, created: Created) -> Order:
    """The order as it stands after it was taken in."""
    if created.fill_count == order.contracts:
        status, reason = OrderStatus.FILLED, ""
    elif order.post_only and created.remaining_count:
        status, reason = OrderStatus.RESTING, ""
    else:
        status, reason = OrderStatus.CANCELED, _NOT_FILLED
    return replace(order, status=status, reason=reason, filled=created.fill_count, venue_order_id=created.order_id)


def order_of(seen: OrderSeen, known: Order | None = None) -> Order:
    """A listed order as ours; what the venue does not tell is that of the `known` one.

    Of an unknown one it is not told whether it was to rest, so it counts as `post_only` while it rests. An order
    without a client id is known by `venue:{order id}`.
    """
    side = Side(seen.outcome_side)
    status, reason = _status(seen)
    # A decrease leaves the initial count as it was; what is filled and what remains tell what is in force.
    in_force = seen.fill_count_fp + seen.remaining_count_fp
    contracts = seen.initial_count_fp if status in (OrderStatus.CANCELED, OrderStatus.EXPIRED) else in_force
    known = known or Order(
        client_id=seen.client_order_id or f"venue:{seen.order_id}",
        venue=VENUE,
        market_id=market_id_of(seen.ticker),
        ticker=seen.ticker,
        side=side,
        limit_price=seen.yes_price_dollars,
        contracts=contracts,
        post_only=status is OrderStatus.RESTING,
        created_at=seen.created_time,
        expires_at=seen.expiration_time,
        strategy="",
    )
    return replace(
        known,
        side=side,
        limit_price=seen.yes_price_dollars if side is Side.YES else seen.no_price_dollars,
        contracts=contracts,
        status=status,
        filled=seen.fill_count_fp,
        venue_order_id=seen.order_id,
        reason=known.reason or reason if status is OrderStatus.CANCELED else reason,
    )


def fill_of(seen: FillSeen, client_id: str) -> Fill:
    """A listed fill as ours; the price is that of the side bought."""
    side = Side(seen.outcome_side)
    return Fill(
        fill_id=seen.fill_id,
        client_id=client_id,
        market_id=market_id_of(seen.ticker),
        side=side,
        price=seen.yes_price_dollars if side is Side.YES else seen.no_price_dollars,
        contracts=seen.count_fp,
        fee=seen.fee_cost,
        is_maker=not seen.is_taker,
        filled_at=seen.created_time,
    )


def _status(seen: OrderSeen) -> tuple[OrderStatus, str]:
    if seen.status == "resting":
        return OrderStatus.RESTING, ""
    if seen.status == "executed":
        return OrderStatus.FILLED, ""
    over = seen.expiration_time is not None and (seen.last_update_time or seen.created_time) >= seen.expiration_time
    return (OrderStatus.EXPIRED, "its time was over") if over else (OrderStatus.CANCELED, "canceled at the venue")
