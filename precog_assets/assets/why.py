"""Why there is a trade, or none, as metadata: the funnel of gates and the commonest reasons of the last day.

Belongs here: what `queries.decisions` reads, as Dagster shows it. Does not: counting.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import polars as pl
    import sqlalchemy as sa

SINCE = timedelta(hours=24)
REASONS_SHOWN = 10
_FUNNEL = dg.TableSchema(
    columns=[
        dg.TableColumn("strategy", "string", "Strategy of config/strategies.yaml"),
        dg.TableColumn("gate", "string", "In the order asked"),
        dg.TableColumn("markets", "int", "That came to the gate"),
        dg.TableColumn("passed", "int", "Of them"),
        dg.TableColumn("stopped", "int", "Of them"),
        dg.TableColumn("share_of_all", "float", "Passed, of all markets decided on"),
    ]
)
_REASONS = dg.TableSchema(
    columns=[
        dg.TableColumn("strategy", "string", "Strategy of config/strategies.yaml"),
        dg.TableColumn("reason", "string", "First gate that failed; taken where none did"),
        dg.TableColumn("markets", "int", "Whose last verdict it is"),
        dg.TableColumn("verdicts", "int", "Repeats counted"),
    ]
)


def why_metadata(engine: sa.Engine, now: datetime) -> dict[str, Any]:
    """Tables `funnel` and `reasons` of the decisions that held in the last day, and how many were taken."""
    from precog_assets.queries.decisions import decisions, funnel

    since, until = now - SINCE, now + timedelta(microseconds=1)
    gates, held = funnel(engine, since=since, until=until), decisions(engine, since=since, until=until)
    return {
        "funnel": _table(gates, _FUNNEL),
        "reasons": _table(top_reasons(held), _REASONS),
        "taken_in_24_hours": held["action"].to_list().count("take"),
        "decided_markets_in_24_hours": held["market_id"].n_unique(),
    }


def top_reasons(held: pl.DataFrame) -> pl.DataFrame:
    """The commonest last verdicts on markets, by strategy and reason; `held` as `queries.decisions` reads it."""
    import polars as pl

    verdicts = pl.col("repeats").cast(pl.Int64) + 1
    latest = held.sort("as_of").with_columns(
        last=pl.int_range(pl.len()).over("strategy", "market_id") == pl.len().over("strategy", "market_id") - 1
    )
    return (
        latest.group_by("strategy", "reason")
        .agg(markets=pl.col("last").sum().cast(pl.Int64), verdicts=verdicts.sum())
        .sort("markets", "verdicts", "strategy", "reason", descending=[True, True, False, False])
        .head(REASONS_SHOWN)
    )


def _table(frame: pl.DataFrame, schema: dg.TableSchema) -> dg.TableMetadataValue:
    import polars as pl

    names = [column.name for column in schema.columns]
    rows = frame.select(names).with_columns(pl.col(pl.Float64).round(4)).iter_rows(named=True)
    return dg.MetadataValue.table(records=[dg.TableRecord(data=row) for row in rows], schema=schema)
