"""What subscriptions follow: the exchange's watch counts, the audience of events, and books as of an instant.

Everything here happens in the exchange's turn. A market that is not created yet is followed once it is.
"""

from __future__ import annotations

from precog_assets.domain.times import Clock
from precog_assets.simulator.kalshi.exchange.view import ExchangeView
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.stream.audience import Audience
from precog_assets.simulator.kalshi.stream.channels import ORDERBOOK
from precog_assets.simulator.kalshi.stream.frames import MarketFrames
from precog_assets.simulator.kalshi.stream.subscription import Subscription

SLICE_US = 5_000_000
"""World time done in one turn at most, so that others get theirs while the stream catches up with a fast clock."""


class Following:
    """The exchange as subscriptions use it; `now_us` is the world's instant they have been told everything of."""

    def __init__(self, exchange: ExchangeView, clock: Clock) -> None:
        self.audience = Audience()
        self.frames = MarketFrames(exchange.market_id)
        self.now_us = 0
        self._exchange = exchange
        self._clock = clock
        self._awaited: dict[str, dict[Subscription, None]] = {}

    def sending_ms(self) -> int:
        """The world's time in milliseconds, as messages carry it."""
        return microseconds(self._clock.now()) // 1000

    def catch_up(self) -> None:
        """Have everything told that happened up to now."""
        self.now_us = microseconds(self._clock.now())
        self._exchange.advance(self.now_us)

    def step(self) -> bool:
        """Have what happened told, a slice of it at most; whether there is more."""
        now_us = microseconds(self._clock.now())
        behind = 0 < self.now_us < now_us - SLICE_US
        self.now_us = self.now_us + SLICE_US if behind else now_us
        self._exchange.advance(self.now_us)
        return behind

    def knows(self, ticker: str) -> bool:
        """Whether the market is created."""
        return self._exchange.knows(ticker, self.now_us)

    def ticker_of(self, market_id: str) -> str | None:
        """The ticker of a market's UUID, where there is such a market."""
        return self._exchange.ticker_of(market_id, self.now_us)

    def follow(self, subscription: Subscription, ticker: str) -> None:
        """Tell a subscription of one market from now on."""
        channel = subscription.channel
        if channel.private:
            return
        self.audience.add_market(subscription, ticker)
        if not channel.watched:
            return
        if self.knows(ticker):
            self._exchange.watch(ticker, self.now_us)
        else:
            self._awaited.setdefault(ticker, {})[subscription] = None

    def unfollow(self, subscription: Subscription, ticker: str) -> None:
        """The opposite of `follow`."""
        channel = subscription.channel
        if channel.private:
            return
        self.audience.remove_market(subscription, ticker)
        if not channel.watched:
            return
        awaiting = self._awaited.get(ticker, {})
        if subscription not in awaiting:
            self._exchange.unwatch(ticker)
            return
        del awaiting[subscription]
        if not awaiting:
            del self._awaited[ticker]

    def follow_all(self, subscription: Subscription) -> None:
        """Tell a subscription of everything of its channel from now on."""
        self.audience.add(subscription)
        if subscription.channel.watched:
            self._exchange.watch_all(self.now_us)

    def unfollow_all(self, subscription: Subscription) -> None:
        """The opposite of `follow_all`."""
        self.audience.remove(subscription)
        if subscription.channel.watched:
            self._exchange.unwatch_all()

    def meet(self, created: set[str]) -> None:
        """Follow the markets that were waited for and are there now."""
        for ticker in created & self._awaited.keys():
            for subscription in self._awaited.pop(ticker):
                self._exchange.watch(ticker, self.now_us)
                if subscription.channel is ORDERBOOK:
                    self.send_snapshot(subscription, ticker)

    def send_snapshot(self, subscription: Subscription, ticker: str, command_id: int = 0) -> None:
        """Send the whole book of a market that exists: everything told before is in it, nothing told after."""
        book, clock = self._exchange.book(ticker, self.now_us), self._exchange.clock(ticker)
        tail = self.frames.snapshot(ticker, book, clock, self.sending_ms(), yes_price=subscription.yes_price)
        subscription.push(tail, command_id)

    def send_ticker(self, subscription: Subscription, ticker: str) -> None:
        """Send the ticker of a market that exists, as it is now."""
        subscription.push(self.frames.ticker(self._exchange.ticker(ticker, self.now_us), self.sending_ms()))
