"""The scenarios' endpoint: which there are, and begin one in place of the world that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from precog_assets.simulator.control.asking import answer, only, read_bytes
from precog_assets.simulator.control.worldtime import Current, clock_json
from precog_assets.simulator.ledger.asking import Nonsense
from precog_assets.simulator.scenarios import Scenario, read_scenario, scenarios
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.staging import stage
from precog_assets.simulator.turns import TURNS


class Scenarios:
    """GET and POST of scenarios."""

    def __init__(self, current: Current, replace: Callable[[Simulation], None]) -> None:
        self._current = current
        self._replace = replace

    async def show(self, request: Request) -> Response:
        only(request)
        known = [{"name": name, "description": scenario.description} for name, scenario in scenarios().items()]
        return answer({"scenario": self._current().scenario, "scenarios": known})

    async def begin(self, request: Request) -> Response:
        """The world that runs, its accounts and its ledger are forgotten; the scenario's takes its place and file."""
        only(request)
        scenario = _asked(await read_bytes(request))
        path = self._current().path
        simulation, keys = await TURNS.run(lambda: stage(scenario, path))
        self._replace(simulation)
        told: dict[str, Any] = {
            "scenario": scenario.name,
            "clock": clock_json(simulation),
            "faults": len(simulation.faults.rules),
            "keys": {name: {"key_id": key.key_id, "file": str(key.file)} for name, key in keys.items()},
        }
        return answer(told, 201)


def _asked(body: bytes) -> Scenario:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Nonsense(f"body: not UTF-8 ({error.reason})") from error
    try:
        named = orjson.loads(body)
    except orjson.JSONDecodeError:
        named = None
    if isinstance(named, dict) and list(named) == ["name"]:
        known = scenarios()
        if named["name"] not in known:
            raise Nonsense(f"name: {named['name']!r}; expected one of {', '.join(known)}")
        return known[named["name"]]
    if not text.strip():
        raise Nonsense('body: empty; expected {"name": "storm"}, or a scenario in YAML')
    return read_scenario(text, "body")
