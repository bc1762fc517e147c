"""One engine a process and database: psycopg 3 under SQLAlchemy Core, UTC sessions, named application."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit, urlunsplit

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from precog_assets.domain.errors import PrecogError

CONNECT_TIMEOUT_S = 5


def with_database(url: str, database: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def driver_url(url: str, driver: str) -> str:
    """A libpq URL as SQLAlchemy wants it; `driver` is psycopg or psycopg2."""
    scheme, _, rest = url.partition("://")
    if scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise ValueError(f"not a PostgreSQL address: scheme was {scheme!r}, expected postgresql")
    return f"postgresql+{driver}://{rest}"


@cache
def engine_for(url: str) -> sa.Engine:
    """The process's engine for a database. Connections are checked before use, so a restart is survived."""
    return sa.create_engine(
        driver_url(url, "psycopg"),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "precog",
            "options": "-c timezone=UTC",
        },
    )


def driver_connection(connection: sa.Connection) -> psycopg.Connection:
    """The psycopg connection under a SQLAlchemy one, in its transaction."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"expected a psycopg connection, was {type(raw).__name__}")
    return raw


FAILURES = (DBAPIError, psycopg.Error)
"""What a statement can raise: through SQLAlchemy, and through the psycopg cursor that bulk writes use."""


def database_error(error: Exception) -> PrecogError | None:
    """The failure as the house names it, when it is the server that is away; None for our own mistakes."""
    away = isinstance(error, (OperationalError, psycopg.OperationalError)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    if not away:
        return None
    text = str(getattr(error, "orig", None) or error).strip().splitlines()
    return PrecogError("system.database", f"The database does not answer: {text[0] if text else type(error).__name__}")
