"""The one way rows get in: counts, append on change in any order, writers that take turns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, FactTarget, WriteCounts, write
from precog_assets.store.markets import QUOTES

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def quote(market: int, second: float, bid: str | None, response: int = 1) -> tuple[object, ...]:
    at = START + timedelta(seconds=second)
    price = None if bid is None else Decimal(bid)
    return (market, at, price, None, None, None, None, None, None, at, "live", response)


def stored(engine: sa.Engine, market: int = 1) -> list[tuple[float, Decimal | None, float]]:
    """(second, bid, confirmed second) of a market's facts in time order."""
    table = tables.quotes
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table).where(table.c.market_key == market).order_by(table.c.observed_at))
        return [
            ((row.observed_at - START).total_seconds(), row.yes_bid, (row.confirmed_at - START).total_seconds())
            for row in rows
        ]


def put(engine: sa.Engine, *rows: tuple[object, ...]) -> WriteCounts:
    with engine.begin() as connection:
        return write(connection, QUOTES, rows)


def test_new_keys_are_inserted_changes_appended_and_repeats_dropped(engine: sa.Engine) -> None:
    assert put(engine, quote(1, 0, "0.40"), quote(2, 0, "0.60")) == WriteCounts(2, 2, 0)
    counts = put(engine, quote(1, 5, "0.40"), quote(2, 5, "0.61"))
    assert counts == WriteCounts(2, 0, 1)
    assert counts.unchanged == 1
    assert stored(engine, 1) == [(0, Decimal("0.40"), 5)]
    assert stored(engine, 2) == [(0, Decimal("0.60"), 0), (5, Decimal("0.61"), 5)]


def test_a_price_that_is_gone_differs_from_zero(engine: sa.Engine) -> None:
    put(engine, quote(1, 0, "0"), quote(1, 5, None), quote(1, 10, None), quote(1, 15, "0"))
    assert [bid for _, bid, _ in stored(engine)] == [Decimal(0), None, Decimal(0)]


def test_writing_the_same_rows_again_leaves_the_same_facts(engine: sa.Engine) -> None:
    rows = [quote(1, second, "0.4" if second % 20 else "0.5") for second in range(0, 60, 5)]
    put(engine, *rows)
    before = stored(engine)
    assert put(engine, *rows).written == 0
    assert stored(engine) == before


def test_a_late_fact_splits_a_run_that_was_confirmed_after_it(engine: sa.Engine) -> None:
    put(engine, quote(1, 0, "0.40"))
    put(engine, quote(1, 20, "0.40"))
    put(engine, quote(1, 10, "0.50"))
    assert [(at, bid) for at, bid, _ in stored(engine)] == [
        (0, Decimal("0.40")),
        (10, Decimal("0.50")),
        (20, Decimal("0.40")),
    ]


def test_a_late_fact_takes_over_a_later_row_that_says_the_same(engine: sa.Engine) -> None:
    put(engine, quote(1, 0, "0.40"), quote(1, 20, "0.50"))
    put(engine, quote(1, 10, "0.50"))
    assert stored(engine) == [(0, Decimal("0.40"), 0), (10, Decimal("0.50"), 20)]


def test_facts_are_the_same_in_whatever_order_they_arrive(engine: sa.Engine) -> None:
    observed = [(0, "0.40"), (5, "0.50"), (10, "0.50"), (15, "0.40")]
    for market, order in enumerate(permutations(observed)):
        for second, bid in order:
            put(engine, quote(market, second, bid))
        assert stored(engine, market) == [(0, Decimal("0.40"), 0), (5, Decimal("0.50"), 10), (15, Decimal("0.40"), 15)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.sampled_from(["0.1", "0.2", None]), min_size=1, max_size=12),
    late=st.integers(0, 11),
    by=st.integers(0, 1),
    batch=st.integers(1, 5),
    repeats=st.integers(0, 3),
)
def test_a_row_late_by_one_any_batching_and_repetition_give_the_facts_of_one_write_in_order(
    engine: sa.Engine, values: list[str | None], late: int, by: int, batch: int, repeats: int
) -> None:
    rows = [quote(0, second, value) for second, value in enumerate(values)]
    arriving = list(rows)
    moved = arriving.pop(late % len(rows))
    arriving.insert(late % len(rows) + by, moved)
    arriving += rows[:repeats]
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.quotes))
        write(connection, QUOTES, [(1, *row[1:]) for row in rows])
        for index in range(0, len(arriving), batch):
            write(connection, QUOTES, [(2, *row[1:]) for row in arriving[index : index + batch]])
    assert [fact[:2] for fact in stored(engine, 1)] == [fact[:2] for fact in stored(engine, 2)]


def test_two_writers_at_once_leave_no_double_rows(engine: sa.Engine) -> None:
    rows = [quote(market, second, "0.4") for market in range(50) for second in (0, 5)]
    counts: list[WriteCounts] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        counts.append(put(engine, *rows))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(count.inserted for count in counts) == [0, 50]
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.quotes)).scalar_one() == 50


def test_a_failed_transaction_writes_nothing(engine: sa.Engine) -> None:
    with engine.connect() as connection, connection.begin():
        write(connection, QUOTES, [quote(1, 0, "0.4")])
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT 1 / 0"))
    assert stored(engine) == []


def test_rows_of_a_month_without_partition_make_their_partition(engine: sa.Engine) -> None:
    far = START + timedelta(days=400)
    row = (1, far, Decimal("0.4"), *[None] * 6, far, "live", 1)
    with engine.begin() as connection:
        write(connection, QUOTES, [row])
    with engine.connect() as connection:
        name = connection.execute(sa.text("SELECT tableoid::regclass::text FROM market.quotes")).scalar_one()
    assert name == "market.quotes_y2027m12"


PLAYERS = CurrentTarget(
    tables.series,
    key=("series_ticker",),
    values=("venue", "league", "title", "category", "frequency", "fee_type", "fee_multiplier", "tags"),
    stamps=("last_observed_at",),
    newer="last_observed_at",
)


def series_row(title: str, second: float) -> tuple[object, ...]:
    return (
        "S",
        "kalshi",
        None,
        title,
        "Sports",
        "custom",
        "quadratic",
        Decimal(1),
        "[]",
        START + timedelta(seconds=second),
    )


def test_an_upsert_updates_only_what_changed_and_never_from_an_older_row(engine: sa.Engine) -> None:
    def upsert(*rows: tuple[object, ...]) -> WriteCounts:
        with engine.begin() as connection:
            return write(connection, PLAYERS, rows)

    assert upsert(series_row("a", 0)) == WriteCounts(1, 1, 0)
    assert upsert(series_row("a", 5)) == WriteCounts(1, 0, 0)
    assert upsert(series_row("b", 10)) == WriteCounts(1, 0, 1)
    assert upsert(series_row("c", 7)) == WriteCounts(1, 0, 0)
    assert upsert(series_row("d", 20), series_row("e", 15)) == WriteCounts(2, 0, 1)
    with engine.connect() as connection:
        assert connection.execute(sa.select(tables.series.c.title)).scalar_one() == "d"


def test_text_with_tabs_newlines_and_backslashes_arrives_as_it_was(engine: sa.Engine) -> None:
    odd = "tab\there\nline \\N \\. über 🏀"
    with engine.begin() as connection:
        write(connection, PLAYERS, [series_row(odd, 0)])
        assert connection.execute(sa.select(tables.series.c.title)).scalar_one() == odd


def test_a_target_names_its_columns_in_the_order_rows_are_given() -> None:
    target = FactTarget(tables.quotes, key=("market_key",), values=("yes_bid",))
    assert target.columns == ("market_key", "observed_at", "yes_bid", "known_at", "origin", "response_id")
