"""Checks of links: rows as they must be, every open market decided, few refused for want of knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.links import LINKS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices

DECIDED_WITHIN = timedelta(minutes=10)
UNMATCHED_SHARE = 0.10
OURS_TO_MEND = ("parse_fail", "unknown_code", "no_game", "ambiguous")
"""Refusals that better tables could turn into links; the others are refused by their nature."""

_UNDECIDED = sa.text(
    "SELECT m.ticker FROM market.markets m LEFT JOIN market.market_games l USING (market_id) "
    "WHERE m.status = 'active' AND l.market_id IS NULL AND m.first_observed_at < :before ORDER BY m.ticker"
)
_BY_LEAGUE = sa.text(
    "SELECT coalesce(m.league, 'none') AS league, count(*) AS markets, "
    "count(*) FILTER (WHERE l.verdict = ANY(:ours)) AS unmatched FROM market.markets m "
    "JOIN market.market_games l USING (market_id) WHERE m.status = 'active' GROUP BY 1 ORDER BY 1"
)


@dg.multi_asset_check(
    name="market_games_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=LINKS, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec("decided", asset=LINKS, description="Every active market has a verdict"),
        dg.AssetCheckSpec("unmatched_share", asset=LINKS, description="Few active markets of a league have no game"),
    ],
)
def market_games_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, undecided markets, and the share without a game by league."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(LINKS, "schema", checked(connection, "market.market_games", now))
        yield told(LINKS, "decided", decided(connection, now))
        yield told(LINKS, "unmatched_share", unmatched_share(connection))


def decided(connection: sa.Connection, now: datetime) -> Finding:
    """Active markets known for ten minutes that have no verdict."""
    tickers = list(connection.scalars(_UNDECIDED, {"before": now - DECIDED_WITHIN}))
    if not tickers:
        return Finding(True, "every active market has a verdict")
    return Finding(
        False,
        f"{len(tickers)} active markets have no verdict, e.g. {', '.join(tickers[:5])}: does links_and_ratings run?",
        facts={"count": len(tickers), "tickers": tickers[:50]},
    )


def unmatched_share(connection: sa.Connection) -> Finding:
    """Leagues in which more than UNMATCHED_SHARE of the active markets are refused for want of knowledge."""
    rows = list(connection.execute(_BY_LEAGUE, {"ours": list(OURS_TO_MEND)}))
    shares = {row.league: round(row.unmatched / row.markets, 4) for row in rows}
    high = {league: share for league, share in shares.items() if share > UNMATCHED_SHARE}
    said = ", ".join(f"{league} {share:.0%}" for league, share in high.items())
    return Finding(
        not high,
        f"active markets without a game: {said}; ask `precog match TICKER`" if high else "few markets have no game",
        warn=True,
        facts={"shares": shares, "markets": {row.league: row.markets for row in rows}},
    )
