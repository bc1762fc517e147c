"""The stream without sockets: frames read and books put together on one core, raw segments, the spool.

Belongs here: figures of `sources.kalshi.stream`, `store.segments` and `store.spool` in one process; `stream_socket`
adds the client's. Does not: the collector from a change in the world to a decision.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import orjson

from benchmarks import stream_socket
from benchmarks.measure import Figure, Scale, Target, seconds_of
from benchmarks.stream_frames import MARKETS, frames_of, ticker_of
from precog_assets.pipeline.live.coalesce import QueueLimits, QuoteQueue
from precog_assets.sources.kalshi.stream.books import BookMoved
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.sources.kalshi.stream.session import StreamSession
from precog_assets.store.segment_files import read_segment
from precog_assets.store.segments import SegmentLimits, SegmentWriter, recover
from precog_assets.store.spool import Spool
from precog_assets.store.spool_state import SpoolLimits

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
NEEDED = Target(">=", 2_000.0)
"""Quote changes a second that are to be sustained; the rest of the core is for everything else."""


def measure(scale: Scale) -> list[Figure]:
    """Frames, segments, spool, queue."""
    frames = frames_of(scale.of(200_000, 20_000))
    return [
        *_parsing(frames, scale),
        *stream_socket.measure(scale),
        *_segments(frames, scale),
        *_spool(frames, scale),
        _queue(scale),
    ]


def _rate(work: Callable[[], object], count: int, rounds: int) -> float:
    return count / min(seconds_of(work) for _ in range(rounds))


def _parsing(frames: list[bytes], scale: Scale) -> list[Figure]:
    rounds, size = scale.of(5, 2), sum(map(len, frames)) / len(frames)

    def loads() -> None:
        for data in frames:
            orjson.loads(data)

    def read() -> None:
        reader = FrameReader()
        for data in frames:
            reader.read(data)

    def assemble() -> None:
        session = _opened()
        for data in frames:
            session.receive(data, 1.0)

    def quoted() -> None:
        session = _opened()
        for data in frames:
            for happening in session.receive(data, 1.0):
                if isinstance(happening, BookMoved):
                    happening.book.quote(session.ticker(happening.ticker))

    whole = _opened()
    for data in frames:
        whole.receive(data, 1.0)
    if whole.books.sound != MARKETS or whole.counts["book:deeper"] + whole.counts["book:moved"] < len(frames):
        raise RuntimeError(f"frames were not used: {dict(whole.counts)}")
    peer = _rate(loads, len(frames), rounds)
    note = f"{MARKETS} books, {size:.0f} bytes a frame; orjson alone {peer:,.0f}"
    return [
        Figure("frames read", _rate(read, len(frames), rounds), "frames/s", NEEDED, note),
        Figure("frames read, numbered and put into books", _rate(assemble, len(frames), rounds), "frames/s", NEEDED),
        Figure("the same and a quote from each that moves one", _rate(quoted, len(frames), rounds), "frames/s", NEEDED),
    ]


def _segments(frames: list[bytes], scale: Scale) -> list[Figure]:
    figures, total = [], sum(map(len, frames))
    for fsync in ("block", "never"):
        with tempfile.TemporaryDirectory(prefix="precog-figures-") as name:
            folder = Path(name)
            rate = _rate(partial(_written, folder, SegmentLimits(fsync=fsync), frames), len(frames), scale.of(3, 1))
            note = f"{max(folder.iterdir()).stat().st_size / total:.3f} of the bytes on disk"
            figures.append(Figure(f"raw segments, fsync {fsync}", rate, "frames/s", NEEDED, note))
            if fsync == "never":
                figures += _segments_read(folder, len(frames))
    return figures


def _written(folder: Path, limits: SegmentLimits, frames: list[bytes]) -> None:
    with SegmentWriter(folder, "kalshi", limits) as writer:
        for number, data in enumerate(frames):
            writer.append(data, AT + timedelta(microseconds=number), number / 1e6)


def _segments_read(folder: Path, frames: int) -> list[Figure]:
    kept = max(folder.iterdir())
    read = _rate(lambda: sum(1 for _ in read_segment(kept)), frames, 1)
    kept.rename(kept.with_name(kept.name.replace(".zst", ".open.zst")))
    took_s = seconds_of(lambda: recover(folder))
    return [
        Figure("raw segments read back", read, "frames/s"),
        Figure("a killed segment recovered", took_s, "s", note=f"{frames} frames"),
    ]


def _spool(frames: list[bytes], scale: Scale) -> list[Figure]:
    facts, figures = [("quote", data) for data in frames[: scale.of(100_000, 5_000)]], []
    for name, batch, fsync in (("one at a time", 1, True), ("100 at a time", 100, True), ("no fsync", 100, False)):
        some = facts if batch > 1 else facts[: scale.of(3_000, 300)]
        with tempfile.TemporaryDirectory(prefix="precog-figures-") as folder:
            spool = Spool(Path(folder), SpoolLimits(fsync=fsync))

            def append(spool: Spool = spool, some: list[tuple[str, bytes]] = some, batch: int = batch) -> None:
                for begin in range(0, len(some), batch):
                    spool.append_many(some[begin : begin + batch])

            took_s = seconds_of(append)
            figures.append(Figure(f"spool, appended {name}", len(some) / took_s, "facts/s"))
            if batch > 1 and fsync:
                taken: list[int] = []
                took_s = seconds_of(lambda spool=spool, taken=taken: spool.drain(lambda got: taken.append(len(got))))
                if sum(taken) != len(some):
                    raise RuntimeError(f"{len(some)} facts went into the spool and {sum(taken)} came out")
                figures.append(Figure("spool, drained 500 at a time", len(some) / took_s, "facts/s"))
            spool.close()
    return figures


def _queue(scale: Scale) -> Figure:
    count = scale.of(200_000, 20_000)
    chance = random.Random(3)
    markets = [f"KX-{chance.randrange(MARKETS)}" for _ in range(count)]

    def through() -> None:
        queue: QuoteQueue[int] = QuoteQueue(QueueLimits(behind=300))
        for number, market in enumerate(markets):
            queue.put(market, number, number / 1e4)
            if number % 1000 == 999:
                queue.take(200, number / 1e4)

    return Figure("queue, put while behind", _rate(through, count, scale.of(3, 1)), "quotes/s", NEEDED)


def _opened() -> StreamSession:
    """A session that follows the markets, its books' channel just opened."""
    session = StreamSession(random.Random(1), ["orderbook_delta"], batch=MARKETS)
    session.want([ticker_of(number) for number in range(MARKETS)])
    session.opened()
    session.due(0.0)
    session.receive(b'{"type":"subscribed","id":1,"msg":{"channel":"orderbook_delta","sid":1}}', 0.0)
    return session
