"""kalshi-sdk, unchanged, against a simulator: every served operation, an order placed, filled and settled.

Run by Python 3.13 in an environment of its own: `python unofficial.py ADDRESS KEY_ID KEY_FILE`. Prints one JSON
object: the (method, path) pairs called, and what was seen.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import kalshi
from kalshi import KalshiAuth, KalshiClient, KalshiConfig

PREFIX = "/trade-api/v2"


def control(address: str, path: str, body: Any) -> Any:
    """One call of the simulator's own endpoints."""
    request = urllib.request.Request(
        address + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def want(condition: object, what: object) -> None:
    if not condition:
        raise AssertionError(what)


def not_found(call: Callable[[], object]) -> None:
    """A call that must answer 404."""
    try:
        call()
    except kalshi.KalshiNotFoundError:
        return
    raise AssertionError("404 was to come")


def order(ticker: str, side: str, price: Decimal | str, count: str, **more: Any) -> kalshi.CreateOrderV2Request:
    return kalshi.CreateOrderV2Request(
        ticker=ticker,
        client_order_id=str(uuid.uuid4()),
        side=side,
        count=count,
        price=f"{Decimal(price):.4f}",
        time_in_force=more.pop("time_in_force", "good_till_canceled"),
        self_trade_prevention_type="taker_at_cross",
        **more,
    )


def read_everything(client: KalshiClient) -> str:
    want(client.exchange.status().trading_active, "trading is not active")
    client.exchange.schedule()
    client.exchange.user_data_timestamp()
    client.account.endpoint_costs()
    client.search.filters_by_sport()
    client.search.tags_by_categories()
    client.incentive_programs.list(limit=5)
    client.series.fee_changes()
    client.events.fee_changes(limit=5)
    client.series.get(client.series.list(category="Sports")[0].ticker)
    markets = list(client.markets.list_all(status="open", mve_filter="exclude", limit=500))
    middling = [m for m in markets if m.yes_bid and Decimal("0.2") < m.yes_bid < Decimal("0.8")]
    busy = max(middling, key=lambda market: market.volume)
    ticker, event_ticker, series_ticker = busy.ticker, busy.event_ticker, busy.ticker.split("-")[0]
    client.markets.get(ticker)
    book = client.markets.orderbook(ticker, depth=5)
    want(book.yes and book.no, book)
    client.markets.bulk_orderbooks(tickers=[m.ticker for m in markets[:10]])
    trades = client.markets.list_trades(ticker=ticker, limit=50).items
    end = int(trades[0].created_time.timestamp())
    span = {"start_ts": end - 4 * 3600, "end_ts": end, "period_interval": 60}
    client.markets.candlesticks(series_ticker, ticker, **span)
    client.markets.bulk_candlesticks(market_tickers=[ticker], **span)
    client.series.event_candlesticks(series_ticker, event_ticker, **span)
    client.events.list(limit=5, with_nested_markets=True, with_milestones=True)
    client.events.get(event_ticker, with_nested_markets=True)
    client.events.metadata(event_ticker)
    client.events.list_multivariate(limit=5)
    collection = client.multivariate_collections.list(limit=5).items[0]
    client.multivariate_collections.get(collection.collection_ticker)
    milestone = client.milestones.list(limit=10, related_event_ticker=event_ticker).items[0]
    client.milestones.get(milestone.id)
    client.live_data.get(milestone.id)
    client.live_data.get_typed(milestone.type, milestone.id)
    client.live_data.batch(milestone_ids=[milestone.id])
    client.live_data.game_stats(milestone.id)
    not_found(lambda: client.live_data.get_event(event_ticker))  # prices and weather have it, games do not
    target = client.structured_targets.list(page_size=5).items[0]
    client.structured_targets.get(target.id)
    client.historical.cutoff()
    past = client.historical.markets(limit=5).items[0]
    client.historical.market(past.ticker)
    client.historical.trades(ticker=past.ticker, limit=5)
    close = int(past.close_time.timestamp())
    client.historical.candlesticks(past.ticker, start_ts=close - 7200, end_ts=close, period_interval=60)
    return ticker


def trade(client: KalshiClient, ticker: str) -> None:
    client.account.limits()
    client.account.volume_progress()
    placed = client.orders.create_v2(request=order(ticker, "bid", "0.0100", "10.00"))
    client.orders.get(placed.order_id)
    client.orders.queue_position(placed.order_id)
    client.orders.queue_positions(market_tickers=[ticker])
    client.portfolio.total_resting_order_value()
    client.orders.amend_v2(
        placed.order_id, request=kalshi.AmendOrderV2Request(ticker=ticker, side="bid", price="0.0200", count="8.00")
    )
    client.orders.decrease_v2(placed.order_id, request=kalshi.DecreaseOrderV2Request(reduce_to="5.00"))
    want(client.orders.cancel_v2(placed.order_id).reduced_by == 5, "reduced by")
    not_found(lambda: client.orders.cancel_v2(placed.order_id))
    ask = client.markets.get(ticker).yes_ask
    filled = client.orders.create_v2(request=order(ticker, "bid", ask + Decimal("0.02"), "4.00"))
    want(filled.fill_count == 4, filled)
    rows = [order(ticker, "bid", "0.0100", "1.00") for _ in range(2)]
    made = client.orders.batch_create_v2(request=kalshi.BatchCreateOrdersV2Request(orders=rows)).orders
    cancels = [kalshi.BatchCancelOrdersV2RequestOrder(order_id=row.order_id) for row in made]
    client.orders.batch_cancel_v2(request=kalshi.BatchCancelOrdersV2Request(orders=cancels))
    group = client.order_groups.create(contracts_limit=5)
    client.orders.create_v2(request=order(ticker, "bid", "0.0100", "1.00", order_group_id=group.order_group_id))
    client.order_groups.list()
    client.order_groups.get(group.order_group_id)
    client.order_groups.update_limit(group.order_group_id, contracts_limit=9)
    client.order_groups.trigger(group.order_group_id)
    client.order_groups.reset(group.order_group_id)
    client.order_groups.delete(group.order_group_id)
    client.orders.cancel_all_v2()
    want(len(list(client.orders.list_all(limit=2))) >= 5, "orders")
    want(sum(fill.count for fill in client.portfolio.fills_all(limit=1)) == 4, "fills")
    client.portfolio.balance()
    client.portfolio.positions(limit=10)
    client.portfolio.deposits()
    client.portfolio.withdrawals()


def subaccounts(client: KalshiClient) -> None:
    made = client.subaccounts.create()
    client.subaccounts.transfer(
        client_transfer_id=uuid.uuid4(), from_subaccount=0, to_subaccount=made.subaccount_number, amount_cents=100
    )
    client.subaccounts.list_balances()
    client.subaccounts.list_transfers()
    client.subaccounts.get_netting()
    client.subaccounts.update_netting(subaccount_number=made.subaccount_number, enabled=True)


def settle(client: KalshiClient, address: str, ticker: str) -> str:
    market = client.markets.get(ticker)
    for _ in range(40):
        if market.status == "finalized":
            break
        control(address, "/simulator/clock", {"jump_s": 1200})
        market = client.markets.get(ticker)
    want(market.status == "finalized", market)
    want([row.ticker for row in client.portfolio.settlements_all(limit=1)].count(ticker) == 1, "settled once")
    client.historical.fills()
    client.historical.orders()
    client.historical.positions()
    return market.result


def main(address: str, key_id: str, key_file: str) -> None:
    called: set[tuple[str, str]] = set()
    config = KalshiConfig(base_url=address + PREFIX)
    client = KalshiClient(auth=KalshiAuth.from_key_path(key_id, key_file), config=config)
    http = client._transport._client
    http.event_hooks["request"].append(
        lambda request: called.add((request.method, request.url.path.removeprefix(PREFIX)))
    )
    began = time.monotonic()
    with client:
        ticker = read_everything(client)
        trade(client, ticker)
        subaccounts(client)
        result = settle(client, address, ticker)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"called": sorted(called), "seen": {"settled": result, "seconds": seconds}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
