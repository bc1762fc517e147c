"""The statements of `explain`: one fact each, found by key and instant, so that none depends on how much is stored.

Belongs here: SQL. Does not: what is made of it.
"""

from __future__ import annotations

import sqlalchemy as sa

MARKET = sa.text(
    "SELECT market_id, venue, ticker, event_ticker, series_ticker FROM market.markets WHERE market_id = :market_id"
)
STRATEGY = sa.text("SELECT name, parameters, created_at FROM book.strategies WHERE strategy_hash = :strategy_hash")
LIMITS = sa.text("SELECT parameters, created_at FROM book.limits WHERE limits_hash = :limits_hash")
PRICE = sa.text(
    "SELECT * FROM model.prices WHERE market_id = :market_id AND as_of <= :as_of "
    "AND (CAST(:version AS text) IS NULL OR model_version = :version) ORDER BY as_of DESC LIMIT 1"
)
SIBLINGS = sa.text(
    """
    SELECT o.market_id, l.outcome FROM market.markets m JOIN market.markets o USING (event_ticker)
    JOIN market.market_games l ON l.market_id = o.market_id AND l.game_id = :game_id
    WHERE m.market_id = :market_id ORDER BY l.outcome, o.market_id
    """
)
FORECAST = sa.text(
    """
    SELECT f.*, h.display_name AS home_team, a.display_name AS away_team, v.name AS model_name,
           v.created_at AS model_created_at
    FROM model.forecasts f LEFT JOIN core.teams h ON h.team_id = f.home_team_id
    LEFT JOIN core.teams a ON a.team_id = f.away_team_id LEFT JOIN model.versions v USING (model_version)
    WHERE f.model_version = :version AND f.game_id = :game_id AND f.computed_at = :at
    """
)
LAST_RATED = sa.text(
    """
    SELECT g.game_id, g.start_time, g.home_score, g.away_score, g.winner, h.display_name AS home_team,
           a.display_name AS away_team, r.rating_before, r.rating_after, r.expected_score, r.deviation_before,
           r.deviation_after, r.games_before, r.computed_at
    FROM core.games g
    JOIN model.ratings r ON r.model_version = :version AND r.game_id = g.game_id AND r.team_id = :team_id
        AND r.computed_at <= :at AND (r.superseded_at IS NULL OR r.superseded_at > :at)
    LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id
    WHERE g.league = :league AND g.start_time < :start AND (g.home_team_id = :team_id OR g.away_team_id = :team_id)
    ORDER BY g.start_time DESC LIMIT 1
    """
)
GAME_STATE = sa.text(
    """
    SELECT game_id, observed_at, confirmed_at, known_at, origin, status, state, completed, home_score, away_score,
           winner, start_time, start_time_valid, response_id
    FROM core.game_states WHERE game_id = :game_id AND observed_at <= :at ORDER BY observed_at DESC LIMIT 1
    """
)
BLEND = sa.text(
    """
    SELECT model_version, season, model_weight, fitted_games, computed_at FROM model.blends
    WHERE model_version = :version AND computed_at <= :at AND (superseded_at IS NULL OR superseded_at > :at)
    ORDER BY season DESC, computed_at DESC LIMIT 1
    """
)
QUOTE = sa.text(
    """
    SELECT m.market_id, q.* FROM market.markets m CROSS JOIN LATERAL (
        SELECT * FROM market.quotes q WHERE q.market_key = m.market_key AND q.observed_at <= :at
        ORDER BY q.observed_at DESC LIMIT 1
    ) q WHERE m.market_id = :market_id
    """
)
BOOK = sa.text(
    """
    SELECT m.market_id, b.* FROM market.markets m CROSS JOIN LATERAL (
        SELECT * FROM market.order_books b WHERE b.market_key = m.market_key AND b.observed_at <= :at
        ORDER BY b.observed_at DESC LIMIT 1
    ) b WHERE m.market_id = :market_id
    """
)
MARKET_STATE = sa.text(
    "SELECT * FROM market.market_states WHERE market_id = :market_id AND observed_at <= :at "
    "ORDER BY observed_at DESC LIMIT 1"
)
LINK = sa.text(
    "SELECT verdict, game_id, outcome, rule, detail, evidence, first_decided_at, last_changed_at "
    "FROM market.market_games WHERE market_id = :market_id"
)
FEE_TERMS = sa.text(
    """
    SELECT DISTINCT ON (change_id) change_id, scope, ticker, effective_at, fee_type, fee_multiplier, observed_at,
           confirmed_at, response_id
    FROM market.fee_changes
    WHERE venue = :venue AND known_at <= :as_of AND observed_at <= :as_of
      AND ((scope = 'series' AND ticker = :series_ticker) OR (scope = 'event' AND ticker = :event_ticker))
    ORDER BY change_id, observed_at DESC
    """
)
ORDERS = sa.text(
    "SELECT client_id, venue, side, limit_price, contracts, filled, post_only, status, reason, venue_order_id, "
    "created_at, last_changed_at FROM book.orders WHERE decision_id = :decision_id ORDER BY created_at, client_id"
)
FILLS = sa.text(
    "SELECT fill_id, price, contracts, fee, is_maker, filled_at FROM book.fills WHERE client_id = :client_id "
    "ORDER BY filled_at, fill_id"
)
RESPONSE = sa.text(
    "SELECT response_id, observed_at, source, feed, url, sha256, status_code, body_bytes, origin, correlation_id "
    "FROM raw.responses WHERE response_id = :response_id AND observed_at BETWEEN :at - interval '1 day' AND :at"
)
"""A fact put together from several answers is of the last one's instant and of one answer's number."""
