"""SQL models: one asset for each file of `dbt_like_sql/`, with its columns, lineage and tests.

Belongs here: what Dagster shows of a model. Does not: building or testing it (`pipeline.sql_models`), nor what
it says (the file).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from precog_assets.assets.results import failures_named
from precog_assets.assets.tables import OWNERS
from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.sql_models.files import Model, Project, load_project
from precog_assets.pipeline.sql_models.template import Relation
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from precog_assets.pipeline.sql_models.build import ModelResult
    from precog_assets.pipeline.sql_models.checks import TestResult
    from precog_assets.pipeline.sql_models.lineage import Lineage

GROUP = "marts"
CHECK = "schema_tests"
WRITTEN_WITH = {
    "book.equity": ("book.ledger",),
    "book.strategies": ("book.decisions",),
    "core.game_states": ("core.games",),
    "core.team_aliases": ("core.teams",),
    "market.market_states": ("market.markets",),
    "model.blends": ("model.evaluations",),
    "model.states": ("model.ratings",),
    "model.versions": ("model.ratings",),
    "raw.responses": ("raw.espn_games", "raw.kalshi_markets"),
}
"""Tables that no asset of their own name writes, and the assets that do."""


def model_key(model: Model) -> dg.AssetKey:
    return dg.AssetKey([model.relation.schema, model.name])


def source_keys(relation: Relation) -> list[dg.AssetKey]:
    """The assets that write a source table; none for `ops`, which is about the platform itself."""
    if relation.schema == "ops":
        return []
    return [dg.AssetKey(name.split(".")) for name in WRITTEN_WITH.get(str(relation), (str(relation),))]


def build_sql_model_assets(
    *,
    project: Project | None = None,
    automation_condition: dg.AutomationCondition | None = None,
) -> list[dg.AssetsDefinition]:
    """One asset a model, upstream first, each with one check over all its tests.

    `project` defaults to the folder that `find_folder` finds. Raises ConfigurationError naming file and line.
    """
    chosen = project or load_project()

    @cache
    def lineage() -> Lineage:
        from precog_assets.pipeline.sql_models.lineage import column_lineage

        return column_lineage(chosen)

    return [_asset(chosen, model, automation_condition, lineage) for model in chosen.models.values()]


def _asset(
    project: Project,
    model: Model,
    automation_condition: dg.AutomationCondition | None,
    lineage: Callable[[], Lineage],
) -> dg.AssetsDefinition:
    key = model_key(model)
    upstream = [model_key(project.models[name]) for name in model.refs]
    upstream += [key for relation in model.sources for key in source_keys(relation)]
    check = dg.AssetCheckSpec(
        CHECK,
        asset=key,
        blocking=False,
        description=f"The {len(model.tests)} tests that schema.yml has for it: not_null, unique, accepted values, "
        "relationships.",
    )

    @dg.asset(
        key=key,
        deps=list(dict.fromkeys(upstream)),
        group_name=GROUP,
        kinds={"sql", "postgres", model.materialized},
        owners=list(OWNERS),
        description=model.description,
        code_version=hashlib.sha256(f"{model.materialized}\n{model.sql}".encode()).hexdigest()[:12],
        automation_condition=automation_condition,
        check_specs=[check] if model.tests else [],
        metadata={
            "dagster/table_name": str(model.relation),
            "file": model.place,
            "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
        },
    )
    def build(services: PrecogServices) -> dg.MaterializeResult:
        from precog_assets.pipeline.sql_models.build import build_models
        from precog_assets.pipeline.sql_models.checks import run_tests

        engine = services.get().engine
        with failures_named(), _mistakes_named():
            [built] = build_models(engine, [model.name], project=project)
            tests = run_tests(engine, model.name, project=project)
        return dg.MaterializeResult(
            metadata={**_built(built), **_lineage(model, lineage)},
            check_results=[_checked(tests)] if model.tests else [],
        )

    return build


@contextmanager
def _mistakes_named() -> Iterator[None]:
    """A mistake in a model becomes a failed step that is not tried again."""
    try:
        yield
    except ConfigurationError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _built(result: ModelResult) -> dict[str, Any]:
    columns = [dg.TableColumn(one.name, one.type, one.description or None) for one in result.columns]
    metadata: dict[str, Any] = {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/row_count": result.row_count,
        "how": result.how,
        "elapsed_ms": round(result.elapsed_ms, 1),
    }
    if result.dropped:
        metadata["dropped_views"] = dg.MetadataValue.json(list(result.dropped))
    return metadata


def _lineage(model: Model, lineage: Callable[[], Lineage]) -> dict[str, Any]:
    """Each column's origins one step up; where the SQL cannot be followed, that is said, and the rows stand."""
    from precog_assets.pipeline.sql_models.lineage import LineageError

    try:
        origins = lineage()[model.relation]
    except LineageError as error:
        return {"column_lineage_missing": str(error)}
    deps_by_column = {
        column: [
            dg.TableColumnDep(asset_key=key, column_name=origin.column)
            for origin in found
            for key in _lineage_keys(origin.relation)
        ]
        for column, found in origins.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column)}


def _lineage_keys(relation: Relation) -> list[dg.AssetKey]:
    """A column belongs to its own table, also where another asset writes that; raw rows to the raw assets."""
    return source_keys(relation) if relation.schema == "raw" else [dg.AssetKey([relation.schema, relation.name])]


def _checked(tests: Sequence[TestResult]) -> dg.AssetCheckResult:
    failed = [test.sentence() for test in tests if not test.passed]
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(failed) or f"{len(tests)} tests passed",
        metadata={
            "tests": len(tests),
            "failed": dg.MetadataValue.json(failed),
            "failing_rows": sum(test.failing_rows for test in tests),
        },
    )
