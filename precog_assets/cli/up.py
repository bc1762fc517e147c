"""`precog up`: everything at once on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.cli.supervisor import Supervisor
    from precog_assets.domain.times import Clock
    from precog_assets.environment import Environment
    from precog_assets.services import Database

START_TIMEOUT_S = 120.0
LINE_EVERY_S = 15.0
BOOTSTRAP_DAYS = 400


def up(
    port: Annotated[int | None, typer.Option(help="Port of the Dagster UI; `PRECOG_UI_PORT`, 3000.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="How many times as fast as real time the simulated world runs; kept with it.")
    ] = None,
    bootstrap: Annotated[
        bool,
        typer.Option("--bootstrap/--no-bootstrap", help="Backfill the seasons before, so that ratings mean something."),
    ] = True,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Run Dagster's UI.")] = True,
    collector: Annotated[
        bool | None,
        typer.Option(
            "--collector/--no-collector",
            help="Follow the stream and react at once; the sensors stand by. Untold, only in dev with everything sim, "
            "where the sensors are on too.",
        ),
    ] = None,
) -> None:
    """Run everything: database, simulator (where a mode is sim), Dagster's code server, UI, daemon, the collector.

    Outside dev with everything sim, sensors and schedules are off until they are turned on in the UI, and the collector
    until it is asked for by --collector; Kalshi's stream then needs KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH.

    Prints the addresses, then a line of what is going on. Ctrl-C stops it all, in order; started again, it
    goes on where it was. Logs lie under PRECOG_HOME/logs.

    Example: `precog up --speed 20`
    """
    from precog_assets.cli.homelock import end_left_behind, left_database, only_up
    from precog_assets.environment import export_overrides, read_settings, resolve

    given = {"precog_ui_port": port, "sim_speed": speed}
    chosen: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    home = resolve(read_settings(chosen)).home
    chosen["precog_home"] = home
    export_overrides(chosen)
    environment = resolve()
    with only_up(home):
        for pid in end_left_behind(home):
            typer.echo(f"Stopped process {pid}, left behind by a `precog up` that was killed.")
        _refuse_taken_ports(environment, ui=ui)
        stop = threading.Event()
        with _signals(stop):
            own_database = _is_ours_to_stop(environment) or left_database(home)
            _run(environment, stop, bootstrap=bootstrap, ui=ui, collector=collector, own_database=own_database)


def _is_ours_to_stop(environment: Environment) -> bool:
    """Whether the embedded server is not running yet: who starts it stops it."""
    from precog_assets import embedded

    return environment.database_url is None and not embedded.is_running(environment.home)


def _refuse_taken_ports(environment: Environment, *, ui: bool) -> None:
    from precog_assets.cli.children import can_bind
    from precog_assets.domain.errors import ConfigurationError

    settings = environment.settings
    wanted = [("127.0.0.1", settings.precog_code_server_port, "the code server", "PRECOG_CODE_SERVER_PORT")]
    if ui:
        wanted.append((settings.precog_ui_host, settings.precog_ui_port, "the UI", "PRECOG_UI_PORT (or --port)"))
    if environment.runs_simulator:
        wanted.append(("127.0.0.1", settings.sim_port, "the simulator", "SIM_PORT"))
    for host, number, what, variable in wanted:
        if not can_bind(host, number):
            raise ConfigurationError(
                f"Port {number} on {host}, for {what}, is taken by another program: stop that one, or set {variable}."
            )


class _signals:
    """SIGINT, SIGTERM and SIGHUP set the event; a second one changes nothing, stopping goes on."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, lambda *_: self._stop.set())

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]


def _run(
    environment: Environment,
    stop: threading.Event,
    *,
    bootstrap: bool,
    ui: bool,
    collector: bool | None,
    own_database: bool,
) -> None:
    from rich.console import Console

    from precog_assets import embedded
    from precog_assets.cli.homelock import remember
    from precog_assets.cli.supervisor import StopAsked, Supervisor

    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    supervisor = Supervisor(
        say=lambda text: console.print(f"[yellow]{text}[/]"),
        stop=stop,
        changed=lambda pids: remember(environment.home, pids, own_database=own_database),
    )
    try:
        database, clock = _start(environment, supervisor, bootstrap=bootstrap, ui=ui, say=console.print)
        console.print(_addresses(environment, database, time.monotonic() - began, ui=ui))
        why_not = _why_no_collector(environment, collector)
        if why_not:
            console.print(f"No collector: {why_not}")
        else:
            _collect(environment, supervisor, database)
        _watch(environment, supervisor, database, clock, console, bootstrap=bootstrap)
    except StopAsked:
        console.print("Stopped while starting.")
    finally:
        console.print("Stopping ...")
        supervisor.end()
        if own_database:
            embedded.stop(environment.home)
        console.print("Everything is stopped.")


def _start(
    environment: Environment, supervisor: Supervisor, *, bootstrap: bool, ui: bool, say
) -> tuple[Database, Clock]:
    from precog_assets.cli import programs, simulator
    from precog_assets.cli.instance import variables, write_instance, write_workspace
    from precog_assets.cli.supervisor import Chore, StopAsked
    from precog_assets.services import clock_of, dagster_storage_url, open_database

    clock = clock_of(environment, may_change_speed=True)
    first = [supervisor.start(simulator.program(environment))] if environment.runs_simulator else []
    say("Database ...")
    database = open_database(environment, clock)
    if supervisor.stop.is_set():
        raise StopAsked
    write_instance(environment)
    workspace = write_workspace(environment)
    shared = variables(environment, dagster_storage_url(database))
    first.append(supervisor.start(programs.code_server(environment, shared)))
    say("Simulator and definitions ..." if environment.runs_simulator else "Definitions ...")
    supervisor.wait_for(first[:-1], START_TIMEOUT_S)
    supervisor.wait_for(first, START_TIMEOUT_S)
    last = [supervisor.start(programs.webserver(environment, shared, workspace), essential=True)] if ui else []
    if ui:
        say("Dagster ...")
    supervisor.start(programs.daemon(environment, shared, workspace, database))
    supervisor.wait_for(last, START_TIMEOUT_S)
    # Only now: they would take the processors from what people wait for.
    supervisor.chores.append(Chore(programs.command(environment, shared, "first pass", ["once"])))
    if bootstrap:
        days = ["bootstrap", "--days", str(BOOTSTRAP_DAYS)]
        supervisor.chores.append(Chore(programs.command(environment, shared, "past seasons", days)))
    supervisor.look()
    return database, clock


def _why_no_collector(environment: Environment, wanted: bool | None) -> str:
    """Why the collector is not started, and how it would be; empty where it is. `wanted`: None when nobody said.

    Untold it starts where the sensors do and nowhere else: it polls and decides from its first second.
    """
    settings = environment.settings
    has_key = None not in (settings.kalshi_key_id, settings.kalshi_private_key_path)
    needs_key = environment.venues["kalshi"].mode != "sim" and not has_key
    if wanted is False:
        return "--no-collector was given."
    if wanted is None and not environment.sensors_start_by_default:
        with_key = ", with KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH set," if needs_key else ""
        return (
            f"in {environment.name} it is off until you ask for it, as the sensors are until they are turned on in the "
            f"UI. `precog up --collector`{with_key} starts it."
        )
    if needs_key:
        return (
            "Kalshi's stream needs KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH: set both and start again. The sensors "
            "need none; they poll once they are turned on in the UI."
        )
    return ""


def _collect(environment: Environment, supervisor: Supervisor, database: Database) -> None:
    from precog_assets.cli import programs
    from precog_assets.cli.instance import variables
    from precog_assets.services import dagster_storage_url

    supervisor.start(programs.collector(environment, variables(environment, dagster_storage_url(database))))


def _addresses(environment: Environment, database: Database, took_s: float, *, ui: bool) -> str:
    from precog_assets.cli.children import reachable

    settings = environment.settings
    lines = [f"[bold]Precog {environment.name}[/] is up after {took_s:.0f} s; Ctrl-C stops it."]
    if ui:
        lines.append(f"  Dagster    http://{reachable(settings.precog_ui_host)}:{settings.precog_ui_port}")
    where = "embedded PostgreSQL" if database.embedded else "the server of DATABASE_URL"
    lines.append(f"  database   {environment.database_name} on {where}: precog db psql")
    if environment.runs_simulator:
        lines.append(f"  simulator  http://127.0.0.1:{settings.sim_port}/")
    lines.append(f"  logs       {environment.home / 'logs'}")
    return "\n".join(lines)


def _watch(
    environment: Environment, supervisor: Supervisor, database: Database, clock: Clock, console, *, bootstrap: bool
) -> None:
    from rich.live import Live

    from precog_assets.cli.status import line, read_numbers
    from precog_assets.config import chosen_leagues
    from precog_assets.domain.errors import PrecogError
    from precog_assets.store.engine import engine_for

    engine = engine_for(database.url)
    leagues = [league.key for league in chosen_leagues(environment.settings.precog_leagues)]

    def now():
        supervisor.look()
        try:
            numbers = read_numbers(engine, clock, leagues, BOOTSTRAP_DAYS if bootstrap else 0)
        except PrecogError as error:
            return line(error, supervisor.states())
        return line(numbers, supervisor.states())

    if console.is_terminal:
        with Live(now(), console=console, auto_refresh=False) as live:
            while not supervisor.stop.wait(1.5):
                live.update(now(), refresh=True)
        return
    next_line = 0.0
    while not supervisor.stop.is_set():
        text = now()
        if time.monotonic() >= next_line:
            console.print(text.plain, markup=False)
            sys.stdout.flush()
            next_line = time.monotonic() + LINE_EVERY_S
        supervisor.stop.wait(1.0)
