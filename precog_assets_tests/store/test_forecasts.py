"""Forecasts as stored: one current a game, the same numbers stay as they were made, others are superseded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.forecasts import COLUMNS, FORECASTS, write_forecasts, write_version
from precog_assets_tests.databases import count, rolled_back
from precog_assets_tests.store.rows import at

VERSION = "elo-nfl-00000001"


def day(number: int) -> datetime:
    return at(number * 86_400)


def forecast(number: int, p_home: float = 0.6, **given: Any) -> tuple[Any, ...]:
    row = {
        "game_id": f"nfl:{number}",
        "season": 2026,
        "start_time": day(number),
        "home_team_id": "nfl:12",
        "away_team_id": "nfl:30",
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1550.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": 70.0,
        "games_home": 10,
        "games_away": 9,
        "as_of": day(number - 1),
        **given,
    }
    return tuple(row[name] for name in COLUMNS)


def put(engine: sa.Engine, second: float, *rows: tuple[Any, ...], since: datetime | None = None) -> WriteCounts:
    with engine.begin() as connection:
        return write_forecasts(connection, "nfl", VERSION, rows, at(second), since=since)


def stored(engine: sa.Engine) -> list[tuple[Any, ...]]:
    """(game, p_home, computed second, superseded second or None) in the order of computing."""
    table = tables.forecasts
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.computed_at, table.c.game_id)).all()
    return [
        (
            row.game_id,
            row.p_home,
            (row.computed_at - at(0)).total_seconds(),
            None if row.superseded_at is None else (row.superseded_at - at(0)).total_seconds(),
        )
        for row in rows
    ]


def test_a_forecast_is_stored_as_it_was_given(store: sa.Engine) -> None:
    assert put(store, 0, forecast(1, 0.1 + 0.2)) == WriteCounts(1, 1, 0)
    with store.connect() as connection:
        row = connection.execute(sa.select(tables.forecasts)).one()._asdict()
    assert tuple(row[name] for name in COLUMNS) == forecast(1, 0.1 + 0.2)
    rest = {name: value for name, value in row.items() if name not in COLUMNS}
    assert rest == {"league": "nfl", "model_version": VERSION, "computed_at": at(0), "superseded_at": None}


def test_the_same_numbers_stay_as_they_were_made_whatever_was_known_since(store: sa.Engine) -> None:
    """So a forecast made ahead is still one after its game was replayed."""
    put(store, 0, forecast(1), forecast(2))
    later = [forecast(1, as_of=day(1)), forecast(2, as_of=day(2))]
    assert put(store, 60, *later) == WriteCounts(2, 0, 0)
    with store.connect() as connection:
        assert connection.scalars(sa.select(tables.forecasts.c.as_of)).all() == [day(0), day(1)]


@pytest.mark.parametrize("name", FORECASTS.values)
def test_a_number_a_team_or_a_start_that_differs_supersedes(store: sa.Engine, name: str) -> None:
    put(store, 0, forecast(1), forecast(2))
    old = dict(zip(COLUMNS, forecast(1), strict=True))[name]
    other = {"start_time": day(3), "home_team_id": "nfl:11", "away_team_id": "nfl:11", "p_draw": 0.2}
    assert put(store, 60, forecast(1, **{name: other.get(name) or old + 1}), forecast(2)) == WriteCounts(2, 0, 1)
    assert [row[3] for row in stored(store)] == [60, None, None]


def test_a_draw_that_is_no_longer_given_supersedes(store: sa.Engine) -> None:
    put(store, 0, forecast(1, p_draw=0.2))
    assert put(store, 60, forecast(1, p_draw=0.2)).written == 0
    assert put(store, 90, forecast(1)) == WriteCounts(1, 0, 1)


def test_from_since_on_what_is_not_given_is_superseded_and_before_it_nothing(store: sa.Engine) -> None:
    put(store, 0, forecast(1), forecast(2), forecast(3))
    assert put(store, 60, forecast(3), forecast(4), since=day(2)) == WriteCounts(2, 1, 0)
    assert stored(store) == [
        ("nfl:1", 0.6, 0, None),
        ("nfl:2", 0.6, 0, 60),
        ("nfl:3", 0.6, 0, None),
        ("nfl:4", 0.6, 60, None),
    ]


@pytest.mark.parametrize(("old", "new"), [(1, 4), (4, 1)])
def test_a_game_moved_across_since_has_one_current_forecast(store: sa.Engine, old: int, new: int) -> None:
    put(store, 0, forecast(9, start_time=day(old)), forecast(2))
    assert put(store, 60, forecast(9, start_time=day(new)), since=day(3)) == WriteCounts(1, 0, 1)
    assert [(row[0], row[3]) for row in stored(store)] == [("nfl:2", None), ("nfl:9", 60), ("nfl:9", None)]


def test_nothing_given_supersedes_everything_of_the_version_only(store: sa.Engine) -> None:
    put(store, 0, forecast(1))
    with store.begin() as connection:
        write_forecasts(connection, "nfl", "other", [forecast(1)], at(0))
        write_forecasts(connection, "nba", VERSION, [], at(30))
    put(store, 60)
    with store.connect() as connection:
        found = connection.execute(sa.select(tables.forecasts.c.model_version, tables.forecasts.c.superseded_at))
        assert dict(tuple(row) for row in found) == {VERSION: at(60), "other": None}


def test_a_frame_is_written_as_tuples_are_in_any_order_of_columns(store: sa.Engine) -> None:
    put(store, 0, forecast(1), forecast(2))
    frame = pl.DataFrame([forecast(1), forecast(2, 0.7)], schema=FORECASTS.schema, orient="row")
    with store.begin() as connection:
        given = frame.select(sorted(COLUMNS)).with_columns(
            more=pl.lit(1), games_home=pl.col("games_home").cast(pl.Int32)
        )
        assert write_forecasts(connection, "nfl", VERSION, given, at(60)) == WriteCounts(2, 0, 1)
        with pytest.raises(ValueError, match="the frame lacks p_draw"):
            write_forecasts(connection, "nfl", VERSION, frame.drop("p_draw"), at(90))


def test_a_game_given_twice_is_refused_and_nothing_is_written(store: sa.Engine) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        put(store, 0, forecast(1), forecast(1, 0.7))
    assert stored(store) == []


def test_a_forecast_without_a_number_it_needs_is_refused(store: sa.Engine) -> None:
    put(store, 0, forecast(1))
    with pytest.raises(psycopg.errors.NotNullViolation):
        put(store, 60, forecast(1, rating_home=None))
    assert stored(store) == [("nfl:1", 0.6, 0, None)]


def test_many_forecasts_are_compared_as_few_are(store: sa.Engine) -> None:
    many = pl.DataFrame([forecast(1)], schema=FORECASTS.schema, orient="row").select(
        pl.exclude("game_id", "start_time").repeat_by(6_000).explode(),
        game_id=pl.int_range(6_000).cast(pl.String),
        start_time=pl.lit(day(0)) + pl.duration(hours=pl.int_range(6_000)),
    )
    changed = many.with_columns(p_home=pl.when(pl.col("game_id").str.ends_with("7")).then(0.5).otherwise("p_home"))
    with rolled_back(store) as connection:
        assert write_forecasts(connection, "nfl", VERSION, many, at(0)).inserted == 6_000
        assert write_forecasts(connection, "nfl", VERSION, many, at(60)).written == 0
        since = day(0) + timedelta(hours=3_000)
        late = changed.filter(pl.col("start_time") >= since)
        assert write_forecasts(connection, "nfl", VERSION, late, at(90), since=since) == WriteCounts(3_000, 0, 300)


def test_a_version_is_written_once_with_what_it_is(store: sa.Engine) -> None:
    given = {"k": 20.5, "levels": {"g": [1, 2.25]}, "none": None}
    with store.begin() as connection:
        assert write_version(connection, VERSION, "nfl", "default", given, at(0))
        assert not write_version(connection, VERSION, "nfl", "trial", given, at(60))
        row = connection.execute(sa.select(tables.versions)).one()
    assert tuple(row) == (VERSION, "nfl", "default", given, at(0))


def test_a_name_of_two_models_is_refused(store: sa.Engine) -> None:
    with store.begin() as connection:
        write_version(connection, VERSION, "nfl", "default", {"k": 20}, at(0))
        with pytest.raises(ValueError, match=r"is nfl with \{'k': 20\}, not nfl with \{'k': 21\}"):
            write_version(connection, VERSION, "nfl", "default", {"k": 21}, at(0))
        with pytest.raises(ValueError, match="not nba with"):
            write_version(connection, VERSION, "nba", "default", {"k": 20}, at(0))
    assert count(store, tables.versions) == 1
