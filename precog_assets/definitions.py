"""What Dagster loads. Belongs here: wiring, nothing else; no database or network is touched at import.

`build_defs` is the only place that puts assets, checks, sensors, schedules and resources together; tests
call it with their own. An environment that is refused fails to load with the message that says why.
"""

from __future__ import annotations

import dagster as dg

from precog_assets.assets import (
    backfill,
    book,
    evaluations,
    fees,
    games,
    links,
    market_data,
    markets,
    prices,
    ratings,
    teams,
)
from precog_assets.assets.sql_models import build_sql_model_assets
from precog_assets.automation import catch_up, jobs, live
from precog_assets.checks import backfill as backfill_checks
from precog_assets.checks import book as book_checks
from precog_assets.checks import forecasts as forecasts_checks
from precog_assets.checks import games as games_checks
from precog_assets.checks import links as links_checks
from precog_assets.checks import live as live_checks
from precog_assets.checks import markets as markets_checks
from precog_assets.checks import prices as prices_checks
from precog_assets.checks import ratings as ratings_checks
from precog_assets.checks import teams as teams_checks
from precog_assets.environment import Environment, resolve
from precog_assets.resources import PrecogServices


def build_defs(
    environment: Environment | None = None, *, services: PrecogServices | None = None, sql_models: bool = True
) -> dg.Definitions:
    """Everything, for an environment (default: the one the variables name).

    `services` replaces the resource; `sql_models` False leaves the SQL folder out. Raises
    ConfigurationError when the variables contradict each other.
    """
    environment = environment or resolve()
    running = environment.sensors_start_by_default
    sensors_status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    schedules_status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    models = build_sql_model_assets() if sql_models else []
    asset_jobs = jobs.asset_jobs(with_marts=bool(models))
    upkeep = jobs.upkeep_job()
    return dg.Definitions(
        assets=[
            teams.teams,
            games.games,
            markets.series,
            markets.markets,
            fees.fee_changes,
            links.market_games,
            market_data.order_books,
            market_data.trades,
            market_data.candles,
            ratings.ratings,
            evaluations.evaluations,
            prices.prices,
            book.decisions,
            book.orders,
            book.settlements,
            book.rungs,
            backfill.espn_game_days,
            *models,
        ],
        asset_checks=[
            teams_checks.teams_checks,
            games_checks.raw_games_checks,
            live_checks.live_games_checks,
            live_checks.live_markets_checks,
            games_checks.games_checks,
            markets_checks.raw_markets_checks,
            markets_checks.markets_checks,
            markets_checks.quotes_checks,
            links_checks.market_games_checks,
            ratings_checks.ratings_checks,
            forecasts_checks.forecasts_checks,
            forecasts_checks.evaluations_checks,
            prices_checks.prices_checks,
            book_checks.decisions_checks,
            book_checks.trades_checks,
            book_checks.settlements_checks,
            book_checks.rungs_checks,
            backfill_checks.game_days_checks,
        ],
        jobs=[*asset_jobs.values(), upkeep],
        schedules=jobs.schedules(asset_jobs, upkeep, schedules_status),
        sensors=[*live.live_sensors(sensors_status), catch_up.catch_up_sensor(asset_jobs, sensors_status)],
        resources={"services": services or PrecogServices(environment=environment.name)},
        executor=dg.in_process_executor,
    )


defs = build_defs()
