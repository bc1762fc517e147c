"""Checks of games: contract and rejections of ESPN, rows as they must be, and rows on a game day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.games import GAMES, RAW_GAMES
from precog_assets.checks.findings import Finding, contract, rejections, told
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from precog_assets.services import Services

WINDOW = timedelta(hours=6)
STARTED_AGO = timedelta(minutes=10)
ALL_LEAGUES = ("games", "calendar", "results")
"""Steps that read every league's boards, by the first word of their name."""
ESPN_STEPS = (*ALL_LEAGUES, "backfill")

_EXPECTED = sa.text(
    "SELECT count(*) FROM core.games WHERE phase IN ('scheduled', 'in_play', 'delayed') AND start_time_valid "
    "AND start_time BETWEEN :first AND :last"
)
_ON_THE_DAYS = sa.text(
    "SELECT count(*) FROM core.games WHERE phase NOT IN ('canceled', 'postponed') "
    "AND start_time BETWEEN :first AND :last"
)
_READ = sa.text(
    "SELECT coalesce(sum(rows_in), 0) AS rows_in, count(*) FILTER (WHERE outcomes ?| array['ok', 'http.unchanged']) "
    "AS answered FROM ops.steps WHERE split_part(step, ' ', 1) = ANY(:steps) AND started_at > :since"
)
_LAST_WHOLE = sa.text(
    "SELECT step, started_at, rows_in FROM ops.steps WHERE step = ANY(:steps) AND outcomes ? 'ok' "
    "AND NOT outcomes ? 'http.unchanged' ORDER BY started_at DESC LIMIT 1"
)


@dg.multi_asset_check(
    name="raw_games_checks",
    specs=[
        dg.AssetCheckSpec(
            "contract", asset=RAW_GAMES, blocking=True, description="Every payload type has its required keys"
        ),
        dg.AssetCheckSpec("rejections", asset=RAW_GAMES, description="Few rows are rejected"),
        dg.AssetCheckSpec("archive_budget", asset=RAW_GAMES, description="The raw archive fits its budget"),
    ],
)
def raw_games_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Contract, share of rejections, and the archive's budget."""
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(RAW_GAMES, "contract", contract(connection, "espn"))
        yield told(RAW_GAMES, "rejections", rejections(connection, ESPN_STEPS, opened.clock.now()))
    yield told(RAW_GAMES, "archive_budget", archive_budget(opened))


@dg.multi_asset_check(
    name="games_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=GAMES, blocking=True, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec(
            "states_schema", asset=GAMES, blocking=True, description="Rows of core.game_states satisfy theirs"
        ),
        dg.AssetCheckSpec(
            "rows_on_a_game_day", asset=GAMES, description="When games are on, the boards show rows: 0 is no success"
        ),
    ],
)
def games_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Both schemas, and that a game day has rows."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(GAMES, "schema", checked(connection, "core.games", now))
        yield told(GAMES, "states_schema", checked(connection, "core.game_states", now))
        yield told(GAMES, "rows_on_a_game_day", rows_on_a_game_day(connection, now))


def rows_on_a_game_day(connection: sa.Connection, now: datetime) -> Finding:
    """Fails when boards answered but showed nothing although stored games say that there must be something."""
    span = {"first": now - timedelta(days=1), "last": now + timedelta(hours=12)}
    games_near = connection.execute(_ON_THE_DAYS, span).scalar_one()
    whole = connection.execute(_LAST_WHOLE, {"steps": list(ALL_LEAGUES)}).one_or_none()
    if whole is not None and whole.started_at > now - timedelta(days=1) and not whole.rows_in and games_near:
        return Finding(
            False,
            f"{whole.step} at {whole.started_at:%Y-%m-%d %H:%M} UTC read 0 rows although {games_near} games of "
            "yesterday and today are stored",
            facts={"games_near": games_near, "rows_in": 0},
        )
    running = connection.execute(_EXPECTED, {"first": now - WINDOW, "last": now - STARTED_AGO}).scalar_one()
    read = connection.execute(_READ, {"steps": list(ALL_LEAGUES), "since": now - WINDOW}).one()
    facts = {"games_that_should_run": running, "rows_in": int(read.rows_in), "polls_answered": read.answered}
    if running and read.answered and not read.rows_in:
        return Finding(
            False, f"{running} games should be running, but {read.answered} polls of 6 hours showed 0 rows", facts=facts
        )
    return Finding(True, f"{running} games should be running; 6 hours of polls showed {read.rows_in} rows", facts=facts)


def archive_budget(services: Services) -> Finding:
    """A warning from 80 % of `RAW_ARCHIVE_BUDGET_GB` on, an error above it."""
    from precog_assets.pipeline.upkeep import archive_use

    use = archive_use(services)
    return Finding(
        use.status == "ok",
        use.text
        if use.status != "over"
        else f"{use.text}: raise RAW_ARCHIVE_BUDGET_GB or shorten RAW_RETENTION_MONTHS",
        warn=use.status == "near",
        facts={
            "used_bytes": use.used_bytes,
            "budget_bytes": use.budget_bytes,
            "last_day_bytes": use.grown_last_day_bytes,
        },
    )
