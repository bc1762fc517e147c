"""Kalshi as a `TradingVenue`: orders created, cancelled, amended and decreased, and what the venue says of our account.

Belongs here: which request an order becomes, and what an answer, or none, means for it. Does not: payloads
(`order_payloads.py`), the guard (`order_guard.py`), signed calls
(`order_calls.py`), comparing with our table (`trading/reconcile.py`).

Nothing is ever sent a second time. An answer that says the id exists, or none at all, is settled by asking for the
order by its client id; while the venue does not list it, it stays `written`: it may still arrive, and reconciliation
decides. Client ids are the venue's idempotency key and never come free, so even a second sender makes no second order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import Clock
from precog_assets.domain.trading import Fill, Order, OrderStatus, Position, Side
from precog_assets.environment import Environment
from precog_assets.sources.http import Fetch
from precog_assets.sources.kalshi import order_payloads as wire
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.client import KalshiClient
from precog_assets.sources.kalshi.errors import parse_error
from precog_assets.sources.kalshi.order_calls import OrderCalls, failure_of, row_error, uncertain, words_of
from precog_assets.sources.kalshi.order_guard import guard_orders
from precog_assets.sources.kalshi.params import segment
from precog_assets.sources.kalshi.parse_account import parse_positions
from precog_assets.sources.sending import HttpSender

ORDERS, SENT = "/portfolio/orders", "/portfolio/events/orders"
MAX_BATCH = 10
"""Batches are billed by item; ten orders empty the write bucket of the basic tier."""
EXISTS = "order_already_exists"
_REFUSALS = frozenset({400, 404, 409, 413})
"""Statuses with which the exchange refuses an order itself; the others refuse us, or say nothing of the order."""


class KalshiVenue:
    """Our account at one Kalshi host. Raises ConfigurationError unless the environment permits orders there."""

    def __init__(
        self,
        environment: Environment,
        http: HttpSender,
        credentials: KalshiCredentials | None,
        *,
        clock: Clock,
        correlation_id: str = "orders",
    ) -> None:
        self._guard = guard_orders(environment, http, credentials)
        assert credentials is not None
        self._calls = OrderCalls(http, credentials, correlation_id)
        self._clock, self._correlation_id = clock, correlation_id
        self._client = KalshiClient(http, credentials)
        self._known: dict[str, Order] = {}
        """By client id, as last heard of."""
        self._client_ids: dict[str, str] = {}
        """By the venue's order id."""

    def place(self, order: Order) -> Order:
        """See `TradingVenue.place`; PrecogError carries the code of what went wrong."""
        if objection := self._guard.admit(order, self._clock.now()):
            return replace(order, status=OrderStatus.REJECTED, reason=objection)
        fetch = self._calls.send("POST", SENT, wire.created_body(order), feed=f"kalshi:order:{order.client_id}")
        if fetch.ok:
            try:
                return self._heard(wire.placed(order, wire.read(wire.Created, wire.document_of(fetch.body))))
            except PrecogError as unreadable:
                return self._ask_for(order, unreadable)
        error = parse_error(fetch.body)
        if error is not None and error.code == EXISTS:
            return self._ask_for(order, failure_of(fetch, order.client_id))
        if fetch.status_code in _REFUSALS and error is not None:
            return replace(order, status=OrderStatus.REJECTED, reason=words_of(error))
        if uncertain(fetch):
            return self._ask_for(order, failure_of(fetch, order.client_id))
        raise failure_of(fetch, order.client_id)

    def place_many(self, orders: Sequence[Order]) -> list[Order]:
        """See `TradingVenue.place_many`; sent in batches of MAX_BATCH."""
        answers: list[Order] = []
        for start in range(0, len(orders), MAX_BATCH):
            answers += self._place_batch(orders[start : start + MAX_BATCH])
        return answers

    def cancel(self, client_id: str) -> Order:
        """See `TradingVenue.cancel`. PrecogError of a request without an answer: it may still rest."""
        order = self._order(client_id)
        path = f"{SENT}/{segment(order.venue_order_id or '')}"
        fetch = self._calls.send(
            "DELETE", path, params={"market_ticker": order.ticker}, feed=f"kalshi:cancel:{client_id}"
        )
        if fetch.ok:
            return self._canceled(order, wire.read(wire.Canceled, wire.document_of(fetch.body)))
        if fetch.status_code == 404:
            return self._not_open(order)
        if uncertain(fetch):
            now = self._fresh(order)
            if not now.status.is_open:
                return now
        raise failure_of(fetch, client_id)

    def cancel_many(self, client_ids: Sequence[str]) -> list[Order]:
        """As `cancel`, in batches; orders that are done already come back as they ended."""
        answers: list[Order] = []
        for start in range(0, len(client_ids), MAX_BATCH):
            orders = [self._order(client_id) for client_id in client_ids[start : start + MAX_BATCH]]
            asked = [{"order_id": order.venue_order_id, "market_ticker": order.ticker} for order in orders]
            fetch = self._calls.send("DELETE", f"{SENT}/batched", {"orders": asked}, feed="kalshi:cancel:batch")
            if not fetch.ok:
                raise failure_of(fetch, f"{len(orders)} cancels")
            rows = wire.rows_of(wire.document_of(fetch.body), "orders")
            found = {row.get("order_id"): row for row in rows if isinstance(row, dict)}
            for order in orders:
                row = found.get(order.venue_order_id)
                whole = row is not None and not row.get("error")
                answers.append(self._canceled(order, wire.read(wire.Canceled, row)) if whole else self._not_open(order))
        return answers

    def amend(self, client_id: str, limit_price: Decimal, contracts: Decimal) -> Order:
        """See `TradingVenue.amend`."""
        if objection := self._guard.objection(contracts, limit_price):
            raise PrecogError("http.bad_request", f"Order {client_id} was not amended: {objection}.")
        before = self._fresh(self._order(client_id))
        wanted = replace(before, limit_price=limit_price, contracts=contracts)
        path = f"{SENT}/{segment(before.venue_order_id or '')}/amend"
        fetch = self._calls.send("POST", path, wire.terms(wanted), feed=f"kalshi:amend:{client_id}")
        if fetch.ok:
            left = wire.read(wire.Amended, wire.document_of(fetch.body)).remaining_count
            return self._heard(_remaining(wanted, before.remaining if left is None else left))
        return self._if_done(before, fetch, lambda now: (now.limit_price, now.contracts) == (limit_price, contracts))

    def decrease(self, client_id: str, remaining: Decimal) -> Order:
        """Lower what remains of a resting order, which keeps its place. Zero cancels it. Raises as `amend`."""
        before = self._order(client_id)
        path = f"{SENT}/{segment(before.venue_order_id or '')}/decrease"
        body = {"reduce_to": f"{remaining:f}", "market_ticker": before.ticker}
        fetch = self._calls.send("POST", path, body, feed=f"kalshi:decrease:{client_id}")
        if fetch.ok:
            wire.read(wire.Decreased, wire.document_of(fetch.body))
            return self._fresh(before)
        return self._if_done(before, fetch, lambda now: now.remaining <= remaining)

    def orders(self) -> list[Order]:
        """Every order of the live tier, oldest first; those ended before the venue's cutoff are archived."""
        seen = [wire.read(wire.OrderSeen, row) for row in self._calls.rows(ORDERS, "orders", {}, "kalshi:orders")]
        listed = [self._heard(wire.order_of(row, self._known.get(row.client_order_id))) for row in seen]
        return sorted(listed, key=lambda order: (order.created_at, order.client_id))

    def fills(self, since: datetime | None = None) -> list[Fill]:
        # `min_ts` is whole seconds and "after": one earlier, and the rest is left out here.
        params = {} if since is None else {"min_ts": int(since.timestamp()) - 1}
        rows = self._calls.rows("/portfolio/fills", "fills", params, "kalshi:fills")
        seen = {fill.fill_id: fill for fill in (wire.read(wire.FillSeen, row) for row in rows)}
        if any(fill.order_id not in self._client_ids for fill in seen.values()):
            self.orders()
        found = [
            wire.fill_of(fill, self._client_ids.get(fill.order_id, f"venue:{fill.order_id}"))
            for fill in seen.values()
            if since is None or fill.created_time >= since
        ]
        return sorted(found, key=lambda fill: (fill.filled_at, fill.fill_id))

    def positions(self) -> list[Position]:
        found = []
        for fetch in self._client.positions(correlation_id=self._correlation_id):
            if not fetch.ok:
                raise failure_of(fetch, "positions")
            parsed = parse_positions(fetch.body)
            if parsed.rejections:
                first = parsed.rejections[0]
                raise PrecogError("contract.vanished", f"Kalshi's position {first.key}: {first.reason}, {first.detail}")
            for row in parsed.rows:
                if not row.contracts:
                    continue
                held = abs(row.contracts)
                found.append(
                    Position(
                        market_id=row.market_id,
                        side=Side.YES if row.contracts > 0 else Side.NO,
                        contracts=held,
                        average_price=row.exposure / held,
                        fees=row.fees_paid,
                        realised=row.realized_pnl - row.fees_paid,
                        mark_mid=None,
                        mark_liquidation=None,
                    )
                )
        return found

    def balance(self) -> Decimal:
        fetch = self._client.balance(correlation_id=self._correlation_id)
        if not fetch.ok:
            raise failure_of(fetch, "the balance")
        return wire.read(wire.BalanceNow, wire.document_of(fetch.body)).balance_dollars

    def _place_batch(self, orders: Sequence[Order]) -> list[Order]:
        now = self._clock.now()
        objections = {order.client_id: self._guard.admit(order, now) for order in orders}
        sent = [order for order in orders if not objections[order.client_id]]
        answered: dict[str, Order] = {
            order.client_id: replace(order, status=OrderStatus.REJECTED, reason=objections[order.client_id])
            for order in orders
            if objections[order.client_id]
        }
        if sent:
            body = {"orders": [wire.created_body(order) for order in sent]}
            fetch = self._calls.send("POST", f"{SENT}/batched", body, feed=f"kalshi:orders:{sent[0].client_id}")
            answered |= self._batch_answers(sent, fetch)
        return [answered[order.client_id] for order in orders]

    def _batch_answers(self, sent: Sequence[Order], fetch: Fetch) -> dict[str, Order]:
        rows: dict[str, Any] = {}
        failure = failure_of(fetch, f"{len(sent)} orders")
        if fetch.ok:
            try:
                listed = wire.rows_of(wire.document_of(fetch.body), "orders")
                rows = {
                    row["client_order_id"]: row for row in listed if isinstance(row, dict) and "client_order_id" in row
                }
            except PrecogError as unreadable:
                failure = unreadable
        asks = fetch.ok or uncertain(fetch)
        answered = {}
        for order in sent:
            row = rows.get(order.client_id)
            error = row_error(row)
            try:
                if error is not None and error.code != EXISTS:
                    answered[order.client_id] = replace(order, status=OrderStatus.REJECTED, reason=words_of(error))
                elif row is not None and error is None:
                    answered[order.client_id] = self._heard(wire.placed(order, wire.read(wire.Created, row)))
                elif asks:
                    answered[order.client_id] = self._ask_for(order, failure)
                else:
                    raise failure
            except PrecogError as unknown:
                answered[order.client_id] = replace(order, reason=f"{unknown.code}: {unknown}")
        return answered

    def _ask_for(self, order: Order, failure: PrecogError) -> Order:
        """The order by its client id, as the venue lists it. Raises `failure` while it does not."""
        params = {"ticker": order.ticker}
        for row in self._calls.rows(ORDERS, "orders", params, f"kalshi:orders:{order.ticker}"):
            seen = wire.read(wire.OrderSeen, row)
            if seen.client_order_id == order.client_id:
                return self._heard(wire.order_of(seen, order))
        raise failure

    def _order(self, client_id: str) -> Order:
        """An order the venue has. Raises PrecogError(http.not_found)."""
        if client_id not in self._known:
            self.orders()
        if client_id not in self._known:
            raise PrecogError("http.not_found", f"Kalshi lists no order with the client id {client_id!r}.")
        return self._known[client_id]

    def _fresh(self, order: Order) -> Order:
        """The order read anew. The venue's reads may be a moment old."""
        path = f"{ORDERS}/{segment(order.venue_order_id or '')}"
        fetch = self._calls.get(path, f"kalshi:order:{order.client_id}")
        if not fetch.ok:
            raise failure_of(fetch, order.client_id)
        seen = wire.read(wire.OrderSeen, wire.document_of(fetch.body).get("order"))
        return self._heard(wire.order_of(seen, order))

    def _canceled(self, order: Order, canceled: wire.Canceled) -> Order:
        done = replace(order, status=OrderStatus.CANCELED, filled=order.contracts - canceled.reduced_by, reason="asked")
        return self._heard(done)

    def _not_open(self, order: Order) -> Order:
        """An order the venue says is not open: as it ended. A read that still has it resting is an old one."""
        now = self._fresh(order)
        if now.status.is_open:
            return self._heard(replace(now, status=OrderStatus.CANCELED, reason="not open at the venue"))
        return now

    def _if_done(self, before: Order, fetch: Fetch, done: Callable[[Order], bool]) -> Order:
        """A change without an answer: as the venue has the order, if it was carried out. Raises PrecogError if not."""
        if uncertain(fetch):
            now = self._fresh(before)
            if done(now):
                return now
        raise failure_of(fetch, before.client_id)

    def _heard(self, order: Order) -> Order:
        self._known[order.client_id] = order
        if order.venue_order_id is not None:
            self._client_ids[order.venue_order_id] = order.client_id
        return order


def _remaining(order: Order, left: Decimal) -> Order:
    status = order.status if left else OrderStatus.FILLED
    return replace(order, filled=order.contracts - left, status=status)
