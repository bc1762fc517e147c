"""Schema `ops`. How the platform runs: stamp, feeds, steps, rejections, contracts, units of work, roles, failures."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.tables.columns import INSTANT, metadata

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

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("role", sa.Text, primary_key=True, comment="A source that is fed, or trading"),
    sa.Column("holder", sa.Text, nullable=False, comment="Kind and process: collector:HOST:PID:ID or sensors:..."),
    sa.Column("epoch", sa.BigInteger, nullable=False, comment="Grows with each change of hands, never falls"),
    sa.Column("acquired_at", INSTANT, nullable=False),
    sa.Column("heartbeat_at", INSTANT, nullable=False, comment="By the database's clock"),
    sa.Column("released_at", INSTANT, comment="When its holder gave it up; null while it is held"),
    sa.Column("details", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"), comment="What the holder tells"),
    schema="ops",
)

stream_gaps = sa.Table(
    "stream_gaps",
    metadata,
    sa.Column("gap_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False, server_default="", comment="Empty: the whole connection"),
    sa.Column("began_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT, comment="When a fresh snapshot closed it; null while it is open"),
    sa.Column("reason", sa.Text, nullable=False, comment="missing, silent, disconnected ... as domain.live.GapKind"),
    sa.Column("sid", sa.BigInteger, comment="The venue's number of the subscription"),
    sa.Column("markets", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb"), comment="Tickers it concerns"),
    sa.Column("frames_lost", sa.BigInteger, comment="By sequence numbers; null where they do not tell"),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Index("stream_gaps_source_began_at", "source", sa.text("began_at DESC")),
    schema="ops",
)

error_counts = sa.Table(
    "error_counts",
    metadata,
    sa.Column("code", sa.Text, nullable=False, comment="As domain.errors.CODES"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("hour", INSTANT, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("last_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("hour", "source", "code"),
    schema="ops",
)

clock_offsets = sa.Table(
    "clock_offsets",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("offset_s", sa.Double, nullable=False, comment="Its clock minus ours"),
    sa.Column("error_s", sa.Double, nullable=False, comment="The truth lies within it"),
    sa.Column("samples", sa.Integer, nullable=False),
    sa.Column(
        "jumps", sa.Integer, nullable=False, server_default="0", comment="Answers that contradicted those before"
    ),
    sa.Column("measured_at", INSTANT, nullable=False, comment="By the database's clock"),
    schema="ops",
)
