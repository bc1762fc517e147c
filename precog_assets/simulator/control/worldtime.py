"""The clock's endpoint: what it shows and how it runs; speed, jumps, dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.control.asking import answer, number, only, read_object, text
from precog_assets.simulator.ledger.asking import Nonsense
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.turns import TURNS

Current = Callable[[], Simulation]
_FIELDS = ("speed", "now", "jump_s")
_LONGEST_JUMP_S = 100 * 366 * 86_400


class WorldTime:
    """GET and POST of the clock."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def show(self, request: Request) -> Response:
        only(request)
        return answer(clock_json(self._current()))

    async def move(self, request: Request) -> Response:
        only(request)
        body = await read_object(request, _FIELDS)
        speed, jump_s, now = number(body, "speed"), number(body, "jump_s"), text(body, "now")
        if speed is None and jump_s is None and now is None:
            raise Nonsense(f'body: {body!r}; expected some of {", ".join(_FIELDS)}, e.g. {{"speed": 20}}')
        if jump_s is not None and now is not None:
            raise Nonsense("now and jump_s: expected one of them, not both")
        if jump_s is not None and abs(jump_s) > _LONGEST_JUMP_S:
            raise Nonsense(f"jump_s: {jump_s:g}; expected seconds between {-_LONGEST_JUMP_S} and {_LONGEST_JUMP_S}")
        to = None if now is None else _instant(now)
        by = None if jump_s is None else timedelta(seconds=jump_s)
        simulation = self._current()
        await TURNS.run(lambda: simulation.move_clock(speed=speed, to=to, by=by))
        return answer(clock_json(simulation))


def clock_json(simulation: Simulation) -> dict[str, Any]:
    clock = simulation.clock
    return {
        "now": clock.now().isoformat(),
        "speed": clock.speed,
        "real_anchor": clock.real_anchor.isoformat(),
        "world_anchor": clock.world_anchor.isoformat(),
        "anchor": simulation.settings.anchor.isoformat(),
        "stretches": len(clock.stretches.all),
    }


def _instant(said: str) -> datetime:
    try:
        return parse_instant(said)
    except ValueError as error:
        raise Nonsense(f"now: {error}") from error
