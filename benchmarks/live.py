"""The collector from a change in the world to a decision, and under a flood: real processes at real speed.

Belongs here: latency of streamed prices and of scores against the simulator's ledger, and what a flood does to lag,
processor and memory. Does not: the stream without sockets (`stream`).

A change is published when the ledger says that it happened. Its decision is that of the first reaction that began
after its fact was received and named its market; it is announced once it is committed, and says when.
"""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import sqlalchemy as sa
from psycopg import sql

from benchmarks.flood import free_port
from benchmarks.house import ROOT, serving
from benchmarks.measure import Figure, Scale, Target, percentile
from precog_assets import embedded
from precog_assets.cli.simulator import simulator_for
from precog_assets.domain.times import board_days
from precog_assets.environment import Environment, Settings, resolve
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.live.reaction import CHANNEL
from precog_assets.pipeline.live.watched import read_watched
from precog_assets.pipeline.markets import discover_series, poll_markets
from precog_assets.services import Services, build_services, open_database

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""A Saturday evening, when every league plays."""
SETTLED_S = 20.0
POLL_S = 4.0
RATE = 2_000
SCORE_SHARE = 10
"""Quote changes are at least so many times as many as score changes."""
_QUOTES = sa.text(
    """
    SELECT m.ticker, q.observed_at
    FROM market.quotes q JOIN market.markets m USING (market_key)
    WHERE q.observed_at > :since AND q.response_offset IS NOT NULL ORDER BY m.ticker, q.observed_at
    """
)
_SCORES = sa.text(
    """
    SELECT s.game_id, s.home_score, s.away_score, min(s.observed_at) AS observed_at
    FROM core.game_states s WHERE s.observed_at > :since GROUP BY 1, 2, 3
    """
)
_MARKETS = sa.text("SELECT game_id, market_id FROM market.market_games WHERE verdict = 'matched'")


def measure(scale: Scale) -> list[Figure]:
    """Latencies, then the flood."""
    return [*_latencies(scale.of(2_000, 200), scale.of(900, 60)), *_flood(scale.of(300, 60))]


@dataclass(slots=True)
class Heard:
    """Reactions as they were announced: instants of the world's clock, by market."""

    reactions: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, payload: str) -> None:
        told = json.loads(payload)
        began, at = datetime.fromisoformat(told["began_at"]), datetime.fromisoformat(told["at"])
        for market in told["markets"]:
            self.reactions[market].append((began, at))

    def after(self, market: str, observed_at: datetime) -> datetime | None:
        """When the first reaction that began after an instant was committed."""
        told = self.reactions.get(market, [])
        place = bisect.bisect_left(told, (observed_at,))
        return told[place][1] if place < len(told) else None


@contextlib.contextmanager
def _home(**more: Any) -> Iterator[Environment]:
    with tempfile.TemporaryDirectory(prefix="precog-live-") as folder:
        home = Path(folder)
        embedded.start(home)
        given = {"precog_home": home, "precog_leagues": "", "sim_port": free_port(), "sim_start": START, **more}
        try:
            yield resolve(Settings(_env_file=None, **given))  # type: ignore[call-arg]
        finally:
            embedded.stop(home)


@contextlib.contextmanager
def _collector(environment: Environment, statuses: list[dict[str, Any]], **more: str) -> Iterator[psutil.Process]:
    settings = environment.settings
    variables = {
        "PRECOG_HOME": str(environment.home),
        "SIM_PORT": str(settings.sim_port),
        "SIM_START": START.isoformat(),
        **more,
    }
    command = [sys.executable, "-m", "precog_assets.cli.main", "collect", "--json", "--every", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **variables}
    ) as process:

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
            process.wait(15)
            reader.join(5)


def _latencies(changes: int, longest_s: float) -> list[Figure]:
    with _home() as environment, simulator_for(environment):
        open_database(environment)
        services = build_services(environment)
        try:
            _seed(services)
            return _follow(environment, services, changes, longest_s)
        finally:
            services.close()


def _seed(services: Services) -> None:
    """Games, markets and links, so that there is something to follow."""
    days = board_days(services.clock.now())
    poll_games(services, [(league, day) for league in services.leagues for day in days], correlation_id="bench")
    discover_series(services, services.leagues, correlation_id="bench")
    poll_markets(services, services.leagues, correlation_id="bench")
    link_markets(services, correlation_id="bench")


def _follow(environment: Environment, services: Services, changes: int, longest_s: float) -> list[Figure]:
    heard, stop, statuses = Heard(), threading.Event(), []
    url = services.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    listener = threading.Thread(target=_listen, args=(url, heard, stop), daemon=True)
    listener.start()
    with _collector(environment, statuses) as process:
        _until(lambda: bool(statuses) and statuses[-1]["connected"] and statuses[-1]["books"] > 0, 90, "no stream")
        time.sleep(SETTLED_S)
        process.cpu_percent()
        since, began_s = services.clock.now(), time.monotonic()
        while time.monotonic() - began_s < longest_s and (
            len(_ledger(environment, "quote", since)) < changes
            or len(_ledger(environment, "score", since)) < changes // SCORE_SHARE
        ):
            time.sleep(10)
        until = services.clock.now()
        time.sleep(3)
        cpu, memory = process.cpu_percent(), process.memory_info().rss / 1e6
    stop.set()
    listener.join(5)
    prices, unseen = _price_latencies(environment, services, heard, since, until)
    scores = _score_latencies(environment, services, heard, since, until)
    live = _count(services, "SELECT count(*) FROM core.games WHERE phase = 'in_play'")
    note = f"{len(prices)} changes, {unseen} not seen, {live} games in play, {statuses[-1]['markets']} markets"
    figures = _percentiles("price published to decision committed", prices, 2.0, note)
    figures += _percentiles("score published to decision committed", scores, POLL_S + 1, f"{len(scores)} changes")
    figures.append(Figure("collector's processor while following", cpu, "%", note=f"{memory:.0f} MB resident"))
    return figures


def _percentiles(name: str, values: list[float], limit_s: float, note: str) -> list[Figure]:
    if not values:
        raise RuntimeError(f"{name}: nothing changed")
    figures = [
        Figure(f"{name}, {label}", percentile(values, share), "s") for label, share in (("p50", 0.5), ("p95", 0.95))
    ]
    return [*figures, Figure(f"{name}, p99", percentile(values, 0.99), "s", Target("<=", limit_s), note)]


def _price_latencies(
    environment: Environment, services: Services, heard: Heard, since: datetime, until: datetime
) -> tuple[list[float], int]:
    rows: dict[str, list[datetime]] = defaultdict(list)
    with services.engine.connect() as connection:
        for row in connection.execute(_QUOTES, {"since": since}):
            rows[row.ticker].append(row.observed_at)
    followed = set(read_watched(services).tickers)
    took, unseen = [], 0
    for change in _ledger(environment, "quote", since, until):
        ticker, at = change["ticker"], datetime.fromisoformat(change["world_time"])
        if ticker not in followed:
            continue
        found = rows.get(ticker, [])
        place = bisect.bisect_left(found, at)
        decided = heard.after(f"kalshi:{ticker}", found[place]) if place < len(found) else None
        if decided is None:
            unseen += 1
        else:
            took.append((decided - at).total_seconds())
    return took, unseen


def _score_latencies(
    environment: Environment, services: Services, heard: Heard, since: datetime, until: datetime
) -> list[float]:
    with services.engine.connect() as connection:
        states = {
            (row.game_id, row.home_score, row.away_score): row.observed_at
            for row in connection.execute(_SCORES, {"since": since})
        }
        markets: dict[str, str] = {row.game_id: row.market_id for row in connection.execute(_MARKETS)}
    took = []
    for change in _ledger(environment, "score", since, until):
        game = f"{change['league']}:{change['event_id']}"
        observed = states.get((game, change["home_score"], change["away_score"]))
        decided = heard.after(markets[game], observed) if observed is not None and game in markets else None
        if decided is not None:
            took.append((decided - datetime.fromisoformat(change["world_time"])).total_seconds())
    return [one for one in took if one >= 0]


def _ledger(
    environment: Environment, kind: str, since: datetime, until: datetime | None = None
) -> list[Mapping[str, Any]]:
    """Every happening of a kind after an instant of the world."""
    query: dict[str, Any] = {"kinds": kind, "from": since.isoformat(), "limit": 1000}
    if until is not None:
        query["to"] = until.isoformat()
    rows: list[Mapping[str, Any]] = []
    with httpx.Client(
        base_url=f"http://127.0.0.1:{environment.settings.sim_port}", timeout=60, trust_env=False
    ) as client:
        while True:
            page = client.get("/simulator/ledger", params=query).raise_for_status().json()
            rows += page["happenings"]
            if not page["cursor"]:
                return rows
            query["cursor"] = page["cursor"]


def _listen(url: str, heard: Heard, stop: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        while not stop.is_set():
            for told in connection.notifies(timeout=0.5):
                heard.take(told.payload)


def _until(true: Any, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(0.2)


def _count(services: Services, query: str) -> int:
    with services.engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


def _flood(seconds: int) -> list[Figure]:
    """2,000 changes a second, then 20,000 at once, from a venue that sends nothing but changes."""
    with _home() as environment, simulator_for(environment):
        open_database(environment)
        services = build_services(environment)
        statuses: list[dict[str, Any]] = []
        try:
            _seed(services)
            tickers = read_watched(services).tickers
            with (
                serving("benchmarks.flood", "--seconds", str(seconds)) as url,
                _collector(environment, statuses, KALSHI_WS_URL=f"{url}/trade-api/ws/v2") as process,
            ):
                _until(lambda: bool(statuses) and statuses[-1]["frames_per_s"] > 1_000, 120, "no flood")
                first = len(statuses)
                process.cpu_percent()
                rss = process.memory_info().rss / 1e6
                time.sleep(seconds)
                cpu, after = process.cpu_percent(), process.memory_info().rss / 1e6
                sustained = statuses[first:]
                before = len(statuses)
                _until(lambda: any(one["frames_per_s"] > 2 * RATE for one in statuses[before:]), 90, "no burst")
                burst_s = time.monotonic()
                _until(lambda: statuses[-1]["quotes_waiting"] == 0 and statuses[-1]["frames_per_s"] < 100, 60, "no end")
                burst_s = time.monotonic() - burst_s
        finally:
            services.close()
    third = max(1, len(sustained) // 3)
    early = max(one["written_p99_s"] for one in sustained[:third])
    late = max(one["written_p99_s"] for one in sustained[-third:])
    rate = sum(one["frames_per_s"] for one in sustained) / len(sustained)
    note = f"{len(tickers)} markets, {seconds} s; decided p99 {max(one['decided_p99_s'] for one in sustained):.2f} s"
    return [
        Figure("quote changes sustained", rate, "frames/s", Target(">=", 1_900.0), note),
        Figure(
            "written p99, last third over first", late / max(early, 1e-3), "times", Target("<=", 1.5), f"{late:.2f} s"
        ),
        Figure("collector's processor in the flood", cpu, "%", note=f"{rss:.0f} MB, then {after:.0f} MB resident"),
        Figure("20,000 changes at once, drained", burst_s, "s", Target("<=", 15.0)),
    ]
