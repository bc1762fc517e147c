"""The database and the time, for commands that only ask: opened in a third of the time that working on it takes.

Belongs here: the short way in. Does not: making, migrating or seeding a database, venues; where any of that is needed,
it is left to `services`, the long way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from precog_assets.environment import Environment


@contextmanager
def asked() -> Iterator[tuple[sa.Engine, datetime]]:
    """This environment's database, and the instant by its clock. Raises as `services.opened` does."""
    from precog_assets.environment import resolve

    environment = resolve()
    engine = _at_hand(environment)
    if engine is not None:
        try:
            yield engine, _now(environment)
        finally:
            engine.dispose()
        return
    from precog_assets.services import opened

    with opened(environment) as services:
        yield services.engine, services.clock.now()


def _at_hand(environment: Environment) -> sa.Engine | None:
    """The database where it answers and has the tables that are asked; None: it takes the long way."""
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError

    from precog_assets import embedded
    from precog_assets.queries.connection import connect

    if environment.database_url is None and not embedded.is_running(environment.home):
        return None
    engine = connect()
    try:
        with engine.connect() as connection:
            there = connection.scalar(sa.text("SELECT to_regclass('book.decisions') IS NOT NULL"))
    except DBAPIError:
        there = False
    return engine if there else None


def _now(environment: Environment) -> datetime:
    if environment.runs_simulator:
        from precog_assets.services import clock_of

        return clock_of(environment).now()
    from precog_assets.domain.times import SystemClock

    return SystemClock().now()
