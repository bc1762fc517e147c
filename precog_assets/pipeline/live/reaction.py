"""The reaction: what changed is priced and decided on at once, the book is worked, and it is announced.

Belongs here: one reaction, under the lease of trading. Does not: the steps (`pipeline.price`, `decide`, `book`), when
(`collector`). What is announced was committed before: whoever hears of it finds it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.watched import of_the_same_games, to_decide
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.report import StepReport, new_correlation_id
from precog_assets.pipeline.settle import settle_markets
from precog_assets.store.leases import Lease

if TYPE_CHECKING:
    from precog_assets.services import Services

CHANNEL = "precog_decisions"
PAYLOAD_BYTES = 7_000
"""PostgreSQL takes less than 8,000 in a notification."""
BOOK_EACH_S = 1.0
EVERYTHING_EACH_S = 60.0
PART, PART_EACH_S = 40, 0.3
"""Markets of the sweep that are decided on at a time, and the pause after them."""
_NOTIFY = sa.text("SELECT pg_notify(:channel, :payload)")
LeaseOf = Callable[[], Lease | None]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a reaction did. `off` says why nothing was decided, where another process has the lease."""

    markets: int
    new: int
    repeated: int
    orders: int
    off: str = ""


class Reactor:
    """Reacts, one change of the world at a time, whichever threads call."""

    def __init__(
        self,
        services: Services,
        lease: LeaseOf,
        *,
        venue_away: Callable[[], str] = str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`venue_away` says why the venue is down, and nothing while it is there: nothing is taken meanwhile."""
        self._services, self._lease, self._venue_away, self._monotonic = services, lease, venue_away, monotonic
        self._booked_s = self._swept_s = float("-inf")
        self._turn = threading.Lock()
        self._rest_of: list[str] = []
        """Markets that the sweep of this minute has still to decide on."""

    def __call__(self, market_ids: Collection[str], game_ids: Collection[str]) -> Reaction:
        """Price and decide on these markets and those of these games. Raises PrecogError(system.*)."""
        lease = self._lease()
        if lease is None:
            return Reaction(0, 0, 0, 0, "another process decides")
        with self._turn:
            return self._react(market_ids, game_ids, lease)

    def _react(self, market_ids: Collection[str], game_ids: Collection[str], lease: Lease) -> Reaction:
        services, correlation_id = self._services, new_correlation_id()
        began_at = services.clock.now()
        wanted = of_the_same_games(services, market_ids, game_ids)
        price_markets(services, market_ids=wanted, correlation_id=correlation_id)
        more = {"correlation_id": correlation_id, "lease": lease, "venue_away": self._venue_away}
        decided = decide_markets(services, market_ids=wanted, **more)
        self._announce(wanted, decided, began_at)
        self._work(lease, correlation_id, ordered=bool(decided.notes.get("orders")))
        return _told(len(wanted), decided)

    def rest(self) -> Reaction | None:
        """What time alone calls for: the book's turn every second, all markets and payouts every minute."""
        lease = self._lease()
        if lease is None:
            return None
        with self._turn:
            self._work(lease, new_correlation_id(), ordered=False)
        if not self._rest_of:
            if self._monotonic() - self._swept_s < EVERYTHING_EACH_S:
                return None
            self._swept_s = self._monotonic()
            self._rest_of = to_decide(self._services)
            settle_markets(self._services, correlation_id=new_correlation_id())
        # A part at a time: what changes meanwhile is reacted to in between.
        part, self._rest_of = self._rest_of[:PART], self._rest_of[PART:]
        with self._turn:
            return self._react(part, (), lease)

    def resting_s(self) -> float:
        """Seconds until `rest` has something to do."""
        return PART_EACH_S if self._rest_of else BOOK_EACH_S

    def _work(self, lease: Lease, correlation_id: str, *, ordered: bool) -> None:
        if ordered or self._monotonic() - self._booked_s >= BOOK_EACH_S:
            self._booked_s = self._monotonic()
            work_book(self._services, correlation_id=correlation_id, lease=lease, venue_away=self._venue_away)

    def _announce(self, market_ids: Collection[str], decided: StepReport, began_at: datetime) -> None:
        told = {
            "began_at": began_at.isoformat(),
            "at": self._services.clock.now().isoformat(),
            "correlation_id": decided.correlation_id,
            "new": decided.inserted,
            "repeated": decided.unchanged,
            "orders": decided.notes.get("orders", 0),
        }
        with in_database(self._services.engine) as connection:
            for markets in parts(sorted(market_ids)):
                payload = orjson.dumps({**told, "markets": markets}).decode()
                connection.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})


def parts(market_ids: Sequence[str]) -> Iterator[list[str]]:
    """Market ids in lists that fit into a notification; one empty list for none."""
    part: list[str] = []
    size = 0
    for market_id in market_ids:
        taken = len(market_id.encode()) + 3
        if part and size + taken > PAYLOAD_BYTES:
            yield part
            part, size = [], 0
        part.append(market_id)
        size += taken
    if part or not market_ids:
        yield part


def _told(markets: int, decided: StepReport) -> Reaction:
    orders = int(decided.notes.get("orders", 0))
    return Reaction(markets, decided.inserted, decided.unchanged, orders, str(decided.notes.get("off", "")))
