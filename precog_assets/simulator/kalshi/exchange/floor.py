"""The exchange's state and the acts everything else is made of: a fill, a cancellation, what is shown of a market.

Time passes in `passing`, commands arrive in `trading` and `membership`; both act on one floor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from fractions import Fraction
from functools import lru_cache
from heapq import heapify, heappush

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.exchange.accounts import Account, Group, Key, Purse
from precog_assets.simulator.kalshi.exchange.cash import fill_purse
from precog_assets.simulator.kalshi.exchange.events import (
    ExchangeEvent,
    FillMade,
    GroupChanged,
    OrderChanged,
    PositionChanged,
    TradeMade,
)
from precog_assets.simulator.kalshi.exchange.fees import FeeTerms
from precog_assets.simulator.kalshi.exchange.matching import Match
from precog_assets.simulator.kalshi.exchange.model import Fill, Order, Outcome
from precog_assets.simulator.kalshi.exchange.pit import SIDE_OF, Pit
from precog_assets.simulator.kalshi.exchange.telling import show, start_showing
from precog_assets.simulator.kalshi.exchange.units import DOLLAR
from precog_assets.simulator.kalshi.fees import Terms
from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, NEVER_US, SECOND_US, instant_of
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.sports import SeriesTerms
from precog_assets.simulator.ledger import Recorder

GROUP_WINDOW_US = 15 * SECOND_US
LEAP_US = 15 * MINUTE_US
"""A longer step of time at once is a jump."""
_VOID_PLANS = 1_000
"""How many plans that were replaced may wait among the valid ones."""


class Floor:
    """Accounts, pits and the plan of what happens next; `tell` has every event, in order."""

    def __init__(
        self, market: WorldMarket, tell: Callable[[ExchangeEvent], None], recorder: Recorder | None = None
    ) -> None:
        self.market = market
        self.tell = tell
        self.recorder = recorder
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, Key] = {}
        self.pits: dict[str, Pit] = {}
        self.now_us = 0
        self.arrivals = 0
        """Orders that arrived so far: the rank in time of the next."""
        self.plans: list[tuple[int, str, int]] = []
        """Time, ticker and plan number of what happens next in each market, as a heap."""
        self._series_fees = lru_cache(maxsize=256)(self._fees_of_series)

    def pit(self, ticker: str) -> Pit | None:
        """A market's pit as it is now; None while the market is not created."""
        pit = self.pits.get(ticker)
        if pit is None:
            found = self.market.catalog.market(ticker)
            if found is None or self.market.lifecycle.status_at(found[0], self.now_us) is None:
                return None
            pit = self.pits[ticker] = Pit(*found, self.now_us, None, trading=False)
            self.refresh(pit, self.now_us)
        elif not pit.alive:
            self.refresh(pit, self.now_us)
        return pit

    def refresh(self, pit: Pit, time_us: int) -> None:
        """Bring a pit's view of the world up to a time; where nothing rests or watches, nothing else can happen."""
        world, event = self.market, pit.event
        pit.status = world.lifecycle.status_at(event, time_us)
        pit.trading = pit.status is MarketStatus.ACTIVE and world.hours.open_at(time_us)
        pit.base = world.depth.book(event, pit.market, time_us)
        pit.now_us = time_us
        if not pit.trading:
            pit.segment_us = 0
            pit.requoted()
            return
        begin_us = world.makers.segment(event, time_us).begin_us
        if begin_us != pit.segment_us:
            pit.segment_us = begin_us
            pit.requoted()

    def plan_next(self, pit: Pit) -> None:
        """Put down when the pit needs its next look, instead of what was planned before."""
        pit.planned += 1
        if pit.status is MarketStatus.FINALIZED:
            return
        at_us = NEVER_US
        if pit.alive:
            at_us = self.market.depth.next_change_us(pit.event, pit.market, pit.now_us)
            for order in (*pit.bids, *pit.asks):
                if order.expires_us is not None:
                    at_us = min(at_us, order.expires_us)
        elif pit.holders:
            at_us = self.market.lifecycle.next_status_us(pit.event, pit.now_us)
        if at_us < NEVER_US:
            heappush(self.plans, (at_us, pit.ticker, pit.planned))
        if len(self.plans) > _VOID_PLANS + 2 * len(self.pits):
            self.plans = [plan for plan in self.plans if (p := self.pits.get(plan[1])) and p.planned == plan[2]]
            heapify(self.plans)

    def leap(self, to_us: int) -> None:
        """Time jumps: markets where nothing rests are looked at after the jump, not at every change within it.

        What is owned is settled at its time all the same; their watchers are told how they stand, not what was traded.
        """
        for pit in self.pits.values():
            if pit.watchers and not pit.bids and not pit.asks and pit.status is not MarketStatus.FINALIZED:
                at_us = to_us
                if pit.holders:
                    at_us = min(at_us, self.market.lifecycle.next_status_us(pit.event, pit.now_us))
                pit.planned += 1
                heappush(self.plans, (at_us, pit.ticker, pit.planned))

    def changed(self, pit: Pit, time_us: int, cause: Order | None = None) -> None:
        """Show what an act did to a market, and plan anew."""
        show(self, pit, time_us, cause)
        self.plan_next(pit)

    def watch(self, pit: Pit) -> None:
        """One more who wants the pit's events."""
        if not pit.watchers:
            start_showing(self, pit)
        pit.watchers += 1
        self.plan_next(pit)

    def unwatch(self, ticker: str) -> None:
        """One less; a market nobody watches or used is forgotten."""
        pit = self.pits.get(ticker)
        if pit is None or not pit.watchers:
            return
        pit.watchers -= 1
        if not pit.watchers and not pit.used:
            del self.pits[ticker]
        else:
            self.plan_next(pit)

    def purse_of(self, order: Order) -> Purse:
        return self.accounts[order.account_id].purses[order.subaccount]

    def reserve(self, pit: Pit, purse: Purse) -> None:
        """Work out anew what the purse's resting orders there tie up."""
        fees = self.fees(pit)
        purse.reserve(pit.ticker, lambda price, count: fees.fee(price, count, taker=False))

    def fees(self, pit: Pit) -> FeeTerms:
        """What the market's trades cost now."""
        override = self.market.fees.override(pit.event, self.now_us)
        return fee_terms(override or self._series_fees(pit.event.series, self.now_us // HOUR_US))

    def _fees_of_series(self, series: SeriesTerms, hour: int) -> Terms:
        """A series' own fees, which change at full hours only."""
        return self.market.fees.of_series(series, instant_of(hour * HOUR_US))

    def rest(self, pit: Pit, order: Order) -> None:
        """Let an order stand in the book."""
        pit.rest(order)
        purse = self.purse_of(order)
        purse.resting.setdefault(pit.ticker, {})[order.order_id] = order
        self.reserve(pit, purse)

    def unrest(self, pit: Pit, order: Order) -> None:
        """Take a resting order out of the book."""
        pit.unrest(order)
        purse = self.purse_of(order)
        orders = purse.resting[pit.ticker]
        del orders[order.order_id]
        if not orders:
            del purse.resting[pit.ticker]
        self.reserve(pit, purse)

    def cancel(self, pit: Pit, order: Order, reason: str | None, time_us: int) -> int:
        """End a resting order; contracts it still had."""
        self.unrest(pit, order)
        reduced = order.remaining
        order.remaining = 0
        order.status = "canceled"
        order.updated_us = time_us
        self.tell_order(order, reason, time_us)
        return reduced

    def tell_order(self, order: Order, reason: str | None, time_us: int) -> None:
        """Tell, and record, an order as it now stands."""
        self.tell(OrderChanged(time_us, replace(order), reason))
        if self.recorder is not None:
            self.recorder.record("order", instant_of(time_us), {**asdict(order), "reason": reason})

    def trade(self, pit: Pit, match: Match, taker: Order | None, outcome: Outcome, time_us: int, *, added: int) -> None:
        """Fill a match: the taker where it is an account's order, and the resting order where there is one.

        `outcome` is what the taker bought; `added` what the trade adds to the world's own volume.
        """
        trade_id = stable_uuid("account trade", pit.ticker, len(pit.trades))
        made = TradeMade(time_us, pit.ticker, trade_id, match.price, match.count, outcome)
        pit.note_trade(made, added)
        if pit.watchers:
            self.tell(made)
        if match.order is not None:
            self._fill(pit, match.order, made, is_taker=False)
        if taker is not None:
            self._fill(pit, taker, made, is_taker=True)

    def _fill(self, pit: Pit, order: Order, made: TradeMade, *, is_taker: bool) -> None:
        account, purse = self.accounts[order.account_id], self.purse_of(order)
        price, count, time_us = made.price, made.count, made.time_us
        fee = self.fees(pit).fee(price, count, taker=is_taker)
        position = fill_purse(purse, pit.ticker, order.side, price, count, fee, time_us)
        pit.holders.add((account.account_id, purse.number))
        cost = (price if order.side == "bid" else DOLLAR - price) * count
        order.remaining -= count
        order.filled += count
        order.updated_us = time_us
        if is_taker:
            order.taker_cost += cost
            order.taker_fees += fee
        else:
            order.maker_cost += cost
            order.maker_fees += fee
            if not order.remaining:
                self.unrest(pit, order)
                order.status = "executed"
            self.tell_order(order, "Trade", time_us)
        self.reserve(pit, purse)
        fill = Fill(
            fill_id=made.trade_id,
            account_id=account.account_id,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            ticker=pit.ticker,
            side=order.side,
            price=price,
            count=count,
            is_taker=is_taker,
            fee=fee,
            time_us=time_us,
            subaccount=purse.number,
            position_after=position.count,
        )
        account.fills.append(fill)
        self.tell(FillMade(time_us, fill))
        self.tell(PositionChanged(time_us, account.account_id, replace(position)))
        if self.recorder is not None:
            self.recorder.record("fill", instant_of(time_us), asdict(fill))
        if order.group_id is not None:
            self._count_in_group(account, order.group_id, count, time_us)

    def take_makers(self, pit: Pit, match: Match, taker: Order) -> None:
        """Makers' contracts are taken; accounts' orders behind them move up."""
        other = "ask" if taker.side == "bid" else "bid"
        pit.take_from_makers(other, match.price, match.count)
        move_up(pit.resting(other), match.price, match.count)

    def _count_in_group(self, account: Account, group_id: str, count: int, time_us: int) -> None:
        group = account.groups.get(group_id)
        if group is None:
            return
        group.recent.append((time_us, count))
        if not group.record.triggered and self.filled_of_late(group, time_us) >= group.record.limit:
            self.trigger(account, group_id, time_us)

    def filled_of_late(self, group: Group, time_us: int) -> int:
        """Contracts of a group filled in the last 15 seconds."""
        while group.recent and group.recent[0][0] <= time_us - GROUP_WINDOW_US:
            group.recent.popleft()
        return sum(filled for _, filled in group.recent)

    def trigger(self, account: Account, group_id: str, time_us: int) -> None:
        """Cancel a group's orders, and refuse it new ones until it is reset."""
        group = account.groups[group_id]
        group.record.triggered = True
        self.tell(GroupChanged(time_us, replace(group.record), "triggered"))
        self.cancel_group(account, group, time_us)

    def cancel_group(self, account: Account, group: Group, time_us: int) -> None:
        """Cancel those of a group's orders that rest."""
        touched: dict[str, Pit] = {}
        for order_id in group.order_ids:
            order = account.orders[order_id]
            if order_id in account.purses[order.subaccount].resting.get(order.ticker, {}):
                pit = touched[order.ticker] = self.pits[order.ticker]
                self.cancel(pit, order, None, time_us)
        for pit in touched.values():
            self.changed(pit, time_us)


def move_up(queue: list[Order], price: int, count: int) -> None:
    """Makers before the orders at a price are gone."""
    for order in queue:
        if order.price == price:
            order.ahead = max(0, order.ahead - count)


def side_bought(order: Order) -> Outcome:
    """What an order buys."""
    return SIDE_OF[order.side]


@lru_cache(maxsize=256)
def fee_terms(terms: Terms) -> FeeTerms:
    """A fee structure as fees are worked out from it."""
    return FeeTerms(terms.fee_type, Fraction(str(terms.multiplier)))
