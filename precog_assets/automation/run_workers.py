"""Whether a run's process is still there: Dagster's launcher of local processes, made so that it can be asked.

Belongs here: looking for the process. Does not: ending its run and beginning it again, which are the run monitor's and
the retries of `cli.instance`. A code server tells of a worker that dies before it. Of one that died with it, killed or
by a machine that went down, nobody would tell: the run would seem to go on, and keep others of its job waiting, until
it outlasts its limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import dagster as dg
import psutil
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # what the run monitor asks in; no public name
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

ASKED_S = 10
SAME_S = 60.0
"""A process that began later than so long after it was told of has its number by chance."""
KNOWN = "its code server has it"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class Worker(NamedTuple):
    """The process of a run, as its own first event tells."""

    pid: int
    told_at_s: float
    """Since the epoch."""


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Runs are processes of the code server, as ever; one whose process is gone is known to be."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Failed where the process of a run is gone; running where it is there, or cannot be seen from here.

        It is gone when the code server that began it, if one answers in its place, has no such run, and no process of
        this machine is it. A code server on another machine is not judged by what it does not say: one that loaded
        newer code has runs of the older that go on without it.
        """
        server = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
        if server.get("host") not in _HERE:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its process is not of this machine")
        if _has(server, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING, KNOWN)
        worker = self._worker(run.run_id)
        if worker is None or is_there(worker):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"process {worker.pid} is gone, and no code server knows of it: killed together?"
        )

    def _worker(self, run_id: str) -> Worker | None:
        told = self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        for entry in told:
            event = entry.dagster_event
            pid = event.engine_event_data.metadata.get("pid") if event is not None else None
            if pid is not None:
                return Worker(int(str(pid.value)), entry.timestamp)
        return None


def is_there(worker: Worker) -> bool:
    """Whether a process of this machine is the worker, or may be; one that ended and waits to be fetched is not."""
    try:
        process = psutil.Process(worker.pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return not ended and process.create_time() <= worker.told_at_s + SAME_S
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _has(server: Mapping[str, Any], run_id: str) -> bool:
    """Whether a code server answers, and has a run under way."""
    client = DagsterGrpcClient(
        host=server["host"],
        port=server.get("port"),
        socket=server.get("socket"),
        use_ssl=bool(server.get("use_ssl")),
    )
    try:
        said = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run_id), timeout=ASKED_S)
    except DagsterUserCodeUnreachableError:
        return False
    return deserialize_value(said, CanCancelExecutionResult).can_cancel
