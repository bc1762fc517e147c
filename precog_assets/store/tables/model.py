"""Schema `model`. Ratings."""

from __future__ import annotations

import sqlalchemy as sa

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
    sa.PrimaryKeyConstraint("model_version", "game_id", "team_id", "computed_at"),
    sa.Index("ratings_current", "league", "team_id", "start_time", postgresql_where=sa.text("superseded_at IS NULL")),
    schema="model",
)
