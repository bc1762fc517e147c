"""One running simulation: a world, its clock, its venues, their faults, and the ledger of what happened.

Belongs here: what it is composed of, and what may be done to it from outside. `server` puts it on a socket,
`control` takes the orders.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import Clock
from precog_assets.simulator.clock import ShiftedClock, Stretches, WorldClock, real_now, venue_real_now
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.faults.asked import league_of
from precog_assets.simulator.faults.engine import Engine
from precog_assets.simulator.faults.http import Faulty
from precog_assets.simulator.faults.rules import AnyRule
from precog_assets.simulator.faults.stream import StreamFaults
from precog_assets.simulator.headers import Dated
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.stream.endpoint import Stream
from precog_assets.simulator.ledger.asking import Ledger
from precog_assets.simulator.ledger.derived import Derived
from precog_assets.simulator.ledger.recorded import Recorded
from precog_assets.simulator.warming import warm
from precog_assets.simulator.world import World
from precog_assets.simulator.world_file import SimulatorSettings, companion, write_world


class _VenueClock:
    """The machine's time as the venues have it: a fault may make it wrong."""

    def now(self) -> datetime:
        return venue_real_now()


class Simulation:
    """A simulation over the settings' world; remembered beside `path` where one is given.

    What changes it, or asks its ledger, must take a turn (`turns`). Raises ConfigurationError for a league the world
    cannot play, and for files beside `path` that do not belong to it.
    """

    def __init__(self, settings: SimulatorSettings, path: Path | None = None, *, scenario: str | None = None) -> None:
        self.settings = settings
        self.path = path
        self.scenario = scenario
        self.clock = WorldClock(settings.stretches, moved=self._moved)
        self.world = World(settings.world)
        self.recorded = Recorded(None if path is None else companion(path, "ledger"), real_now, league_of)
        self.faults = Engine(settings.seed, self.clock, real_now, self.recorded)
        shown = ShiftedClock(self.clock)
        self.espn = EspnVenue(self.world, shown)
        self.kalshi = KalshiVenue(
            self.world,
            shown,
            journal=None if path is None else companion(path, "exchange"),
            recorder=self.recorded,
            real_clock=_VenueClock(),
        )
        derived = Derived(self.world, self.kalshi.market, self.kalshi.exchange)
        self.ledger = Ledger(self.recorded, derived, lambda: self.clock.stretches)
        self._venues = venue_app(self._routes(shown))
        self.app: ASGIApp = Faulty(Dated(self._venues), self.faults)
        self.warm = False
        """Whether the first pages of every league are made, so that nobody waits for them."""
        self.ended = asyncio.Event()
        """Set when another simulation took its place; its streams end then."""
        self.close = weakref.finalize(self, self.recorded.close)
        """Close the files; done when nobody holds the simulation any more, if not before."""

    async def make_first_pages(self) -> None:
        """Make what the world makes once; `warm` from then on."""
        await warm(self._venues, self.world)
        self.warm = True

    def _routes(self, clock: Clock) -> list[BaseRoute]:
        exchange, auth = self.kalshi.exchange, self.kalshi.auth
        stream = Stream(exchange, clock, auth.authenticate, StreamFaults(self.faults))
        return [*stream.routes(), *self.espn.routes(), *self.kalshi.routes()]

    def move_clock(
        self, *, speed: float | None = None, to: datetime | None = None, by: timedelta | None = None
    ) -> datetime:
        """Change the clock's speed, or what it shows; the world's new now. Set back, the exchange goes back too.

        Raises ConfigurationError for a speed or an instant no clock can have.
        """
        before = self.clock.now()
        after = self.clock.move(speed=speed, to=to, by=by)
        exchange = self.kalshi.exchange
        if after < before:
            exchange.advance(microseconds(before))
            exchange.rewind(microseconds(after))
        elif to is not None or by is not None:
            exchange.advance(microseconds(after))
        effect = "set back" if after < before else "jumped" if to is not None or by is not None else "changed speed"
        facts = {"effect": effect, "from": before.isoformat(), "to": after.isoformat(), "speed": self.clock.speed}
        self.recorded.record("clock", after, facts)
        return after

    def add_faults(self, rules: Sequence[AnyRule]) -> list[AnyRule]:
        """Have faults strike from now on, all or none; they come back with ids. Raises ConfigurationError."""
        added: list[AnyRule] = []
        try:
            for rule in rules:
                added.append(self.faults.add(rule))
            self._keep_hours()
        except ConfigurationError:
            for rule in added:
                self.faults.remove(rule.id)
            self._keep_hours()
            raise
        return added

    def remove_fault(self, name: str | None) -> int:
        """End a fault, or all with None; how many they were."""
        count = self.faults.clear() if name is None else int(self.faults.remove(name))
        self._keep_hours()
        return count

    def _keep_hours(self) -> None:
        """Have the exchange's hours say what the maintenance windows do, from now on."""
        hours, now = self.kalshi.market.hours, self.clock.now()
        windows = self.faults.maintenance
        if not windows and all(closure.end_us <= microseconds(now) for closure in hours.closures):
            return
        hours.reopen(now)
        for rule in windows:
            if rule.begins is None or rule.ends is None or rule.ends <= now:
                continue
            try:
                hours.close(max(rule.begins.astimezone(UTC), now), rule.ends, exchange=rule.scope == "exchange")
            except ValueError as error:
                raise ConfigurationError(f"fault {rule.id}: {error}") from error
        self.kalshi.exchange.advance(microseconds(now))

    def _moved(self, stretches: Stretches) -> None:
        self.settings = self.settings.moved(stretches)
        if self.path is not None:
            write_world(self.path, self.settings)

    def end(self) -> None:
        """Give way to another simulation: streams end now, files are closed once no request is left."""
        self.ended.set()


def venue_app(routes: Sequence[BaseRoute]) -> Starlette:
    """The venues, and JSON for paths and methods none of them knows."""
    return Starlette(routes=routes, exception_handlers={HTTPException: http_error})


async def http_error(_request: Request, error: Exception) -> Response:
    """JSON for a path or a method nobody here knows."""
    if not isinstance(error, HTTPException):
        raise error
    code = "not_found" if error.status_code == 404 else "method_not_allowed"
    return JSONResponse({"error": {"code": code, "message": error.detail}}, error.status_code, error.headers)
