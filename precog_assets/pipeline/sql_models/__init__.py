"""SQL models: the files of `dbt_like_sql/`, built, tested and traced column by column, without dbt.

What belongs here: reading the folder (`files`, `template`), building views and tables (`build`), the tests of
schema.yml (`checks`), column lineage (`lineage`). What does not: what the models say (that is SQL), Dagster.

The files stay valid for dbt: only `ref`, `source` and `config(materialized=...)` are understood, the rest is refused.
"""

from precog_assets.pipeline.sql_models.build import BuiltColumn, ModelResult, build_models
from precog_assets.pipeline.sql_models.checks import TestResult, run_tests
from precog_assets.pipeline.sql_models.files import Model, Project, find_folder, load_project
from precog_assets.pipeline.sql_models.template import Relation

__all__ = [
    "BuiltColumn",
    "Model",
    "ModelResult",
    "Project",
    "Relation",
    "TestResult",
    "build_models",
    "find_folder",
    "load_project",
    "run_tests",
]
