"""Batch work: retried after 30, 60 and 120 s where that can help, one of a job at a time, live work first."""

from __future__ import annotations

import types
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.scheduler import DagsterDaemonScheduler
from dagster._serdes import ConfigurableClassData

from precog_assets.assets.results import DEFECTS, failures_named, worth_retrying
from precog_assets.assets.tables import RETRIES
from precog_assets.automation.jobs import BATCHES, asset_jobs, evaluate_schedule, upkeep_job
from precog_assets.automation.planned import planned, why_not
from precog_assets.automation.run_workers import LocalRunLauncher
from precog_assets.cli.instance import STORAGE_VARIABLE, write_instance
from precog_assets.config import load_leagues
from precog_assets.domain.errors import CODES, ConfigurationError, ErrorClass, PrecogError
from precog_assets.environment import read_settings, resolve

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GRACE = timedelta(minutes=10)


@dg.op
def nothing() -> None:
    pass


@dg.job(name="settlements")
def settlements() -> None:
    nothing()


def run_of(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> None:
    instance.create_run_for_job(settlements, status=status)


def test_waits_between_attempts_are_30_60_and_120_seconds() -> None:
    assert [RETRIES.calculate_delay(attempt) for attempt in range(1, RETRIES.max_retries + 1)] == [30, 60, 120]


@pytest.mark.parametrize("fails", [PrecogError("http.timeout", "slow"), PrecogError("system.database", "away")])
def test_a_run_that_fails_for_a_transient_reason_is_tried_again_and_ends_well(
    fails: PrecogError, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(type(RETRIES), "calculate_delay", lambda _self, attempt: waits.append(attempt) or 0)
    attempts = []

    @dg.asset(retry_policy=RETRIES)
    def flaky() -> None:
        attempts.append(1)
        with failures_named():
            if len(attempts) < 3:
                raise fails

    assert dg.materialize([flaky], instance=instance).success
    assert (len(attempts), waits) == (3, [1, 2])


@pytest.mark.parametrize(
    "fails",
    [
        PrecogError("http.not_found", "gone"),
        PrecogError("http.blocked", "refused"),
        PrecogError("contract.vanished", "renamed"),
        PrecogError("system.epoch", "another's"),
        PrecogError("system.internal", "a defect"),
        ConfigurationError("PRECOG_ENV=moon"),
        TypeError("None has no length"),
        KeyError("home"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(fails: Exception, instance: dg.DagsterInstance) -> None:
    attempts = []

    @dg.asset(retry_policy=RETRIES)
    def broken() -> None:
        attempts.append(1)
        with failures_named():
            raise fails

    result = dg.materialize([broken], instance=instance, raise_on_error=False)
    assert (result.success, len(attempts)) == (False, 1)
    [failed] = result.get_step_failure_events()
    assert str(fails).strip("'") in str(failed.step_failure_data.error)


def test_every_transient_code_is_worth_another_attempt_and_no_permanent_one() -> None:
    for code, entry in CODES.items():
        if entry.error_class is ErrorClass.TRANSIENT:
            assert worth_retrying(code)
        elif entry.error_class is not ErrorClass.SYSTEM:
            assert not worth_retrying(code)
    assert not any(issubclass(dg.Failure, defect) for defect in DEFECTS)


def test_a_run_that_is_due_is_started_once(instance: dg.DagsterInstance) -> None:
    assert why_not(instance, "settlements", AT, GRACE, AT + timedelta(minutes=1)) == ""
    run_of(instance, dg.DagsterRunStatus.SUCCESS)
    assert why_not(instance, "settlements", AT, GRACE, AT) == ""
    run_of(instance, dg.DagsterRunStatus.STARTED)
    assert why_not(instance, "settlements", AT, GRACE, AT) == "settlements: 1 of it waits or runs already"
    assert why_not(instance, "results", AT, GRACE, AT) == ""


def test_every_job_retries_what_its_assets_say_nothing_of() -> None:
    assert {name: job.op_retry_policy for name, job in asset_jobs().items()} == dict.fromkeys(asset_jobs(), RETRIES)
    assert all(node.definition.retry_policy is RETRIES for node in upkeep_job().nodes)


def test_a_run_that_comes_long_after_its_time_is_left_to_the_next(instance: dg.DagsterInstance) -> None:
    said = why_not(instance, "settlements", AT, GRACE, AT + timedelta(minutes=31))
    assert said == "settlements was due 31 min ago, grace 10 min: missed"


def test_a_schedule_says_why_it_starts_nothing(tmp_path) -> None:
    now = [AT]
    schedule = planned(
        "settlements_schedule",
        settlements,
        "settlements",
        "0 * * * *",
        zone="UTC",
        grace=GRACE,
        status=dg.DefaultScheduleStatus.STOPPED,
        clock=lambda: now[0],
    )
    local = dg.DagsterInstance.local_temp(str(tmp_path))
    with local as instance, dg.build_schedule_context(instance=instance, scheduled_execution_time=AT) as context:
        due = schedule.evaluate_tick(context)
        now[0] = AT + timedelta(hours=1)
        missed = schedule.evaluate_tick(context)
        now[0] = AT
        run_of(instance, dg.DagsterRunStatus.STARTED)
        beside = schedule.evaluate_tick(context)
    assert due.run_requests is not None
    assert (len(due.run_requests), due.skip_message) == (1, None)
    assert beside.skip_message == "settlements: 1 of it waits or runs already"
    assert (missed.run_requests, missed.skip_message) == ([], "settlements was due 60 min ago, grace 10 min: missed")


def test_leagues_are_not_graded_long_after_their_time(tmp_path) -> None:
    now = [AT + timedelta(hours=13)]
    job = asset_jobs()["evaluate"]
    schedule = evaluate_schedule(job, dg.DefaultScheduleStatus.STOPPED, clock=lambda: now[0])
    local = dg.DagsterInstance.local_temp(str(tmp_path))
    services = types.SimpleNamespace(get=lambda: types.SimpleNamespace(leagues=[load_leagues()["nfl"]]))
    with (
        local as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=AT, resources={"services": services}
        ) as context,
    ):
        missed = schedule(context)
        now[0] = AT
        in_time = schedule(context)
    assert isinstance(missed, dg.SkipReason)
    assert missed.skip_message == "evaluate was due 780 min ago, grace 720 min: missed"
    assert [request.partition_key for request in in_time] == ["nfl"]


def test_live_work_goes_before_ratings_and_those_before_backfills() -> None:
    jobs = {**asset_jobs(), "upkeep": upkeep_job()}
    priority = {name: int((job.tags or {})["dagster/priority"]) for name, job in jobs.items()}
    assert min(priority["settlements"], priority["results"], priority["trade"]) > priority["rerate"]
    assert priority["rerate"] > priority["evaluate"] > max(priority["history"], priority["backfill_games"])
    assert {name: (job.tags or {})["precog/job"] for name, job in jobs.items()} == {name: name for name in jobs}
    assert all(timedelta(0) < batch.grace < (batch.overdue_after or timedelta(hours=6)) for batch in BATCHES)


def test_the_instance_runs_one_of_a_job_keeps_room_for_live_work_and_looks_after_runs(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_instance(resolve(read_settings({"precog_home": tmp_path})))
    written = yaml.safe_load((folder / "dagster.yaml").read_text())
    limits = {one["key"]: one for one in written["run_queue"]["tag_concurrency_limits"]}
    assert limits["precog/job"] == {"key": "precog/job", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    assert limits["precog/work"]["limit"] < written["run_queue"]["max_concurrent_runs"]
    assert written["run_monitoring"]["enabled"] is True
    assert written["run_retries"]["retry_on_asset_or_op_failure"] is False
    monkeypatch.setenv(STORAGE_VARIABLE, "postgresql+psycopg2://h/d")
    read, _ = dagster_instance_config(str(folder))
    given = read["scheduler"]
    data = ConfigurableClassData(given["module"], given["class"], yaml.safe_dump(given["config"]))
    scheduler = data.rehydrate(as_type=DagsterDaemonScheduler)
    assert scheduler.max_catchup_runs == 1
    given = read["run_launcher"]
    launcher = ConfigurableClassData(given["module"], given["class"], "{}").rehydrate(as_type=LocalRunLauncher)
    assert launcher.supports_check_run_worker_health
