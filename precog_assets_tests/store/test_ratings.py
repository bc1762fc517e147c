"""Ratings as stored: equal ones stay untouched, changed ones are superseded, none is lost."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.games import write_games
from precog_assets.store.ratings import rated_games, write_ratings
from precog_assets_tests.databases import rolled_back
from precog_assets_tests.store.rows import at, final, game, seen

VERSION = "elo-nfl-00000001"


def change(number: int, team: str = "nfl:12", after: float = 1510.0, **given: Any) -> tuple[Any, ...]:
    row = {
        "league": "nfl",
        "game_id": f"nfl:{number}",
        "team_id": team,
        "model_version": VERSION,
        "season": 2026,
        "start_time": at(number * 86_400),
        "rating_before": after - 10,
        "rating_after": after,
        "expected_score": 0.5,
        "games_before": number,
        **given,
    }
    return tuple(row.values())


def put(engine: sa.Engine, second: float, *rows: tuple[Any, ...], version: str = VERSION) -> WriteCounts:
    with engine.begin() as connection:
        return write_ratings(connection, "nfl", version, rows, at(second))


def stored(engine: sa.Engine) -> list[tuple[Any, ...]]:
    """(game, rating after, computed second, superseded second or None) in the order of computing."""
    table = tables.ratings
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.computed_at, table.c.game_id, table.c.team_id))
        return [
            (
                row.game_id,
                row.rating_after,
                (row.computed_at - at(0)).total_seconds(),
                None if row.superseded_at is None else (row.superseded_at - at(0)).total_seconds(),
            )
            for row in rows
        ]


def test_a_recomputation_that_is_equal_leaves_every_row_untouched(store: sa.Engine) -> None:
    rows = [change(1), change(2, after=1520.5), change(1, "nfl:30", after=1490.0)]
    assert put(store, 0, *rows) == WriteCounts(3, 3, 0)
    before = stored(store)
    assert put(store, 60, *rows) == WriteCounts(3, 0, 0)
    assert stored(store) == before


def test_a_further_game_adds_its_rows_only(store: sa.Engine) -> None:
    put(store, 0, change(1))
    assert put(store, 60, change(1), change(2)) == WriteCounts(2, 1, 0)
    assert stored(store) == [("nfl:1", 1510.0, 0, None), ("nfl:2", 1510.0, 60, None)]


def test_a_corrected_score_supersedes_from_that_game_on_and_the_old_rows_stay(store: sa.Engine) -> None:
    put(store, 0, change(1), change(2, after=1520.0), change(3, after=1530.0))
    counts = put(store, 60, change(1), change(2, after=1519.0), change(3, after=1529.0))
    assert counts == WriteCounts(3, 0, 2)
    assert stored(store) == [
        ("nfl:1", 1510.0, 0, None),
        ("nfl:2", 1520.0, 0, 60),
        ("nfl:3", 1530.0, 0, 60),
        ("nfl:2", 1519.0, 60, None),
        ("nfl:3", 1529.0, 60, None),
    ]


def test_what_was_believed_then_can_be_read_back(store: sa.Engine) -> None:
    put(store, 0, change(1))
    put(store, 60, change(1, after=1505.0))
    table = tables.ratings
    with store.connect() as connection:
        believed = connection.scalars(
            sa.select(table.c.rating_after).where(
                table.c.computed_at <= at(30), sa.or_(table.c.superseded_at.is_(None), table.c.superseded_at > at(30))
            )
        ).all()
    assert believed == [1510.0]


def test_a_void_game_is_superseded_and_not_replaced(store: sa.Engine) -> None:
    put(store, 0, change(1), change(2))
    assert put(store, 60, change(1)) == WriteCounts(1, 0, 0)
    assert stored(store) == [("nfl:1", 1510.0, 0, None), ("nfl:2", 1510.0, 0, 60)]


def test_a_value_that_comes_back_is_a_row_of_its_own(store: sa.Engine) -> None:
    for second, after in ((0, 1510.0), (60, 1505.0), (120, 1510.0)):
        put(store, second, change(1, after=after))
    assert [row[1:] for row in stored(store)] == [(1510.0, 0, 60), (1505.0, 60, 120), (1510.0, 120, None)]


def test_other_models_and_leagues_are_left_alone(store: sa.Engine) -> None:
    put(store, 0, change(1))
    put(store, 60, change(1, model_version="elo-nfl-00000002"), version="elo-nfl-00000002")
    with store.begin() as connection:
        write_ratings(connection, "nba", "elo-nba-1", [], at(90))
    assert [superseded for *_, superseded in stored(store)] == [None, None]


def test_a_failed_transaction_leaves_the_old_ratings(store: sa.Engine) -> None:
    put(store, 0, change(1))
    before = stored(store)
    with rolled_back(store) as connection:
        write_ratings(connection, "nfl", VERSION, [change(1, after=1.0)], at(60))
    assert stored(store) == before


def test_two_writes_in_one_transaction_do_not_mix(store: sa.Engine) -> None:
    with store.begin() as connection:
        write_ratings(connection, "nfl", VERSION, [change(1), change(2)], at(0))
        counts = write_ratings(connection, "nfl", VERSION, [change(1)], at(60))
    assert counts == WriteCounts(1, 0, 0)
    assert [superseded for *_, superseded in stored(store)] == [None, 60]


def test_ratings_are_made_from_completed_games_of_known_teams_in_time_order(store: sa.Engine) -> None:
    observed = [
        (final("2", start_time=at(200)), seen(9)),
        (final("1", start_time=at(100), neutral_site=None), seen(9)),
        (final("4", start_time=at(100)), seen(9)),
        (final("3", home_team_id=None), seen(9)),
        (game("5"), seen(9)),
    ]
    with store.begin() as connection:
        write_games(connection, observed, load_leagues())
        rows = rated_games(connection, "nfl")
        assert rated_games(connection, "nba") == []
    assert [row.game_id for row in rows] == ["nfl:1", "nfl:4", "nfl:2"]
    assert rows[0].neutral_site is False
