"""Schema `raw`. What came: one row a kept response."""

from __future__ import annotations

import sqlalchemy as sa

from precog_assets.store.tables.columns import INSTANT, metadata

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
