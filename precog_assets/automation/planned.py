"""Whether a schedule's run is to be started: not beside itself, and not long after its time.

Belongs here: the decision. Does not: which jobs there are (`jobs`), what was missed altogether (`catch_up`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES  # the set has no public name

PARTITION_TAG = "dagster/partition"


def instance_of(context: dg.ScheduleEvaluationContext) -> dg.DagsterInstance | None:
    """The instance of a schedule's tick; None where it has none that outlives it, so that nothing can be in flight."""
    return context.instance if context.instance_ref is not None else None


def in_flight(instance: dg.DagsterInstance | None, job: str, partition: str | None = None) -> int:
    """Runs of a job (of a partition) that wait or run."""
    if instance is None:
        return 0
    tags = {PARTITION_TAG: partition} if partition else None
    return instance.get_runs_count(dg.RunsFilter(job_name=job, tags=tags, statuses=list(NOT_FINISHED_STATUSES)))


def missed(job: str, scheduled: datetime, grace: timedelta, now: datetime) -> str:
    """Says so where a run comes later than `grace` after its time: the next is nearer. Empty: it is in time."""
    late = now - scheduled
    if late <= grace:
        return ""
    return f"{job} was due {late.total_seconds() / 60:.0f} min ago, grace {grace.total_seconds() / 60:.0f} min: missed"


def why_not(instance: dg.DagsterInstance | None, job: str, scheduled: datetime, grace: timedelta, now: datetime) -> str:
    """Why a run that was due at `scheduled` is not started; empty where it is.

    While a run of the job waits or runs, another would read the same.
    """
    if why := missed(job, scheduled, grace, now):
        return why
    waiting = in_flight(instance, job)
    return f"{job}: {waiting} of it waits or runs already" if waiting else ""


def planned(
    name: str,
    job: dg.JobDefinition | object,
    job_name: str,
    cron: str,
    *,
    zone: str,
    grace: timedelta,
    status: dg.DefaultScheduleStatus,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dg.ScheduleDefinition:
    """A schedule that starts a run at each time of `cron`, unless `why_not` says why not. `clock`: of the daemon."""

    @dg.schedule(name=name, job=job, cron_schedule=cron, execution_timezone=zone, default_status=status)  # type: ignore[arg-type]
    def start(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        why = why_not(instance_of(context), job_name, context.scheduled_execution_time, grace, clock())
        return dg.SkipReason(why) if why else dg.RunRequest()

    return start
