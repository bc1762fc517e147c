"""Trades that a stream did not tell of: read over REST after every gap, and after a start.

Belongs here: since when trades may be missing, and reading them. Does not: noticing gaps (`sources.kalshi.stream`).
The venue knows a trade by its id: one that the stream told too is the same row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin, TradeSeen
from precog_assets.domain.live import GapKind
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.report import StepReport, new_correlation_id
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
_LAST = sa.text("SELECT max(observed_at) FROM market.trades WHERE origin = 'live' AND observed_at > :since")
HARMLESS = frozenset({GapKind.REPEATED, GapKind.NEGATIVE_SIZE, GapKind.NO_SNAPSHOT})


def loses_trades(fact: GapFact) -> bool:
    """Whether trades may have been missed with this gap."""
    return fact.gap.kind not in HARMLESS and fact.gap.channel in ("", "trade")


def since_start(services: Services) -> datetime:
    """From when on trades may be missing at a start: the last one that was seen live."""
    now = services.clock.now()
    with in_database(services.engine) as connection:
        last = connection.execute(_LAST, {"since": now - LONGEST}).scalar_one()
    return now if last is None else last


def read_missed(services: Services, since: datetime) -> StepReport:
    """Read the venue's trades since an instant and write those of markets we know. Raises PrecogError(system.*)."""
    correlation_id = new_correlation_id()
    report = StepReport(STEP, correlation_id, services.clock.now())
    rows: list[tuple[TradeSeen, Observation]] = []
    for fetch in services.kalshi.trades(min_ts=int((since - MARGIN).timestamp()), correlation_id=correlation_id):
        report.fetched(fetch)
        if not fetch.ok:
            break
        parsed = parse_trades(fetch.body)
        report.read(fetch, parsed)
        if report.stands_still(fetch, parsed):
            break
        seen = Observation(fetch.observed_at, Origin.BACKFILL, fetch.response_id)
        rows.extend((trade, seen) for trade in parsed.rows)
    with in_database(services.engine) as connection:
        known = market_keys(connection, [trade.market_id for trade, _ in rows]) if rows else {}
        report.wrote(write_trades(connection, [(trade, seen) for trade, seen in rows if trade.market_id in known]))
        report.keep_refused(connection, services.clock.now())
        report.finish()
        report.record(connection)
    return report
