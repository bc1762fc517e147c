"""The quotes of a stretch of time, looked up by market.

Belongs here: which row of a market is the last before another. Does not: what is done with it (`run.py`).
"""

from __future__ import annotations

import numpy as np

from precog_assets.pipeline.backtest.feed import Quotes


class Rows:
    """The quotes of a stretch by market."""

    def __init__(self, quotes: Quotes, markets: tuple[str, ...]) -> None:
        self.quotes, self.markets = quotes, markets
        self.taken: dict[str, int] = {}
        """The row of each market that was taken in last."""
        self._slots = {market_id: slot for slot, market_id in enumerate(markets)}
        self._order = np.argsort(quotes.market, kind="stable")
        self._edges = np.searchsorted(quotes.market[self._order], np.arange(len(markets) + 1))
        self._shown = 0

    def of(self, market_id: str) -> np.ndarray:
        """Rows of a market, ascending."""
        slot = self._slots.get(market_id)
        return self._order[:0] if slot is None else self._order[self._edges[slot] : self._edges[slot + 1]]

    def last(self, market_id: str, until: int) -> int | None:
        """The market's last row before `until`; None where it has none."""
        mine = self.of(market_id)
        at = int(np.searchsorted(mine, until, side="left"))
        return int(mine[at - 1]) if at else None

    def last_of_all(self) -> list[tuple[str, int]]:
        """Each market that was quoted, and its last row."""
        quoted = np.flatnonzero(np.diff(self._edges))
        return [(self.markets[slot], int(self._order[self._edges[slot + 1] - 1])) for slot in quoted.tolist()]

    def watched_until(self, until: int, watched: frozenset[str]) -> list[int]:
        """Rows of the watched markets from where the last call ended to `until`, ascending."""
        start, self._shown = self._shown, max(until, self._shown)
        if not watched or start >= until:
            return []
        found = [mine[(mine >= start) & (mine < until)] for mine in map(self.of, sorted(watched))]
        return np.sort(np.concatenate(found)).tolist()
