"""Putting a simulation on: of a remembered world, or of a scenario with its accounts and its timed faults."""

from __future__ import annotations

from pathlib import Path

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.clock import real_now
from precog_assets.simulator.keys import FIRST_MEMBER, MemberKey, member_key
from precog_assets.simulator.scenarios import Scenario
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.world_file import SimulatorSettings, begin_world, key_file, read_world

Keys = dict[str, MemberKey]
"""By the account's name."""


def revive(settings: SimulatorSettings, path: Path | None) -> tuple[Simulation, Keys]:
    """The simulation of a world; one that is remembered has a first account, whose key lies beside its file."""
    simulation = Simulation(settings, path)
    return simulation, _keys(simulation, None)


def stage(scenario: Scenario, path: Path | None, *, resume: bool = False) -> tuple[Simulation, Keys]:
    """The scenario's world, begun now, in `path` where one is given; or gone on with, where it is there and `resume`.

    Raises ConfigurationError for a world that cannot be, and for a world of another scenario to go on with.
    """
    settings = scenario.settings(real_now())
    if path is not None:
        if resume and path.exists():
            settings = _same(scenario, read_world(path), settings, path)
        else:
            begin_world(path, settings, replace_old=True)
    simulation = Simulation(settings, path, scenario=scenario.name)
    simulation.add_faults(scenario.rules)
    return simulation, _keys(simulation, scenario)


def _same(scenario: Scenario, stored: SimulatorSettings, wanted: SimulatorSettings, path: Path) -> SimulatorSettings:
    if stored.world != wanted.world:
        raise ConfigurationError(f"{path}: another world than that of scenario {scenario.name}; begin it anew.")
    return stored


def _keys(simulation: Simulation, scenario: Scenario | None) -> Keys:
    """The members' keys; a simulation that is not remembered opens their accounts when asked, over control."""
    path = simulation.path
    if path is None:
        return {}
    exchange = simulation.kalshi.exchange
    keys = {FIRST_MEMBER: member_key(exchange, key_file(path, FIRST_MEMBER))}
    for member in scenario.accounts if scenario is not None else ():
        file = key_file(path, member.name)
        keys[member.name] = member_key(exchange, file, member.balance_dollars, member.tier)
    return keys
