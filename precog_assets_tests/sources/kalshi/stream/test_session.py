"""The protocol as a whole: books that were the venue's at some moment or are suspect, gaps and rejections by name."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.facts import OrderBookSeen, Rejection
from precog_assets.domain.live import Gap, GapKind
from precog_assets.sources.kalshi.stream.books import BookMoved
from precog_assets.sources.kalshi.stream.events import MarketLifeTold, TickerTold, TradeTold
from precog_assets.sources.kalshi.stream.session import Happening, StreamSession
from precog_assets.sources.kalshi.stream.subscriptions import CHANNELS, ORDERBOOK
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A, B, C, Refusal, ScriptedVenue, frame


class Talk:
    """A session and a scripted venue; what the venue says in answer is heard at once."""

    def __init__(self, *tickers: str, channels: Iterable[str] = CHANNELS) -> None:
        self.session = StreamSession(Random(1), tuple(channels))
        self.venue = ScriptedVenue()
        self.now_s = 0.0
        self.session.want(tickers)
        self.session.opened()
        self.settle()

    def settle(self) -> list[Happening]:
        happened: list[Happening] = []
        for _ in range(60):
            commands = self.session.due(self.now_s)
            if not commands:
                return happened
            for command in commands:
                for data in self.venue.answer(command):
                    happened += self.hear(data)
        raise AssertionError("commands do not end")

    def hear(self, data: bytes) -> list[Happening]:
        return self.session.receive(data, self.now_s)

    def sid(self, channel: str = ORDERBOOK) -> int:
        return self.venue.sids[channel]

    def delta(self, ticker: str, price: str, change: str, side: str = "yes") -> bytes:
        return wire.delta(self.sid(), self.venue.next_seq(self.sid()), ticker, price, change, side)

    def top(self, ticker: str) -> Any:
        book = self.session.books.get(ticker)
        return None if book is None else (book.yes_bid, book.yes_ask)


def kinds(happened: Iterable[Happening]) -> list[Any]:
    return [one.kind if isinstance(one, Gap) else type(one) for one in happened]


def d(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


def test_a_book_is_its_snapshot_and_every_change_since() -> None:
    talk = Talk(A)
    assert talk.top(A) == (d("0.40", "10"), d("0.45", "5"))
    moved = talk.hear(talk.delta(A, "0.4200", "3.00"))
    assert [(one.ticker, one.deeper) for one in moved if isinstance(one, BookMoved)] == [(A, False)]
    (deeper,) = talk.hear(talk.delta(A, "0.3000", "8.00"))
    assert isinstance(deeper, BookMoved)
    assert (deeper.ticker, deeper.deeper) == (A, True), "a level behind the best moves no quote"
    talk.hear(talk.delta(A, "0.5500", "-5.00", "no"))
    assert talk.top(A) == (d("0.42", "3"), None)
    talk.hear(talk.delta(A, "0.4200", "-3.00"))
    book = talk.session.books.get(A)
    assert book is not None
    assert book.seen() == OrderBookSeen(f"kalshi:{A}", (d("0.30", "8"), d("0.40", "10")), ())


def test_a_quote_is_the_top_of_the_book_and_what_the_ticker_says_else() -> None:
    talk = Talk(A)
    talk.hear(wire.ticker(talk.sid("ticker"), A))
    book = talk.session.books.get(A)
    assert book is not None
    quote = book.quote(talk.session.ticker(A))
    assert (quote.yes_bid, quote.yes_ask, quote.last_price, quote.volume) == d("0.40", "0.45", "0.43", "100")
    assert book.quote().last_price is None


def test_a_missing_number_makes_every_book_suspect_until_the_channel_is_subscribed_anew() -> None:
    talk = Talk(A, B)
    old = talk.sid()
    talk.delta(A, "0.4100", "1.00")
    happened = talk.hear(talk.delta(B, "0.4100", "1.00"))
    assert kinds(happened) == [GapKind.MISSING]
    gap = happened[0]
    assert isinstance(gap, Gap)
    assert (gap.channel, gap.sid, gap.expected, gap.got) == (ORDERBOOK, old, 3, 4)
    assert (talk.top(A), talk.top(B)) == (None, None)
    assert talk.hear(talk.delta(B, "0.4100", "1.00")) == [], "what the old subscription still says is not used"
    talk.venue.levels[A] = ([["0.4100", "2.00"]], [])
    assert kinds(talk.settle()).count(BookMoved) == 2
    assert talk.sid() != old
    assert talk.top(A) == (d("0.41", "2"), None)


def test_a_frame_that_comes_twice_is_counted_once_and_costs_nothing() -> None:
    talk = Talk(A)
    change = talk.delta(A, "0.4200", "3.00")
    talk.hear(change)
    assert kinds(talk.hear(change)) == [GapKind.REPEATED]
    assert talk.top(A) == (d("0.42", "3"), d("0.45", "5"))
    assert talk.session.due(talk.now_s) == []


def test_frames_in_the_wrong_order_are_a_gap_and_its_late_frame_is_not_used() -> None:
    talk = Talk(A)
    first, second = talk.delta(A, "0.4200", "3.00"), talk.delta(A, "0.4200", "-3.00")
    assert kinds(talk.hear(second)) == [GapKind.MISSING]
    assert talk.hear(first) == []
    talk.settle()
    assert talk.top(A) == (d("0.40", "10"), d("0.45", "5"))


def test_a_number_used_twice_for_two_frames_is_a_conflict() -> None:
    talk = Talk(A)
    talk.hear(talk.delta(A, "0.4200", "3.00"))
    again = wire.delta(talk.sid(), talk.venue.seqs[talk.sid()], A, "0.4300", "1.00")
    assert kinds(talk.hear(again)) == [GapKind.CONFLICT]
    assert talk.top(A) is None


def test_a_level_below_zero_is_refused_and_only_that_market_refreshed() -> None:
    talk = Talk(A, B)
    happened = talk.hear(talk.delta(A, "0.4000", "-10.01"))
    assert kinds(happened) == [GapKind.NEGATIVE_SIZE]
    assert isinstance(happened[0], Gap)
    assert happened[0].tickers == (A,)
    assert talk.top(A) is None
    assert talk.top(B) is not None
    talk.settle()
    assert talk.top(A) == (d("0.40", "10"), d("0.45", "5"))
    assert [one["params"].get("action") for one in talk.venue.asked[-2:]] == ["delete_markets", "add_markets"]


def test_a_refreshed_market_comes_back_though_taking_it_out_was_refused_and_done() -> None:
    talk = Talk(A, B)
    talk.venue.refusals = [Refusal("update_subscription", 18, done=True)]
    talk.hear(talk.delta(A, "0.4000", "-10.01"))
    talk.settle()
    assert A not in talk.venue.markets[talk.sid()]
    for data in talk.venue.late:
        talk.hear(data)
    for _ in range(20):
        talk.now_s += 1.0
        talk.settle()
    assert talk.session.books.sound == 2


def test_a_market_nobody_asked_for_is_refused_by_name_and_one_just_left_is_not() -> None:
    talk = Talk(A, B)
    assert [one.reason for one in talk.hear(talk.delta(C, "0.40", "1.00")) if isinstance(one, Rejection)] == [
        "unknown_market"
    ]
    talk.session.want([A])
    assert talk.hear(talk.delta(B, "0.40", "1.00")) == []
    assert talk.session.counts["left"] == 1


def test_a_renamed_field_is_a_rejection_that_makes_one_book_suspect_and_is_not_asked_about_without_end() -> None:
    talk = Talk(A, B)

    def renamed() -> bytes:
        return talk.delta(A, "0.4200", "3.00").replace(b"price_dollars", b"price_usd")

    happened = talk.hear(renamed())
    assert [one.reason for one in happened if isinstance(one, Rejection)] == ["missing_key:price_dollars"]
    assert kinds(happened) == [Rejection, GapKind.UNREADABLE]
    assert talk.top(A) is None
    assert talk.top(B) is not None
    talk.settle()
    before = len(talk.venue.asked)
    for _ in range(50):
        talk.now_s += 1.0
        talk.hear(renamed())
        talk.settle()
    assert len(talk.venue.asked) - before <= 2 * 4


def test_garbage_of_the_books_makes_all_of_them_suspect_and_of_another_channel_none() -> None:
    talk = Talk(A, B)
    trade = wire.trade(talk.sid("trade"), talk.venue.next_seq(talk.sid("trade")), A, "t1")
    assert kinds(talk.hear(trade[:40])) == [Rejection, GapKind.UNREADABLE]
    assert talk.top(A) is not None
    assert kinds(talk.hear(talk.delta(A, "0.42", "1.00")[:60])) == [Rejection, GapKind.UNREADABLE]
    assert (talk.top(A), talk.top(B)) == (None, None)
    talk.settle()
    assert talk.top(A) is not None


def test_garbage_that_could_be_of_the_books_makes_them_suspect() -> None:
    talk = Talk(A)
    assert kinds(talk.hear(b"\xff\xfe{")) == [Rejection, GapKind.UNREADABLE]
    assert talk.top(A) is None


def test_a_trade_that_cannot_be_read_is_rejected_by_name_and_a_gap_as_if_it_had_not_come() -> None:
    talk = Talk(A)
    spoiled = wire.trade(talk.sid("trade"), 1, A, "t1").replace(b'"trade_id"', b'"id"')
    happened = talk.hear(spoiled)
    assert kinds(happened) == [Rejection, GapKind.UNREADABLE]
    assert [one.channel for one in happened if isinstance(one, Gap)] == ["trade"]
    assert kinds(talk.hear(wire.trade(talk.sid("trade"), 2, A, "t2"))) == [TradeTold]


def test_a_lost_trade_is_a_gap_of_the_trades_and_later_ones_are_used() -> None:
    talk = Talk(A)
    sid = talk.sid("trade")
    talk.hear(wire.trade(sid, 1, A, "t1"))
    assert kinds(talk.hear(wire.trade(sid, 3, A, "t3"))) == [GapKind.MISSING, TradeTold]
    assert kinds(talk.hear(wire.trade(sid, 2, A, "t2"))) == [GapKind.OUT_OF_ORDER, TradeTold]
    assert kinds(talk.hear(wire.trade(sid, 2, A, "t2"))) == [GapKind.CONFLICT]
    assert talk.top(A) is not None
    assert talk.session.due(talk.now_s) == []


def test_a_gap_reaches_back_to_the_last_frame_that_would_have_shown_it() -> None:
    talk = Talk(A)
    sid = talk.sid("trade")
    talk.now_s = 100.0
    talk.hear(wire.trade(sid, 1, A, "t1"))
    talk.now_s = 340.0
    talk.hear(talk.delta(A, "0.4100", "5.00"))
    (gap, _) = talk.hear(wire.trade(sid, 3, A, "t3"))
    assert isinstance(gap, Gap)
    assert gap.quiet_s == 240.0
    (over,) = talk.session.closed(400.0)
    assert isinstance(over, Gap)
    assert over.quiet_s == 60.0, "the last trades of a connection may have been lost unseen"


def test_lives_of_markets_come_through_whatever_their_market() -> None:
    talk = Talk(A)
    life = frame("market_lifecycle_v2", {"market_ticker": C, "event_type": "created"}, sid=4, seq=1)
    assert kinds(talk.hear(life)) == [MarketLifeTold]
    assert kinds(talk.hear(wire.ticker(talk.sid("ticker"), A))) == [TickerTold]


def test_a_subscription_ended_by_the_venue_is_a_gap_and_comes_back() -> None:
    talk = Talk(A)
    assert GapKind.ENDED in kinds(talk.hear(talk.venue.end(ORDERBOOK)))
    assert talk.top(A) is None
    talk.now_s += 10.0
    talk.settle()
    assert talk.top(A) is not None


@pytest.mark.parametrize("hears", ["nothing", "late", "in between"])
def test_of_a_channel_opened_though_it_was_refused_lost_frames_are_noticed_and_the_books_come_back(hears: str) -> None:
    talk = Talk()
    talk.venue.refusals = [Refusal("subscribe", 18, done=True)]
    talk.session.want([A, B])
    for command in talk.session.due(0.0):
        for data in talk.venue.answer(command):
            talk.hear(data)
    told, *snapshots = talk.venue.late
    said = [told, *snapshots] if hears == "late" else snapshots
    for data in said:
        talk.hear(data)
    assert talk.top(A) is not None
    if hears == "in between":
        talk.delta(A, "0.4100", "1.00")
        lost = talk.hear(talk.delta(A, "0.4100", "1.00"))
        assert [one.channel for one in lost if isinstance(one, Gap)] == [ORDERBOOK], "before its sid is known"
        assert (talk.top(A), talk.top(B)) == (None, None)
    for _ in range(80):
        talk.now_s += 0.1
        talk.settle()
    line = talk.session.subscriptions.line(ORDERBOOK)
    assert (line.sid, set(line.told)) == (talk.sid(), {A, B})
    assert talk.session.books.sound == 2
    talk.delta(A, "0.4100", "1.00")
    assert kinds(talk.hear(talk.delta(A, "0.4100", "1.00"))) == [GapKind.MISSING]
    assert (talk.top(A), talk.top(B)) == (None, None)
    talk.now_s += 10.0
    talk.settle()
    assert talk.session.books.sound == 2


def test_a_number_lost_before_the_answer_that_names_the_subscription_is_noticed_by_it() -> None:
    talk = Talk(channels=[ORDERBOOK])
    talk.venue.refusals = [Refusal("subscribe", 18, done=True)]
    talk.session.want([A, B])
    talk.settle()
    for data in talk.venue.late[1:]:
        talk.hear(data)
    talk.delta(A, "0.4100", "1.00")
    talk.now_s += 1.0
    (gap, *_) = talk.settle()
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.channel, talk.top(A)) == (GapKind.MISSING, ORDERBOOK, None)
    talk.venue.levels[A] = ([["0.4100", "1.00"]], [])
    for _ in range(40):
        talk.now_s += 0.1
        talk.settle()
    assert talk.top(A) == (d("0.41", "1"), None)


@pytest.mark.parametrize("refusal", [Refusal("unsubscribe", 1), Refusal("unsubscribe", 27)])
def test_after_a_gap_the_books_come_back_though_closing_their_channel_was_refused(refusal: Refusal) -> None:
    talk = Talk(A, B, channels=[ORDERBOOK])
    old = talk.sid()
    talk.venue.refusals = [refusal]
    talk.delta(A, "0.4100", "1.00")
    talk.hear(talk.delta(A, "0.4100", "1.00"))
    talk.settle()
    assert talk.hear(talk.delta(A, "0.4100", "1.00")) == [], "nothing of the old subscription is used"
    assert talk.session.books.sound == 0
    talk.now_s += 10.0
    talk.settle()
    assert talk.sid() != old
    assert talk.session.books.sound == 2
    assert kinds(talk.hear(talk.delta(A, "0.4100", "1.00"))) == [BookMoved]


def test_a_lost_connection_is_a_gap_of_every_market_and_nothing_is_known_until_the_next() -> None:
    talk = Talk(A, B)
    (gap,) = talk.session.closed(7.0, GapKind.SILENT, "nothing for 15 s")
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.tickers, gap.channel) == (GapKind.SILENT, (A, B), "")
    assert (talk.top(A), talk.session.closed(8.0), talk.session.due(8.0)) == (None, [], [])
    talk.venue = ScriptedVenue()
    talk.session.opened()
    talk.settle()
    assert talk.session.books.sound == 2


def test_a_snapshot_that_was_the_last_frame_and_was_lost_is_asked_for_again() -> None:
    talk = Talk(A, channels=[ORDERBOOK])
    talk.session.want([A, B])
    for command in talk.session.due(0.0):
        told, _lost = talk.venue.answer(command)
        talk.hear(told)
    assert talk.session.books.awaited == (B,)
    sid = talk.sid()
    for _ in range(40):
        talk.now_s += 0.1
        talk.settle()
    assert talk.session.books.sound == 2
    (gap,) = talk.session.noticed()
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.channel, gap.sid, gap.tickers) == (GapKind.NO_SNAPSHOT, ORDERBOOK, sid, (B,))
    assert talk.session.noticed() == []


def test_a_snapshot_that_never_comes_is_one_gap_of_its_market_until_the_next_subscription() -> None:
    talk = Talk(A, B, channels=[ORDERBOOK])
    talk.venue.known.discard(C)
    talk.session.want([A, B, C])

    def wait_s(seconds: int) -> list[tuple[str, ...]]:
        for _ in range(seconds):
            talk.now_s += 1.0
            talk.settle()
        noticed = talk.session.noticed()
        assert kinds(noticed) == [GapKind.NO_SNAPSHOT] * len(noticed)
        return [gap.tickers for gap in noticed if isinstance(gap, Gap)]

    assert wait_s(200) == [(C,)]
    talk.session.closed(talk.now_s)
    talk.venue = ScriptedVenue(known={A, B})
    talk.session.opened()
    talk.settle()
    assert wait_s(60) == [(C,)]
    assert talk.session.counts["gap:no_snapshot"] == 2


FAULTS = st.sampled_from(["", "", "", "", "", "drop", "repeat", "swap", "cut"])
CHANGES = st.tuples(
    st.sampled_from([A, B, C]), st.integers(1, 6), st.integers(-4, 6), st.sampled_from(["yes", "no"]), FAULTS
)


@given(st.lists(CHANGES, max_size=60))
def test_a_book_that_is_shown_was_the_venues_at_some_moment_and_ends_as_the_venues(story: list[Any]) -> None:
    talk = Talk(A, B, C, channels=[ORDERBOOK])
    books: dict[str, dict[str, dict[int, int]]] = {name: {"yes": {}, "no": {}} for name in (A, B, C)}
    past: dict[str, set[Any]] = {name: set() for name in books}

    def keep(name: str) -> None:
        yes, no = (tuple(sorted(books[name][side].items())) for side in ("yes", "no"))
        past[name].add((yes, no))
        listed = [[[f"0.{cents:02d}00", f"{size}.00"] for cents, size in side] for side in (yes, no)]
        talk.venue.levels[name] = (listed[0], listed[1])

    def shown(name: str) -> Any:
        book = talk.session.books.get(name)
        if book is None:
            return None
        seen = book.seen()
        return tuple(tuple((int(at * 100), int(size)) for at, size in side) for side in (seen.yes, seen.no))

    for name in books:
        keep(name)
    talk.session.opened()
    talk.venue = ScriptedVenue(levels=talk.venue.levels)
    talk.settle()
    held: list[bytes] = []
    for name, cents, change, side, fault in [*story, *[(name, 9, 1, "yes", "") for name in books]]:
        talk.now_s += 0.5
        level = books[name][side]
        change = max(change, -level.get(cents, 0))
        data = talk.delta(name, f"0.{cents:02d}00", f"{change}.00", side)
        level[cents] = level.get(cents, 0) + change
        if not level[cents]:
            del level[cents]
        keep(name)
        out = {"drop": [], "repeat": [data, data], "cut": [data[: len(data) // 2]], "swap": []}.get(fault, [data])
        for sent in [*out, *held]:
            talk.hear(sent)
            assert all(shown(one) is None or shown(one) in past[one] for one in books)
        held = [data] if fault == "swap" else []
        talk.settle()
    talk.now_s += 100.0
    talk.settle()
    for name in books:
        yes, no = (tuple(sorted(books[name][side].items())) for side in ("yes", "no"))
        assert shown(name) == (yes, no)
