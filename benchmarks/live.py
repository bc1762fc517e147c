"""The collector from a change in the world to a decision, and under a flood: real processes at real speed.

Belongs here: latency of streamed prices and of scores against the simulator's ledger, and what a flood does to lag,
processor and memory. Does not: the stream without sockets (`stream`).

A change is published when the ledger says that it happened. Its decision is that of the first reaction that began
after its fact was received and named its market; it is announced once it is committed, and says when.
"""

from __future__ import annotations

import bisect
import json
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from benchmarks.house import serving
from benchmarks.living import START, collecting, count, home, ledger, quote_changes, seed, until
from benchmarks.measure import Figure, Scale, Target, percentile
from precog_assets.cli.simulator import simulator_for
from precog_assets.environment import Environment
from precog_assets.pipeline.live.reaction import CHANNEL
from precog_assets.pipeline.live.watched import read_watched
from precog_assets.services import Services, build_services, open_database

EVENING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""The same Saturday, when every league plays: more games than in the afternoon, with fewer markets still to come."""
SETTLED_S = 20.0
POLL_S = 4.0
RATE = 2_000
_SCORES = sa.text(
    """
    SELECT s.game_id, s.home_score, s.away_score, min(s.observed_at) AS observed_at
    FROM core.game_states s WHERE s.observed_at > :since GROUP BY 1, 2, 3
    """
)
_MARKETS = sa.text("SELECT game_id, market_id FROM market.market_games WHERE verdict = 'matched'")


def measure(scale: Scale) -> list[Figure]:
    """Latencies of an afternoon and of an evening, then the flood."""
    changes, longest_s = scale.of(2_200, 200), scale.of(900, 60)
    return [
        *_latencies("", START, changes, longest_s),
        *_latencies(", evening", EVENING, changes, longest_s),
        *_flood(scale.of(300, 60)),
    ]


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


def _latencies(when: str, at: datetime, changes: int, longest_s: float) -> list[Figure]:
    with home(sim_start=at) as environment, simulator_for(environment):
        open_database(environment)
        services = build_services(environment)
        try:
            seed(services)
            return _follow(when, environment, services, changes, longest_s)
        finally:
            services.close()


def _follow(when: str, environment: Environment, services: Services, changes: int, longest_s: float) -> list[Figure]:
    heard, stop, statuses = Heard(), threading.Event(), []
    url = services.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    listener = threading.Thread(target=_listen, args=(url, heard, stop), daemon=True)
    listener.start()
    with collecting(environment, statuses) as process:
        until(lambda: bool(statuses) and statuses[-1]["connected"] and statuses[-1]["books"] > 0, 90, "no stream")
        time.sleep(SETTLED_S)
        process.cpu_percent()
        since, began_s = services.clock.now(), time.monotonic()
        followed = set(read_watched(services).tickers)
        while time.monotonic() - began_s < longest_s and _changes(environment, followed, since) < changes:
            time.sleep(10)
        until_at = services.clock.now()
        time.sleep(3)
        cpu, memory = process.cpu_percent(), process.memory_info().rss / 1e6
    stop.set()
    listener.join(5)
    prices, unseen = _price_latencies(environment, services, heard, followed, since, until_at)
    scores = _score_latencies(environment, services, heard, since, until_at)
    live = count(services, "SELECT count(*) FROM core.games WHERE phase = 'in_play'")
    note = f"{len(prices)} changes, {live} games in play, {len(followed)} markets; without a row: {told(unseen)}"
    figures = percentiles(f"price published to decision committed{when}", prices, 2.0, note)
    figures += percentiles(f"score published to decision committed{when}", scores, POLL_S + 1, f"{len(scores)} changes")
    figures.append(Figure(f"collector's processor while following{when}", cpu, "%", note=f"{memory:.0f} MB resident"))
    return figures


def _changes(environment: Environment, followed: set[str], since: datetime) -> int:
    return sum(one["ticker"] in followed for one in ledger(environment, "quote", since))


def told(unseen: Counter[str]) -> str:
    """Numbers with their reasons."""
    return ", ".join(f"{number} {why}" for why, number in sorted(unseen.items())) or "none"


def percentiles(name: str, values: list[float], limit_s: float, note: str) -> list[Figure]:
    if not values:
        raise RuntimeError(f"{name}: nothing changed")
    figures = [
        Figure(f"{name}, {label}", percentile(values, share), "s") for label, share in (("p50", 0.5), ("p95", 0.95))
    ]
    return [*figures, Figure(f"{name}, p99", percentile(values, 0.99), "s", Target("<=", limit_s), note)]


def _price_latencies(
    environment: Environment, services: Services, heard: Heard, followed: set[str], since: datetime, until_at: datetime
) -> tuple[list[float], Counter[str]]:
    """Seconds of each change, and how many were not seen, by reason."""
    took: list[float] = []
    unseen: Counter[str] = Counter()
    happenings = ledger(environment, "quote", since, until_at)
    for change in quote_changes(services, happenings, followed, since, streamed=True):
        decided = heard.after(f"kalshi:{change.ticker}", change.observed_at) if change.observed_at else None
        if decided is None:
            unseen[change.why or "not decided"] += 1
        else:
            took.append((decided - change.at).total_seconds())
    return took, unseen


def _score_latencies(
    environment: Environment, services: Services, heard: Heard, since: datetime, until_at: datetime
) -> list[float]:
    with services.engine.connect() as connection:
        states = {
            (row.game_id, row.home_score, row.away_score): row.observed_at
            for row in connection.execute(_SCORES, {"since": since})
        }
        markets: dict[str, str] = {row.game_id: row.market_id for row in connection.execute(_MARKETS)}
    took = []
    for change in ledger(environment, "score", since, until_at):
        game = f"{change['league']}:{change['event_id']}"
        observed = states.get((game, change["home_score"], change["away_score"]))
        decided = heard.after(markets[game], observed) if observed is not None and game in markets else None
        if decided is not None:
            took.append((decided - datetime.fromisoformat(change["world_time"])).total_seconds())
    return [one for one in took if one >= 0]


def _listen(url: str, heard: Heard, stop: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        while not stop.is_set():
            for told in connection.notifies(timeout=0.5):
                heard.take(told.payload)


def _flood(seconds: int) -> list[Figure]:
    """2,000 changes a second, then 20,000 at once, from a venue that sends nothing but changes."""
    with home(sim_start=EVENING) as environment, simulator_for(environment):
        open_database(environment)
        services = build_services(environment)
        statuses: list[dict[str, Any]] = []
        try:
            seed(services)
            tickers = read_watched(services).tickers
            with (
                serving("benchmarks.flood", "--seconds", str(seconds)) as url,
                collecting(environment, statuses, KALSHI_WS_URL=f"{url}/trade-api/ws/v2") as process,
            ):
                until(lambda: bool(statuses) and statuses[-1]["frames_per_s"] > 1_000, 120, "no flood")
                first = len(statuses)
                process.cpu_percent()
                rss = process.memory_info().rss / 1e6
                time.sleep(seconds)
                cpu, after = process.cpu_percent(), process.memory_info().rss / 1e6
                sustained = statuses[first:]
                before = len(statuses)
                until(lambda: any(one["frames_per_s"] > 2 * RATE for one in statuses[before:]), 90, "no burst")
                burst_s = time.monotonic()
                until(lambda: statuses[-1]["quotes_waiting"] == 0 and statuses[-1]["frames_per_s"] < 100, 60, "no end")
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
