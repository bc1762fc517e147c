"""Whole segments reach the archive and leave the folder; those of a killed collector first become facts."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import RawPlace, Received
from precog_assets.pipeline.live.books import BookLog
from precog_assets.pipeline.live.coalesce import QuoteQueue
from precog_assets.pipeline.live.facts import FactBatch, QuoteFact, TradeFact
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.pipeline.live.kept import KeptSegments
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.services import Services
from precog_assets.sources.kalshi.stream.session import StreamSession
from precog_assets.store.kept_segments import kept_bytes, sealed_files
from precog_assets.store.segment_files import OPEN
from precog_assets.store.segments import SealedSegment, SegmentLimits, SegmentWriter
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A, B, ScriptedVenue

TRADE = (
    b'{"type":"trade","sid":4,"seq":%d,"msg":{"trade_id":"t-%d","market_ticker":"KXNFLGAME-26NOV22JACKC-KC",'
    b'"yes_price_dollars":"0.4000","no_price_dollars":"0.6000","count_fp":"3.00","taker_side":"yes","ts":1795374000,'
    b'"ts_ms":1795374000123}}'
)
SUBSCRIBED = b'{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":4}}'


class Folder:
    """A folder of segments over services, and who looks after it."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services, self.path = services, folder
        self.rows = SegmentRows(services.engine, "kalshi", services.clock)

    def kept(self) -> KeptSegments:
        return KeptSegments(self.services, "kalshi", self.path, self.rows)

    def writer(self) -> SegmentWriter:
        return SegmentWriter(self.path, "kalshi", SegmentLimits(fsync="never"))

    def write(self, writer: SegmentWriter, frames: int = 5) -> None:
        now = self.services.clock.now()
        writer.append(SUBSCRIBED, now, 0.0)
        for n in range(1, frames + 1):
            writer.append(TRADE % (n, n), now + timedelta(seconds=n), float(n))
        writer.flush()

    def sealed(self) -> SealedSegment:
        writer = self.writer()
        self.write(writer)
        (one,) = writer.close()
        return one


class Live:
    """A collector's stream over one connection: what it makes of its frames, and their segments."""

    def __init__(self, folder: Folder) -> None:
        self.folder, self.frames = folder, 0
        self.writer = SegmentWriter(folder.path, "kalshi", SegmentLimits(block_bytes=300, fsync="never"))
        self.queue: QuoteQueue[QuoteFact] = QuoteQueue()
        self.clock = folder.services.clock
        self.sink = StreamIntake(self.writer, self.queue, BookLog(lambda _market: 0.0), self.clock, lambda: None)
        self.session = StreamSession(Random(1))
        self.sink.quote_of = self.session.quote
        self.session.want([A, B])
        self.connect()

    def connect(self) -> None:
        """Another connection begins; its books are subscribed."""
        self.venue = ScriptedVenue()
        self.sink.take(None, self.session.closed(float(self.frames)))
        self.session.opened()
        while commands := self.session.due(float(self.frames)):
            for command in commands:
                for data in self.venue.answer(command):
                    self.hear(data)
        for name in (A, B):
            self.hear(wire.ticker(self.venue.sids["ticker"], name))

    def hear(self, data: bytes) -> None:
        self.frames += 1
        now_s, received_at = float(self.frames), self.clock.now() + timedelta(milliseconds=self.frames)
        place = self.sink.keep(data, received_at, now_s)
        if happened := self.session.receive(data, now_s):
            self.sink.take(Received(data, received_at, now_s, place), happened)

    def go_on(self) -> FactBatch:
        """Books, tickers and trades go on for a while; the facts of it."""
        self.facts()
        books, trades = self.venue.sids["orderbook_delta"], self.venue.sids["trade"]
        for cents in (41, 42, 43):
            for name in (A, B):
                self.hear(wire.delta(books, self.venue.next_seq(books), name, f"0.{cents}00", "5.00"))
            self.hear(wire.ticker(self.venue.sids["ticker"], A, volume_fp=f"{self.frames}.00"))
            self.hear(wire.trade(trades, self.venue.next_seq(trades), A, f"t-{self.frames}"))
        for name in (A, B):
            self.hear(wire.delta(books, self.venue.next_seq(books), name, "0.4300", "-5.00"))
        return self.facts()

    def facts(self) -> FactBatch:
        return self.sink.drained(len(self.queue), float(self.frames))

    def seal(self, *, named: bool = True) -> SealedSegment:
        """The segment is whole, and its facts are written: they are said to be if it is named."""
        (one,) = self.writer.close()
        if named:
            self.folder.rows.seal([one])
        return one

    def killed(self) -> None:
        self.writer.flush()
        self.writer._file.close()  # type: ignore[union-attr]


def made_again(folder: Folder) -> FactBatch:
    """All that the next process makes of what was left."""
    made = FactBatch()

    def apply(batch: FactBatch) -> None:
        for fact in batch.facts():
            made.add(fact)

    folder.kept().rebuild(apply)
    return made


def in_order(facts: list[TradeFact] | list[QuoteFact]) -> list[Any]:
    return sorted(facts, key=lambda fact: fact.received_at)


def rejections(services: Services) -> list[tuple[Any, ...]]:
    query = sa.text("SELECT payload_type, key, reason FROM ops.rejections ORDER BY key")
    with services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


@pytest.fixture
def folder(services: Services, tmp_path: Path) -> Folder:
    return Folder(services, tmp_path / "segments")


def test_what_is_whole_and_named_goes_to_the_archive_and_is_found_there(folder: Folder) -> None:
    kept = folder.kept()
    assert not kept.left
    one = folder.sealed()
    assert kept.archive() == 0, "its row does not say yet what it holds"
    folder.rows.seal([one])
    being_written = folder.writer()
    folder.write(being_written)
    assert kept.archive() == 1
    assert [path.name.endswith(OPEN) for path in folder.path.iterdir()] == [True]
    assert kept.size_bytes() > 0
    services = folder.services
    with services.engine.begin() as connection:
        number = connection.exec_driver_sql("SELECT response_id FROM raw.responses").scalar_one()
        assert kept_bytes(connection, services.archive, folder.path, number, 0) == SUBSCRIBED
    being_written.close()


def test_an_archive_that_takes_nothing_leaves_the_segments_where_they_are(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = folder.kept()
    folder.rows.seal([folder.sealed()])

    def full(*_: Any) -> int:
        raise PrecogError("system.archive", "no space left")

    monkeypatch.setattr(type(folder.services.archive), "put", full)
    with pytest.raises(PrecogError, match="no space left"):
        kept.archive()
    assert len(sealed_files(folder.path)) == 1
    monkeypatch.undo()
    assert kept.archive() == 1


@pytest.mark.parametrize("was_sealed", [True, False])
def test_facts_of_a_segment_left_behind_are_made_before_it_may_go(folder: Folder, was_sealed: bool) -> None:
    writer = folder.writer()
    folder.write(writer)
    if was_sealed:
        writer.close()
    else:
        writer._file.close()  # type: ignore[union-attr]  # as a kill leaves it: open, and its lock gone
    kept = folder.kept()
    assert kept.left
    assert kept.archive() == 0
    batches: list[FactBatch] = []

    def away(_: FactBatch) -> None:
        raise PrecogError("system.database", "away")

    with pytest.raises(PrecogError, match="away"):
        kept.rebuild(away)
    assert kept.left
    assert folder.kept().left, "nor does the next process take them for done"
    assert kept.rebuild(batches.append) == 1
    assert [trade.trade.trade_id for batch in batches for trade in batch.trades] == [f"t-{n}" for n in range(1, 6)]
    assert not kept.left
    assert folder.kept().rebuild(batches.append) == 0
    assert kept.archive() == 1


def test_books_go_on_from_the_connections_beginning_in_folder_and_archive(folder: Folder) -> None:
    kept, live = folder.kept(), Live(folder)
    live.seal()
    assert kept.archive() == 1
    live.go_on()
    live.seal()
    one = live.go_on()
    live.seal(named=False)
    other = live.go_on()
    live.killed()
    made = made_again(folder)
    assert in_order(made.quotes) == in_order([*one.quotes, *other.quotes])
    assert in_order(made.trades) == in_order([*one.trades, *other.trades])
    assert {fact.book.market_id: fact.book for fact in made.books} == {
        fact.book.market_id: fact.book for fact in other.books
    }
    first = min(fact.received_at for fact in one.quotes)
    assert all(fact.received_at >= first for fact in [*made.quotes, *made.trades, *made.books])
    assert not made.gaps
    assert folder.kept().rebuild(lambda _: None) == 0


@pytest.mark.parametrize("lost", ["archived", "deleted", "cut", "unnamed"])
def test_without_its_connections_beginning_a_segment_gives_trades_and_no_quote_of_the_ticker_alone(
    folder: Folder, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept, live = folder.kept(), Live(folder)
    live.go_on()
    live.seal()
    assert kept.archive() == 1
    live.go_on()
    between = live.seal(named=lost != "unnamed")
    before = live.go_on()
    live.connect()
    after = live.go_on()
    live.killed()
    if lost == "archived":
        for path in Path(folder.services.archive.describe()).rglob("*.zst"):
            path.unlink()
    elif lost == "cut":
        between.path.write_bytes(between.path.read_bytes()[:-100])
    else:
        between.path.unlink()
    if lost == "unnamed":
        folder.rows.response_of(RawPlace(between.name, 0))
    with caplog.at_level(logging.WARNING, "precog.live"):
        made = made_again(folder)
    assert in_order(made.trades) == in_order([*before.trades, *after.trades])
    again = {fact.received_at for fact in made.quotes}
    assert again.isdisjoint(fact.received_at for fact in before.quotes)
    assert again >= {fact.received_at for fact in after.quotes}, "the connection that began in it is whole"
    assert all(fact.received_at >= min(again) for fact in made.books)
    assert "only trades are made again until a connection begins" in caplog.text


def test_what_cannot_be_read_is_named_and_the_others_become_facts(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.sealed()
    folder.services.clock.forward(60.0)  # type: ignore[attr-defined]
    live = Live(folder)
    live.go_on()
    cut = live.seal(named=False)
    cut.path.write_bytes(cut.path.read_bytes()[:-100])
    gone, empty = (folder.path / f"2026110{day}T000000000000Z-kalshi.zst" for day in (1, 2))
    gone.write_bytes(b"")
    empty.write_bytes(b"")
    kept = folder.kept()
    gone.unlink()
    batches: list[FactBatch] = []
    with caplog.at_level(logging.WARNING, "precog.live"):
        assert kept.rebuild(batches.append) == 2
    assert {trade.trade.trade_id for batch in batches for trade in batch.trades} > {f"t-{n}" for n in range(1, 6)}
    assert f"{gone} is gone" in caplog.text
    assert rejections(folder.services) == [
        ("kalshi.stream.segment", empty.name.removesuffix(".zst"), "unreadable"),
        ("kalshi.stream.segment", cut.name, "damaged"),
    ]
    assert not kept.left
    assert kept.archive() == 2
    assert sealed_files(folder.path) == [empty]


def test_a_file_that_is_not_what_its_row_says_is_never_let_go(folder: Folder) -> None:
    kept = folder.kept()
    one = folder.sealed()
    folder.rows.seal([one])
    one.path.write_bytes(one.path.read_bytes() + b"x")
    with pytest.raises(PrecogError, match="is not what its row says"):
        kept.archive()
    assert one.path.exists()
