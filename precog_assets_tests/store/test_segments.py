"""Raw segments: what was flushed is read after any crash, in order, byte for byte; sealed ones never change."""

from __future__ import annotations

import hashlib
import io
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import PrecogError
from precog_assets.store import segments
from precog_assets.store.segment_files import read_record, read_segment, segment_path
from precog_assets.store.segments import SealedSegment, SegmentLimits, SegmentWriter, recover

AT = datetime(2026, 11, 22, 18, 0, 0, 123456, tzinfo=UTC)
BY_HAND = SegmentLimits(block_bytes=1 << 30, block_s=1e9, segment_bytes=1 << 40, segment_s=1e9)
"""Nothing is written but by `flush`."""


def filled(folder: Path, frames: list[bytes], limits: SegmentLimits = BY_HAND) -> SegmentWriter:
    writer = SegmentWriter(folder, "kalshi", limits)
    for number, data in enumerate(frames):
        writer.append(data, AT + timedelta(milliseconds=number), 100.0 + number / 1000)
    return writer


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_a_frame_is_read_as_it_came_with_both_its_times(tmp_path: Path) -> None:
    writer = filled(tmp_path, [b"one", b"", b"\xff\xfe three"])
    (sealed,) = writer.close()
    records = list(read_segment(sealed.path))
    assert [(record.data, record.received_at) for record in records] == [
        (b"one", AT),
        (b"", AT + timedelta(milliseconds=1)),
        (b"\xff\xfe three", AT + timedelta(milliseconds=2)),
    ]
    assert [record.monotonic_s for record in records] == pytest.approx([100.0, 100.001, 100.002])


def test_a_sealed_segment_says_what_it_is_and_its_hash_is_of_its_bytes(tmp_path: Path) -> None:
    writer = filled(tmp_path, [b"a" * 100, b"b" * 100])
    writer.flush()
    writer.append(b"c", AT + timedelta(seconds=9), 109.0)
    (sealed,) = writer.close()
    body = sealed.path.read_bytes()
    assert (sealed.sha256, sealed.size_bytes) == (hashlib.sha256(body).hexdigest(), len(body))
    assert (sealed.name, sealed.source, sealed.records) == ("20261122T180000123456Z-kalshi", "kalshi", 3)
    assert (sealed.first_received_at, sealed.last_received_at) == (AT, AT + timedelta(seconds=9))
    assert sealed.raw_bytes == sum(20 + length for length in (100, 100, 1))
    assert only(tmp_path) == sealed.path == segment_path(tmp_path, sealed.name)


def test_any_zstandard_tool_reads_a_segment(tmp_path: Path) -> None:
    writer = filled(tmp_path, [b"first block"])
    writer.flush()
    writer.append(b"second block", AT, 1.0)
    (sealed,) = writer.close()
    whole = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(sealed.path.read_bytes()), read_across_frames=True)
    raw = whole.read()
    assert b"first block" in raw
    assert b"second block" in raw
    assert len(raw) == sealed.raw_bytes


def test_records_are_found_by_their_offset_across_blocks(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, "kalshi", SegmentLimits(block_bytes=300))
    places = [writer.append(b"%04d" % number * 10, AT, float(number)) for number in range(100)]
    (sealed,) = writer.close()
    assert {place.segment for place in places} == {sealed.name}
    for number in (0, 1, 50, 99):
        assert read_record(sealed.path, places[number].offset).data == b"%04d" % number * 10
    assert len(list(read_segment(sealed.path, places[40].offset))) == 60
    assert list(read_segment(sealed.path, sealed.raw_bytes)) == []
    with pytest.raises(ValueError, match="no record begins at offset 7"):
        read_record(sealed.path, 7)


def test_a_block_is_written_when_it_is_big_or_old_enough(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, "kalshi", SegmentLimits(block_bytes=1000, block_s=1.0))
    writer.append(b"x" * 500, AT, 10.0)
    assert writer.tick(10.9) == []
    assert list(read_segment(only(tmp_path))) == []
    writer.tick(11.0)
    assert len(list(read_segment(only(tmp_path)))) == 1
    writer.append(b"x" * 1000, AT, 11.1)
    assert len(list(read_segment(only(tmp_path)))) == 2
    writer.close()


def test_a_segment_is_sealed_when_it_is_big_or_old_enough_and_the_next_begins(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, "kalshi", SegmentLimits(block_bytes=10, segment_bytes=100, segment_s=60))
    first = writer.append(bytes(range(200)), AT, 10.0)
    second = writer.append(b"y", AT, 11.0)
    assert first.segment != second.segment
    assert second.offset == 0
    assert [sealed.name for sealed in writer.tick(11.0)] == [first.segment]
    assert writer.tick(70.9) == []
    assert [sealed.name for sealed in writer.tick(71.0)] == [second.segment]
    assert writer.close() == []


def test_a_writer_that_was_given_nothing_leaves_nothing(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "deep" / "folder", "espn")
    assert writer.tick(1e9) == []
    assert writer.close() == []
    assert list((tmp_path / "deep" / "folder").iterdir()) == []


def left_by_a_crash(folder: Path, frames: list[bytes], unwritten: list[bytes]) -> Path:
    """What a process leaves that was killed: an open file, its buffer gone, its lock let go."""
    writer = filled(folder, frames)
    writer.flush()
    for data in unwritten:
        writer.append(data, AT, 200.0)
    file: Any = writer._file
    file.close()
    return only(folder)


FRAMES = st.lists(st.binary(max_size=60), min_size=1, max_size=20)


@given(frames=FRAMES, unwritten=FRAMES, tail=st.binary(max_size=80), cut=st.integers(0, 200))
def test_after_a_crash_everything_flushed_is_read_and_the_torn_tail_is_cut_off(
    frames: list[bytes], unwritten: list[bytes], tail: bytes, cut: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = left_by_a_crash(folder, frames, unwritten)
        whole = path.read_bytes()
        half = whole[: max(1, min(cut, len(whole) - 1))]
        path.write_bytes(whole + half + tail)
        assert [record.data for record in read_segment(path)] == frames
        (sealed,) = recover(folder)
        assert [record.data for record in read_segment(sealed.path)] == frames
        assert (sealed.records, sealed.torn_bytes) == (len(frames), len(half) + len(tail))
        assert sealed.path.read_bytes() == whole
        assert sealed.sha256 == hashlib.sha256(whole).hexdigest()
        assert (sealed.source, recover(folder)) == ("kalshi", [])


@given(frames=FRAMES, at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_read_as_a_frame(frames: list[bytes], at: int, bit: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = left_by_a_crash(Path(name), frames, [])
        damaged = bytearray(path.read_bytes())
        damaged[at % len(damaged)] ^= 1 << bit
        path.write_bytes(bytes(damaged))
        assert [record.data for record in read_segment(path)] in ([], frames)


def test_an_open_segment_without_a_whole_block_is_removed(tmp_path: Path) -> None:
    (tmp_path / "20261122T180000123456Z-kalshi.open.zst").write_bytes(b"half a block")
    assert recover(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_segment_that_is_being_written_is_let_be(tmp_path: Path) -> None:
    writer = filled(tmp_path, [b"mine"])
    writer.flush()
    assert recover(tmp_path) == []
    (sealed,) = writer.close()
    assert isinstance(sealed, SealedSegment)


def test_two_segments_of_one_instant_have_two_names(tmp_path: Path) -> None:
    first, second = filled(tmp_path, [b"1"]), filled(tmp_path, [b"2"])
    sealed = [one for writer in (first, second) for one in writer.close()]
    assert [one.path for one in sealed] == sorted(tmp_path.iterdir())
    assert [one.source for one in sealed] == ["kalshi", "kalshi"]
    assert [[record.data for record in read_segment(one.path)] for one in sealed] == [[b"1"], [b"2"]]
    with pytest.raises(FileNotFoundError, match="nothing-there"):
        segment_path(tmp_path, "nothing-there")


def test_a_full_disk_is_named_and_nothing_is_lost_or_doubled_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = filled(tmp_path, [b"before"])
    writer.flush()
    writer.append(b"during", AT, 101.0)
    write = segments.write_whole

    def full(file: Any, data: bytes) -> None:
        write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "write_whole", full)
    for _ in range(2):
        with pytest.raises(PrecogError, match="No space left") as refused:
            writer.flush()
        assert refused.value.code == "system.archive"
    assert [record.data for record in read_segment(only(tmp_path))] == [b"before"]
    monkeypatch.setattr(segments, "write_whole", write)
    writer.append(b"after", AT, 102.0)
    (sealed,) = writer.close()
    assert [record.data for record in read_segment(sealed.path)] == [b"before", b"during", b"after"]
    assert sealed.sha256 == hashlib.sha256(sealed.path.read_bytes()).hexdigest()


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from precog_assets.store.segments import SegmentLimits, SegmentWriter
writer = SegmentWriter(Path(sys.argv[1]), "kalshi", SegmentLimits(block_bytes=5_000, segment_bytes=4_000))
number = 0
while True:
    place = writer.append(b"%012d" % number * 20, datetime.now(UTC), number / 1e3)
    number += 1
    if number % 50 == 0:
        writer.flush()
        print(number, flush=True)
"""


def test_after_kill_9_everything_said_to_be_written_is_there_in_order(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said = int(line)
        if said >= 2_000:
            break
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    said = max([said, *(int(number) for number in rest)])
    recover(tmp_path)
    paths = sorted(tmp_path.iterdir())
    assert len(paths) > 1
    numbers = [int(record.data[:12]) for path in paths for record in read_segment(path)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= said


def test_flushing_in_another_thread_loses_no_record_and_keeps_every_offset(tmp_path: Path) -> None:
    limits = SegmentLimits(block_bytes=1 << 30, segment_bytes=3_000, fsync="never")
    over = threading.Event()
    with SegmentWriter(tmp_path, "kalshi", limits) as writer:

        def flush() -> None:
            while not over.is_set():
                writer.flush()

        flusher = threading.Thread(target=flush)
        flusher.start()
        places = [writer.append(b"%06d" % number * 9, AT, float(number) / 1e6) for number in range(20_000)]
        over.set()
        flusher.join()
    read = {
        (path.name.removesuffix(".zst"), record.offset): record.data
        for path in tmp_path.iterdir()
        for record in read_segment(path)
    }
    assert len(read) == 20_000
    assert all(read[place.segment, place.offset] == b"%06d" % number * 9 for number, place in enumerate(places))
    assert len({place.segment for place in places}) > 1
