"""Every table the product writes, as SQLAlchemy Core tables; migrations make them, a test compares.

Schemas: raw (what came), core (games and teams), market (venues), model (ratings), ops (how we run).
Facts (`game_states`, `market_states`, `quotes`, `order_books`) are appended on change and never
overwritten; `games` and `markets` are projections of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

metadata = sa.MetaData()

INSTANT = TIMESTAMP(timezone=True)
PRICE = sa.Numeric(8, 6)
COUNT = sa.Numeric(18, 2)
SCHEMAS = ("raw", "core", "market", "model", "ops", "mart")


def _fact_columns() -> list[sa.Column]:
    """What every fact carries beside its key and values."""
    return [
        sa.Column("known_at", INSTANT, nullable=False, comment="When it could be known; observed_at for live facts"),
        sa.Column("origin", sa.Text, nullable=False, comment="live, backfill or import"),
        sa.Column("confirmed_at", INSTANT, nullable=False, comment="Last observation of the same values"),
        sa.Column("response_id", sa.BigInteger, comment="raw.responses row it was read from"),
    ]


responses = sa.Table(
    "responses",
    metadata,
    sa.Column("response_id", sa.BigInteger, sa.Identity(), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("feed", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("status_code", sa.SmallInteger, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("sha256", sa.CHAR(64), nullable=False),
    sa.Column("body_bytes", sa.Integer, nullable=False),
    sa.Column("stored_bytes", sa.Integer, nullable=False, comment="Compressed bytes this response added; 0 if known"),
    sa.Column("elapsed_ms", sa.Double, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, comment="Error class"),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("response_id", "observed_at"),
    sa.Index("responses_feed_observed_at", "feed", sa.text("observed_at DESC")),
    schema="raw",
    postgresql_partition_by="RANGE (observed_at)",
)

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("espn_team_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="team or player"),
    sa.Column("abbreviation", sa.Text),
    sa.Column("location", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("conference", sa.Text),
    sa.Column("division", sa.Text),
    sa.Column("provisional", sa.Boolean, nullable=False, comment="Met on a board, in no seed table"),
    sa.Column("first_seen_at", INSTANT, nullable=False),
    sa.UniqueConstraint("league", "espn_team_id"),
    schema="core",
)

team_aliases = sa.Table(
    "team_aliases",
    metadata,
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("team_id", sa.Text, sa.ForeignKey("core.teams.team_id"), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.PrimaryKeyConstraint("source", "league", "code", "team_id", "valid_from"),
    schema="core",
)

games = sa.Table(
    "games",
    metadata,
    sa.Column("game_id", sa.Text, primary_key=True),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("espn_event_id", sa.Text, nullable=False),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("season_type", sa.Text, nullable=False),
    sa.Column("game_kind", sa.Text, nullable=False),
    sa.Column("week", sa.Integer),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("start_time_valid", sa.Boolean, nullable=False),
    sa.Column("home_team_id", sa.Text, sa.ForeignKey("core.teams.team_id")),
    sa.Column("away_team_id", sa.Text, sa.ForeignKey("core.teams.team_id")),
    sa.Column("neutral_site", sa.Boolean),
    sa.Column("venue", sa.Text),
    sa.Column("headline", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("completed", sa.Boolean, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("home_score", sa.Integer),
    sa.Column("away_score", sa.Integer),
    sa.Column("winner", sa.Text),
    sa.Column("makeup_of_date", sa.Text),
    sa.Column("makeup_of_game_id", sa.Text, comment="The postponed game this one makes up"),
    sa.Column("first_observed_at", INSTANT, nullable=False),
    sa.Column("last_observed_at", INSTANT, nullable=False, comment="Observation this row shows"),
    sa.Column("last_changed_at", INSTANT, nullable=False),
    sa.UniqueConstraint("league", "espn_event_id"),
    sa.Index("games_league_start_time", "league", "start_time"),
    sa.Index("games_start_time", "start_time"),
    schema="core",
)

game_states = sa.Table(
    "game_states",
    metadata,
    sa.Column("game_id", sa.Text, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("completed", sa.Boolean, nullable=False),
    sa.Column("period", sa.Integer),
    sa.Column("clock", sa.Double),
    sa.Column("display_clock", sa.Text),
    sa.Column("home_score", sa.Integer),
    sa.Column("away_score", sa.Integer),
    sa.Column("home_shootout_score", sa.Integer),
    sa.Column("away_shootout_score", sa.Integer),
    sa.Column("winner", sa.Text),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("start_time_valid", sa.Boolean, nullable=False),
    sa.Column("home_team_id", sa.Text),
    sa.Column("away_team_id", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("linescores", JSONB(none_as_null=True)),
    sa.Column("situation", JSONB(none_as_null=True)),
    *_fact_columns(),
    sa.PrimaryKeyConstraint("game_id", "observed_at"),
    sa.Index("game_states_observed_at", "observed_at"),
    schema="core",
)

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
    *_fact_columns(),
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
    *_fact_columns(),
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
    *_fact_columns(),
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
    sa.Index("market_games_game_id", "game_id"),
    schema="market",
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("game_id", sa.Text, nullable=False),
    sa.Column("team_id", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("rating_before", sa.Double, nullable=False),
    sa.Column("rating_after", sa.Double, nullable=False),
    sa.Column("expected_score", sa.Double, nullable=False),
    sa.Column("games_before", sa.Integer, nullable=False),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.Column("superseded_at", INSTANT),
    sa.PrimaryKeyConstraint("model_version", "game_id", "team_id", "computed_at"),
    sa.Index("ratings_current", "league", "team_id", "start_time", postgresql_where=sa.text("superseded_at IS NULL")),
    schema="model",
)

stamp = sa.Table(
    "stamp",
    metadata,
    sa.Column("only", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("env", sa.Text, nullable=False),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("stamped_at", INSTANT, nullable=False),
    schema="ops",
)

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("last_polled_at", INSTANT, nullable=False),
    sa.Column("last_changed_at", INSTANT),
    sa.Column("last_sha256", sa.CHAR(64), comment="Last bytes kept"),
    sa.Column("applied_sha256", sa.CHAR(64), comment="Bytes whose facts were last written; set with them"),
    sa.Column("last_response_id", sa.BigInteger),
    sa.Column("last_outcome", sa.Text, nullable=False),
    sa.Column("last_code", sa.Text, nullable=False),
    sa.Column("polls", sa.BigInteger, nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False),
    sa.Index("feeds_source", "source"),
    schema="ops",
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("step_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("started_at", INSTANT, nullable=False),
    sa.Column("elapsed_ms", sa.Double, nullable=False),
    sa.Column("http_ms", sa.Double, nullable=False),
    sa.Column("rows_in", sa.Integer, nullable=False),
    sa.Column("inserted", sa.Integer, nullable=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("outcomes", JSONB, nullable=False, comment="Fetches by error code"),
    sa.Column("rejections", JSONB, nullable=False, comment="Rejected rows by reason"),
    sa.Index("steps_step_started_at", "step", sa.text("started_at DESC")),
    schema="ops",
)

rejections = sa.Table(
    "rejections",
    metadata,
    sa.Column("payload_type", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("sample", sa.Text, nullable=False),
    sa.Column("response_id", sa.BigInteger),
    sa.Column("first_seen_at", INSTANT, nullable=False),
    sa.Column("last_seen_at", INSTANT, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("payload_type", "key", "reason"),
    schema="ops",
)

contract_counts = sa.Table(
    "contract_counts",
    metadata,
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("payload_type", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="rows, unknown, missing_required, missing_optional, null"),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("day", "payload_type", "kind", "key"),
    schema="ops",
)

contract_samples = sa.Table(
    "contract_samples",
    metadata,
    sa.Column("payload_type", sa.Text, primary_key=True),
    sa.Column("broken_since", INSTANT, nullable=False),
    sa.Column("last_seen_at", INSTANT, nullable=False),
    sa.Column("missing", JSONB, nullable=False, comment="Required keys and the rows that lacked them"),
    sa.Column("sample", sa.Text, nullable=False),
    schema="ops",
)

backfill_units = sa.Table(
    "backfill_units",
    metadata,
    sa.Column("job", sa.Text, nullable=False, comment="e.g. games:nfl"),
    sa.Column("unit", sa.Text, nullable=False, comment="e.g. 2025-09-04"),
    sa.Column("done_at", INSTANT, nullable=False),
    sa.Column("rows_in", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("job", "unit"),
    schema="ops",
)

archive_growth = sa.Table(
    "archive_growth",
    metadata,
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("responses", sa.BigInteger, nullable=False),
    sa.Column("body_bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_bytes", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("day", "source"),
    schema="ops",
)

PARTITIONED: tuple[sa.Table, ...] = (responses, quotes, order_books)
"""Tables partitioned by month of observed_at, made ahead and dropped by retention."""
