"""The sensors alone, without a collector: a change in the world to the decision on it, through Dagster's daemon.

Belongs here: latency through `precog up` as people start it, without its UI. Does not: the collector (`live`).

A change is decided on by the first pass of decisions that began after the poll that brought its row had committed it;
passes and polls are read from `ops.steps`. Markets of games that begin later than in six hours are decided on once a
minute, by intent, and are left out.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from benchmarks.flood import free_port
from benchmarks.house import ROOT
from benchmarks.living import count, home, ledger, quote_changes, until, variables
from benchmarks.measure import Figure, Scale, Target, percentile
from precog_assets.automation.trading import near
from precog_assets.environment import Environment
from precog_assets.services import Services, build_services, open_database

LIMIT_S = 11.0
STARTS_S = 240.0
SETTLED_S = 30.0
PASSES = 5
"""Decided so often, the sensors run."""
_STEPS = sa.text(
    """
    SELECT started_at, started_at + elapsed_ms * interval '1 millisecond' AS ended_at
    FROM ops.steps WHERE step = :step AND started_at > :since ORDER BY ended_at
    """
)


def measure(scale: Scale) -> list[Figure]:
    """Percentiles over the changes of some minutes."""
    with home(precog_code_server_port=free_port()) as environment:
        open_database(environment)
        with _up(environment):
            services = build_services(environment)
            try:
                until(lambda: _decided(services) >= PASSES, STARTS_S, "the sensors did not decide")
                time.sleep(SETTLED_S)
                return _follow(environment, services, scale.of(2_700, 200), scale.of(600, 90))
            finally:
                services.close()


@contextlib.contextmanager
def _up(environment: Environment) -> Iterator[None]:
    command = [sys.executable, "-m", "precog_assets.cli.main", "up", "--no-ui", "--no-bootstrap", "--no-collector"]
    given = {
        **os.environ,
        **variables(environment),
        "PRECOG_CODE_SERVER_PORT": str(environment.settings.precog_code_server_port),
    }
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT, env=given) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def _decided(services: Services) -> int:
    return count(services, "SELECT count(*) FROM ops.steps WHERE step = 'decisions' AND rows_in > 0")


@dataclass(frozen=True, slots=True)
class Passes:
    """Runs of a step, by their end."""

    began: list[datetime]
    ended: list[datetime]

    @classmethod
    def of(cls, services: Services, step: str, since: datetime) -> Passes:
        with services.engine.connect() as connection:
            rows = connection.execute(_STEPS, {"step": step, "since": since}).all()
        return cls([row.started_at for row in rows], [row.ended_at for row in rows])

    def end_around(self, at: datetime) -> datetime | None:
        """When the run ended within which an instant lies, or the next one."""
        place = bisect.bisect_left(self.ended, at)
        return self.ended[place] if place < len(self.ended) else None

    def end_begun_after(self, at: datetime) -> datetime | None:
        """When the first run ended that began after an instant."""
        return min((end for began, end in zip(self.began, self.ended, strict=True) if began >= at), default=None)


def _follow(environment: Environment, services: Services, changes: int, longest_s: float) -> list[Figure]:
    since, began_s = services.clock.now(), time.monotonic()
    followed = {market.partition(":")[2] for market in near(services)}
    while time.monotonic() - began_s < longest_s:
        if sum(one["ticker"] in followed for one in ledger(environment, "quote", since)) >= changes:
            break
        time.sleep(10)
    until_at = services.clock.now()
    time.sleep(2 * LIMIT_S)
    polls = Passes.of(services, "markets live", since - timedelta(minutes=1))
    passes = Passes.of(services, "decisions", since)
    took: list[float] = []
    unseen: Counter[str] = Counter()
    happenings = ledger(environment, "quote", since, until_at)
    for change in quote_changes(services, happenings, followed, since, streamed=False):
        known_at = polls.end_around(change.observed_at) if change.observed_at else None
        decided_at = passes.end_begun_after(known_at) if known_at else None
        if decided_at is None:
            unseen[change.why or "not decided"] += 1
        else:
            took.append((decided_at - change.at).total_seconds())
    if not took:
        raise RuntimeError("no change was decided on")
    live = count(services, "SELECT count(*) FROM core.games WHERE phase = 'in_play'")
    said = ", ".join(f"{number} {why}" for why, number in sorted(unseen.items())) or "none"
    note = f"{len(took)} changes, {live} games in play, {len(followed)} markets; without a row: {said}"
    name = "sensors alone: price published to decision committed"
    between = [(after - before).total_seconds() for before, after in zip(passes.ended, passes.ended[1:], strict=False)]
    return [
        Figure(f"{name}, p50", percentile(took, 0.5), "s"),
        Figure(f"{name}, p95", percentile(took, 0.95), "s"),
        Figure(f"{name}, p99", percentile(took, 0.99), "s", Target("<=", LIMIT_S), note),
        Figure("sensors alone: between two passes of decisions, p95", percentile(between, 0.95), "s"),
    ]
