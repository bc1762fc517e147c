"""Processes of `precog up` that are killed at random moments: it starts them again, and nothing is lost or twice.

Belongs here: kill -9 of collector, code server, daemon and a run's worker. Does not: what else can go wrong.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psutil
import pytest

from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import WholeWorld, chance, settled, until, whole_world

pytestmark = pytest.mark.chaos
DUE_S = 330.0
RUN_S = 300.0
"""A run whose worker died is noticed within two looks of the monitor, 30 s apart, and begun again in its turn."""
STARTED = "SELECT run_id FROM runs WHERE status IN ('STARTING', 'STARTED')"
TOLD = """
SELECT run_id, event FROM event_logs WHERE dagster_event_type = 'ENGINE_EVENT' AND run_id = ANY(:runs)
"""
"""What a run told first: among it, of its process."""
AGAIN = """
SELECT died.run_id, died.status, again.status AS again FROM runs died
LEFT JOIN run_tags t ON t.key = 'dagster/parent_run_id' AND t.value = died.run_id
LEFT JOIN runs again ON again.run_id = t.run_id
WHERE died.run_id = ANY(:struck) AND died.status <> 'SUCCESS'
"""
"""Runs that died, each with the one that was begun instead; one that had ended already is none."""


@pytest.fixture(scope="module")
def whole() -> Iterator[WholeWorld]:
    with whole_world() as made:
        yield made


@pytest.mark.parametrize("name", ["collector", "code server", "daemon"])
def test_a_process_that_is_killed_is_started_again_and_nothing_is_lost(
    whole: WholeWorld, tell: Tell, name: str
) -> None:
    chances, began = chance(name), whole.services.clock.now()
    for _ in range(2):
        due_s = time.monotonic() + chances.uniform(1.0, 8.0)
        until(lambda due_s=due_s: time.monotonic() > due_s)
        before = whole.kill(name)
        until(lambda before=before: whole.back(name, before), what=f"{name} was not started again")
    since = datetime.now(UTC)
    until(lambda: whole.ticks(since) > 0, what="no sensor ticks any more")
    found, took_s = settled(whole, began, visible_s=60.0)
    tell(name, "kill -9, twice", took_s, found)


def test_runs_whose_workers_are_killed_are_run_again_to_their_end(whole: WholeWorld, tell: Tell) -> None:
    began = whole.services.clock.now()
    struck, workers = under_way(whole)
    for worker in workers:
        worker.kill()
    again, took_s = run_again(whole, struck)
    found, _ = settled(whole, began, visible_s=60.0)
    tell("run worker", f"kill -9 of {again}; they begin again by themselves", took_s, found)


def test_runs_that_die_with_their_code_server_are_run_again_to_their_end(whole: WholeWorld, tell: Tell) -> None:
    began = whole.services.clock.now()
    struck, workers = under_way(whole)
    before = whole.kill("code server", with_children=True)
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    until(lambda: whole.back("code server", before), what="the code server was not started again")
    again, took_s = run_again(whole, struck)
    found, _ = settled(whole, began, visible_s=60.0)
    tell("code server", f"kill -9 with {again} of its runs; they begin again", took_s, found)


def under_way(whole: WholeWorld) -> tuple[set[str], list[psutil.Process]]:
    """Runs that are under way, once there are some, and their processes."""
    found: dict[str, psutil.Process] = {}

    def some() -> bool:
        runs = [row.run_id for row in whole.of_dagster(STARTED)]
        told = [(row.run_id, row.event) for row in whole.of_dagster(TOLD, runs=runs)]
        for worker in whole.run_workers():
            found.update({run_id: worker for run_id, event in told if f"(pid: {worker.pid})" in event})
        return bool(found)

    until(some, what="no run was started, though the marts are due every five minutes", patience_s=DUE_S)
    return set(found), list(found.values())


def run_again(whole: WholeWorld, struck: set[str]) -> tuple[int, float]:
    """How many of the runs that were struck died, and how long it took until each had ended well in another."""
    killed_s = time.monotonic()
    again = whole.of_dagster(AGAIN, struck=sorted(struck))
    while not again or not all(row.again == "SUCCESS" for row in again):
        assert time.monotonic() - killed_s < RUN_S, again or f"no run died of {struck}"
        time.sleep(1.0)
        again = whole.of_dagster(AGAIN, struck=sorted(struck))
    assert {row.status for row in again} == {"FAILURE"}
    return len(again), time.monotonic() - killed_s
