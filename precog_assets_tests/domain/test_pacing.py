"""Waits between tries: they grow, are spread out, and begin anew only after a success that lasts."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.pacing import Backoff, Pace


@given(st.integers(0, 2**32), st.integers(1, 200))
def test_waits_stay_below_a_ceiling_that_doubles_up_to_the_greatest(seed: int, tries: int) -> None:
    backoff = Backoff(Pace(initial_s=0.5, factor=2, max_s=30, floor_s=0.1), Random(seed))
    for number in range(tries):
        assert 0.1 <= backoff.failed(0.0) <= min(30.0, 0.5 * 2**number)


def test_a_thousand_clients_that_fail_together_come_back_apart() -> None:
    waits = []
    for seed in range(1000):
        backoff = Backoff(Pace(), Random(seed))
        waits.append([backoff.failed(0.0) for _ in range(5)][-1])
    most_in_a_second = max(sum(start <= wait < start + 1 for wait in waits) for start in range(8))
    assert most_in_a_second < 200


def test_only_a_success_that_lasts_makes_waits_short_again() -> None:
    backoff = Backoff(Pace(steady_s=30), Random(1))
    for now_s in range(5):
        backoff.succeeded(now_s)
        backoff.failed(now_s + 0.5)
    assert backoff.failures == 5
    backoff.succeeded(10.0)
    backoff.succeeded(30.0)
    backoff.failed(40.0)
    assert backoff.failures == 1
