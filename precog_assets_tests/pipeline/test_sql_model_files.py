"""SQL models as files: what is understood, what is refused and where, order, and where columns come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.sql_models.files import Project, load_project
from precog_assets.pipeline.sql_models.lineage import ColumnOrigin, LineageError, column_lineage, trace
from precog_assets.pipeline.sql_models.schema_files import TestKind
from precog_assets.pipeline.sql_models.template import Relation, parse_template

SOURCES = "sources:\n- name: core\n  tables: [{name: games}, {name: teams}]\n"


def project(tmp_path: Path, schema: str = "", **models: str) -> Project:
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "dbt_project.yml").write_text("name: tiny\nmodels: {tiny: {+schema: mart}}\n")
    (tmp_path / "models" / "sources.yml").write_text(SOURCES)
    if schema:
        (tmp_path / "models" / "schema.yml").write_text(schema)
    for name, text in models.items():
        (tmp_path / "models" / f"{name}.sql").write_text(text)
    return load_project(tmp_path)


def origins(tmp_path: Path, column: str, text: str, **others: str) -> set[str]:
    """The source columns behind a column of the model `one`."""
    lineage = column_lineage(project(tmp_path, one=text, **others))
    return {f"{one.relation}.{one.column}" for one in trace(lineage, Relation("mart", "one"), column)}


def column_tests(tests: str) -> str:
    return f"models:\n- name: one\n  columns:\n  - name: n\n    data_tests: {tests}\n"


def test_calls_become_quoted_names_and_lines_stay_where_they_were() -> None:
    text = "{{ config(materialized=\"table\") }}\nselect *\nfrom {{ ref('b') }}\njoin {{\n source('s', 't') }}"
    parsed = parse_template(text, "a.sql")
    rendered = parsed.render(lambda call: Relation("x", getattr(call, "name", "t")))
    assert parsed.materialized == "table"
    assert rendered == '\nselect *\nfrom "x"."b"\njoin "x"."t"\n'
    assert rendered.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "braces",
    [
        "{{ var('x') }}",
        "{% if true %}",
        "{# note #}",
        "{{ ref('a', 'b') }}",
        "{{ ref(name) }}",
        "{{ ref('a') | upper }}",
        "{{ source('core') }}",
        "{{ ref('a\"; drop table x') }}",
        "{{ config(materialized='incremental') }}",
        "{{ config(materialized='table', tags=['x']) }}",
        "{{ ref('a')",
        "{{}}",
    ],
)
def test_anything_else_in_braces_is_refused_naming_file_and_line(tmp_path: Path, braces: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^models/one\.sql:3: .* is not understood; .*only ref\('model'\)"):
        project(tmp_path, one=f"select 1 as n\n-- two\n  , {braces} as m\n")


def test_single_braces_are_sql_and_stay(tmp_path: Path) -> None:
    assert (
        project(tmp_path, one="select '{\"a\": {}}'::jsonb as n").models["one"].sql.startswith("select '{\"a\": {}}'")
    )


def test_models_come_upstream_first_whatever_their_names(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        a="select * from {{ ref('b') }}",
        b="select * from {{ ref('c') }}",
        c="select 1 as n",
        d="select 2 as n",
    )
    order = list(found.models)
    assert order.index("c") < order.index("b") < order.index("a")
    assert [model.name for model in found.chosen(["a", "c"])] == ["c", "a"]


def test_models_in_a_circle_are_refused_with_the_circle(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"in a circle: (\w -> ){2,3}\w\.?"):
        project(tmp_path, a="select * from {{ ref('b') }}", b="select * from {{ ref('a') }}")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("ref('nothing')", r"models/one\.sql: ref\('nothing'\) is no model; known: one"),
        ("source('core', 'games_')", r"models/one\.sql: source\('core', 'games_'\) is in no sources file; known: core"),
    ],
)
def test_a_name_that_is_nowhere_is_refused_with_those_that_are(tmp_path: Path, call: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        project(tmp_path, one=f"select * from {{{{ {call} }}}}")


def test_an_unknown_selection_names_the_models_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Unknown SQL model nine; known: one\."):
        project(tmp_path, one="select 1 as n").chosen(["nine"])


def test_a_described_model_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"models/schema\.yml: model ghost has no file ghost\.sql"):
        project(tmp_path, "models: [{name: ghost}]\n", one="select 1 as n")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("[not_negative]", r"one\.n: the test reads 'not_negative'; expected one of not_null, unique"),
        ("[accepted_values]", r"accepted_values takes values; it has none"),
        ("[{relationships: {to: ref('one')}}]", r"relationships takes field, to; it has to"),
        ("[{relationships: {to: one, field: n}}]", r"relationships to 'one'; expected ref"),
        ("[{not_null: {config: {severity: warn}}}]", r"not_null takes no arguments; it has config"),
        ("[{relationships: {to: \"ref('two')\", field: n}}]", r"ref\('two'\) is no model"),
    ],
)
def test_a_test_that_cannot_be_run_here_is_refused_not_skipped(tmp_path: Path, tests: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        project(tmp_path, column_tests(tests), one="select 1 as n")


def test_both_spellings_of_test_arguments_mean_the_same(tmp_path: Path) -> None:
    new = project(tmp_path, column_tests("[{accepted_values: {arguments: {values: [1, true]}}}]"), one="select 1 as n")
    old = project(tmp_path, column_tests("[{accepted_values: {values: [1, true]}}]"), one="select 1 as n")
    assert new.models["one"].tests == old.models["one"].tests
    assert (new.models["one"].tests[0].kind, new.models["one"].tests[0].values) == (
        TestKind.ACCEPTED_VALUES,
        ("1", "true"),
    )


def test_the_shipped_folder_makes_marts_tables_and_staging_views_unless_a_file_says_else() -> None:
    models = load_project().models
    tables = {name for name, model in models.items() if model.materialized == "table"}
    assert tables == {
        "stg_ratings_current",
        "freshness",
        "row_counts",
        "board",
        "forecast_board",
        "skill",
        "team_ratings",
        "closing_line_value",
        "decisions_latest",
        "equity_by_day",
        "exposure_by_game",
        "funnel",
        "positions",
        "skill_against_market",
    }
    assert all(model.relation.schema == "mart" and model.description for model in models.values())


def test_a_rating_on_the_board_leads_to_the_ratings_table() -> None:
    lineage = column_lineage(load_project())
    board = Relation("mart", "board")
    assert lineage[board]["home_rating"] == (ColumnOrigin(Relation("mart", "stg_ratings_current"), "rating"),)
    assert trace(lineage, board, "home_rating") == {ColumnOrigin(Relation("model", "ratings"), "rating_after")}
    assert trace(lineage, board, "p_home") == {ColumnOrigin(Relation("model", "forecasts"), "p_home")}
    assert trace(lineage, board, "home_bid") == {ColumnOrigin(Relation("market", "quotes"), "yes_bid")}
    assert trace(lineage, board, "home_team") == {ColumnOrigin(Relation("core", "teams"), "display_name")}


def test_lineage_covers_every_documented_column_of_every_shipped_model() -> None:
    project = load_project()
    lineage = column_lineage(project)
    assert {name: list(lineage[model.relation]) for name, model in project.models.items()} == {
        name: list(model.columns) for name, model in project.models.items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select league || ' ' || season as n from {{ source('core', 'games') }}", {"games.league", "games.season"}),
        ("with g as (select * from {{ source('core', 'games') }}) select g.winner as n from g", {"games.winner"}),
        ("select (select max(t.name) from {{ source('core', 'teams') }} t) as n", {"teams.name"}),
        ("select count(*) as n from {{ source('core', 'games') }}", set()),
        (
            "select name as n from {{ source('core', 'teams') }} union all "
            "select venue from {{ source('core', 'games') }}",
            {"teams.name", "games.venue"},
        ),
        (
            "select l.kind as n from {{ source('core', 'games') }} g cross join lateral "
            "(select t.kind from {{ source('core', 'teams') }} t where t.team_id = g.home_team_id limit 1) l",
            {"teams.kind"},
        ),
        ("select two.x as n from {{ ref('two') }} two", {"games.status"}),
    ],
    ids=["expression", "star", "scalar query", "count", "union", "lateral", "model"],
)
def test_lineage_follows(tmp_path: Path, text: str, expected: set[str]) -> None:
    two = "select status as x, * from {{ source('core', 'games') }}"
    assert origins(tmp_path, "n", text, two=two) == {f"core.{column}" for column in expected}


def test_a_column_that_no_table_has_is_an_error_of_the_lineage_naming_the_model(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"models/one\.sql: .*points"):
        column_lineage(project(tmp_path, one="select points as n from {{ source('core', 'games') }}"))
