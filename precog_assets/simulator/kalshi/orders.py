"""Orders over REST: the V2 commands, order reads and queue positions, and what is left of V1."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

from precog_assets.simulator.kalshi.answers import Key, Query, Refusal, bad_request, invalid, not_found, page
from precog_assets.simulator.kalshi.bodies import Field, Struct, error_row, item_count, items, names
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.exchange.accounts import LAST_SUBACCOUNT, Account
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.model import Order
from precog_assets.simulator.kalshi.exchange.refusals import refused
from precog_assets.simulator.kalshi.exchange.stale import StaleReads
from precog_assets.simulator.kalshi.exchange.trading import Amendment, Done, Ticket
from precog_assets.simulator.kalshi.instants import SECOND_US, microseconds
from precog_assets.simulator.kalshi.records import done_json, fills_json, order_json
from precog_assets.simulator.kalshi.selection import cutoff
from precog_assets.simulator.kalshi.wire import Json, count_text

_SIDE = Field("side", required=True, choices=("bid", "ask"))
_SHARD = Field("exchange_index", "int64")
_CREATE = Struct(
    "CreateOrderV2Request",
    (
        Field("ticker", required=True),
        *names(("client_order_id", "order_group_id")),
        _SIDE,
        Field("count", required=True),
        Field("price", required=True),
        *names(("expiration_time", "subaccount"), "int64"),
        Field("time_in_force", required=True, choices=("fill_or_kill", "good_till_canceled", "immediate_or_cancel")),
        Field("self_trade_prevention_type", required=True, choices=("taker_at_cross", "maker")),
        *names(("post_only", "cancel_order_on_pause", "reduce_only"), "bool"),
        _SHARD,
    ),
)
_AMEND = Struct(
    "AmendOrderV2Request",
    (
        Field("ticker", required=True),
        _SIDE,
        Field("price", required=True),
        Field("count", required=True),
        *names(("client_order_id", "updated_client_order_id")),
        Field("expiration_time", "int64"),
        _SHARD,
    ),
)
_DECREASE = Struct("DecreaseOrderV2Request", (*names(("reduce_by", "reduce_to", "market_ticker")), _SHARD))
_CANCEL = Struct(
    "BatchCancelOrdersV2RequestOrder",
    (Field("order_id", required=True), Field("market_ticker"), Field("subaccount", "int64"), _SHARD),
)
RowT = TypeVar("RowT")
_LATEST_S = 1 << 40
_EVENTS_AT_ONCE = 10


class Orders:
    """The order endpoints over one exchange."""

    def __init__(self, exchange: Exchange, stale: StaleReads) -> None:
        self._exchange = exchange
        self._stale = stale

    def endpoints(self) -> list[Endpoint]:
        """The rows of the route table; retired ones come before what would take their paths for an order's id."""
        new, old = "/portfolio/events/orders", "/portfolio/orders"
        return [
            Endpoint("POST", new, "CreateOrderV2", self._create, signed=True, status_code=201),
            Endpoint("DELETE", new, "CancelAllOrders", self._cancel_all, signed=True, status_code=204),
            Endpoint(
                "POST", f"{new}/batched", "BatchCreateOrdersV2", self._batch_create,
                signed=True, status_code=201, items=item_count,
            ),
            Endpoint(
                "DELETE", f"{new}/batched", "BatchCancelOrdersV2", self._batch_cancel, signed=True, items=item_count
            ),
            Endpoint("DELETE", f"{new}/{{order_id}}", "CancelOrderV2", self._cancel, signed=True),
            Endpoint("POST", f"{new}/{{order_id}}/amend", "AmendOrderV2", self._amend, signed=True),
            Endpoint("POST", f"{new}/{{order_id}}/decrease", "DecreaseOrderV2", self._decrease, signed=True),
            Endpoint("GET", old, "GetOrders", self._orders, signed=True),
            Endpoint("GET", f"{old}/queue_positions", "GetOrderQueuePositions", self._queue_positions, signed=True),
            Endpoint("GET", f"{old}/{{order_id}}", "GetOrder", self._order, signed=True),
            Endpoint(
                "GET", f"{old}/{{order_id}}/queue_position", "GetOrderQueuePosition", self._queue_position, signed=True
            ),
            Endpoint("GET", "/historical/orders", "GetHistoricalOrders", self._historical, signed=True),
            Endpoint("POST", old, "CreateOrder", _retired, signed=True),
            Endpoint("POST", f"{old}/batched", "BatchCreateOrders", _retired, signed=True),
            Endpoint("DELETE", f"{old}/batched", "BatchCancelOrders", _retired, signed=True),
            Endpoint("DELETE", f"{old}/{{order_id}}", "CancelOrder", _retired, signed=True),
            Endpoint("POST", f"{old}/{{order_id}}/amend", "AmendOrder", _retired, signed=True),
            Endpoint("POST", f"{old}/{{order_id}}/decrease", "DecreaseOrder", _retired, signed=True),
        ]  # fmt: skip

    def _account(self, call: Call) -> Account:
        return self._exchange.accounts[call.account_id]

    def _create(self, call: Call) -> Json:
        return self._place(call, _CREATE.read(call.body))

    def _place(self, call: Call, found: dict[str, Any]) -> Json:
        ticket = _ticket(found)
        done = self._exchange.place(microseconds(call.now), call.account_id, ticket)
        counts = {"fill_count": count_text(done.filled), "remaining_count": count_text(done.order.remaining)}
        return {**done_json(done), **counts, **fills_json(done)}

    def _batch_create(self, call: Call) -> Json:
        rows = []
        for found in items(_CREATE, "BatchCreateOrdersV2Request", call.body):
            try:
                rows.append(self._place(call, _CREATE.validate(found)))
            except Refusal as refusal:
                row = {"client_order_id": found.get("client_order_id"), "error": error_row(refusal)}
                rows.append(row)
        return {"orders": rows}

    def _cancel(self, call: Call) -> Json:
        subaccount = subaccount_of(call.query, default=0)
        shard_of(call.query)
        return self._cancelled(call, call.path["order_id"], subaccount)

    def _cancelled(self, call: Call, order_id: str, subaccount: int | None) -> Json:
        order = self._account(call).orders.get(order_id)
        before = order_json(order) if order is not None and self._stale.seconds else None
        terms = {"order_id": order_id, "subaccount": subaccount}
        done: Done = self._exchange.do(microseconds(call.now), "cancel", call.account_id, terms)
        if before is not None:
            self._stale.note(order_id, before)
        return {**done_json(done), "reduced_by": count_text(done.reduced)}

    def _batch_cancel(self, call: Call) -> Json:
        rows = []
        for found in items(_CANCEL, "BatchCancelOrdersV2Request", call.body):
            try:
                _CANCEL.validate(found)
                _CANCEL.shard(found)
                rows.append(self._cancelled(call, found["order_id"], _CANCEL.subaccount(found)))
            except Refusal as refusal:
                failed = {"order_id": found.get("order_id", ""), "reduced_by": "0.00", "error": error_row(refusal)}
                rows.append(failed)
        return {"orders": rows}

    def _cancel_all(self, call: Call) -> None:
        terms = {"subaccount": subaccount_of(call.query)}
        self._exchange.do(microseconds(call.now), "cancel_all", call.account_id, terms)

    def _amend(self, call: Call) -> Json:
        subaccount = subaccount_of(call.query, default=0)
        found = _AMEND.read(call.body)
        _AMEND.shard(found)
        wanted = Amendment(
            ticker=found["ticker"],
            side=found["side"],
            price=_AMEND.price(found),
            count=_AMEND.count(found),
            client_order_id=found.get("client_order_id"),
            updated_client_order_id=found.get("updated_client_order_id"),
            expires_us=_expiry_us(_AMEND, found),
        )
        order_id = call.path["order_id"]
        before = self._account(call).orders.get(order_id)
        remained = before.remaining if before is not None else 0
        done = self._exchange.amend(microseconds(call.now), call.account_id, order_id, subaccount, wanted)
        row = {**done_json(done), **fills_json(done)}
        if done.filled or done.order.remaining != remained:
            row["remaining_count"] = count_text(done.order.remaining)
            row["fill_count"] = count_text(done.filled)
        return row

    def _decrease(self, call: Call) -> Json:
        subaccount = subaccount_of(call.query, default=0)
        found = _DECREASE.read(call.body)
        _DECREASE.shard(found)
        if ("reduce_by" in found) == ("reduce_to" in found):
            raise bad_request("exactly one of reduce_by or reduce_to must be provided")
        by = _DECREASE.count(found, "reduce_by") if "reduce_by" in found else None
        to = _DECREASE.count(found, "reduce_to") if "reduce_to" in found else None
        terms = {"order_id": call.path["order_id"], "subaccount": subaccount, "by": by, "to": to}
        done: Done = self._exchange.do(microseconds(call.now), "decrease", call.account_id, terms)
        return {**done_json(done), "remaining_count": count_text(done.order.remaining)}

    def _order(self, call: Call) -> Json:
        order = self._account(call).orders.get(call.path["order_id"])
        if order is None:
            raise not_found()
        return {"order": self._stale.instead_of(order.order_id, order_json(order))}

    def _orders(self, call: Call) -> Json:
        cutoff_us = microseconds(cutoff(call.now))
        return self._listed(call, lambda order: order.status == "resting" or order.updated_us >= cutoff_us)

    def _historical(self, call: Call) -> Json:
        cutoff_us = microseconds(cutoff(call.now))
        return self._listed(call, lambda order: order.status != "resting" and order.updated_us < cutoff_us)

    def _listed(self, call: Call, tier: Callable[[Order], bool]) -> Json:
        """A page of the account's orders, newest first."""
        query = call.query
        limit, after = query.limit(100, 1000, lowest=1), query.after()
        status = query.choice("status", ("resting", "canceled", "executed"))
        tickers, events = query.split("ticker"), query.split("event_ticker")
        if events and len(events) > _EVENTS_AT_ONCE:
            raise invalid(query.operation, "EventTicker", "max")
        begin_us, end_us = span_us(query)
        subaccount, shard = subaccount_of(query), shard_of(query)
        kept = (
            (place, order)
            for place, order in newest_first(self._account(call).orders.values())
            if tier(order)
            and status in (None, order.status)
            and (tickers is None or order.ticker in tickers)
            and (events is None or order.ticker.rpartition("-")[0] in events)
            and begin_us <= order.created_us <= end_us
            and subaccount in (None, order.subaccount)
            and shard in (None, 0)
        )
        taken, cursor = page(kept, limit, place_key, after)
        return {"cursor": cursor, "orders": [order_json(order) for _, order in taken]}

    def _queue_position(self, call: Call) -> Json:
        order = self._account(call).orders.get(call.path["order_id"])
        if order is None or order.status != "resting":
            raise not_found()
        return {"queue_position_fp": count_text(self._exchange.queue_position(order.ticker, order.order_id))}

    def _queue_positions(self, call: Call) -> Json:
        query = call.query
        tickers, event = query.split("market_tickers"), query.text("event_ticker")
        if tickers is None and event is None:
            raise bad_request("market_tickers or event_ticker is required")
        subaccount = subaccount_of(query, default=0)
        account = self._account(call)
        resting = account.resting(subaccount) if subaccount in account.purses else []
        rows = [
            {
                "order_id": order.order_id,
                "market_ticker": order.ticker,
                "queue_position_fp": count_text(self._exchange.queue_position(order.ticker, order.order_id)),
            }
            for order in resting
            if (tickers is None or order.ticker in tickers) and event in (None, order.ticker.rpartition("-")[0])
        ]
        return {"queue_positions": rows}


def _ticket(found: dict[str, Any]) -> Ticket:
    _CREATE.shard(found)
    return Ticket(
        ticker=found["ticker"],
        client_order_id=found.get("client_order_id", ""),
        side=found["side"],
        price=_CREATE.price(found),
        count=_CREATE.count(found),
        time_in_force=found["time_in_force"],
        self_trade=found["self_trade_prevention_type"],
        expires_us=_expiry_us(_CREATE, found),
        post_only=found.get("post_only", False),
        reduce_only=found.get("reduce_only", False),
        cancel_on_pause=found.get("cancel_order_on_pause", False),
        subaccount=_CREATE.subaccount(found),
        group_id=found.get("order_group_id") or None,
    )


def _expiry_us(struct: Struct, found: dict[str, Any]) -> int | None:
    seconds = found.get("expiration_time")
    if seconds is None:
        return None
    if not 0 <= seconds < _LATEST_S:
        raise struct.invalid("expiration_time", "gte" if seconds < 0 else "lte")
    return seconds * SECOND_US


def subaccount_of(query: Query, default: int | None = None) -> int | None:
    """The `subaccount` parameter."""
    number = query.integer("subaccount")
    if number is None:
        return default
    if not 0 <= number <= LAST_SUBACCOUNT:
        raise invalid(query.operation, "Subaccount", "gte" if number < 0 else "lte")
    return number


def shard_of(query: Query) -> int | None:
    """The `exchange_index` parameter; None for any shard."""
    shard = query.integer("exchange_index")
    if shard is not None and shard < -1:
        raise invalid(query.operation, "ExchangeIndex", "gte")
    return None if shard == -1 else shard


def span_us(query: Query) -> tuple[int, int]:
    """`min_ts` and `max_ts`, bounds included."""
    low, high = query.integer("min_ts"), query.integer("max_ts")
    begin = 0 if low is None else low * SECOND_US
    return begin, _LATEST_S * SECOND_US if high is None else high * SECOND_US + SECOND_US - 1


def newest_first(rows: Collection[RowT]) -> Iterator[tuple[int, RowT]]:
    """Rows that are kept oldest first, the other way round, each with its place."""
    return zip(range(len(rows) - 1, -1, -1), reversed(list(rows)), strict=True)


def place_key(item: tuple[int, object]) -> Key:
    """The key of a page over `newest_first`: rows that are added meanwhile do not move it."""
    return (-item[0], "")


def _retired(_call: Call) -> Json:
    raise refused(410, "deprecated_v1_order_endpoint")
