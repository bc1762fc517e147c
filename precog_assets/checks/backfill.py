"""Checks of backfills: no day is missing between the first and the last that were read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.backfill import GAME_DAYS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices


@dg.multi_asset_check(
    name="game_days_checks",
    specs=[dg.AssetCheckSpec("gaps", asset=GAME_DAYS, description="No day is missing between those that were read")],
)
def game_days_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Gaps by league."""
    from precog_assets.pipeline.feeds import in_database

    with in_database(services.get().engine) as connection:
        yield told(GAME_DAYS, "gaps", gaps(connection))


def gaps(connection: sa.Connection) -> Finding:
    """Days not read between the first and the last of a league; a warning that names the command."""
    from precog_assets.domain.times import days_between
    from precog_assets.store.tables import backfill_units

    done: defaultdict[str, set[date]] = defaultdict(set)
    query = sa.select(backfill_units.c.job, backfill_units.c.unit).where(backfill_units.c.job.startswith("games:"))
    for row in connection.execute(query):
        done[row.job.removeprefix("games:")].add(date.fromisoformat(row.unit))
    missing = {
        league: [day.isoformat() for day in days_between(min(days), max(days)) if day not in days]
        for league, days in sorted(done.items())
    }
    missing = {league: days for league, days in missing.items() if days}
    if not missing:
        return Finding(True, f"{sum(map(len, done.values()))} days of {len(done)} leagues, no gaps", warn=True)
    said = "; ".join(
        f"{league}: {len(days)} days, `precog backfill games --league {league} --from {days[0]} --to {days[-1]}`"
        for league, days in missing.items()
    )
    return Finding(False, f"days missing between those that were read: {said}", warn=True, facts={"missing": missing})
