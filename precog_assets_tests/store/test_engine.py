"""Reaching the database: addresses, sessions, and telling an absent server from our own mistakes."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import ErrorClass, PrecogError
from precog_assets.pipeline.feeds import in_database
from precog_assets.store.engine import (
    database_error,
    driver_connection,
    driver_url,
    engine_for,
    with_database,
)
from precog_assets.store.markets import write_markets
from precog_assets_tests.store.rows import market, seen


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("postgresql://me:pw@h:5433/one?sslmode=require", "postgresql://me:pw@h:5433/two?sslmode=require"),
        ("postgresql://postgres@/one?host=/run/pg", "postgresql://postgres@/two?host=/run/pg"),
        ("postgresql://me@h", "postgresql://me@h/two"),
    ],
)
def test_another_database_of_the_same_server(url: str, there: str) -> None:
    assert with_database(url, "two") == there


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_an_address_is_given_the_driver_that_is_asked_for(scheme: str) -> None:
    assert driver_url(f"{scheme}://me@h/one", "psycopg2") == "postgresql+psycopg2://me@h/one"


def test_another_kind_of_address_is_refused_without_showing_its_password() -> None:
    with pytest.raises(ValueError, match="scheme was 'mysql'") as refused:
        driver_url("mysql://me:hunter2@h/one", "psycopg")
    assert "hunter2" not in str(refused.value)


def test_there_is_one_engine_a_database_and_its_sessions_are_in_utc(store: sa.Engine, emptied: str) -> None:
    assert engine_for(emptied) is store
    with store.connect() as connection:
        assert connection.execute(sa.text("SHOW timezone")).scalar_one() == "UTC"
        assert connection.execute(sa.text("SHOW application_name")).scalar_one() == "precog"
        assert isinstance(driver_connection(connection), psycopg.Connection)


def test_a_server_that_is_away_is_a_system_error_in_one_line() -> None:
    nowhere = sa.create_engine("postgresql+psycopg://me@127.0.0.1:9/none", connect_args={"connect_timeout": 1})
    with pytest.raises(PrecogError, match=r"^The database does not answer: [^\n]*$") as failed, in_database(nowhere):
        pass
    assert (failed.value.code, failed.value.error_class) == ("system.database", ErrorClass.SYSTEM)


def test_a_connection_cut_in_a_bulk_write_is_an_absent_server_and_the_next_one_works(store: sa.Engine) -> None:
    """Bulk writes use psycopg's own cursor, whose errors SQLAlchemy does not see."""

    def write_while_cut() -> None:
        with in_database(store) as connection:
            backend = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            with store.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
            write_markets(connection, [(market(), seen(0))], {})

    with pytest.raises(PrecogError) as failed:
        write_while_cut()
    assert failed.value.code == "system.database"
    with in_database(store) as connection:
        assert write_markets(connection, [(market(), seen(0))], {})[0].inserted == 1


def test_our_own_mistakes_stay_what_they_are(store: sa.Engine) -> None:
    with pytest.raises(sa.exc.ProgrammingError), in_database(store) as connection:
        connection.execute(sa.text("SELECT * FROM core.nothing"))
    with pytest.raises(psycopg.errors.UndefinedTable), in_database(store) as connection:
        driver_connection(connection).execute("SELECT * FROM core.nothing")
    assert database_error(ValueError("x")) is None


def test_a_restarted_server_is_reached_again_without_a_new_engine(store: sa.Engine) -> None:
    """Every pooled connection is cut, as a restart does; the next one is checked first."""
    with store.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    admin = store.url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (store.url.database,)
        )
    with store.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
