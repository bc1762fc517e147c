"""Child processes: started in groups of their own, their output in log files, stopped for certain.

Belongs here: one process. Does not: which ones there are and in what order (`up.py`), nor when one is
restarted (`supervisor.py`).
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT_LOGS = 3
GRACE_S = 12.0
PROBE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """How to run a child. `ready` says whether it answers."""

    name: str
    command: Sequence[str]
    log: Path
    variables: Mapping[str, str]
    ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    unset: tuple[str, ...] = ()
    """Variables of ours that it must not see."""


class Child:
    """One running program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        program.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(program.log)
        with program.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_variables(program),
                # A group of its own: Ctrl-C reaches this command alone, which then stops its children in order.
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self.process.poll()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started

    def ask_to_stop(self) -> None:
        if self.exit_code is None:
            _signal(self.process.pid, self.program.stop_signal)

    def stop(self, grace_s: float = GRACE_S) -> bool:
        """Ask, wait, then kill the whole group; False when it had to be killed."""
        self.ask_to_stop()
        clean = True
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            clean = False
        end_group(self.process.pid)
        self.process.wait()
        return clean

    def tail(self, lines: int = 15) -> str:
        return log_tail(self.program.log, lines)


def _variables(program: Program) -> dict[str, str]:
    merged = {**os.environ, **program.variables}
    return {name: value for name, value in merged.items() if name not in program.unset}


def end_group(pid: int) -> None:
    """Kill whatever is left of a child's group: its own children, or itself when it would not stop."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def rotate(log: Path) -> None:
    """Keep the logs of the last runs as NAME.log.1, NAME.log.2, ..."""
    if not log.exists() or not log.stat().st_size:
        return
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))


def log_tail(log: Path, lines: int = 15) -> str:
    """The end of a log file; empty when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((reachable(host), port), timeout=PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False


def get(host: str, port: int, path: str) -> bytes | None:
    """The body of a 200 answer of a server of our own on this machine; None when there is none."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return body if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def can_bind(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def reachable(host: str) -> str:
    """The address to reach a server that listens on `host` from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
