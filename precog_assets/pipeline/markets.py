"""Markets: Kalshi's series, events, markets and quotes. Books, trades and candles are in `trading.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.config import league_of_series
from precog_assets.domain.facts import MarketSeen, Observation, Origin, Parsed
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import Wanted, fetch_all, in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.kalshi.parse_markets import (
    VENUE,
    parse_events,
    parse_markets,
    parse_milestones,
    parse_series,
)
from precog_assets.store import markets as store
from precog_assets.store.links import write_milestones
from precog_assets.store.response_log import mark_applied

if TYPE_CHECKING:
    from precog_assets.services import Services

TICKERS_A_CALL = 100
SETTLED_LOOKBACK = timedelta(days=3)


def series_of(leagues: Iterable[League]) -> list[str]:
    """The exact Kalshi series of these leagues."""
    return [ticker for league in leagues for ticker in (league.kalshi.series, *league.kalshi.also)]


def poll_markets(
    services: Services,
    leagues: Sequence[League],
    *,
    correlation_id: str,
    statuses: Sequence[str] = ("open",),
    origin: Origin = Origin.LIVE,
    budget_s: float | None = None,
    step: str = "markets",
) -> StepReport:
    """Read the listings of these leagues' series; changed states and quotes in one transaction.

    `statuses` are Kalshi's query values (unopened, open, closed, settled). Raises PrecogError(system.*).
    """

    def listing(series: str, status: str) -> Wanted:
        settled_since = None
        if status == "settled":
            settled_since = int((services.clock.now() - SETTLED_LOOKBACK).timestamp())
        return Wanted(
            f"{series}:{status}",
            lambda: services.kalshi.markets(
                series_ticker=series,
                status=status,
                min_settled_ts=settled_since,
                correlation_id=correlation_id,
                origin=origin,
            ),
        )

    wanted = [listing(series, status) for series in series_of(leagues) for status in statuses]
    return _read_markets(services, wanted, step, correlation_id, origin, budget_s)


def sweep_markets(services: Services, *, correlation_id: str, budget_s: float | None = None) -> StepReport:
    """Read again the markets that left the open listing without being final here: closed, settled, gone."""
    with in_database(services.engine) as connection:
        tickers = list(connection.scalars(_UNSETTLED, {"now": services.clock.now()}))
    batches = [tickers[index : index + TICKERS_A_CALL] for index in range(0, len(tickers), TICKERS_A_CALL)]
    wanted = [
        Wanted("sweep", lambda batch=batch: services.kalshi.markets(tickers=batch, correlation_id=correlation_id))
        for batch in batches
    ]
    return _read_markets(services, wanted, "settled markets", correlation_id, Origin.LIVE, budget_s)


def read_markets(services: Services, tickers: Sequence[str], *, correlation_id: str, step: str) -> StepReport:
    """Read these markets, whatever state they are in. Raises PrecogError(system.*)."""
    batches = [list(tickers[index : index + TICKERS_A_CALL]) for index in range(0, len(tickers), TICKERS_A_CALL)]
    wanted = [
        Wanted(step, lambda batch=batch: services.kalshi.markets(tickers=batch, correlation_id=correlation_id))
        for batch in batches
    ]
    return _read_markets(services, wanted, step, correlation_id, Origin.LIVE, None)


def backfill_markets(services: Services, league: League, *, correlation_id: str) -> StepReport:
    """Read every market of a league that settled before the venue's historical cutoff, with its result."""
    wanted = [
        Wanted(
            series,
            lambda series=series: services.kalshi.historical_markets(
                series_ticker=series, correlation_id=correlation_id, origin=Origin.BACKFILL
            ),
        )
        for series in series_of([league])
    ]
    return _read_markets(services, wanted, f"backfill markets {league.key}", correlation_id, Origin.BACKFILL, None)


_UNSETTLED = sa.text(
    """
    SELECT m.ticker FROM market.markets m
    LEFT JOIN market.market_games l USING (market_id) LEFT JOIN core.games g USING (game_id)
    WHERE m.venue = 'kalshi' AND m.status <> 'finalized'
      AND (m.close_time < :now OR m.status IN ('closed', 'determined', 'disputed', 'amended')
           OR g.phase IN ('final', 'canceled'))
    ORDER BY m.close_time LIMIT 2000
    """
)


def _read_markets(
    services: Services,
    wanted: Sequence[Wanted],
    step: str,
    correlation_id: str,
    origin: Origin,
    budget_s: float | None,
) -> StepReport:
    report = StepReport(step, correlation_id, services.clock.now())
    answered = fetch_all(wanted, lambda one: one.send(), report, services.engine, budget_s=budget_s)
    rows: list[tuple[MarketSeen, Observation]] = []
    bytes_applied: dict[str, str] = {}
    for one in answered:
        if not one.fresh:
            continue
        parsed = parse_markets(one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            rows.extend((market, one.observation(origin)) for market in parsed.rows)
            bytes_applied.update(one.applied)
    now = services.clock.now()
    with in_database(services.engine) as connection:
        if rows or report.contracts or bytes_applied:
            states, quotes = store.write_markets(connection, rows, league_of_series())
            report.inserted, report.changed = states.inserted, states.changed + quotes.changed
            report.unchanged = max(0, len(rows) - report.written)
            report.notes["markets_new"] = states.inserted
            report.notes["states_changed"] = states.changed
            report.notes["quotes_written"] = quotes.written
            report.keep_refused(connection, now)
            mark_applied(connection, bytes_applied)
        report.finish()
        report.record(connection)
    return report


def discover_series(services: Services, leagues: Sequence[League], *, correlation_id: str) -> StepReport:
    """Read the sports series and the events of ours, with the milestones of their games.

    Series nobody configured are counted, not kept.
    """
    report = StepReport("series", correlation_id, services.clock.now())
    ours = series_of(leagues)
    kinds: dict[str, Callable[[bytes], Parsed[Any]]] = {"series": parse_series, "events": parse_events}
    wanted = [
        Wanted(
            "series",
            lambda: [services.kalshi.series_list(category="Sports", correlation_id=correlation_id)],
        ),
        *(
            Wanted(
                "events",
                lambda ticker=ticker: services.kalshi.events(
                    series_ticker=ticker, status="open", with_milestones=True, correlation_id=correlation_id
                ),
            )
            for ticker in ours
        ),
    ]
    answered = fetch_all(wanted, lambda one: one.send(), report, services.engine)
    found: dict[str, list[Any]] = {"series": [], "events": [], "milestones": []}
    bytes_applied: dict[str, str] = {}
    for one in answered:
        if not one.fresh:
            continue
        parsed = kinds[one.request.label](one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            found[one.request.label].extend(parsed.rows)
            if one.request.label == "events" and b'"milestones"' in one.fetch.body:
                beside = parse_milestones(one.fetch.body)
                report.read(one.fetch, beside)
                found["milestones"].extend(beside.rows)
            bytes_applied.update(one.applied)
    now = services.clock.now()
    chosen = [series for series in found["series"] if series.ticker in set(ours)]
    report.notes["series_elsewhere"] = len(found["series"]) - len(chosen)
    report.notes["series_missing"] = len(set(ours) - {s.ticker for s in chosen}) if found["series"] else 0
    with in_database(services.engine) as connection:
        report.wrote(store.write_series(connection, chosen, VENUE, league_of_series(), now))
        report.wrote(store.write_events(connection, found["events"], VENUE, now))
        report.wrote(write_milestones(connection, found["milestones"], now))
        report.keep_refused(connection, now)
        mark_applied(connection, bytes_applied)
        report.finish()
        report.record(connection)
    return report
