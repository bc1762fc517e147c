"""A world in which much happens, with the collector alone or all that `precog up` starts; faults in it, and waiting.

Belongs here: starting, killing, faults, waiting. Does not: what must hold afterwards (`comparing`).

Much happens, or little is proven: a Saturday of three leagues at three times speed has about 50 changes of scores,
2,000 of quotes and 750 trades in a minute of ours, and a strategy that takes every cent makes some hundred paper orders
of them. Ratings of five days and loosened gates are what that takes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
import yaml

from precog_assets import config
from precog_assets.config import load_leagues
from precog_assets.domain.times import eastern_day
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.rate import rate_league
from precog_assets.services import Services, build_services, dagster_storage_url, open_database
from precog_assets_tests.chaos.comparing import LATE_S, Comparison, Span, compare
from precog_assets_tests.cli.homes import PRECOG
from precog_assets_tests.pipeline.live.collecting import (
    Collecting,
    LiveWorld,
    home_of,
    live_world,
    seed,
    streaming,
    until,
)

__all__ = [
    "Collecting",
    "LiveWorld",
    "busy_world",
    "chance",
    "counted",
    "faults",
    "pass_s",
    "settled",
    "streaming",
    "until",
    "whole_world",
]

SEED = int(os.environ.get("PRECOG_CHAOS_SEED", "6"))
SETTLES_S = 75.0
FEWEST_TRADES = 20
"""Fewer would prove little of those that are lost."""
START, LEAGUES, SPEED = "2026-11-21T19:30:00Z", "nba,ncaab,nhl", "3"
GONE_S = 10.0
"""Within which a process that was killed is gone."""
DAYS_BEFORE = 5
EAGER_GATES = {
    "min_games": 0,
    "max_rating_age_days": 4000,
    "max_spread": "0.2",
    "min_depth_contracts": "0",
    "min_net_value": "0.0001",
    "max_net_value": "0.5",
    "in_play": True,
}
"""What differs from the strategy `maker` as it is shipped; the limits of ages are its own."""
NO_LIMITS = {
    "starting_cash": "1000000",
    "per_market": "100000",
    "per_game": "100000",
    "per_league": "100000",
    "per_day": "1000000",
    "total": "1000000",
    "orders_per_minute": 1000,
}
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


@contextmanager
def busy_world() -> Iterator[LiveWorld]:
    """The world in which much happens, read, rated, and ready for a collector."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pc-rules-")))
        more = {"PRECOG_CONFIG_DIR": str(eager_rules(folder)), "SIM_SPEED": SPEED}
        yield opened.enter_context(live_world(start=START, leagues=LEAGUES, read_first=read_and_rate, **more))


def eager_rules(folder: Path) -> Path:
    """The rules as they are shipped, in a folder, but for one strategy that takes what it can get."""
    shipped = Path(config.__file__).parent
    for file in shipped.glob("*.yaml"):
        shutil.copy(file, folder)
    rules = yaml.safe_load((shipped / "strategies.yaml").read_text(encoding="utf-8"))
    maker = rules["strategies"]["maker"]
    maker |= {"leagues": LEAGUES.split(","), "start_rung": "paper", "order_lifetime_s": 20}
    maker["gates"] = maker["gates"] | EAGER_GATES
    maker["sizing"] = maker["sizing"] | {"max_contracts": "5"}
    rules["strategies"] = {"maker": maker}
    rules["limits"] |= NO_LIMITS
    (folder / "strategies.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    return folder


def read_and_rate(services: Services) -> None:
    """The boards of some days before and of tomorrow, today's games and markets, and ratings by them.

    Tomorrow's, so that no market enters the collector's window while it is compared.
    """
    today = eastern_day(services.clock.now())
    days = [today + timedelta(days=number) for number in range(-DAYS_BEFORE, 2) if number]
    poll_games(services, [(league, day) for league in services.leagues for day in days], correlation_id="seed")
    seed(services)
    for league in services.leagues:
        rate_league(services, league, correlation_id="seed")


@contextmanager
def faults(world: LiveWorld, *rules: Mapping[str, Any]) -> Iterator[Callable[[], int]]:
    """Faults until the block ends; what it yields tells how often they struck so far."""
    named = [world.control("/faults", dict(rule))["id"] for rule in rules]

    def struck() -> int:
        return sum(rule["struck"] for rule in world.control("/faults")["faults"] if rule["id"] in named)

    try:
        yield struck
    finally:
        for name in named:
            world.control(f"/faults/{name}", method="DELETE")


def pass_s(seconds: float, collecting: Collecting) -> None:
    """Let a time of ours pass; fails with what the collector said where it died meanwhile."""
    ends_s = time.monotonic() + seconds
    until(lambda: time.monotonic() > ends_s, collecting)


def counted(world: LiveWorld, since: datetime) -> set[str]:
    """The codes of what failed since an instant of the world, as operators see them counted."""
    return {row.code for row in world.rows("SELECT code FROM ops.error_counts WHERE last_at >= :since", since=since)}


def settled(
    world: LiveWorld,
    since: datetime,
    collecting: Collecting | None = None,
    *,
    visible_s: float = LATE_S,
    told: Mapping[str, Span] | None = None,
) -> tuple[Comparison, float]:
    """The comparison once everything agrees, orders are written again, and trades were compared, with how long that
    took; the last comparison where it does not come to that in time.

    `visible_s` in our seconds, and `told`, as `compare` has them.
    """
    began_s, over = time.monotonic(), world.services.clock.now()
    while True:
        trading = bool(world.rows("SELECT 1 FROM book.orders WHERE created_at > :over LIMIT 1", over=over))
        found = compare(world, since, visible_s=visible_s, told=told)
        took_s = time.monotonic() - began_s
        gone = collecting is not None and collecting.process.poll() is not None
        enough = trading and found.rows["trades"].ledger >= FEWEST_TRADES
        if (found.sound and enough) or gone or took_s > SETTLES_S:
            assert trading, "no order was written any more"
            assert enough, f"too little happened to prove anything: {found.rows['trades'].ledger} trades"
            return found, took_s
        time.sleep(1.0)


@dataclass(frozen=True)
class WholeWorld(LiveWorld):
    """A world with everything that `precog up` starts; what dies is started again by it."""

    up: subprocess.Popen[str]
    said: Path

    def pid_of(self, name: str) -> int | None:
        """The process of that name (COMMANDS), or a run's worker; None while there is none."""
        for child, command in self.children():
            if all(any(part.endswith(word) for part in command) for word in COMMANDS[name]):
                return child.pid
        return None

    def run_workers(self) -> list[psutil.Process]:
        """Processes that execute a run now."""
        children = self.children()
        servers = {child.pid for child, command in children if "grpc" in command}
        return [
            child
            for child, command in children
            if "multiprocessing.spawn" in " ".join(command) and child.ppid() in servers
        ]

    def children(self) -> list[tuple[psutil.Process, list[str]]]:
        """Processes that run, and their commands; one that ended meanwhile is none of them."""
        found = []
        for child in psutil.Process(self.up.pid).children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.NoSuchProcess:
                continue
            if command:
                found.append((child, command))
        return found

    def kill(self, name: str, *, with_children: bool = False) -> int:
        """kill -9 of a process, where asked for with all that it began; which it was."""
        until(lambda: self.pid_of(name) is not None, what=f"no {name} runs")
        pid = self.pid_of(name)
        assert pid is not None
        below = psutil.Process(pid).children(recursive=True) if with_children else []
        os.kill(pid, signal.SIGKILL)
        for child in below:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(below, timeout=GONE_S)
        return pid

    def back(self, name: str, before: int) -> bool:
        """Whether another process of that name runs."""
        return self.pid_of(name) not in (None, before)

    def ticks(self, since: datetime) -> int:
        """Ticks of sensors that ended since then, by Dagster's own books (UTC of the machine)."""
        ended = "SELECT count(*) FROM job_ticks WHERE timestamp > :since AND status IN ('SUCCESS', 'SKIPPED')"
        return self.of_dagster(ended, since=since.replace(tzinfo=None))[0][0]

    def of_dagster(self, query: str, **given: Any) -> list[Any]:
        """Rows of Dagster's own database."""
        engine = sa.create_engine(sa.make_url(self.storage_url))
        try:
            with engine.connect() as connection:
                return list(connection.execute(sa.text(query), given))
        finally:
            engine.dispose()

    @property
    def storage_url(self) -> str:
        """Of Dagster's database, as its processes are told it."""
        return dagster_storage_url(open_database(self.environment))

    def fed(self) -> bool:
        """Whether the collector follows with every book sound, by what it told last."""
        log = self.home.folder / "logs" / "collector.log"
        if not log.exists():
            return False
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return bool(lines) and '"connected":true' in lines[-1]


@contextmanager
def whole_world(**more: str) -> Iterator[WholeWorld]:
    """`precog up` with its collector over the world in which much happens, until the block ends."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pc-rules-")))
        given = {"PRECOG_CONFIG_DIR": str(eager_rules(folder)), "SIM_SPEED": SPEED, **more}
        home, environment = opened.enter_context(home_of(START, LEAGUES, **given))
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
        opened.callback(_stop, up)
        _wait(lambda: "is up after" in said.read_text(encoding="utf-8"), up, said)
        services = build_services(environment, leagues=[load_leagues()[key] for key in LEAGUES.split(",")])
        opened.callback(services.close)
        read_and_rate(services)
        world = WholeWorld(home, environment, services, up, said)
        _wait(world.fed, up, said)
        _wait(lambda: bool(world.watched()), up, said)
        yield world


def _stop(up: subprocess.Popen[str]) -> None:
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
