"""Kalshi's official client, unchanged, against a simulator: every served operation, and an order's whole life.

Run by Python 3.13 in an environment of its own: `python official.py sync|async ADDRESS KEY_ID KEY_FILE`. Prints
one JSON object: the (method, path) pairs called, and what was seen. Any surprise is an exception.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import time
import urllib.request
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/trade-api/v2"


class Venue:
    """The client of one package, called alike whether it is the sync or the async one, and what it called."""

    def __init__(self, kind: str, address: str, key_id: str, key_file: str) -> None:
        self.package = importlib.import_module(f"kalshi_python_{kind}")
        self.errors = importlib.import_module(f"kalshi_python_{kind}.exceptions")
        configuration = self.package.Configuration(host=address + PREFIX)
        configuration.api_key_id = key_id
        configuration.private_key_pem = Path(key_file).read_text()
        self.client = self.package.KalshiClient(configuration)
        self.called: set[tuple[str, str]] = set()
        request = self.client.rest_client.request

        def noted(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            self.called.add((method, urlsplit(url).path.removeprefix(PREFIX)))
            return request(method, url, *args, **kwargs)

        self.client.rest_client.request = noted

    async def __call__(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        result = getattr(self.client, operation)(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    async def refused(self, status: int, operation: str, *args: Any, **kwargs: Any) -> Any:
        """The error body of a call that must fail with that status."""
        try:
            await self(operation, *args, **kwargs)
        except self.errors.ApiException as error:
            want(error.status == status, (operation, error.status, error.body))
            return json.loads(error.body)
        raise AssertionError(f"{operation} was to be refused with {status}")

    async def close(self) -> None:
        closing = getattr(self.client, "close", None)
        if closing is not None and inspect.iscoroutinefunction(closing):
            await closing()


class Control:
    """The simulator's own endpoints."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def want(condition: object, what: object) -> None:
    """Fail with what was seen; `assert` would vanish under -O."""
    if not condition:
        raise AssertionError(what)


async def paged(venue: Venue, operation: str, rows: str, limit: int, pages: int = 50, **filters: Any) -> list[Any]:
    """All rows of a listing, following its cursor to the empty one."""
    found: list[Any] = []
    cursor = None
    for _ in range(pages):
        page = await venue(operation, limit=limit, **filters, **({"cursor": cursor} if cursor else {}))
        got = getattr(page, rows)
        want(len(got) <= limit, (operation, len(got), limit))
        found += got
        cursor = page.cursor
        if not cursor:
            return found
    return found


async def read_everything(venue: Venue) -> str:
    """Every public read; gives the ticker of a busy active market."""
    status = await venue("get_exchange_status")
    want(status.exchange_active and status.trading_active, status)
    await venue("get_exchange_schedule")
    await venue("get_user_data_timestamp")
    series = (await venue("get_series_list", category="Sports")).series
    await venue("get_series", series[0].ticker)
    await venue("get_series_fee_changes")
    await venue("get_event_fee_changes")
    await venue("get_account_endpoint_costs")
    await venue("get_filters_for_sports")
    await venue("get_tags_for_series_categories")
    await venue("get_incentive_programs")
    markets = await paged(venue, "get_markets", "markets", 500, status="open", mve_filter="exclude")
    want(len({m.ticker for m in markets}) == len(markets) > 50, len(markets))
    busy = max(
        (m for m in markets if Decimal("0.2") < Decimal(m.yes_bid_dollars) < Decimal("0.8")),
        key=lambda m: Decimal(m.volume_fp),
    )
    ticker, event_ticker, series_ticker = busy.ticker, busy.event_ticker, busy.ticker.split("-")[0]
    await venue("get_market", ticker)
    book = (await venue("get_market_orderbook", ticker)).orderbook_fp
    want(book.yes_dollars and book.no_dollars, book)
    want([*book.yes_dollars] == sorted(book.yes_dollars, key=lambda level: Decimal(level[0])), book)
    want(
        len((await venue("get_market_orderbooks", tickers=[m.ticker for m in markets[:20]])).orderbooks) == 20, "books"
    )
    trades = await paged(venue, "get_trades", "trades", 100, pages=3, ticker=ticker)
    want(len(trades) > 100 and len({t.trade_id for t in trades}) == len(trades), len(trades))
    end = int(trades[0].created_time.timestamp())
    span = {"start_ts": end - 4 * 3600, "end_ts": end}
    candles = (await venue("get_market_candlesticks", series_ticker, ticker, period_interval=60, **span)).candlesticks
    want(candles, "no candlesticks")
    await venue("batch_get_market_candlesticks", ticker, period_interval=1, **span)
    await venue("get_market_candlesticks_by_event", event_ticker, series_ticker, period_interval=60, **span)
    events = await paged(venue, "get_events", "events", 100, with_nested_markets=True, status="open")
    want(all(event.markets for event in events), "events without markets")
    await venue("get_events", limit=5, with_milestones=True)
    await venue("get_event", event_ticker, with_nested_markets=True)
    await venue("get_event_metadata", event_ticker)
    combos = await venue("get_multivariate_events", limit=10, with_nested_markets=True)
    want(combos.events, "no combos")
    collections = (await venue("get_multivariate_event_collections", limit=10)).multivariate_contracts
    await venue("get_multivariate_event_collection", collections[0].collection_ticker)
    milestones = (await venue("get_milestones", 50, related_event_ticker=event_ticker)).milestones
    milestone = (await venue("get_milestone", milestones[0].id)).milestone
    await venue("get_live_data_by_milestone", milestone.id)
    await venue("get_live_data", milestone.type, milestone.id)
    await venue("get_live_datas", [milestone.id])
    await venue("get_game_stats", milestone.id)
    await venue.refused(404, "get_event_live_data", event_ticker)  # prices and weather have it, games do not
    targets = (await venue("get_structured_targets", page_size=10)).structured_targets
    await venue("get_structured_target", targets[0].id)
    await venue("get_historical_cutoff")
    past = (await venue("get_historical_markets", limit=5)).markets
    await venue("get_historical_market", past[0].ticker)
    await venue("get_trades_historical", ticker=past[0].ticker, limit=5)
    close = int(past[0].close_time.timestamp())
    await venue("get_market_candlesticks_historical", past[0].ticker, close - 7200, close, 60)
    return ticker


def order(ticker: str, side: str, price: Decimal | str, count: str, **more: Any) -> dict[str, Any]:
    """The body of an order as the client takes it."""
    return {
        "ticker": ticker,
        "client_order_id": str(uuid.uuid4()),
        "side": side,
        "count": count,
        "price": f"{Decimal(price):.4f}",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }


async def trade(venue: Venue, ticker: str) -> dict[str, Any]:
    """An order's life in every way the venue allows."""
    seen: dict[str, Any] = {}
    await venue("get_account_api_limits")
    await venue("get_account_api_usage_level_volume_progress")
    before = await venue("get_balance")
    first = order(ticker, "bid", "0.0100", "10.00")
    placed = await venue("create_order_v2", **first)
    want(Decimal(placed.fill_count) == 0 and Decimal(placed.remaining_count) == 10, placed)
    want((await venue.refused(409, "create_order_v2", **first))["error"]["code"] == "order_already_exists", "again")
    await venue("get_order", placed.order_id)
    await venue("get_order_queue_position", placed.order_id)
    await venue("get_order_queue_positions", market_tickers=ticker)
    resting = await venue("get_portfolio_resting_order_total_value")
    want(resting.total_resting_order_value == 10, resting)
    amended = await venue("amend_order_v2", placed.order_id, ticker=ticker, side="bid", price="0.0200", count="8.00")
    want(Decimal(amended.remaining_count) == 8, amended)
    lowered = await venue("decrease_order_v2", placed.order_id, reduce_by="3.00", market_ticker=ticker)
    want(Decimal(lowered.remaining_count) == 5, lowered)
    cancelled = await venue("cancel_order_v2", placed.order_id)
    want(Decimal(cancelled.reduced_by) == 5, cancelled)
    want((await venue.refused(404, "cancel_order_v2", placed.order_id))["error"]["code"] == "not_found", "twice")

    ask = Decimal((await venue("get_market", ticker)).market.yes_ask_dollars)
    taken = await venue("create_order_v2", **order(ticker, "bid", ask + Decimal("0.02"), "4.00"))
    want(Decimal(taken.fill_count) == 4, taken)
    want(Decimal(taken.average_fill_price) <= ask + Decimal("0.02"), taken)
    crossing = order(ticker, "bid", "0.9900", "1.00", post_only=True)
    want((await venue.refused(400, "create_order_v2", **crossing))["error"]["details"] == "post only cross", "crossing")
    huge = order(ticker, "bid", "0.9900", "90000000.00")
    want((await venue.refused(400, "create_order_v2", **huge))["error"]["code"] == "insufficient_balance", "huge")
    off_grid = order(ticker, "bid", "0.01555", "1.00") | {"price": "0.0155"}
    want((await venue.refused(400, "create_order_v2", **off_grid))["error"]["code"] == "invalid_price", "grid")
    ioc = await venue("create_order_v2", **order(ticker, "bid", "0.0100", "1.00", time_in_force="immediate_or_cancel"))
    want((Decimal(ioc.fill_count), Decimal(ioc.remaining_count)) == (0, 0), ioc)
    seen["order_types"] = "gtc ioc post_only"

    batch = [order(ticker, "bid", "0.0100", "1.00"), order(ticker, "ask", "0.9900", "1.00"), {**first}]
    made = (await venue("batch_create_orders_v2", orders=batch)).orders
    want([bool(row.order_id) for row in made] == [True, True, False] and made[2].error.code, made)
    ends = await venue("batch_cancel_orders_v2", orders=[{"order_id": row.order_id} for row in made[:2]])
    want([Decimal(row.reduced_by) for row in ends.orders] == [1, 1], ends)

    group = await venue("create_order_group", contracts_limit=5)
    grouped = await venue(
        "create_order_v2", **order(ticker, "bid", "0.0100", "1.00", order_group_id=group.order_group_id)
    )
    await venue("get_order_groups")
    want((await venue("get_order_group", group.order_group_id)).orders == [grouped.order_id], "group's orders")
    await venue("update_order_group_limit", group.order_group_id, contracts_limit=9)
    await venue("trigger_order_group", group.order_group_id)
    want((await venue("get_order", grouped.order_id)).order.status == "canceled", "triggered group")
    await venue("reset_order_group", group.order_group_id)
    await venue("delete_order_group", group.order_group_id)

    for _ in range(3):
        await venue("create_order_v2", **order(ticker, "bid", "0.0100", "1.00"))
    await venue("cancel_all_orders")
    orders = await paged(venue, "get_orders", "orders", 4)
    want(len(orders) >= 9 and len({o.order_id for o in orders}) == len(orders), len(orders))
    want(not (await venue("get_orders", status="resting", limit=100)).orders, "orders still rest")
    fills = await paged(venue, "get_fills", "fills", 1)
    want(sum(Decimal(fill.count_fp) for fill in fills) == 4, fills)
    fees = sum(Decimal(fill.fee_cost) for fill in fills)
    cost = sum(Decimal(fill.yes_price_dollars) * Decimal(fill.count_fp) for fill in fills)
    after = await venue("get_balance")
    spent = Decimal(before.balance_dollars) - Decimal(after.balance_dollars)
    want(abs(spent - cost - fees) <= Decimal("0.0001") * len(fills), (spent, cost, fees))
    positions = await venue("get_positions", limit=100)
    want([Decimal(p.position_fp) for p in positions.market_positions if p.ticker == ticker] == [4], positions)
    await venue("get_deposits")
    await venue("get_withdrawals")
    seen |= {"orders": len(orders), "fills": len(fills), "spent": str(spent)}
    return seen


async def subaccounts(venue: Venue) -> None:
    """A second purse: made, filled, read."""
    made = await venue("create_subaccount")
    transfer = {"from_subaccount": 0, "to_subaccount": made.subaccount_number, "amount_cents": 100}
    await venue("apply_subaccount_transfer", client_transfer_id=str(uuid.uuid4()), **transfer)
    balances = (await venue("get_subaccount_balances")).subaccount_balances
    want(len(balances) == 2, balances)
    await venue("get_subaccount_transfers")
    await venue("get_subaccount_netting")
    await venue("update_subaccount_netting", subaccount_number=made.subaccount_number, enabled=True)


async def settle(venue: Venue, control: Control, ticker: str) -> dict[str, Any]:
    """The clock goes on until the market has settled, and the account is paid once."""
    cash = Decimal((await venue("get_balance")).balance_dollars)
    for _ in range(40):
        market = (await venue("get_market", ticker)).market
        if market.status == "finalized":
            break
        control("/simulator/clock", {"jump_s": 1200})
    want(market.status == "finalized" and market.result in ("yes", "no", "scalar"), market)
    settlements = await paged(venue, "get_settlements", "settlements", 1)
    (paid,) = (row for row in settlements if row.ticker == ticker)
    value = Decimal(market.settlement_value_dollars)
    want(Decimal(paid.revenue) == value * 4 * 100 and paid.market_result == market.result, paid)
    gained = Decimal((await venue("get_balance")).balance_dollars) - cash
    want(gained == value * 4, (gained, value))
    want(not [p for p in (await venue("get_positions")).market_positions if p.ticker == ticker], "still open")
    await venue("get_fills_historical")
    await venue("get_historical_orders")
    await venue("get_historical_positions")
    return {"settled": market.result, "paid": str(gained)}


async def main(kind: str, address: str, key_id: str, key_file: str) -> None:
    venue, control = Venue(kind, address, key_id, key_file), Control(address)
    began = time.monotonic()
    try:
        ticker = await read_everything(venue)
        seen = await trade(venue, ticker)
        await subaccounts(venue)
        seen |= await settle(venue, control, ticker)
    finally:
        await venue.close()
    seen["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps({"called": sorted(venue.called), "seen": seen}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
