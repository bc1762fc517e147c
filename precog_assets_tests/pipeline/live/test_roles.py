"""Who holds a lease: one at a time, whatever happens to heartbeats and processes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from precog_assets.pipeline.live.roles import COLLECTOR, SENSORS, STALE_S, Lease, Move, may_decide, next_move


def lease(role: str = COLLECTOR, holder: str = "c1", epoch: int = 3, age_s: float = 1.0) -> Lease:
    return Lease("kalshi", role, holder, epoch, age_s)


def test_what_nobody_holds_is_taken() -> None:
    assert next_move(None, SENSORS, "s1", held_epoch=None) is Move.TAKE


def test_a_holder_beats_as_long_as_it_is_named() -> None:
    assert next_move(lease(), COLLECTOR, "c1", held_epoch=3) is Move.BEAT
    assert next_move(lease(age_s=500), COLLECTOR, "c1", held_epoch=3) is Move.BEAT


def test_the_sensors_take_over_only_when_the_heartbeat_is_old() -> None:
    assert next_move(lease(age_s=STALE_S), SENSORS, "s1", held_epoch=None) is Move.WAIT
    assert next_move(lease(age_s=STALE_S + 0.1), SENSORS, "s1", held_epoch=None) is Move.TAKE


def test_the_collector_takes_it_back_when_it_returns_and_the_sensors_yield() -> None:
    assert next_move(lease(SENSORS, "s1", 4), COLLECTOR, "c1", held_epoch=None) is Move.TAKE
    assert next_move(lease(COLLECTOR, "c1", 5), SENSORS, "s1", held_epoch=4) is Move.YIELD


def test_a_collector_that_was_replaced_yields_before_it_takes_again() -> None:
    assert next_move(lease(SENSORS, "s1", 4), COLLECTOR, "c1", held_epoch=3) is Move.YIELD


def test_a_second_collector_waits_for_the_first() -> None:
    assert next_move(lease(), COLLECTOR, "c2", held_epoch=None) is Move.WAIT
    assert next_move(lease(age_s=11), COLLECTOR, "c2", held_epoch=None) is Move.TAKE


def test_a_process_started_again_under_its_name_takes_a_new_epoch() -> None:
    assert next_move(lease(), COLLECTOR, "c1", held_epoch=None) is Move.TAKE


def test_only_the_current_epoch_decides() -> None:
    assert may_decide(lease(epoch=3), "c1", 3)
    assert not may_decide(lease(epoch=4), "c1", 3)
    assert not may_decide(lease(holder="c2"), "c1", 3)
    assert not may_decide(None, "c1", 3)
    assert not may_decide(lease(), "c1", None)


ACTORS = {"c1": COLLECTOR, "c2": COLLECTOR, "s1": SENSORS}


@given(st.lists(st.tuples(st.sampled_from([*ACTORS]), st.floats(0, 15)), max_size=60))
def test_never_two_may_decide_and_epochs_only_grow(story: list[Any]) -> None:
    now_s, row, beat_s, epochs = 0.0, None, 0.0, [0]
    held: dict[str, int | None] = dict.fromkeys(ACTORS)
    for actor, wait_s in story:
        now_s += wait_s
        found = None if row is None else Lease("kalshi", row[0], row[1], row[2], now_s - beat_s)
        move = next_move(found, ACTORS[actor], actor, held_epoch=held[actor])
        if move is Move.TAKE:
            row, beat_s = (ACTORS[actor], actor, epochs[-1] + 1), now_s
            epochs.append(row[2])
            held[actor] = row[2]
        elif move is Move.BEAT:
            beat_s = now_s
        elif move is Move.YIELD:
            held[actor] = None
        current = None if row is None else Lease("kalshi", row[0], row[1], row[2], now_s - beat_s)
        assert sum(may_decide(current, one, epoch) for one, epoch in held.items()) <= 1
    assert epochs == sorted(set(epochs))
