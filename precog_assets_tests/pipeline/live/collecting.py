"""A collector in a process of its own over a simulated world, and what that world's ledger says truly happened."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from precog_assets import embedded
from precog_assets.cli.simulator import simulator_for
from precog_assets.config import load_leagues
from precog_assets.domain.times import board_days
from precog_assets.environment import Environment, Settings, resolve
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.markets import discover_series, poll_markets
from precog_assets.services import Services, build_services, open_database
from precog_assets_tests.cli.homes import PRECOG, Home, fresh_home

START = "2026-11-22T21:00:00Z"
"""A Sunday afternoon, with football and basketball in play."""
LEAGUES = "nfl,nba"
PATIENCE_S = 90.0


@dataclass
class Collecting:
    """A running collector; `statuses` is what it told of itself."""

    process: subprocess.Popen[str]
    log: Path
    seen: int = field(default=0)

    def statuses(self) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [orjson.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def last(self) -> dict[str, Any]:
        told = self.statuses()
        return told[-1] if told else {}

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@dataclass(frozen=True)
class LiveWorld:
    """A world, its database, and the services that a test looks with."""

    home: Home
    environment: Environment
    services: Services

    @property
    def engine(self) -> sa.Engine:
        return self.services.engine

    @property
    def speed(self) -> float:
        """Seconds of the world in one of the machine's."""
        return self.environment.settings.sim_speed

    def rows(self, query: str, **given: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query), given))

    def one(self, query: str, **given: Any) -> Any:
        return self.rows(query, **given)[0][0]

    @contextmanager
    def collector(self, **more: str) -> Iterator[Collecting]:
        """A collector until the block ends; it is asked to stop then, unless it was killed."""
        log = self.home.folder / f"collect-{time.monotonic_ns()}.jsonl"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [*PRECOG, "collect", "--json", "--every", "0.5"],
                env={**self.home.variables, **more},
                cwd=self.home.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        try:
            yield Collecting(process, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def control(self, path: str, body: Any = None, method: str | None = None, **query: Any) -> Any:
        """One call of the simulator's control."""
        how = method or ("GET" if body is None else "POST")
        base = f"http://127.0.0.1:{self.environment.settings.sim_port}/simulator"
        answer = httpx.request(how, base + path, json=body, params=query or None, timeout=60, trust_env=False)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def watched(self) -> list[str]:
        """Tickers of markets whose games are in play."""
        return [
            row.ticker
            for row in self.rows(
                "SELECT m.ticker FROM market.markets m JOIN market.market_games l USING (market_id) "
                "JOIN core.games g USING (game_id) WHERE l.verdict = 'matched' AND g.phase = 'in_play'"
            )
        ]


@contextmanager
def live_world(
    *, start: str = START, leagues: str = LEAGUES, read_first: Callable[[Services], None] | None = None, **more: str
) -> Iterator[LiveWorld]:
    """A home with a database, a simulator as a process, and today's games and markets read and linked.

    `read_first` is done instead of that reading where it is given; `more` are settings.
    """
    with home_of(start, leagues, **more) as (home, environment), simulator_for(environment):
        open_database(environment)
        services = build_services(environment, leagues=[load_leagues()[key] for key in leagues.split(",")])
        try:
            (read_first or seed)(services)
            yield LiveWorld(home, environment, services)
        finally:
            services.close()


@contextmanager
def home_of(start: str, leagues: str, **more: str) -> Iterator[tuple[Home, Environment]]:
    """A home with a database, and the environment of it in this process."""
    with fresh_home(SIM_START=start, PRECOG_LEAGUES=leagues, **more) as home, pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower() in Settings.model_fields:
                patch.delenv(name)
        given = {
            "precog_home": home.folder,
            "sim_port": int(home.variables["SIM_PORT"]),
            "precog_code_server_port": int(home.variables["PRECOG_CODE_SERVER_PORT"]),
            "sim_start": datetime.fromisoformat(start).astimezone(UTC),
            "precog_leagues": leagues,
            **{name.lower(): value for name, value in more.items()},
        }
        environment = resolve(Settings(_env_file=None, **given))  # type: ignore[call-arg]
        embedded.start(home.folder, extra_configuration="fsync = off\nfull_page_writes = off\n")
        yield home, environment


def seed(services: Services) -> None:
    """What a first pass reads of today."""
    days = board_days(services.clock.now())
    poll_games(services, [(league, day) for league in services.leagues for day in days], correlation_id="seed")
    discover_series(services, services.leagues, correlation_id="seed")
    poll_markets(services, services.leagues, correlation_id="seed")
    link_markets(services, correlation_id="seed")


def until(
    true: Callable[[], bool],
    collecting: Collecting | None = None,
    *,
    what: str = "it did not come",
    patience_s: float = PATIENCE_S,
) -> None:
    """Poll until it holds; fails with what the collector said."""
    deadline = time.monotonic() + patience_s
    while not true():
        gone = collecting is not None and collecting.process.poll() is not None
        if gone or time.monotonic() > deadline:
            said = "" if collecting is None else collecting.log.read_text(encoding="utf-8")[-3000:]
            pytest.fail(f"{what}:\n{said}")
        time.sleep(0.1)


def streaming(collecting: Collecting) -> bool:
    """Whether every market that is followed has a sound book."""
    last = collecting.last()
    return bool(last) and last["connected"] and last["markets"] > 0 and last["books"] == last["markets"]
