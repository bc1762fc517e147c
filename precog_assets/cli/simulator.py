"""Our own simulator as a child process: for `up`, and for the length of a command that reads sources."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from precog_assets.cli.children import Child, Program, get, listens
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.environment import Environment

if TYPE_CHECKING:
    from precog_assets.sources.kalshi.auth import KalshiCredentials

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0


def program(environment: Environment) -> Program:
    """How to run the simulator of this environment, over the world it remembers."""
    from precog_assets.services import world_file

    port = environment.settings.sim_port
    command = [sys.executable, "-m", "precog_assets.simulator.server"]
    command += ["--world", str(world_file(environment)), "--host", HOST, "--port", str(port)]
    return Program(
        name="simulator",
        command=command,
        log=environment.home / "logs" / "simulator.log",
        variables={},
        ready=lambda: _is_warm(get(HOST, port, "/simulator/health")),
    )


def _is_warm(health: bytes | None) -> bool:
    """Whether the simulator answers, and has made what it makes once: a cold one keeps its first callers waiting."""
    return health is not None and bool(json.loads(health)["warm"])


def is_ours(environment: Environment) -> bool:
    """Whether the simulator of this environment's world answers at SIM_PORT; False when nothing listens there.

    Raises ConfigurationError when something else does: another world's clock would date facts wrongly.
    """
    from precog_assets.services import clock_of

    port = environment.settings.sim_port
    clock = clock_of(environment)
    body = get(HOST, port, "/simulator/health")
    if body is None:
        if listens(HOST, port):
            raise ConfigurationError(f"SIM_PORT={port}: another program listens there; choose another port.")
        return False
    health = json.loads(body)
    if health["mode"] != "world":
        address = f"http://{HOST}:{port}"
        raise ConfigurationError(
            f"SIM_PORT={port}: recorded payloads are served there, not a simulated world. To read them, set "
            f"ESPN_BASE_URL={address} and KALSHI_BASE_URL={address}/trade-api/v2; else choose another SIM_PORT."
        )
    times = json.loads(get(HOST, port, "/simulator/clock") or b"{}")
    here = {
        "real_anchor": clock.real_anchor.isoformat(),  # type: ignore[attr-defined]  # a world's clock is followed
        "world_anchor": clock.world_anchor.isoformat(),  # type: ignore[attr-defined]
        "speed": clock.speed,  # type: ignore[attr-defined]
    }
    if any(times.get(name) != value for name, value in here.items()):
        raise ConfigurationError(
            f"SIM_PORT={port}: the simulator there runs another world or another speed (its {times}; here {here}). "
            "Stop it, or choose another SIM_PORT; SIM_SPEED and PRECOG_HOME must be the same for both."
        )
    return True


@contextmanager
def simulator_for(environment: Environment) -> Iterator[bool]:
    """The simulator for the length of a block, where a venue needs ours and none answers; True when started here."""
    if not environment.runs_simulator or is_ours(environment):
        yield False
        return
    child = Child(program(environment))
    try:
        _wait(child)
        yield True
    finally:
        child.stop()


def _wait(child: Child) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not child.program.ready():
        if child.exit_code is not None or time.monotonic() > deadline:
            raise PrecogError(
                "system.internal",
                f"The simulator did not start (exit code {child.exit_code}). The end of {child.program.log}:\n"
                f"{child.tail()}",
            )
        time.sleep(0.05)


def simulated_key(base_url: str) -> KalshiCredentials:
    """A new account's key at a simulated exchange. Raises PrecogError when none answers there, or it opens none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from precog_assets.sources.kalshi.auth import KalshiCredentials

    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port or 80, timeout=START_TIMEOUT_S)
    try:
        asked = json.dumps({"balance_dollars": "0.00", "key_kind": "ed25519", "tier": "prime"})
        connection.request("POST", "/simulator/accounts", asked, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        if answer.status != 201:
            raise PrecogError("http.client_error", f"The simulator at {parts.netloc} opens no account: {told}.")
    except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
        raise PrecogError("http.connection", f"No simulator answers at {parts.netloc}: {error}.") from error
    finally:
        connection.close()
    key = load_pem_private_key(told["private_key_pem"].encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return KalshiCredentials(told["key_id"], key)
