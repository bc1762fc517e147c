"""How time passes on the floor: every change of a market that matters, in the exact order of time.

What accounts have does not depend on how often, or how far at once, time is moved on: each market is looked at when
its book, its life or one of its orders changes, and at no other instant.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from heapq import heappop
from typing import Literal

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.exchange.cash import pay_out
from precog_assets.simulator.kalshi.exchange.events import PositionChanged, TradeMade
from precog_assets.simulator.kalshi.exchange.floor import LEAP_US, Floor, move_up
from precog_assets.simulator.kalshi.exchange.matching import Match
from precog_assets.simulator.kalshi.exchange.model import Settlement
from precog_assets.simulator.kalshi.exchange.pit import OPPOSITE, SIDE_OF, Pit
from precog_assets.simulator.kalshi.flow import Print
from precog_assets.simulator.kalshi.instants import NEVER_US, instant_of

_ENDED = frozenset(
    {
        MarketStatus.CLOSED,
        MarketStatus.DETERMINED,
        MarketStatus.DISPUTED,
        MarketStatus.AMENDED,
        MarketStatus.FINALIZED,
    }
)


def next_due_us(floor: Floor) -> int:
    """When something next happens in a market; NEVER_US where nothing will."""
    plans = floor.plans
    while plans:
        at_us, ticker, number = plans[0]
        pit = floor.pits.get(ticker)
        if pit is not None and pit.planned == number:
            return at_us
        heappop(plans)
    return NEVER_US


def pass_one(floor: Floor) -> None:
    """Do what is due first; there must be something."""
    at_us, ticker, _ = heappop(floor.plans)
    floor.now_us = max(floor.now_us, at_us)
    pit = floor.pits[ticker]
    step(floor, pit, floor.now_us)


def step(floor: Floor, pit: Pit, time_us: int) -> None:
    """Everything that happens in a market at an instant: its life, expiries, makers' quotes, prints."""
    was, traded = pit.status, pit.trading
    _expire(floor, pit, time_us)
    since_us = pit.now_us
    floor.refresh(pit, time_us)
    if pit.status is not was or pit.trading != traded:
        _live_on(floor, pit, was, traded, time_us)
    if pit.trading and (pit.bids or pit.asks):
        _cross(floor, pit, time_us)
        for printed in floor.market.flow.trades(pit.event, pit.market, since_us, time_us):
            _meet(floor, pit, printed)
    if pit.watchers and time_us - since_us <= LEAP_US:
        _tell_prints(floor, pit, since_us, time_us)
    floor.changed(pit, time_us)


def _expire(floor: Floor, pit: Pit, time_us: int) -> None:
    for order in (*pit.bids, *pit.asks):
        if order.status == "resting" and order.expires_us is not None and order.expires_us <= time_us:
            floor.cancel(pit, order, "ExpiryCancel", time_us)


def _live_on(floor: Floor, pit: Pit, was: MarketStatus | None, traded: bool, time_us: int) -> None:
    """What a step in the market's life, or a stop of trading, does to its orders and positions."""
    if pit.status in _ENDED:
        _cancel_all(floor, pit, "CloseCancel", time_us)
        if pit.status is MarketStatus.FINALIZED:
            _settle(floor, pit, time_us)
    elif pit.status is MarketStatus.ACTIVE and was is MarketStatus.INACTIVE:
        _cancel_all(floor, pit, "HaltCancel", time_us)
    elif traded and not pit.trading:
        for order in (*pit.bids, *pit.asks):
            if order.cancel_on_pause and order.status == "resting":
                floor.cancel(pit, order, "HaltCancel", time_us)


def _cancel_all(floor: Floor, pit: Pit, reason: Literal["CloseCancel", "HaltCancel"], time_us: int) -> None:
    for order in sorted((*pit.bids, *pit.asks), key=lambda order: order.sequence):
        if order.status == "resting":
            floor.cancel(pit, order, reason, time_us)


def _cross(floor: Floor, pit: Pit, time_us: int) -> None:
    """Makers who now quote through a resting order fill it at its price, as far as their contracts go."""
    for side in ("bid", "ask"):
        while pit.resting(side):
            order = pit.resting(side)[0]
            count = 0
            for price, size in list(pit.makers(OPPOSITE[side])):
                if (price > order.price if side == "bid" else price < order.price) or count == order.remaining:
                    break
                share = min(size, order.remaining - count)
                pit.take_from_makers(OPPOSITE[side], price, share)
                count += share
            if not count:
                break
            match = Match(order.price, count, order)
            floor.trade(pit, match, None, SIDE_OF[OPPOSITE[side]], time_us, added=count)


def _meet(floor: Floor, pit: Pit, printed: Print) -> None:
    """A public taker meets resting orders: those at better prices first, then the queue at the print's price."""
    side = "ask" if printed.taker_yes else "bid"
    price = floor.market.flow.price_of(pit.event, pit.market, printed)
    left, place = printed.size, (printed.hour, printed.place)
    while left and pit.resting(side):
        order = pit.resting(side)[0]
        if order.price == price:
            before = min(order.ahead, left)
            move_up(pit.resting(side), price, before)
            left -= before
            if not left:
                break
        elif order.price > price if side == "ask" else order.price < price:
            break
        count = min(left, order.remaining)
        left -= count
        pit.diverted[place] = pit.diverted.get(place, 0) + count
        outcome = "yes" if printed.taker_yes else "no"
        floor.trade(pit, Match(order.price, count, order), None, outcome, printed.time_us, added=0)


def _tell_prints(floor: Floor, pit: Pit, since_us: int, time_us: int) -> None:
    """Public trades, without what of them accounts' orders took."""
    flow = floor.market.flow
    for printed in flow.trades(pit.event, pit.market, since_us, time_us):
        count = printed.size - pit.diverted.get((printed.hour, printed.place), 0)
        if count:
            price = flow.price_of(pit.event, pit.market, printed)
            outcome = "yes" if printed.taker_yes else "no"
            trade_id = flow.trade_id(pit.market, printed)
            floor.tell(TradeMade(printed.time_us, pit.ticker, trade_id, price, count, outcome))


def _settle(floor: Floor, pit: Pit, time_us: int) -> None:
    """Pay every position once, at the value the event was finally determined with."""
    verdict = floor.market.lifecycle.ending(pit.event).verdict
    value = verdict.values[pit.market.side]
    result = "scalar" if verdict.winner is None else "yes" if verdict.winner == pit.market.side else "no"
    for account_id, number in sorted(pit.holders):
        account = floor.accounts[account_id]
        held = account.purses[number].positions.get(pit.ticker)
        if held is None:
            continue
        count, cost = held.count, held.cost
        position, revenue = pay_out(account.purses[number], pit.ticker, value, time_us)
        account.settled.append(position)
        if count:
            settlement = Settlement(
                account_id=account_id,
                ticker=pit.ticker,
                event_ticker=pit.event.ticker,
                result=result,
                value=value,
                yes_count=max(0, count),
                yes_cost=cost if count > 0 else 0,
                no_count=max(0, -count),
                no_cost=cost if count < 0 else 0,
                revenue=revenue,
                fees=position.fees,
                time_us=time_us,
                subaccount=number,
            )
            account.settlements.append(settlement)
            if floor.recorder is not None:
                floor.recorder.record("settlement", instant_of(time_us), asdict(settlement))
        told = replace(position, count=0, cost=0)
        floor.tell(PositionChanged(time_us, account_id, told))
    pit.holders.clear()
