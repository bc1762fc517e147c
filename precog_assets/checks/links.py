"""Checks of links: rows as they must be, every market decided and few refused, events whole, results as the games'."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.links import LINKS
from precog_assets.checks.findings import Finding, told
from precog_assets.config import load_leagues
from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.matching.results import OURS_TO_MEND
from precog_assets.resources import PrecogServices

DECIDED_WITHIN = timedelta(minutes=10)
"""Also the time that the markets of an event have to appear one after the other."""
UNMATCHED_SHARE = 0.10
MATCH_RATE = 0.90
LOOK_BACK = timedelta(days=30)
SHOWN = 50

_UNDECIDED = sa.text(
    "SELECT m.ticker FROM market.markets m LEFT JOIN market.market_games l USING (market_id) "
    "WHERE m.status = 'active' AND l.market_id IS NULL AND m.first_observed_at < :before ORDER BY m.ticker"
)
_BY_LEAGUE = sa.text(
    "SELECT coalesce(m.league, 'none') AS league, count(*) AS markets, "
    "count(*) FILTER (WHERE l.verdict = ANY(:ours)) AS unmatched FROM market.markets m "
    "JOIN market.market_games l USING (market_id) WHERE m.status = 'active' GROUP BY 1 ORDER BY 1"
)
_OF_THE_DAY = sa.text(
    """
    SELECT m.league, count(*) FILTER (WHERE l.verdict = 'matched') AS matched,
           count(*) FILTER (WHERE l.verdict IS NULL OR l.verdict = ANY(:ours)) AS unmatched,
           (array_agg(m.ticker ORDER BY m.ticker) FILTER (WHERE l.verdict = ANY(:ours)))[1:3] AS refused
    FROM market.markets m LEFT JOIN market.market_games l USING (market_id)
    WHERE m.series_ticker = ANY(:series) AND split_part(m.event_ticker, '-', 2) LIKE :day
      AND EXISTS (SELECT 1 FROM core.games g WHERE g.league = m.league AND g.game_kind = ANY(:rated)
                  AND g.start_time >= :first AND g.start_time < :last)
    GROUP BY m.league ORDER BY m.league
    """
)
_SIDES = sa.text(
    """
    SELECT m.event_ticker, m.league, array_agg(DISTINCT l.outcome) FILTER (WHERE l.verdict = 'matched') AS outcomes,
           array_agg(m.ticker ORDER BY m.ticker) FILTER (WHERE l.verdict IS DISTINCT FROM 'matched') AS refused
    FROM market.markets m LEFT JOIN market.market_games l USING (market_id)
    WHERE m.event_ticker IN (SELECT o.event_ticker FROM market.markets o JOIN market.market_games k USING (market_id)
                             WHERE o.status = 'active' AND k.verdict = 'matched')
    GROUP BY m.event_ticker, m.league HAVING max(m.first_observed_at) < :before
    ORDER BY m.event_ticker
    """
)
_TWO_EVENTS = sa.text(
    """
    SELECT l.game_id, m.series_ticker, array_agg(DISTINCT m.event_ticker) AS events
    FROM market.market_games l JOIN market.markets m USING (market_id)
    WHERE l.game_id IN (SELECT k.game_id FROM market.market_games k WHERE k.last_changed_at >= :since)
    GROUP BY l.game_id, m.series_ticker HAVING count(DISTINCT m.event_ticker) > 1
    ORDER BY l.game_id
    """
)
_SETTLED = sa.text(
    "SELECT coalesce(l.settlement, 'not yet compared') AS said, count(*) AS markets FROM market.market_games l "
    "JOIN market.markets m USING (market_id) WHERE l.verdict = 'matched' AND m.result <> '' GROUP BY 1"
)
_CONTRADICTING = sa.text(
    "SELECT m.ticker, m.result, l.outcome, l.game_id, g.phase, g.winner FROM market.market_games l "
    "JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id) "
    "WHERE l.verdict = 'matched' AND l.settlement = 'contradicts' ORDER BY m.ticker LIMIT :most"
)


@dg.multi_asset_check(
    name="market_games_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=LINKS, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec("decided", asset=LINKS, description="Every active market has a verdict"),
        dg.AssetCheckSpec("unmatched_share", asset=LINKS, description="Few active markets of a league have no game"),
        dg.AssetCheckSpec("match_rate", asset=LINKS, description="On game days a league's markets have their games"),
        dg.AssetCheckSpec("both_sides", asset=LINKS, description="Of each linked event every outcome is linked"),
        dg.AssetCheckSpec("one_event_a_game", asset=LINKS, description="No game has two events of one series"),
        dg.AssetCheckSpec("settlements", asset=LINKS, description="Settled markets paid what their games' results say"),
    ],
)
def market_games_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, undecided markets, shares without a game, events that are not whole, contradicted results."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(LINKS, "schema", checked(connection, "market.market_games", now))
        yield told(LINKS, "decided", decided(connection, now))
        yield told(LINKS, "unmatched_share", unmatched_share(connection))
        yield told(LINKS, "match_rate", match_rate(connection, now))
        yield told(LINKS, "both_sides", both_sides(connection, now))
        yield told(LINKS, "one_event_a_game", one_event_a_game(connection, now))
        yield told(LINKS, "settlements", settlements(connection))


def decided(connection: sa.Connection, now: datetime) -> Finding:
    """Active markets known for ten minutes that have no verdict."""
    tickers = list(connection.scalars(_UNDECIDED, {"before": now - DECIDED_WITHIN}))
    if not tickers:
        return Finding(True, "every active market has a verdict")
    return Finding(
        False,
        f"{len(tickers)} active markets have no verdict, e.g. {', '.join(tickers[:5])}: does links_and_ratings run?",
        facts={"count": len(tickers), "tickers": tickers[:SHOWN]},
    )


def unmatched_share(connection: sa.Connection) -> Finding:
    """Leagues in which more than UNMATCHED_SHARE of the active markets are refused for want of knowledge."""
    rows = list(connection.execute(_BY_LEAGUE, {"ours": [*OURS_TO_MEND]}))
    shares = {row.league: round(row.unmatched / row.markets, 4) for row in rows}
    high = {league: share for league, share in shares.items() if share > UNMATCHED_SHARE}
    said = ", ".join(f"{league} {share:.0%}" for league, share in high.items())
    return Finding(
        not high,
        f"active markets without a game: {said}; see `precog match review`" if high else "few markets have no game",
        warn=True,
        facts={"shares": shares, "markets": {row.league: row.markets for row in rows}},
    )


def match_rate(connection: sa.Connection, now: datetime) -> Finding:
    """Leagues with rated games on this Eastern day whose markets of the day are matched below MATCH_RATE.

    The main series of a league only: challengers have few games that are shown anywhere.
    """
    today = eastern_day(now)
    first, last = eastern_day_bounds(today)
    given: dict[str, Any] = {
        "series": [league.kalshi.series for league in load_leagues().values()],
        "day": f"{today:%y%b%d}%".upper(),
        "rated": [*RATED_KINDS],
        "ours": [*OURS_TO_MEND],
        "first": first,
        "last": last,
    }
    rows = [row for row in connection.execute(_OF_THE_DAY, given) if row.matched + row.unmatched]
    rates = {row.league: round(row.matched / (row.matched + row.unmatched), 4) for row in rows}
    low = {row.league: row for row in rows if rates[row.league] < MATCH_RATE}
    said = "; ".join(
        f"{league} {rates[league]:.0%} of {row.matched + row.unmatched}, e.g. {', '.join(row.refused or ['undecided'])}"
        for league, row in low.items()
    )
    return Finding(
        not low,
        f"markets of {today} with their game: {said}; see `precog match review`"
        if low
        else f"markets of {today} have their games in {len(rows)} leagues",
        facts={"day": str(today), "rates": rates, "matched": {row.league: row.matched for row in rows}},
    )


def both_sides(connection: sa.Connection, now: datetime) -> Finding:
    """Open events of which some market is linked and not every outcome of the league is, ten minutes after the last."""
    leagues = load_leagues()
    missing: dict[str, list[str]] = {}
    events = 0
    for row in connection.execute(_SIDES, {"before": now - DECIDED_WITHIN}):
        events += 1
        if absent := [one.value for one in leagues[row.league].outcomes if one.value not in (row.outcomes or ())]:
            missing[row.event_ticker] = [*absent, *(f"refused: {ticker}" for ticker in row.refused or ())]
    said = "; ".join(f"{event} lacks {', '.join(lacks)}" for event, lacks in list(missing.items())[:5])
    return Finding(
        not missing,
        f"{len(missing)} of {events} linked events are not whole: {said}" if missing else f"{events} events are whole",
        warn=True,
        facts={"events": events, "missing": dict(list(missing.items())[:SHOWN])},
    )


def one_event_a_game(connection: sa.Connection, now: datetime) -> Finding:
    """Games linked within LOOK_BACK to which several events of one series are tied: at most one can be right."""
    rows = list(connection.execute(_TWO_EVENTS, {"since": now - LOOK_BACK}))
    twice = {f"{row.game_id} in {row.series_ticker}": sorted(row.events) for row in rows}
    said = "; ".join(f"{game}: {' and '.join(events)}" for game, events in list(twice.items())[:5])
    return Finding(
        not twice,
        f"{len(twice)} games have several events of one series: {said}"
        if twice
        else "no game has two events of one series",
        facts={"games": dict(list(twice.items())[:SHOWN])},
    )


def settlements(connection: sa.Connection) -> Finding:
    """Settled markets whose result is not that of the game they are tied to: wrong game, wrong side or wrong result."""
    counts = {row.said: row.markets for row in connection.execute(_SETTLED)}
    rows = list(connection.execute(_CONTRADICTING, {"most": SHOWN}))
    agreeing = counts.get("agrees", 0)
    if not rows:
        return Finding(True, f"{agreeing} settled markets agree with their games", facts={"markets": counts})
    tickers = {
        row.ticker: f"settled {row.result}, YES is {row.outcome}; {row.game_id} is {row.phase}, won by {row.winner}"
        for row in rows
    }
    ticker, said = next(iter(tickers.items()))
    return Finding(
        False,
        f"{counts['contradicts']} settled markets contradict their games, {agreeing} agree; e.g. {ticker} {said}",
        facts={"markets": counts, "contradicting": tickers},
    )
