"""`precog collect`: the collector in the foreground, until Ctrl-C.

Belongs here: the process around it: signals, its line, its end. Does not: collecting (`pipeline.live`).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.environment import Environment
    from precog_assets.pipeline.live.process import Chore, CollectorProcess
    from precog_assets.pipeline.live.status import CollectorStatus
    from precog_assets.services import Services
    from precog_assets.sources.kalshi.auth import KalshiCredentials

END_S = 4.5
"""What has not ended so long after Ctrl-C is left: everything that counts is on disk."""
DERIVE_EACH_S = 30.0
SWITCH_S = 0.0005
M_ARENA_MAX, ARENAS = -8, 2
"""The parameter of glibc's mallopt, from malloc.h, and as many arenas as it may have."""


def collect(
    every: Annotated[float, typer.Option(help="Seconds between two lines.", min=0.2)] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line instead of text.")] = False,
) -> None:
    """Follow Kalshi's stream and ESPN's boards, and price and decide on what changes, at once.

    While it runs, the sensors leave the sources and the decisions to it; when it dies they take over within 10 s.
    Facts that the database does not take wait in a spool under PRECOG_HOME. Kalshi's stream needs a key: in demo and
    live this refuses to start without KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH; the simulator hands out a key of its
    own. Ctrl-C ends it within 5 s.

    Example: `precog collect`, or `precog collect --json --every 1`
    """
    from precog_assets.cli.simulator import simulator_for
    from precog_assets.environment import resolve
    from precog_assets.services import opened

    environment = resolve()
    few_arenas()
    # A chore that computes must not keep what reacts waiting 5 ms at each of its dozens of turns with the database.
    sys.setswitchinterval(SWITCH_S)
    with simulator_for(environment), opened(environment) as services:
        code = asyncio.run(_collect(services, every_s=every, as_json=as_json))
    sys.stdout.flush()
    raise typer.Exit(code)


def few_arenas() -> None:
    """Keep glibc from giving each of our threads an arena of its own, eight for every core.

    Memory that one thread frees is of no use to the next then: without this a collector grew by a quarter in minutes,
    with it by a twentieth in half an hour (`benchmarks/soak.py`). Other C libraries have no such arenas.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def credentials_of(environment: Environment) -> KalshiCredentials:
    """The key of the settings; at a simulated exchange one of its own where none is set.

    Raises ConfigurationError where the exchange is real and no key is set.
    """
    from precog_assets.cli.simulator import simulated_key
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.sources.kalshi.auth import load_credentials

    settings, venue = environment.settings, environment.venues["kalshi"]
    if settings.kalshi_key_id is not None and settings.kalshi_private_key_path is not None:
        return load_credentials(settings.kalshi_key_id.get_secret_value(), settings.kalshi_private_key_path)
    if venue.mode != "sim":
        raise ConfigurationError(
            f"KALSHI_MODE={venue.mode}: Kalshi's stream needs a key. Set KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH "
            "(polling over REST needs no key: run `precog up`, and turn the sensors on in its UI)."
        )
    return simulated_key(venue.base_url)


async def _collect(services: Services, *, every_s: float, as_json: bool) -> int:
    from precog_assets.pipeline.live.process import CollectorProcess
    from precog_assets.sources.kalshi.stream.handshake import stream_url

    environment = services.environment
    url = stream_url(environment.venues["kalshi"].base_url, environment.settings.kalshi_ws_url)
    process = CollectorProcess(services, url, credentials_of(environment), chores=_chores)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.create_task(process.run(), name="collector")
    lines = asyncio.create_task(_tell(process, every_s=every_s, show=_shown(as_json=as_json)), name="lines")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([running, lines, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        _leave_after(END_S)
        for task in (lines, stopped, running):
            task.cancel()
        results = await asyncio.gather(running, lines, stopped, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return 0


async def _tell(process: CollectorProcess, *, every_s: float, show: Callable[[CollectorStatus], None]) -> None:
    while True:
        await asyncio.sleep(every_s)
        status = process.status()
        process.tell(status)
        show(status)


def _shown(*, as_json: bool) -> Callable[[CollectorStatus], None]:
    import orjson

    def show(status: CollectorStatus) -> None:
        typer.echo(orjson.dumps(status.as_json()).decode() if as_json else status.line())
        sys.stdout.flush()

    return show


def _leave_after(seconds: float) -> None:
    """Threads that wait for a venue must not keep the process: what is not written is in the spool and the segments."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


def _chores(process: CollectorProcess) -> Sequence[Chore]:
    from precog_assets.automation.derive import Derived, derive_tick
    from precog_assets.pipeline.live.chores import chores_of
    from precog_assets.pipeline.live.process import Chore
    from precog_assets.pipeline.report import new_correlation_id

    state = [Derived()]

    def derive() -> None:
        state[0] = derive_tick(process.services, state[0], new_correlation_id()).state

    slower = chores_of(process.services, process.streaming, process.holds_book, process.reactor)
    return [*slower, Chore("links and ratings", lambda: DERIVE_EACH_S, derive)]
