"""States of a model between two days, from which a replay goes on instead of starting in the first season.

Belongs here: keeping, finding and dropping the bytes. Does not: what is in them (`ratings`). They are no facts: any
of them may go, and is made anew by replaying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.store.tables import states as _states


@dataclass(frozen=True, slots=True)
class StateInfo:
    """A stored state without its bytes."""

    league: str
    model_version: str
    before_day: date
    """It holds every result of the days before, none of this day."""
    season: int
    opens_season: bool
    """The first day of a season: kept for good."""
    results_until: datetime
    """last_changed_at of the newest game that was read when it was made."""
    computed_at: datetime
    size_bytes: int


def save_state(
    connection: sa.Connection,
    *,
    league: str,
    version: str,
    before_day: date,
    season: int,
    opens_season: bool,
    results_until: datetime,
    state: bytes,
    now: datetime,
) -> None:
    """Keep the state of a version before a day, in place of the one it had for that day."""
    row = {
        "league": league,
        "model_version": version,
        "before_day": before_day,
        "season": season,
        "opens_season": opens_season,
        "results_until": results_until,
        "state": state,
        "computed_at": now,
    }
    statement = insert(_states).values(row)
    kept = {name: statement.excluded[name] for name in row if name not in ("model_version", "before_day")}
    connection.execute(statement.on_conflict_do_update(index_elements=["model_version", "before_day"], set_=kept))


def states(connection: sa.Connection, version: str) -> list[StateInfo]:
    """The stored states of a version, oldest day first."""
    table = _states
    rows = connection.execute(
        sa.select(
            table.c.league,
            table.c.model_version,
            table.c.before_day,
            table.c.season,
            table.c.opens_season,
            table.c.results_until,
            table.c.computed_at,
            sa.func.octet_length(table.c.state),
        )
        .where(table.c.model_version == version)
        .order_by(table.c.before_day)
    )
    return [StateInfo(*row) for row in rows]


def load_state(connection: sa.Connection, version: str, before_day: date) -> bytes | None:
    """The bytes of one state; None when there is none of that day."""
    table = _states
    return connection.scalar(
        sa.select(table.c.state).where(table.c.model_version == version, table.c.before_day == before_day)
    )


def prune(connection: sa.Connection, version: str, keep_latest: int = 3) -> int:
    """Drop states but the `keep_latest` of the latest days and those that open a season; how many went."""
    if keep_latest < 0:
        raise ValueError(f"keep_latest={keep_latest}; right is 0 or more")
    table = _states
    latest = (
        sa.select(table.c.before_day)
        .where(table.c.model_version == version)
        .order_by(table.c.before_day.desc())
        .limit(keep_latest)
    )
    return connection.execute(
        sa.delete(table).where(
            table.c.model_version == version, ~table.c.opens_season, table.c.before_day.not_in(latest)
        )
    ).rowcount


def drop_states_from(connection: sa.Connection, version: str, day: date) -> int:
    """Drop the states that hold results of `day` or later: a result of that day was corrected. How many went.

    The state before `day` itself holds none of them, and stays to go on from.
    """
    table = _states
    return connection.execute(
        sa.delete(table).where(table.c.model_version == version, table.c.before_day > day)
    ).rowcount
