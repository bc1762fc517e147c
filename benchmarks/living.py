"""What the figures of live work share: a home with a simulated world, a collector in it, and what truly changed.

Belongs here: real processes, the simulator's ledger, and which row of ours is of which change. Does not: figures.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.flood import free_port
from benchmarks.house import ROOT
from precog_assets import embedded
from precog_assets.domain.times import board_days
from precog_assets.environment import Environment, Settings, resolve
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.markets import discover_series, poll_markets
from precog_assets.services import Services

START = datetime(2026, 11, 21, 19, 15, tzinfo=UTC)
"""A Saturday afternoon: 60 games are played, and 250 begin within a day."""
STOP_S = 15.0
REPLACED_S = 6.0
"""A change that was followed by the market's next one so soon may have been seen as that one."""
_QUOTES = sa.text(
    """
    SELECT m.ticker, q.observed_at, q.yes_bid, q.yes_ask
    FROM market.quotes q JOIN market.markets m USING (market_key)
    WHERE q.observed_at > :since AND (NOT :streamed OR q.response_offset IS NOT NULL)
    ORDER BY m.ticker, q.observed_at
    """
)


@contextlib.contextmanager
def home(**more: Any) -> Iterator[Environment]:
    """An environment of its own with a running database; `more` are settings."""
    with tempfile.TemporaryDirectory(prefix="precog-live-") as folder:
        place = Path(folder)
        embedded.start(place)
        given = {"precog_home": place, "precog_leagues": "", "sim_port": free_port(), "sim_start": START, **more}
        try:
            yield resolve(Settings(_env_file=None, **given))  # type: ignore[call-arg]
        finally:
            embedded.stop(place)


def variables(environment: Environment) -> dict[str, str]:
    """What a process needs to live in the same environment."""
    settings = environment.settings
    assert settings.sim_start is not None
    return {
        "PRECOG_HOME": str(environment.home),
        "SIM_PORT": str(settings.sim_port),
        "SIM_START": settings.sim_start.isoformat(),
        "SIM_SPEED": str(settings.sim_speed),
    }


@contextlib.contextmanager
def collecting(
    environment: Environment, statuses: list[dict[str, Any]], *, log: Path | None = None, **more: str
) -> Iterator[psutil.Process]:
    """`precog collect` in a process of its own; its lines come into `statuses`, its warnings into `log`."""
    command = [sys.executable, "-m", "precog_assets.cli.main", "collect", "--json", "--every", "2"]
    with contextlib.ExitStack() as opened:
        errors = opened.enter_context(log.open("wb")) if log is not None else None
        process = opened.enter_context(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env={**os.environ, **variables(environment), **more},
            )
        )

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                statuses.append(json.loads(line))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(5)


def seed(services: Services) -> None:
    """Games, markets and links, so that there is something to follow."""
    days = board_days(services.clock.now())
    poll_games(services, [(league, day) for league in services.leagues for day in days], correlation_id="bench")
    discover_series(services, services.leagues, correlation_id="bench")
    poll_markets(services, services.leagues, correlation_id="bench")
    link_markets(services, correlation_id="bench")


def until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait until something is true. Raises RuntimeError that says what was not."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(0.2)


def count(services: Services, query: str) -> int:
    """The number that a query answers."""
    with services.engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


def control(environment: Environment, path: str, body: Any) -> Any:
    """Tell the simulator something."""
    with httpx.Client(base_url=_address(environment), timeout=60, trust_env=False) as client:
        return client.post(path, json=body).raise_for_status().json()


def ledger(
    environment: Environment, kind: str, since: datetime, until_at: datetime | None = None
) -> list[Mapping[str, Any]]:
    """Every happening of a kind after an instant of the world."""
    query: dict[str, Any] = {"kinds": kind, "from": since.isoformat(), "limit": 1000}
    if until_at is not None:
        query["to"] = until_at.isoformat()
    rows: list[Mapping[str, Any]] = []
    with httpx.Client(base_url=_address(environment), timeout=60, trust_env=False) as client:
        while True:
            page = client.get("/simulator/ledger", params=query).raise_for_status().json()
            rows += page["happenings"]
            if not page["cursor"]:
                return rows
            query["cursor"] = page["cursor"]


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """A change of a maker's best prices or sizes, and the row of ours that has it."""

    ticker: str
    at: datetime
    observed_at: datetime | None
    """None: no row has it; `why` says why."""
    why: str = ""


def quote_changes(
    services: Services, happenings: Sequence[Mapping[str, Any]], followed: set[str], since: datetime, *, streamed: bool
) -> list[QuoteChange]:
    """Each change with the first row that came after it and has its prices.

    Without one: the market is `not followed`; its next change came before a row did (`replaced`); another's order
    stands in the book, or the makers' old prices were back (`other prices`).
    """
    rows: dict[str, list[tuple[datetime, Decimal | None, Decimal | None]]] = defaultdict(list)
    with services.engine.connect() as connection:
        for row in connection.execute(_QUOTES, {"since": since, "streamed": streamed}):
            rows[row.ticker].append((row.observed_at, row.yes_bid, row.yes_ask))
    following: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = defaultdict(list)
    for happening in happenings:
        following[happening["ticker"]].append((datetime.fromisoformat(happening["world_time"]), happening))
    found = []
    for ticker, changes in following.items():
        for number, (at, change) in enumerate(changes):
            if ticker not in followed:
                found.append(QuoteChange(ticker, at, None, "not followed"))
                continue
            after_at = changes[number + 1][0] if number + 1 < len(changes) else None
            found.append(_of_change(ticker, at, after_at, change, rows.get(ticker, ())))
    return found


def _of_change(
    ticker: str,
    at: datetime,
    after_at: datetime | None,
    change: Mapping[str, Any],
    rows: Sequence[tuple[datetime, Decimal | None, Decimal | None]],
) -> QuoteChange:
    wanted = (Decimal(change["yes_bid"]), Decimal(change["yes_ask"]))
    for observed_at, bid, ask in rows:
        if observed_at >= at and (bid, ask) == wanted and (after_at is None or observed_at < after_at):
            return QuoteChange(ticker, at, observed_at)
    if after_at is not None and (after_at - at).total_seconds() < REPLACED_S:
        return QuoteChange(ticker, at, None, "replaced")
    return QuoteChange(ticker, at, None, "other prices")


def _address(environment: Environment) -> str:
    return f"http://127.0.0.1:{environment.settings.sim_port}"
