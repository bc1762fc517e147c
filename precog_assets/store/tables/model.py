"""Schema `model`. Model versions, ratings, forecasts, states to go on from, blends, evaluations, prices."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.tables.columns import INSTANT, metadata

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
    sa.Column("deviation_before", sa.Double),
    sa.Column("deviation_after", sa.Double),
    sa.PrimaryKeyConstraint("model_version", "game_id", "team_id", "computed_at"),
    sa.Index(
        "ratings_by_game", "league", "model_version", "start_time", postgresql_where=sa.text("superseded_at IS NULL")
    ),
    sa.Index("ratings_current", "league", "team_id", "start_time", postgresql_where=sa.text("superseded_at IS NULL")),
    sa.Index("ratings_past", "league", "team_id", "start_time", postgresql_where=sa.text("superseded_at IS NOT NULL")),
    schema="model",
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="Name of the choice in config/leagues.yaml, e.g. default"),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("model_version"),
    schema="model",
)

forecasts = sa.Table(
    "forecasts",
    metadata,
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("game_id", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("home_team_id", sa.Text, nullable=False),
    sa.Column("away_team_id", sa.Text, nullable=False),
    sa.Column("as_of", INSTANT, nullable=False, comment="Results known before this instant were used, none later"),
    sa.Column("p_home", sa.Double, nullable=False),
    sa.Column("p_draw", sa.Double),
    sa.Column("p_away", sa.Double, nullable=False),
    sa.Column("rating_home", sa.Double, nullable=False),
    sa.Column("rating_away", sa.Double, nullable=False),
    sa.Column("deviation_home", sa.Double, nullable=False),
    sa.Column("deviation_away", sa.Double, nullable=False),
    sa.Column("games_home", sa.Integer, nullable=False),
    sa.Column("games_away", sa.Integer, nullable=False),
    sa.Column(
        "computed_at", INSTANT, nullable=False, comment="Before start_time: a forecast made ahead; after it: a replay"
    ),
    sa.Column("superseded_at", INSTANT),
    sa.PrimaryKeyConstraint("model_version", "game_id", "computed_at"),
    sa.Index(
        "forecasts_current", "league", "model_version", "start_time", postgresql_where=sa.text("superseded_at IS NULL")
    ),
    schema="model",
)

states = sa.Table(
    "states",
    metadata,
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("before_day", sa.Date, nullable=False),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("opens_season", sa.Boolean, nullable=False),
    sa.Column(
        "results_until",
        INSTANT,
        nullable=False,
        comment="last_changed_at of the newest game that was read when it was made",
    ),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("model_version", "before_day"),
    comment="Where a replay can take up: every number of a model before a day. Made anew at will",
    schema="model",
)

blends = sa.Table(
    "blends",
    metadata,
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("model_weight", sa.Double, nullable=False),
    sa.Column("fitted_games", sa.Integer, nullable=False),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.Column("superseded_at", INSTANT),
    sa.PrimaryKeyConstraint("model_version", "season", "computed_at"),
    comment="Weight of the model beside the market in a season, learnt on the seasons before",
    schema="model",
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("forecast", sa.Text, nullable=False, comment="model, or market_aware"),
    sa.Column("scope", sa.Text, nullable=False, comment="all, season or month"),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("games", sa.Integer, nullable=False),
    sa.Column("ties_left_out", sa.Integer, nullable=False),
    sa.Column("brier", sa.Double, nullable=False),
    sa.Column("log_loss", sa.Double, nullable=False),
    sa.Column("rps", sa.Double),
    sa.Column("accuracy", sa.Double, nullable=False),
    sa.Column("ece", sa.Double, nullable=False),
    sa.Column("priced_games", sa.Integer, nullable=False),
    sa.Column("closing_brier", sa.Double),
    sa.Column("closing_log_loss", sa.Double),
    sa.Column("closing_rps", sa.Double),
    sa.Column("skill", sa.Double, comment="Against the closing price on the same games; null: not measured"),
    sa.Column("skill_low", sa.Double),
    sa.Column("skill_high", sa.Double),
    sa.Column("leak_findings", JSONB, nullable=False),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.Column("superseded_at", INSTANT),
    sa.PrimaryKeyConstraint("model_version", "forecast", "scope", "label", "computed_at"),
    schema="model",
)

prices = sa.Table(
    "prices",
    metadata,
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("game_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("as_of", INSTANT, nullable=False),
    sa.Column("p_model", sa.Double),
    sa.Column("p_market", sa.Double, nullable=False),
    sa.Column("p_trading", sa.Double, nullable=False, comment="Market-aware"),
    sa.Column("model_weight", sa.Double, nullable=False),
    sa.Column("divergence", sa.Double),
    sa.Column("forecast_computed_at", INSTANT),
    sa.Column("quote_observed_at", INSTANT, nullable=False),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("market_id", "model_version", "as_of"),
    sa.Index("prices_game", "game_id", "as_of"),
    comment="One row for each change of a market's price or its game's forecast",
    schema="model",
)
