"""The faults' endpoints: which there are and how often they struck; add one or several, end one or all."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from precog_assets.simulator.control.asking import answer, only, read_json, refusal
from precog_assets.simulator.control.worldtime import Current
from precog_assets.simulator.faults.rules import read_rule, read_rules, to_json
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.turns import TURNS


class Faults:
    """GET, POST and DELETE of faults."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def show(self, request: Request) -> Response:
        only(request)
        return answer({"faults": faults_json(self._current())})

    async def add(self, request: Request) -> Response:
        """A fault, or a list of them under `faults`: all or none. Answers as it was asked."""
        only(request)
        body = await read_json(request)
        simulation = self._current()
        if isinstance(body, dict) and list(body) == ["faults"]:
            rules = read_rules(body["faults"])
            added = await TURNS.run(lambda: simulation.add_faults(rules))
            return answer({"faults": [to_json(rule) for rule in added]}, 201)
        rule = read_rule(body)
        added = await TURNS.run(lambda: simulation.add_faults([rule]))
        return answer(to_json(added[0]), 201)

    async def remove(self, request: Request) -> Response:
        only(request)
        name = request.path_params.get("id")
        simulation = self._current()
        count = await TURNS.run(lambda: simulation.remove_fault(name))
        if name is not None and not count:
            known = ", ".join(rule.id for rule in simulation.faults.rules) or "there are none"
            return refusal(404, "not_found", f"fault {name!r}: no such fault; {known}")
        return answer({"removed": count})


def faults_json(simulation: Simulation) -> list[dict[str, Any]]:
    """Every fault as it was given, how often it struck, and whether it may strike now."""
    engine = simulation.faults
    counts = engine.counts()
    return [{**to_json(rule), "struck": counts.get(rule.id, 0), "on": engine.is_on(rule)} for rule in engine.rules]
