"""The endpoints of control, one line each: the routes, and what `GET /simulator/` tells of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from precog_assets.simulator.control.accounts import Accounts
from precog_assets.simulator.control.asking import Handler, answer, answered
from precog_assets.simulator.control.faults import Faults
from precog_assets.simulator.control.happenings import Happenings
from precog_assets.simulator.control.requestlog import RequestLog
from precog_assets.simulator.control.scenarios import Scenarios
from precog_assets.simulator.control.views import Views
from precog_assets.simulator.control.worldtime import WorldTime
from precog_assets.simulator.simulation import Simulation, http_error

PREFIX = "/simulator"
_ERRORS: dict[Any, Any] = {HTTPException: http_error}
_PAGE = Path(__file__).parent.parent / "page" / "index.html"


@dataclass(frozen=True, slots=True)
class Entry:
    """One endpoint."""

    method: str
    path: str
    about: str
    handler: Handler


def entries(
    current: Callable[[], Simulation], replace: Callable[[Simulation], None], requests: RequestLog
) -> list[Entry]:
    """Control over whatever simulation is the current one; `replace` puts another in its place."""
    clock, faults, ledger = WorldTime(current), Faults(current), Happenings(current)
    accounts, scenarios, views = Accounts(current), Scenarios(current, replace), Views(current, requests)

    async def health(_request: Request) -> Response:
        return answer(health_json(current()))

    return [
        Entry("GET", "/health", "Whether it runs: mode, the world's instant, seed, speed.", health),
        Entry("GET", "/clock", "What the world's clock shows and how it runs.", clock.show),
        Entry("POST", "/clock", 'Move it: {"speed": 20}, {"now": "2026-11-22T18:00Z"}, {"jump_s": 600}.', clock.move),
        Entry("GET", "/faults", "The faults there are, and how often each struck.", faults.show),
        Entry(
            "POST",
            "/faults",
            'Add one, {"kind": "latency", "venue": "espn", "delay_ms": 800}, or several, {"faults": [...]}.',
            faults.add,
        ),
        Entry("DELETE", "/faults", "End all faults.", faults.remove),
        Entry("DELETE", "/faults/{id}", "End one.", faults.remove),
        Entry("GET", "/scenario", "The scenario that runs, and those there are.", scenarios.show),
        Entry("POST", "/scenario", 'Begin one: {"name": "storm"}, or a YAML body of your own.', scenarios.begin),
        Entry(
            "GET",
            "/ledger",
            "What truly happened: kinds, from, to (world time), league, ticker, limit, cursor; format=parquet.",
            ledger.show,
        ),
        Entry("GET", "/accounts", "The accounts of the simulated exchange.", accounts.show),
        Entry("POST", "/accounts", 'Open one: {"balance_dollars": "1000.00", "tier": "basic"}.', accounts.open),
        Entry("GET", "/requests", "What the venues were asked last; limit.", views.requests),
        Entry("GET", "/games", "The games in play.", views.games),
        Entry("GET", "/books", "The busiest books of games in play, or all levels of one; ticker, limit.", views.books),
        Entry("GET", "/state", "All the page shows, in one answer; ticker.", views.state),
    ]


def health_json(simulation: Simulation) -> dict[str, object]:
    return {
        "status": "ok",
        "mode": "world",
        "now": simulation.clock.now().isoformat(),
        "seed": simulation.settings.seed,
        "speed": simulation.clock.speed,
        "scenario": simulation.scenario,
        "warm": simulation.warm,
    }


def control_app(table: list[Entry]) -> Starlette:
    """The endpoints under their prefix, the list of them, and the page at `/`."""

    async def listed(_request: Request) -> Response:
        rows = [{"method": row.method, "path": PREFIX + row.path, "about": row.about} for row in table]
        return answer({"endpoints": rows, "page": "/"})

    async def page(_request: Request) -> Response:
        return Response(page_html(), media_type="text/html", headers={"Cache-Control": "no-store"})

    async def unknown(request: Request) -> Response:
        raise HTTPException(404, f"{request.url.path} is not a control path; GET {PREFIX}/ lists those there are")

    paths = dict.fromkeys(row.path for row in table)
    routes = [
        Route(PREFIX + path, _by_method({row.method: answered(row.handler) for row in table if row.path == path}))
        for path in paths
    ]
    for route in routes:
        route.methods = None
    own = [Route("/", page), Route(PREFIX, listed), Route(PREFIX + "/", listed)]
    return Starlette(routes=[*own, *routes, Route(PREFIX + "/{rest:path}", unknown)], exception_handlers=_ERRORS)


def _by_method(handlers: dict[str, Handler]) -> Handler:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in handlers:
            raise HTTPException(
                405, f"{method} is not offered here; {', '.join(handlers)}", {"Allow": ", ".join(handlers)}
            )
        return await handlers[method](request)

    return endpoint


@lru_cache(maxsize=1)
def page_html() -> str:
    """The page, read once."""
    return _PAGE.read_text(encoding="utf-8")
