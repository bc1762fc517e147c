"""A subscription's numbers: what is next, what is missing, what came twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from precog_assets.sources.kalshi.stream.events import OtherTold
from precog_assets.sources.kalshi.stream.sequence import REMEMBERED, Sequence, Step


def told(seq: int, kind: str = "x") -> OtherTold:
    return OtherTold(1, seq, kind)


def steps(*numbers: int) -> list[Step]:
    numbered = Sequence()
    return [numbered.take(seq, told(seq)) for seq in numbers]


def test_numbers_in_order_are_next_and_the_first_is_one() -> None:
    assert steps(1, 2, 3) == [Step.NEXT] * 3
    assert steps(2, 3) == [Step.MISSING, Step.NEXT]


def test_a_missing_number_that_comes_late_is_out_of_order_once() -> None:
    assert steps(1, 3, 2, 2) == [Step.NEXT, Step.MISSING, Step.OUT_OF_ORDER, Step.CONFLICT]


def test_the_same_frame_again_is_a_repeat_and_another_under_its_number_a_conflict() -> None:
    numbered = Sequence()
    numbered.take(1, told(1))
    assert numbered.take(1, told(1)) is Step.REPEATED
    assert numbered.take(1, told(1, "other")) is Step.CONFLICT


def test_what_is_remembered_of_a_great_gap_is_bounded() -> None:
    numbered = Sequence()
    assert numbered.take(1_000_000_000_000, told(1)) is Step.MISSING
    assert numbered.take(1_000_000_000_000 - 1, told(1)) is Step.OUT_OF_ORDER
    assert numbered.take(1_000_000_000_000 - REMEMBERED - 1, told(1)) is Step.CONFLICT


@given(st.lists(st.integers(1, 30), max_size=60))
def test_each_number_is_let_through_once_at_most(numbers: list[int]) -> None:
    numbered = Sequence()
    used = [seq for seq in numbers if numbered.take(seq, told(seq)) in (Step.NEXT, Step.MISSING, Step.OUT_OF_ORDER)]
    assert len(used) == len(set(used))
    assert set(used) == set(numbers)
