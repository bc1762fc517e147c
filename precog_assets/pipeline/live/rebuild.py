"""The facts of kept segments, made again from their frames: after a crash, and for any day with today's code.

Belongs here: reading segments in order into batches, and what a look at one tells. Does not: writing facts (`apply`),
which may have them already: what is there is the same rows, and what a crash took from the writer's hands is added;
finding what segments go on from (`earlier`).

A quote is made for every change, coalesced by nobody, and a book for each batch: there can be more of them than were
written live. What books and tickers were is known from a connection's beginning on. Of frames before one only trades
are made: a ticker's word alone may be a quote that never stood, as the book it stood beside is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import RawPlace, Received
from precog_assets.domain.times import SystemClock
from precog_assets.pipeline.live.books import BookLog
from precog_assets.pipeline.live.coalesce import QueueLimits, QuoteQueue
from precog_assets.pipeline.live.facts import FactBatch, QuoteFact
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.sources.kalshi.stream.events import Subscribed, TradeTold
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.sources.kalshi.stream.replay import StreamReplay, tickers_of
from precog_assets.sources.kalshi.stream.session import Happening
from precog_assets.store.kept_segments import name_of
from precog_assets.store.segment_files import SegmentRecord, records_in, records_of, whole_blocks

BATCH_FACTS = 2_000
FIRST_SID = 1
"""The venue's number of a connection's first subscription."""
_EVERYTHING = QueueLimits(behind=1 << 60, full=1 << 60)
_HEAD_BYTES = 40
"""A frame says its kind within them."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A whole segment, wherever its bytes lie. `read` raises PrecogError(system.archive)."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a segment's records tells."""

    begins: bool
    """A connection begins in it."""
    begins_at_once: bool
    """With its first record."""
    whole: bool
    """It could be read to its end."""
    first_s: float
    last_s: float
    """Monotonic; of its first and its last record."""

    def goes_on(self, before: Look) -> bool:
        """Whether it may go on where another one ends, as far as the two show."""
        return before.whole and before.last_s <= self.first_s


def segment_in(path: Path) -> Segment:
    """The segment of a file."""

    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise PrecogError("system.archive", f"raw segment {path} cannot be read: {error}") from error

    return Segment(name_of(path), read)


def look_at(segment: Segment) -> Look | None:
    """Look through a segment; None when it holds no whole record. Raises PrecogError(system.archive)."""
    data = segment.read()
    file, end, begins = BytesIO(data), 0, False
    first: SegmentRecord | None = None
    last: SegmentRecord | None = None
    for start, raw in whole_blocks(file, 0):
        end = file.tell()
        for last in records_of(start, raw, 0):
            first = first or last
            begins = begins or _begins(last.data)
    if first is None or last is None:
        return None
    return Look(begins, _begins(first.data), end == len(data), first.monotonic_s, last.monotonic_s)


def facts_of(paths: Sequence[Path], earlier: Sequence[Segment] = ()) -> Iterator[FactBatch]:
    """The facts of a source's segments, given in the order they were written; a batch holds about BATCH_FACTS.

    They follow on each other without one between that is missing. `earlier` are those before them, from the beginning
    of the connection on: of them no fact is given. Gaps are those the frames show; that a socket was silent they cannot
    say. Raises PrecogError(system.archive) when a segment cannot be read.
    """
    remaking = _Remaking()
    for _ in remaking.batches(earlier):
        pass
    for batch in remaking.batches(map(segment_in, paths)):
        if len(batch):
            yield batch
    last = remaking.drained(float("inf"))
    if len(last):
        yield last


class _Remaking:
    """A stream's facts, made from its frames. Until a connection begins nothing is known but its trades."""

    def __init__(self) -> None:
        self._queue: QuoteQueue[QuoteFact] = QuoteQueue(_EVERYTHING)
        self._intake = StreamIntake(None, self._queue, BookLog(lambda _market: 0.0), SystemClock(), lambda: None)
        self._reader = FrameReader()
        self._replay: StreamReplay | None = None
        self._tickers: dict[str, None] = {}

    def batches(self, segments: Iterable[Segment]) -> Iterator[FactBatch]:
        """The facts of segments, and nothing of them left behind but a book that is crossed."""
        for segment in segments:
            data, now_s, waiting = segment.read(), 0.0, 0
            self._follow(data)
            for record in records_in(BytesIO(data)):
                happened, now_s = self._happened(record), record.monotonic_s
                if not happened:
                    continue
                place = RawPlace(segment.name, record.offset)
                self._intake.take(Received(record.data, record.received_at, now_s, place), happened)
                waiting += len(happened)
                if waiting >= BATCH_FACTS:
                    yield self.drained(now_s)
                    waiting = 0
            yield self.drained(now_s)

    def drained(self, now_s: float) -> FactBatch:
        """What waits."""
        return self._intake.drained(len(self._queue), now_s)

    def _follow(self, data: bytes) -> None:
        """Follow the markets that a segment's frames show, with all before."""
        records = (record.data for record in records_in(BytesIO(data)))
        self._tickers.update(dict.fromkeys(tickers_of(frame for frame in records if not _is_change(frame))))
        if self._replay is not None:
            self._replay.session.want(self._tickers)

    def _happened(self, record: SegmentRecord) -> Sequence[Happening]:
        if self._replay is None and _begins(record.data):
            self._replay = StreamReplay(self._tickers)
            self._intake.quote_of = self._replay.session.quote
        if self._replay is not None:
            return self._replay.receive(record.data, record.monotonic_s)
        event = self._reader.read(record.data)
        return (event,) if isinstance(event, TradeTold) else ()


def _begins(data: bytes) -> bool:
    """Whether a connection begins with a frame."""
    if b'"subscribed"' not in data[:_HEAD_BYTES]:
        return False
    event = FrameReader().read(data)
    return isinstance(event, Subscribed) and event.sid == FIRST_SID


def _is_change(data: bytes) -> bool:
    """Whether a frame is of the many that show no whole book and no ticker."""
    head = data[:_HEAD_BYTES]
    return b'"orderbook_delta"' in head or b'"trade"' in head
