"""Clocks and lag, by instants that are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.live import DateSeen
from precog_assets.pipeline.live.timing import ClockOffset, LagMeter, Offset, VenueLag, WallWatch, venue_lag_s

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seen(ahead_s: float, asked_s: float, took_s: float = 0.1, wrote_after_s: float = 0.05) -> DateSeen:
    """An answer of a venue whose clock is ahead; the date is cut off to whole seconds."""
    asked = NOON + timedelta(seconds=asked_s)
    wrote = asked + timedelta(seconds=ahead_s + wrote_after_s)
    return DateSeen("kalshi", wrote.replace(microsecond=0), asked, asked + timedelta(seconds=took_s), asked_s + took_s)


def test_nothing_is_known_before_the_first_answer_and_after_the_last_is_old() -> None:
    clock = ClockOffset(window_s=600)
    assert clock.estimate(0.0) is None
    clock.observe(seen(0.0, 0.0))
    assert clock.estimate(600.0) is not None
    assert clock.estimate(601.0) is None


@given(
    ahead_s=st.floats(-100, 100),
    answers=st.lists(st.tuples(st.floats(0, 500), st.floats(0.001, 3.0), st.floats(0, 1)), min_size=1, max_size=20),
)
def test_the_offset_lies_within_the_error_that_is_said(
    ahead_s: float, answers: list[tuple[float, float, float]]
) -> None:
    clock = ClockOffset()
    for asked_s, took_s, share in sorted(answers):
        clock.observe(seen(ahead_s, asked_s, took_s, took_s * share))
    found = clock.estimate(505.0)
    assert found is not None
    assert clock.jumps == 0
    assert found.samples == len(answers)
    assert abs(found.offset_s - ahead_s) <= found.error_s + 1e-5


def test_many_answers_narrow_the_offset_far_below_the_second_of_a_header() -> None:
    clock = ClockOffset()
    for number in range(60):
        clock.observe(seen(0.3, number * 7.13, 0.02, 0.01))
    found = clock.estimate(430.0)
    assert found is not None
    assert found.error_s < 0.05
    assert found.offset_s == pytest.approx(0.3, abs=0.05)


def test_a_clock_that_is_set_is_noticed_and_what_was_before_forgotten() -> None:
    clock = ClockOffset()
    for number in range(10):
        clock.observe(seen(0.0, number * 1.1))
    clock.observe(seen(120.0, 12.0))
    found = clock.estimate(12.2)
    assert found is not None
    assert (clock.jumps, found.samples) == (1, 1)
    assert found.surely_beyond(100.0)


def test_a_clock_of_ours_that_is_set_is_off_at_once_and_right_again_at_once() -> None:
    clock = ClockOffset()
    for number in range(20):
        clock.observe(seen(0.1, number * 7.13))
    clock.ours_set(20.0)
    found = clock.estimate(150.0)
    assert found is not None
    assert found.offset_s == pytest.approx(-19.9, abs=0.1)
    assert (found.samples, found.surely_beyond(2.0)) == (20, True)
    clock.observe(seen(-19.9, 151.0))
    assert clock.jumps == 0, "the next answer agrees"
    clock.ours_set(-20.0)
    found = clock.estimate(152.0)
    assert found is not None
    assert found.offset_s == pytest.approx(0.1, abs=0.1)


def test_decisions_refuse_only_when_the_offset_is_beyond_the_limit_whatever_the_error() -> None:
    assert Offset(3.0, 0.5, 1).surely_beyond(2.0)
    assert Offset(-3.0, 0.5, 1).surely_beyond(2.0)
    assert not Offset(2.4, 0.5, 1).surely_beyond(2.0)


def test_a_jump_of_the_wall_clock_shows_against_the_monotonic_one() -> None:
    watch = WallWatch()
    assert watch.observe(NOON, 100.0) is None
    assert watch.observe(NOON + timedelta(seconds=1.2), 101.0) is None
    assert watch.observe(NOON + timedelta(seconds=-58), 102.0) == pytest.approx(-60.2)
    assert watch.observe(NOON + timedelta(seconds=-57), 103.0) is None


def test_the_lag_of_a_frame_is_by_the_venues_clock() -> None:
    sent_ms = int(NOON.timestamp() * 1000)
    received = NOON + timedelta(seconds=0.5)
    assert venue_lag_s(sent_ms, received, None) == pytest.approx(0.5)
    assert venue_lag_s(sent_ms, received, Offset(-0.2, 0.1, 5)) == pytest.approx(0.3)
    late = NOON + timedelta(seconds=6.0)
    assert venue_lag_s(sent_ms, late, Offset(-0.2, 0.1, 5), speed=20.0) == pytest.approx(0.1), "the world runs faster"


def test_the_lag_of_frames_follows_what_is_known_of_the_venues_clock() -> None:
    known: list[Offset | None] = [None]
    lag = VenueLag(lambda: known[0], 1.0)
    sent_ms = int(NOON.timestamp() * 1000)
    lag.observe(sent_ms, NOON + timedelta(seconds=2.0), 100.0)
    assert lag.meter.reset().p50_s == pytest.approx(2.0, rel=0.026)
    known[0] = Offset(-1.5, 0.05, 60)
    lag.observe(sent_ms, NOON + timedelta(seconds=2.0), 100.0 + VenueLag.LOOK_S)
    summary = lag.meter.reset()
    assert (summary.count, summary.p99_s) == (1, pytest.approx(0.5, rel=0.026))


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=200))
def test_percentiles_are_right_within_a_bucket(values: list[float]) -> None:
    meter = LagMeter()
    for value in values:
        meter.record(value)
    summary = meter.summary()
    ordered = sorted(values)
    for share, found in ((0.5, summary.p50_s), (0.95, summary.p95_s), (0.99, summary.p99_s)):
        true = ordered[max(0, -(-int(share * 100) * len(values) // 100) - 1)]
        assert found == pytest.approx(true, rel=0.026, abs=1e-5)
    assert (summary.count, summary.max_s) == (len(values), max(values))


def test_a_meter_begins_anew_when_it_is_read_to_its_end() -> None:
    meter = LagMeter()
    meter.record(-0.5)
    meter.record(2.0, times=3)
    assert meter.reset().count == 4
    assert meter.summary() == meter.reset()
    assert meter.summary().count == 0
