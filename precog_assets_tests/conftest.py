"""What tests share: one embedded PostgreSQL a run, one fresh migrated database a test that asks for it."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings
from psycopg import sql

from precog_assets import embedded
from precog_assets.seeds import kalshi_codes, team_seeds
from precog_assets.store import migrate
from precog_assets.store.engine import engine_for
from precog_assets.store.games import write_seeds
from precog_assets_tests.databases import wipe

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Real payloads and results beside the checkout; tests that read it skip where it is absent."""
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
settings.register_profile("fixed", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
"""The same examples in every run, so that a run says something of the change; `make explore` draws new ones."""
FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"
TEMPLATE = "precog_test_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.EmbeddedServer]:
    """A server of this test run's own, gone with it."""
    with tempfile.TemporaryDirectory(prefix="precog-tests-") as folder:
        home = Path(folder)
        server = embedded.start(home, extra_configuration=FAST)
        try:
            yield server
        finally:
            embedded.stop(home)


@pytest.fixture(scope="session")
def template(postgres: embedded.EmbeddedServer) -> str:
    """A migrated and seeded database to copy."""
    url = postgres.url(TEMPLATE)
    migrate.create_database(url, TEMPLATE)
    migrate.migrate(url, env="test", data_class="sim", now=NOW)
    engine = engine_for(url)
    with engine.begin() as connection:
        write_seeds(connection, team_seeds(), kalshi_codes(), NOW)
    engine.dispose()
    return TEMPLATE


@pytest.fixture
def own_database_url(postgres: embedded.EmbeddedServer, template: str) -> Iterator[str]:
    """The URL of a migrated, seeded database of this test's own."""
    name = f"precog_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    url = postgres.url(name)
    yield url
    engine_for(url).dispose()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def one_for_all(postgres: embedded.EmbeddedServer, template: str) -> str:
    """The URL of one database for the tests that need no new one."""
    name = f"precog_test_{os.getpid()}_shared"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return postgres.url(name)


@pytest.fixture
def emptied(one_for_all: str) -> str:
    """The URL of a migrated, seeded, otherwise empty database that other tests use before and after this one."""
    wipe(engine_for(one_for_all))
    return one_for_all


@pytest.fixture
def database_url(emptied: str) -> str:
    """The database of a test that does not change its shape, nor stops it; those take `own_database_url`."""
    return emptied


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    return engine_for(database_url)


@pytest.fixture
def shared() -> Path:
    """The folder of real payloads and results, or a skip."""
    if not SHARED.is_dir():
        pytest.skip("needs the recorded payloads beside the checkout")
    return SHARED
