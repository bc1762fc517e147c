"""Channels that are about no market: what their commands and answers call what they are about instead."""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.simulator.kalshi.stream.channels import Narrowing
from precog_assets.simulator.kalshi.stream.refusals import INDICES_REQUIRED, UNDERLYINGS_REQUIRED

ALL = "all"
"""Names every feed of a channel."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The words of one sort of feed."""

    key: str
    """Of the list of names in commands and answers."""
    add: str
    delete: str
    ask: str
    """The action that lists which there are; its answer's `type` is the channel's name and this."""
    required: int
    """The error where names are missing."""

    def msg(self, names: dict[str, None]) -> dict[str, list[str]]:
        """What an answer says a subscription is about."""
        return {self.key: [ALL] if ALL in names else list(names)}


FEEDS: dict[Narrowing, Feed] = {
    "indices": Feed("index_ids", "subscribe_indices", "unsubscribe_indices", "indexlist", INDICES_REQUIRED),
    "underlyings": Feed(
        "underlying_tickers",
        "subscribe_underlyings",
        "unsubscribe_underlyings",
        "underlying_list",
        UNDERLYINGS_REQUIRED,
    ),
}
