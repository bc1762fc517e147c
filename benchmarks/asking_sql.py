"""The statements that fill the database of `asking`: games and markets of three months, made by the server itself.

Belongs here: SQL. Games are numbered by their start; the last `ahead` of `games` are yet to be played.
"""

from __future__ import annotations

import sqlalchemy as sa

_GAMES = """
    WITH team AS (
        SELECT team_id, row_number() OVER (ORDER BY team_id) - 1 AS number, count(*) OVER () AS teams
        FROM core.teams WHERE league = 'nfl' AND kind = 'team' AND NOT provisional
    ), game AS (
        SELECT g, g > :games - :ahead AS is_ahead,
               CASE WHEN g > :games - :ahead
                    THEN :now + (g - :games + :ahead) * interval '5 minutes' + interval '1 hour'
                    ELSE :now - (:games - :ahead - g + 1) * (:days * interval '1 day' / :games) END AS start_time
        FROM generate_series(1, :games) g
    )
    INSERT INTO core.games (game_id, league, season, season_type, game_kind, start_time, start_time_valid,
        home_team_id, away_team_id, status, state, completed, phase, home_score, away_score, winner,
        first_observed_at, last_observed_at, last_changed_at, source)
    SELECT 'nfl:' || g, 'nfl', 2026, 'regular', 'regular', start_time, true, h.team_id, a.team_id,
           CASE WHEN is_ahead THEN 'STATUS_SCHEDULED' ELSE 'STATUS_FINAL' END,
           CASE WHEN is_ahead THEN 'pre' ELSE 'post' END, NOT is_ahead,
           CASE WHEN is_ahead THEN 'scheduled' ELSE 'final' END,
           CASE WHEN NOT is_ahead THEN 24 END, CASE WHEN NOT is_ahead THEN 17 END,
           CASE WHEN NOT is_ahead THEN 'home' END, start_time - interval '14 days', :now, :now, 'bench'
    FROM game JOIN team h ON h.number = (g * 2) % h.teams JOIN team a ON a.number = (g * 2 + 1 + g / 16) % a.teams
    WHERE h.team_id <> a.team_id
"""
_MARKETS = """
    INSERT INTO market.markets (market_id, venue, ticker, event_ticker, series_ticker, league, title, yes_sub_title,
        market_type, status, result, open_time, close_time, expiration_value, price_level_structure, price_ranges,
        rules_primary, first_observed_at, last_observed_at, last_changed_at)
    SELECT 'kalshi:' || event || '-' || side, 'kalshi', event || '-' || side, event, 'KXNFLGAME', 'nfl',
           away_team_id || ' at ' || home_team_id || ' Winner?', side, 'binary',
           CASE WHEN completed THEN 'finalized' ELSE 'active' END,
           CASE WHEN completed THEN CASE side WHEN 'H' THEN 'yes' ELSE 'no' END ELSE '' END,
           start_time - interval '14 days', start_time + interval '2 days', '', 'linear_cent',
           '[["0", "1", "0.01"]]', 'If the side wins, then Yes.', start_time - interval '14 days', :now,
           least(start_time, :now)
    FROM (SELECT *, 'KXNFLGAME-G' || split_part(game_id, ':', 2) AS event FROM core.games) g
    CROSS JOIN (VALUES ('H'), ('A')) s (side)
"""
_LINKS = """
    INSERT INTO market.market_games (market_id, verdict, game_id, outcome, rule, detail, evidence, first_decided_at,
        last_changed_at)
    SELECT m.market_id, 'matched', g.game_id, CASE m.yes_sub_title WHEN 'H' THEN 'home' ELSE 'away' END,
           'only_game_of_pair', '', '{"day": "2026-11-22"}', g.first_observed_at, g.first_observed_at
    FROM market.markets m JOIN core.games g ON m.event_ticker = 'KXNFLGAME-G' || split_part(g.game_id, ':', 2)
"""
_MARKET_STATES = """
    INSERT INTO market.market_states (market_id, observed_at, status, result, close_time, expiration_value, known_at,
        origin, confirmed_at, response_id)
    SELECT market_id, first_observed_at + n * interval '1 day', CASE WHEN n = 3 THEN status ELSE 'active' END, '',
           close_time, '', first_observed_at + n * interval '1 day', 'live', :now,
           CAST(extract(epoch FROM first_observed_at + n * interval '1 day') AS bigint) / 16
    FROM market.markets CROSS JOIN generate_series(0, 3) n
    WHERE n = 0 OR (n = 3 AND status = 'finalized')
"""
_ANSWERS = """
    INSERT INTO raw.responses (response_id, source, feed, url, observed_at, status_code, content_type, sha256,
        body_bytes, stored_bytes, elapsed_ms, outcome, code, correlation_id, origin)
    SELECT n, 'kalshi', 'kalshi\\:markets\\:KXNFLGAME\\:open\\:1',
           'https://venue.test/markets?series_ticker=KXNFLGAME&status=open&limit=1000', to_timestamp(n * 16), 200,
           'application/json', md5(CAST(n AS text)) || md5('x' || n), 90000, 9000, 20, 'ok', 'ok', 'bench', 'live'
    FROM generate_series(
        CAST(extract(epoch FROM CAST(:now AS timestamptz)) AS bigint) / 16 - (:days + 15) * 5400,
        CAST(extract(epoch FROM CAST(:now AS timestamptz)) AS bigint) / 16) n
"""
_QUOTES = """
    INSERT INTO market.quotes (market_key, observed_at, yes_bid, yes_ask, yes_bid_size, yes_ask_size, last_price,
        volume, open_interest, known_at, origin, confirmed_at, response_id)
    SELECT market_key, at, CASE side WHEN 'H' THEN bid ELSE 0.98 - bid END,
           CASE side WHEN 'H' THEN bid + 0.02 ELSE 1 - bid END,
           300, 400, bid, 1000 + n, 500, at, 'live', at + interval '400 seconds',
           CAST(extract(epoch FROM at) AS bigint) / 16
    FROM (
        SELECT m.market_key, m.yes_sub_title AS side, n,
               m.last_changed_at - n * (interval '13 days' / :quotes_each)
                   - m.market_key % 60 * interval '1 second' AS at,
               0.46 + ((n * 7 + l.last_number) % 9) * 0.01 AS bid
        FROM market.markets m
        JOIN (SELECT market_id, CAST(split_part(game_id, ':', 2) AS int) AS last_number FROM market.market_games) l
            USING (market_id)
        CROSS JOIN generate_series(0, :quotes_each - 1) n
    ) made
"""
_BOOKS = """
    INSERT INTO market.order_books (market_key, observed_at, yes_levels, no_levels, known_at, origin, confirmed_at,
        response_id)
    SELECT q.market_key, q.observed_at,
           jsonb_build_array(jsonb_build_array(CAST(q.yes_bid - 0.02 AS text), '900'),
               jsonb_build_array(CAST(q.yes_bid - 0.01 AS text), '700'),
               jsonb_build_array(CAST(q.yes_bid AS text), '300')),
           jsonb_build_array(jsonb_build_array(CAST(0.98 - q.yes_ask AS text), '900'),
               jsonb_build_array(CAST(0.99 - q.yes_ask AS text), '700'),
               jsonb_build_array(CAST(1 - q.yes_ask AS text), '400')),
           q.known_at, 'live', q.confirmed_at, q.response_id
    FROM market.quotes q WHERE CAST(q.volume AS int) % greatest(:quotes_each / :books_each, 1) = 1000 %
        greatest(:quotes_each / :books_each, 1)
"""
_STATES = """
    INSERT INTO core.game_states (game_id, observed_at, status, state, completed, start_time, start_time_valid,
        home_team_id, away_team_id, known_at, origin, confirmed_at, response_id)
    SELECT game_id, at, 'STATUS_SCHEDULED', 'pre', false, start_time + n % 2 * interval '0 seconds', true,
           home_team_id, away_team_id, at, 'live', at + interval '1 hour',
           CAST(extract(epoch FROM at) AS bigint) / 16
    FROM (
        SELECT g.*, n, least(start_time, :now) - n * (interval '13 days' / :states_each) - interval '30 seconds' AS at
        FROM core.games g CROSS JOIN generate_series(0, :states_each - 1) n
    ) made
"""
_RATINGS = """
    INSERT INTO model.ratings (league, game_id, team_id, model_version, season, start_time, rating_before,
        rating_after, expected_score, games_before, computed_at)
    SELECT 'nfl', game_id, team_id, :version, 2026, start_time, 1500, 1505, 0.5, 20, start_time + interval '4 hours'
    FROM core.games CROSS JOIN LATERAL (VALUES (home_team_id), (away_team_id)) t (team_id) WHERE completed
"""
_FORECASTS = """
    INSERT INTO model.forecasts (league, game_id, model_version, season, start_time, home_team_id, away_team_id, as_of,
        p_home, p_away, rating_home, rating_away, deviation_home, deviation_away, games_home, games_away, computed_at,
        superseded_at)
    SELECT 'nfl', game_id, :version, 2026, start_time, home_team_id, away_team_id, at, p, 1 - p, 1550, 1490, 60, 60, 21,
           22, at, CASE WHEN n > 0 THEN at + interval '2 days' END
    FROM (
        SELECT g.*, n, least(start_time, :now) - n * interval '2 days' - interval '1 hour' AS at,
               CASE WHEN CAST(split_part(game_id, ':', 2) AS int) % 5 = 0 THEN 0.58 ELSE 0.50 END AS p
        FROM core.games g CROSS JOIN generate_series(0, 4) n
    ) made
"""
_BLENDS = """
    INSERT INTO model.blends (league, model_version, season, model_weight, fitted_games, computed_at)
    VALUES ('nfl', :version, 2026, 0.2, 500, CAST(:now AS timestamptz) - interval '30 days')
"""
FACTS = [
    sa.text(one)
    for one in (
        _GAMES,
        _MARKETS,
        _LINKS,
        _MARKET_STATES,
        _ANSWERS,
        _QUOTES,
        _BOOKS,
        _STATES,
        _RATINGS,
        _FORECASTS,
        _BLENDS,
    )
]
"""In the order in which one needs the other."""
OLDER_DECISIONS = sa.text(
    """
    INSERT INTO book.decisions
    SELECT (jsonb_populate_record(d, jsonb_build_object(
        'decision_id', substr(md5(d.decision_id || n), 1, 20),
        'as_of', d.as_of - n * interval '20 minutes',
        'last_repeated_at', d.as_of - n * interval '20 minutes' + interval '15 minutes',
        'repeats', 30, 'computed_at', d.as_of - n * interval '20 minutes'))).*
    FROM book.decisions d CROSS JOIN generate_series(1, :older_decisions) n
    """
)
TICKERS = sa.text("SELECT ticker FROM market.markets ORDER BY status, md5(market_id) LIMIT :number")
DECISIONS = sa.text(
    """
    SELECT decision_id FROM book.decisions WHERE as_of = (SELECT max(as_of) FROM book.decisions)
      AND (details ? 'kelly_together') = :sized
    ORDER BY md5(decision_id) LIMIT :number
    """
)
COUNTS = sa.text(
    """
    SELECT CAST(json_build_object(
        'quotes', (SELECT count(*) FROM market.quotes), 'markets', (SELECT count(*) FROM market.markets),
        'order_books', (SELECT count(*) FROM market.order_books),
        'game_states', (SELECT count(*) FROM core.game_states),
        'responses', (SELECT count(*) FROM raw.responses), 'decisions', (SELECT count(*) FROM book.decisions)) AS text)
    """
)
