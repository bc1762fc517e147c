"""Building models: views and tables in the database, each in one transaction that readers never notice.

What belongs here: how a model gets there. What does not: reading files (`files`), testing rows (`checks`).

A table whose columns stay is refilled in place: readers see the old rows until the commit, whatever their
isolation, and nothing that depends on it is touched. One whose columns change is made anew and swapped in.
Views of ours that stand on a replaced relation are dropped and put back; other people's make it refuse.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.sql_models.files import Model, Project, load_project
from precog_assets.pipeline.sql_models.template import Relation

SHAPE = sql.Identifier("pg_temp", "precog_shape")
"""A view of the session's own that tells a model's columns before anything is built."""
TABLE, VIEW = "r", "v"
_OUR_MISTAKE = ("0A", "22", "42")
"""SQLSTATE classes of a wrong statement: feature not supported, bad data, syntax or unknown name."""
_COLUMNS = sa.text(
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = CAST(:relation AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)
_KIND = sa.text("SELECT relkind FROM pg_class WHERE oid = to_regclass(:relation)")
_SAME_VIEW = sa.text(
    "SELECT pg_get_viewdef(CAST(:old AS regclass)) = pg_get_viewdef(CAST('pg_temp.precog_shape' AS regclass))"
)
_DEPENDENTS = sa.text(
    """
    WITH RECURSIVE standing AS (
        SELECT CAST(:relation AS regclass)::oid AS oid, 0 AS depth
        UNION
        SELECT r.ev_class, s.depth + 1 FROM standing s
        JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass
                        AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> s.oid)
    SELECT n.nspname, c.relname, c.relkind FROM standing s
    JOIN pg_class c ON c.oid = s.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE s.depth > 0 AND n.nspname NOT LIKE 'pg_temp%' GROUP BY 1, 2, 3 ORDER BY max(s.depth) DESC, 1, 2
    """
)

How = Literal["created", "refilled", "swapped", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True)
class BuiltColumn:
    """A column as the database has it, e.g. `numeric(8,6)`, with what schema.yml says of it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class ModelResult:
    """What building one model came to."""

    model: Model
    how: How
    row_count: int
    columns: tuple[BuiltColumn, ...]
    elapsed_ms: float
    rebuilt: tuple[str, ...] = ()
    """Views that stood on it and were put back as their files say."""
    dropped: tuple[str, ...] = ()
    """Views that stood on it and could not be put back yet, or have no file any more."""


def build_models(
    engine: sa.Engine, select: Iterable[str] | None = None, *, project: Project | None = None
) -> list[ModelResult]:
    """Build the named models (all when None), upstream first, each in a transaction of its own.

    Raises ConfigurationError naming file and line for SQL that PostgreSQL refuses, and PrecogError
    (system.database) when the server is away; the models built before then stay.
    """
    project = project or load_project()
    results = []
    for model in project.chosen(select):
        with in_database(engine) as connection:
            results.append(build_model(connection, project, model))
    return results


def build_model(connection: sa.Connection, project: Project, model: Model) -> ModelResult:
    """Build one model in the connection's transaction; one builder of a model at a time."""
    began = time.monotonic()
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"sql model {model.relation}"}
    )
    _execute(connection, sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(model.relation.schema)))
    _run_model(connection, model, "CREATE TEMPORARY VIEW precog_shape AS")
    shape = columns_of(connection, "pg_temp.precog_shape")
    steps = _build_view if model.materialized == "view" else _build_table
    how, dependents = steps(connection, project, model, shape)
    _execute(connection, sql.SQL("DROP VIEW {}").format(SHAPE))
    rebuilt, dropped = _put_back(connection, project, dependents)
    counted = _execute(connection, sql.SQL("SELECT count(*) FROM {}").format(_identifier(model.relation)))
    columns = tuple(BuiltColumn(name, kind, model.columns.get(name, "")) for name, kind in shape)
    elapsed_ms = (time.monotonic() - began) * 1000
    return ModelResult(model, how, int(counted.scalar_one()), columns, elapsed_ms, rebuilt, dropped)


def columns_of(connection: sa.Connection, relation: str) -> list[tuple[str, str]]:
    """(name, type) of a relation's columns, in their order."""
    return [(row[0], row[1]) for row in connection.execute(_COLUMNS, {"relation": relation})]


def _build_view(
    connection: sa.Connection, project: Project, model: Model, shape: Sequence[tuple[str, str]]
) -> tuple[How, list[Relation]]:
    kind = _kind(connection, model)
    if kind is None:
        _run_model(connection, model, f"CREATE VIEW {model.relation.quoted} AS")
        return "created", []
    if kind == VIEW:
        if connection.execute(_SAME_VIEW, {"old": model.relation.quoted}).scalar_one():
            return "unchanged", []
        old = columns_of(connection, model.relation.quoted)
        if list(shape[: len(old)]) == old:
            _run_model(connection, model, f"CREATE OR REPLACE VIEW {model.relation.quoted} AS")
            return "replaced", []
    dependents = _clear(connection, project, model, kind)
    _run_model(connection, model, f"CREATE VIEW {model.relation.quoted} AS")
    return "replaced", dependents


def _build_table(
    connection: sa.Connection, project: Project, model: Model, shape: Sequence[tuple[str, str]]
) -> tuple[How, list[Relation]]:
    kind, target = _kind(connection, model), _identifier(model.relation)
    if kind == TABLE and columns_of(connection, model.relation.quoted) == list(shape):
        _execute(connection, sql.SQL("DELETE FROM {}").format(target))
        _run_model(connection, model, f"INSERT INTO {model.relation.quoted}")
        return "refilled", []
    fresh = Relation(model.relation.schema, f"{model.relation.name}__new")
    _execute(connection, sql.SQL("DROP TABLE IF EXISTS {}").format(_identifier(fresh)))
    _run_model(connection, model, f"CREATE TABLE {fresh.quoted} AS")
    _execute(connection, sql.SQL("ANALYZE {}").format(_identifier(fresh)))
    dependents = _clear(connection, project, model, kind) if kind else []
    _execute(
        connection,
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(_identifier(fresh), sql.Identifier(model.relation.name)),
    )
    return "swapped" if kind else "created", dependents


def _kind(connection: sa.Connection, model: Model) -> str | None:
    """`r` table, `v` view, None when there is nothing; anything else is not ours to replace."""
    kind = connection.execute(_KIND, {"relation": model.relation.quoted}).scalar()
    if kind not in (TABLE, VIEW, None):
        raise ConfigurationError(
            f"{model.relation} exists and is neither a table nor a view (relkind {kind!r}); rename or drop it to "
            f"build {model.place}"
        )
    return kind


def _clear(connection: sa.Connection, project: Project, model: Model, kind: str) -> list[Relation]:
    """Drop what stands there and our views on it, furthest first; the views, nearest first."""
    ours = {one.relation.schema for one in project.models.values()}
    dependents: list[Relation] = []
    for schema, name, relkind in connection.execute(_DEPENDENTS, {"relation": model.relation.quoted}):
        if schema not in ours or relkind != VIEW:
            raise ConfigurationError(
                f"{schema}.{name} depends on {model.relation}, whose columns or kind change with {model.place}; "
                f"drop {schema}.{name}, build, and make it again"
            )
        dependents.append(Relation(schema, name))
    for relation in dependents:
        _execute(connection, sql.SQL("DROP VIEW {}").format(_identifier(relation)))
    drop = sql.SQL("DROP TABLE {}") if kind == TABLE else sql.SQL("DROP VIEW {}")
    _execute(connection, drop.format(_identifier(model.relation)))
    return dependents[::-1]


def _put_back(
    connection: sa.Connection, project: Project, dependents: Sequence[Relation]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make dropped views again as their files say now; one that needs a model not built yet stays away."""
    known = project.by_relation
    lost = [str(relation) for relation in dependents if relation not in known]
    order = {name: number for number, name in enumerate(project.models)}
    models = sorted((known[relation] for relation in dependents if relation in known), key=lambda m: order[m.name])
    rebuilt: list[str] = []
    for model in models:
        try:
            with connection.begin_nested():
                _run_model(connection, model, f"CREATE VIEW {model.relation.quoted} AS")
        except ConfigurationError:
            lost.append(str(model.relation))
        else:
            rebuilt.append(str(model.relation))
    return tuple(rebuilt), tuple(lost)


def _run_model(connection: sa.Connection, model: Model, before: str) -> None:
    """Run a model's own SQL behind a verb; a refusal names its file and line."""
    prefix = f"{before}\n"
    try:
        connection.exec_driver_sql(f"{prefix}{model.sql}\n", execution_options={"no_parameters": True})
    except DBAPIError as error:
        refusal = error.orig
        if not isinstance(refusal, psycopg.Error) or (refusal.sqlstate or "")[:2] not in _OUR_MISTAKE:
            raise
        position = int(refusal.diag.statement_position or 0)
        line = max(1, f"{prefix}{model.sql}".count("\n", 0, max(0, position - 1)))
        hint = "; build the models before it first" if refusal.sqlstate == "42P01" else ""
        message = refusal.diag.message_primary or re.sub(r"\s+", " ", str(refusal))
        raise ConfigurationError(f"{model.place}:{line}: PostgreSQL refuses it: {message}{hint}") from error


def _execute(connection: sa.Connection, statement: sql.Composed) -> sa.CursorResult:
    return connection.exec_driver_sql(statement.as_string(None), execution_options={"no_parameters": True})


def _identifier(relation: Relation) -> sql.Identifier:
    return sql.Identifier(relation.schema, relation.name)
