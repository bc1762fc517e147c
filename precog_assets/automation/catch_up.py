"""What was missed while nothing ran: schedules skip the hours in which the daemon was off; this does not.

Belongs here: telling which jobs are overdue by ops.steps, which leagues a tick cannot renew, and asking for runs of
them once an hour at most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.results import FINE
from precog_assets.automation.jobs import BATCHES, AssetJob, Batch
from precog_assets.domain.errors import CODES
from precog_assets.resources import PrecogServices
from precog_assets.store.tables import steps

if TYPE_CHECKING:
    from precog_assets.automation.replays import LeagueFacts

FIRST = ("checks", "history", "marts")
"""Jobs that leave no row in ops.steps; asked for once on a new instance, as soon as markets are linked."""
BY_LEAGUE = ("rerate", "evaluate")
GRADED_EVERY = timedelta(hours=26)
FINE_CODES = frozenset(code for code, entry in CODES.items() if entry.error_class in FINE)
"""Outcomes of an answer that was read, or known already."""


def last_done(connection: sa.Connection) -> dict[str, datetime]:
    """When each step was last done, by its name. One that asked, and that nobody answered, was not done."""
    query = sa.select(steps.c.step, sa.func.max(steps.c.started_at)).group_by(steps.c.step)
    done = sa.or_(steps.c.outcomes == {}, *(steps.c.outcomes.has_key(code) for code in sorted(FINE_CODES)))
    return {row[0]: row[1] for row in connection.execute(query.where(done))}


def overdue(
    latest: Mapping[str, datetime], now: datetime, *, clock_speed: float = 1.0, batches: Sequence[Batch] = BATCHES
) -> list[str]:
    """The jobs whose step never ran, or ran too long ago; `latest` is by step.

    `clock_speed`: seconds of `now`'s clock in one of ours, for a simulated world that runs faster.
    """
    late = []
    for batch in batches:
        if batch.overdue_after is None:
            continue
        last = latest.get(batch.step)
        if last is None or now - last > batch.overdue_after * clock_speed:
            late.append(batch.name)
    return late


def ungraded(
    latest: Mapping[str, datetime], leagues: Sequence[str], now: datetime, *, clock_speed: float = 1.0
) -> list[str]:
    """The rated leagues whose evaluation never ran, or ran too long ago."""
    never = datetime.min.replace(tzinfo=UTC)
    return [
        league
        for league in leagues
        if f"ratings {league}" in latest
        and now - latest.get(f"evaluations {league}", never) > GRADED_EVERY * clock_speed
    ]


def to_rerate(asked: Mapping[str, str], facts: Mapping[str, LeagueFacts], hour: str) -> dict[str, str]:
    """Of the leagues that a tick cannot renew, those to ask a run for, each with what is to be remembered of it.

    `asked` is what was remembered: the hour and the facts of the last run. A league is asked for anew when its facts
    are others, once an hour: in the weeks between two seasons every renewal replays everything.
    """
    due = {}
    for league, one in facts.items():
        last_hour, _, last_facts = asked.get(league, "").partition(" ")
        if one.fingerprint != last_facts and hour != last_hour:
            due[league] = f"{hour} {one.fingerprint}"
    return due


def catch_up_sensor(jobs: Mapping[str, AssetJob], status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Asks for runs of overdue jobs: on a new database all of them, after a pause those that were missed."""

    @dg.sensor(
        name="catch_up",
        jobs=[
            *(jobs[batch.name] for batch in BATCHES if batch.overdue_after is not None),
            *(jobs[name] for name in FIRST if name in jobs),
            *(jobs[name] for name in BY_LEAGUE),
        ],
        minimum_interval_seconds=29,
        default_status=status,
        description="Runs what the schedules missed",
    )
    def catch_up(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult | dg.SkipReason:
        from precog_assets.automation.planned import in_flight
        from precog_assets.automation.replays import too_much_for_a_tick
        from precog_assets.domain.times import speed_of
        from precog_assets.pipeline.feeds import in_database

        opened = services.get()
        with in_database(opened.engine) as connection:
            latest = last_done(connection)
        now, speed = opened.clock.now(), speed_of(opened.clock)
        late = [(job, None) for job in overdue(latest, now, clock_speed=speed)]
        if "links" in latest:
            late += [(name, None) for name in FIRST if name in jobs and _never_ran(context.instance, name)]
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%H")
        asked = json.loads(context.cursor or "{}")
        rerate = to_rerate(asked, too_much_for_a_tick(opened), hour)
        late += [("rerate", league) for league in rerate]
        keys = [league.key for league in opened.leagues]
        late += [("evaluate", league) for league in ungraded(latest, keys, now, clock_speed=speed)]
        late = [(job, league) for job, league in late if not in_flight(context.instance, job, league)]
        if not late:
            return dg.SkipReason("catch up: nothing is overdue")
        return dg.SensorResult(
            cursor=json.dumps({**asked, **rerate}),
            run_requests=[
                dg.RunRequest(run_key=" ".join(filter(None, (job, league, hour))), job_name=job, partition_key=league)
                for job, league in late
            ],
        )

    return catch_up


def _never_ran(instance: dg.DagsterInstance, job: str) -> bool:
    return instance.get_runs_count(dg.RunsFilter(job_name=job)) == 0
