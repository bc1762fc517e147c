"""Checks of prices: rows as they must be, none missing, the outcomes of a game adding up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.prices import PRICES
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices

PRICED_WITHIN = timedelta(minutes=10)
AHEAD = timedelta(hours=36)
SLACK = 0.000001
NAMED = 5
LISTED = 50

_UNPRICED = sa.text(
    """
    WITH linked AS (
        SELECT m.market_id, m.market_key, m.ticker, m.event_ticker, l.game_id, l.outcome
        FROM market.market_games l JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id)
        WHERE l.verdict = 'matched' AND m.status = 'active' AND g.phase = 'scheduled'
          AND g.start_time > :now AND g.start_time < :until
    ), quoted AS (
        SELECT linked.*, q.observed_at IS NOT NULL AND q.yes_bid < q.yes_ask AS two_sided
        FROM linked LEFT JOIN LATERAL (
            SELECT observed_at, yes_bid, yes_ask FROM market.quotes q WHERE q.market_key = linked.market_key
              AND q.observed_at < :before ORDER BY observed_at DESC LIMIT 1
        ) q ON true
    ), whole AS (
        SELECT event_ticker, game_id FROM quoted GROUP BY event_ticker, game_id
        HAVING bool_and(coalesce(two_sided, false)) AND array_agg(outcome ORDER BY outcome)
          IN (ARRAY['away', 'home'], ARRAY['away', 'draw', 'home'])
    )
    SELECT q.ticker FROM quoted q JOIN whole USING (event_ticker, game_id)
    WHERE NOT EXISTS (SELECT 1 FROM model.prices p WHERE p.market_id = q.market_id) ORDER BY q.ticker
    """
)
_SUMS = sa.text(
    """
    WITH latest AS (
        SELECT DISTINCT ON (p.market_id, p.model_version) p.market_id, p.model_version, p.game_id, p.p_market,
               p.p_trading, p.outcome, m.event_ticker
        FROM model.prices p JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id)
        WHERE m.status = 'active' AND g.phase = 'scheduled' AND g.start_time > :now AND g.start_time < :until
        ORDER BY p.market_id, p.model_version, p.as_of DESC
    )
    SELECT event_ticker, sum(p_market) AS market, sum(p_trading) AS trading FROM latest
    GROUP BY event_ticker, game_id, model_version
    HAVING array_agg(outcome ORDER BY outcome) IN (ARRAY['away', 'home'], ARRAY['away', 'draw', 'home'])
    ORDER BY event_ticker
    """
)


@dg.multi_asset_check(
    name="prices_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=PRICES, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec("priced", asset=PRICES, description="Games whose outcomes are all quoted have prices"),
        dg.AssetCheckSpec("sums_to_one", asset=PRICES, description="The outcomes of a game add up to 1"),
    ],
)
def prices_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, quoted games without a price, and prices that do not add up."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(PRICES, "schema", checked(connection, "model.prices", now))
        yield told(PRICES, "priced", priced(connection, now))
        yield told(PRICES, "sums_to_one", sums_to_one(connection, now))


def priced(connection: sa.Connection, now: datetime) -> Finding:
    """Markets of games of the next 36 hours, every outcome quoted on both sides for ten minutes, without any price."""
    given = {"now": now, "until": now + AHEAD, "before": now - PRICED_WITHIN}
    tickers = list(connection.scalars(_UNPRICED, given))
    return Finding(
        not tickers,
        f"{len(tickers)} quoted markets have no price, e.g. {', '.join(tickers[:NAMED])}: does trading_live run?"
        if tickers
        else "every game whose outcomes are all quoted has prices",
        warn=True,
        facts={"count": len(tickers), "tickers": tickers[:LISTED]},
    )


def sums_to_one(connection: sa.Connection, now: datetime) -> Finding:
    """Events of the next 36 hours whose latest prices, the market's or those traded on, do not add up to 1."""
    rows = list(connection.execute(_SUMS, {"now": now, "until": now + AHEAD}))
    wrong = {
        row.event_ticker: [round(row.market, 6), round(row.trading, 6)]
        for row in rows
        if max(abs(row.market - 1), abs(row.trading - 1)) > SLACK
    }
    said = "; ".join(f"{event} {sums[0]:g}, traded on {sums[1]:g}" for event, sums in list(wrong.items())[:NAMED])
    return Finding(
        not wrong,
        f"prices that do not add up to 1: {said}" if wrong else f"the outcomes of {len(rows)} events add up to 1",
        warn=True,
        facts={"events": len(rows), "wrong": dict(list(wrong.items())[:LISTED])},
    )
