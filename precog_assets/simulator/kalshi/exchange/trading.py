"""The commands on orders: place, cancel, amend, decrease. Each checks first and changes after, or refuses whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.answers import not_found
from precog_assets.simulator.kalshi.exchange.accounts import Account, Purse, collateral
from precog_assets.simulator.kalshi.exchange.floor import Floor, side_bought
from precog_assets.simulator.kalshi.exchange.matching import crosses, plan
from precog_assets.simulator.kalshi.exchange.model import BookSide, Order, SelfTrade, TimeInForce
from precog_assets.simulator.kalshi.exchange.pit import Pit
from precog_assets.simulator.kalshi.exchange.refusals import invalid_order, paused, refused
from precog_assets.simulator.kalshi.exchange.units import DOLLAR
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.prices import step_at


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as it is asked for; every field is of a possible kind, whether it is allowed is not yet known."""

    ticker: str
    client_order_id: str
    side: BookSide
    price: int
    count: int
    time_in_force: TimeInForce
    self_trade: SelfTrade
    expires_us: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    subaccount: int = 0
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did to an order: how it stands, and the fills of this command alone."""

    order: Order
    filled: int = 0
    cost: int = 0
    """Sum of price times count, in YES prices."""
    fees: int = 0
    reduced: int = 0
    time_us: int = 0


def open_pit(floor: Floor, ticker: str, *, to_trade: bool) -> Pit:
    """The pit of a market. Raises Refusal when it is unknown, or, to trade, not trading."""
    pit = floor.pit(ticker)
    if pit is None:
        raise not_found()
    need_exchange(floor)
    if not to_trade:
        return pit
    if pit.status is MarketStatus.INITIALIZED:
        raise refused(400, "market_not_active")
    if pit.status not in (MarketStatus.ACTIVE, MarketStatus.INACTIVE):
        raise refused(400, "market_closed")
    if not pit.trading:
        raise paused(exchange=False)
    return pit


def need_exchange(floor: Floor) -> None:
    """Raises Refusal while the exchange takes no change at all."""
    closure = floor.market.hours.closure_at(floor.now_us)
    if closure is not None and closure.exchange:
        raise paused(exchange=True)


def purse_of(account: Account, subaccount: int) -> Purse:
    """Raises Refusal for a subaccount that does not exist."""
    purse = account.purses.get(subaccount)
    if purse is None:
        raise not_found()
    return purse


def place(floor: Floor, account: Account, ticket: Ticket) -> Done:
    """Take an order in and match it; what is left rests, or is cancelled, by its time in force."""
    now_us = floor.now_us
    purse = purse_of(account, ticket.subaccount)
    pit = open_pit(floor, ticket.ticker, to_trade=True)
    if ticket.client_order_id and ticket.client_order_id in account.client_ids:
        raise refused(409, "order_already_exists")
    _check(account, pit, ticket, now_us)
    capped = _reducible(purse, ticket) if ticket.reduce_only else ticket.count
    order = Order(
        order_id=stable_uuid("order", account.account_id, account.numbered),
        account_id=account.account_id,
        client_order_id=ticket.client_order_id,
        ticker=ticket.ticker,
        side=ticket.side,
        price=ticket.price,
        initial=ticket.count,
        remaining=capped,
        filled=0,
        status="resting",
        time_in_force=ticket.time_in_force,
        self_trade=ticket.self_trade,
        created_us=now_us,
        updated_us=now_us,
        expires_us=ticket.expires_us,
        post_only=ticket.post_only,
        reduce_only=ticket.reduce_only,
        cancel_on_pause=ticket.cancel_on_pause,
        group_id=ticket.group_id,
        subaccount=ticket.subaccount,
        sequence=floor.arrivals,
    )
    _need_money(floor, pit, order)
    if ticket.time_in_force == "fill_or_kill" and plan(pit, order).filled < capped:
        raise refused(409, "fill_or_kill_insufficient_resting_volume", service=False)
    account.numbered += 1
    floor.arrivals += 1
    account.orders[order.order_id] = order
    if ticket.client_order_id:
        account.client_ids.add(ticket.client_order_id)
    if ticket.group_id is not None:
        account.groups[ticket.group_id].order_ids.append(order.order_id)
    return _work(floor, pit, account, order, "ReduceOnlyCancel" if capped < ticket.count else None)


def _check(account: Account, pit: Pit, ticket: Ticket, now_us: int) -> None:
    """Raises Refusal for what makes a ticket impossible whatever the book and the purse say."""
    check_price(pit, ticket.price)
    if ticket.count <= 0:
        raise invalid_order("count must be positive")
    if ticket.time_in_force != "good_till_canceled":
        if ticket.expires_us is not None:
            raise invalid_order("expiration_time requires good_till_canceled")
        if ticket.post_only:
            raise invalid_order("post_only requires good_till_canceled")
    if ticket.expires_us is not None and ticket.expires_us <= now_us:
        raise invalid_order("expiration_time must be in the future")
    if ticket.reduce_only and ticket.time_in_force != "immediate_or_cancel":
        raise invalid_order("reduce_only requires immediate_or_cancel")
    if ticket.group_id is not None:
        group = account.groups.get(ticket.group_id)
        if group is None or group.record.subaccount != ticket.subaccount:
            raise not_found()
        if group.record.triggered:
            raise invalid_order("order group is triggered")
    if ticket.post_only and crosses(pit, ticket.side, ticket.price):
        raise invalid_order("post only cross")


def check_price(pit: Pit, price: int) -> None:
    """Raises Refusal for a price off the market's grid, or at its ends."""
    if not 0 < price < DOLLAR or price % step_at(pit.event.series.price_level_structure, price):
        raise refused(400, "invalid_price")


def _reducible(purse: Purse, ticket: Ticket) -> int:
    held = purse.held(ticket.ticker)
    return min(ticket.count, max(0, -held if ticket.side == "bid" else held))


def _need_money(floor: Floor, pit: Pit, order: Order, instead_of: Order | None = None) -> None:
    """Raises Refusal unless the purse can pay for the order in full, at its price, with a taker's fee."""
    purse, terms = floor.purse_of(order), floor.fees(pit)

    def fee(price: int, count: int) -> int:
        return terms.fee(price, count, taker=False)

    others = [o for o in purse.resting.get(pit.ticker, {}).values() if o is not instead_of]
    needed = collateral([*others, order], purse.held(pit.ticker), fee)
    needed += terms.fee(order.price, order.remaining, taker=True) - fee(order.price, order.remaining)
    if needed - purse.reserved.get(pit.ticker, 0) > purse.available:
        raise refused(400, "insufficient_balance")


def _work(floor: Floor, pit: Pit, account: Account, order: Order, reason: str | None) -> Done:
    """Match an order that is not in the book, then rest or cancel what is left of it, and tell."""
    now_us = floor.now_us
    fills_before, filled_before = len(account.fills), order.filled
    stopped = _match(floor, pit, account, order)
    own = [fill for fill in account.fills[fills_before:] if fill.order_id == order.order_id and fill.is_taker]
    if order.filled > filled_before:
        reason = reason or "Trade"
    if stopped:
        reason = "SelfTradeCancel"
    if order.remaining and not stopped and order.time_in_force == "good_till_canceled":
        floor.rest(pit, order)
    elif order.remaining or stopped or order.filled < order.initial:
        order.status = "canceled"
        order.remaining = 0
    else:
        order.status = "executed"
    order.updated_us = now_us
    floor.tell_order(order, reason, now_us)
    floor.changed(pit, now_us, order)
    return Done(
        replace(order),
        filled=sum(fill.count for fill in own),
        cost=sum(fill.price * fill.count for fill in own),
        fees=sum(fill.fee for fill in own),
        time_us=now_us,
    )


def _match(floor: Floor, pit: Pit, account: Account, order: Order) -> bool:
    """Fill what can be filled; whether the rest must be cancelled (self-trade, or its group was triggered).

    A fill can trigger a group and so take orders away from what was planned: then it is planned anew.
    """
    while order.remaining:
        todo = plan(pit, order)
        for resting in todo.cancelled:
            floor.cancel(pit, resting, "SelfTradeCancel", floor.now_us)
        for match in todo.matches:
            if match.order is None:
                floor.take_makers(pit, match, order)
            elif match.order.status != "resting":
                break
            floor.trade(pit, match, order, side_bought(order), floor.now_us, added=match.count)
            if order.group_id is not None and account.groups[order.group_id].record.triggered:
                return True
        else:
            return todo.stopped
    return False


def resting_order(account: Account, order_id: str, subaccount: int | None) -> Order:
    """A resting order of the account. Raises Refusal (404) for any other, executed and cancelled ones alike."""
    order = account.orders.get(order_id)
    if order is None or order.status != "resting" or subaccount not in (None, order.subaccount):
        raise not_found()
    return order


def cancel(floor: Floor, account: Account, order_id: str, subaccount: int | None) -> Done:
    """Cancel one resting order."""
    order = resting_order(account, order_id, subaccount)
    pit = open_pit(floor, order.ticker, to_trade=False)
    reduced = floor.cancel(pit, order, None, floor.now_us)
    floor.changed(pit, floor.now_us, order)
    return Done(replace(order), reduced=reduced, time_us=floor.now_us)


def cancel_all(floor: Floor, account: Account, subaccount: int | None) -> None:
    """Cancel every resting order, of one subaccount or of all."""
    need_exchange(floor)
    if subaccount is not None:
        purse_of(account, subaccount)
    for order in account.resting(subaccount):
        cancel(floor, account, order.order_id, None)


def decrease(
    floor: Floor, account: Account, order_id: str, subaccount: int | None, by: int | None, to: int | None
) -> Done:
    """Take contracts off a resting order, which keeps its place; to nothing is a cancellation."""
    order = resting_order(account, order_id, subaccount)
    target = to if to is not None else order.remaining - (by or 0)
    if not 0 <= target < order.remaining:
        raise invalid_order(f"cannot decrease {order.remaining / 100:.2f} contracts to {target / 100:.2f}")
    if target == 0:
        return cancel(floor, account, order_id, subaccount)
    pit = open_pit(floor, order.ticker, to_trade=False)
    reduced = order.remaining - target
    order.remaining = target
    order.updated_us = floor.now_us
    floor.reserve(pit, floor.purse_of(order))
    floor.tell_order(order, "Decrease", floor.now_us)
    floor.changed(pit, floor.now_us, order)
    return Done(replace(order), reduced=reduced, time_us=floor.now_us)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A resting order as it shall be; `count` includes what is filled already."""

    ticker: str
    side: BookSide
    price: int
    count: int
    client_order_id: str | None = None
    updated_client_order_id: str | None = None
    expires_us: int | None = None
    """0 takes the expiry away; None leaves it."""


def amend(floor: Floor, account: Account, order_id: str, subaccount: int | None, wanted: Amendment) -> Done:
    """Change a resting order. It keeps its place only where its price stays and its contracts do not grow."""
    order = resting_order(account, order_id, subaccount)
    pit = open_pit(floor, order.ticker, to_trade=True)
    now_us = floor.now_us
    if (wanted.ticker, wanted.side) != (order.ticker, order.side):
        raise invalid_order("ticker and side must be the order's")
    if wanted.client_order_id not in (None, "", order.client_order_id):
        raise invalid_order("client_order_id must be the order's")
    renamed = wanted.updated_client_order_id or order.client_order_id
    if renamed != order.client_order_id and renamed in account.client_ids:
        raise refused(409, "order_already_exists")
    check_price(pit, wanted.price)
    remaining = wanted.count - order.filled
    if remaining <= 0:
        raise invalid_order("count must exceed what is filled")
    if wanted.expires_us and wanted.expires_us <= now_us:
        raise invalid_order("expiration_time must be in the future")
    if order.post_only and wanted.price != order.price and crosses(pit, order.side, wanted.price):
        raise invalid_order("post only cross")
    keeps_place = wanted.price == order.price and remaining <= order.remaining
    after = replace(order, price=wanted.price, remaining=remaining)
    _need_money(floor, pit, after, instead_of=order)
    if not keeps_place:
        floor.unrest(pit, order)
        order.sequence = floor.arrivals
        floor.arrivals += 1
    order.price, order.initial, order.remaining = wanted.price, wanted.count, remaining
    order.client_order_id = renamed
    if renamed:
        account.client_ids.add(renamed)
    if wanted.expires_us is not None:
        order.expires_us = wanted.expires_us or None
    if not keeps_place:
        return _work(floor, pit, account, order, "Amend")
    order.updated_us = now_us
    floor.reserve(pit, floor.purse_of(order))
    floor.tell_order(order, "Amend", now_us)
    floor.changed(pit, now_us, order)
    return Done(replace(order), time_us=now_us)
