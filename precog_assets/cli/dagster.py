"""`precog dagster ARGS`: Dagster's own command, with database, DAGSTER_HOME and definitions set."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

import typer

READS_SOURCES = {
    ("asset", "materialize"),
    ("job", "execute"),
    ("job", "launch"),
    ("job", "backfill"),
    ("sensor", "preview"),
}
"""Subcommands that may read a source, and so need the simulator where a venue is simulated."""


def dagster(context: typer.Context) -> None:
    """Run Dagster's own command line on this environment; all arguments are passed through.

    Starts the database, sets DAGSTER_HOME and DAGSTER_MODULE_NAME, and where sources are simulated runs the
    simulator for as long as it takes. Its exit code is Dagster's.

    Example: `precog dagster asset materialize --select 'key:"core/games"'`
    """
    from precog_assets.cli.instance import variables, write_instance
    from precog_assets.cli.simulator import simulator_for
    from precog_assets.environment import resolve
    from precog_assets.services import dagster_storage_url, open_database

    arguments = list(context.args)
    if not arguments or {"--help", "-h", "--version", "-v"} & set(arguments):
        raise typer.Exit(_run(arguments, {}))
    environment = resolve()
    storage = dagster_storage_url(open_database(environment))
    write_instance(environment)
    shared = variables(environment, storage)
    if arguments[0] == "dev" or tuple(arguments[:2]) in READS_SOURCES:
        with simulator_for(environment):
            code = _run(arguments, shared)
    else:
        code = _run(arguments, shared)
    raise typer.Exit(code)


def _run(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Dagster's exit code. Ctrl-C is Dagster's to handle: it gets the signal itself, and we wait for it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [sys.executable, "-m", "dagster", *(arguments or ["--help"])]
        environment = {**os.environ, **variables}
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - the user's own words
    finally:
        signal.signal(signal.SIGINT, before)
