"""Market data beside quotes: order books, trades and candlesticks of the markets whose games run or just ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin, Parsed
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import Wanted, fetch_all, in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.kalshi.parse_trading import parse_candlesticks, parse_orderbooks, parse_trades
from precog_assets.store.markets import write_order_books
from precog_assets.store.response_log import mark_applied
from precog_assets.store.trades import write_candles, write_trades

if TYPE_CHECKING:
    from precog_assets.services import Services

TRADES_LOOKBACK = timedelta(days=2)
CANDLE_WINDOW = timedelta(days=2)


def poll_books(
    services: Services,
    leagues: Sequence[League],
    *,
    correlation_id: str,
    budget_s: float | None = None,
    known: Callable[[str], bool] = lambda _ticker: False,
) -> StepReport:
    """Read the order books of the markets whose games run or begin soon; not of those `known` from a stream."""
    report = StepReport("order books", correlation_id, services.clock.now())
    now = services.clock.now()
    with in_database(services.engine) as connection:
        chosen = {"leagues": [league.key for league in leagues], "soon": now + timedelta(minutes=90)}
        tickers = [ticker for ticker in connection.scalars(_NEAR, chosen) if not known(ticker)]
    wanted = [Wanted("live", lambda: services.kalshi.orderbooks(tickers, label="live", correlation_id=correlation_id))]
    answered = fetch_all(wanted if tickers else [], lambda one: one.send(), report, services.engine, budget_s=budget_s)
    books = []
    bytes_applied: dict[str, str] = {}
    for one in answered:
        if not one.fresh:
            continue
        parsed = parse_orderbooks(one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            books.extend((book, one.observation(Origin.LIVE)) for book in parsed.rows)
            bytes_applied.update(one.applied)
    with in_database(services.engine) as connection:
        report.wrote(write_order_books(connection, books))
        report.keep_refused(connection, now)
        mark_applied(connection, bytes_applied)
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
    """Read the trades of a league's linked markets since the last one that this brought of each, two days at most.

    What a stream told since proves nothing of the time before it followed the market.
    """
    report = StepReport(f"trades {league.key}", correlation_id, services.clock.now())
    now = services.clock.now()
    with in_database(services.engine) as connection:
        wanted = [
            Wanted(
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
    SELECT m.ticker, max(t.traded_at) FILTER (WHERE t.origin = 'backfill') AS last FROM market.markets m
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
        Wanted(
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
    wanted: Sequence[Wanted],
    report: StepReport,
    parse: Callable[[Wanted, bytes], Parsed[Any]],
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
