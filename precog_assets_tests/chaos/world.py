"""A world whose faults are seeded and timed: the collector alone (`live_world`), or all that `precog up` starts.

Belongs here: starting, killing and waiting. Does not: what must hold afterwards (`comparing`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import psutil
import pytest
import sqlalchemy as sa

from precog_assets import embedded
from precog_assets.config import load_leagues
from precog_assets.environment import Settings, resolve
from precog_assets.services import build_services
from precog_assets_tests.chaos.comparing import Comparison, compare
from precog_assets_tests.cli.homes import PRECOG, fresh_home
from precog_assets_tests.pipeline.live.collecting import (
    LEAGUES,
    START,
    Collecting,
    LiveWorld,
    live_world,
    streaming,
    until,
)

__all__ = ["Collecting", "LiveWorld", "chance", "live_world", "settled", "streaming", "until", "whole_world"]

SEED = int(os.environ.get("PRECOG_CHAOS_SEED", "6"))
SETTLES_S = 75.0
COMMANDS = {
    "collector": ("cli.main", "collect"),
    "code server": ("code-server", "start"),
    "daemon": ("dagster._daemon", "run"),
    "simulator": ("simulator.server", "--world"),
}


def chance(name: str) -> Random:
    """The chance of one test; told, so that a run can be repeated with PRECOG_CHAOS_SEED."""
    print(f"chaos {name}: PRECOG_CHAOS_SEED={SEED}")
    return Random(f"{SEED}/{name}")


def settled(
    world: LiveWorld, since: datetime, collecting: Collecting | None = None, *, visible_s: float = 25.0
) -> tuple[Comparison, float]:
    """The comparison once everything agrees, and how long that took; the last one where it does not in time."""
    began_s = time.monotonic()
    while True:
        found = compare(world, since, visible_s=visible_s)
        took_s = time.monotonic() - began_s
        gone = collecting is not None and collecting.process.poll() is not None
        if found.sound or gone or took_s > SETTLES_S:
            return found, took_s
        time.sleep(1.0)


@dataclass(frozen=True)
class WholeWorld(LiveWorld):
    """A world with everything that `precog up` starts; what dies is started again by it."""

    up: subprocess.Popen[str]
    said: Path

    def pid_of(self, name: str) -> int | None:
        """The process of that name (COMMANDS), or a run's worker; None while there is none."""
        for child in self.children():
            if all(any(part.endswith(word) for part in child.cmdline()) for word in COMMANDS[name]):
                return child.pid
        return None

    def run_workers(self) -> list[psutil.Process]:
        """Processes that execute a run now."""
        return [child for child in self.children() if "execute_run" in " ".join(child.cmdline())]

    def children(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process(self.up.pid).children(recursive=True):
            try:
                if child.status() != psutil.STATUS_ZOMBIE and child.cmdline():
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, name: str) -> int:
        """kill -9 of a process, with the children that would go with its machine; which it was."""
        until(lambda: self.pid_of(name) is not None, what=f"no {name} runs")
        pid = self.pid_of(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, name: str, before: int) -> bool:
        """Whether another process of that name runs."""
        return self.pid_of(name) not in (None, before)

    def ticks(self, since: datetime) -> int:
        """Ticks of sensors that ended since then, by Dagster's own books (UTC of the machine)."""
        engine = sa.create_engine(self.dagster_url)
        try:
            with engine.connect() as connection:
                return connection.execute(
                    sa.text("SELECT count(*) FROM job_ticks WHERE timestamp > :s AND status IN ('SUCCESS', 'SKIPPED')"),
                    {"s": since.replace(tzinfo=None)},
                ).scalar_one()
        finally:
            engine.dispose()

    @property
    def dagster_url(self) -> str:
        from precog_assets.services import open_database

        return open_database(self.environment).dagster_url.replace("postgresql://", "postgresql+psycopg://", 1)

    def fed(self) -> bool:
        """Whether the collector follows with every book sound, by what it told last."""
        log = self.home.folder / "logs" / "collector.log"
        if not log.exists():
            return False
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return bool(lines) and '"connected":true' in lines[-1]


@contextmanager
def whole_world(**more: str) -> Iterator[WholeWorld]:
    """`precog up` with its collector, until the block ends."""
    with fresh_home(SIM_START=START, PRECOG_LEAGUES=LEAGUES, **more) as home, pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower() in Settings.model_fields:
                patch.delenv(name)
        given = {
            "precog_home": home.folder,
            "sim_port": int(home.variables["SIM_PORT"]),
            "sim_start": datetime.fromisoformat(START),
            "precog_leagues": LEAGUES,
        }
        environment = resolve(Settings(_env_file=None, **given))  # type: ignore[call-arg]
        embedded.start(home.folder, extra_configuration="fsync = off\nfull_page_writes = off\n")
        said = home.folder / "up.txt"
        with said.open("w", encoding="utf-8") as out:
            up = subprocess.Popen(
                [*PRECOG, "up", "--no-ui", "--no-bootstrap", "--collector"],
                env=dict(home.variables),
                cwd=home.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        services = None
        try:
            _wait(lambda: "is up after" in said.read_text(encoding="utf-8"), up, said)
            services = build_services(environment, leagues=[load_leagues()[key] for key in LEAGUES.split(",")])
            world = WholeWorld(home, environment, services, up, said)
            _wait(world.fed, up, said)
            _wait(lambda: bool(world.watched()), up, said)
            yield world
        finally:
            if services is not None:
                services.close()
            up.send_signal(signal.SIGINT)
            try:
                up.wait(60)
            except subprocess.TimeoutExpired:
                up.kill()
                up.wait()


def _wait(true: Callable[[], bool], up: subprocess.Popen[str], said: Path) -> None:
    deadline = time.monotonic() + 150.0
    while not true():
        if up.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"up did not come (exit code {up.poll()}):\n{said.read_text(encoding='utf-8')[-3000:]}")
        time.sleep(0.3)
