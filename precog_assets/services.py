"""What a process works with, opened once: clock, database, archive, venue clients. No Dagster in it.

`build_services(environment)` is the only wiring of the parts below; commands, sensors and assets get
theirs from `services_for`, which keeps one set per process and environment.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from precog_assets import embedded
from precog_assets.config import chosen_leagues, load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.leagues import League
from precog_assets.domain.ports import Archive
from precog_assets.domain.times import Clock, SystemClock
from precog_assets.environment import Environment, resolve
from precog_assets.pipeline.clocks import Clocks
from precog_assets.pipeline.feeds import in_database
from precog_assets.seeds import kalshi_codes, team_seeds
from precog_assets.sources.espn.client import EspnClient
from precog_assets.sources.http import HttpClient
from precog_assets.sources.kalshi.auth import load_credentials
from precog_assets.sources.kalshi.client import KalshiClient
from precog_assets.sources.limits import RateLimiter
from precog_assets.store import migrate
from precog_assets.store.archive import open_archive
from precog_assets.store.engine import driver_url, engine_for, with_database
from precog_assets.store.games import write_seeds
from precog_assets.store.response_log import DatabaseResponseLog

log = logging.getLogger("precog.services")


@dataclass(frozen=True, slots=True)
class Services:
    """One process's open parts. `close` gives the connections back."""

    environment: Environment
    clock: Clock
    engine: sa.Engine
    archive: Archive
    limiter: RateLimiter
    espn: EspnClient
    kalshi: KalshiClient
    http: tuple[HttpClient, ...]
    leagues: tuple[League, ...]
    clocks: Clocks = field(default_factory=Clocks)

    def close(self) -> None:
        for client in self.http:
            client.close()
        self.limiter.close()
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Database:
    """Where this environment's data lies. URLs may carry a password: never print them."""

    url: str
    dagster_url: str
    is_new: bool
    embedded: bool


def open_database(environment: Environment, clock: Clock | None = None) -> Database:
    """Start, create, migrate, stamp and seed this environment's database, as far as each is needed.

    Raises PrecogError(system.database) when no server answers, ConfigurationError when the database
    belongs to another environment.
    """
    clock = clock or clock_of(environment)
    if environment.database_url is None:
        server = embedded.start(environment.home)
        url = server.url(environment.database_name)
    else:
        given = environment.database_url.get_secret_value()
        url = with_database(given.replace("+psycopg2", "").replace("+psycopg", ""), environment.database_name)
    dagster_url = with_database(url, environment.dagster_database_name)
    try:
        if not migrate.can_reach(url):
            migrate.create_database(url, environment.database_name)
        now = clock.now()
        is_new = migrate.migrate(url, env=environment.env, data_class=environment.data_class, now=now)
        if is_new or not _is_seeded(url):
            seed(engine_for(url), now)
    except (psycopg.Error, DBAPIError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise PrecogError(
            "system.database",
            f"The database {environment.database_name} cannot be opened: {said}. "
            + ("See DATABASE_URL." if environment.database_url else "Try `precog doctor`."),
        ) from error
    return Database(url, dagster_url, is_new, environment.database_url is None)


def _is_seeded(url: str) -> bool:
    """Whether the teams and codes of this version's seeds are in the database, all of them and no others."""
    with engine_for(url).connect() as connection:
        teams = set(connection.scalars(sa.text("SELECT team_id FROM core.teams WHERE NOT provisional")))
        codes = {
            tuple(row)
            for row in connection.execute(
                sa.text("SELECT league, code, team_id FROM core.team_aliases WHERE source = 'kalshi'")
            )
        }
    seeded = {(code.league, code.code, code.team_id) for code in kalshi_codes()}
    return {team.team_id for team in team_seeds()} <= teams and codes == seeded


def seed(engine: sa.Engine, now: datetime) -> None:
    """Write the seeded teams and codes; repeated, it changes only what changed in the seeds.

    Raises PrecogError(system.database).
    """
    with in_database(engine) as connection:
        write_seeds(connection, team_seeds(), kalshi_codes(), now)


def world_file(environment: Environment) -> Path:
    """Where the simulated world of this environment is remembered between runs."""
    return environment.home / "simulator" / f"{environment.env}.json"


def clock_of(environment: Environment, *, may_change_speed: bool = False) -> Clock:
    """The machine's clock; over our own simulator, the clock of its world, which is made where there is none.

    The world's clock is followed: when whoever runs the world moves it, this one moves too.

    Only who runs the world may change its speed: anyone else at another speed would turn its clock back.
    """
    if not environment.runs_simulator:
        return SystemClock()
    from precog_assets.simulator.world_file import followed_clock, load_or_create_world

    settings = environment.settings
    path = world_file(environment)
    asked = settings.model_fields_set
    load_or_create_world(
        path,
        real_now=datetime.now(UTC),
        seed=settings.sim_seed if "sim_seed" in asked else None,
        speed=settings.sim_speed if "sim_speed" in asked and (may_change_speed or not path.exists()) else None,
        anchor=settings.sim_start,
        leagues=None if path.exists() else tuple(load_leagues()),
        change_speed=may_change_speed,
    )
    return followed_clock(path)


def build_services(environment: Environment, *, leagues: Sequence[League] | None = None) -> Services:
    """Open everything for an environment. Raises ConfigurationError or PrecogError, naming what is wrong."""
    clock = clock_of(environment)
    database = open_database(environment, clock)
    engine = engine_for(database.url)
    archive = open_archive(environment.archive_url)
    response_log = DatabaseResponseLog(engine, archive)
    limiter = RateLimiter(environment.home / "limits")
    clocks = Clocks()
    settings = environment.settings
    clients = {
        name: HttpClient(
            lambda name=name: limiter.config(name),
            mode=venue.mode,
            base_url=venue.base_url,
            user_agent=settings.http_user_agent,
            response_log=response_log,
            clock=clock,
            limiter=limiter,
            dated=clocks.observe,
        )
        for name, venue in environment.venues.items()
    }
    credentials = None
    if settings.kalshi_key_id is not None and settings.kalshi_private_key_path is not None:
        credentials = load_credentials(settings.kalshi_key_id.get_secret_value(), settings.kalshi_private_key_path)
    return Services(
        environment=environment,
        clock=clock,
        engine=engine,
        archive=archive,
        limiter=limiter,
        espn=EspnClient(clients["espn"]),
        kalshi=KalshiClient(clients["kalshi"], credentials),
        http=tuple(clients.values()),
        leagues=tuple(leagues if leagues is not None else chosen_leagues(settings.precog_leagues)),
        clocks=clocks,
    )


_open: dict[str, Services] = {}
_lock = threading.Lock()


def services_for(environment: Environment | None = None) -> Services:
    """This process's services for an environment, opened on first use and kept."""
    environment = environment or resolve()
    key = f"{environment.home}|{environment.name}|{environment.database_name}"
    with _lock:
        if key not in _open:
            _open[key] = build_services(environment)
        return _open[key]


def close_services() -> None:
    """Close what `services_for` opened."""
    with _lock:
        while _open:
            _open.popitem()[1].close()


@contextlib.contextmanager
def opened(environment: Environment, *, leagues: Sequence[League] | None = None) -> Iterator[Services]:
    """Services for the length of a block: commands."""
    services = build_services(environment, leagues=leagues)
    try:
        yield services
    finally:
        services.close()


def dagster_storage_url(database: Database) -> str:
    """Dagster's own database, made where it is missing, as its storage wants it.

    psycopg 2, since its event writes fail under psycopg 3. Raises PrecogError(system.database).
    """
    try:
        if not migrate.can_reach(database.dagster_url):
            migrate.create_database(database.url, database.dagster_url.split("?")[0].rpartition("/")[2])
    except psycopg.Error as error:
        raise PrecogError("system.database", f"Dagster's database cannot be made: {error}") from error
    return driver_url(database.dagster_url, "psycopg2")
