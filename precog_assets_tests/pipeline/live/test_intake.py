"""What comes off the stream waits where it belongs: quotes once a change, trades and gaps all, raw first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from precog_assets.domain.live import DateSeen, Gap, GapKind, Received
from precog_assets.domain.times import FixedClock
from precog_assets.pipeline.live import intake as module
from precog_assets.pipeline.live.books import BookLog
from precog_assets.pipeline.live.coalesce import QuoteQueue
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.pipeline.live.timing import Offset
from precog_assets.sources.kalshi.stream.session import StreamSession
from precog_assets.store.segments import SegmentWriter
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A, B, ScriptedVenue

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
AHEAD = Offset(0.2, 0.05, 60)


class Fed:
    """A session and its sink, fed by a scripted venue."""

    def __init__(self, folder: Path) -> None:
        self.woken = 0
        self.dates: list[DateSeen] = []
        self.segments = SegmentWriter(folder, "kalshi")
        books = BookLog(lambda _market: 4.0)
        self.sink = StreamIntake(
            self.segments, QuoteQueue(), books, FixedClock(AT), self._wake, self.dates.append, lambda: AHEAD
        )
        self.session, self.venue, self.frames = StreamSession(Random(1)), ScriptedVenue(), 0
        self.sink.quote_of = self.session.quote
        self.session.want([A, B])
        self.session.opened()
        while commands := self.session.due(0.0):
            for command in commands:
                for data in self.venue.answer(command):
                    self.hear(data)

    def _wake(self) -> None:
        self.woken += 1

    def hear(self, data: bytes) -> None:
        self.frames += 1
        received_at = AT + timedelta(milliseconds=self.frames)
        place = self.sink.keep(data, received_at, float(self.frames))
        happened = self.session.receive(data, float(self.frames))
        if happened:
            self.sink.take(Received(data, received_at, float(self.frames), place), happened)

    def delta(self, ticker: str, price: str, change: str) -> bytes:
        sid = self.venue.sids["orderbook_delta"]
        return wire.delta(sid, self.venue.next_seq(sid), ticker, price, change)


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    fed = Fed(tmp_path)
    yield fed
    fed.segments.close()


def test_a_quote_waits_once_a_change_and_says_where_its_frame_lies(fed: Fed) -> None:
    first = fed.sink.drained(10, 0.0)
    assert [fact.market_id for fact in first.quotes] == [f"kalshi:{A}", f"kalshi:{B}"]
    fed.hear(fed.delta(A, "0.4200", "1.00"))
    fed.hear(wire.ticker(fed.venue.sids["ticker"], A))
    fed.hear(wire.ticker(fed.venue.sids["ticker"], A))
    (moved, told) = fed.sink.drained(10, 0.0).quotes
    assert (moved.quote.last_price, str(told.quote.last_price)) == (None, "0.4300")
    assert moved.place is not None
    assert told.place is not None
    assert moved.place.offset < told.place.offset
    assert fed.sink.counts["unchanged"] == 1


def test_a_quote_that_stands_is_confirmed_unless_a_newer_one_waits(fed: Fed) -> None:
    fed.sink.drained(10, 0.0)
    fed.hear(fed.delta(A, "0.4200", "1.00"))
    batch = fed.sink.confirmed([A, B, "unknown"])
    assert [(fact.market_id, fact.received_at, fact.place) for fact in batch.quotes] == [(f"kalshi:{B}", AT, None)]


def test_a_book_that_is_crossed_between_two_changes_tells_no_quote(fed: Fed) -> None:
    (standing, _) = fed.sink.drained(10, 0.0).quotes
    fed.hear(fed.delta(A, "0.9000", "1.00"))
    assert (fed.sink.drained(10, 0.0).quotes, fed.sink.counts["crossed"]) == ([], 1)
    assert [fact.market_id for fact in fed.sink.confirmed([A, B]).quotes] == [f"kalshi:{B}"]
    fed.hear(fed.delta(A, "0.9000", "-1.00"))
    (again,) = fed.sink.drained(10, 0.0).quotes
    assert (again.quote.yes_bid, again.quote.yes_ask) == (standing.quote.yes_bid, standing.quote.yes_ask)


def test_after_a_gap_nothing_is_confirmed_and_the_next_quote_is_news_even_if_it_is_the_same(fed: Fed) -> None:
    fed.sink.drained(10, 0.0)
    lost = fed.session.closed(9.0, GapKind.SILENT)
    fed.sink.take(None, lost)
    assert fed.sink.confirmed([A, B]).quotes == []
    (gap,) = fed.sink.drained(10, 0.0).gaps
    assert (gap.gap.kind, gap.at) == (GapKind.SILENT, AT)


def test_trades_and_gaps_all_wait_and_the_writer_is_woken(fed: Fed) -> None:
    fed.sink.drained(10, 0.0)
    before, sid = fed.woken, fed.venue.sids["trade"]
    fed.hear(wire.trade(sid, 1, A, "t1"))
    fed.hear(wire.trade(sid, 3, A, "t3"))
    batch = fed.sink.drained(10, 0.0)
    assert [fact.trade.trade_id for fact in batch.trades] == ["t1", "t3"]
    assert [fact.gap.kind for fact in batch.gaps] == [GapKind.MISSING]
    assert fed.woken > before
    assert len(fed.sink.drained(10, 0.0)) == 0


def test_trades_nobody_takes_are_let_go_as_a_gap_from_their_first_on(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRADES_KEPT", 10)
    fed.sink.drained(10, 0.0)
    sid, began = fed.venue.sids["trade"], fed.frames + 1
    for number in range(1, 12):
        fed.hear(wire.trade(sid, number, A, f"t{number}"))
    batch = fed.sink.drained(10, 0.0)
    assert [fact.trade.trade_id for fact in batch.trades] == [f"t{number}" for number in range(6, 12)]
    (gap,) = batch.gaps
    assert (gap.gap.channel, gap.gap.kind, gap.at) == ("trade", GapKind.MISSING, AT + timedelta(milliseconds=began))
    assert fed.sink.counts["trades_shed"] == 5


def test_rejections_are_kept_up_to_a_bound_and_counted_all(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REJECTIONS_KEPT", 2)
    for _ in range(3):
        fed.hear(b"[]")
    assert len(fed.sink.rejections()) == 2
    assert fed.sink.counts["rejected:not_an_object"] == 3
    assert fed.sink.rejections() == []


def test_lives_of_markets_are_told_once(fed: Fed) -> None:
    sid = fed.venue.sids["market_lifecycle_v2"]
    for seq in (1, 2):
        fed.hear(wire.frame("market_lifecycle_v2", {"market_ticker": A, "event_type": "determined"}, sid=sid, seq=seq))
    assert fed.sink.lives() == (A,)
    assert fed.sink.lives() == ()


def test_a_gap_without_a_frame_is_of_our_clock(fed: Fed) -> None:
    fed.sink.drained(10, 0.0)
    fed.sink.take(None, [Gap("kalshi", "", GapKind.DISCONNECTED, 5.0)])
    assert [fact.at for fact in fed.sink.drained(10, 0.0).gaps] == [AT]


def test_the_venues_date_is_handed_on_and_frames_are_timed_by_its_clock(fed: Fed) -> None:
    seen = DateSeen("kalshi", AT, AT, AT, 1.0)
    fed.sink.dated(seen)
    assert fed.dates == [seen]
    assert fed.sink.lag.meter.reset().count == 0, "no frame said when it was sent"
    sent_ms = int(AT.timestamp() * 1000) + fed.frames + 1 - 300
    told = wire.ticker(fed.venue.sids["ticker"], A)
    fed.hear(told.rstrip()[:-1] + b', "sending_ts_ms": %d}' % sent_ms)
    lag = fed.sink.lag.meter.reset()
    assert (lag.count, lag.p50_s) == (1, pytest.approx(0.5, rel=0.026))
