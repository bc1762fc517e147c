"""SQL models: the files of `dbt_like_sql/`, built, tested and traced column by column, without dbt.

What belongs here: reading the folder (`files`, `schema_files`, `template`), building views and tables (`build`),
the tests of schema.yml (`checks`), column lineage (`lineage`). What does not: what the models say (that is SQL),
Dagster. `files` needs no database, so that the definitions load fast; import the others where they are used.

The files stay valid for dbt: only `ref`, `source` and `config(materialized=...)` are understood, the rest is refused.
"""
