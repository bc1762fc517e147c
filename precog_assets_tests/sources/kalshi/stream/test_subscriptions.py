"""What is wanted becomes commands, and their answers what the venue knows; refusals are learned from."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.sources.kalshi.stream.events import Acknowledged, Refused, Subscribed, Unsubscribed
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.sources.kalshi.stream.subscriptions import (
    ANSWER_S,
    LIFECYCLE,
    ORDERBOOK,
    TICKER,
    LineState,
    Subscriptions,
)
from precog_assets_tests.sources.kalshi.stream.venue import A, B, C, Refusal, ScriptedVenue


def said(commands: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(command) for command in commands]


def answer(subscriptions: Subscriptions, venue: ScriptedVenue, command: bytes, now_s: float = 0.0) -> None:
    for data in venue.answer(command):
        hear(subscriptions, data, now_s)


def hear(subscriptions: Subscriptions, data: bytes, now_s: float = 0.0) -> None:
    event = FrameReader().read(data)
    if isinstance(event, Subscribed):
        subscriptions.subscribed(event)
    elif isinstance(event, Acknowledged):
        subscriptions.acknowledged(event)
    elif isinstance(event, Unsubscribed):
        subscriptions.unsubscribed(event)
    elif isinstance(event, Refused):
        subscriptions.failed(event, now_s)


def settle(subscriptions: Subscriptions, venue: ScriptedVenue, now_s: float = 0.0) -> None:
    for _ in range(50):
        commands = subscriptions.due(now_s)
        if not commands:
            return
        for command in commands:
            answer(subscriptions, venue, command, now_s)
    raise AssertionError("commands do not end")


def opened(*tickers: str, **options: Any) -> tuple[Subscriptions, ScriptedVenue]:
    subscriptions, venue = Subscriptions(Random(1), **options), ScriptedVenue()
    subscriptions.want(tickers)
    settle(subscriptions, venue)
    return subscriptions, venue


def test_each_channel_is_opened_with_the_markets_wanted_and_the_books_side_is_said() -> None:
    subscriptions = Subscriptions(Random(1))
    subscriptions.want([A, B])
    books, ticker, trade, life = said(subscriptions.due(0.0))
    assert books["params"] == {"channels": ["orderbook_delta"], "market_tickers": [A, B], "use_yes_price": False}
    assert ticker["params"] == {"channels": ["ticker"], "market_tickers": [A, B], "send_initial_snapshot": True}
    assert (trade["params"]["channels"], life["params"]) == (["trade"], {"channels": ["market_lifecycle_v2"]})
    assert len({one["id"] for one in (books, ticker, trade, life)}) == 4
    assert subscriptions.due(0.0) == [], "one command of a channel is under way at a time"


def test_without_a_market_only_the_channel_without_markets_is_opened() -> None:
    subscriptions = Subscriptions(Random(1))
    assert [one["params"]["channels"] for one in said(subscriptions.due(0.0))] == [[LIFECYCLE]]


def test_markets_that_enter_are_added_and_those_that_leave_deleted() -> None:
    subscriptions, venue = opened(A, channels=[ORDERBOOK])
    assert subscriptions.want([B, A]) == ((B,), ())
    settle(subscriptions, venue)
    assert subscriptions.want([B, C]) == ((C,), (A,))
    settle(subscriptions, venue)
    assert [(one["cmd"], one["params"].get("action"), one["params"]["market_tickers"]) for one in venue.asked] == [
        ("subscribe", None, [A]),
        ("update_subscription", "add_markets", [B]),
        ("update_subscription", "delete_markets", [A]),
        ("update_subscription", "add_markets", [C]),
    ]
    assert subscriptions.settled


def test_a_channel_whose_last_market_leaves_is_closed_and_never_left_open_for_all_markets() -> None:
    subscriptions, venue = opened(A, channels=[TICKER])
    subscriptions.want([])
    settle(subscriptions, venue)
    assert [one["cmd"] for one in venue.asked] == ["subscribe", "unsubscribe"]
    assert subscriptions.line(TICKER).state is LineState.CLOSED
    subscriptions.want([B])
    settle(subscriptions, venue)
    assert venue.asked[-1]["params"]["market_tickers"] == [B]


def test_many_markets_go_in_several_commands() -> None:
    many = [f"KX-{number}" for number in range(25)]
    subscriptions, venue = opened(*many, channels=[ORDERBOOK], batch=10)
    assert [len(one["params"]["market_tickers"]) for one in venue.asked] == [10, 10, 5]
    assert subscriptions.settled


def test_resubscribing_closes_and_opens_at_once_the_first_time_and_later_if_it_goes_on() -> None:
    subscriptions, venue = opened(A, channels=[ORDERBOOK])
    first = subscriptions.line(ORDERBOOK).sid
    subscriptions.resubscribe(ORDERBOOK, 100.0)
    settle(subscriptions, venue, 100.0)
    assert [one["cmd"] for one in venue.asked] == ["subscribe", "unsubscribe", "subscribe"]
    assert subscriptions.line(ORDERBOOK).sid != first
    for now_s in (100.1, 100.2, 100.3):
        subscriptions.resubscribe(ORDERBOOK, now_s)
    assert subscriptions.line(ORDERBOOK).backoff.failures == 2, "asked once while it is under way"
    assert subscriptions.line(ORDERBOOK).not_before_s > 100.1


def test_a_refreshed_market_is_taken_out_and_put_in_again() -> None:
    subscriptions, venue = opened(A, B, channels=[ORDERBOOK])
    subscriptions.refresh(B)
    assert not subscriptions.settled
    settle(subscriptions, venue)
    assert [(one["params"]["action"], one["params"]["market_tickers"]) for one in venue.asked[1:]] == [
        ("delete_markets", [B]),
        ("add_markets", [B]),
    ]


def test_markets_the_venue_does_not_know_are_not_asked_for_again_until_wanted_anew() -> None:
    subscriptions = Subscriptions(Random(1), [ORDERBOOK])
    subscriptions.want([A, B])
    (command,) = said(subscriptions.due(0.0))
    subscriptions.failed(Refused(command["id"], None, None, 11, "Invalid parameter", (B,)), 0.0)
    assert subscriptions.refused == {B}
    (again,) = said(subscriptions.due(60.0))
    assert again["params"]["market_tickers"] == [A]
    subscriptions.want([A])
    subscriptions.want([A, B])
    assert subscriptions.refused == frozenset()


def test_when_the_venue_takes_no_more_markets_the_most_important_ones_are_kept() -> None:
    subscriptions, venue = opened(A, B, channels=[ORDERBOOK])
    subscriptions.want([C, A, B])
    (command,) = said(subscriptions.due(0.0))
    subscriptions.failed(Refused(command["id"], 1, 3, 26, "Subscription market limit exceeded"), 0.0)
    settle(subscriptions, venue, 60.0)
    assert set(subscriptions.line(ORDERBOOK).told) == {C, A}


def test_a_subscription_the_venue_ended_is_opened_again_after_a_wait() -> None:
    subscriptions, venue = opened(A, channels=[ORDERBOOK])
    ended = FrameReader().read(venue.end(ORDERBOOK))
    assert isinstance(ended, Refused)
    assert subscriptions.failed(ended, 10.0) == ORDERBOOK
    assert subscriptions.line(ORDERBOOK).state is LineState.CLOSED
    assert subscriptions.due(10.0) == []
    settle(subscriptions, venue, 20.0)
    assert subscriptions.settled


def test_a_channel_that_was_opened_though_it_was_refused_is_known_by_the_answer_to_the_next_command() -> None:
    subscriptions, venue = Subscriptions(Random(1), [ORDERBOOK]), ScriptedVenue()
    venue.refusals = [Refusal("subscribe", 18, done=True)]
    subscriptions.want([A, B])
    settle(subscriptions, venue)
    assert subscriptions.line(ORDERBOOK).state is LineState.CLOSED
    subscriptions.want([B, C])
    settle(subscriptions, venue, 60.0)
    assert subscriptions.channel_of(venue.sids[ORDERBOOK]) == ORDERBOOK
    assert subscriptions.settled
    assert [(one["cmd"], one["params"].get("sids")) for one in venue.asked] == [
        ("subscribe", None),
        ("subscribe", None),
        ("update_subscription", [1]),
    ]
    assert set(venue.markets[1]) == {B, C}


@pytest.mark.parametrize("asked_again", [False, True])
def test_a_channel_that_was_opened_though_it_was_refused_is_known_by_a_late_answer(asked_again: bool) -> None:
    subscriptions, venue = Subscriptions(Random(1), [ORDERBOOK]), ScriptedVenue()
    venue.refusals = [Refusal("subscribe", 18, done=True)]
    subscriptions.want([A, B])
    settle(subscriptions, venue)
    (command,) = subscriptions.due(60.0) if asked_again else (b"",)
    hear(subscriptions, venue.late[0])
    assert subscriptions.channel_of(venue.sids[ORDERBOOK]) == ORDERBOOK
    if asked_again:
        assert subscriptions.due(60.0) == [], "the second command is still under way"
        venue.refusals = [Refusal("subscribe", 27)]
        answer(subscriptions, venue, command, 60.0)
        assert subscriptions.line(ORDERBOOK).state is LineState.OPEN, "refused now, and open all the same"
    settle(subscriptions, venue, 120.0)
    assert subscriptions.settled
    assert [one["cmd"] for one in venue.asked if one["cmd"] == "subscribe"] == ["subscribe"] * (1 + asked_again)


@pytest.mark.parametrize("code", [1, 18, 27])
def test_a_subscription_whose_end_was_refused_lives_on_and_is_closed_later(code: int) -> None:
    subscriptions, venue = opened(A, channels=[ORDERBOOK])
    venue.refusals = [Refusal("unsubscribe", code)]
    subscriptions.resubscribe(ORDERBOOK, 10.0)
    settle(subscriptions, venue, 10.0)
    line = subscriptions.line(ORDERBOOK)
    assert (line.state, line.sid, line.reopen, tuple(line.told)) == (LineState.OPEN, 1, True, (A,))
    settle(subscriptions, venue, 70.0)
    assert [one["cmd"] for one in venue.asked] == ["subscribe", "unsubscribe", "unsubscribe", "subscribe"]
    assert (line.sid, line.reopen, subscriptions.settled) == (2, False, True)


@pytest.mark.parametrize("told", [False, True])
def test_a_subscription_that_ended_though_that_was_refused_is_opened_again(told: bool) -> None:
    subscriptions, venue = opened(A, channels=[ORDERBOOK])
    venue.refusals = [Refusal("unsubscribe", 18, done=True)]
    subscriptions.resubscribe(ORDERBOOK, 10.0)
    settle(subscriptions, venue, 10.0)
    if told:
        hear(subscriptions, venue.late[0])
    settle(subscriptions, venue, 70.0)
    settle(subscriptions, venue, 130.0)
    assert subscriptions.settled
    assert subscriptions.channel_of(venue.sids[ORDERBOOK]) == ORDERBOOK
    assert [one["cmd"] for one in venue.asked].count("unsubscribe") == 2 - told


def test_an_answer_that_names_no_subscription_is_none() -> None:
    subscriptions = Subscriptions(Random(1), [ORDERBOOK])
    subscriptions.want([A])
    (command,) = said(subscriptions.due(0.0))
    subscriptions.acknowledged(Acknowledged(command["id"], None, None, (A,)))
    assert subscriptions.due(1.0) == []
    assert subscriptions.unanswered(1.0 + ANSWER_S) == (ORDERBOOK,)


def test_a_command_without_an_answer_is_noticed() -> None:
    subscriptions = Subscriptions(Random(1), [ORDERBOOK])
    subscriptions.want([A])
    subscriptions.due(5.0)
    assert subscriptions.unanswered(5.0 + ANSWER_S) == ()
    assert subscriptions.unanswered(5.1 + ANSWER_S) == (ORDERBOOK,)


def test_after_a_lost_connection_everything_is_asked_for_anew() -> None:
    subscriptions, _ = opened(A, B)
    subscriptions.lost()
    settle(subscriptions, ScriptedVenue())
    assert subscriptions.settled
    assert subscriptions.channel_of(1) == ORDERBOOK


CODES = st.sampled_from([1, 18, 27])
REFUSALS = st.builds(Refusal, st.sampled_from(["subscribe", "unsubscribe"]), CODES, st.booleans()) | st.builds(
    Refusal, st.just("update_subscription"), CODES
)
STEPS = st.sampled_from(["refresh", "again", "lost", "late"])


@given(st.lists(st.lists(st.sampled_from([A, B, C]), max_size=3) | STEPS | REFUSALS))
def test_whatever_is_wanted_in_whatever_order_the_venue_ends_up_telling_of_just_that(story: list[Any]) -> None:
    subscriptions, venue, now_s = Subscriptions(Random(1)), ScriptedVenue(), 0.0
    for step in story:
        now_s += 7.0
        if step == "refresh":
            subscriptions.refresh(A)
        elif step == "again":
            subscriptions.resubscribe(ORDERBOOK, now_s)
        elif step == "lost":
            subscriptions.lost()
            venue = ScriptedVenue()
        elif step == "late":
            for data in venue.late:
                hear(subscriptions, data, now_s)
            venue.late.clear()
        elif isinstance(step, Refusal):
            venue.refusals.append(step)
        else:
            subscriptions.want(step)
        for command in subscriptions.due(now_s):
            answer(subscriptions, venue, command, now_s)
    venue.refusals.clear()
    for data in venue.late:
        hear(subscriptions, data, now_s)
    for later_s in (100.0, 200.0, 300.0):
        settle(subscriptions, venue, now_s + later_s)
    assert subscriptions.settled
    wanted = set(subscriptions.wanted)
    for channel in (ORDERBOOK, TICKER):
        sid = venue.sids.get(channel)
        assert subscriptions.line(channel).sid == sid
        assert (set(venue.markets[sid]) if sid else set()) == wanted
