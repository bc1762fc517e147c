"""The simulator as a server process: venues over one world, or over recorded payloads, on loopback.

Belongs here: the application, listening, and the command line of `python -m precog_assets.simulator.server`.
What a venue answers is the venue's; which world it is, `world_file`'s. A further venue is one more line in
`world_venues`.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import Clock, SystemClock, parse_instant
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.recorded import recorded_routes
from precog_assets.simulator.world import World
from precog_assets.simulator.world_file import DEFAULT_PORT, SimulatorSettings, load_or_create_world, new_settings

__all__ = ["SimulatorSettings", "build_app", "build_recorded_app", "load_or_create_world", "main", "serve"]


def world_venues(world: World, clock: Clock) -> list[BaseRoute]:
    """The routes of every venue over the world."""
    return [*EspnVenue(world, clock).routes(), *KalshiVenue(world, clock).routes()]


def build_app(settings: SimulatorSettings) -> Starlette:
    """The venues over the settings' world and clock. Raises ConfigurationError for a league it cannot play."""
    clock = settings.clock

    def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "mode": "world",
            "now": clock.now().isoformat(),
            "seed": settings.seed,
            "speed": settings.speed,
        }

    def times() -> dict[str, Any]:
        return {
            "real_anchor": settings.real_anchor.isoformat(),
            "world_anchor": settings.world_anchor.isoformat(),
            "speed": settings.speed,
        }

    return _application(world_venues(World(settings.world), clock), health, times)


def build_recorded_app(folder: Path) -> Starlette:
    """The venues over a folder of recorded payloads, read once, now; its clock is the real one."""
    started = datetime.now(UTC).isoformat()

    def health() -> dict[str, Any]:
        return {"status": "ok", "mode": "recorded", "now": datetime.now(UTC).isoformat(), "seed": None, "speed": 1.0}

    def times() -> dict[str, Any]:
        return {"real_anchor": started, "world_anchor": started, "speed": 1.0}

    return _application(recorded_routes(folder), health, times)


def _application(
    venues: Sequence[BaseRoute], health: Callable[[], dict[str, Any]], times: Callable[[], dict[str, Any]]
) -> Starlette:
    async def show_health(_request: Request) -> Response:
        return _answer(health())

    async def show_clock(_request: Request) -> Response:
        return _answer(times())

    own = [Route("/simulator/health", show_health), Route("/simulator/clock", show_clock)]
    return Starlette(routes=[*own, *venues], exception_handlers={HTTPException: _http_error})


async def _http_error(_request: Request, error: Exception) -> Response:
    """JSON for paths and methods no venue here knows."""
    if not isinstance(error, HTTPException):
        raise error
    code = "not_found" if error.status_code == 404 else "method_not_allowed"
    return _answer({"error": {"code": code, "message": error.detail}}, error.status_code)


def _answer(body: Any, status_code: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code, media_type="application/json")


def listening_socket(host: str, port: int, *, allow_remote: bool = False) -> socket.socket:
    """A bound socket. Raises ConfigurationError for a host beyond loopback, or a port that is taken.

    Port 0 takes a free one.
    """
    if not allow_remote and not _is_loopback(host):
        raise ConfigurationError(
            f"Simulator host {host!r} is not a loopback address; use 127.0.0.1, ::1 or localhost, "
            "or allow remote clients explicitly."
        )
    if not 0 <= port <= 65_535:
        raise ConfigurationError(f"Simulator port {port}: expected 0 (a free one) to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Simulator cannot listen on {host}:{port} ({error.strerror}); stop what listens there, or choose a port."
        ) from error
    return listener


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    app: Starlette,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    allow_remote: bool = False,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish open requests and return.

    `ready` is called with the address once connections are accepted. Raises ConfigurationError as
    `listening_socket` does.
    """
    listener = listening_socket(host, port, allow_remote=allow_remote)
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off", timeout_graceful_shutdown=3)
    server = _Server(config, ready, _address(host, listener))
    with listener:
        asyncio.run(server.serve(sockets=[listener]))


def _address(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens, and that a signal makes return instead of ending the process."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None] | None, address: str) -> None:
        super().__init__(config)
        self._ready = ready
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is not None:
            self._ready(self._address)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop at the first signal; drop open requests at the second."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m precog_assets.simulator.server",
        description="Serve simulated ESPN and Kalshi venues, or recorded payloads, on loopback.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--world", type=Path, metavar="FILE", help="the world's file; made if absent, continued if there")
    what.add_argument("--recorded", type=Path, metavar="DIR", help="serve a folder of recorded payloads instead")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="accept a host that is not loopback")
    parser.add_argument("--seed", type=int, help="which world (default: 1); a stored world keeps its own")
    parser.add_argument("--anchor", help="instant at which a new world begins, e.g. 2026-11-22T01:00Z")
    parser.add_argument("--speed", type=float, help="how many times as fast as real time its clock runs (default: 1)")
    parser.add_argument("--leagues", help="comma-separated league keys (default: the configured default ones)")
    parser.add_argument("--reset", action="store_true", help="begin a new world in the file")
    parser.add_argument("--change-speed", action="store_true", help="take --speed over into the stored world")
    return parser


def _settings(arguments: argparse.Namespace) -> SimulatorSettings:
    try:
        anchor = parse_instant(arguments.anchor) if arguments.anchor else None
    except ValueError as error:
        raise ConfigurationError(f"--anchor: {error}") from error
    leagues = tuple(part.strip() for part in (arguments.leagues or "").split(",") if part.strip())
    now = SystemClock().now()
    if arguments.world is not None:
        return load_or_create_world(
            arguments.world,
            real_now=now,
            seed=arguments.seed,
            speed=arguments.speed,
            anchor=anchor,
            leagues=leagues,
            reset=arguments.reset,
            change_speed=arguments.change_speed,
        )
    return new_settings(
        real_now=now,
        seed=1 if arguments.seed is None else arguments.seed,
        speed=1.0 if arguments.speed is None else arguments.speed,
        anchor=anchor,
        leagues=leagues,
    )


def _announce(address: str) -> None:
    sys.stdout.write(f"simulator ready at {address}\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: 0 after a stop signal, 2 when the settings are wrong."""
    arguments = _parser().parse_args(argv)
    try:
        app = build_recorded_app(arguments.recorded) if arguments.recorded else build_app(_settings(arguments))
        serve(app, arguments.host, arguments.port, allow_remote=arguments.allow_remote, ready=_announce)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}{os.linesep}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
