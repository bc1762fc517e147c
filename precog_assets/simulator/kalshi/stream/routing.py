"""From the exchange's events to the subscriptions that hear of them: each event is encoded once for all alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from precog_assets.simulator.kalshi.exchange.events import (
    BookDelta,
    EventFeeChanged,
    EventListed,
    ExchangeEvent,
    FillMade,
    GroupChanged,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    TickerMoved,
    TradeMade,
)
from precog_assets.simulator.kalshi.stream import account_frames, frames
from precog_assets.simulator.kalshi.stream.channels import (
    COMBO_LIFECYCLE,
    FILL,
    GROUPS,
    LIFECYCLE,
    ORDERBOOK,
    ORDERS,
    POSITIONS,
    TICKER,
    TRADE,
    Channel,
)
from precog_assets.simulator.kalshi.stream.following import Following
from precog_assets.simulator.kalshi.stream.frames import Tail

COMBO_PREFIX = "KXMVE"
"""What tickers of multivariate events begin with."""


class Router:
    """Tells subscriptions what happens; called by the exchange, in its turn."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._audience = following.audience
        self.created: set[str] = set()
        """Markets created since this was last emptied."""
        self._handlers: dict[type, Callable[[Any], None]] = {
            BookDelta: self._book,
            TickerMoved: self._ticker,
            TradeMade: self._trade,
            FillMade: self._fill,
            OrderChanged: self._order,
            PositionChanged: self._position,
            GroupChanged: self._group,
            MarketChanged: self._market,
            EventListed: self._event,
            EventFeeChanged: self._event_fee,
        }

    def hear(self, told: ExchangeEvent) -> None:
        """Pass one event on."""
        self._handlers[type(told)](told)

    def _book(self, told: BookDelta) -> None:
        tails: dict[tuple[bool, bool], Tail] = {}
        for subscription in self._audience.to_market(ORDERBOOK, told.ticker):
            own = told.account_id is not None and told.account_id == subscription.account_id
            variant = (own, subscription.yes_price)
            tail = tails.get(variant)
            if tail is None:
                tail = tails[variant] = self._following.frames.delta(
                    told, self._following.sending_ms(), own=own, yes_price=subscription.yes_price
                )
            subscription.push(tail)

    def _ticker(self, told: TickerMoved) -> None:
        tail = None
        for subscription in self._audience.to_market(TICKER, told.ticker):
            if tail is None:
                tail = self._following.frames.ticker(told, self._following.sending_ms())
            subscription.push(tail)

    def _trade(self, told: TradeMade) -> None:
        tail = None
        for subscription in self._audience.to_market(TRADE, told.ticker):
            if tail is None:
                tail = frames.trade(told, self._following.sending_ms())
            subscription.push(tail)

    def _fill(self, told: FillMade) -> None:
        made = told.fill
        self._to_account(FILL, made.account_id, made.ticker, lambda now_ms: account_frames.fill(told, now_ms))

    def _order(self, told: OrderChanged) -> None:
        placed = told.order
        self._to_account(ORDERS, placed.account_id, placed.ticker, lambda now_ms: account_frames.order(told, now_ms))

    def _position(self, told: PositionChanged) -> None:
        ticker = told.position.ticker
        self._to_account(POSITIONS, told.account_id, ticker, lambda now_ms: account_frames.position(told, now_ms))

    def _group(self, told: GroupChanged) -> None:
        for subscription in self._audience.to_account(GROUPS, told.group.account_id):
            subscription.push(account_frames.group(told, self._following.sending_ms()))

    def _market(self, told: MarketChanged) -> None:
        if told.change == "created":
            self.created.add(told.ticker)
        channel = _lifecycle_of(told.ticker)
        self._to_channel(channel, lambda now_ms: account_frames.market_life(told, channel.name, now_ms))

    def _event(self, told: EventListed) -> None:
        self._to_channel(_lifecycle_of(told.event_ticker), lambda now_ms: account_frames.event_listed(told, now_ms))

    def _event_fee(self, told: EventFeeChanged) -> None:
        self._to_channel(LIFECYCLE, lambda now_ms: account_frames.event_fee(told, now_ms))

    def _to_account(self, channel: Channel, account_id: str, ticker: str, encode: Callable[[int], Tail]) -> None:
        tail = None
        for subscription in self._audience.to_account(channel, account_id):
            if subscription.wants(ticker):
                tail = tail or encode(self._following.sending_ms())
                subscription.push(tail)

    def _to_channel(self, channel: Channel, encode: Callable[[int], Tail]) -> None:
        tail = None
        for subscription in self._audience.to_channel(channel):
            tail = tail or encode(self._following.sending_ms())
            subscription.push(tail)


def _lifecycle_of(ticker: str) -> Channel:
    return COMBO_LIFECYCLE if ticker.startswith(COMBO_PREFIX) else LIFECYCLE
