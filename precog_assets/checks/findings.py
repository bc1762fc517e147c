"""A finding, and what Dagster is told of it.

Belongs here: the shape of a check's answer, and what is common to raw sources: contract, rejections.
Does not: checks of one subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

REJECTED_SHARE = 0.05
SAMPLE_CHARS = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `warn`: a failure that does not make what is built on it wrong."""

    passed: bool
    description: str
    warn: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def told(key: dg.AssetKey, name: str, finding: Finding) -> dg.AssetCheckResult:
    """A finding as Dagster's check result."""
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN if finding.warn else dg.AssetCheckSeverity.ERROR,
        description=finding.description,
        metadata=_shown(finding.facts),
    )


def evaluated(key: dg.AssetKey, name: str, finding: Finding) -> dg.AssetCheckEvaluation:
    """A finding as an event reported outside of runs."""
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN if finding.warn else dg.AssetCheckSeverity.ERROR,
        description=finding.description,
        metadata={name_: dg.MetadataValue.json(value) for name_, value in finding.facts.items()},
    )


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: dg.MetadataValue.json(value) if isinstance(value, dict | list) else value for name, value in facts.items()
    }


def contract(connection: sa.Connection, source: str) -> Finding:
    """Whether every payload type of a source still has its required keys; else which lack them, with a sample."""
    from precog_assets.store.tables import contract_samples

    query = (
        sa.select(contract_samples)
        .where(contract_samples.c.payload_type.startswith(f"{source}.", autoescape=True))
        .order_by(contract_samples.c.payload_type)
    )
    broken = {row.payload_type: row for row in connection.execute(query)}
    if not broken:
        return Finding(True, f"every payload of {source} has the keys it must have")
    first = next(iter(broken.values()))
    return Finding(
        False,
        "contract.vanished: "
        + "; ".join(f"{name} lacks {', '.join(sorted(row.missing))}" for name, row in broken.items())
        + f". First sample: {first.sample[:SAMPLE_CHARS]}",
        facts={
            "missing": {name: dict(row.missing) for name, row in broken.items()},
            "broken_since": {name: row.broken_since.isoformat() for name, row in broken.items()},
            "sample": {name: row.sample for name, row in broken.items()},
        },
    )


def rejections(connection: sa.Connection, first_words: Sequence[str], now: datetime) -> Finding:
    """The share of rows that the steps of the last day rejected; a warning above REJECTED_SHARE."""
    from precog_assets.store.tables import rejections as refused
    from precog_assets.store.tables import steps

    since = now - timedelta(days=1)
    query = sa.select(
        sa.func.coalesce(sa.func.sum(steps.c.rows_in), 0), sa.func.coalesce(sa.func.sum(steps.c.rejected), 0)
    ).where(steps.c.started_at > since, sa.func.split_part(steps.c.step, " ", 1).in_(first_words))
    rows_in, rejected = connection.execute(query).one()
    share = rejected / rows_in if rows_in else 0.0
    reasons = sa.select(refused.c.reason, sa.func.count()).where(refused.c.last_seen_at > since)
    counted = {row[0]: row[1] for row in connection.execute(reasons.group_by(refused.c.reason))} if rejected else {}
    return Finding(
        share <= REJECTED_SHARE,
        f"{rejected} of {rows_in} rows of the last day were rejected ({share:.1%}; at most {REJECTED_SHARE:.0%})",
        warn=True,
        facts={"share": share, "rows_in": int(rows_in), "rejected": int(rejected), "reasons": counted},
    )
