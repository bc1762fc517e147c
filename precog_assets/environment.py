"""Which environment this process works in: PRECOG_ENV x {VENUE}_MODE, resolved once and guarded.

Belongs here: every variable the product reads, the combinations it refuses, the database's name.
Does not: opening anything; that is `services.build_services`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from precog_assets.config import config_path, load_sources
from precog_assets.config.sources import Mode, ModeConfig
from precog_assets.domain.errors import ConfigurationError

EnvName = Literal["dev", "test", "staging", "prod"]
DataClass = Literal["sim", "demo", "live"]

VENUES: tuple[str, ...] = ("espn", "kalshi")
ALLOWED_MODES: dict[EnvName, tuple[Mode, ...]] = {
    "test": ("sim",),
    "dev": ("sim", "demo", "live"),
    "staging": ("demo", "live"),
    "prod": ("live",),
}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OURS = re.compile(r"^precog_(dev|test|staging|prod)_(sim|demo|live)$")


class Settings(BaseSettings):
    """Every variable, as read from the process environment and a `.env` file in the working folder."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    precog_env: EnvName = "dev"
    precog_home: Path = Path(".precog")
    precog_leagues: str = ""
    precog_config_dir: Path | None = None
    precog_sql_dir: Path | None = None
    espn_mode: Mode = "sim"
    espn_base_url: str | None = None
    kalshi_mode: Mode = "sim"
    kalshi_base_url: str | None = None
    kalshi_ws_url: str | None = None
    kalshi_key_id: SecretStr | None = None
    kalshi_private_key_path: Path | None = None
    kalshi_trading: Literal["off", "demo", "live"] = "off"
    kalshi_risk_limits_path: Path | None = None
    http_user_agent: str | None = None
    database_url: SecretStr | None = None
    raw_archive_url: str | None = None
    raw_archive_budget_gb: float = Field(default=20.0, gt=0)
    segments_budget_gb: float = Field(default=5.0, gt=0)
    raw_retention_months: int = Field(default=13, ge=1)
    quotes_retention_months: int = Field(default=25, ge=1)
    partition_archive_url: str | None = None
    sim_port: int = Field(default=8100, ge=1, le=65535)
    sim_seed: int = 1
    sim_speed: float = Field(default=1.0, gt=0)
    sim_start: datetime | None = None
    precog_ui_host: str = "127.0.0.1"
    precog_ui_port: int = Field(default=3000, ge=1, le=65535)
    precog_code_server_port: int = Field(default=4266, ge=1, le=65535)


@dataclass(frozen=True, slots=True)
class Venue:
    """One upstream as this process reaches it."""

    name: str
    mode: Mode
    base_url: str
    own_simulator: bool
    """True when `precog` itself runs the simulator behind it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What was resolved; nothing in it is open yet."""

    env: EnvName
    data_class: DataClass
    venues: Mapping[str, Venue]
    home: Path
    database_name: str
    database_url: SecretStr | None
    """None: the embedded server under `home`."""
    partition_archive: Path | None
    """Where months dropped by retention are kept as Parquet; None: nowhere."""
    settings: Settings

    @property
    def name(self) -> str:
        """The stamp: `{env}_{class}`."""
        return f"{self.env}_{self.data_class}"

    @property
    def dagster_database_name(self) -> str:
        return f"{self.database_name}_dagster"

    @property
    def runs_simulator(self) -> bool:
        return any(venue.own_simulator for venue in self.venues.values())

    @property
    def archive_url(self) -> str:
        return self.settings.raw_archive_url or str(self.home / "raw" / self.name)

    @property
    def sensors_start_by_default(self) -> bool:
        """Only where nothing outside can be polled by surprise."""
        return self.env == "dev" and self.data_class == "sim"


def read_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read every variable; `overrides` (by field name) win. Raises ConfigurationError naming the variable."""
    try:
        settings = Settings(**(overrides or {}))  # type: ignore[arg-type]
    except ValidationError as error:
        item = error.errors()[0]
        variable = str(item["loc"][0]).upper()
        legal = {"PRECOG_ENV": get_args(EnvName), "ESPN_MODE": get_args(Mode), "KALSHI_MODE": get_args(Mode)}
        right = f"; legal values: {', '.join(legal[variable])}" if variable in legal else ""
        raise ConfigurationError(f"{variable}: {item['msg']} (was {item['input']!r}){right}.") from error
    for variable, folder in (
        ("PRECOG_CONFIG_DIR", settings.precog_config_dir),
        ("PRECOG_SQL_DIR", settings.precog_sql_dir),
    ):
        # Read in other layers and by child processes, from the environment: a `.env` file must reach them too.
        if folder is not None:
            os.environ.setdefault(variable, str(folder))
    return settings


def resolve(settings: Settings | None = None) -> Environment:
    """The environment of this process, or a ConfigurationError that names both variables and what would do."""
    settings = settings or read_settings()
    env = settings.precog_env
    modes: dict[str, Mode] = {"espn": settings.espn_mode, "kalshi": settings.kalshi_mode}
    _refuse_modes(env, modes)
    data_class: DataClass = "sim" if set(modes.values()) == {"sim"} else "demo" if "demo" in modes.values() else "live"
    _refuse_trading(settings, env, modes)
    venues = {
        "espn": _venue("espn", modes["espn"], settings.espn_base_url, settings),
        "kalshi": _venue("kalshi", modes["kalshi"], settings.kalshi_base_url, settings),
    }
    _refuse_host("KALSHI_WS_URL", settings.kalshi_ws_url, "kalshi", modes["kalshi"])
    return Environment(
        env=env,
        data_class=data_class,
        venues=venues,
        home=settings.precog_home.expanduser().absolute(),
        database_name=_database_name(settings, env, data_class),
        database_url=settings.database_url,
        partition_archive=_partition_archive(settings),
        settings=settings,
    )


def _partition_archive(settings: Settings) -> Path | None:
    given = settings.partition_archive_url
    if not given:
        return None
    folder = given.removeprefix("file://")
    if "://" in folder:
        raise ConfigurationError(
            f"PARTITION_ARCHIVE_URL={given}: months are archived to a folder; expected a path or file:///path."
        )
    return Path(folder).expanduser().absolute()


def _refuse_modes(env: EnvName, modes: Mapping[str, Mode]) -> None:
    allowed = ALLOWED_MODES[env]
    for venue, mode in modes.items():
        if mode not in allowed:
            raise ConfigurationError(
                f"PRECOG_ENV={env} does not go with {venue.upper()}_MODE={mode}: "
                f"{env} accepts {venue.upper()}_MODE={' or '.join(allowed)}."
            )
    simulated = [venue for venue, mode in modes.items() if mode == "sim"]
    real = [venue for venue, mode in modes.items() if mode != "sim"]
    if simulated and real:
        raise ConfigurationError(
            f"{simulated[0].upper()}_MODE=sim does not go with {real[0].upper()}_MODE={modes[real[0]]}: "
            f"simulated and real data never share a database. Set both to sim, or neither "
            f"(with PRECOG_ENV={env}: {', '.join(m for m in allowed if m != 'sim') or 'sim only'})."
        )


def _refuse_trading(settings: Settings, env: EnvName, modes: Mapping[str, Mode]) -> None:
    trading = settings.kalshi_trading
    if trading == "demo" and (env not in ("dev", "staging") or modes["kalshi"] != "demo"):
        raise ConfigurationError(
            f"KALSHI_TRADING=demo does not go with PRECOG_ENV={env} and KALSHI_MODE={modes['kalshi']}: "
            "it needs KALSHI_MODE=demo in dev or staging."
        )
    if trading != "live":
        return
    if env != "prod" or modes["kalshi"] != "live":
        raise ConfigurationError(
            f"KALSHI_TRADING=live does not go with PRECOG_ENV={env} and KALSHI_MODE={modes['kalshi']}: "
            "real orders need PRECOG_ENV=prod and KALSHI_MODE=live."
        )
    for variable, path in (
        ("KALSHI_PRIVATE_KEY_PATH", settings.kalshi_private_key_path),
        ("KALSHI_RISK_LIMITS_PATH", settings.kalshi_risk_limits_path),
    ):
        if path is None or not path.is_file():
            raise ConfigurationError(f"KALSHI_TRADING=live needs {variable} to name a file (was {path}).")
    if settings.kalshi_key_id is None:
        raise ConfigurationError("KALSHI_TRADING=live needs KALSHI_KEY_ID (was not set).")


def orders_mode(environment: Environment) -> Mode:
    """Where this process may send Kalshi orders: `sim`, `demo` or `live`; everything is checked again here.

    The simulator takes orders whatever KALSHI_TRADING says: they are not real. Raises ConfigurationError naming the
    variables, what was read and what would be accepted.
    """
    settings, venue, env = environment.settings, environment.venues["kalshi"], environment.env
    if (settings.precog_env, settings.kalshi_mode) != (env, venue.mode):
        raise ConfigurationError(
            f"Orders need one environment: PRECOG_ENV={settings.precog_env} and KALSHI_MODE={settings.kalshi_mode} "
            f"were read, but {env} and {venue.mode} are in force."
        )
    _refuse_modes(env, {name: each.mode for name, each in environment.venues.items()})
    _refuse_trading(settings, env, {name: each.mode for name, each in environment.venues.items()})
    _refuse_host("KALSHI_BASE_URL", venue.base_url, "kalshi", venue.mode)
    if venue.mode != "sim" and settings.kalshi_trading != venue.mode:
        accepted = (
            "KALSHI_TRADING=live, with PRECOG_ENV=prod, keys and a risk limit file"
            if venue.mode == "live"
            else "KALSHI_TRADING=demo, with PRECOG_ENV=dev or staging"
        )
        raise ConfigurationError(
            f"KALSHI_TRADING={settings.kalshi_trading} does not go with orders to KALSHI_MODE={venue.mode}: "
            f"accepted is {accepted}."
        )
    return venue.mode


def _venue(name: str, mode: Mode, given_url: str | None, settings: Settings) -> Venue:
    configured = _configured(name, mode).base_url
    variable = f"{name.upper()}_BASE_URL"
    if given_url:
        _refuse_host(variable, given_url, name, mode)
        return Venue(name, mode, given_url.rstrip("/"), own_simulator=False)
    if mode == "sim":
        parts = urlsplit(configured)
        return Venue(name, mode, f"http://127.0.0.1:{settings.sim_port}{parts.path}".rstrip("/"), own_simulator=True)
    return Venue(name, mode, configured.rstrip("/"), own_simulator=False)


def _configured(venue: str, mode: Mode) -> ModeConfig:
    sources = load_sources()
    if venue not in sources or mode not in sources[venue].modes:
        raise ConfigurationError(
            f"{venue.upper()}_MODE={mode}: `sources.{venue}.modes.{mode}` is not in {config_path('sources.yaml')}."
        )
    return sources[venue].modes[mode]


def _refuse_host(variable: str, url: str | None, venue: str, mode: Mode) -> None:
    if not url:
        return
    if "@" in url:
        raise ConfigurationError(f"{variable}: an address must not carry a user or password.")
    plain, secure = ("ws", "wss") if "WS" in variable else ("http", "https")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise ConfigurationError(f"{variable}={url}: not an address ({error}).") from error
    host = parts.hostname or ""
    if parts.scheme not in (plain, secure) or not host:
        raise ConfigurationError(f"{variable}={url}: not an address; expected e.g. {secure}://host/path.")
    mode_variable = f"{venue.upper()}_MODE"
    if mode == "sim":
        if host not in _LOOPBACK:
            raise ConfigurationError(
                f"{variable}={url} does not go with {mode_variable}=sim: only loopback addresses "
                "(127.0.0.1, localhost, [::1]) are simulated venues."
            )
        return
    hosts = _configured(venue, mode).hosts
    # The venue's stream lives beside its REST host under a name of its own: `-ws` behind the first label.
    allowed = {*hosts, *(host_.replace(".", "-ws.", 1) for host_ in hosts)} if "WS" in variable else set(hosts)
    if host not in allowed or parts.scheme != secure:
        raise ConfigurationError(
            f"{variable}={url} does not go with {mode_variable}={mode}: accepted are {secure} addresses of "
            f"{', '.join(sorted(allowed))} (config/sources.yaml)."
        )


def _database_name(settings: Settings, env: EnvName, data_class: DataClass) -> str:
    """`precog_{env}_{class}`, or the database that DATABASE_URL names, unless it is another environment's."""
    own = f"precog_{env}_{data_class}"
    if settings.database_url is None:
        return own
    url = urlsplit(settings.database_url.get_secret_value())
    if not url.scheme.startswith("postgres"):
        raise ConfigurationError(
            f"DATABASE_URL: scheme was {url.scheme!r}; expected postgresql://user@host:port/database."
        )
    named = url.path.lstrip("/")
    if named in ("", "postgres"):
        return own
    if _OURS.match(named) and named != own:
        raise ConfigurationError(
            f"DATABASE_URL names the database {named}, but PRECOG_ENV={env} with these modes works in {own}: "
            "change the variables, or name the right database."
        )
    return named


def variables_of(environment: Environment) -> dict[str, str]:
    """Every variable with its value in force, secrets masked; the order of `.env.example`."""
    shown: dict[str, str] = {}
    for field in Settings.model_fields:
        value = getattr(environment.settings, field)
        if isinstance(value, SecretStr):
            shown[field.upper()] = "********"
        else:
            shown[field.upper()] = "" if value is None else str(value)
    return shown


def export_overrides(chosen: Mapping[str, object]) -> None:
    """Put command-line choices into this process's environment, so that children and Dagster see them too.

    Raises ConfigurationError for a value that its setting does not accept; nothing is exported then.
    """
    read_settings(chosen)
    for field, value in chosen.items():
        os.environ[field.upper()] = str(value)
