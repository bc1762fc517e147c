"""How the platform runs, as rows: steps, rejections, contract counts, resumable units of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.domain.facts import ContractCounts, Rejection
from precog_assets.store.tables import backfill_units, contract_counts, contract_samples, rejections, steps


def record_step(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """One line of ops.steps; keys are its columns."""
    connection.execute(sa.insert(steps).values(**row))


def record_rejections(connection: sa.Connection, refused: Iterable[tuple[Rejection, int | None]], at: datetime) -> None:
    """Keep each rejected row once by payload type, key and reason, and count how often it was met."""
    unique = {(one.payload_type, one.key, one.reason): (one, response_id) for one, response_id in refused}
    rows = [
        {
            "payload_type": one.payload_type,
            "key": _storable(one.key)[:200],
            "reason": _storable(one.reason)[:200],
            "detail": _storable(one.detail)[:1000],
            "sample": _storable(one.sample)[:2000],
            "response_id": response_id,
            "first_seen_at": at,
            "last_seen_at": at,
            "seen": 1,
        }
        for _, (one, response_id) in sorted(unique.items(), key=lambda item: item[0])
    ]
    if not rows:
        return
    statement = insert(rejections)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["payload_type", "key", "reason"],
            set_={
                "detail": statement.excluded.detail,
                "sample": statement.excluded.sample,
                "response_id": statement.excluded.response_id,
                "last_seen_at": sa.func.greatest(rejections.c.last_seen_at, statement.excluded.last_seen_at),
                "seen": rejections.c.seen + 1,
            },
        ),
        rows,
    )


def _storable(text: str) -> str:
    """PostgreSQL text cannot hold NUL, nor UTF-8 a lone surrogate; both occur in broken payloads."""
    return text.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode()


def record_contracts(connection: sa.Connection, tallies: Iterable[ContractCounts], at: datetime) -> list[str]:
    """Add tallies to the day's counts; the payload types whose required keys vanished.

    A type that lacked keys and has them again is mended: its sample goes.
    """
    rows: dict[tuple[str, str, str], int] = {}
    broken: dict[str, ContractCounts] = {}
    whole: set[str] = set()
    for tally in tallies:
        if not tally.rows:
            continue
        kinds: Sequence[tuple[str, Mapping[str, int]]] = (
            ("rows", {"": tally.rows}),
            ("unknown", tally.unknown),
            ("missing_required", tally.missing_required),
            ("missing_optional", tally.missing_optional),
            ("null", tally.nulls),
        )
        for kind, counts in kinds:
            for key, count in counts.items():
                place = (tally.payload_type, kind, _storable(key)[:200])
                rows[place] = rows.get(place, 0) + count
        if tally.vanished:
            broken[tally.payload_type] = tally
        else:
            whole.add(tally.payload_type)
    if rows:
        statement = insert(contract_counts)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["day", "payload_type", "kind", "key"],
                set_={"rows": contract_counts.c.rows + statement.excluded.rows},
            ),
            [
                {"day": at.date(), "payload_type": payload_type, "kind": kind, "key": key, "rows": count}
                for (payload_type, kind, key), count in sorted(rows.items())
            ],
        )
    _record_samples(connection, broken, whole - broken.keys(), at)
    return sorted(broken)


def _record_samples(
    connection: sa.Connection, broken: Mapping[str, ContractCounts], whole: set[str], at: datetime
) -> None:
    for payload_type, tally in sorted(broken.items()):
        statement = insert(contract_samples).values(
            payload_type=payload_type,
            broken_since=at,
            last_seen_at=at,
            missing=tally.missing_required,
            sample=_storable(tally.sample),
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["payload_type"],
                set_={
                    "last_seen_at": at,
                    "missing": statement.excluded.missing,
                    "sample": statement.excluded.sample,
                },
            )
        )
    if whole:
        connection.execute(
            sa.delete(contract_samples).where(
                contract_samples.c.payload_type.in_(sorted(whole)), contract_samples.c.last_seen_at <= at
            )
        )


def units_done(connection: sa.Connection, job: str) -> set[str]:
    """Which units of a resumable job were finished."""
    return set(connection.scalars(sa.select(backfill_units.c.unit).where(backfill_units.c.job == job)))


def mark_unit(connection: sa.Connection, job: str, unit: str, at: datetime, rows_in: int) -> None:
    """Say that a unit is finished, once its facts are committed; one that is not said is read again."""
    statement = insert(backfill_units).values(job=job, unit=unit, done_at=at, rows_in=rows_in)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["job", "unit"], set_={"done_at": at, "rows_in": statement.excluded.rows_in}
        )
    )
