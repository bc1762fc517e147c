"""Bulk write of quotes through the product's one function, against COPY of the same rows into an equal table.

Belongs here: `store.bulk.write` with `store.markets.QUOTES`. The peer is psycopg's COPY, one transaction, into
`CREATE TABLE ... (LIKE market.quotes INCLUDING ALL)` with the same partitions; the bare peer has no index.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from benchmarks.house import house, now
from benchmarks.measure import Figure, Samples, Scale, Target, interleaved
from precog_assets.store.bulk import WriteCounts, write
from precog_assets.store.engine import driver_connection, engine_for
from precog_assets.store.markets import QUOTES

TARGET = Target(">=", 0.4)
Row = tuple[Any, ...]
_COLUMNS = ", ".join((*QUOTES.columns, "confirmed_at"))
_TYPES = ["int4", "timestamptz", *["numeric"] * len(QUOTES.values), "timestamptz", "text", "int8", "timestamptz"]
_AT = QUOTES.columns.index("observed_at")
_VALUES = slice(_AT + 1, _AT + 1 + len(QUOTES.values))


@dataclass(frozen=True, slots=True)
class Load:
    """The rows of a run: `first` and `further` all change, `later` repeat each market's last values of `first`."""

    first: list[Row]
    further: list[Row]
    later: list[Row]


def make_load(markets: int, changes: int) -> Load:
    """Quotes of `markets` markets, in the order a poll delivers them: every market, then the next instant."""
    draw = random.Random(7)
    month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start, again = month + timedelta(days=3), month + timedelta(days=4)

    def changing(since: datetime) -> Iterator[Row]:
        for step in range(changes):
            at = since + timedelta(seconds=5 * step)
            for market in range(markets):
                bid = Decimal(draw.randint(1, 98)) / 100
                size, other = Decimal(draw.randint(1, 99_999)) / 100, Decimal(draw.randint(1, 99_999)) / 100
                volume = Decimal(step * markets + market) / 100
                values = (bid, bid + Decimal("0.01"), size, other, bid, volume, volume / 2)
                yield (market, at, *values, at, "live", 1)

    first, further = list(changing(start)), list(changing(again))
    last = {row[0]: row[_VALUES] for row in first}
    later = [
        (market, at, *values, at, "live", 2)
        for step in range(changes)
        for at in (again + timedelta(seconds=5 * step),)
        for market, values in last.items()
    ]
    return Load(first, further, later)


class Bench:
    """The product's table and its peers in one database."""

    def __init__(self, url: str, load: Load) -> None:
        self.engine: sa.Engine = engine_for(url)
        self.load = load
        self._copied = {id(rows): [(*row, row[_AT]) for row in rows] for rows in (load.first, load.further, load.later)}
        at = load.first[0][_AT]
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        with self.engine.begin() as connection:
            raw = driver_connection(connection)
            raw.execute("CREATE SCHEMA bench")
            raw.execute("CREATE TABLE bench.peer (LIKE market.quotes INCLUDING ALL) PARTITION BY RANGE (observed_at)")
            month = f"FROM ('{_midnight(at)}') TO ('{_midnight(following)}')"
            raw.execute(f"CREATE TABLE bench.peer_month PARTITION OF bench.peer FOR VALUES {month}".encode())
            raw.execute("CREATE TABLE bench.bare (LIKE market.quotes)")

    def empty(self, *tables: str) -> None:
        """Empty tables, and leave no checkpoint for the next one to pay."""
        with self.engine.begin() as connection:
            driver_connection(connection).execute(f"TRUNCATE {', '.join(tables)}".encode())
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("CHECKPOINT"))

    def product(self, rows: Sequence[Row]) -> WriteCounts:
        with self.engine.begin() as connection:
            return write(connection, QUOTES, rows)

    def peer(self, rows: Sequence[Row], table: str = "bench.peer", *, binary: bool = False) -> None:
        form = " (FORMAT BINARY)" if binary else ""
        with (
            self.engine.begin() as connection,
            driver_connection(connection).cursor() as cursor,
            cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN{form}".encode()) as copy,
        ):
            if binary:
                copy.set_types(_TYPES)
            for row in self._copied[id(rows)]:
                copy.write_row(row)

    def expect(self, counts: WriteCounts, written: int, of: int) -> None:
        """A write that does not do the work would be measured as fast."""
        if (counts.written, counts.received) != (written, of):
            raise RuntimeError(
                f"bulk.write wrote {counts.written} of {counts.received} rows; expected {written} of {of}"
            )


def _midnight(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).isoformat()


def measure(scale: Scale) -> list[Figure]:
    """New rows and unchanged rows against the equal table, new rows against bare tables."""
    load = make_load(scale.of(2_000, 200), 100)
    rounds = scale.of(5, 2)
    with house() as place:
        bench = Bench(place.database("precog_bench_bulk"), load)
        new = _new(bench, rounds)
        further = _behind(bench, load.further, rounds, written=len(load.further))
        later = _behind(bench, load.later, rounds, written=0)
        repeated = _behind(bench, load.first, rounds, written=0)
        bare = _bare(bench, rounds)
        bench.engine.dispose()
    count = len(load.first)
    return [
        _against("new rows", new, count, TARGET),
        _against("new rows, behind as many stored ones", further, count, TARGET),
        _against("unchanged rows, at later times", later, count, TARGET),
        _against("unchanged rows, exact repeats", repeated, count, TARGET),
        _against("new rows against COPY into a bare table", bare, count, None, "bare table"),
        _against("new rows against binary COPY into a bare table", bare, count, None, "bare table, binary"),
    ]


def _against(
    name: str, samples: Samples, rows: int, target: Target | None, peer: str = "equally indexed table"
) -> Figure:
    speed = rows / samples.median("product")
    note = f"{rows:,} rows: {speed:,.0f} rows/s, COPY {rows / samples.median(peer):,.0f} rows/s"
    return Figure(f"bulk write, {name}", samples.ratio(peer, "product"), "of COPY", target, note, samples.detail())


def _new(bench: Bench, rounds: int) -> Samples:
    rows = bench.load.first
    return interleaved(
        {
            "product": lambda: bench.expect(bench.product(rows), len(rows), len(rows)),
            "equally indexed table": lambda: bench.peer(rows),
        },
        rounds,
        before=lambda side: bench.empty("market.quotes" if side == "product" else "bench.peer"),
    )


def _behind(bench: Bench, rows: list[Row], rounds: int, *, written: int) -> Samples:
    """Rows after `first` was stored. Where the peer's key would refuse them, it takes them into an empty table."""
    first = bench.load.first

    def prepare(side: str) -> None:
        bench.empty("market.quotes" if side == "product" else "bench.peer")
        if side == "product":
            bench.product(first)
        elif rows is not first:
            bench.peer(first)

    return interleaved(
        {
            "product": lambda: bench.expect(bench.product(rows), written, len(rows)),
            "equally indexed table": lambda: bench.peer(rows),
        },
        rounds,
        warm_up=0,
        before=prepare,
    )


def _bare(bench: Bench, rounds: int) -> Samples:
    rows = bench.load.first
    return interleaved(
        {
            "product": lambda: bench.expect(bench.product(rows), len(rows), len(rows)),
            "bare table": lambda: bench.peer(rows, "bench.bare"),
            "bare table, binary": lambda: bench.peer(rows, "bench.bare", binary=True),
        },
        rounds,
        warm_up=0,
        before=lambda side: bench.empty("market.quotes" if side == "product" else "bench.bare"),
    )
