"""SQL models in Dagster: one asset a file, its dependencies, metadata and check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.assets.sql_models import CHECK, build_sql_model_assets
from precog_assets.pipeline.sql_models.files import load_project
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets_tests.pipeline.sql_world import build_world

Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def assets() -> list[dg.AssetsDefinition]:
    return build_sql_model_assets()


@pytest.fixture
def database_url(own_database_url: str) -> str:
    """Models are made in it, in an order that tests choose."""
    return own_database_url


@pytest.fixture
def engine(services: Services) -> sa.Engine:
    build_world(services.engine)
    return services.engine


@pytest.fixture
def materialize(engine: sa.Engine, resource: PrecogServices, assets: list[dg.AssetsDefinition]) -> Materialize:
    """Materialize the named models, or all, over a small world."""

    def run(*names: str, **options: Any) -> dg.ExecuteInProcessResult:
        selection = dg.AssetSelection.assets(*(dg.AssetKey(["mart", name]) for name in names)) if names else None
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                assets, resources={"services": resource}, selection=selection, instance=instance, **options
            )

    return run


def metadata_of(result: dg.ExecuteInProcessResult, model: str) -> dict[str, Any]:
    """The values of a model's materialization metadata."""
    [event] = result.asset_materializations_for_node(f"mart__{model}")
    return {name: value.value for name, value in event.metadata.items()}


def test_every_file_is_an_asset_with_owner_group_kinds_and_description(assets: list[dg.AssetsDefinition]) -> None:
    specs = {spec.key.path[-1]: spec for asset in assets for spec in asset.specs}
    assert list(specs) == list(load_project().models)
    for spec in specs.values():
        assert (spec.group_name, list(spec.owners), spec.key.path[0]) == ("marts", ["team:data"], "mart")
        assert {"sql", "postgres"} <= spec.kinds
        assert spec.description
        assert "select" in spec.metadata["sql"].value


def test_dependencies_are_the_models_and_the_assets_that_write_the_sources(
    assets: list[dg.AssetsDefinition],
) -> None:
    deps = {
        spec.key.path[-1]: {dep.asset_key.to_user_string() for dep in spec.deps}
        for asset in assets
        for spec in asset.specs
    }
    assert deps["stg_games"] == {"core/games", "core/teams"}
    assert deps["stg_markets"] == {"market/markets", "market/market_games"}
    assert deps["stg_quotes_latest"] == {"market/markets", "market/quotes"}
    assert deps["stg_models_in_use"] == {"model/ratings"}
    assert deps["stg_ratings_current"] == {"model/ratings", "mart/stg_models_in_use"}
    assert deps["stg_forecasts_current"] == {"model/forecasts", "mart/stg_models_in_use"}
    assert deps["skill"] == {"model/evaluations", "mart/stg_models_in_use"}
    staging = ("games", "markets", "quotes_latest", "ratings_current", "forecasts_current")
    assert deps["board"] == {f"mart/stg_{name}" for name in staging}
    assert deps["freshness"] == set()
    assert deps["row_counts"] == {
        "core/games",
        "market/markets",
        "market/quotes",
        "raw/espn_games",
        "raw/kalshi_markets",
    }


def test_a_run_builds_every_model_and_passes_every_check(materialize: Materialize) -> None:
    result = materialize()
    assert result.success
    checks = {one.asset_key.path[-1]: one for one in result.get_asset_check_evaluations()}
    assert set(checks) == set(load_project().models)
    assert all(one.passed for one in checks.values())


def test_a_materialization_tells_rows_columns_types_meanings_and_lineage(materialize: Materialize) -> None:
    metadata = metadata_of(materialize(), "board")
    assert metadata["dagster/row_count"] == 3
    columns = {column.name: column for column in metadata["dagster/column_schema"].columns}
    assert columns["home_bid"].type == "numeric(8,6)"
    assert columns["home_rating"].description == (
        "Rating of the home side after its last rated game; null while it has none."
    )
    lineage = metadata["dagster/column_lineage"].deps_by_column
    assert lineage["home_rating"] == [dg.TableColumnDep(dg.AssetKey(["mart", "stg_ratings_current"]), "rating")]


def test_lineage_of_a_staging_view_ends_at_the_tables_own_assets(materialize: Materialize) -> None:
    metadata = metadata_of(materialize("stg_models_in_use", "stg_ratings_current"), "stg_ratings_current")
    lineage = metadata["dagster/column_lineage"].deps_by_column
    assert lineage["rating"] == [dg.TableColumnDep(dg.AssetKey(["model", "ratings"]), "rating_after")]


def test_failing_tests_fail_the_check_and_not_the_run(materialize: Materialize, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE market.market_games SET game_id = 'nfl:gone' WHERE outcome = 'home'"))
    result = materialize()
    assert result.success
    failed = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert [(one.asset_key.path[-1], one.check_name, one.severity) for one in failed] == [
        ("stg_markets", CHECK, dg.AssetCheckSeverity.ERROR)
    ]
    assert failed[0].metadata["failed"].value == ["relationships game_id: 3 rows fail, e.g. nfl:gone"]
    assert failed[0].metadata["failing_rows"].value == 3


def test_a_mart_without_its_staging_views_fails_with_file_and_line(materialize: Materialize) -> None:
    result = materialize("board", raise_on_error=False)
    assert not result.success
    failure = result.failure_data_for_node("mart__board")
    assert failure is not None
    assert failure.user_failure_data is not None
    assert failure.user_failure_data.description is not None
    assert failure.user_failure_data.description.startswith("models/marts/board.sql:")


def test_sql_that_lineage_cannot_follow_is_built_and_says_so(
    services: Services, resource: PrecogServices, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: tiny\n")
    (tmp_path / "models" / "sources.yml").write_text("sources: [{name: core, tables: [{name: games}]}]\n")
    (tmp_path / "models" / "loop.sql").write_text(
        "with recursive r(n) as (select count(season) from {{ source('core', 'games') }} "
        "union all select n + 1 from r where n < 9) select r.n from r"
    )
    [asset] = build_sql_model_assets(project=load_project(tmp_path))
    metadata = metadata_of(dg.materialize([asset], resources={"services": resource}), "loop")
    assert metadata["dagster/row_count"] == 10
    assert metadata["column_lineage_missing"].startswith("models/loop.sql:")


def test_the_automation_condition_reaches_every_asset() -> None:
    condition = dg.AutomationCondition.eager()
    assets = build_sql_model_assets(automation_condition=condition)
    assert {spec.automation_condition for asset in assets for spec in asset.specs} == {condition}
