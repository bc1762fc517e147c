"""Past boards by league and day: what the UI's backfill, or `--partition`, reads; resumable."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import dagster as dg
from pydantic import Field

from precog_assets.assets.ratings import LEAGUES
from precog_assets.assets.results import failures_named, materialized, require_answers, worth_retrying
from precog_assets.assets.tables import RETRIES, table_spec
from precog_assets.config import load_leagues
from precog_assets.resources import PrecogServices

GAME_DAYS = dg.AssetKey(["raw", "espn_game_days"])
FIRST_DAY = "2025-07-01"
LEAGUE_DAYS = dg.MultiPartitionsDefinition(
    {
        "league": LEAGUES,
        "day": dg.DailyPartitionsDefinition(start_date=FIRST_DAY, end_offset=1, timezone="America/New_York"),
    }
)

game_days_spec = table_spec(
    GAME_DAYS.path,
    "ops.backfill_units",
    group="games",
    description="Days of a league's boards that were read whole, of the past; their games go to core.games with "
    "origin backfill. One partition a league and Eastern day, e.g. `--partition 2025-09-04|nfl`.",
    kinds=("espn", "python"),
    partitions=LEAGUE_DAYS,
)


class GameDaysConfig(dg.Config):
    """How to treat days that were read before."""

    again: bool = Field(default=False, description="Read days again that an earlier run finished")


@dg.multi_asset(
    specs=[game_days_spec],
    name="espn_game_days",
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=RETRIES,
)
def espn_game_days(
    context: dg.AssetExecutionContext, config: GameDaysConfig, services: PrecogServices
) -> dg.MaterializeResult:
    """Read the boards of the chosen days, league by league; each day that was read whole is remembered."""
    from precog_assets.pipeline.backfill import BackfillPlan, add, backfill_games, plan
    from precog_assets.pipeline.report import StepReport, new_correlation_id

    opened = services.get()
    total = StepReport("backfill", new_correlation_id(), opened.clock.now())
    with failures_named():
        for key, days in chosen_days(context.partition_keys).items():
            league = load_leagues()[key]
            todo = set(plan(opened, league, min(days), max(days), again=config.again).days)
            planned = BackfillPlan(league, [day for day in days if day in todo], 0)
            add(total, backfill_games(opened, planned, correlation_id=total.correlation_id))
            total.notes["days_done_before"] = (
                int(total.notes.get("days_done_before", 0)) + len(days) - len(planned.days)
            )
    require_answers(total)
    if total.failures:
        raise dg.Failure(
            description=f"backfill: {len(total.failures)} boards could not be read; the days that could are kept, "
            f"run it again for the others. First: {total.failures[0]}",
            allow_retries=any(worth_retrying(code) for code in total.outcomes),
        )
    return materialized(total.finish(), opened.engine, "ops.backfill_units", key=GAME_DAYS)


def chosen_days(partition_keys: Iterable[str]) -> dict[str, list[date]]:
    """Partition keys (`2025-09-04|nfl`) as days by league, in order."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for key in partition_keys:
        both = LEAGUE_DAYS.get_partition_key_from_str(key).keys_by_dimension
        days[both["league"]].append(date.fromisoformat(both["day"]))
    return {league: sorted(chosen) for league, chosen in days.items()}
