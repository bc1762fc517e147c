"""`precog simulate`: the simulated venues in the foreground."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.environment import Environment
    from precog_assets.simulator.simulation import Simulation
    from precog_assets.simulator.staging import Keys

SCENARIOS = {
    "grand-slam": "a first-round day of the US Open, 64 matches of both draws",
    "march": "the first Thursday of the men's college basketball tournament",
    "storm": "a Saturday evening with every league in play and everything going wrong",
    "sunday": "a full NFL Sunday at 20 times speed",
}
"""What the help says of them; kept here, since to read the scenarios takes longer than to show the help."""
_LISTED = "\n\n".join(f"`{name}`: {about}." for name, about in SCENARIOS.items())


def simulate(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; `SIM_PORT`, 8100.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which world; `SIM_SEED`, 1.")] = None,
    speed: Annotated[float | None, typer.Option(help="Times as fast as real time; `SIM_SPEED`, 1.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="ISO", help="Instant at which a new world begins, e.g. `2026-11-22T01:00Z`.")
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Begin a scenario, with a world of its own: a name, or a YAML file."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the scenario's world, where it was.")] = False,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Faults that strike from the start, as a YAML list.")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Serve a folder of recorded payloads instead of a world.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new world; the stored one is forgotten.")] = False,
) -> None:
    # The scenarios are filled in below; a docstring cannot be put together.
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.environment import export_overrides, resolve

    given = {"sim_port": port, "sim_seed": seed, "sim_speed": speed, "sim_start": _instant(start)}
    chosen: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    _refuse_together(
        {"--recorded": recorded, "--scenario": scenario, "--fresh": fresh or None},
        {"--recorded": recorded, "--faults": faults},
        {"--scenario": scenario, "--seed": seed, "--start": start},
    )
    if resume and scenario is None:
        raise ConfigurationError("--resume: goes on with a scenario's world; say which with --scenario.")
    export_overrides(chosen)
    environment = resolve()
    if recorded is not None:
        _serve_recorded(recorded, environment.settings.sim_port)
    elif scenario is not None:
        _serve_scenario(environment, scenario, speed=speed, resume=resume, faults=faults)
    else:
        _serve_world(environment, fresh=fresh, faults=faults)


simulate.__doc__ = f"""Serve ESPN's and Kalshi's paths on this machine until Ctrl-C: a simulated world, or recordings.

The world is the one that `precog up` runs (kept under PRECOG_HOME), so other commands agree on its clock. A page at
the address shows it live; `/simulator/` lists what can be asked of it and done to it.

Scenarios, each a world of its own:

{_LISTED}

Example: `precog simulate --speed 60`, or `precog simulate --scenario sunday`
"""


def _refuse_together(*choices: dict[str, object]) -> None:
    """Raises ConfigurationError where an option is given with another that it excludes: the first of each."""
    from precog_assets.domain.errors import ConfigurationError

    for choice in choices:
        (first, value), *others = choice.items()
        for other, said in others:
            if value is not None and said is not None:
                raise ConfigurationError(f"{first} and {other}: one of them, not both.")


def _serve_recorded(folder: Path, port: int) -> None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.simulator.server import recorded_application, serve

    if not folder.is_dir():
        raise ConfigurationError(f"--recorded {folder}: no such folder.")
    serve(recorded_application(folder), port=port, ready=_announce_recorded)


def _serve_world(environment: Environment, *, fresh: bool, faults: Path | None) -> None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.services import clock_of, world_file
    from precog_assets.simulator.staging import revive
    from precog_assets.simulator.world_file import forget_world, read_world

    if not environment.runs_simulator:
        raise ConfigurationError(
            "No venue is ours to simulate: ESPN_MODE and KALSHI_MODE are "
            f"{environment.venues['espn'].mode} and {environment.venues['kalshi'].mode}, or an address is set for each."
        )
    path = world_file(environment)
    if fresh:
        forget_world(path)
    clock_of(environment, may_change_speed=True)  # makes the world, or takes the speed over into it
    _serve(*revive(read_world(path), path), environment.settings.sim_port, faults)


def _serve_scenario(
    environment: Environment, asked: str, *, speed: float | None, resume: bool, faults: Path | None
) -> None:
    from precog_assets.simulator.scenarios import load_scenario
    from precog_assets.simulator.staging import stage

    scenario = load_scenario(asked)
    if speed is not None:
        scenario = scenario.model_copy(update={"speed": speed})
    path = environment.home / "simulator" / f"scenario-{scenario.name}.json"
    _serve(*stage(scenario, path, resume=resume), environment.settings.sim_port, faults)


def _serve(simulation: Simulation, keys: Keys, port: int, faults: Path | None) -> None:
    from precog_assets.simulator.application import Application
    from precog_assets.simulator.faults.rules import read_fault_file
    from precog_assets.simulator.server import serve

    if faults is not None:
        simulation.add_faults(read_fault_file(faults))
    serve(Application(simulation), port=port, ready=_announcing(simulation, keys), beside=simulation.make_first_pages)


def _instant(text: str | None) -> datetime | None:
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.domain.times import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ConfigurationError(f"--start: {error}") from error


def _announcing(simulation: Simulation, keys: Keys) -> Callable[[str], None]:
    def announce(address: str) -> None:
        """What whoever started it needs to know."""
        clock = simulation.clock
        rules = len(simulation.faults.rules)
        typer.echo(
            f"Simulator ready at {address}; Ctrl-C stops it.\n"
            f"  page     {address}/   control {address}/simulator/\n"
            f"  world    {clock.now():%a %d %b %Y %H:%M} UTC, {clock.speed:g} times real time"
            + (f", scenario {simulation.scenario}" if simulation.scenario else "")
            + (f", {rules} fault{'s' * (rules != 1)}" if rules else "")
        )
        for name, key in keys.items():
            typer.echo(f"  account  {name}: export KALSHI_KEY_ID={key.key_id} KALSHI_PRIVATE_KEY_PATH={key.file}")

    return announce


def _announce_recorded(address: str) -> None:
    typer.echo(
        f"Recorded payloads served at {address}; Ctrl-C stops it. To read them, in another shell:\n"
        f"  export ESPN_BASE_URL={address} KALSHI_BASE_URL={address}/trade-api/v2\n"
        "  precog --home .precog-recorded once"
    )
