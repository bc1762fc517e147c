"""One connection's side of the stream: its subscriptions, and what its commands do to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from precog_assets.simulator.kalshi.stream.channels import ORDERBOOK, TICKER, Channel
from precog_assets.simulator.kalshi.stream.commands import (
    ListSubscriptions,
    Named,
    Subscribe,
    Unsubscribe,
    Update,
    read_command,
    read_message,
)
from precog_assets.simulator.kalshi.stream.feeds import FEEDS, Feed
from precog_assets.simulator.kalshi.stream.following import Following
from precog_assets.simulator.kalshi.stream.frames import bare, message, reply
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.outbox import Lane, Outbox
from precog_assets.simulator.kalshi.stream.refusals import (
    ACTION_REQUIRED,
    BUFFER_OVERFLOW,
    COMMAND_RATE,
    INVALID_PARAMETER,
    MARKET_LIMIT,
    MARKET_REQUIRED,
    UNKNOWN_SID,
    UNSUPPORTED_ACTION,
    CommandError,
)
from precog_assets.simulator.kalshi.stream.subscription import Subscription
from precog_assets.simulator.kalshi.stream.tampering import Tampering


class Session:
    """The subscriptions of a connection, one a channel at most; every call is made in the exchange's turn."""

    def __init__(
        self,
        connection: int,
        account_id: str,
        outbox: Outbox,
        following: Following,
        tampering: Tampering,
        limits: Limits,
        monotonic: Callable[[], float],
    ) -> None:
        self.connection = connection
        self.outbox = outbox
        self.account_id = account_id
        self._following = following
        self._tampering = tampering
        self._limits = limits
        self._monotonic = monotonic
        self._lane = Lane()
        self._last_sid = 0
        self._closed = False
        self._open: dict[str, Subscription] = {}
        """By channel."""

    @property
    def subscribed(self) -> bool:
        """Whether any channel is open."""
        return bool(self._open)

    def execute(self, text: str | bytes) -> None:
        """Do one command, or answer why not; nothing after `close`."""
        if self._closed:
            return
        command_id = 0
        try:
            said = read_message(text)
            command_id = said.command_id
            command = read_command(said)
            if isinstance(command, Subscribe):
                self._subscribe(command, command_id)
            elif isinstance(command, Unsubscribe):
                self._unsubscribe(command, command_id)
            elif isinstance(command, Update):
                self._update(command, command_id)
            elif isinstance(command, ListSubscriptions):
                listed = [{"channel": found.channel.name, "sid": found.sid} for found in self._open.values()]
                self._reply("ok", listed, command_id)
        except CommandError as error:
            self._reply("error", error.msg(), command_id)

    def close(self) -> None:
        """End every subscription; nothing is sent."""
        self._closed = True
        for subscription in list(self._open.values()):
            self._end(subscription)

    def reap(self) -> None:
        """End the subscriptions whose buffer was exceeded, and say so."""
        for subscription in [found for found in self._open.values() if found.overflowing]:
            self._end(subscription)
            error = message("error", CommandError(BUFFER_OVERFLOW).msg(), self._following.sending_ms())
            subscription.answer(error, 0)

    def _subscribe(self, command: Subscribe, command_id: int) -> None:
        named = command.named
        for channel in command.channels:
            self._check(channel, named)
        self._following.catch_up()
        snapshots: list[tuple[Subscription, str]] = []
        for channel in command.channels:
            subscription = self._open.get(channel.name)
            if subscription is not None and not self._within_limits(subscription, named, command_id):
                continue
            if subscription is None:
                subscription = self._opened(channel, command, command_id)
                added = self._add(subscription, named)
            else:
                added = self._add(subscription, named)
                self._ok(subscription, command_id)
            snapshots.extend((subscription, ticker) for ticker in self._to_show(subscription, added, command))
        for subscription, ticker in snapshots:
            self._show(subscription, ticker)

    def _check(self, channel: Channel, named: Named) -> None:
        if channel is ORDERBOOK and not named.tickers:
            raise CommandError(MARKET_REQUIRED)
        if channel.by_market and len(named.tickers) + len(named.market_ids) > self._limits.markets:
            raise CommandError(MARKET_LIMIT)

    def _within_limits(self, subscription: Subscription, named: Named, command_id: int) -> bool:
        """Whether a command may be done to an open subscription; what is beyond its limits is refused here."""
        code = None
        if not subscription.spend_command(self._monotonic()):
            code = COMMAND_RATE
        elif subscription.channel.by_market and not subscription.everything:
            names = len({*subscription.tickers, *named.tickers}) + len({*subscription.market_ids, *named.market_ids})
            code = MARKET_LIMIT if names > self._limits.markets else None
        if code is None:
            return True
        subscription.answer(message("error", CommandError(code).msg(), self._following.sending_ms()), command_id)
        return False

    def _opened(self, channel: Channel, command: Subscribe, command_id: int) -> Subscription:
        self._last_sid += 1
        subscription = self._open[channel.name] = Subscription(
            self._last_sid,
            channel,
            self.connection,
            self.account_id,
            self.outbox,
            self._tampering,
            self._limits,
            quiet_acks=command.quiet_acks,
            yes_price=command.yes_price,
        )
        if channel.private:
            self._following.follow_all(subscription)
        self._reply("subscribed", {"channel": channel.name, "sid": subscription.sid}, command_id)
        return subscription

    def _add(self, subscription: Subscription, named: Named) -> list[str]:
        """Make a subscription be about what is named too; the tickers that are new to it."""
        channel = subscription.channel
        if channel.narrowing in FEEDS:
            subscription.feed_ids.update(dict.fromkeys(named.feed_ids))
            return []
        if subscription.everything:
            return []
        market_ids = named.market_ids if channel.by_id else ()
        if not channel.by_market or not (named.tickers or market_ids):
            self._clear(subscription)
            subscription.everything = True
            if not channel.private:
                self._following.follow_all(subscription)
            return []
        before = subscription.markets()
        subscription.tickers.update(dict.fromkeys(named.tickers))
        for market_id in market_ids:
            subscription.market_ids[market_id] = self._following.ticker_of(market_id)
        added = [ticker for ticker in _ordered(subscription) if ticker not in before]
        for ticker in added:
            self._following.follow(subscription, ticker)
        return added

    def _drop(self, subscription: Subscription, named: Named) -> None:
        """Have a subscription no longer be about what is named, whichever way it came to be."""
        before = subscription.markets()
        by_id = (subscription.market_ids.get(market_id) for market_id in named.market_ids)
        gone = {*named.tickers, *(ticker for ticker in by_id if ticker is not None)}
        for ticker in gone:
            subscription.tickers.pop(ticker, None)
        for market_id, ticker in list(subscription.market_ids.items()):
            if ticker in gone or market_id in named.market_ids:
                del subscription.market_ids[market_id]
        for ticker in before - subscription.markets():
            self._following.unfollow(subscription, ticker)

    def _clear(self, subscription: Subscription) -> None:
        """Have a subscription be about no market."""
        for ticker in subscription.markets():
            self._following.unfollow(subscription, ticker)
        subscription.tickers.clear()
        subscription.market_ids.clear()

    def _to_show(self, subscription: Subscription, added: list[str], command: Subscribe | Update) -> list[str]:
        """Of which markets a subscription is sent the present state before anything else."""
        if subscription.channel is TICKER and command.initial_snapshot:
            by_id = (subscription.market_ids.get(market_id) for market_id in command.named.market_ids)
            asked = dict.fromkeys([*command.named.tickers, *(ticker for ticker in by_id if ticker is not None)])
        else:
            asked = dict.fromkeys(added if subscription.channel is ORDERBOOK else ())
        return [ticker for ticker in asked if self._following.knows(ticker)]

    def _show(self, subscription: Subscription, ticker: str) -> None:
        if subscription.channel is ORDERBOOK:
            self._following.send_snapshot(subscription, ticker)
        else:
            self._following.send_ticker(subscription, ticker)

    def _unsubscribe(self, command: Unsubscribe, command_id: int) -> None:
        by_sid = {found.sid: found for found in self._open.values()}
        for sid in command.sids:
            subscription = by_sid.get(sid)
            if subscription is None:
                self._reply("error", CommandError(UNKNOWN_SID).msg(), command_id)
                continue
            self._end(subscription)
            subscription.answer(bare("unsubscribed", self._following.sending_ms()), command_id, numbered=True)

    def _update(self, command: Update, command_id: int) -> None:
        subscription = next((found for found in self._open.values() if found.sid == command.sid), None)
        if subscription is None:
            raise CommandError(UNKNOWN_SID)
        if command.action is None:
            raise CommandError(ACTION_REQUIRED)
        if not self._within_limits(subscription, command.named, command_id):
            return
        feed = FEEDS.get(subscription.channel.narrowing)
        if feed is not None:
            self._update_feed(subscription, feed, command, command_id)
        else:
            self._update_markets(subscription, command, command_id)

    def _update_markets(self, subscription: Subscription, command: Update, command_id: int) -> None:
        channel, named, action = subscription.channel, command.named, command.action
        allowed = ("add_markets", "delete_markets") if channel.by_market else ()
        if action not in allowed and not (channel is ORDERBOOK and action == "get_snapshot"):
            raise CommandError(UNSUPPORTED_ACTION)
        if not (named.tickers or (channel.by_id and named.market_ids)):
            raise CommandError(MARKET_REQUIRED)
        self._following.catch_up()
        if action == "get_snapshot":
            self._send_snapshots(subscription, named.tickers, command_id)
            return
        if action == "add_markets":
            added = self._add(subscription, named)
            self._ok(subscription, command_id)
            for ticker in self._to_show(subscription, added, command):
                self._show(subscription, ticker)
            return
        self._drop(subscription, named)
        self._ok(subscription, command_id)

    def _send_snapshots(self, subscription: Subscription, tickers: Sequence[str], command_id: int) -> None:
        unknown = [ticker for ticker in tickers if not self._following.knows(ticker)]
        if unknown:
            raise CommandError(INVALID_PARAMETER, unknown)
        for ticker in tickers:
            self._following.send_snapshot(subscription, ticker, command_id)

    def _update_feed(self, subscription: Subscription, feed: Feed, command: Update, command_id: int) -> None:
        named, action = command.named, command.action
        if action == feed.ask:
            kind = f"{subscription.channel.name}_{feed.ask}"
            subscription.answer(message(kind, feed.msg({}), self._following.sending_ms()), command_id)
            return
        if action not in (feed.add, feed.delete):
            raise CommandError(UNSUPPORTED_ACTION)
        if not named.feed_ids:
            raise CommandError(feed.required)
        if action == feed.add:
            self._add(subscription, named)
        else:
            for feed_id in named.feed_ids:
                subscription.feed_ids.pop(feed_id, None)
        self._ok(subscription, command_id)

    def _ok(self, subscription: Subscription, command_id: int) -> None:
        subscription.answer(message("ok", _about(subscription), self._following.sending_ms()), command_id)

    def _reply(self, kind: str, msg: Any, command_id: int) -> None:
        self.outbox.put(self._lane, reply(kind, msg, self._following.sending_ms(), command_id))

    def _end(self, subscription: Subscription) -> None:
        del self._open[subscription.channel.name]
        self._clear(subscription)
        if subscription.channel.private or subscription.everything:
            self._following.unfollow_all(subscription)


def _ordered(subscription: Subscription) -> list[str]:
    """The tickers a subscription is about, in the order they were named."""
    by_id = [ticker for ticker in subscription.market_ids.values() if ticker is not None]
    return list(dict.fromkeys([*subscription.tickers, *by_id]))


def _about(subscription: Subscription) -> dict[str, Any]:
    """What an `ok` lists: what the subscription is about now."""
    feed = FEEDS.get(subscription.channel.narrowing)
    if feed is not None:
        return dict(feed.msg(subscription.feed_ids))
    if subscription.quiet_acks or subscription.everything or not subscription.channel.by_market:
        return {}
    said: dict[str, Any] = {}
    if subscription.tickers or not subscription.market_ids:
        said["market_tickers"] = list(subscription.tickers)
    if subscription.market_ids:
        said["market_ids"] = list(subscription.market_ids)
    return said
