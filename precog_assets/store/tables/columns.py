"""The metadata, and the columns that many tables share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = sa.MetaData()

INSTANT = TIMESTAMP(timezone=True)
PRICE = sa.Numeric(8, 6)
COUNT = sa.Numeric(18, 2)


def fact_columns() -> list[sa.Column]:
    """What every fact carries beside its key and values."""
    return [
        sa.Column("known_at", INSTANT, nullable=False, comment="When it could be known; observed_at for live facts"),
        sa.Column("origin", sa.Text, nullable=False, comment="live, backfill or import"),
        sa.Column("confirmed_at", INSTANT, nullable=False, comment="Last observation of the same values"),
        sa.Column("response_id", sa.BigInteger, comment="raw.responses row it was read from"),
    ]


def offset_column() -> sa.Column:
    """Where in its segment a fact of a stream stands; `response_id` is the segment's row."""
    return sa.Column("response_offset", sa.BigInteger, comment="Of its frame in a segment of a stream; null otherwise")
