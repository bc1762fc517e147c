"""What the catalogue says of an asset's table: its name, columns, types, limits and meanings.

Belongs here: specs made of `store.tables` and `domain.schemas`, and the policies they share.
Does not: row counts, which are read when an asset is materialized.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import dialect

from precog_assets.domain.schemas import ALL
from precog_assets.domain.table_rules import Column
from precog_assets.store.tables import metadata

OWNERS = ("team:data",)
LIVE = dg.FreshnessPolicy.time_window(warn_window=timedelta(minutes=5), fail_window=timedelta(minutes=15))
"""For what sensors poll: a heartbeat materialization a minute keeps it fresh while the source answers."""
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26))


class DoublingRetries(dg.RetryPolicy):
    """Waits `delay`, twice that, four times: Dagster's own exponential backoff waits 1, 3 and 7 times as long."""

    def calculate_delay(self, attempt_num: int) -> float:
        return float(self.delay or 0) * 2 ** (attempt_num - 1)


RETRIES = DoublingRetries(max_retries=3, delay=30)
"""After 30, 60 and 120 s, of transient failures alone: `results` fails all others without."""
_POSTGRESQL = dialect()


def table_spec(
    key: Sequence[str],
    table: str,
    *,
    group: str,
    description: str,
    kinds: Sequence[str],
    deps: Sequence[Sequence[str]] = (),
    freshness: dg.FreshnessPolicy | None = None,
    partitions: dg.PartitionsDefinition | None = None,
) -> dg.AssetSpec:
    """The spec of an asset whose rows stand in `table` (schema and name). Raises KeyError for an unknown table."""
    return dg.AssetSpec(
        dg.AssetKey(key),
        deps=[dg.AssetKey(dep) for dep in deps],
        description=description,
        group_name=group,
        kinds={*kinds, "postgres"},
        owners=list(OWNERS),
        code_version="1",
        freshness_policy=freshness,
        partitions_def=partitions,
        metadata=table_metadata(table),
    )


def table_metadata(table: str) -> dict[str, Any]:
    """Name and column schema of a table, as Dagster shows them."""
    return {"dagster/table_name": table, "dagster/column_schema": column_schema(table)}


def column_schema(table: str) -> dg.TableSchema:
    """Columns with SQL types, meanings, and the limits that the table's check enforces."""
    rules = {column.name: column for column in ALL[table].columns} if table in ALL else {}
    return dg.TableSchema(
        columns=[_column(column, rules.get(column.name)) for column in metadata.tables[table].columns],
        constraints=dg.TableConstraints(other=[rule.name for rule in ALL[table].rules] if table in ALL else []),
    )


def _column(column: sa.Column[Any], rule: Column | None) -> dg.TableColumn:
    return dg.TableColumn(
        name=column.name,
        type=column.type.compile(dialect=_POSTGRESQL).lower(),
        description=column.comment or (rule.description if rule else None),
        constraints=dg.TableColumnConstraints(
            nullable=bool(column.nullable),
            unique=bool(column.unique or (rule is not None and rule.unique)),
            other=rule.limits if rule else [],
        ),
    )
