"""What a collector makes good as it runs: the trades that were missed in gaps, and gaps that are over closed.

Belongs here: when the stream tells of everything again, and what is done then. Does not: noticing gaps
(`sources.kalshi.stream`), reading trades (`missed`), what a killed collector left on disk (`kept`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from precog_assets.domain.times import speed_of
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.live.missed import Missed, loses_trades, read_missed, since_start
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.store.stream_log import close_gaps

if TYPE_CHECKING:
    from precog_assets.services import Services

AWAITED_S = 60.0
"""A book that did not come for so long keeps nothing else waiting: the venue may have refused its market."""


class Mending:
    """Since when something is missing, and making it good. Safe for threads; `told_of_all` is for one of them."""

    def __init__(self, services: Services, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services, self._monotonic = services, monotonic
        self._missed = Missed(monotonic=monotonic)
        self._asked_start = False
        self._open = True
        """Gaps may be open in the table; at first those that the process before left."""
        self._awaited: tuple[str, ...] = ()
        self._awaited_since_s = monotonic()

    def written(self, facts: Sequence[GapFact]) -> None:
        """These gaps are in the table."""
        speed = speed_of(self._services.clock)
        for fact in facts:
            if loses_trades(fact):
                self._missed.noticed(fact.since(speed))
        self._open = True

    def follows(self, tickers: Collection[str]) -> None:
        """These markets are followed from now on."""
        self._missed.follows(tickers, self._services.clock.now())

    def told_of_all(self, awaited: tuple[str, ...], *, connected: bool) -> bool:
        """Whether the stream tells of all that it will: it is connected, and what is awaited still does not come."""
        now_s = self._monotonic()
        if awaited != self._awaited or not connected:
            self._awaited, self._awaited_since_s = awaited, now_s
        return connected and (not awaited or now_s - self._awaited_since_s >= AWAITED_S)

    def mend(self, *, told_of_all: bool) -> None:
        """Do what is due. Raises PrecogError(system.*): it stays due then."""
        if not self._asked_start:
            self._missed.noticed(since_start(self._services))
            self._asked_start = True
        if not told_of_all:
            return
        if (since := self._missed.take()) is not None:
            done = False
            try:
                done = not read_missed(self._services, since).failed
            finally:
                if not done:
                    self._missed.noticed(since)
        if self._open:
            self._open = False
            closed = False
            try:
                with in_database(self._services.engine) as connection:
                    close_gaps(connection, VENUE, self._services.clock.now())
                closed = True
            finally:
                self._open = self._open or not closed
