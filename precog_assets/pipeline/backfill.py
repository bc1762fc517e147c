"""Backfills: past days of a league's boards, one unit a day, resumable, in whatever order they are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import League
from precog_assets.domain.times import days_between, eastern_day
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.report import StepReport
from precog_assets.store import ops

if TYPE_CHECKING:
    from precog_assets.services import Services

SETTLED_DAYS = 2
"""A day read when it was younger than this (or yet to come) may still change: it is not remembered as read."""


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    league: League
    days: list[date]
    done: int
    """Days of the range that an earlier run finished."""


def job_name(league: League) -> str:
    return f"games:{league.key}"


def plan(services: Services, league: League, first: date, last: date, *, again: bool = False) -> BackfillPlan:
    """The days still to read; all of them with `again`. Raises ValueError when last is before first."""
    if last < first:
        raise ValueError(f"the range ends before it begins: --from {first} --to {last}")
    days = days_between(first, last)
    if again:
        return BackfillPlan(league, days, 0)
    with in_database(services.engine) as connection:
        finished = ops.units_done(connection, job_name(league))
    todo = [day for day in days if day.isoformat() not in finished]
    return BackfillPlan(league, todo, len(days) - len(todo))


def _is_settled(services: Services, day: date) -> bool:
    return eastern_day(services.clock.now()).toordinal() - day.toordinal() >= SETTLED_DAYS


def backfill_games(
    services: Services,
    planned: BackfillPlan,
    *,
    correlation_id: str,
    progress: Callable[[date, StepReport], None] = lambda _day, _report: None,
) -> StepReport:
    """Read the planned days; each day that was read whole is remembered, so a run that died goes on.

    A day that fails is in the report's failures and is read again by the next run.
    """
    total = StepReport(f"backfill {planned.league.key}", correlation_id, services.clock.now())
    for day in planned.days:
        one = poll_games(
            services,
            [(planned.league, day)],
            correlation_id=correlation_id,
            origin=Origin.BACKFILL,
            step=f"backfill {planned.league.key}",
            unit=(job_name(planned.league), day.isoformat()) if _is_settled(services, day) else None,
        )
        add(total, one)
        progress(day, one)
    return total.finish()


def add(total: StepReport, one: StepReport) -> None:
    """Sum a part into a whole."""
    total.rows_in += one.rows_in
    total.inserted += one.inserted
    total.changed += one.changed
    total.unchanged += one.unchanged
    total.outcomes.update(one.outcomes)
    total.rejections.update(one.rejections)
    total.out_of_scope.update(one.out_of_scope)
    total.failures.extend(one.failures)
    total.http_ms += one.http_ms
    total.elapsed_ms += one.elapsed_ms


def bootstrap_plans(
    services: Services, leagues: Sequence[League], first: date | None = None, *, days: int = 400
) -> list[BackfillPlan]:
    """What ratings need to mean something: the days up to yesterday, `days` back or from `first`."""
    today = eastern_day(services.clock.now())
    start = first or date.fromordinal(today.toordinal() - days)
    yesterday = date.fromordinal(today.toordinal() - 1)
    return [plan(services, league, start, yesterday) for league in leagues]
