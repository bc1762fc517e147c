"""Checks of markets and quotes: contract and rejections of Kalshi, rows as they must be, age in live games."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.markets import MARKETS, QUOTES, RAW_MARKETS
from precog_assets.checks.findings import Finding, contract, rejections, told
from precog_assets.domain.times import speed_of
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    pass

KALSHI_STEPS = ("markets", "discovery", "settled markets", "series", "order", "trades", "candles")
LIVE_AGE_S = 30.0
"""A listing of a league in play older than this is stale: Dagster's own policies begin at a minute."""

_LIVE_LISTINGS = sa.text(
    """
    SELECT m.series_ticker, count(DISTINCT m.market_id) AS markets, greatest(
           (SELECT max(f.last_polled_at) FROM ops.feeds f WHERE f.source = 'kalshi' AND f.last_outcome IN
              ('ok', 'not_modified') AND starts_with(f.feed, :listings || m.series_ticker || :open)),
           CASE WHEN bool_and(q.confirmed_at IS NOT NULL) THEN min(q.confirmed_at) END) AS known_at
    FROM market.markets m JOIN market.market_games l USING (market_id) JOIN core.games g USING (game_id)
    LEFT JOIN LATERAL (
        SELECT confirmed_at FROM market.quotes WHERE market_key = m.market_key ORDER BY observed_at DESC LIMIT 1
    ) q ON true
    WHERE m.status = 'active' AND g.phase IN ('in_play', 'delayed') AND g.start_time > :long_ago
    GROUP BY m.series_ticker ORDER BY m.series_ticker
    """
)
_FEED = {"listings": "kalshi:markets:", "open": ":open:"}


@dg.multi_asset_check(
    name="raw_markets_checks",
    specs=[
        dg.AssetCheckSpec(
            "contract", asset=RAW_MARKETS, blocking=True, description="Every payload type has its required keys"
        ),
        dg.AssetCheckSpec("rejections", asset=RAW_MARKETS, description="Few rows are rejected"),
    ],
)
def raw_markets_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Contract and share of rejections."""
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(RAW_MARKETS, "contract", contract(connection, "kalshi"))
        yield told(RAW_MARKETS, "rejections", rejections(connection, KALSHI_STEPS, opened.clock.now()))


@dg.multi_asset_check(
    name="markets_checks",
    specs=[dg.AssetCheckSpec("schema", asset=MARKETS, blocking=True, description="Rows satisfy their Pandera schema")],
)
def markets_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(MARKETS, "schema", checked(connection, "market.markets", opened.clock.now()))


@dg.multi_asset_check(
    name="quotes_checks",
    specs=[
        dg.AssetCheckSpec(
            "schema", asset=QUOTES, blocking=True, description="Prices in [0, 1], bid not above ask, times in order"
        ),
        dg.AssetCheckSpec("live_age", asset=QUOTES, description="Quotes of games in play are seconds old"),
    ],
)
def quotes_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, and the age of quotes in live games."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(QUOTES, "schema", checked(connection, "market.quotes", now))
        yield told(QUOTES, "live_age", live_age(connection, now, LIVE_AGE_S * speed_of(opened.clock)))


def live_age(connection: sa.Connection, now: datetime, limit_s: float) -> Finding:
    """How long ago the quotes of each series with a game in play were known to hold, worst first.

    By its listing's last answer, or by the stream, which confirms each quote that stands: then the oldest counts.
    """
    rows = list(connection.execute(_LIVE_LISTINGS, {"long_ago": now - timedelta(days=3), **_FEED}))
    never = [row.series_ticker for row in rows if row.known_at is None]
    ages = {row.series_ticker: round((now - row.known_at).total_seconds(), 1) for row in rows if row.known_at}
    stale = {series: age for series, age in ages.items() if age > limit_s}
    facts = {"age_s": ages, "markets": {row.series_ticker: row.markets for row in rows}, "limit_s": limit_s}
    if not stale and not never:
        return Finding(True, f"{len(rows)} series have games in play, none older than {limit_s:g} s", facts=facts)
    told_stale = [f"{series} {age:g} s" for series, age in sorted(stale.items(), key=lambda item: -item[1])]
    return Finding(
        False,
        f"games in play, but quotes are older than {limit_s:g} s: {', '.join([*told_stale, *never])}",
        facts=facts,
    )
