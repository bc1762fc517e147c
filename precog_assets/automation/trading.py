"""The trading tick: prices, decisions, orders and payouts follow from new quotes and scores.

Belongs here: which markets are looked at when, the order of the steps, and that one process takes them at a time.
Does not: the steps themselves, Dagster's events.

Markets whose games run or begin soon are decided on at every tick, all others once a minute: a price that nobody may
trade on before tomorrow can wait. A tick stays a while, and decides again as soon as a poll of this process wrote
something: between two ticks of the daemon pass five seconds and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.automation import relay
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.statuses import QUOTED
from precog_assets.pipeline.backfill import add
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.feeds import in_database, only_one
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import TRADING, TRADING_STEPS, Turn
from precog_assets.pipeline.settle import settle_markets

if TYPE_CHECKING:
    from precog_assets.automation.memory import TickMemory
    from precog_assets.pipeline.live.venue_watch import VenueWatch
    from precog_assets.services import Services
    from precog_assets.store.leases import Lease

FEED, EVERYTHING = "trading", "all markets"
EVERYTHING_EACH_S = 60.0
SOON = timedelta(hours=6)
STAYS_S = 3.0
"""The daemon looks every five for what is due, and leaves out a sensor whose tick is not over: none begins later."""
_NEAR = sa.text(
    """
    SELECT l.market_id FROM market.market_games l
    JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id)
    WHERE l.verdict = 'matched' AND m.status = ANY(:quoted) AND m.league = ANY(:leagues)
      AND (g.phase = 'in_play' OR g.start_time BETWEEN :now AND :until)
    """
)


@dataclass(frozen=True, slots=True)
class TradingTick:
    """The reports of a tick by step; none, and a sentence that says why, where another process is at it."""

    sentence: str
    reports: Mapping[str, StepReport] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the process that decides instead, for metadata."""


def trading_tick(services: Services, memory: TickMemory, correlation_id: str, *, stays_s: float = 0.0) -> TradingTick:
    """Price, decide, work on orders, pay out, while no collector does; again at news, for `stays_s`.

    Raises PrecogError(system.*).
    """
    ends_s = memory.monotonic() + stays_s
    seen = memory.news.seen()
    tick = _pass(services, memory, correlation_id)
    while tick.reports and not tick.facts and memory.news.wait(seen, ends_s - memory.monotonic()):
        seen = memory.news.seen()
        again = _pass(services, memory, correlation_id)
        if not again.reports:
            break
        for step, report in again.reports.items():
            if step in tick.reports:
                add(report, tick.reports[step])
        tick = TradingTick(again.sentence, {**tick.reports, **again.reports}, again.facts)
    return tick


def _pass(services: Services, memory: TickMemory, correlation_id: str) -> TradingTick:
    """One pass over the markets whose turn it is.

    The role is this process's for the tick and until its heartbeat is old. Another that takes it meanwhile is no
    failure: what was not committed by then is not written, and the other decides.
    """
    turn = relay.turn_of(services, memory, TRADING)
    if turn.why:
        return _yielded(services, memory, turn, correlation_id)
    began_s = memory.monotonic()
    everything = memory.polled_s_ago(FEED).get(EVERYTHING, EVERYTHING_EACH_S) >= EVERYTHING_EACH_S
    reports: dict[str, StepReport] = {}
    with only_one(services.engine, FEED) as mine:
        if not mine:
            return TradingTick("trading: another process is at it")
        market_ids = None if everything else near(services)
        more: dict[str, Any] = {"correlation_id": correlation_id}
        away = memory.venue.why
        try:
            reports["prices"] = price_markets(services, market_ids=market_ids, **more)
            _watch_venue(services, memory.venue, turn.lease)
            reports["decisions"] = decide_markets(
                services, market_ids=market_ids, lease=turn.lease, venue_away=away, **more
            )
            reports["orders"] = work_book(services, lease=turn.lease, venue_away=away, **more)
        except PrecogError as error:
            if error.code != "system.epoch":
                raise
            said = [*(report.sentence() for report in reports.values()), f"handed over: {error}"]
            return TradingTick("; ".join(said), reports)
        reports["settlements"] = settle_markets(services, **more)
    if everything:
        memory.polled(FEED, [EVERYTHING], began_s)
    return TradingTick("; ".join(report.sentence() for report in reports.values()), reports)


def _watch_venue(services: Services, venue: VenueWatch, lease: Lease | None) -> None:
    """Take back what rests while the venue is down. Without the stream, REST is the only way to it."""
    venue.look(stream=True, rest=services.kalshi.answers)
    ways = venue.due()
    if ways and lease is not None:
        venue.act(services, lease, ways)


def _yielded(services: Services, memory: TickMemory, turn: Turn, correlation_id: str) -> TradingTick:
    """Nothing is decided here; what the collector wrote is told, step by step."""
    reports = {}
    if turn.by_collector:
        reports = {
            step: relay.relayed(services, memory, f"trading {step}", [step], turn, correlation_id)
            for step in TRADING_STEPS
        }
    return TradingTick(f"trading: {turn.why}", reports, turn.facts)


def near(services: Services) -> list[str]:
    """The quoted markets whose games run or begin within six hours."""
    now = services.clock.now()
    given = {
        "quoted": [status.value for status in QUOTED],
        "leagues": [league.key for league in services.leagues],
        "now": now,
        "until": now + SOON,
    }
    with in_database(services.engine) as connection:
        return sorted(connection.scalars(_NEAR, given))
