"""`precog db`: the database of this environment: start, stop, migrate, stamp, psql, url."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

import typer

if TYPE_CHECKING:
    from precog_assets.environment import Environment

app = typer.Typer(help="The database of this environment.", no_args_is_help=True)


@app.command("start")
def start() -> None:
    """Start the embedded server where it is ours, and bring the database to this version.

    Example: `precog db start`
    """
    from precog_assets.environment import resolve
    from precog_assets.services import open_database

    environment = resolve()
    database = open_database(environment)
    said = "made" if database.is_new else "ready"
    typer.echo(f"{environment.database_name} is {said}: {shown(database.url)}")


@app.command("stop")
def stop() -> None:
    """Stop the embedded server. Data stays.

    Example: `precog db stop`
    """
    from precog_assets import embedded
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.environment import resolve

    environment = resolve()
    if environment.database_url is not None:
        raise ConfigurationError("DATABASE_URL names a server that is not ours to stop; unset it for the embedded one.")
    stopped = embedded.stop(environment.home)
    typer.echo("Stopped." if stopped else f"No embedded PostgreSQL ran under {environment.home}.")


@app.command("migrate")
def migrate() -> None:
    """Bring the database to this version's tables; a new one is made, stamped and seeded.

    Example: `precog db migrate`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.services import open_database
    from precog_assets.store.engine import engine_for
    from precog_assets.store.migrate import versions

    environment = resolve()
    database = open_database(environment)
    with in_database(engine_for(database.url)) as connection:
        current, head = versions(connection)
    typer.echo(f"{environment.database_name} is at {current}; this version's newest is {head}.")


@app.command("stamp")
def stamp(
    write: Annotated[bool, typer.Option("--write", help="Stamp a database of ours that carries no stamp.")] = False,
) -> None:
    """Show which environment the database belongs to. A process of another one refuses to work in it.

    Example: `precog db stamp`
    """
    import sqlalchemy as sa

    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.environment import resolve
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.services import clock_of
    from precog_assets.store.engine import engine_for
    from precog_assets.store.tables import stamp as table

    environment = resolve()
    with in_database(engine_for(url_of(environment))) as connection:
        if not sa.inspect(connection).has_table("stamp", schema="ops"):
            raise ConfigurationError(f"{environment.database_name} is not a database of Precog: `precog db migrate`.")
        row = connection.execute(sa.select(table)).mappings().one_or_none()
        if row is None and write:
            now = clock_of(environment).now()
            values = {"env": environment.env, "class": environment.data_class, "stamped_at": now}
            connection.execute(sa.insert(table).values(values))
            typer.echo(f"{environment.database_name} is stamped {environment.name} now.")
        elif row is None:
            typer.echo(f"{environment.database_name} carries no stamp; `precog db stamp --write` makes it ours.")
            raise typer.Exit(1)
        else:
            typer.echo(
                f"{environment.database_name}: {row['env']}_{row['class']} since {row['stamped_at']:%Y-%m-%d %H:%M} UTC"
            )


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; arguments are passed through.

    Example: `precog db psql -c "SELECT count(*) FROM core.games"`
    """
    from precog_assets import embedded
    from precog_assets.environment import resolve
    from precog_assets.services import open_database

    environment = resolve()
    database = open_database(environment)
    own = None if database.embedded else shutil.which("psql")
    program = own or str(embedded.binary("psql"))
    address, variables = _without_password(database.url)
    os.execve(program, [program, address, *context.args], {**os.environ, **variables})  # noqa: S606 - no shell wanted


@app.command("url")
def url(
    show_password: Annotated[bool, typer.Option("--show-password", help="Print the password as it is.")] = False,
) -> None:
    """Print the connection URL, for notebooks and tools.

    Example: `psql "$(precog db url)"`
    """
    from precog_assets.environment import resolve
    from precog_assets.services import open_database

    address = open_database(resolve()).url
    typer.echo(address if show_password else shown(address))


def url_of(environment: Environment) -> str:
    """The address of a database as it is: its server is started, nothing in it is made or changed."""
    from precog_assets import embedded
    from precog_assets.store.engine import with_database

    if environment.database_url is None:
        return embedded.start(environment.home).url(environment.database_name)
    given = environment.database_url.get_secret_value().replace("+psycopg2", "").replace("+psycopg", "")
    return with_database(given, environment.database_name)


def shown(address: str) -> str:
    """An address with its password masked."""
    parts = urlsplit(address)
    if not parts.password:
        return address
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:********@{host}"))


def _without_password(address: str) -> tuple[str, dict[str, str]]:
    """The address for a command line that others can see, and the variables that carry the rest."""
    parts = urlsplit(address)
    if not parts.password:
        return address, {}
    user, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}"))
    return bare, {"PGPASSWORD": unquote(parts.password)}
