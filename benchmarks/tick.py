"""One live tick over the ten leagues: their boards of a day and their open markets, read, compared and written.

Belongs here: `poll_games` and `poll_markets` as the sensors call them, on a warm process, against venues of
another process that repeat rendered answers. Waiting for HTTP is what the same requests take, eight at a time,
through a bare httpx client in the same round; the rest of the tick is ours: limits, raw capture, parsing, writing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import sqlalchemy as sa

from benchmarks.house import house, serving
from benchmarks.measure import Figure, Scale, Target, percentile
from benchmarks.venues import board_day, leagues
from precog_assets.pipeline.feeds import WORKERS
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.markets import poll_markets
from precog_assets.pipeline.report import StepReport, new_correlation_id
from precog_assets.services import Services

TARGET = Target("<=", 150.0)
MARKETS = 500
WARM_UP = 4


@dataclass(slots=True)
class Ticks:
    """Milliseconds of each measured tick, and of the bare requests beside it."""

    whole: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    reported_own: list[float] = field(default_factory=list)
    reported_http: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    @property
    def own(self) -> list[float]:
        return [whole - bare for whole, bare in zip(self.whole, self.bare, strict=True)]


class Bench:
    """Services, and the addresses that a tick asks for."""

    def __init__(self, services: Services, address: str) -> None:
        self.services = services
        self.address = address
        self.leagues = leagues()
        self.day = board_day()
        self._client = httpx.Client(trust_env=False, headers={"Accept-Encoding": "gzip, deflate"})
        self._urls: list[list[str]] = []

    def close(self) -> None:
        self._client.close()

    def serve(self, chosen: str) -> None:
        self._client.get(f"{self.address}/bench/serve/{chosen}").raise_for_status()

    def tick(self) -> list[StepReport]:
        correlation_id = new_correlation_id()
        wanted = [(league, self.day) for league in self.leagues]
        return [
            poll_games(self.services, wanted, correlation_id=correlation_id),
            poll_markets(self.services, self.leagues, correlation_id=correlation_id),
        ]

    def read_urls(self) -> None:
        """What a tick asked for, by source, from the raw log."""
        with self.services.engine.connect() as connection:
            self._urls = [
                list(
                    connection.scalars(sa.text("SELECT DISTINCT url FROM raw.responses WHERE source = :s"), {"s": one})
                )
                for one in ("espn", "kalshi")
            ]

    @property
    def requests(self) -> int:
        return sum(len(urls) for urls in self._urls)

    def bare(self) -> None:
        """The same requests, source after source, as many at a time as the product sends."""
        for urls in self._urls:
            with ThreadPoolExecutor(min(WORKERS, len(urls))) as pool:
                for answer in pool.map(self._client.get, urls):
                    answer.raise_for_status()

    def market_count(self) -> int:
        with self.services.engine.connect() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM market.markets")).scalar_one()


def run(bench: Bench, chosen: str, rounds: int, check: Callable[[int], bool]) -> Ticks:
    """Ticks over a set of answers, each after the bare requests for the same answers.

    Raises RuntimeError when a tick failed, or wrote another number of rows than `check` takes.
    """
    ticks = Ticks()
    for number in range(-WARM_UP, rounds):
        bench.serve(chosen)
        began = time.perf_counter()
        bench.bare()
        bare_ms = (time.perf_counter() - began) * 1000
        began, cpu = time.perf_counter(), time.process_time()
        reports = bench.tick()
        whole_ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000
        written = sum(report.written for report in reports)
        failures = [line for report in reports for line in report.failures]
        if number < 0:
            continue
        if failures or not check(written):
            raise RuntimeError(f"tick {number} over {chosen} wrote {written} rows; failures: {failures}")
        ticks.whole.append(whole_ms)
        ticks.bare.append(bare_ms)
        ticks.cpu.append(cpu_ms)
        ticks.written.append(written)
        ticks.reported_own.append(sum(report.own_ms for report in reports))
        ticks.reported_http.append(sum(report.http_ms for report in reports))
    return ticks


def measure(scale: Scale) -> list[Figure]:
    """Nothing changed, by the bytes or only by the facts (both have to meet the target); one quote in ten changed."""
    rounds = scale.of(60, 10)
    with serving("benchmarks.venues", "--markets", str(MARKETS)) as address, house() as place:
        place.database("precog_bench_tick")
        with place.services("precog_bench_tick", address, leagues()) as services:
            bench = Bench(services, address)
            bench.tick()
            bench.read_urls()
            if bench.market_count() != MARKETS:
                raise RuntimeError(f"the venues listed {bench.market_count()} open markets; expected {MARKETS}")
            figures = [
                *_figures(bench, "same bytes", run(bench, "still", rounds, lambda n: n == 0), TARGET),
                *_figures(
                    bench,
                    "same facts in other bytes",
                    run(bench, "padded", rounds, lambda n: n == 0),
                    TARGET,
                ),
                *_figures(
                    bench,
                    "one quote in ten changed",
                    run(bench, "moved", rounds, lambda n: MARKETS // 20 <= n <= MARKETS // 5),
                    None,
                ),
            ]
            bench.close()
    return figures


def _figures(bench: Bench, name: str, ticks: Ticks, target: Target | None) -> list[Figure]:
    own = ticks.own
    whole, http = statistics.median(ticks.whole), statistics.median(ticks.bare)
    note = (
        f"p95 {percentile(own, 0.95):.0f} ms; whole tick {whole:.0f} ms, HTTP {http:.0f} ms ({bench.requests} requests)"
    )
    detail = {
        part: {
            "median_ms": round(statistics.median(values), 2),
            "p95_ms": round(percentile(values, 0.95), 2),
            "min_ms": round(min(values), 2),
        }
        for part, values in (
            ("own", own),
            ("whole", ticks.whole),
            ("bare_requests", ticks.bare),
            ("cpu", ticks.cpu),
            ("step_reports_own", ticks.reported_own),
            ("step_reports_http", ticks.reported_http),
        )
    }
    detail["ticks"] = {"count": len(own), "rows_written_median": statistics.median(ticks.written)}
    reported = statistics.median(ticks.reported_own)
    return [
        Figure(f"live tick, {name}: own time", statistics.median(own), "ms", target, note, detail),
        Figure(
            f"live tick, {name}: own time by its reports",
            reported,
            "ms",
            target,
            f"p95 {percentile(ticks.reported_own, 0.95):.0f} ms; limits and raw capture count as HTTP there",
        ),
    ]
