"""Scenarios: worlds worth showing, each a YAML file here: when they begin, how fast they run, what goes wrong when.

`load_scenario` reads one by name or from a file of the user's own; `scenarios` lists those that come along.
"""

from __future__ import annotations

from precog_assets.simulator.scenarios.loading import load_scenario, read_scenario, scenarios
from precog_assets.simulator.scenarios.model import Member, Scenario

__all__ = ["Member", "Scenario", "load_scenario", "read_scenario", "scenarios"]
