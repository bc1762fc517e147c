"""The channels of the stream: which there are, how each is narrowed, and whether its frames are numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Narrowing = Literal["required", "optional", "ignored", "indices", "underlyings"]
"""Whether a subscription names markets, or what it names instead."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as the AsyncAPI file describes it."""

    name: str
    narrowing: Narrowing
    sequenced: bool
    """Whether its frames carry `seq`."""
    watched: bool = False
    """Whether the exchange has to be asked to watch its markets."""
    private: bool = False
    """Whether it is about the account alone."""
    by_id: bool = False
    """Whether markets may be named by UUID."""

    @property
    def by_market(self) -> bool:
        """Whether a subscription can name markets."""
        return self.narrowing in ("required", "optional")


ORDERBOOK = Channel("orderbook_delta", "required", sequenced=True, watched=True)
TICKER = Channel("ticker", "optional", sequenced=False, watched=True, by_id=True)
TRADE = Channel("trade", "optional", sequenced=True, watched=True)
FILL = Channel("fill", "optional", sequenced=False, private=True)
POSITIONS = Channel("market_positions", "optional", sequenced=False, private=True)
ORDERS = Channel("user_orders", "optional", sequenced=False, private=True)
LIFECYCLE = Channel("market_lifecycle_v2", "ignored", sequenced=True)
COMBO_LIFECYCLE = Channel("multivariate_market_lifecycle", "ignored", sequenced=True)
GROUPS = Channel("order_group_updates", "ignored", sequenced=True, private=True)
COMMUNICATIONS = Channel("communications", "ignored", sequenced=True, private=True)
INDICES = Channel("cfbenchmarks_value", "indices", sequenced=True)
FAST_INDICES = Channel("cfbenchmarks_value_5hz", "indices", sequenced=True)
UNDERLYINGS = Channel("pyth_value", "underlyings", sequenced=True)

CHANNELS = {
    channel.name: channel
    for channel in (
        ORDERBOOK,
        TICKER,
        TRADE,
        FILL,
        POSITIONS,
        ORDERS,
        LIFECYCLE,
        COMBO_LIFECYCLE,
        GROUPS,
        COMMUNICATIONS,
        INDICES,
        FAST_INDICES,
        UNDERLYINGS,
    )
}
"""By name. Quotes and requests for them, indices and Pyth prices do not exist in this world: those are silent."""
