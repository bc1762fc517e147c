"""Trades that a stream did not tell of: read over REST after every gap, and after a start.

Belongs here: since when trades may be missing, and reading them. Does not: noticing gaps (`sources.kalshi.stream`).
The venue knows a trade by its id: one that the stream told too is the same row. They were seen live, a little late:
known since they were read, and no mark of how far the histories were read (`pipeline.market_data`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin, TradeSeen
from precog_assets.domain.live import GapKind
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.report import StepReport, new_correlation_id
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.parse_trading import parse_trades
from precog_assets.store.markets import market_keys
from precog_assets.store.trades import write_trades

if TYPE_CHECKING:
    from precog_assets.services import Services

STEP = "missed trades"
MARGIN = timedelta(seconds=30)
"""A trade may be told so long after it was made."""
LONGEST = timedelta(hours=6)
"""Of what is older, the schedule that reads histories knows."""
_LAST = sa.text(
    """
    SELECT least(
        (SELECT max(observed_at) FROM market.trades WHERE origin = 'live' AND observed_at > :since),
        (SELECT min(began_at) FROM ops.stream_gaps
         WHERE source = :source AND ended_at IS NULL AND began_at > :since AND channel IN ('', 'trade')))
    """
)
SETTLES_S = 2.0
"""A gap is this old before it is read over REST: what the stream told just now, REST may not tell yet."""
HARMLESS = frozenset({GapKind.REPEATED, GapKind.NEGATIVE_SIZE, GapKind.NO_SNAPSHOT})


def loses_trades(fact: GapFact) -> bool:
    """Whether trades may have been missed with this gap."""
    return fact.gap.kind not in HARMLESS and fact.gap.channel in ("", "trade")


class Missed:
    """Since when trades may be missing, gap by gap, until they were read. Safe for threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._open: list[tuple[datetime, float]] = []
        self._followed: frozenset[str] = frozenset()
        self._left: dict[str, datetime] = {}
        self._guard = threading.Lock()

    def noticed(self, since: datetime) -> None:
        """A gap was noticed now; trades since an instant before it may be missing."""
        with self._guard:
            self._open.append((since, self._monotonic()))

    def follows(self, tickers: Collection[str], at: datetime) -> None:
        """Which markets are followed from an instant on: of one that comes back, what it traded meanwhile is missed.

        A board that calls a game final, and reopens it, takes its markets away and brings them back.
        """
        followed = frozenset(tickers)
        self._left = {ticker: since for ticker, since in self._left.items() if at - since <= LONGEST}
        back = [self._left.pop(ticker) for ticker in followed & self._left.keys()]
        self._left.update(dict.fromkeys(self._followed - followed, at))
        self._followed = followed
        if back:
            self.noticed(min(back))

    def take(self) -> datetime | None:
        """The earliest instant of the gaps that are due, which are not open any more; None where none is due.

        Those noticed later stay: what is read now may not tell of theirs. Where the reading fails, it is to be
        noticed again.
        """
        with self._guard:
            due_s = self._monotonic() - SETTLES_S
            due = [since for since, noticed_s in self._open if noticed_s <= due_s]
            self._open = [(since, noticed_s) for since, noticed_s in self._open if noticed_s > due_s]
        return min(due, default=None)


def since_start(services: Services) -> datetime:
    """From when on trades may be missing at a start: the last one that was seen live, or a gap before that is open."""
    now = services.clock.now()
    with in_database(services.engine) as connection:
        last = connection.execute(_LAST, {"since": now - LONGEST, "source": VENUE}).scalar_one()
    return now if last is None else last


def read_missed(services: Services, since: datetime) -> StepReport:
    """Read the venue's trades since an instant and write those of markets we know. Raises PrecogError(system.*)."""
    correlation_id = new_correlation_id()
    report = StepReport(STEP, correlation_id, services.clock.now())
    rows: list[tuple[TradeSeen, Observation]] = []
    since = max(since, services.clock.now() - LONGEST)
    for fetch in services.kalshi.trades(min_ts=int((since - MARGIN).timestamp()), correlation_id=correlation_id):
        report.fetched(fetch)
        if not fetch.ok:
            break
        parsed = parse_trades(fetch.body)
        report.read(fetch, parsed)
        if report.stands_still(fetch, parsed):
            break
        seen = Observation(fetch.observed_at, Origin.LIVE, fetch.response_id)
        rows.extend((trade, seen) for trade in parsed.rows)
    with in_database(services.engine) as connection:
        known = market_keys(connection, [trade.market_id for trade, _ in rows]) if rows else {}
        report.wrote(write_trades(connection, [(trade, seen) for trade, seen in rows if trade.market_id in known]))
        report.keep_refused(connection, services.clock.now())
        report.finish()
        report.record(connection)
    return report
