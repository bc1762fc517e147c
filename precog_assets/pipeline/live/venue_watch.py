"""Whether a venue is down: its stream away, or its REST failing, for long; and taking back what rests there, once.

Belongs here: since when each way to the venue is away, and when that is acted upon. Does not: taking back on paper
(`standing_down`) and at the exchange (`pipeline.venue`); that nothing is taken meanwhile, nor ever on what is too old,
which is asked of every decision (`trading.gates`). Each way counts by itself: without the stream nobody sees in time
what happens to an order, without REST nobody can change one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from precog_assets.pipeline.live.standing_down import AWAY_S, REASON, stand_down
from precog_assets.pipeline.report import new_correlation_id
from precog_assets.pipeline.venue import take_back
from precog_assets.store.leases import Lease

if TYPE_CHECKING:
    from precog_assets.services import Services

log = logging.getLogger("precog.live")
STREAM, REST = "stream", "REST"
AGAIN_S = 5.0
"""Between two tries to take back at an exchange that does not answer."""


class VenueWatch:
    """What is known of the ways to a venue. `look` is told how they are; `due` names those that are away for long."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._away_since_s: dict[str, float] = {}
        self._on_paper: set[str] = set()
        self._there: set[str] = set()
        self._tried_s = float("-inf")

    def look(self, *, stream: bool, rest: bool) -> None:
        """How the ways are now: whether the stream is connected, and REST's breaker closed."""
        now_s = self._monotonic()
        for way, there in ((STREAM, stream), (REST, rest)):
            if there:
                self._away_since_s.pop(way, None)
                self._on_paper.discard(way)
                self._there.discard(way)
            else:
                self._away_since_s.setdefault(way, now_s)

    def away(self) -> tuple[str, ...]:
        """The ways that are away for `AWAY_S` and longer."""
        now_s = self._monotonic()
        return tuple(way for way, since_s in self._away_since_s.items() if now_s - since_s >= AWAY_S)

    def why(self) -> str:
        """Which ways are away, for a decision that is passed because of it; empty while there is none."""
        away = self.away()
        return f"{' and '.join(away)} away for {AWAY_S:.0f} s or longer" if away else ""

    def due(self) -> tuple[str, ...]:
        """Ways that are away and were not acted upon whole, where it is time to try."""
        away = self.away()
        if any(way not in self._on_paper for way in away):
            return away
        waiting = any(way not in self._there for way in away)
        return away if waiting and self._monotonic() - self._tried_s >= AGAIN_S else ()

    def act(self, services: Services, lease: Lease, ways: tuple[str, ...]) -> int:
        """Take back what rests, on paper and at the exchange; how many orders. Raises PrecogError(system.*).

        Where the exchange does not answer it stays due.
        """
        taken = 0
        if not self._on_paper.issuperset(ways):
            taken = stand_down(services, lease)
            self._on_paper.update(ways)
        self._tried_s = self._monotonic()
        report = take_back(services, reason=REASON, correlation_id=new_correlation_id(), lease=lease)
        if not report.failures:
            self._there.update(ways)
        taken += report.changed
        log.warning(
            "venue down (%s away for %.0f s): %d resting orders taken back%s",
            *(" and ".join(ways), AWAY_S, taken, f"; not all: {report.failures[0]}" if report.failures else ""),
        )
        return taken
