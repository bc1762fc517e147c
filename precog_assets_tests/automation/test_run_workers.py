"""A run whose process is gone fails, so that it is run again; one whose process is there, or out of sight, goes on."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg
import psutil
import pytest
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from precog_assets.automation.run_workers import SAME_S, LocalRunLauncher, Worker, is_there


@dg.job
def some() -> None: ...


@pytest.fixture
def local(tmp_path) -> Iterator[dg.DagsterInstance]:
    """An instance whose launcher is the one that `precog` writes into dagster.yaml."""
    ours = {"module": LocalRunLauncher.__module__, "class": LocalRunLauncher.__name__}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides={"run_launcher": ours}) as instance:
        yield instance


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.kill()
    child.communicate()


@pytest.fixture
def nobody() -> dict[str, Any]:
    """Where no code server answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return {"host": "127.0.0.1", "port": taken.getsockname()[1]}


def started(instance: dg.DagsterInstance, server: dict[str, Any], pid: int | None) -> dg.DagsterRun:
    tags = {GRPC_INFO_TAG: json.dumps(server)}
    run = instance.create_run_for_job(some, status=dg.DagsterRunStatus.STARTED, tags=tags)
    if pid is not None:
        instance.report_engine_event("Started process for run", run, EngineEventData.in_process(pid))
    return run


def looked_at(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    """What a run is once Dagster's own monitor looked at it."""
    record = instance.get_run_record_by_id(run.run_id)
    assert record is not None
    monitor_started_run(instance, None, record, logging.getLogger("test"))  # type: ignore[arg-type]
    after = instance.get_run_by_id(run.run_id)
    assert after is not None
    return after.status


def test_a_run_goes_on_while_its_process_is_there_and_fails_when_it_is_gone(
    local: dg.DagsterInstance, process: subprocess.Popen[bytes], nobody: dict[str, Any]
) -> None:
    run = started(local, nobody, process.pid)
    assert looked_at(local, run) is dg.DagsterRunStatus.STARTED
    process.kill()
    psutil.wait_procs([psutil.Process(process.pid)], timeout=30)
    assert looked_at(local, run) is dg.DagsterRunStatus.FAILURE
    (failed,) = local.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert f"process {process.pid} is gone" in str(failed.dagster_event)


@pytest.mark.parametrize("server", [{"host": "code-server", "port": 4000}, {}])
def test_a_run_of_another_machine_is_not_judged(local: dg.DagsterInstance, server: dict[str, Any]) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert looked_at(local, started(local, server, process.pid)) is dg.DagsterRunStatus.STARTED


def test_a_run_that_told_of_no_process_is_left_to_its_limit(local: dg.DagsterInstance, nobody: dict[str, Any]) -> None:
    assert looked_at(local, started(local, nobody, None)) is dg.DagsterRunStatus.STARTED


def test_a_process_that_has_the_number_by_chance_is_not_the_worker() -> None:
    began_s = psutil.Process(os.getpid()).create_time()
    assert is_there(Worker(os.getpid(), began_s))
    assert not is_there(Worker(os.getpid(), began_s - 2 * SAME_S))


def test_a_process_that_ended_and_was_not_fetched_is_gone(process: subprocess.Popen[bytes]) -> None:
    began_s = psutil.Process(process.pid).create_time()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.pid_exists(process.pid)
    assert not is_there(Worker(process.pid, began_s))
