"""Where each column comes from: from a model's column to the columns of what it reads, and on to the sources.

What belongs here: reading compiled SQL with sqlglot. What does not: running it. Only what makes up a value
counts: a column that merely joins or filters is not its origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlalchemy.dialects import postgresql
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from precog_assets.pipeline.sql_models.files import Project
from precog_assets.pipeline.sql_models.template import Relation
from precog_assets.store.tables import metadata

DIALECT = "postgres"
_TYPES = postgresql.dialect()


class LineageError(Exception):
    """A model's SQL could not be followed; the message names the model and the column or construct."""


@dataclass(frozen=True, slots=True, order=True)
class ColumnOrigin:
    """A column of a relation: a model's or a source's."""

    relation: Relation
    column: str


Lineage = Mapping[Relation, Mapping[str, tuple[ColumnOrigin, ...]]]
"""By relation and output column: the columns directly before it; none for a constant or a row count."""


def column_lineage(project: Project) -> Lineage:
    """The direct origins of every column of every model.

    Raises LineageError naming the model whose SQL sqlglot cannot follow; recursive queries are among those.
    """
    schema = MappingSchema(dialect=DIALECT)
    for table in metadata.tables.values():
        columns = {column.name: column.type.compile(dialect=_TYPES) for column in table.columns}
        schema.add_table(f"{table.schema}.{table.name}", columns)
    found: dict[Relation, dict[str, tuple[ColumnOrigin, ...]]] = {}
    for model in project.models.values():
        try:
            tree = qualify(sqlglot.parse_one(model.sql, dialect=DIALECT), schema=schema, dialect=DIALECT)
            scope = build_scope(tree)
            if scope is None or not isinstance(tree, exp.Query):
                raise LineageError("it is not a query")
            columns = {name: tuple(sorted(_origins(scope, name))) for name in tree.named_selects}
        except (SqlglotError, LineageError) as error:
            raise LineageError(f"{model.place}: {str(error).splitlines()[0]}") from error
        found[model.relation] = columns
        schema.add_table(str(model.relation), dict.fromkeys(columns, "text"))
    return found


def trace(lineage: Lineage, relation: Relation, column: str) -> set[ColumnOrigin]:
    """The source columns at the far end of a model's column. Raises KeyError for a column it does not have."""
    far: set[ColumnOrigin] = set()
    for origin in lineage[relation][column]:
        if origin.relation in lineage:
            far |= trace(lineage, origin.relation, origin.column)
        else:
            far.add(origin)
    return far


def _origins(scope: Scope, column: str) -> set[ColumnOrigin]:
    """The table columns that an output column of a scope is made of."""
    tree = scope.expression
    if isinstance(tree, exp.SetOperation):
        position = tree.named_selects.index(column)
        return {
            origin for branch in scope.set_operation_scopes for origin in _origins(branch, _outputs(branch)[position])
        }
    if isinstance(tree, exp.Select):
        for projection in tree.selects:
            if projection.alias_or_name == column:
                return _within(scope, projection)
        raise LineageError(f"no column {column} among {', '.join(tree.named_selects)}")
    inner = scope.subquery_scopes
    if isinstance(tree, exp.Lateral) and inner:
        return _origins(inner[0], column)
    return _within(scope, tree)


def _outputs(scope: Scope) -> list[str]:
    tree = scope.expression
    if not isinstance(tree, exp.Query):
        raise LineageError(f"a branch is not a query: {tree.sql(DIALECT)[:80]}")
    return tree.named_selects


def _within(scope: Scope, node: exp.Expr) -> set[ColumnOrigin]:
    """The table columns named in an expression, queries inside it included."""
    if isinstance(node, exp.Column):
        source = scope.sources.get(node.table)
        if isinstance(source, exp.Table):
            return {ColumnOrigin(Relation(source.db, source.name), node.name)}
        if isinstance(source, Scope):
            return _origins(source, node.name)
        raise LineageError(f"nothing called {node.table!r} for the column {node.sql(DIALECT)}")
    if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
        for inner in scope.subquery_scopes:
            if inner.expression is node:
                return {origin for name in node.named_selects for origin in _origins(inner, name)}
        raise LineageError(f"a query inside cannot be followed: {node.sql(DIALECT)[:80]}")
    return {origin for child in node.iter_expressions() for origin in _within(scope, child)}
