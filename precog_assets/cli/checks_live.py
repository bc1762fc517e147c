"""Checks of `precog doctor` about the live path: who feeds and decides, clocks as last measured, failures by code.

Belongs here: what the database says of them. Does not: asking venues (`checks_outside`), starting a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from precog_assets.cli.finding import Finding
from precog_assets.environment import Environment

if TYPE_CHECKING:
    import sqlalchemy as sa

FAILURES_OF = timedelta(hours=24)
SHOWN = 5


def live(environment: Environment) -> Iterator[Finding]:
    """Leases, clocks and failures; nothing where the database does not run or is not of this version."""
    from precog_assets import embedded
    from precog_assets.cli.db import url_of
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.store.engine import engine_for
    from precog_assets.store.migrate import can_reach, versions

    if environment.database_url is None and not embedded.is_running(environment.home):
        return
    url = url_of(environment)
    if not can_reach(url):
        return
    engine = engine_for(url)
    with in_database(engine) as connection:
        current, head = versions(connection)
        if current == head:
            yield from roles(connection)
            yield from clocks(connection)
            yield from failures(connection)
    engine.dispose()


def roles(connection: sa.Connection) -> Iterator[Finding]:
    """Who feeds each source and who decides; a collector that fell silent is a warning."""
    from precog_assets.store.leases import Kind, read_leases

    for role, held in read_leases(connection).items():
        if held.released:
            yield Finding("ok", f"role {role}", f"nobody holds it; {held.holder} gave it up")
        elif held.kind == Kind.COLLECTOR and not held.live:
            action = "See the collector's log and start it again; the sensors have taken over while they run."
            yield Finding("warn", f"role {role}", f"{held.said()}: silent", action)
        else:
            yield Finding("ok", f"role {role}", held.said())


def clocks(connection: sa.Connection) -> Iterator[Finding]:
    """Our clock against each source's, against the limit above which nothing is decided."""
    from precog_assets.config import config_path, read_sources
    from precog_assets.store.clocks import read_clocks

    sources = read_sources(config_path("sources.yaml"))
    for source, measured in read_clocks(connection).items():
        if source not in sources or not measured.fresh:
            continue
        limit_s = sources[source].clock_limit_s
        said = f"{measured.said()} ({measured.samples} answers, {measured.age_s:.0f} s ago), limit {limit_s:g} s"
        if measured.surely_beyond(limit_s):
            yield Finding("fail", "clock", said, "Nothing is decided. Synchronise this machine's clock (NTP).")
        else:
            yield Finding("ok", "clock", said)


def failures(connection: sa.Connection) -> Iterator[Finding]:
    """The most frequent failures of the last day of what is stored, with what to do about the first."""
    import sqlalchemy as sa

    from precog_assets.domain.errors import CODES
    from precog_assets.store.error_counts import read_errors
    from precog_assets.store.tables import error_counts

    newest = connection.execute(sa.select(sa.func.max(error_counts.c.last_at))).scalar_one()
    counted = [] if newest is None else read_errors(connection, newest - FAILURES_OF)
    if not counted:
        yield Finding("ok", "failures", "none was counted")
        return
    said = ", ".join(f"{one.count:,} {one.code} ({one.source})" for one in counted[:SHOWN])
    more = f" and {len(counted) - SHOWN} more kinds" if len(counted) > SHOWN else ""
    yield Finding("ok", "failures", f"of a day until {newest:%Y-%m-%d %H:%M} UTC: {said}{more}")
    worst = CODES[counted[0].code]
    yield Finding("ok", counted[0].code, f"{worst.meaning} {worst.action}")


ALL: tuple[Callable[[Environment], Iterator[Finding]], ...] = (live,)
