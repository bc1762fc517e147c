"""The jobs, and when they run: calendar, results, discovery, settlements, history, grades, marts, upkeep, backfills.

Belongs here: which assets a job makes, with which settings, and its schedule. Does not: live polling.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,  # what define_asset_job returns; it has no public name
)

from precog_assets.assets.backfill import GAME_DAYS
from precog_assets.assets.book import DECISIONS, DESK, RUNGS, SETTLEMENTS
from precog_assets.assets.evaluations import EVALUATIONS
from precog_assets.assets.fees import FEE_CHANGES
from precog_assets.assets.games import GAMES, RAW_GAMES, GamesConfig
from precog_assets.assets.links import LINKS
from precog_assets.assets.market_data import CANDLES, TRADES
from precog_assets.assets.markets import MARKETS, QUOTES, RAW_MARKETS, SERIES, MarketsConfig
from precog_assets.assets.prices import PRICES
from precog_assets.assets.ratings import FORECASTS, RATINGS
from precog_assets.assets.results import failures_named
from precog_assets.assets.tables import RETRIES
from precog_assets.assets.teams import TEAMS
from precog_assets.automation.planned import in_flight, instance_of, missed, planned
from precog_assets.resources import PrecogServices

ZONE = "America/New_York"
EVALUATE_GRACE = timedelta(hours=12)
REPLAYS = "replays"
"""Runs that compute for long go one at a time, as those do that share an API: ten leagues at once would keep a small
machine from everything else."""


WORK = {"live": 10, "rating": 0, "upkeep": 0, "backfill": -10}
"""Priorities in the queue of runs, by kind of work."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A job with its schedule. `api` serializes runs that spend one source's rate."""

    name: str
    schedule: str
    """Its schedule's name."""
    cron: str
    assets: tuple[dg.AssetKey, ...]
    description: str
    api: str = ""
    max_runtime_s: int = 1800
    config: dg.RunConfig | None = None
    work: str = "live"
    """Of WORK."""
    grace: timedelta = timedelta(hours=2)
    """A run that would begin later after its time is not begun."""
    step: str = ""
    """The step of ops.steps whose last time tells when the job was last done."""
    overdue_after: timedelta | None = None
    """`catch_up` runs the job when its step is older; None: never."""


BOOK = (PRICES, DECISIONS, *DESK, SETTLEMENTS, RUNGS)
CHECKED = (RAW_GAMES, GAMES, RAW_MARKETS, MARKETS, QUOTES, LINKS, RATINGS, FORECASTS, GAME_DAYS, *BOOK)
_MARKETS_READ = (RAW_MARKETS, MARKETS, QUOTES)
BATCHES = (
    Batch(
        "calendar",
        "season_calendar",
        "15 6 * * *",
        (TEAMS, RAW_GAMES, GAMES),
        "Teams, and the boards of the next ten days",
        api="espn",
        config=dg.RunConfig(ops={"games": GamesConfig(days_back=0, days_ahead=10, step="calendar")}),
        step="calendar",
        grace=timedelta(hours=12),
        overdue_after=timedelta(hours=26),
    ),
    Batch(
        "results",
        "results_sweep",
        "40 */4 * * *",
        (RAW_GAMES, GAMES),
        "The boards of the last three days: results that came late or were corrected",
        api="espn",
        config=dg.RunConfig(ops={"games": GamesConfig(days_back=3, days_ahead=0, step="results")}),
        step="results",
        overdue_after=timedelta(hours=5),
    ),
    Batch(
        "discovery",
        "discovery",
        "25 */6 * * *",
        (SERIES, FEE_CHANGES, *_MARKETS_READ),
        "Series and what they charge, events, and the markets not open yet or open",
        api="kalshi",
        config=dg.RunConfig(ops={"markets": MarketsConfig(statuses=["unopened", "open"], step="discovery")}),
        step="discovery",
        overdue_after=timedelta(hours=8),
    ),
    Batch(
        "settlements",
        "settlements",
        "5,35 * * * *",
        _MARKETS_READ,
        "Markets that are over without being final",
        api="kalshi",
        config=dg.RunConfig(ops={"markets": MarketsConfig(sweep_only=True)}),
        grace=timedelta(minutes=15),
        step="settled markets",
        overdue_after=timedelta(hours=2),
    ),
    Batch(
        "history",
        "trades_and_candles",
        "50 */6 * * *",
        (TRADES, CANDLES),
        "Trades and candlesticks of linked markets",
        api="kalshi",
        work="backfill",
        max_runtime_s=3600,
    ),
    Batch(
        "ladder",
        "strategies",
        "20 7 * * *",
        (SETTLEMENTS, RUNGS),
        "What is settled is paid; strategies are graded, and go up or down",
        step="rungs",
        grace=timedelta(hours=12),
        overdue_after=timedelta(hours=26),
    ),
)


def asset_jobs(*, with_marts: bool = True) -> dict[str, AssetJob]:
    """The jobs of BATCHES by name, checks and marts, and those that people start, by partition."""
    jobs = {
        batch.name: dg.define_asset_job(
            batch.name,
            selection=dg.AssetSelection.assets(*batch.assets),
            config=batch.config,
            description=batch.description,
            tags=_tags(batch.name, batch.max_runtime_s, batch.work, batch.api),
            executor_def=dg.in_process_executor,
            op_retry_policy=RETRIES,
        )
        for batch in BATCHES
    }
    jobs["backfill_games"] = dg.define_asset_job(
        "backfill_games",
        selection=dg.AssetSelection.assets(GAME_DAYS),
        description="Boards of past days, by league and day",
        tags=_tags("backfill_games", 21_600, "backfill", "espn"),
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )
    jobs["rerate"] = dg.define_asset_job(
        "rerate",
        selection=dg.AssetSelection.assets(RATINGS, FORECASTS),
        description="Ratings and forecasts of a league",
        tags=_tags("rerate", 1800, "rating", REPLAYS),
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )
    jobs["trade"] = dg.define_asset_job(
        "trade",
        selection=dg.AssetSelection.assets(*BOOK),
        description="Prices, decisions, orders, payouts and ladder, once; the sensor trading_live does it all the time",
        tags=_tags("trade", 600, "live"),
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )
    jobs["evaluate"] = dg.define_asset_job(
        "evaluate",
        selection=dg.AssetSelection.assets(RATINGS, FORECASTS, EVALUATIONS),
        description="Ratings and forecasts of a league brought up to date, and its grades",
        tags={**_tags("evaluate", 1800, "rating", REPLAYS), "dagster/priority": "-1"},
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )
    checked = dg.AssetSelection.assets(*CHECKED)
    jobs["checks"] = dg.define_asset_job(
        "checks",
        selection=checked - checked.without_checks(),
        description="The checks of what sensors write: only runs evaluate checks, and sensors start none",
        tags=_tags("checks", 600, "upkeep"),
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )
    if with_marts:
        jobs["marts"] = dg.define_asset_job(
            "marts",
            selection=dg.AssetSelection.groups("marts"),
            description="The SQL models of dbt_like_sql; every five minutes is cheaper than a run per change",
            tags=_tags("marts", 600, "upkeep"),
            executor_def=dg.in_process_executor,
            op_retry_policy=RETRIES,
        )
    return jobs


def schedules(
    jobs: dict[str, AssetJob],
    upkeep: dg.JobDefinition,
    status: dg.DefaultScheduleStatus,
) -> list[dg.ScheduleDefinition]:
    """One schedule a job, by Eastern time; on by default only where `status` says so."""
    plan: list[tuple[str, str, AssetJob | dg.JobDefinition, timedelta]] = [
        (batch.schedule, batch.cron, jobs[batch.name], batch.grace) for batch in BATCHES
    ]
    plan.append(("checks", "10-59/15 * * * *", jobs["checks"], timedelta(minutes=7)))
    plan.append(("upkeep", "30 7 * * *", upkeep, timedelta(hours=12)))
    if "marts" in jobs:
        plan.append(("marts", "*/5 * * * *", jobs["marts"], timedelta(minutes=2)))
    return [
        evaluate_schedule(jobs["evaluate"], status),
        *(
            planned(f"{name}_schedule", job, job.name, cron, zone=ZONE, grace=grace, status=status)
            for name, cron, job, grace in plan
        ),
    ]


def evaluate_schedule(
    job: AssetJob, status: dg.DefaultScheduleStatus, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dg.ScheduleDefinition:
    """Once a day, a run for each chosen league: what the ticks left is rated, then all of it is graded.

    `clock`: of the daemon.
    """

    @dg.schedule(
        name="evaluate_schedule", job=job, cron_schedule="50 6 * * *", execution_timezone=ZONE, default_status=status
    )
    def evaluate(
        context: dg.ScheduleEvaluationContext, services: PrecogServices
    ) -> list[dg.RunRequest] | dg.SkipReason:
        scheduled = context.scheduled_execution_time
        if why := missed(job.name, scheduled, EVALUATE_GRACE, clock()):
            return dg.SkipReason(why)
        day = f"{scheduled:%Y-%m-%d}"
        return [
            dg.RunRequest(run_key=f"evaluate {league.key} {day}", partition_key=league.key)
            for league in services.get().leagues
            if not in_flight(instance_of(context), job.name, league.key)
        ]

    return evaluate


@dg.op(
    description="Partitions, retention, trimming, the archive's budget",
    tags={"dagster/kind": "postgres"},
    retry_policy=RETRIES,
)
def keep_house(context: dg.OpExecutionContext, services: PrecogServices) -> None:
    """Run `pipeline.upkeep`; an archive over its budget is in the run's log and fails a check of the raw assets."""
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.pipeline.upkeep import upkeep

    opened = services.get()
    with failures_named():
        report = upkeep(opened, correlation_id=new_correlation_id())
    context.log.info("%s; %s", report.sentence(), dict(report.notes))


@dg.op(
    ins={"after": dg.In(dg.Nothing)},
    description="Old events of Dagster's own log",
    tags={"dagster/kind": "postgres"},
    retry_policy=RETRIES,
)
def purge_event_log(context: dg.OpExecutionContext) -> None:
    """Delete old events from Dagster's storage, in batches; nothing where its address is not known."""
    import sqlalchemy as sa

    from precog_assets.automation.event_log import STORAGE_VARIABLE, Retention, purge, storage_url

    url = storage_url()
    if url is None:
        context.log.warning("%s is not set: Dagster's event log was not purged", STORAGE_VARIABLE)
        return
    with failures_named():
        purged = purge(sa.create_engine(url, poolclass=sa.NullPool), datetime.now(UTC), Retention())
    context.log.info("event log purged: %s", asdict(purged))


def upkeep_job() -> dg.JobDefinition:
    """Our own tables first, then Dagster's."""

    tags = _tags("upkeep", 3600, "upkeep")

    @dg.job(name="upkeep", executor_def=dg.in_process_executor, tags=tags, description="Retention and budgets")
    def upkeep() -> None:
        purge_event_log(after=keep_house())

    return upkeep


def _tags(job: str, max_runtime_s: int, work: str, api: str = "") -> dict[str, str]:
    """One of a job at a time, live work before others; `api` serializes what spends one source's rate."""
    tags = {
        "dagster/max_runtime": str(max_runtime_s),
        "dagster/priority": str(WORK[work]),
        "precog/job": job,
        "precog/work": work,
    }
    return {**tags, "precog/api": api} if api else tags
