"""Checks of teams: rows as they must be; who was met on a board but stands in no seed."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.teams import TEAMS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices

LISTED = 50


@dg.multi_asset_check(
    name="teams_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=TEAMS, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec("provisional", asset=TEAMS, description="No team was met that no seed table knows"),
    ],
)
def teams_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, and the provisional teams."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(TEAMS, "schema", checked(connection, "core.teams", opened.clock.now()))
        yield told(TEAMS, "provisional", provisional(connection))


def provisional(connection: sa.Connection) -> Finding:
    """Teams (players come and go) in no seed table, by league."""
    from precog_assets.store.tables import teams

    query = (
        sa.select(teams.c.team_id, teams.c.display_name)
        .where(teams.c.provisional, teams.c.kind == "team")
        .order_by(teams.c.team_id)
    )
    found = {row.team_id: row.display_name for row in connection.execute(query)}
    if not found:
        return Finding(True, "every team stands in a seed table", warn=True)
    shown = dict(list(found.items())[:LISTED])
    return Finding(
        False,
        f"{len(found)} teams met on boards stand in no seed table: {', '.join(shown)}; add them to seeds/teams",
        warn=True,
        facts={"teams": shown, "count": len(found)},
    )
