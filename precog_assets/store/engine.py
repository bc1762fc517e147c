"""One engine a process and database: psycopg 3 under SQLAlchemy Core, UTC sessions, named application."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit, urlunsplit

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from precog_assets.domain.errors import PrecogError

CONNECT_TIMEOUT_S = 5
SILENT_SERVER = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""Over TCP, a server that vanished without a word is away after 20 to 25 s, not after hours; milliseconds and seconds
as libpq has them."""
_PATIENCE = sa.text("SELECT set_config('lock_timeout', :lock, true), set_config('statement_timeout', :statement, true)")


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
            **SILENT_SERVER,
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


def limit_waiting(connection: sa.Connection, *, lock_s: float, statement_s: float) -> None:
    """From here on this transaction fails, as with a server that is away, rather than wait for longer."""
    given = {"lock": f"{lock_s * 1000:.0f}ms", "statement": f"{statement_s * 1000:.0f}ms"}
    connection.execute(_PATIENCE, given)


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
