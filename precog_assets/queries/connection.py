"""How readers reach the database, and how rows become frames of a fixed shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError
from precog_assets.environment import resolve
from precog_assets.store.engine import engine_for, with_database

UTC_INSTANT = pl.Datetime("us", "UTC")
PRICE = pl.Decimal(18, 6)
COUNT = pl.Decimal(20, 2)


def connect(url: str | None = None) -> sa.Engine:
    """An engine for notebooks: `url`, else this environment's database, which must be running.

    Raises ConfigurationError when no server of this environment runs.
    """
    if url is not None:
        return engine_for(url)
    environment = resolve()
    if environment.database_url is not None:
        return engine_for(with_database(environment.database_url.get_secret_value(), environment.database_name))
    from precog_assets import embedded

    if not embedded.is_running(environment.home):
        raise ConfigurationError(
            f"The embedded PostgreSQL under PRECOG_HOME={environment.home} does not run; start it with `precog up`, "
            "`precog db start`, or set DATABASE_URL."
        )
    return engine_for(embedded.start(environment.home).url(environment.database_name))


def frame(
    engine: sa.Engine, query: sa.TextClause, parameters: Mapping[str, Any], schema: Mapping[str, Any]
) -> pl.DataFrame:
    """The rows of a query as a frame with exactly these columns and types."""
    with engine.connect() as connection:
        rows = connection.execute(query, dict(parameters)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=dict(schema), orient="row")


def aware(name: str, instant: datetime) -> datetime:
    """`instant`, or ValueError when it has no time zone: a guess would shift history by hours."""
    if instant.tzinfo is None:
        raise ValueError(f"{name}={instant!r} has no time zone; pass an aware instant, e.g. datetime(..., tzinfo=UTC)")
    return instant
