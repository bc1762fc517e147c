"""`precog env`: what the variables came to, and the same for a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.environment import Environment

ALWAYS_EXPORTED = ("precog_env", "espn_mode", "kalshi_mode")


def env(
    export: Annotated[
        bool,
        typer.Option(
            "--export", help="Print `export` lines for a shell, and start the database, so that `dagster` works."
        ),
    ] = False,
) -> None:
    """Show what was resolved: environment, modes, database, folders, addresses. Secrets are masked.

    Example: `eval "$(precog env --export)"`, after which plain `dagster asset materialize --select ...` works.
    """
    from precog_assets.environment import resolve

    environment = resolve()
    if export:
        _export(environment)
    else:
        _show(environment)


def _show(environment: Environment) -> None:
    from rich.console import Console
    from rich.table import Table

    from precog_assets.cli.instance import dagster_home
    from precog_assets.environment import variables_of

    resolved = {
        "environment": f"{environment.env}, class {environment.data_class}",
        "database": environment.database_name,
        "server": "embedded PostgreSQL under PRECOG_HOME" if environment.database_url is None else "of DATABASE_URL",
        "home": str(environment.home),
        "raw archive": environment.archive_url,
        "Dagster's home": str(dagster_home(environment)),
        "sensors": "on by default" if environment.sensors_start_by_default else "off until turned on",
    }
    for venue in environment.venues.values():
        by = ", our own simulator" if venue.own_simulator else ""
        resolved[venue.name] = f"{venue.mode}: {venue.base_url}{by}"
    for title, rows in (("Resolved", resolved), ("Variables", variables_of(environment))):
        table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows.items():
            table.add_row(name, value)
        Console(highlight=False).print(table)


def _export(environment: Environment) -> None:
    from precog_assets.cli.children import listens
    from precog_assets.cli.instance import STORAGE_VARIABLE, has_password, variables, write_instance
    from precog_assets.services import dagster_storage_url, open_database

    database = open_database(environment)
    write_instance(environment)
    storage = dagster_storage_url(database)
    lines, withheld = _chosen(environment)
    lines.update(variables(environment, storage))
    if has_password(storage):
        del lines[STORAGE_VARIABLE]
        withheld.append(STORAGE_VARIABLE)
    for name, value in lines.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    if withheld:
        typer.echo(f"Secrets are not printed; set them in the environment yourself: {', '.join(withheld)}.", err=True)
    port = environment.settings.sim_port
    if environment.runs_simulator and not listens("127.0.0.1", port):
        typer.echo(
            f"No simulator listens at port {port}: assets that read sources need `precog up` or `precog simulate`.",
            err=True,
        )


def _chosen(environment: Environment) -> tuple[dict[str, str], list[str]]:
    """The settings that were given, and the names of those that carry a secret."""
    from pydantic import SecretStr

    from precog_assets.cli.instance import has_password

    settings = environment.settings
    lines: dict[str, str] = {}
    withheld: list[str] = []
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        if value is None or (field not in settings.model_fields_set and field not in ALWAYS_EXPORTED):
            continue
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            if field != "database_url" or has_password(text):
                withheld.append(field.upper())
                continue
            lines[field.upper()] = text
        else:
            lines[field.upper()] = str(value)
    return lines, withheld
