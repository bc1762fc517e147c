"""States to go on from: one a version and day, some kept for good, dropped where a result was corrected."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from precog_assets.store.states import StateInfo, drop_states_from, load_state, prune, save_state, states
from precog_assets_tests.store.rows import at

VERSION = "elo-nfl-00000001"


def save(engine: sa.Engine, day: int, *, opens: bool = False, state: bytes = b"", version: str = VERSION) -> None:
    with engine.begin() as connection:
        save_state(
            connection,
            league="nfl",
            version=version,
            before_day=date(2026, 11, day),
            season=2026,
            opens_season=opens,
            results_until=at(day),
            state=state or bytes([day]),
            now=at(60 + day),
        )


def days(engine: sa.Engine, version: str = VERSION) -> list[int]:
    with engine.connect() as connection:
        return [state.before_day.day for state in states(connection, version)]


def test_a_state_is_loaded_as_it_was_saved(store: sa.Engine) -> None:
    every = bytes(range(256)) * 1000
    save(store, 5, state=every, opens=True)
    with store.connect() as connection:
        assert load_state(connection, VERSION, date(2026, 11, 5)) == every
        assert load_state(connection, VERSION, date(2026, 11, 6)) is None
        assert load_state(connection, "other", date(2026, 11, 5)) is None
        assert states(connection, VERSION) == [
            StateInfo("nfl", VERSION, date(2026, 11, 5), 2026, True, at(5), at(65), 256_000)
        ]


def test_a_day_has_one_state_the_last_that_was_saved(store: sa.Engine) -> None:
    save(store, 5, state=b"old", opens=True)
    save(store, 5, state=b"new")
    with store.connect() as connection:
        assert load_state(connection, VERSION, date(2026, 11, 5)) == b"new"
        assert [state.opens_season for state in states(connection, VERSION)] == [False]


def test_states_are_listed_by_day_for_one_version(store: sa.Engine) -> None:
    for day in (7, 3, 5):
        save(store, day)
    save(store, 4, version="other")
    assert days(store) == [3, 5, 7]


@pytest.mark.parametrize(("keep", "left"), [(0, [2, 6]), (1, [2, 6, 7]), (2, [2, 6, 7]), (3, [2, 5, 6, 7])])
def test_pruning_keeps_the_latest_days_and_the_openings_of_seasons(
    store: sa.Engine, keep: int, left: list[int]
) -> None:
    for day in range(1, 8):
        save(store, day, opens=day in (2, 6))
    save(store, 1, version="other")
    with store.begin() as connection:
        assert prune(connection, VERSION, keep_latest=keep) == 7 - len(left)
    assert days(store) == left
    assert days(store, "other") == [1]


def test_pruning_keeps_three_unless_told_otherwise_and_nothing_negative(store: sa.Engine) -> None:
    for day in range(1, 8):
        save(store, day)
    with store.begin() as connection:
        assert prune(connection, VERSION) == 4
        with pytest.raises(ValueError, match="keep_latest=-1; right is 0 or more"):
            prune(connection, VERSION, -1)
    assert days(store) == [5, 6, 7]


def test_a_corrected_result_takes_the_states_that_hold_it_also_openings(store: sa.Engine) -> None:
    """The state before the day of the result does not hold it."""
    for day in range(1, 8):
        save(store, day, opens=day == 6)
    save(store, 7, version="other")
    with store.begin() as connection:
        assert drop_states_from(connection, VERSION, date(2026, 11, 5)) == 2
    assert days(store) == [1, 2, 3, 4, 5]
    assert days(store, "other") == [7]
