"""The collector for half an hour at 20 times speed, with the venues failing all the while: what grows?

Belongs here: memory, tasks, file descriptors and connections over time, of a real process. Does not: whether what it
wrote is right (the chaos tests), latency (`live`).

Memory: the mean of the first minute after the warm-up against that of the last. Of what is counted, a leak rises and
stays: the least of the last third is held against what was usual (the median) in the first.
PRECOG_COLLECTOR_SOAK_MINUTES sets the length (30); a sixth of it, five minutes at most, is the warm-up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import psutil
import sqlalchemy as sa

from benchmarks.living import collecting, control, count, home, seed, until
from benchmarks.measure import Figure, Scale, Target
from precog_assets.cli.simulator import simulator_for
from precog_assets.services import Services, build_services, open_database

SPEED = 20.0
WARM_UP_S = 300.0
EACH_S = 5.0
WINDOW = 12
"""Samples that are compared: a minute."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "latency", "venue": "kalshi", "delay_ms": 300, "jitter_ms": 500, "probability": 0.1},
    {"kind": "latency", "venue": "espn", "delay_ms": 300, "jitter_ms": 500, "probability": 0.1},
    {"kind": "server_error", "probability": 0.02},
    {"kind": "unavailable", "probability": 0.01},
    {"kind": "rate_limit", "venue": "kalshi", "probability": 0.03, "retry_after_s": 1},
    {"kind": "reset", "probability": 0.01},
    {"kind": "truncated", "probability": 0.01},
    {"kind": "drop_frame", "probability": 0.0005},
    {"kind": "repeat_frame", "probability": 0.0005},
    {"kind": "reorder_frame", "probability": 0.0005},
    {"kind": "corrupt_frame", "probability": 0.0002},
    {"kind": "cut_stream", "probability": 0.004},
)
_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the collector."""

    megabytes: float
    tasks: int
    files: int
    sockets: int
    sessions: int
    """Of the database; those of this benchmark are the same in each."""


def measure(scale: Scale) -> list[Figure]:
    """Growth of everything that could leak."""
    minutes = float(os.environ.get("PRECOG_COLLECTOR_SOAK_MINUTES", scale.of(30, 3)))
    with home(sim_speed=SPEED) as environment, simulator_for(environment):
        open_database(environment)
        services = build_services(environment)
        statuses: list[dict[str, Any]] = []
        log = environment.home / "collector.log"
        try:
            seed(services)
            with collecting(environment, statuses, log=log) as process:
                until(lambda: bool(statuses) and statuses[-1]["books"] > 0, 120, "no stream")
                control(environment, "/simulator/faults", {"faults": list(FAULTS)})
                samples = _samples(services, process, statuses, minutes * 60)
                failures = _failures(services)
        except (psutil.NoSuchProcess, RuntimeError) as error:
            raise RuntimeError(f"{error}; the end of its log:\n{log.read_text()[-3000:]}") from error
        finally:
            services.close()
    kept = os.environ.get("PRECOG_COLLECTOR_SOAK_LOG")
    if kept:
        _keep(kept, samples, statuses)
    return _figures(samples, statuses, failures, minutes)


def _samples(
    services: Services, process: psutil.Process, statuses: list[dict[str, Any]], seconds: float
) -> list[Sample]:
    samples = []
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        time.sleep(EACH_S)
        samples.append(
            Sample(
                process.memory_info().rss / 1e6,
                statuses[-1]["tasks"],
                process.num_fds(),
                len(process.net_connections("tcp")),
                count(services, _SESSIONS),
            )
        )
    return samples


def _figures(
    samples: Sequence[Sample], statuses: Sequence[dict[str, Any]], failures: str, minutes: float
) -> list[Figure]:
    warm = samples[int(min(WARM_UP_S, minutes * 10) / EACH_S) :]
    window = max(1, min(WINDOW, len(warm) // 3))
    first, last = warm[:window], warm[-window:]

    def mean(part: Sequence[Sample]) -> float:
        return sum(one.megabytes for one in part) / len(part)

    def grown(of: Callable[[Sample], int]) -> tuple[float, str]:
        third = max(1, len(warm) // 3)
        before, after = median(map(of, warm[:third])), min(map(of, warm[-third:]))
        return float(after - before), f"{before:g} usually, {after} at least in the end; {max(map(of, warm))} at most"

    gaps = sum(number for name, number in statuses[-1]["counts"].items() if name.startswith("gap:"))
    figures = [
        Figure(
            f"memory at {SPEED:g} times speed with faults, growth after the warm-up",
            100.0 * (mean(last) / mean(first) - 1.0),
            "%",
            Target("<=", 10.0),
            f"{minutes:g} minutes: {samples[0].megabytes:.0f} MB at first, {mean(first):.0f} MB after the warm-up, "
            f"{mean(last):.0f} MB at the end; {gaps} gaps; failures {failures or 'none'}",
            {"megabytes": [round(one.megabytes) for one in samples[:: max(1, len(samples) // 60)]]},
        )
    ]
    named: tuple[tuple[str, Callable[[Sample], int]], ...] = (
        ("asyncio tasks", lambda one: one.tasks),
        ("open files", lambda one: one.files),
        ("HTTP and stream connections", lambda one: one.sockets),
        ("database connections", lambda one: one.sessions),
    )
    for name, of in named:
        value, note = grown(of)
        figures.append(Figure(f"{name} more than after the warm-up", value, "", Target("<=", 0.0), note))
    figures.append(
        Figure(
            "reactions in the last minute",
            float(statuses[-1]["reactions"] - statuses[max(0, len(statuses) - 30)]["reactions"]),
            "",
            Target(">=", 1.0),
        )
    )
    return figures


def _failures(services: Services) -> str:
    """What failed, by code, as operators see it counted."""
    with services.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT code, sum(count) AS count FROM ops.error_counts GROUP BY 1 ORDER BY 1")
        )
        return ", ".join(f"{row.count} {row.code}" for row in rows)


def _keep(path: str, samples: Sequence[Sample], statuses: Sequence[dict[str, Any]]) -> None:
    """For whoever looks for what grew."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    Path(path).write_text(json.dumps({"samples": [asdict(one) for one in samples], "last": statuses[-1]}))
