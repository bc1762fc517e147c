"""Sockets that are dead, snapshots asked for again: all by given clocks."""

from __future__ import annotations

import pytest

from precog_assets.sources.kalshi.stream.pacing import Asking, Liveness


def test_a_venue_whose_pongs_are_known_is_given_up_soon_after_a_ping_without_one() -> None:
    alive = Liveness(0.0, probe_after_s=3, answer_s=5)
    assert [alive.probe_due(now_s) for now_s in (0.0, 0.1, 2.9, 3.0, 3.1)] == [True, False, False, True, False]
    alive.answered(3.1)
    assert alive.probe_due(6.2)
    assert not alive.stale(11.0)
    assert alive.stale(11.2)


def test_a_venue_that_never_answered_a_ping_is_given_its_heartbeat_and_grace() -> None:
    alive = Liveness(0.0, grace_s=5)
    alive.heard(4.0)
    assert not alive.stale(19.0)
    assert alive.stale(19.1)
    assert alive.silent_s(19.1) == pytest.approx(15.1)


def test_hearing_anything_begins_the_silence_anew() -> None:
    alive = Liveness(0.0, probe_after_s=3)
    assert [alive.probe_due(now_s) for now_s in (0.0, 3.0)] == [True, True]
    alive.heard(3.5)
    assert not alive.probe_due(6.4)
    assert alive.probe_due(6.5)


def test_a_snapshot_that_never_comes_is_asked_for_ever_more_rarely() -> None:
    asking, asked, now_s = Asking(), [], 0.0
    while now_s < 400:
        if asking.awaited("A", now_s):
            asked.append(now_s)
        now_s += 0.5
    assert asked == [2.5, 7.5, 17.5, 37.5, 77.5, 137.5, 197.5, 257.5, 317.5, 377.5]


def test_a_snapshot_is_overdue_once_until_it_comes_or_is_asked_for_on_another_subscription() -> None:
    asking = Asking()
    assert not asking.awaited("A", 0.0)
    assert [asking.overdue("A", now_s) for now_s in (2.4, 2.5, 90.0)] == [False, True, False]
    asking.came("A")
    assert not asking.overdue("A", 100.0)
    assert not asking.awaited("A", 100.0)
    asking.anew()
    assert [asking.awaited("A", now_s) for now_s in (200.0, 202.0, 202.5)] == [False, False, True]
    assert asking.overdue("A", 202.5)


def test_a_market_that_had_to_be_asked_for_once_is_given_the_same_time_as_any_other() -> None:
    asking = Asking()
    assert [asking.awaited("A", now_s) for now_s in (0.0, 2.5)] == [False, True]
    asking.came("A")
    assert not asking.awaited("A", 60.0), "its snapshot is on its way"


def test_a_snapshot_that_nobody_asked_for_is_not_overdue() -> None:
    asking = Asking()
    assert asking.ask("A", 0.0)
    asking.came("A")
    assert not asking.ask("A", 1.0)
    assert [asking.awaited("A", now_s) for now_s in (4.0, 5.0)] == [False, True]
    assert not asking.overdue("A", 5.0)
    assert asking.overdue("A", 7.5)


def test_a_market_that_fails_again_at_once_waits_and_one_that_failed_long_ago_does_not() -> None:
    asking = Asking()
    assert asking.ask("A", 0.0)
    asking.came("A")
    assert not asking.ask("A", 1.0)
    assert asking.ask("A", 5.0)
    assert asking.ask("A", 500.0)
    assert asking.ask("A", 505.0)
