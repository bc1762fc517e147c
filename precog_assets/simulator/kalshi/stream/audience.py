"""Who hears what: subscriptions by channel and by what they are about, so that an event finds its own at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from precog_assets.simulator.kalshi.stream.channels import Channel
from precog_assets.simulator.kalshi.stream.subscription import Subscription

Listeners = dict[Subscription, None]
"""In the order they came."""


class Audience:
    """The open subscriptions of all connections."""

    def __init__(self) -> None:
        self._of_market: defaultdict[tuple[str, str], Listeners] = defaultdict(dict)
        self._of_channel: defaultdict[str, Listeners] = defaultdict(dict)
        self._of_account: defaultdict[tuple[str, str], Listeners] = defaultdict(dict)

    def to_market(self, channel: Channel, ticker: str) -> Iterable[Subscription]:
        """Those that hear of a market on a public channel that can be narrowed to markets."""
        named = self._of_market.get((channel.name, ticker))
        everything = self._of_channel.get(channel.name)
        if named is None or everything is None:
            return named or everything or ()
        return (*named, *everything)

    def to_channel(self, channel: Channel) -> Iterable[Subscription]:
        """Those that hear everything of a public channel."""
        return self._of_channel.get(channel.name, ())

    def to_account(self, channel: Channel, account_id: str) -> Iterable[Subscription]:
        """Those that an account has on a private channel."""
        return self._of_account.get((channel.name, account_id), ())

    def add(self, subscription: Subscription) -> None:
        """Hear of everything: of the account on private channels, else of the channel."""
        channel = subscription.channel
        if channel.private:
            self._of_account[channel.name, subscription.account_id][subscription] = None
        else:
            self._of_channel[channel.name][subscription] = None

    def remove(self, subscription: Subscription) -> None:
        """The opposite of `add`."""
        channel = subscription.channel
        if channel.private:
            _drop(self._of_account, (channel.name, subscription.account_id), subscription)
        else:
            _drop(self._of_channel, channel.name, subscription)

    def add_market(self, subscription: Subscription, ticker: str) -> None:
        """Hear of one market on a public channel."""
        self._of_market[subscription.channel.name, ticker][subscription] = None

    def remove_market(self, subscription: Subscription, ticker: str) -> None:
        """The opposite of `add_market`."""
        _drop(self._of_market, (subscription.channel.name, ticker), subscription)


def _drop(listeners: dict, key: object, subscription: Subscription) -> None:
    found = listeners.get(key)
    if found is not None:
        found.pop(subscription, None)
        if not found:
            del listeners[key]
