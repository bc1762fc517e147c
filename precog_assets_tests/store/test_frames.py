"""Frames through COPY: what goes in comes out, and what is not of the shape is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from psycopg import sql

from precog_assets.store.engine import driver_connection
from precog_assets.store.frames import UTC_INSTANT, as_frame, copy_in, read_frame
from precog_assets_tests.databases import rolled_back

SCHEMA = {
    "name": pl.String,
    "number": pl.Float64,
    "count": pl.Int64,
    "flag": pl.Boolean,
    "day": pl.Date,
    "instant": UTC_INSTANT,
}
TABLE = sql.Identifier("pg_temp", "through")
ROW = st.tuples(
    st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.booleans(),
    st.none() | st.dates(date(1000, 1, 1), date(9000, 1, 1)),
    st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=6))
def test_what_is_copied_in_is_read_back_to_the_last_bit(
    store: sa.Engine, rows: list[tuple[str | float | bool | date | None, ...]]
) -> None:
    frame = as_frame(SCHEMA, rows)
    with rolled_back(store) as connection:
        with driver_connection(connection).cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE through (name text, number double precision, count bigint, flag boolean, "
                "day date, instant timestamptz, place int GENERATED ALWAYS AS IDENTITY) ON COMMIT DROP"
            )
            copy_in(cursor, TABLE, frame)
        query = sql.SQL("SELECT name, number, count, flag, day, instant FROM {} ORDER BY place").format(TABLE)
        assert_frame_equal(read_frame(connection, query, {}, SCHEMA), frame, check_exact=True)


def test_a_frame_is_cut_to_the_columns_and_types_that_are_wanted() -> None:
    given_frame = pl.DataFrame({"more": [1], "count": [2], "number": [3]})
    frame = as_frame({"number": pl.Float64, "count": pl.Int64}, given_frame)
    assert (frame.columns, frame.rows()) == (["number", "count"], [(3.0, 2)])


def test_a_missing_column_and_an_instant_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="the frame lacks count; it has number"):
        as_frame({"number": pl.Float64, "count": pl.Int64}, pl.DataFrame({"number": [1.0]}))
    with pytest.raises(ValueError, match=r"column instant is .*, without a time zone"):
        as_frame({"instant": UTC_INSTANT}, pl.DataFrame({"instant": [datetime(2026, 1, 1)]}))


def test_an_instant_of_another_zone_stays_the_same_instant() -> None:
    instant = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert as_frame({"instant": UTC_INSTANT}, [(instant,)]).item() == datetime(2026, 1, 1, tzinfo=UTC)
