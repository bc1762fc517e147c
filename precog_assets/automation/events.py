"""What a tick tells Dagster: materializations with row counts and a data version, and mended contracts.

Belongs here: events and the cursor that makes them rare. Does not: polling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from precog_assets.assets.results import answered, counts_of, raw_rows, rows_stored
from precog_assets.automation.memory import TickMemory
from precog_assets.checks.findings import Finding, evaluated

if TYPE_CHECKING:
    import sqlalchemy as sa

    from precog_assets.pipeline.report import StepReport

VERSION_TAGS = {"dagster/data_version_is_user_provided": "true"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a sensor told before: the data version of its assets, and whether its source's contract held."""

    version: str = ""
    contract_held: bool | None = None

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Told:
        """What a cursor holds; nothing when it was reset, which tells everything once more."""
        if not cursor:
            return cls()
        read = json.loads(cursor)
        return cls(read.get("version", ""), read.get("contract_held"))

    def to_cursor(self) -> str:
        return json.dumps({"version": self.version, "contract_held": self.contract_held})


def version_to_tell(
    report: StepReport | None, before: Told, *, heartbeat_due: bool, tell_due: bool = True, derived: bool = False
) -> str | None:
    """The data version to materialize with: a new one on change, the old one as heartbeat, None: say nothing.

    `report` holds all that was not told yet; a change waits until `tell_due`. A poll that nothing answered is
    no heartbeat: then freshness shows the asset ageing. `derived`: the step asks nobody.
    """
    if report is None or not (derived or answered(report)):
        return None
    if not before.version:
        return report.correlation_id
    if report.written:
        return report.correlation_id if tell_due else None
    return before.version if heartbeat_due else None


def materializations(
    engine: sa.Engine,
    report: StepReport,
    tables: Mapping[dg.AssetKey, str],
    version: str,
    *,
    source: str = "",
    facts: Mapping[str, Any] | None = None,
) -> list[dg.AssetMaterialization]:
    """One event an asset; assets on raw.responses count the responses of `source`. `facts` become `precog/...`."""
    return [
        dg.AssetMaterialization(
            asset_key=key,
            metadata={
                **counts_of(report),
                **{f"precog/{name}": value for name, value in (facts or {}).items()},
                "dagster/row_count": raw_rows(engine, source)
                if table == "raw.responses"
                else rows_stored(engine, table),
            },
            tags={**VERSION_TAGS, "dagster/data_version": version},
        )
        for key, table in tables.items()
    ]


def contract_changes(before: Told, key: dg.AssetKey, finding: Finding) -> tuple[list[dg.AssetCheckEvaluation], Told]:
    """An evaluation of the check `contract` when it broke or was mended since the last one told."""
    if finding.passed == before.contract_held:
        return [], before
    return [evaluated(key, "contract", finding)], replace(before, contract_held=finding.passed)


def told_of_tick(
    engine: sa.Engine,
    memory: TickMemory,
    sensor: str,
    before: Told,
    report: StepReport | None,
    tables: Mapping[dg.AssetKey, str],
    *,
    source: str = "",
    derived: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> tuple[list[dg.AssetMaterialization], Told]:
    """The materializations of a tick, of all that changed since the last ones, and what was told with them.

    `derived`: the step asks nobody, it works on what is stored.
    """
    if report is None:
        return [], before
    polled, report = derived or answered(report), memory.gathered(sensor, report)
    if not polled:
        return [], before
    version = version_to_tell(
        report,
        before,
        heartbeat_due=memory.heartbeat_due(sensor),
        tell_due=memory.tell_due(sensor),
        derived=derived,
    )
    if version is None:
        return [], before
    memory.reported(sensor)
    told = materializations(engine, report, tables, version, source=source, facts=facts)
    return told, replace(before, version=version)
