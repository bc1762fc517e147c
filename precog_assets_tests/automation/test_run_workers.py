"""A run whose process is gone fails, so that it is run again; one whose process is there, or out of sight, goes on."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import dagster as dg
import psutil
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget, PythonFileTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration

from precog_assets.automation.run_workers import KNOWN, SAME_S, LocalRunLauncher, Worker, is_there
from precog_assets_tests.pipeline.live.collecting import until


@dg.op
def waits() -> None:
    """Until someone ends the process."""
    threading.Event().wait()


@dg.job
def some() -> None:
    waits()


defs = dg.Definitions(jobs=[some])


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
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace:
        assert list(execute_run_monitoring_iteration(workspace, logging.getLogger("test"))) == [None]
    return status_of(instance, run.run_id)


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def launched(instance: dg.DagsterInstance, workspace: WorkspaceProcessContext) -> dg.DagsterRun:
    """A run of `some` that the code server of a workspace began, once its worker is at work."""
    request = workspace.create_request_context()
    (location,) = request.code_locations
    (repository,) = location.get_repositories().values()
    job = repository.get_full_job("some")
    run = instance.create_run_for_job(
        some, remote_job_origin=job.get_remote_origin(), job_code_origin=job.get_python_origin()
    )
    instance.launch_run(run.run_id, request)
    until(
        lambda: status_of(instance, run.run_id) is dg.DagsterRunStatus.STARTED,
        what="no worker began",
    )
    again = instance.get_run_by_id(run.run_id)
    assert again is not None
    return again


def test_a_run_whose_code_server_was_killed_with_it_fails(local: dg.DagsterInstance) -> None:
    here = PythonFileTarget(python_file=__file__, attribute="defs", working_directory=None, location_name="here")
    before = psutil.Process().children()
    with WorkspaceProcessContext(local, here) as workspace:
        servers = [child for child in psutil.Process().children() if child not in before]
        run = launched(local, workspace)
        assert local.run_launcher.check_run_worker_health(run) == CheckRunHealthResult(WorkerStatus.RUNNING, KNOWN)
        below = [child for server in servers for child in server.children(recursive=True)]
        assert looked_at(local, run) is dg.DagsterRunStatus.STARTED
        for process in (*servers, *below):
            process.kill()
        psutil.wait_procs([*servers, *below], timeout=30)
        assert looked_at(local, run) is dg.DagsterRunStatus.FAILURE


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
