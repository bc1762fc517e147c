"""The JSON of what an account has: orders, fills, positions, settlements, as spec 3.34.0 has them."""

from __future__ import annotations

from typing import Any

from precog_assets.simulator.kalshi.exchange.accounts import Deposit, Group, Transfer
from precog_assets.simulator.kalshi.exchange.model import Fill, Order, Position, Settlement
from precog_assets.simulator.kalshi.exchange.pit import SIDE_OF
from precog_assets.simulator.kalshi.exchange.trading import Done
from precog_assets.simulator.kalshi.exchange.units import CENT_MONEY, DOLLAR, cents, dollars_text, signed_count_text
from precog_assets.simulator.kalshi.instants import SECOND_US, instant_of
from precog_assets.simulator.kalshi.wire import DOLLARS, Json, count_text, time_text

_ACTION = {"bid": "buy", "ask": "sell"}


def order_json(order: Order) -> Json:
    """An Order object. The deprecated `side` and `action` speak of the YES leg, as recorded."""
    row: Json = {
        "order_id": order.order_id,
        "user_id": order.account_id,
        "client_order_id": order.client_order_id,
        "ticker": order.ticker,
        "side": "yes",
        "action": _ACTION[order.side],
        "outcome_side": SIDE_OF[order.side],
        "book_side": order.side,
        "type": "limit",
        "status": order.status,
        "yes_price_dollars": DOLLARS[order.price],
        "no_price_dollars": DOLLARS[DOLLAR - order.price],
        "fill_count_fp": count_text(order.filled),
        "remaining_count_fp": count_text(order.remaining),
        "initial_count_fp": count_text(order.initial),
        "taker_fill_cost_dollars": dollars_text(order.taker_cost),
        "maker_fill_cost_dollars": dollars_text(order.maker_cost),
        "taker_fees_dollars": dollars_text(order.taker_fees),
        "maker_fees_dollars": dollars_text(order.maker_fees),
        "created_time": time_text(instant_of(order.created_us)),
        "last_update_time": time_text(instant_of(order.updated_us)),
        "self_trade_prevention_type": order.self_trade,
        "cancel_order_on_pause": order.cancel_on_pause,
        "subaccount_number": order.subaccount,
        "exchange_index": 0,
    }
    if order.expires_us is not None:
        row["expiration_time"] = time_text(instant_of(order.expires_us))
    if order.group_id is not None:
        row["order_group_id"] = order.group_id
    return row


def fill_json(fill: Fill) -> Json:
    """A Fill object."""
    return {
        "fill_id": fill.fill_id,
        "trade_id": fill.fill_id,
        "order_id": fill.order_id,
        "ticker": fill.ticker,
        "market_ticker": fill.ticker,
        "side": "yes",
        "action": _ACTION[fill.side],
        "outcome_side": SIDE_OF[fill.side],
        "book_side": fill.side,
        "count_fp": count_text(fill.count),
        "yes_price_dollars": DOLLARS[fill.price],
        "no_price_dollars": DOLLARS[DOLLAR - fill.price],
        "is_taker": fill.is_taker,
        "fee_cost": dollars_text(fill.fee),
        "created_time": time_text(instant_of(fill.time_us)),
        "ts": fill.time_us // SECOND_US,
        "subaccount_number": fill.subaccount,
        "exchange_index": 0,
    }


def position_json(position: Position, resting: int) -> Json:
    """A MarketPosition object; `resting` orders the purse has in the market."""
    return {
        "ticker": position.ticker,
        "exchange_index": 0,
        "total_traded_dollars": dollars_text(position.traded),
        "position_fp": signed_count_text(position.count),
        "market_exposure_dollars": dollars_text(position.cost),
        "realized_pnl_dollars": dollars_text(position.realized),
        "fees_paid_dollars": dollars_text(position.fees),
        "resting_orders_count": resting,
        "last_updated_ts": time_text(instant_of(position.updated_us)),
    }


def event_position_json(event_ticker: str, positions: list[Position]) -> Json:
    """An EventPosition object over the event's market positions."""
    return {
        "event_ticker": event_ticker,
        "total_cost_dollars": dollars_text(sum(p.traded for p in positions)),
        "total_cost_shares_fp": count_text(sum(p.volume for p in positions)),
        "event_exposure_dollars": dollars_text(sum(p.cost for p in positions)),
        "realized_pnl_dollars": dollars_text(sum(p.realized for p in positions)),
        "fees_paid_dollars": dollars_text(sum(p.fees for p in positions)),
    }


def settlement_json(settlement: Settlement) -> Json:
    """A Settlement object."""
    return {
        "ticker": settlement.ticker,
        "event_ticker": settlement.event_ticker,
        "exchange_index": 0,
        "market_result": settlement.result,
        "yes_count_fp": count_text(settlement.yes_count),
        "yes_total_cost_dollars": dollars_text(settlement.yes_cost),
        "no_count_fp": count_text(settlement.no_count),
        "no_total_cost_dollars": dollars_text(settlement.no_cost),
        "revenue": cents(settlement.revenue),
        "settled_time": time_text(instant_of(settlement.time_us)),
        "fee_cost": dollars_text(settlement.fees),
        "value": settlement.value // 100,
    }


def group_json(group: Group) -> Json:
    """An OrderGroup object."""
    return {
        "id": group.record.group_id,
        "contracts_limit_fp": count_text(group.record.limit),
        "is_auto_cancel_enabled": group.record.triggered,
        "exchange_index": 0,
    }


def deposit_json(deposit: Deposit) -> Json:
    """A Deposit or Withdrawal object; money that came in or went out is so at once."""
    seconds = deposit.time_us // SECOND_US
    return {
        "id": deposit.deposit_id,
        "status": "applied",
        "type": "wire",
        "amount_cents": abs(deposit.money) // CENT_MONEY,
        "fee_cents": 0,
        "created_ts": seconds,
        "finalized_ts": seconds,
    }


def transfer_json(transfer: Transfer) -> Json:
    """A SubaccountTransfer object."""
    return {
        "transfer_id": transfer.transfer_id,
        "from_subaccount": transfer.source,
        "to_subaccount": transfer.target,
        "amount_cents": transfer.amount_cents,
        "created_ts": transfer.time_us // SECOND_US,
        "exchange_index": 0,
    }


def done_json(done: Done) -> Json:
    """What an accepted command on an order answers: whose order, what it filled, when."""
    row: Json = {"order_id": done.order.order_id, "ts_ms": done.time_us // 1_000}
    if done.order.client_order_id:
        row["client_order_id"] = done.order.client_order_id
    return row


def fills_json(done: Done) -> dict[str, Any]:
    """Average price and fee a contract; nothing where nothing was filled."""
    if not done.filled:
        return {}
    return {
        "average_fill_price": DOLLARS[_rounded(done.cost, done.filled)],
        "average_fee_paid": DOLLARS[_rounded(done.fees, done.filled)],
    }


def _rounded(money: int, count: int) -> int:
    """Money a contract, to the nearest 1/10,000 dollars."""
    return (2 * money + count) // (2 * count)
