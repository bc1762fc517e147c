"""The statements behind `stored.py`: what of a league became known from `:since` to `:until`.

Belongs here: SQL. Does not: what is made of it. `:reach` is how far the games and markets of the chunk before
reached: of those that come in anew everything is read, however long ago it was known. Only what is read at all is
chosen by how things came out; what is told of them is what was known.
"""

from __future__ import annotations

import sqlalchemy as sa

MARKETS = sa.text(
    """
    SELECT m.market_id, m.market_key, m.venue, m.ticker, m.event_ticker, m.series_ticker, m.league, m.open_time,
           m.expected_expiration_time, CAST(m.price_ranges AS text) AS price_ranges, m.first_observed_at,
           coalesce(l.verdict, 'not_looked_at') AS verdict, l.game_id, l.outcome,
           f.origin AS first_origin, f.close_time AS first_close
    FROM market.markets m
    LEFT JOIN market.market_games l USING (market_id)
    LEFT JOIN LATERAL (
        SELECT origin, close_time FROM market.market_states s WHERE s.market_id = m.market_id
        ORDER BY known_at, observed_at LIMIT 1
    ) f ON true
    WHERE m.league = :league AND m.open_time < :until
      AND greatest(m.close_time, m.expected_expiration_time, m.settlement_time) >= :over
    ORDER BY m.market_id COLLATE "C"
    """
)
"""Markets that are listed by the chunk's end and were not settled long before its start."""

MARKET_STATES = sa.text(
    """
    SELECT s.market_id, s.known_at, s.status, s.result, s.close_time, s.settlement_value, s.origin
    FROM market.market_states s JOIN market.markets m USING (market_id)
    WHERE s.market_id = ANY(:market_ids) AND s.known_at < :until
      AND (s.known_at >= :since OR m.open_time >= :since OR :first)
    ORDER BY s.known_at, s.observed_at, s.market_id COLLATE "C"
    """
)

GAMES = sa.text(
    """
    SELECT g.game_id, g.league, g.season, g.game_kind, g.start_time, g.start_time_valid, f.origin AS first_origin
    FROM core.games g
    CROSS JOIN LATERAL (
        SELECT origin FROM core.game_states s WHERE s.game_id = g.game_id ORDER BY known_at, observed_at LIMIT 1
    ) f
    WHERE g.league = :league AND g.start_time >= :over AND g.start_time < :ahead
    ORDER BY g.start_time, g.game_id COLLATE "C"
    """
)
GAME_STATES = sa.text(
    """
    SELECT s.game_id, s.known_at, s.confirmed_at, s.origin, s.status, s.state, s.completed, s.start_time,
           s.start_time_valid
    FROM core.game_states s JOIN core.games g USING (game_id)
    WHERE g.league = :league AND g.start_time >= :over AND g.start_time < :ahead
      AND s.known_at < :until AND (s.known_at >= :since OR g.start_time >= :reach OR :first)
    ORDER BY s.known_at, s.observed_at, s.game_id COLLATE "C"
    """
)

FORECASTS = sa.text(
    """
    WITH said AS (
        SELECT f.*, CASE WHEN f.computed_at < f.start_time THEN f.computed_at
                         ELSE f.as_of + CAST(:results_in AS interval) END AS known_at
        FROM model.forecasts f
        WHERE f.league = :league AND f.model_version = :version AND f.start_time >= :over AND f.start_time < :ahead
          AND (f.computed_at < f.start_time OR (f.superseded_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM model.forecasts made WHERE made.model_version = f.model_version
              AND made.game_id = f.game_id AND made.computed_at < made.start_time)))
    )
    SELECT f.game_id, f.season, f.known_at, f.as_of, f.computed_at, f.p_home, f.p_draw, f.p_away, f.games_home,
           f.games_away, h.at AS home_rated_at, a.at AS away_rated_at
    FROM said f JOIN core.games g USING (game_id)
    CROSS JOIN LATERAL (
        SELECT max(r.start_time) AS at FROM model.ratings r
        WHERE r.league = f.league AND r.team_id = f.home_team_id AND r.model_version = f.model_version
          AND r.superseded_at IS NULL AND r.start_time < f.as_of
    ) h
    CROSS JOIN LATERAL (
        SELECT max(r.start_time) AS at FROM model.ratings r
        WHERE r.league = f.league AND r.team_id = f.away_team_id AND r.model_version = f.model_version
          AND r.superseded_at IS NULL AND r.start_time < f.as_of
    ) a
    WHERE f.known_at < :until AND (f.known_at >= :since OR f.start_time >= :reach OR :first)
      AND coalesce(g.home_team_id, f.home_team_id) = f.home_team_id
      AND coalesce(g.away_team_id, f.away_team_id) = f.away_team_id
    ORDER BY f.known_at, f.game_id COLLATE "C"
    """
)
BLENDS = sa.text(
    "SELECT season, model_weight FROM model.blends WHERE model_version = :version AND superseded_at IS NULL"
)

QUOTES = """
    COPY (
        SELECT k.slot, CAST(extract(epoch FROM q.known_at) * 1000000 AS bigint),
               CAST(extract(epoch FROM least(q.observed_at, q.known_at)) * 1000000 AS bigint),
               CAST(extract(epoch FROM q.confirmed_at) * 1000000 AS bigint),
               CAST(q.yes_bid * 1000000 AS int), CAST(q.yes_ask * 1000000 AS int),
               CAST(q.last_price * 1000000 AS int), CAST(q.yes_bid_size AS float8), CAST(q.yes_ask_size AS float8),
               q.origin
        FROM unnest(CAST(%(keys)s AS int[]), CAST(%(slots)s AS int[])) AS k (market_key, slot)
        CROSS JOIN LATERAL (
            SELECT * FROM market.quotes
            WHERE market_key = k.market_key AND observed_at >= %(since)s AND observed_at < %(until)s
              AND known_at >= %(since)s AND known_at < %(until)s
        ) q
    ) TO STDOUT (FORMAT csv)
"""
"""Quotes of the markets asked for. Those of files and backfills are observed when they were known."""
