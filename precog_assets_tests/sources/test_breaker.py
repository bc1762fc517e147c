"""A host that failed is found out about by one request at a time, and one that refuses for the rate is left alone."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config.sources import Breaker
from precog_assets.sources.breaker import (
    EARLIEST,
    LONGEST_ASKED_S,
    LONGEST_PAUSE_S,
    PROBE_S,
    REFUSED_IN_A_ROW,
    HostBreaker,
    HostPause,
)


class Hands:
    """A monotonic clock that is set by hand; purgatory's follows it."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr("purgatory.domain.model.time", made)
    return made


def opened(hands: Hands, seed: int = 1) -> HostBreaker:
    """A breaker that has just opened."""
    breaker = HostBreaker("venue", Breaker(failures=2, recovery_s=30), chance=Random(seed), monotonic=hands)
    for _ in range(2):
        assert breaker.allows()
        breaker.record(failed=True)
    assert not breaker.allows()
    return breaker


def test_one_request_finds_out_whether_a_host_is_back_and_the_others_wait(hands: Hands) -> None:
    breaker = opened(hands)
    hands.now_s += 31
    assert [breaker.allows() for _ in range(20)] == [True] + 19 * [False]
    breaker.record(failed=True)
    assert not breaker.allows()
    hands.now_s += 31
    assert breaker.allows()
    breaker.record(failed=False)
    assert [breaker.allows() for _ in range(3)] == [True] * 3
    assert breaker.state == "closed"


def test_a_request_that_never_came_back_keeps_nobody_from_finding_out(hands: Hands) -> None:
    breaker = opened(hands)
    hands.now_s += 31
    assert [breaker.allows(), breaker.allows()] == [True, False]
    hands.now_s += PROBE_S
    assert breaker.allows()


def test_processes_that_lost_a_host_together_come_back_one_after_the_other(hands: Hands) -> None:
    began_s = hands.now_s
    breakers = [opened(hands, seed) for seed in range(50)]
    hands.now_s = began_s + 30 * EARLIEST - 0.1
    assert not any(breaker.allows() for breaker in breakers)
    back = 0
    for step in range(7):
        hands.now_s = began_s + 30 * EARLIEST + step
        now = sum(breaker.allows() for breaker in breakers)
        assert now < 25, "all at once"
        back += now
    assert back == 50


def test_what_a_host_asks_for_is_kept_to_the_second() -> None:
    hands = Hands()
    pause = HostPause(monotonic=hands)
    pause.refused(7.0)
    assert pause.left_s() == 7.0
    pause.answered()
    assert pause.left_s() == 7.0, "an answer that was under way takes nothing back"
    hands.now_s += 7.0
    assert pause.left_s() == 0.0
    pause.refused(86_400.0)
    assert pause.left_s() == LONGEST_ASKED_S


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_a_host_that_says_nothing_is_left_alone_ever_longer_and_never_for_too_long(refusals: int, seed: int) -> None:
    hands = Hands()
    pause = HostPause(chance=Random(seed), monotonic=hands)
    waits: list[float] = []
    for _ in range(refusals):
        pause.refused(None)
        waits.append(pause.left_s())
        hands.now_s += waits[-1]
    assert waits[: REFUSED_IN_A_ROW - 1] == [0.0] * min(refusals, REFUSED_IN_A_ROW - 1)
    assert all(0 < wait_s <= LONGEST_PAUSE_S for wait_s in waits[REFUSED_IN_A_ROW - 1 :])
    assert all(later >= earlier * 0.99 or later > LONGEST_PAUSE_S / 2.1 for earlier, later in pairwise(waits))
    pause.answered()
    pause.refused(None)
    assert pause.left_s() == 0.0
