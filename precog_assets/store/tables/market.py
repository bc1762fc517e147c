"""Schema `market`. Venues: series, events, fees, markets, their states, quotes, books, trades, candles, their games."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.tables.columns import COUNT, INSTANT, PRICE, fact_columns, metadata, offset_column

series = sa.Table(
    "series",
    metadata,
    sa.Column("series_ticker", sa.Text, primary_key=True),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("league", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("frequency", sa.Text, nullable=False),
    sa.Column("fee_type", sa.Text, nullable=False),
    sa.Column("fee_multiplier", sa.Numeric(10, 6), nullable=False),
    sa.Column("tags", JSONB, nullable=False),
    sa.Column("last_observed_at", INSTANT, nullable=False),
    schema="market",
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("event_ticker", sa.Text, primary_key=True),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("series_ticker", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("sub_title", sa.Text, nullable=False),
    sa.Column("mutually_exclusive", sa.Boolean, nullable=False),
    sa.Column("competition", sa.Text),
    sa.Column("competition_scope", sa.Text),
    sa.Column("last_observed_at", INSTANT, nullable=False),
    schema="market",
)

fee_changes = sa.Table(
    "fee_changes",
    metadata,
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column(
        "change_id", sa.Text, nullable=False, comment="The venue's id of a scheduled change, or seen:{scope}:{ticker}"
    ),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("scope", sa.Text, nullable=False, comment="series, or event: an override of its series"),
    sa.Column("ticker", sa.Text, nullable=False),
    sa.Column("series_ticker", sa.Text, nullable=False),
    sa.Column("effective_at", INSTANT, comment="When a scheduled change takes effect; null: seen in force"),
    sa.Column("fee_type", sa.Text, comment="Null: the event is charged as its series"),
    sa.Column("fee_multiplier", sa.Numeric(12, 6)),
    *fact_columns(),
    sa.PrimaryKeyConstraint("venue", "change_id", "observed_at"),
    sa.Index("fee_changes_series", "venue", "series_ticker"),
    schema="market",
)

markets = sa.Table(
    "markets",
    metadata,
    sa.Column("market_id", sa.Text, primary_key=True),
    sa.Column("market_key", sa.Integer, sa.Identity(), nullable=False, unique=True, comment="Key of quotes"),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("ticker", sa.Text, nullable=False),
    sa.Column("event_ticker", sa.Text, nullable=False),
    sa.Column("series_ticker", sa.Text, nullable=False),
    sa.Column("league", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("yes_sub_title", sa.Text, nullable=False),
    sa.Column("market_type", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("open_time", INSTANT, nullable=False),
    sa.Column("close_time", INSTANT, nullable=False),
    sa.Column("expected_expiration_time", INSTANT),
    sa.Column("occurrence_time", INSTANT),
    sa.Column("settlement_value", PRICE),
    sa.Column("settlement_time", INSTANT),
    sa.Column("expiration_value", sa.Text, nullable=False),
    sa.Column("strike_type", sa.Text),
    sa.Column("strike", JSONB(none_as_null=True)),
    sa.Column("price_level_structure", sa.Text, nullable=False),
    sa.Column("price_ranges", JSONB, nullable=False),
    sa.Column("rules_primary", sa.Text, nullable=False),
    sa.Column("first_observed_at", INSTANT, nullable=False),
    sa.Column("last_observed_at", INSTANT, nullable=False),
    sa.Column("last_changed_at", INSTANT, nullable=False),
    sa.UniqueConstraint("venue", "ticker"),
    sa.Index("markets_event_ticker", "event_ticker"),
    sa.Index("markets_series_status", "series_ticker", "status"),
    schema="market",
)

market_states = sa.Table(
    "market_states",
    metadata,
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("close_time", INSTANT, nullable=False),
    sa.Column("settlement_value", PRICE),
    sa.Column("expiration_value", sa.Text, nullable=False),
    *fact_columns(),
    offset_column(),
    sa.PrimaryKeyConstraint("market_id", "observed_at"),
    schema="market",
)

quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("market_key", sa.Integer, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("yes_bid", PRICE),
    sa.Column("yes_ask", PRICE),
    sa.Column("yes_bid_size", COUNT),
    sa.Column("yes_ask_size", COUNT),
    sa.Column("last_price", PRICE),
    sa.Column("volume", COUNT),
    sa.Column("open_interest", COUNT),
    *fact_columns(),
    offset_column(),
    sa.PrimaryKeyConstraint("market_key", "observed_at"),
    schema="market",
    postgresql_partition_by="RANGE (observed_at)",
)

order_books = sa.Table(
    "order_books",
    metadata,
    sa.Column("market_key", sa.Integer, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("yes_levels", JSONB, nullable=False, comment="[[price, count], ...] bids, best last"),
    sa.Column("no_levels", JSONB, nullable=False),
    *fact_columns(),
    offset_column(),
    sa.PrimaryKeyConstraint("market_key", "observed_at"),
    schema="market",
    postgresql_partition_by="RANGE (observed_at)",
)

trades = sa.Table(
    "trades",
    metadata,
    sa.Column("trade_id", sa.Text, primary_key=True),
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("traded_at", INSTANT, nullable=False),
    sa.Column("yes_price", PRICE, nullable=False),
    sa.Column("count", COUNT, nullable=False),
    sa.Column("taker_side", sa.Text, nullable=False),
    sa.Column("is_block", sa.Boolean, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("known_at", INSTANT, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("response_id", sa.BigInteger),
    offset_column(),
    sa.Index("trades_market_traded_at", "market_id", "traded_at"),
    schema="market",
)

candles = sa.Table(
    "candles",
    metadata,
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("period_minutes", sa.Integer, nullable=False),
    sa.Column("end_time", INSTANT, nullable=False),
    sa.Column("yes_bid_close", PRICE),
    sa.Column("yes_ask_close", PRICE),
    sa.Column("price_open", PRICE),
    sa.Column("price_high", PRICE),
    sa.Column("price_low", PRICE),
    sa.Column("price_close", PRICE),
    sa.Column("volume", COUNT, nullable=False),
    sa.Column("open_interest", COUNT, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("known_at", INSTANT, nullable=False, comment="End of the period"),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("response_id", sa.BigInteger),
    sa.PrimaryKeyConstraint("market_id", "period_minutes", "end_time"),
    schema="market",
)

market_games = sa.Table(
    "market_games",
    metadata,
    sa.Column("market_id", sa.Text, sa.ForeignKey("market.markets.market_id"), primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False, comment="matched, or the reason of the refusal"),
    sa.Column("game_id", sa.Text, comment="Null unless matched"),
    sa.Column("outcome", sa.Text, comment="home, away or draw: what YES pays for"),
    sa.Column("rule", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("evidence", JSONB, nullable=False),
    sa.Column("first_decided_at", INSTANT, nullable=False),
    sa.Column("last_changed_at", INSTANT, nullable=False),
    sa.Column("candidates", JSONB(none_as_null=True), comment="Games it might have been, of a refusal, best first"),
    sa.Column("score", sa.Double, comment="Of the best candidate, 0 to 1"),
    sa.Column("settlement", sa.Text, comment="agrees, contradicts or void: the venue's result against the game's"),
    sa.Column("settlement_checked_at", INSTANT),
    sa.Index("market_games_game_id", "game_id"),
    schema="market",
)

milestones = sa.Table(
    "milestones",
    metadata,
    sa.Column("event_ticker", sa.Text, primary_key=True),
    sa.Column("milestone_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("start_time", INSTANT, nullable=False, comment="The venue's own start of the game"),
    sa.Column("status", sa.Text),
    sa.Column("home_target", sa.Text, comment="Structured target, as in the strike of markets"),
    sa.Column("away_target", sa.Text),
    sa.Column("last_observed_at", INSTANT, nullable=False),
    schema="market",
)

closing_odds = sa.Table(
    "closing_odds",
    metadata,
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("game_id", sa.Text, sa.ForeignKey("core.games.game_id"), nullable=False),
    sa.Column("p_home", sa.Double, nullable=False, comment="Without the vig"),
    sa.Column("p_draw", sa.Double),
    sa.Column("p_away", sa.Double, nullable=False),
    sa.Column("imported_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("source", "game_id"),
    schema="market",
)
