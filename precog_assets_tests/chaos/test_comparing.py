"""The comparison itself: it must see what is lost, what is twice, and what never was, or chaos would prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from precog_assets_tests.chaos.comparing import Comparison, Row, differences, is_torn, stood, strangers

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
FIRST = ("STATUS_IN_PROGRESS", 1, 0, 0)
THEN = ("STATUS_IN_PROGRESS", 1, 7, 0)
LAST = ("STATUS_IN_PROGRESS", 2, 7, 3)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


HISTORY = [(at(0), FIRST), (at(100), THEN), (at(200), LAST)]


def test_states_in_order_are_known_even_where_one_between_two_polls_was_not_seen() -> None:
    assert strangers(HISTORY, [(at(5), FIRST), (at(205), LAST)]) == []


def test_a_state_that_never_was_one_too_early_and_one_after_a_later_one_are_strangers() -> None:
    assert len(strangers(HISTORY, [(at(5), ("STATUS_IN_PROGRESS", 1, 3, 0))])) == 1
    assert len(strangers(HISTORY, [(at(50), THEN)])) == 1
    assert len(strangers(HISTORY, [(at(205), LAST), (at(210), THEN)])) == 1


def test_a_side_holds_while_it_stood_and_not_before_nor_long_after() -> None:
    history = [(at(0), (0.40, 10.0)), (at(60), (0.41, 5.0))]
    assert stood(history, (0.40, 10.0), at(59))
    assert stood(history, (0.41, 5.0), at(61))
    assert not stood(history, (0.41, 5.0), at(50))
    assert not stood(history, (0.40, 10.0), at(120))
    assert not stood(history, (0.40, 11.0), at(59))


def test_what_is_missing_and_what_is_extra_are_told_apart() -> None:
    missing, extra = differences([("a", 1), ("b", 2)], [("b", 3), ("a", 1)])
    assert (missing, extra) == (("('b', 2)",), ("('b', 3)",))


def test_a_comparison_is_sound_only_if_every_kind_is() -> None:
    assert Comparison({"games": Row(1, 1)}).sound
    found = Comparison({"games": Row(1, 1), "trades": Row(2, 1, ("b",))})
    assert not found.sound
    assert "trades: 1 missing: b" in found.wrong()


def test_a_quote_between_two_frames_of_a_change_is_torn_only_right_after_it_and_if_the_next_comes_at_once() -> None:
    assert is_torn([at(10)], at(10.2), at(10.201))
    assert not is_torn([at(10)], at(10.2), at(10.5))
    assert not is_torn([at(10)], at(36), at(36.001))
    assert not is_torn([], at(10), at(10.001))
    assert is_torn([at(10)], at(10.2), at(14), gaps=[at(9), at(11)]), "its second frame was lost"
    assert not is_torn([at(10)], at(10.2), at(14), gaps=[at(9), at(15)])
    assert not is_torn([at(10)], at(10.2), at(40), gaps=[at(30)])
