"""Checks of `precog doctor` that ask others: the database, and each venue with its clock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from precog_assets.cli.finding import Finding
from precog_assets.domain.errors import CODES, ConfigurationError, PrecogError
from precog_assets.environment import Environment, Venue

if TYPE_CHECKING:
    from precog_assets.sources.outcome import Fetch

CLOCK_WARN_S = 2.0
CLOCK_FAIL_S = 30.0


def database(environment: Environment) -> Iterator[Finding]:
    """Reachable, ours by its stamp, at this version. An embedded server is started for it, and stopped again."""
    from precog_assets import embedded

    if environment.database_url is None and not (embedded.data_folder(environment.home) / "PG_VERSION").exists():
        yield Finding("ok", "database", "none yet; the first command that needs it makes an embedded one")
        return
    was_running = environment.database_url is not None or embedded.is_running(environment.home)
    try:
        yield from _database(environment)
    except PrecogError as error:
        yield Finding("fail", "database", str(error), error.error.action)
    finally:
        if not was_running:
            embedded.stop(environment.home)


def _database(environment: Environment) -> Iterator[Finding]:
    import sqlalchemy as sa

    from precog_assets.cli.db import shown, url_of
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.store.engine import engine_for
    from precog_assets.store.migrate import can_reach, check_stamp, versions

    url = url_of(environment)
    if not can_reach(url):
        found = f"{shown(url)} does not answer, or has no database of that name"
        yield Finding("fail", "database", found, "Start the server; `precog db migrate` makes the database.")
        return
    yield Finding("ok", "database", f"{environment.database_name} answers at {shown(url)}")
    engine = engine_for(url)
    with in_database(engine) as connection:
        if not sa.inspect(connection).has_table("stamp", schema="ops"):
            yield Finding("warn", "stamp", "the database is empty", "`precog db migrate` makes the tables.")
            return
        try:
            check_stamp(connection, env=environment.env, data_class=environment.data_class)
        except ConfigurationError as error:
            yield Finding("fail", "stamp", str(error), "Change the variables, or the database.")
            return
        current, head = versions(connection)
    engine.dispose()
    yield Finding("ok", "stamp", environment.name)
    if current == head:
        yield Finding("ok", "tables", f"at {current}, the newest")
    else:
        yield Finding("warn", "tables", f"at {current}; this version's newest is {head}", "`precog db migrate`.")


def venues(environment: Environment) -> Iterator[Finding]:
    """Whether each venue answers as it should, through the same HTTP layer as everything else; and its clock."""
    from precog_assets.cli.children import listens

    port = environment.settings.sim_port
    for venue in environment.venues.values():
        if venue.own_simulator and not listens("127.0.0.1", port):
            yield Finding("ok", venue.name, f"simulated; no simulator runs at port {port}, commands start their own")
        else:
            yield from _venue(environment, venue)


def _venue(environment: Environment, venue: Venue) -> Iterator[Finding]:
    fetch, date = _ask(environment, venue)
    where = f"{venue.mode}, {fetch.url}"
    if not fetch.ok:
        code = CODES[fetch.code]
        yield Finding(
            "fail", venue.name, f"{where}: {fetch.code} {fetch.detail}".strip(), f"{code.meaning} {code.action}"
        )
        return
    yield Finding("ok", venue.name, f"{where} answered in {fetch.elapsed_ms:.0f} ms, {len(fetch.body):,} bytes")
    if date is not None:
        yield _clock(venue, date)


def _ask(environment: Environment, venue: Venue) -> tuple[Fetch, datetime | None]:
    """One request of each venue's kind; nothing of it is kept. The date its server said with it, if any."""
    import httpx

    from precog_assets.config import load_leagues
    from precog_assets.domain.times import SystemClock, eastern_day
    from precog_assets.services import clock_of
    from precog_assets.sources.espn.client import EspnClient
    from precog_assets.sources.http import HttpClient, UnrecordedResponses
    from precog_assets.sources.kalshi.client import KalshiClient
    from precog_assets.sources.limits import RateLimiter

    dates: list[str] = []

    class DatedClient(HttpClient):
        """Notes what time the server says it is."""

        def _read(self, call, response: httpx.Response) -> bytes:
            dates.append(response.headers.get("date", ""))
            return super()._read(call, response)

    with tempfile.TemporaryDirectory(prefix="precog-doctor-") as folder:
        limiter = RateLimiter(Path(folder))
        client = DatedClient(
            lambda: limiter.config(venue.name),
            mode=venue.mode,
            base_url=venue.base_url,
            user_agent=environment.settings.http_user_agent,
            response_log=UnrecordedResponses(),
            clock=SystemClock(),
            limiter=limiter,
        )
        try:
            if venue.name == "kalshi":
                fetch = KalshiClient(client).exchange_status(correlation_id="doctor")
            else:
                league = next(iter(load_leagues().values()))
                today = eastern_day(clock_of(environment).now())
                fetch = EspnClient(client).scoreboard(league, today, correlation_id="doctor")
        finally:
            client.close()
            limiter.close()
    said = next((date for date in reversed(dates) if date), None)
    return fetch, parsedate_to_datetime(said) if said else None


def _clock(venue: Venue, date: datetime) -> Finding:
    """Our clock against the server's; its header tells whole seconds."""
    offset_s = (datetime.now(UTC) - date).total_seconds()
    said = f"ours is {offset_s:+.1f} s off that of {venue.name} (which tells whole seconds)"
    action = "Synchronise this machine's clock (NTP): every fact is dated by it."
    if abs(offset_s) > CLOCK_FAIL_S:
        return Finding("fail", "clock", said, action)
    if abs(offset_s) > CLOCK_WARN_S:
        return Finding("warn", "clock", said, action)
    return Finding("ok", "clock", said)


def world_clock(environment: Environment) -> Iterator[Finding]:
    """Over our own simulator, facts are dated by the world's clock."""
    from precog_assets.services import clock_of, world_file

    if not environment.runs_simulator:
        return
    if not world_file(environment).exists():
        yield Finding("ok", "simulated world", "none yet; the first command that needs it begins one")
        return
    try:
        now = clock_of(environment).now()
    except ConfigurationError as error:
        yield Finding("fail", "simulated world", str(error), "Set SIM_SEED and SIM_START as the stored world has them.")
        return
    yield Finding("ok", "simulated world", f"its clock shows {now:%Y-%m-%d %H:%M:%S} UTC; facts are dated by it")


ALL: tuple[Callable[[Environment], Iterator[Finding]], ...] = (database, world_clock, venues)
