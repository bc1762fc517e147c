"""The queue of quotes: everything while there is time, the newest when there is not, nothing uncounted."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.live import Priority
from precog_assets.pipeline.live.coalesce import Pressure, Put, Queued, QueueLimits, QuoteQueue

HELD, PLAY, PRE, REST = Priority.IN_PLAY_HELD, Priority.IN_PLAY, Priority.PRE_GAME, Priority.REST


def queue(behind: int = 100, full: int = 1000, patience_s: float = 5.0, **priorities: Priority) -> QuoteQueue[int]:
    made: QuoteQueue[int] = QuoteQueue(QueueLimits(behind, full, patience_s))
    made.prioritise(priorities)
    return made


def values(taken: list[Queued[int]]) -> list[tuple[str, int]]:
    return [(one.market, one.value) for one in taken]


def test_while_there_is_time_every_quote_of_a_market_leaves_as_it_came() -> None:
    quotes = queue()
    for value in range(5):
        assert quotes.put("A", value, float(value)) is Put.KEPT
    assert [(one.value, one.arrived_s, one.stands_for) for one in quotes.take(10, 5.0)] == [
        (value, float(value), 1) for value in range(5)
    ]
    assert (len(quotes), quotes.pressure) == (0, Pressure.CALM)


def test_behind_a_markets_newest_quote_takes_the_place_of_the_waiting_one_and_keeps_its_turn() -> None:
    quotes = queue(behind=2)
    quotes.put("A", 1, 1.0)
    quotes.put("B", 1, 2.0)
    assert [quotes.put("A", value, 3.0) for value in (2, 3)] == [Put.COALESCED] * 2
    assert quotes.put("C", 1, 4.0) is Put.KEPT
    assert quotes.pressure is Pressure.BEHIND
    taken = quotes.take(10, 5.0)
    assert values(taken) == [("A", 3), ("B", 1), ("C", 1)]
    assert (taken[0].arrived_s, taken[0].stands_for) == (1.0, 3)
    assert quotes.counts == {"kept": 3, "coalesced": 2, "taken": 3}


def test_the_more_important_market_goes_first() -> None:
    quotes = queue(held=HELD, play=PLAY, pre=PRE)
    for market in ("other", "pre", "play", "held"):
        quotes.put(market, 1, 0.0)
    assert [one.market for one in quotes.take(10, 1.0)] == ["held", "play", "pre", "other"]


def test_part_of_a_batch_belongs_to_those_that_waited_too_long() -> None:
    quotes = queue(patience_s=5.0, play=PLAY)
    quotes.put("other", 1, 0.0)
    for value in range(20):
        quotes.put("play", value, 1.0)
    assert "other" not in [one.market for one in quotes.take(8, 4.9)]
    assert [one.market for one in quotes.take(8, 5.0)] == ["other", *["play"] * 7]


def test_a_market_that_becomes_important_takes_what_waits_of_it_along_in_order() -> None:
    quotes = queue()
    for value in range(3):
        quotes.put("A", value, float(value))
        quotes.put("B", value, float(value))
    quotes.prioritise({"B": PLAY})
    quotes.put("B", 3, 3.0)
    assert values(quotes.take(5, 4.0)) == [("B", 0), ("B", 1), ("B", 2), ("B", 3), ("A", 0)]
    assert values(quotes.take(5, 4.0)) == [("A", 1), ("A", 2)]


def test_full_the_rest_gives_way_first_then_games_to_come_and_games_in_play_never() -> None:
    quotes = queue(behind=3, full=3, pre=PRE, play1=PLAY, play2=PLAY, play3=PLAY, play4=PLAY, pre2=PRE)
    for market in ("rest", "pre", "play1"):
        assert quotes.put(market, 1, 0.0) is Put.KEPT
    assert quotes.pressure is Pressure.FULL
    assert quotes.put("rest2", 1, 1.0) is Put.SHED
    assert quotes.put("play2", 1, 1.0) is Put.SHED
    assert quotes.counts["shed:rest"] == 2
    assert quotes.put("pre2", 1, 1.0) is Put.SHED
    assert quotes.put("play3", 1, 1.0) is Put.SHED
    assert quotes.counts["shed:pre_game"] == 2
    assert quotes.put("play4", 1, 1.0) is Put.SHED
    assert [one.market for one in quotes.take(10, 2.0)] == ["play1", "play2", "play3", "play4"]
    assert quotes.counts["shed"] == 4


def test_how_long_the_oldest_waits_is_known() -> None:
    quotes = queue(B=PLAY)
    assert quotes.oldest_s(9.0) == 0.0
    quotes.put("A", 1, 2.0)
    quotes.put("B", 1, 3.0)
    assert quotes.oldest_s(9.0) == 7.0


MARKETS = st.sampled_from("ABCDEF")
STEPS = st.one_of(
    st.tuples(st.just("put"), MARKETS),
    st.tuples(st.just("put"), MARKETS),
    st.tuples(st.just("take"), st.integers(0, 6)),
    st.tuples(st.just("prioritise"), st.dictionaries(MARKETS, st.sampled_from(Priority))),
)


@given(story=st.lists(STEPS, max_size=80), behind=st.integers(0, 6), more=st.integers(0, 4))
def test_nothing_is_uncounted_a_markets_quotes_stay_in_order_and_the_newest_is_never_coalesced_away(
    story: list[Any], behind: int, more: int
) -> None:
    quotes = queue(behind=behind, full=behind + more, patience_s=3.0)
    put: dict[str, list[int]] = {market: [] for market in "ABCDEF"}
    got: dict[str, list[int]] = {market: [] for market in "ABCDEF"}
    number = stood_for = 0

    def take(most: int) -> None:
        nonlocal stood_for
        for one in quotes.take(most, float(number)):
            got[one.market].append(one.value)
            stood_for += one.stands_for

    for step, value in story:
        number += 1
        if step == "put":
            quotes.put(value, number, float(number))
            put[value].append(number)
        elif step == "take":
            take(value)
        else:
            quotes.prioritise(value)
    waiting = len(quotes)
    take(1000)
    counts = quotes.counts
    assert len(quotes) == 0
    assert sum(map(len, put.values())) == stood_for + counts["shed"]
    assert counts["taken"] == sum(map(len, got.values())) >= waiting
    for market in put:
        assert got[market] == sorted(set(got[market]))
        assert set(got[market]) <= set(put[market])
        if put[market] and not counts["shed"]:
            assert got[market][-1] == put[market][-1]
    if not counts["coalesced"] and not counts["shed"]:
        assert got == put
