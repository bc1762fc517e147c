"""Ratings as stored: equal ones stay untouched, changed ones are superseded, none is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen
from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.games import write_games
from precog_assets.store.ratings import (
    CHANGED_SINCE,
    COLUMNS,
    GAMES_TO_RATE,
    Changes,
    changed_since,
    games_to_rate,
    is_rated,
    write_ratings,
)
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


def put(
    engine: sa.Engine, second: float, *rows: tuple[Any, ...], version: str = VERSION, since: datetime | None = None
) -> WriteCounts:
    with engine.begin() as connection:
        return write_ratings(connection, "nfl", version, rows, at(second), since=since)


def played(engine: sa.Engine, second: float, *games: GameSeen) -> None:
    with engine.begin() as connection:
        write_games(connection, [(one, seen(second)) for one in games], load_leagues())


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


def test_a_void_game_and_a_new_one_are_not_counted_as_a_change(store: sa.Engine) -> None:
    put(store, 0, change(1))
    assert put(store, 60, change(2)) == WriteCounts(1, 1, 0)


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


def test_a_version_is_rated_while_one_of_its_ratings_is_current(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert not is_rated(connection, "nfl", VERSION)
    put(store, 0, change(1))
    with store.begin() as connection:
        assert is_rated(connection, "nfl", VERSION)
        assert not is_rated(connection, "nba", VERSION)
    put(store, 60)
    with store.begin() as connection:
        assert not is_rated(connection, "nfl", VERSION)


def day(number: int) -> datetime:
    return at(number * 86_400)


def test_ratings_before_since_stay_though_they_are_not_given(store: sa.Engine) -> None:
    put(store, 0, change(1), change(2), change(3))
    assert put(store, 60, change(2), change(3, after=1511.0), since=day(2)) == WriteCounts(2, 0, 1)
    assert stored(store) == [
        ("nfl:1", 1510.0, 0, None),
        ("nfl:2", 1510.0, 0, None),
        ("nfl:3", 1510.0, 0, 60),
        ("nfl:3", 1511.0, 60, None),
    ]


def test_a_game_from_since_on_that_is_not_given_any_more_is_superseded(store: sa.Engine) -> None:
    put(store, 0, change(1), change(2), change(3))
    put(store, 60, change(3), since=day(2))
    assert [row[0] for row in stored(store) if row[3] is None] == ["nfl:1", "nfl:3"]
    put(store, 90, since=day(3))
    assert [row[0] for row in stored(store) if row[3] is None] == ["nfl:1"]


def test_a_game_moved_from_before_since_to_after_it_keeps_one_rating_a_team(store: sa.Engine) -> None:
    put(store, 0, change(1), change(2), change(3))
    assert put(store, 60, change(3), change(1, start_time=day(4)), since=day(3)) == WriteCounts(2, 0, 1)
    assert stored(store) == [
        ("nfl:1", 1510.0, 0, 60),
        ("nfl:2", 1510.0, 0, None),
        ("nfl:3", 1510.0, 0, None),
        ("nfl:1", 1510.0, 60, None),
    ]


def test_a_game_moved_to_before_since_keeps_one_rating_a_team(store: sa.Engine) -> None:
    put(store, 0, change(1), change(3))
    assert put(store, 60, change(3, start_time=day(2)), since=day(3)) == WriteCounts(1, 0, 1)
    assert stored(store) == [("nfl:1", 1510.0, 0, None), ("nfl:3", 1510.0, 0, 60), ("nfl:3", 1510.0, 60, None)]


def test_a_game_that_starts_at_since_is_after_it(store: sa.Engine) -> None:
    put(store, 0, change(2))
    put(store, 60, since=day(2))
    assert stored(store) == [("nfl:2", 1510.0, 0, 60)]


def test_the_rating_of_a_team_that_did_not_play_after_all_is_superseded(store: sa.Engine) -> None:
    put(store, 0, change(1, "nfl:12"), change(1, "nfl:30"))
    assert put(store, 60, change(1, "nfl:12"), change(1, "nfl:11"), since=day(3)) == WriteCounts(2, 1, 0)
    assert [row[3] for row in stored(store)] == [None, 60, None]


GIVEN_ROWS = st.dictionaries(
    st.tuples(st.integers(1, 4), st.sampled_from(["nfl:12", "nfl:30"])),
    st.tuples(st.integers(0, 5), st.sampled_from([1500.0, 1510.0]), st.sampled_from([None, 60.0])),
    max_size=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=GIVEN_ROWS, now=GIVEN_ROWS, since=st.none() | st.integers(0, 6))
def test_current_are_the_given_rows_and_earlier_ones_of_other_games_and_equal_rows_are_untouched(
    store: sa.Engine, before: dict[Any, Any], now: dict[Any, Any], since: int | None
) -> None:
    def rows(of: dict[Any, Any]) -> list[tuple[Any, ...]]:
        return [
            change(game, team, after, start_time=day(start), deviation_before=deviation, deviation_after=deviation)
            for (game, team), (start, after, deviation) in of.items()
        ]

    games = {game for game, _ in now}
    kept = {
        key: value
        for key, value in before.items()
        if since is not None and value[0] < since and key[0] not in games and key not in now
    }
    table = tables.ratings
    with rolled_back(store) as connection:
        write_ratings(connection, "nfl", VERSION, rows(before), at(0))
        counts = write_ratings(
            connection, "nfl", VERSION, rows(now), at(60), since=None if since is None else day(since)
        )
        found = connection.execute(sa.select(table)).all()
    current = {
        (int(row.game_id[4:]), row.team_id): ((row.start_time - at(0)).days, row.rating_after, row.deviation_after)
        for row in found
        if row.superseded_at is None
    }
    assert current == {**kept, **now}
    assert len([row for row in found if row.superseded_at is None]) == len(current)
    equal = {key for key, value in now.items() if before.get(key) == value} | kept.keys()
    untouched = {
        (int(row.game_id[4:]), row.team_id) for row in found if row.superseded_at is None and row.computed_at == at(0)
    }
    assert untouched == equal
    assert len(found) == len(before) + counts.written
    assert counts.changed == len([key for key in now if key in before and before[key] != now[key]])


def test_a_frame_is_written_as_tuples_are(store: sa.Engine) -> None:
    rows = [change(1), change(2, after=1520.5, deviation_before=70.0, deviation_after=0.1 + 0.2)]
    put(store, 0, *[row if len(row) == len(COLUMNS) else (*row, None, None) for row in rows])
    frame = pl.DataFrame([(*rows[0], None, None), rows[1]], schema=list(COLUMNS), orient="row")
    with store.begin() as connection:
        assert write_ratings(connection, "nfl", VERSION, frame, at(60)) == WriteCounts(2, 0, 0)
        bare = frame.drop("league", "model_version", "deviation_before", "deviation_after")
        assert write_ratings(connection, "nfl", VERSION, bare, at(90)) == WriteCounts(2, 0, 1)


def test_a_deviation_that_becomes_known_or_changes_is_a_new_row(store: sa.Engine) -> None:
    for second, deviation in ((0, None), (60, 50.0), (120, 50.0), (180, 49.0), (240, None)):
        put(store, second, change(1, deviation_before=deviation, deviation_after=deviation))
    assert [row[2:] for row in stored(store)] == [(0, 60), (60, 180), (180, 240), (240, None)]


def test_rows_of_another_version_or_league_are_refused(store: sa.Engine) -> None:
    with store.begin() as connection:
        with pytest.raises(ValueError, match=r"ratings of model_version \['elo-x'\]; right is 'elo-nfl-00000001'"):
            write_ratings(connection, "nfl", VERSION, [change(1, model_version="elo-x")], at(0))
        with pytest.raises(ValueError, match=r"ratings of league \['nfl'\]; right is 'nba'"):
            write_ratings(connection, "nba", VERSION, [change(1)], at(0))


def test_a_replay_reads_results_and_the_games_that_are_coming_in_time_order(store: sa.Engine) -> None:
    scheduled = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None}
    played(
        store,
        9,
        final("2", start_time=at(200)),
        final("1", start_time=at(100), neutral_site=None),
        final("10", start_time=at(100)),
        game("5", start_time=at(150)),
        game("6", start_time=at(300), **scheduled),
        game("7", start_time=at(301), **scheduled),
        game("8", start_time=at(50), home_team_id=None, **scheduled),
        game("9", start_time=at(60), status="STATUS_POSTPONED", state="post"),
        game("11", start_time=at(61), status="STATUS_CANCELED", state="post"),
        game("12", start_time=at(62), status="STATUS_SUSPENDED", state="post"),
        final("13", start_time=at(900)),
    )
    with store.begin() as connection:
        connection.execute(
            sa.text("UPDATE core.games SET attributes = CAST(:said AS jsonb) WHERE game_id = 'nfl:2'"),
            {"said": '{"surface": "Clay, \\"red\\""}'},
        )
        frame = games_to_rate(connection, "nfl", until=at(300))
        later = games_to_rate(connection, "nfl", since=at(150), until=at(300))
        none = games_to_rate(connection, "nba", until=at(300))
    order = ["nfl:12", "nfl:1", "nfl:10", "nfl:5", "nfl:2", "nfl:6", "nfl:13"]
    assert frame["game_id"].to_list() == order
    assert later["game_id"].to_list() == order[3:]
    assert dict(frame.schema) == dict(none.schema) == dict(pl.Schema(GAMES_TO_RATE))
    result, coming = frame.row(4, named=True), frame.row(5, named=True)
    assert (result["completed"], result["home_score"], result["winner"], result["start_time"]) == (
        True,
        20,
        "home",
        at(200),
    )
    assert result["last_changed_at"] == at(9)
    assert (coming["completed"], coming["home_score"], coming["phase"]) == (False, None, "scheduled")
    assert frame["neutral_site"].to_list() == [False] * 7
    assert frame["attributes"].drop_nulls().str.json_path_match("$.surface").to_list() == ['Clay, "red"']


def test_changes_after_an_instant_are_told_with_their_earliest_start_and_the_newest_of_them(store: sa.Engine) -> None:
    played(store, 10, final("1", start_time=at(100)), final("2", start_time=at(200)))
    played(store, 20, final("3", start_time=at(50)), game("4", start_time=at(40)))
    with store.connect() as connection:
        assert changed_since(connection, "nfl", at(5), version=VERSION) == Changes(4, at(40), at(50), at(20))
        assert changed_since(connection, "nfl", at(10), version=VERSION) == Changes(2, at(40), at(50), at(20))
        assert changed_since(connection, "nfl", at(20), version=VERSION) == Changes(0, None, None, None)
        assert changed_since(connection, "nba", at(5), version=VERSION) == Changes(0, None, None, None)


def test_a_game_that_was_moved_or_taken_back_counts_where_it_is_rated(store: sa.Engine) -> None:
    played(store, 10, final("1", start_time=day(1)), final("2", start_time=day(2)))
    put(store, 11, change(1), change(2))
    put(store, 11, change(2, model_version="other", start_time=day(0)), version="other")
    played(store, 20, final("1", start_time=day(9)))
    played(store, 30, game("2", start_time=day(2)))
    with store.connect() as connection:
        assert changed_since(connection, "nfl", at(10), version=VERSION) == Changes(2, day(1), day(1), at(30))
        assert changed_since(connection, "nfl", at(20), version=VERSION) == Changes(1, day(2), day(2), at(30))
        assert changed_since(connection, "nfl", at(20), version="other") == Changes(1, day(0), day(0), at(30))
    put(store, 40, change(1, start_time=day(9)))
    with store.connect() as connection:
        assert changed_since(connection, "nfl", at(10), version=VERSION) == Changes(2, day(2), day(9), at(30))


def test_changes_are_found_by_their_index(store: sa.Engine) -> None:
    with rolled_back(store) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO core.games (game_id, league, espn_event_id, season, season_type, game_kind, start_time, "
                "start_time_valid, status, state, completed, phase, first_observed_at, last_observed_at, "
                "last_changed_at) SELECT 'nfl:' || i, 'nfl', i, 2026, 'regular', 'regular', :now, true, 's', 'pre', "
                "false, 'scheduled', :now, :now, :now - i * interval '1 hour' FROM generate_series(1, 5000) i"
            ),
            {"now": at(0)},
        )
        connection.execute(sa.text("ANALYZE core.games"))
        given = {"league": "nfl", "instant": at(-86_400), "version": VERSION}
        plan = "\n".join(connection.scalars(sa.text(f"EXPLAIN {CHANGED_SINCE.text}"), given))
        assert changed_since(connection, "nfl", at(-86_400), version=VERSION).games == 23
    assert "using games_league_changed" in plan or "Bitmap Index Scan on games_league_changed" in plan
    assert "Seq Scan on games" not in plan
