"""The world's clock: moved by who runs it, followed by everybody else, and told in wall time afterwards."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import FixedClock, ScaledClock
from precog_assets.simulator import clock as clocks
from precog_assets.simulator.clock import STRETCHES_KEPT, ShiftedClock, Stretches, WorldClock, shifted
from precog_assets.simulator.world_file import followed_clock, load_or_create_world, read_world, write_world

REAL = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Machine:
    """A machine's time that a test moves."""

    def __init__(self) -> None:
        self.now = REAL

    def __call__(self) -> datetime:
        return self.now


def clock(machine: Machine, speed: float = 1.0) -> WorldClock:
    return WorldClock(Stretches([ScaledClock(REAL, WORLD, speed)]), real_now=machine)


def test_a_new_speed_goes_on_from_the_instant_shown() -> None:
    machine = Machine()
    moving = clock(machine, speed=2.0)
    machine.now += 10 * SECOND
    assert moving.move(speed=100.0) == WORLD + 20 * SECOND
    machine.now += SECOND
    assert moving.now() == WORLD + 120 * SECOND
    assert moving.speed == 100.0


def test_a_clock_jumps_and_is_set_and_keeps_its_speed() -> None:
    machine = Machine()
    moving = clock(machine, speed=5.0)
    assert moving.move(by=timedelta(hours=3)) == WORLD + timedelta(hours=3)
    assert moving.move(to=WORLD - timedelta(days=400)) == WORLD - timedelta(days=400)
    machine.now += SECOND
    assert moving.now() == WORLD - timedelta(days=400) + 5 * SECOND


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 1e9, 1e-10])
def test_a_speed_no_clock_can_have_is_refused_naming_it(speed: float) -> None:
    moving = clock(Machine())
    with pytest.raises(ConfigurationError, match=f"Simulator speed {speed}: expected a number from 1e-09 to 100000"):
        moving.move(speed=speed)
    assert moving.speed == 1.0


@pytest.mark.parametrize(
    "move",
    [
        {"to": datetime(1999, 1, 1, tzinfo=UTC)},
        {"to": datetime(2100, 1, 1, tzinfo=UTC)},
        {"by": timedelta(days=999_999_999)},
        {"by": timedelta(days=-20_000)},
    ],
)
def test_an_instant_outside_the_worlds_years_is_refused(move: dict[str, datetime | timedelta]) -> None:
    moving = clock(Machine())
    with pytest.raises(ConfigurationError, match="expected an instant from 2000 to 2100"):
        moving.move(**move)  # type: ignore[arg-type]
    assert moving.now() == WORLD


def test_world_time_is_told_in_wall_time_across_jumps_and_speeds() -> None:
    machine = Machine()
    moving = clock(machine)
    machine.now = REAL + 100 * SECOND
    moving.move(speed=10.0)
    machine.now = REAL + 110 * SECOND
    moving.move(by=timedelta(hours=1))
    wall = moving.stretches.wall_of
    assert wall(WORLD - SECOND) is None
    assert wall(WORLD + 40 * SECOND) == REAL + 40 * SECOND
    assert wall(WORLD + 150 * SECOND) == REAL + 105 * SECOND
    assert wall(WORLD + 300 * SECOND) is None, "the clock jumped over it"
    assert wall(WORLD + 200 * SECOND + timedelta(hours=1, seconds=20)) == REAL + 112 * SECOND


def test_of_an_instant_shown_twice_the_later_wall_time_counts() -> None:
    machine = Machine()
    moving = clock(machine)
    machine.now += 100 * SECOND
    moving.move(to=WORLD)
    assert moving.stretches.wall_of(WORLD + 30 * SECOND) == REAL + 130 * SECOND


@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.sampled_from([0.5, 1.0, 20.0])), max_size=8), st.integers(0, 9_999)
)
def test_wall_time_of_what_the_clock_shows_is_now(moves: list[tuple[int, float]], wait: int) -> None:
    machine = Machine()
    moving = clock(machine)
    for seconds, speed in moves:
        machine.now += seconds * SECOND
        moving.move(speed=speed)
    machine.now += wait * SECOND
    told = moving.stretches.wall_of(moving.now())
    assert told is not None
    assert abs(told - machine.now) <= timedelta(microseconds=2)


def test_a_clocks_past_is_bounded() -> None:
    moving = clock(Machine())
    for number in range(STRETCHES_KEPT + 20):
        moving.move(speed=1.0 + number % 2)
    assert len(moving.stretches.all) == STRETCHES_KEPT


def test_other_processes_follow_a_moved_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "LOOKED_AFTER_S", 0.0)
    file = tmp_path / "world.json"
    settings = load_or_create_world(file, real_now=REAL, anchor=WORLD, speed=2.0)
    follower = followed_clock(file)
    assert (follower.real_anchor, follower.world_anchor, follower.speed) == (REAL, WORLD, 2.0)
    moving = WorldClock(
        settings.stretches, moved=lambda stretches: write_world(file, read_world(file).moved(stretches))
    )
    moving.move(to=WORLD + timedelta(days=30), speed=7.0)
    assert follower.world_anchor == WORLD + timedelta(days=30)
    assert follower.speed == 7.0
    assert abs(follower.now() - moving.now()) < timedelta(seconds=7)
    assert read_world(file).earlier == (ScaledClock(REAL, WORLD, 2.0),)


def test_a_followed_file_is_looked_at_a_few_times_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "world.json"
    load_or_create_world(file, real_now=REAL, anchor=WORLD)
    follower = followed_clock(file)
    looks: list[str] = []
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda self, **more: looks.append(self.name) or stat(self, **more))
    for _ in range(1_000):
        follower.now()
    assert len(looks) <= 1


def test_a_followed_clock_goes_on_when_its_file_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "LOOKED_AFTER_S", 0.0)
    file = tmp_path / "world.json"
    load_or_create_world(file, real_now=REAL, anchor=WORLD, speed=3.0)
    follower = followed_clock(file)
    os.unlink(file)
    assert follower.speed == 3.0
    load_or_create_world(file, real_now=REAL, anchor=WORLD, speed=9.0)
    assert follower.speed == 9.0


def test_inside_a_shift_a_clock_lags_and_outside_it_does_not() -> None:
    lagging = ShiftedClock(FixedClock(WORLD))
    with shifted(30 * SECOND):
        assert lagging.now() == WORLD - 30 * SECOND
    assert lagging.now() == WORLD
