"""The statements behind `known.py`: every kind of fact as it was known at an instant, for many keys at once.

Belongs here: SQL. Does not: what is made of it. Each statement exists for two ways of knowing. `observed`: live facts
that had been observed by then, which is what a decision read and a replay must read again. `known`: any fact that
could be known by then, also one that came by an import or a backfill, which is what a backtest reads; there a
forecast is the current one of those made from results before the instant.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

Basis = Literal["observed", "known"]

_BY: dict[Basis, str] = {"observed": "observed_at <= :at AND origin = 'live'", "known": "known_at <= :at"}
_LAST: dict[Basis, str] = {"observed": "observed_at DESC", "known": "known_at DESC, observed_at DESC"}
_STANDS: dict[Basis, str] = {
    "observed": "computed_at <= :at AND (superseded_at IS NULL OR superseded_at > :at)",
    "known": "superseded_at IS NULL",
}
_STOOD: dict[Basis, str] = {
    "observed": "computed_at <= :at AND (superseded_at IS NULL OR superseded_at > w.began)",
    "known": "superseded_at IS NULL",
}
"""Of a game in play: at its start or later. Of any other `began` is the instant itself."""
_STANDING: dict[Basis, str] = {
    "observed": "computed_at > w.began, abs(extract(epoch FROM computed_at - w.began))",
    "known": "computed_at DESC",
}
"""The last of before the start, else the first of after it."""
_MADE: dict[Basis, str] = {"observed": "(w.began = :at OR as_of <= w.began)", "known": "as_of <= w.began"}
_BEFORE: dict[Basis, str] = {"observed": "observed_at < began.at", "known": "known_at < began.at"}

_MARKETS = """
    SELECT m.market_id, m.market_key, m.venue, m.ticker, m.event_ticker, m.series_ticker, m.league,
           CAST(m.price_ranges AS text) AS price_ranges, s.status, s.close_time, l.verdict, l.game_id, l.outcome,
           l.last_changed_at AS link_changed_at
    FROM market.markets m CROSS JOIN LATERAL (
        SELECT status, close_time FROM market.market_states
        WHERE market_id = m.market_id AND {by} ORDER BY {last} LIMIT 1
    ) s
    LEFT JOIN market.market_games l ON l.market_id = m.market_id AND l.first_decided_at <= :at
    WHERE m.event_ticker IN (SELECT event_ticker FROM market.markets WHERE market_id = ANY(:market_ids))
    ORDER BY m.market_id COLLATE "C"
"""
_QUOTES = """
    SELECT k.market_key, q.observed_at, least(q.confirmed_at, :at) AS confirmed_at, q.origin, q.yes_bid, q.yes_ask,
           q.yes_bid_size, q.yes_ask_size, q.last_price,
           b.observed_at AS book_at, least(b.confirmed_at, :at) AS book_confirmed_at, b.origin AS book_origin,
           CAST(b.yes_levels AS text) AS yes_levels, CAST(b.no_levels AS text) AS no_levels
    FROM unnest(CAST(:keys AS int[])) AS k (market_key)
    LEFT JOIN LATERAL (
        SELECT * FROM market.quotes WHERE market_key = k.market_key AND {by} ORDER BY {last} LIMIT 1
    ) q ON true
    LEFT JOIN LATERAL (
        SELECT * FROM market.order_books WHERE market_key = k.market_key AND {by} ORDER BY {last} LIMIT 1
    ) b ON true
"""
_GAMES = """
    SELECT g.game_id, g.league, g.season, g.game_kind, s.status, s.state, s.completed, s.start_time,
           s.start_time_valid, s.home_team_id, s.away_team_id, s.observed_at,
           least(s.confirmed_at, :at) AS confirmed_at,
           s.period, s.clock, s.display_clock, s.home_score, s.away_score, s.home_shootout_score,
           s.away_shootout_score, s.winner, s.detail, g.headline, g.attributes->>'best_of' AS best_of,
           CASE WHEN s.state = 'in' THEN s.linescores END AS linescores,
           CASE WHEN s.state = 'in' THEN s.situation END AS situation
    FROM core.games g CROSS JOIN LATERAL (
        SELECT * FROM core.game_states WHERE game_id = g.game_id AND {by} ORDER BY {last} LIMIT 1
    ) s
    WHERE g.game_id = ANY(:game_ids)
"""
_BEGINNINGS = """
    WITH began AS (
        SELECT w.game_id, least(w.start_time, (
            SELECT min(observed_at) FROM core.game_states WHERE game_id = w.game_id AND state = 'in' AND {by}
        )) AS at
        FROM unnest(CAST(:game_ids AS text[]), CAST(:starts AS timestamptz[])) AS w (game_id, start_time)
    )
    SELECT k.market_key, q.observed_at, least(q.confirmed_at, began.at) AS confirmed_at, q.origin, q.yes_bid,
           q.yes_ask, q.yes_bid_size, q.yes_ask_size, q.last_price,
           b.observed_at AS book_at, least(b.confirmed_at, began.at) AS book_confirmed_at, b.origin AS book_origin,
           CAST(b.yes_levels AS text) AS yes_levels, CAST(b.no_levels AS text) AS no_levels
    FROM unnest(CAST(:keys AS int[]), CAST(:of_games AS text[])) AS k (market_key, game_id) JOIN began USING (game_id)
    LEFT JOIN LATERAL (
        SELECT * FROM market.quotes WHERE market_key = k.market_key AND {by} AND {before} ORDER BY {last} LIMIT 1
    ) q ON true
    LEFT JOIN LATERAL (
        SELECT * FROM market.order_books WHERE market_key = k.market_key AND {by} AND {before} ORDER BY {last} LIMIT 1
    ) b ON true
"""
_RATED = """
    SELECT max(start_time) AS start_time FROM (
        (SELECT start_time FROM model.ratings
         WHERE league = f.league AND team_id = f.{side}_team_id AND model_version = f.model_version
           AND superseded_at IS NULL AND start_time < f.as_of AND {stands}
         ORDER BY start_time DESC LIMIT 1)
        UNION ALL
        (SELECT start_time FROM model.ratings
         WHERE league = f.league AND team_id = f.{side}_team_id AND model_version = f.model_version
           AND superseded_at IS NOT NULL AND start_time < f.as_of AND {stands}
         ORDER BY start_time DESC LIMIT 1)
    ) rated
"""
_FORECASTS = """
    SELECT f.*, h.start_time AS home_rated_at, a.start_time AS away_rated_at
    FROM unnest(CAST(:game_ids AS text[]), CAST(:versions AS text[]), CAST(:began AS timestamptz[]))
        AS w (game_id, model_version, began)
    CROSS JOIN LATERAL (
        SELECT * FROM model.forecasts
        WHERE model_version = w.model_version AND game_id = w.game_id AND {stood} AND {made}
        ORDER BY {standing} LIMIT 1
    ) f
    CROSS JOIN LATERAL ({home}) h CROSS JOIN LATERAL ({away}) a
"""
_BLENDS = """
    SELECT DISTINCT ON (model_version, season) model_version, season, model_weight
    FROM model.blends WHERE model_version = ANY(:versions) AND {stands}
    ORDER BY model_version, season, computed_at DESC
"""


def _both(pattern: str) -> dict[Basis, sa.TextClause]:
    bases: tuple[Basis, ...] = ("observed", "known")
    found: dict[Basis, sa.TextClause] = {}
    for basis in bases:
        rated = {side: _RATED.format(side=side, stands=_STANDS[basis]) for side in ("home", "away")}
        given = {"by": _BY[basis], "last": _LAST[basis], "stands": _STANDS[basis], "made": _MADE[basis]}
        given |= {"stood": _STOOD[basis], "standing": _STANDING[basis], "before": _BEFORE[basis]}
        found[basis] = sa.text(pattern.format(**given, **rated))
    return found


MARKETS = _both(_MARKETS)
"""Of the events that the markets are of, every market, with its state and link."""
QUOTES = _both(_QUOTES)
GAMES = _both(_GAMES)
BEGINNINGS = _both(_BEGINNINGS)
"""The last prices of markets before their games' starts."""
FORECASTS = _both(_FORECASTS)
"""The forecast that stands; of a game in play the one of before `began`."""
BLENDS = _both(_BLENDS)
RUNGS = sa.text(
    """
    SELECT DISTINCT ON (strategy, league) * FROM book.rungs WHERE decided_at <= :at
    ORDER BY strategy, league, decided_at DESC
    """
)
KILL_SWITCH = sa.text("SELECT is_on FROM book.kill_switch WHERE set_at <= :at ORDER BY set_at DESC LIMIT 1")
