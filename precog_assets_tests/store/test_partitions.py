"""Months: made ahead, dropped by retention, kept as Parquet, and able to come back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.store import partitions, tables
from precog_assets.store.bulk import write
from precog_assets.store.markets import QUOTES
from precog_assets.store.tables import PARTITIONED
from precog_assets_tests.databases import rolled_back

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def put(engine: sa.Engine, instant: datetime, bid: str | None = "0.40", market: int = 1) -> None:
    row = (market, instant, None if bid is None else Decimal(bid), *[None] * 6, instant, "live", 7)
    with engine.begin() as connection:
        write(connection, QUOTES, [row])


def months(engine: sa.Engine, table: sa.Table = tables.quotes) -> list[tuple[int, int]]:
    with engine.connect() as connection:
        return partitions.months_of(connection, table)


def drop(engine: sa.Engine, now: datetime, keep: int, archive: Path | None = None) -> list[partitions.DroppedMonth]:
    with engine.begin() as connection:
        return partitions.drop_older(connection, tables.quotes, now, keep, archive)


def bids(engine: sa.Engine) -> list[Decimal | None]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(tables.quotes.c.yes_bid).order_by(tables.quotes.c.observed_at)))


@pytest.fixture
def database_url(own_database_url: str) -> str:
    """Its partitions are made and dropped here."""
    return own_database_url


def test_this_month_and_the_next_two_are_made_ahead_for_every_partitioned_table(engine: sa.Engine) -> None:
    assert {table.fullname for table in PARTITIONED} == {"raw.responses", "market.quotes", "market.order_books"}
    for table in PARTITIONED:
        assert months(engine, table) == [(2026, 11), (2026, 12), (2027, 1)]
    with engine.begin() as connection:
        partitions.make_ahead(connection, datetime(2026, 12, 31, 23, 59, tzinfo=UTC), months_ahead=3)
    assert months(engine) == [(2026, 11), (2026, 12), (2027, 1), (2027, 2), (2027, 3)]


def test_every_table_partitioned_in_the_database_is_listed_as_such(store: sa.Engine) -> None:
    with store.connect() as connection:
        found = connection.scalars(
            sa.text("SELECT partrelid::regclass::text FROM pg_partitioned_table ORDER BY 1")
        ).all()
    assert found == sorted(table.fullname for table in PARTITIONED)


@pytest.mark.parametrize(
    "instant",
    ["2026-11-30T23:59:59.999999", "2026-12-01T00:00:00", "2026-12-31T23:59:59.999999", "2027-01-01T00:00:00"],
)
def test_a_row_lies_in_the_month_of_its_utc_instant(store: sa.Engine, instant: str) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    put(store, at)
    with store.connect() as connection:
        name = connection.execute(sa.text("SELECT tableoid::regclass::text FROM market.quotes")).scalar_one()
    assert name == f"market.quotes_y{at.year}m{at.month:02d}"


def test_months_past_their_retention_are_dropped_and_the_others_stay(engine: sa.Engine) -> None:
    for month in (8, 9, 10, 11):
        put(engine, datetime(2026, month, 15, tzinfo=UTC), bid=f"0.{month:02d}")
    dropped = drop(engine, NOW, keep=2)
    assert [(month.partition, month.rows, month.archived_to) for month in dropped] == [
        ("market.quotes_y2026m08", 1, None),
        ("market.quotes_y2026m09", 1, None),
    ]
    assert months(engine)[:2] == [(2026, 10), (2026, 11)]
    assert bids(engine) == [Decimal("0.10"), Decimal("0.11")]
    assert drop(engine, NOW, keep=2) == []


def test_retention_counts_months_across_the_year(engine: sa.Engine) -> None:
    put(engine, datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    assert drop(engine, datetime(2026, 12, 31, tzinfo=UTC), keep=13) == []
    assert [month.partition for month in drop(engine, datetime(2027, 1, 1, tzinfo=UTC), keep=13)] == [
        "market.quotes_y2025m12"
    ]


def test_a_dropped_month_is_kept_as_parquet_value_for_value(engine: sa.Engine, tmp_path: Path) -> None:
    instants = [datetime(2026, 8, day, 12, 30, 15, 250_000, tzinfo=UTC) for day in (1, 2, 31)]
    for instant, bid in zip(instants, ("0.400000", None, "0.415000"), strict=True):
        put(engine, instant, bid)
    with engine.connect() as connection:
        stored = connection.execute(sa.select(tables.quotes).order_by(tables.quotes.c.observed_at)).all()
    (dropped,) = drop(engine, NOW, keep=2, archive=tmp_path)
    assert dropped.rows == 3
    assert dropped.archived_to == str(tmp_path / "market.quotes" / "quotes_y2026m08.parquet")
    frame = pl.read_parquet(dropped.archived_to).sort("observed_at")
    assert frame.columns == [column.name for column in tables.quotes.columns]
    assert frame.rows() == [tuple(row) for row in stored]
    assert list(tmp_path.rglob("*.part")) == []
    assert bids(engine) == []


def test_an_empty_month_is_dropped_without_a_file(engine: sa.Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        partitions.ensure_months(connection, tables.quotes, [(2026, 1)])
    assert [month.archived_to for month in drop(engine, NOW, keep=2, archive=tmp_path)] == [None]
    assert list(tmp_path.iterdir()) == []


def test_a_dropped_month_can_come_back_and_its_archive_is_never_written_over(engine: sa.Engine, tmp_path: Path) -> None:
    august = datetime(2026, 8, 15, tzinfo=UTC)
    put(engine, august, "0.40")
    drop(engine, NOW, keep=2, archive=tmp_path)
    put(engine, august, "0.50")
    assert bids(engine) == [Decimal("0.50")]
    drop(engine, NOW, keep=2, archive=tmp_path)
    files = sorted((tmp_path / "market.quotes").iterdir())
    assert [pl.read_parquet(file)["yes_bid"].to_list() for file in files] == [[Decimal("0.50")], [Decimal("0.40")]]


def test_a_drop_that_is_rolled_back_drops_nothing(engine: sa.Engine) -> None:
    put(engine, datetime(2026, 8, 15, tzinfo=UTC), "0.40")
    with rolled_back(engine) as connection:
        partitions.drop_older(connection, tables.quotes, NOW, 2)
    assert bids(engine) == [Decimal("0.40")]


def test_a_month_made_in_a_transaction_that_is_rolled_back_is_made_again(engine: sa.Engine) -> None:
    """Two writes in one transaction: the second finds the partition of the first, which never was."""
    june = datetime(2027, 6, 15, tzinfo=UTC)
    row = (1, june, Decimal("0.4"), *[None] * 6, june, "live", 7)
    with rolled_back(engine) as connection:
        write(connection, QUOTES, [row])
        write(connection, QUOTES, [row])
    put(engine, june, "0.50")
    assert bids(engine) == [Decimal("0.50")]
