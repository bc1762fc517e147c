"""Games: ESPN's boards, kept raw, and the games read from them, in one step."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from pydantic import Field

from precog_assets.assets.results import failures_named, materialized, require_answers
from precog_assets.assets.tables import LIVE, RETRIES, table_spec
from precog_assets.assets.teams import TEAMS
from precog_assets.resources import PrecogServices

RAW_GAMES = dg.AssetKey(["raw", "espn_games"])
GAMES = dg.AssetKey(["core", "games"])
GAME_DAYS = ("raw", "espn_game_days")

raw_games_spec = table_spec(
    RAW_GAMES.path,
    "raw.responses",
    group="games",
    description="ESPN's boards as they came, byte for byte: one row for each answer that differs from the one before.",
    kinds=("espn", "json"),
    freshness=LIVE,
)
games_spec = table_spec(
    GAMES.path,
    "core.games",
    group="games",
    description="Every game as it stands now, a projection of the states in core.game_states.",
    kinds=("python",),
    deps=(RAW_GAMES.path, GAME_DAYS, TEAMS.path),
    freshness=LIVE,
)


class GamesConfig(dg.Config):
    """Which Eastern days' boards to read, counted from today."""

    days_back: int = Field(default=2, ge=0, le=60)
    days_ahead: int = Field(default=7, ge=0, le=60)
    step: str = Field(default="games", description="The name under which ops.steps keeps the run")


@dg.multi_asset(specs=[raw_games_spec, games_spec], name="games", can_subset=True, retry_policy=RETRIES)
def games(
    context: dg.AssetExecutionContext, config: GamesConfig, services: PrecogServices
) -> Iterator[dg.MaterializeResult]:
    """Read the boards of the chosen days of every league; selecting either asset runs the one step."""
    from precog_assets.domain.times import eastern_day
    from precog_assets.pipeline.games import poll_games
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    today = eastern_day(opened.clock.now())
    days = [today + timedelta(days=shift) for shift in range(-config.days_back, config.days_ahead + 1)]
    wanted = [(league, day) for league in opened.leagues for day in days]
    with failures_named():
        report = poll_games(opened, wanted, correlation_id=new_correlation_id(), step=config.step)
    require_answers(report)
    if RAW_GAMES in context.selected_asset_keys:
        yield materialized(report, opened.engine, "raw.responses", key=RAW_GAMES, source="espn")
    if GAMES in context.selected_asset_keys:
        yield materialized(report, opened.engine, "core.games", key=GAMES)
