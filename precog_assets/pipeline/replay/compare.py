"""Two tables row by row: stored and read again, both in the order of their keys, in memory that does not grow.

Belongs here: merging and telling apart. Does not: how the rows came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.pipeline.replay.readers import Compared
from precog_assets.store.tables import markets

SAMPLES = 5
AT_ONCE = 5_000
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same on both sides."""

    kind: str
    """missing: stored and not read again; extra: read again and not stored; different."""
    key: Row
    observed_at: datetime
    fields: tuple[tuple[str, Any, Any], ...] = ()
    """(column, stored, read again) of a different one."""


@dataclass(slots=True)
class TableComparison:
    """Counts of one table, and the first differences."""

    table: str
    equal: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    overwritten: int = 0
    """Read again, but a later day wrote over it: cannot be compared, and is no difference."""
    samples: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not (self.missing or self.extra or self.different)

    def note(self, difference: Difference) -> None:
        if len(self.samples) < SAMPLES:
            self.samples.append(difference)


def compare(
    real: sa.Connection, scratch: sa.Connection, one: Compared, first: datetime, last: datetime
) -> TableComparison:
    """Compare the rows that were observed from `first` until before `last`."""
    found = TableComparison(one.name)
    query = _rows(one, first, last)
    size = len(one.key) + 1
    stored, again = _stream(real, query), _stream(scratch, query)
    left, right = next(stored, None), next(again, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[:size] < right[:size]):
            assert left is not None
            found.missing += 1
            found.note(Difference("missing", left[: size - 1], left[size - 1]))
            left = next(stored, None)
        elif left is None or right[:size] < left[:size]:
            if _written_over(real, one, right, last):
                found.overwritten += 1
            else:
                found.extra += 1
                found.note(Difference("extra", right[: size - 1], right[size - 1]))
            right = next(again, None)
        else:
            if left == right:
                found.equal += 1
            else:
                found.different += 1
                pairs = zip(one.values, left[size:], right[size:], strict=True)
                changed = tuple((name, a, b) for name, a, b in pairs if a != b)
                found.note(Difference("different", left[: size - 1], left[size - 1], changed))
            left, right = next(stored, None), next(again, None)
    return found


def _rows(one: Compared, first: datetime, last: datetime) -> sa.Select:
    """Key, instant, values; in the order in which Python compares them."""
    table = one.target.table
    key = [markets.c.market_id] if one.by_market_key else [table.c[name] for name in one.key]
    source = table.join(markets, markets.c.market_key == table.c.market_key) if one.by_market_key else table
    order = [sa.collate(column, "C") if isinstance(column.type, sa.Text) else column for column in key]
    return (
        sa.select(*key, table.c.observed_at, *(table.c[name] for name in one.values))
        .select_from(source)
        .where(table.c.observed_at >= first, table.c.observed_at < last, table.c.response_id.is_not(None))
        .order_by(*order, table.c.observed_at)
    )


def _stream(connection: sa.Connection, query: sa.Select) -> Iterator[Row]:
    for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
        yield tuple(row)


def _written_over(real: sa.Connection, one: Compared, row: Row, last: datetime) -> bool:
    """Whether a table of one row a key holds a later row of this key."""
    table = one.target.table
    if "confirmed_at" in table.c:
        return False
    key = [table.c[name] == value for name, value in zip(one.key, row, strict=False)]
    return real.execute(sa.select(sa.literal(1)).where(*key, table.c.observed_at >= last)).first() is not None
