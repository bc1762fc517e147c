"""The tests of schema.yml as SQL: how many rows fail, and with which values.

What belongs here: one statement a kind of test. They pass and fail as dbt's do; the count is always of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DBAPIError, ProgrammingError

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.sql_models.files import Model, Project, load_project
from precog_assets.pipeline.sql_models.schema_files import ModelTest, TestKind

SAMPLE = 5
_WHERE = {
    TestKind.NOT_NULL: sql.SQL("t.{column} IS NULL"),
    TestKind.UNIQUE: sql.SQL("t.{column} IS NOT NULL"),
    TestKind.ACCEPTED_VALUES: sql.SQL("t.{column}::text <> ALL({values})"),
    TestKind.RELATIONSHIPS: sql.SQL(
        "t.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {to} o WHERE o.{field} = t.{column})"
    ),
}
_FAILING = sql.SQL(
    "SELECT value, CAST(sum(n) OVER () AS bigint) FROM ("
    "SELECT t.{column}::text AS value, count(*) AS n FROM {relation} t WHERE {where} GROUP BY 1 HAVING {having}"
    ") failing ORDER BY n DESC, value LIMIT {limit}"
)


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome. `sample` holds failing values, most frequent first; None stands for null."""

    __test__ = False

    test: ModelTest
    failing_rows: int
    sample: tuple[str | None, ...] = ()

    @property
    def passed(self) -> bool:
        return self.failing_rows == 0

    def sentence(self) -> str:
        """E.g. `relationships game_id: 2 rows fail, e.g. nfl:9`."""
        if self.passed:
            return f"{self.test.name}: passed"
        shown = ", ".join("null" if value is None else value for value in self.sample)
        return f"{self.test.name}: {self.failing_rows} rows fail, e.g. {shown}"


def run_tests(engine: sa.Engine, model: str, *, project: Project | None = None) -> list[TestResult]:
    """Run a built model's tests. Raises ConfigurationError for a model or column that is not there."""
    project = project or load_project()
    [chosen] = project.chosen([model])
    with in_database(engine) as connection:
        return [_run(connection, project, chosen, test) for test in chosen.tests]


def _run(connection: sa.Connection, project: Project, model: Model, test: ModelTest) -> TestResult:
    column = sql.Identifier(test.column)
    parts: dict[str, sql.Composable] = {"column": column}
    if test.kind is TestKind.ACCEPTED_VALUES:
        parts["values"] = sql.Literal(list(test.values))
    if test.kind is TestKind.RELATIONSHIPS and test.to is not None:
        to = project.relation(test.to)
        parts |= {"to": sql.Identifier(to.schema, to.name), "field": sql.Identifier(test.field)}
    statement = _FAILING.format(
        column=column,
        relation=sql.Identifier(model.relation.schema, model.relation.name),
        where=_WHERE[test.kind].format(**parts),
        having=sql.SQL("count(*) > 1" if test.kind is TestKind.UNIQUE else "true"),
        limit=sql.Literal(SAMPLE),
    )
    try:
        rows = connection.exec_driver_sql(statement.as_string(None), execution_options={"no_parameters": True}).all()
    except ProgrammingError as error:
        raise ConfigurationError(f"{model.place}: the test {test.name} cannot run: {_first_line(error)}") from error
    return TestResult(test, int(rows[0][1]) if rows else 0, tuple(row[0] for row in rows))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
