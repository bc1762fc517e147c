"""The facts of kept segments, made again from their frames: after a crash, and for any day with today's code.

Belongs here: reading segments in order into batches. Does not: writing them (`apply`), which may have them already:
what is there is the same rows, and what a crash took from the writer's hands is added.
A quote is made for every change, coalesced by nobody, and a book for each batch: there can be more of them than were
written live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from precog_assets.domain.live import RawPlace, Received
from precog_assets.domain.times import SystemClock
from precog_assets.pipeline.live.books import BookLog
from precog_assets.pipeline.live.coalesce import QueueLimits, QuoteQueue
from precog_assets.pipeline.live.facts import FactBatch, QuoteFact
from precog_assets.pipeline.live.intake import StreamIntake
from precog_assets.sources.kalshi.stream.replay import StreamReplay, tickers_of
from precog_assets.store.segment_files import OPEN, SEALED, read_segment

BATCH_FACTS = 2_000
_EVERYTHING = QueueLimits(behind=1 << 60, full=1 << 60)


def facts_of(paths: Sequence[Path]) -> Iterator[FactBatch]:
    """The facts of a source's segments, given in the order they were written; a batch holds about BATCH_FACTS.

    The first segment should begin with a connection: a book whose snapshot lies in an earlier one has no quote until
    its next. Gaps are those the frames show; that a socket was silent they cannot say.
    """
    queue: QuoteQueue[QuoteFact] = QuoteQueue(_EVERYTHING)
    replay = StreamReplay(tickers_of(record.data for path in paths for record in read_segment(path)))
    intake = StreamIntake(None, queue, BookLog(lambda _market: 0.0), SystemClock(), lambda: None)
    intake.quote_of = replay.session.quote
    waiting = 0
    for path in paths:
        name = path.name.removesuffix(OPEN).removesuffix(SEALED)
        for record in read_segment(path):
            happened = replay.receive(record.data, record.monotonic_s)
            if not happened:
                continue
            place = RawPlace(name, record.offset)
            intake.take(Received(record.data, record.received_at, record.monotonic_s, place), happened)
            waiting += len(happened)
            if waiting >= BATCH_FACTS:
                yield intake.drained(len(queue), record.monotonic_s)
                waiting = 0
    last = intake.drained(len(queue), float("inf"))
    if len(last):
        yield last
