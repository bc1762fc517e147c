"""What a step's report becomes in Dagster: metadata of a materialization, or a failure that says why.

Belongs here: translating `StepReport` and `PrecogError`. Does not: deciding what a step does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from precog_assets.domain.errors import CODES, ConfigurationError, ErrorClass, PrecogError

if TYPE_CHECKING:
    from precog_assets.pipeline.report import StepReport

ESTIMATED_ABOVE = 200_000
"""Tables larger than this are counted by the planner's estimate: an exact count would read them whole."""
WORTH_RETRYING = frozenset({ErrorClass.TRANSIENT, ErrorClass.SYSTEM})
LASTING = frozenset({"system.internal", "system.epoch", "system.clock"})
"""Codes of the class system that come again in two minutes as they came now."""
DEFECTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    SQLAlchemyError,
)
"""What a mistake of our own raises; a server that is away is a PrecogError by then."""
FINE = frozenset({ErrorClass.OK, ErrorClass.NOT_MODIFIED})
FAILURES_SHOWN = 20

_ESTIMATE = sa.text(
    "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c WHERE c.oid = CAST(:name AS regclass) "
    "OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = CAST(:name AS regclass))"
)
_RAW_KEPT = sa.text("SELECT coalesce(sum(responses), 0)::bigint FROM ops.archive_growth WHERE source = :source")


@contextmanager
def failures_named() -> Iterator[None]:
    """A failure inside becomes a failed step with its class, code and what to do.

    What is transient is retried by the asset's policy; wrong settings and defects are not: they would fail again.
    """
    try:
        yield
    except PrecogError as error:
        raise dg.Failure(
            description=f"{error.error_class} {error.code}: {error} {error.error.action}",
            metadata={"code": error.code, "class": error.error_class.value},
            allow_retries=worth_retrying(error.code),
        ) from error
    except ConfigurationError as error:
        raise dg.Failure(description=f"wrong settings: {error}", allow_retries=False) from error
    except DEFECTS as error:
        code = CODES["system.internal"]
        raise dg.Failure(
            description=f"{code.error_class} {code.code}: {type(error).__name__}: {error} {code.action}",
            metadata={"code": code.code, "class": code.error_class.value},
            allow_retries=False,
        ) from error


def worth_retrying(code: str) -> bool:
    """Whether a failure may be over in two minutes."""
    return CODES[code].error_class in WORTH_RETRYING and code not in LASTING


def answered(report: StepReport) -> int:
    """Answers that were read, or known already; those that broke their contract are not."""
    good = sum(count for code, count in report.outcomes.items() if CODES[code].error_class in FINE)
    return good - sum(count for code, count in report.outcomes.items() if code.startswith("contract."))


def require_answers(report: StepReport) -> None:
    """Raise dg.Failure when everything that was asked for failed: an empty table would be a lie."""
    bad = {code: count for code, count in report.outcomes.items() if CODES[code].error_class not in FINE}
    if not bad or answered(report) > 0:
        return
    told = "; ".join(
        f"{CODES[code].error_class} {code} x{count}: {CODES[code].action}" for code, count in sorted(bad.items())
    )
    raise dg.Failure(
        description=f"{report.step}: nothing could be read. {told}",
        metadata={"failures": dg.MetadataValue.json(report.failures[:FAILURES_SHOWN]), **counts_of(report)},
        allow_retries=any(worth_retrying(code) for code in bad),
    )


def counts_of(report: StepReport) -> dict[str, Any]:
    """Small, constant-shape metadata of every materialization."""
    return {
        "rows_in": report.rows_in,
        "inserted": report.inserted,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
        "http_ms": round(report.http_ms, 1),
        "own_ms": round(report.own_ms, 1),
        "correlation_id": report.correlation_id,
    }


def materialized(
    report: StepReport, engine: sa.Engine, table: str, *, key: dg.AssetKey | None = None, source: str = ""
) -> dg.MaterializeResult:
    """The result of a run's step, with its counts, outcomes and the table's rows (of one `source`, if raw)."""
    details: dict[str, Any] = {
        **counts_of(report),
        "outcomes": dg.MetadataValue.json(dict(report.outcomes)),
        "rejections": dg.MetadataValue.json(dict(report.rejections)),
        "dagster/row_count": raw_rows(engine, source) if source else rows_stored(engine, table),
    }
    details.update({f"precog/{name}": value for name, value in report.notes.items()})
    if report.failures:
        details["failures"] = dg.MetadataValue.json(report.failures[:FAILURES_SHOWN])
    return dg.MaterializeResult(asset_key=key, metadata=details)


def rows_stored(engine: sa.Engine, table: str) -> int:
    """Rows of a table: exact while it is small, the planner's estimate afterwards."""
    from precog_assets.store.tables import metadata

    with engine.connect() as connection:
        estimate = connection.execute(_ESTIMATE, {"name": table}).scalar_one()
        if estimate > ESTIMATED_ABOVE:
            return estimate
        return connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[table])).scalar_one()


def raw_rows(engine: sa.Engine, source: str) -> int:
    """Responses of a source that were kept."""
    with engine.connect() as connection:
        return connection.execute(_RAW_KEPT, {"source": source}).scalar_one()
