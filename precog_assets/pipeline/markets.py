"""Markets: Kalshi's series, events, markets and quotes; books, trades and candles of those that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.config import league_of_series
from precog_assets.domain.facts import MarketSeen, Observation, Origin, Parsed
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import Fetched, fetch_all, in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.kalshi.parse_markets import VENUE, market_id_of, parse_events, parse_markets, parse_series
from precog_assets.sources.kalshi.parse_trading import parse_candlesticks, parse_orderbooks, parse_trades
from precog_assets.store import markets as store
from precog_assets.store.response_log import mark_applied
from precog_assets.store.trades import write_candles, write_trades

if TYPE_CHECKING:
    from precog_assets.services import Services
    from precog_assets.sources.outcome import Fetch

TICKERS_A_CALL = 100
SETTLED_LOOKBACK = timedelta(days=3)
TRADES_LOOKBACK = timedelta(days=2)
CANDLE_WINDOW = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One listing to read: a series in a status, or a set of tickers."""

    label: str
    send: Callable[[], Iterable[Fetch]]


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

    def listing(series: str, status: str) -> _Wanted:
        settled_since = None
        if status == "settled":
            settled_since = int((services.clock.now() - SETTLED_LOOKBACK).timestamp())
        return _Wanted(
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
        _Wanted("sweep", lambda batch=batch: services.kalshi.markets(tickers=batch, correlation_id=correlation_id))
        for batch in batches
    ]
    return _read_markets(services, wanted, "settlements", correlation_id, Origin.LIVE, budget_s)


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
    wanted: Sequence[_Wanted],
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
            _applied(one, bytes_applied)
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


def _applied(one: Fetched[Any], bytes_applied: dict[str, str]) -> None:
    if one.fetch.sha256:
        bytes_applied[one.fetch.feed] = one.fetch.sha256


def discover_series(services: Services, leagues: Sequence[League], *, correlation_id: str) -> StepReport:
    """Read the sports series and the events of ours; series nobody configured are counted, not kept."""
    report = StepReport("series", correlation_id, services.clock.now())
    ours = series_of(leagues)
    kinds: dict[str, Callable[[bytes], Parsed[Any]]] = {"series": parse_series, "events": parse_events}
    wanted = [
        _Wanted(
            "series",
            lambda: [services.kalshi.series_list(category="Sports", correlation_id=correlation_id)],
        ),
        *(
            _Wanted(
                "events",
                lambda ticker=ticker: services.kalshi.events(
                    series_ticker=ticker, status="open", correlation_id=correlation_id
                ),
            )
            for ticker in ours
        ),
    ]
    answered = fetch_all(wanted, lambda one: one.send(), report, services.engine)
    found: dict[str, list[Any]] = {"series": [], "events": []}
    bytes_applied: dict[str, str] = {}
    for one in answered:
        if not one.fresh:
            continue
        parsed = kinds[one.request.label](one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            found[one.request.label].extend(parsed.rows)
            _applied(one, bytes_applied)
    now = services.clock.now()
    chosen = [series for series in found["series"] if series.ticker in set(ours)]
    report.notes["series_elsewhere"] = len(found["series"]) - len(chosen)
    report.notes["series_missing"] = len(set(ours) - {s.ticker for s in chosen}) if found["series"] else 0
    with in_database(services.engine) as connection:
        report.wrote(store.write_series(connection, chosen, VENUE, league_of_series(), now))
        report.wrote(store.write_events(connection, found["events"], VENUE, now))
        report.keep_refused(connection, now)
        mark_applied(connection, bytes_applied)
        report.finish()
        report.record(connection)
    return report


def poll_books(
    services: Services, leagues: Sequence[League], *, correlation_id: str, budget_s: float | None = None
) -> StepReport:
    """Read the order books of the markets whose games run or begin soon."""
    report = StepReport("order books", correlation_id, services.clock.now())
    now = services.clock.now()
    with in_database(services.engine) as connection:
        chosen = {"leagues": [league.key for league in leagues], "soon": now + timedelta(minutes=90)}
        tickers = list(connection.scalars(_NEAR, chosen))
    wanted = [_Wanted("live", lambda: services.kalshi.orderbooks(tickers, label="live", correlation_id=correlation_id))]
    answered = fetch_all(wanted if tickers else [], lambda one: one.send(), report, services.engine, budget_s=budget_s)
    books = []
    for one in answered:
        parsed = parse_orderbooks(one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            books.extend((book, one.observation(Origin.LIVE)) for book in parsed.rows)
    with in_database(services.engine) as connection:
        report.wrote(store.write_order_books(connection, books))
        report.keep_refused(connection, now)
        report.finish()
        report.record(connection)
    return report


_NEAR = sa.text(
    """
    SELECT m.ticker FROM market.markets m JOIN market.market_games l USING (market_id) JOIN core.games g USING (game_id)
    WHERE m.status = 'active' AND g.league = ANY(:leagues)
      AND (g.phase IN ('in_play', 'delayed') OR (g.phase = 'scheduled' AND g.start_time < :soon))
    ORDER BY g.start_time, m.ticker LIMIT 1000
    """
)


def read_trades(services: Services, league: League, *, correlation_id: str) -> StepReport:
    """Read the trades of a league's linked markets since the last one kept of each."""
    report = StepReport(f"trades {league.key}", correlation_id, services.clock.now())
    now = services.clock.now()
    with in_database(services.engine) as connection:
        wanted = [
            _Wanted(
                row.ticker,
                lambda row=row: services.kalshi.trades(
                    ticker=row.ticker,
                    min_ts=int((row.last or now - TRADES_LOOKBACK).timestamp()),
                    correlation_id=correlation_id,
                    origin=Origin.BACKFILL,
                ),
            )
            for row in connection.execute(_TRADED, {"league": league.key, "since": now - TRADES_LOOKBACK})
        ]
    return _read_rows(services, wanted, report, lambda _, body: parse_trades(body), write_trades)


_TRADED = sa.text(
    """
    SELECT m.ticker, max(t.traded_at) AS last FROM market.markets m
    JOIN market.market_games l USING (market_id) JOIN core.games g USING (game_id)
    LEFT JOIN market.trades t USING (market_id)
    WHERE g.league = :league AND g.start_time > :since AND m.status IN ('active', 'closed', 'determined', 'finalized')
    GROUP BY m.ticker ORDER BY m.ticker
    """
)


def read_candles(services: Services, league: League, *, correlation_id: str, period_minutes: int = 60) -> StepReport:
    """Read the candlesticks around the games of a league's linked markets of the last days."""
    report = StepReport(f"candles {league.key}", correlation_id, services.clock.now())
    now = services.clock.now()
    first = int((now - CANDLE_WINDOW).timestamp())
    with in_database(services.engine) as connection:
        tickers = [
            row.ticker for row in connection.execute(_TRADED, {"league": league.key, "since": now - CANDLE_WINDOW})
        ]
    wanted = [
        _Wanted(
            league.key,
            lambda: services.kalshi.candlesticks(
                tickers,
                start_ts=first,
                end_ts=int(now.timestamp()),
                period_minutes=period_minutes,
                label=league.key,
                correlation_id=correlation_id,
            ),
        )
    ]
    return _read_rows(
        services,
        wanted if tickers else [],
        report,
        lambda _, body: parse_candlesticks(body, None, period_minutes),
        write_candles,
    )


def _read_rows(
    services: Services,
    wanted: Sequence[_Wanted],
    report: StepReport,
    parse: Callable[[_Wanted, bytes], Parsed[Any]],
    write: Callable[[sa.Connection, list[Any]], Any],
) -> StepReport:
    rows: list[tuple[Any, Observation]] = []
    for one in fetch_all(wanted, lambda wanted: wanted.send(), report, services.engine):
        parsed = parse(one.request, one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            rows.extend((row, one.observation(Origin.BACKFILL)) for row in parsed.rows)
    with in_database(services.engine) as connection:
        report.wrote(write(connection, rows))
        report.keep_refused(connection, services.clock.now())
        report.finish()
        report.record(connection)
    return report


def read_account(services: Services, *, correlation_id: str) -> tuple[Any, list[Any]]:
    """Balance and positions of the configured account, signed. Raises ConfigurationError without keys."""
    from precog_assets.sources.kalshi.parse_account import parse_balance, parse_positions

    balance = parse_balance(services.kalshi.balance(correlation_id=correlation_id).body)
    positions = [
        row
        for fetch in services.kalshi.positions(correlation_id=correlation_id)
        for row in parse_positions(fetch.body).rows
    ]
    return (balance.rows[0] if balance.rows else None), positions


__all__ = [
    "discover_series",
    "market_id_of",
    "poll_books",
    "poll_markets",
    "read_account",
    "read_candles",
    "read_trades",
    "series_of",
    "sweep_markets",
]
