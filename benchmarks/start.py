"""`make run` in a clean copy of the checkout, packages cached: until the UI answers and assets are materialized.

Belongs here: starting the whole product as a person does, on ports of its own, and reading from Dagster's event log
when each asset was first materialized. Needs make, and the packages in uv's and pip's caches.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target
from precog_assets import embedded

TARGET = Target("<=", 60.0)
WATCHED_S = 60.0
GIVE_UP_S = 240.0
STOP_S = 60.0
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".precog", ".env", "__pycache__", ".*_cache", ".hypothesis", "target"
)
_FIRST = """
    SELECT asset_key, extract(epoch FROM min(timestamp AT TIME ZONE 'UTC')) FROM event_logs
    WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND asset_key IS NOT NULL
      AND timestamp > to_timestamp(%s) AT TIME ZONE 'UTC'
    GROUP BY asset_key ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from typing the command."""

    installed_s: float
    ui_s: float
    assets_s: dict[str, float]
    """First materialization of each asset."""
    stop_s: float

    @property
    def ready_s(self) -> float:
        """UI answering and a first asset materialized."""
        return max(self.ui_s, min(self.assets_s.values()))

    def within(self, seconds: float) -> int:
        return sum(1 for at in self.assets_s.values() if at <= seconds)


def measure(scale: Scale) -> list[Figure]:
    """A first start, and, unless quick, a second one of the same checkout."""
    with tempfile.TemporaryDirectory(prefix="precog-start-") as folder:
        checkout = Path(folder) / "precog"
        shutil.copytree(ROOT, checkout, ignore=_LEFT_OUT)
        first = _start(checkout)
        figures = [
            Figure(
                "make run, clean checkout: UI answers and first asset",
                first.ready_s,
                "s",
                TARGET,
                f"set-up {first.installed_s:.0f} s, UI at {first.ui_s:.0f} s, first asset at "
                f"{min(first.assets_s.values()):.0f} s, {first.within(WATCHED_S)} assets within 60 s",
                _detail(first),
            ),
            Figure("Ctrl-C until everything is stopped", first.stop_s, "s"),
        ]
        if not scale.quick:
            again = _start(checkout)
            figures.append(
                Figure(
                    "make run, second start: UI answers and first asset",
                    again.ready_s,
                    "s",
                    None,
                    f"UI at {again.ui_s:.0f} s, first asset at {min(again.assets_s.values()):.0f} s",
                    _detail(again),
                )
            )
    return figures


def _detail(start: Start) -> dict[str, object]:
    assets = {key: round(at, 1) for key, at in start.assets_s.items()}
    return {"installed_s": round(start.installed_s, 1), "ui_s": round(start.ui_s, 1), "first_materialized_s": assets}


def _start(checkout: Path) -> Start:
    """Run until WATCHED_S are over and an asset is there. Raises RuntimeError with the command's last lines."""
    ports = _free_ports(3)
    variables = {"SIM_PORT": ports[0], "PRECOG_UI_PORT": ports[1], "PRECOG_CODE_SERVER_PORT": ports[2]}
    stamp = checkout / ".venv" / ".installed"
    before = stamp.stat().st_mtime if stamp.exists() else 0.0
    began_at, began = time.time(), time.monotonic()
    ui_s: float | None = None
    assets: dict[str, float] = {}
    with _make_run(checkout, {name: str(port) for name, port in variables.items()}) as process:
        while ui_s is None or not assets or time.monotonic() - began < WATCHED_S:
            if process.poll() is not None or time.monotonic() - began > GIVE_UP_S:
                raise RuntimeError(f"make run was not ready after {GIVE_UP_S:g} s, or ended:\n{_tail(checkout)}")
            if ui_s is None and _answers(ports[1]):
                ui_s = time.monotonic() - began
            if ui_s is not None:
                assets = _materialized(checkout / ".precog", began_at)
            time.sleep(0.2)
        asked = time.monotonic()
        _interrupt(process)
        stop_s = time.monotonic() - asked
    installed_s = stamp.stat().st_mtime - began_at if stamp.stat().st_mtime > before else 0.0
    return Start(installed_s, ui_s, assets, stop_s)


@contextmanager
def _make_run(checkout: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process group of its own, as in a terminal; nothing of it is left behind."""
    command = ["make", "run", f"PYTHON={getattr(sys, '_base_executable', sys.executable)}"]
    inherited = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    with (checkout / "run.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=checkout,
            env={**inherited, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _interrupt(process)
        embedded.stop(checkout / ".precog")


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C: the group gets SIGINT; what does not stop in time is killed."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=2.0).status_code == 200
    except httpx.TransportError:
        return False


def _materialized(home: Path, since: float) -> dict[str, float]:
    """Seconds after `since` at which each asset was first materialized, from Dagster's own database."""
    lines = (embedded.data_folder(home) / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    url = f"postgresql://postgres@/precog_dev_sim_dagster?host={lines[4]}"
    with psycopg.connect(url) as connection:
        return {key: float(at) - since for key, at in connection.execute(_FIRST, (since,)).fetchall()}


def _tail(checkout: Path) -> str:
    return "\n".join((checkout / "run.log").read_text(encoding="utf-8", errors="replace").splitlines()[-30:])


def _free_ports(count: int) -> list[int]:
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()
