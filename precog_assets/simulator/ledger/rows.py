"""The columns a happening is told in, as JSON and as Parquet: one schema for every kind, empty where a kind has none.

| column | of | what |
|---|---|---|
| kind | all | score, quote, trade, order, fill, settlement, fault, clock |
| world_time, wall_time | all | UTC, microseconds; wall_time is empty where the world's clock jumped over the instant |
| league, event_id | score, and where a market names them | our league key, ESPN's id |
| event_ticker, ticker | quote, trade, order, fill, settlement, fault | Kalshi's |
| status, period, display_clock, home_score, away_score | score | the game after the change, as ESPN names it |
| home_win, draw, away_win | score | true probabilities after it |
| yes_bid, yes_ask, bid_size, ask_size | quote | makers' best in dollars, contracts there; 0 and 1 where none quote |
| price, count | trade, order, fill, settlement | dollars of YES, contracts |
| taker_side, trade_id | trade | yes or no |
| account_id, order_id, client_order_id, side, fee | order, fill, settlement | side bid or ask of YES; fee in dollars |
| rule_id, effect | fault, clock | which rule, and what it did |
| facts | recorded kinds | everything the venue said of it, as JSON, in the exchange's whole units |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from precog_assets.simulator.kalshi.instants import instant_of
from precog_assets.simulator.ledger import KINDS, Kind

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 20_000
_TEXTS = (
    *("league", "event_id", "event_ticker", "ticker", "status", "display_clock", "taker_side", "trade_id"),
    *("account_id", "order_id", "client_order_id", "side", "rule_id", "effect"),
)
_PRICES = ("yes_bid", "yes_ask", "price")
_COUNTS = ("bid_size", "ask_size", "count")
_NUMBERS = ("period", "home_score", "away_score")
_CHANCES = ("home_win", "draw", "away_win")


class Place(NamedTuple):
    """Where a happening stands among all: by time, then kind, then name. A page goes on behind one."""

    time_us: int
    kind: int
    """Its number among `KINDS`."""
    name: str


class Happening(NamedTuple):
    """One thing that happened. Ordered by its place; no two have the same."""

    place: Place
    wall_us: int | None
    columns: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        return KINDS[self.place.kind]


def happening(kind: Kind, time_us: int, name: str, columns: Mapping[str, Any], wall_us: int | None = None) -> Happening:
    return Happening(Place(time_us, KINDS.index(kind), name), wall_us, columns)


def dollars(price: int) -> Decimal:
    """From 1/10,000 dollars."""
    return Decimal(price).scaleb(-4)


def contracts(count: int) -> Decimal:
    """From 1/100 contracts."""
    return Decimal(count).scaleb(-2)


def money(amount: int) -> Decimal:
    """From 1/1,000,000 dollars."""
    return Decimal(amount).scaleb(-6)


def time_text(time_us: int) -> str:
    return instant_of(time_us).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_json(row: Happening) -> dict[str, Any]:
    """The row without its empty columns; decimals as text, so that they stay exact."""
    told: dict[str, Any] = {
        "kind": row.kind,
        "world_time": time_text(row.place.time_us),
        "wall_time": None if row.wall_us is None else time_text(row.wall_us),
    }
    for name, value in row.columns.items():
        if value is not None:
            told[name] = str(value) if isinstance(value, Decimal) else value
    return told


def schema() -> pa.Schema:
    """The Parquet schema."""
    import pyarrow as pa

    instant = pa.timestamp("us", "UTC")
    fields = [pa.field("kind", pa.string(), nullable=False), pa.field("world_time", instant, nullable=False)]
    fields.append(pa.field("wall_time", instant))
    fields += [pa.field(name, pa.string()) for name in _TEXTS]
    fields += [pa.field(name, pa.decimal128(10, 4)) for name in _PRICES]
    fields += [pa.field(name, pa.decimal128(20, 2)) for name in _COUNTS]
    fields += [pa.field(name, pa.int32()) for name in _NUMBERS]
    fields += [pa.field(name, pa.float64()) for name in _CHANCES]
    return pa.schema([*fields, pa.field("fee", pa.decimal128(20, 6)), pa.field("facts", pa.string())])


def write_parquet(rows: Iterable[Happening], path: Path) -> int:
    """Write the rows, a few thousand at a time; how many they were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema()
    count = 0
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        for some in _chunks(rows):
            writer.write_batch(pa.RecordBatch.from_pylist([_flat(row) for row in some], schema=columns))
            count += len(some)
    return count


def _chunks(rows: Iterable[Happening]) -> Iterator[list[Happening]]:
    some: list[Happening] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _flat(row: Happening) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "kind": row.kind,
        "world_time": _instant(row.place.time_us),
        "wall_time": _instant(row.wall_us),
        **row.columns,
    }
    if "facts" in flat:
        flat["facts"] = orjson.dumps(flat["facts"], default=str).decode()
    return flat


def _instant(time_us: int | None) -> datetime | None:
    return None if time_us is None else instant_of(time_us)
