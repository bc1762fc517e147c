"""`precog simulate`: the simulated venues in the foreground."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.environment import Environment


def simulate(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; `SIM_PORT`, 8100.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which world; `SIM_SEED`, 1.")] = None,
    speed: Annotated[float | None, typer.Option(help="Times as fast as real time; `SIM_SPEED`, 1.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="ISO", help="Instant at which a new world begins, e.g. `2026-11-22T01:00Z`.")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Serve a folder of recorded payloads instead of a world.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new world; the stored one is forgotten.")] = False,
) -> None:
    """Serve ESPN's and Kalshi's paths on this machine until Ctrl-C: one simulated world, or recorded payloads.

    The world is the one that `precog up` runs (kept under PRECOG_HOME), so other commands agree on its clock.

    Example: `precog simulate --speed 60`, or `precog simulate --recorded folder --port 8200`
    """
    from precog_assets.environment import export_overrides, resolve

    given = {"sim_port": port, "sim_seed": seed, "sim_speed": speed, "sim_start": _instant(start)}
    chosen: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    export_overrides(chosen)
    environment = resolve()
    if recorded is not None:
        _serve_recorded(recorded, environment.settings.sim_port)
    else:
        _serve_world(environment, fresh=fresh)


def _serve_recorded(folder: Path, port: int) -> None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.simulator.server import build_recorded_app, serve

    if not folder.is_dir():
        raise ConfigurationError(f"--recorded {folder}: no such folder.")
    serve(build_recorded_app(folder), port=port, ready=_announce_recorded)


def _serve_world(environment: Environment, *, fresh: bool) -> None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.services import clock_of, world_file
    from precog_assets.simulator.server import build_app, serve
    from precog_assets.simulator.world_file import read_world

    if not environment.runs_simulator:
        raise ConfigurationError(
            "No venue is ours to simulate: ESPN_MODE and KALSHI_MODE are "
            f"{environment.venues['espn'].mode} and {environment.venues['kalshi'].mode}, or an address is set for each."
        )
    path = world_file(environment)
    if fresh:
        path.unlink(missing_ok=True)
    clock_of(environment, may_change_speed=True)  # makes the world, or takes the speed over into it
    serve(build_app(read_world(path)), port=environment.settings.sim_port, ready=_announce_world)


def _instant(text: str | None) -> datetime | None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.domain.times import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ConfigurationError(f"--start: {error}") from error


def _announce_world(address: str) -> None:
    typer.echo(f"Simulator ready at {address}; Ctrl-C stops it.")


def _announce_recorded(address: str) -> None:
    typer.echo(
        f"Recorded payloads served at {address}; Ctrl-C stops it. To read them, in another shell:\n"
        f"  export ESPN_BASE_URL={address} KALSHI_BASE_URL={address}/trade-api/v2\n"
        "  precog --home .precog-recorded once"
    )
