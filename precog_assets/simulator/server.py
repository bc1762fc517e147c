"""The simulator as a server process: venues over one world, or over recorded payloads, on loopback.

Belongs here: listening, and the command line of `python -m precog_assets.simulator.server`. What is served is
`application`'s; which world it is, `world_file`'s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import SystemClock, parse_instant
from precog_assets.simulator.application import Application, recorded_application
from precog_assets.simulator.control.access import is_loopback
from precog_assets.simulator.faults.rules import read_fault_file
from precog_assets.simulator.kalshi.stream.heartbeat import websocket_options
from precog_assets.simulator.sockets import resettable
from precog_assets.simulator.staging import revive
from precog_assets.simulator.world_file import (
    CALENDARS,
    DEFAULT_PORT,
    SimulatorSettings,
    load_or_create_world,
    new_settings,
)

__all__ = ["build_app", "listening_socket", "main", "recorded_application", "serve"]


def build_app(settings: SimulatorSettings, path: Path | None = None) -> Application:
    """The venues over the settings' world, remembered beside `path`.

    Raises ConfigurationError for a league it cannot play.
    """
    return Application(revive(settings, path)[0])


def listening_socket(host: str, port: int, *, allow_remote: bool = False) -> socket.socket:
    """A bound socket. Raises ConfigurationError for a host beyond loopback, or a port that is taken.

    Port 0 takes a free one.
    """
    if not allow_remote and not is_loopback(host):
        raise ConfigurationError(
            f"Simulator host {host!r} is not a loopback address; use 127.0.0.1, ::1 or localhost, "
            "or allow remote clients explicitly."
        )
    if not 0 <= port <= 65_535:
        raise ConfigurationError(f"Simulator port {port}: expected 0 (a free one) to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's delay on: 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Simulator cannot listen on {host}:{port} ({error.strerror}); stop what listens there, or choose a port."
        ) from error
    return listener


def serve(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    allow_remote: bool = False,
    ready: Callable[[str], None] | None = None,
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish open requests and return.

    `ready` is called with the address once connections are accepted; `beside` runs from then on, and what it raises
    ends the server and is raised. Raises ConfigurationError as `listening_socket` does.
    """
    listener = listening_socket(host, port, allow_remote=allow_remote)
    config = configured(app)
    server = _Server(config, ready, _address(host, listener), beside)
    with listener, asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


def configured(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves a simulator: its own headers and protocols, and addresses as the connection has them."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=3,
        http=resettable(),
        date_header=False,
        server_header=False,
        proxy_headers=False,
        **websocket_options(),
    )


def _address(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens, and that a signal makes return instead of ending the process."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[str], None] | None,
        address: str,
        beside: Callable[[], Coroutine[Any, Any, None]] | None,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._address = address
        self._beside = beside
        self._running: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is not None:
            self._ready(self._address)
        if self._beside is not None:
            self._running = asyncio.create_task(self._beside())
            self._running.add_done_callback(self._failed)

    def _failed(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and running.exception() is not None:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's, and the end of what runs beside; its failure is the server's."""
        if self._running is not None:
            self._running.cancel()
        await super().shutdown(sockets)
        if self._running is not None:
            with suppress(asyncio.CancelledError):
                await self._running

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
    parser.add_argument("--calendar", choices=CALENDARS, help="every league in season at the anchor, or as in life")
    parser.add_argument("--reset", action="store_true", help="begin a new world in the file")
    parser.add_argument("--change-speed", action="store_true", help="take --speed over into the stored world")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="faults that strike from the start, as YAML")
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
            calendar=arguments.calendar,
            reset=arguments.reset,
            change_speed=arguments.change_speed,
        )
    return new_settings(
        real_now=now,
        seed=1 if arguments.seed is None else arguments.seed,
        speed=1.0 if arguments.speed is None else arguments.speed,
        anchor=anchor,
        leagues=leagues,
        calendar=arguments.calendar or CALENDARS[0],
    )


def _announce(address: str) -> None:
    sys.stdout.write(f"simulator ready at {address}\n")
    sys.stdout.flush()


def _application(arguments: argparse.Namespace) -> ASGIApp:
    if arguments.recorded:
        if arguments.faults:
            raise ConfigurationError("--faults: recorded payloads have none; leave it out.")
        return recorded_application(arguments.recorded)
    application = build_app(_settings(arguments), arguments.world)
    if arguments.faults:
        application.simulation.add_faults(read_fault_file(arguments.faults))
    return application


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: 0 after a stop signal, 2 when the settings are wrong."""
    arguments = _parser().parse_args(argv)
    try:
        app = _application(arguments)
        beside = app.simulation.make_first_pages if isinstance(app, Application) else None
        where = (arguments.host, arguments.port)
        serve(app, *where, allow_remote=arguments.allow_remote, ready=_announce, beside=beside)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}{os.linesep}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
