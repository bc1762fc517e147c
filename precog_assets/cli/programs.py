"""The programs that `up` runs beside the simulator: Dagster's processes, and commands of ours as children."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from precog_assets.cli.children import Program, get, listens
from precog_assets.cli.instance import DEFINITIONS_MODULE, LOCATION_NAME
from precog_assets.environment import Environment

if TYPE_CHECKING:
    from precog_assets.services import Database

WORKSPACE_ONLY = ("DAGSTER_MODULE_NAME",)
"""With this variable set, Dagster's processes refuse a workspace file."""
GENTLY = ("nice", "-n", "10") if shutil.which("nice") else ()


def code_server(environment: Environment, variables: Mapping[str, str]) -> Program:
    """The long-lived process that holds the definitions; sensors tick in it. It listens once they are loaded."""
    port = environment.settings.precog_code_server_port
    options = ["-m", DEFINITIONS_MODULE, "--location-name", LOCATION_NAME, "--host", "127.0.0.1", "--port", str(port)]
    return Program(
        name="code server",
        command=[sys.executable, "-m", "dagster", "code-server", "start", *options, "--log-format", "json"],
        log=environment.home / "logs" / "code_server.log",
        variables=variables,
        ready=lambda: listens("127.0.0.1", port),
    )


def webserver(environment: Environment, variables: Mapping[str, str], workspace: Path) -> Program:
    """Dagster's UI."""
    host, port = environment.settings.precog_ui_host, environment.settings.precog_ui_port
    options = ["-h", host, "-p", str(port), "-w", str(workspace), "--log-format", "json"]
    return Program(
        name="UI",
        command=[sys.executable, "-m", "dagster_webserver", *options],
        log=environment.home / "logs" / "webserver.log",
        variables=variables,
        ready=lambda: get(host, port, "/server_info") is not None,
        unset=WORKSPACE_ONLY,
    )


def daemon(environment: Environment, variables: Mapping[str, str], workspace: Path, database: Database) -> Program:
    """Dagster's daemon: sensors, schedules, queue. It answers by its heartbeats in Dagster's own database."""
    began = datetime.now(UTC)
    return Program(
        name="daemon",
        command=[sys.executable, "-m", "dagster._daemon", "run", "-w", str(workspace), "--log-format", "json"],
        log=environment.home / "logs" / "daemon.log",
        variables=variables,
        ready=lambda: _has_heartbeat(database.dagster_url, began),
        stop_signal=signal.SIGINT,
        unset=WORKSPACE_ONLY,
    )


def collector(environment: Environment, variables: Mapping[str, str]) -> Program:
    """The collector, which feeds and decides while it runs; when it dies the sensors do."""
    return Program(
        name="collector",
        command=[sys.executable, "-m", "precog_assets.cli.main", "collect", "--json", "--every", "10"],
        log=environment.home / "logs" / "collector.log",
        variables=variables,
        ready=lambda: True,
        stop_signal=signal.SIGINT,
    )


def command(environment: Environment, variables: Mapping[str, str], name: str, arguments: Sequence[str]) -> Program:
    """A `precog` command of this very installation, as a child."""
    return Program(
        name=name,
        # Work of minutes must not slow the sensors and the UI.
        command=[*GENTLY, sys.executable, "-m", "precog_assets.cli.main", *arguments],
        log=environment.home / "logs" / f"{name.replace(' ', '_')}.log",
        variables=variables,
        ready=lambda: True,
        stop_signal=signal.SIGINT,
    )


def _has_heartbeat(url: str, since: datetime) -> bool:
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError

    from precog_assets.store.engine import engine_for

    try:
        with engine_for(url).connect() as connection:
            newest = connection.execute(sa.text("SELECT max(timestamp) FROM daemon_heartbeats")).scalar()
    except DBAPIError:
        return False  # Dagster makes its tables at its first start
    return newest is not None and newest.replace(tzinfo=UTC) >= since
