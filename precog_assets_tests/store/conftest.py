"""Tests of the store that need no database of their own share one, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from precog_assets import embedded
from precog_assets.store.engine import engine_for

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture
def store(emptied: str) -> sa.Engine:
    """A migrated, seeded, otherwise empty database."""
    return engine_for(emptied)


@contextmanager
def bare_database(postgres: embedded.EmbeddedServer, name: str) -> Iterator[str]:
    """A database with nothing in it, for the length of the block."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = postgres.url(name)
    try:
        yield url
    finally:
        engine_for(url).dispose()
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
