"""What waits on disk is seen beside the process that holds it, and after it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.live.on_disk import Folders, OnDisk, look, records_waiting
from precog_assets.store.segments import SegmentLimits, SegmentWriter
from precog_assets.store.spool import Spool
from precog_assets.store.spool_files import files_of
from precog_assets.store.spool_state import SpoolLimits

LIMITS = SpoolLimits(file_bytes=200, fsync=False)
AT = datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "segments", tmp_path / "stream", tmp_path / "boards")


def test_a_home_that_no_collector_has_had_says_nothing(folders: Folders) -> None:
    assert look(folders) is None
    folders.stream.mkdir()
    assert look(folders) == OnDisk(0, 0)


def test_records_are_counted_while_a_process_has_them_and_after_it_is_gone(
    folders: Folders,
) -> None:
    with Spool(folders.stream, LIMITS) as spool:
        for number in range(20):
            spool.append("quote", b"%d" % number * 10)
            assert records_waiting(folders.stream) == spool.depth
        assert len(files_of(folders.stream)) > 2
        while spool.depth:
            assert records_waiting(folders.stream) == spool.depth
            spool.drain(lambda _: None, batch=3, most=3)
        assert records_waiting(folders.stream) == 0
        spool.append_many([("quote", b"a"), ("quote", b"b")])
    with Spool(folders.boards, LIMITS) as boards:
        boards.append("board", b"{}")
    found = look(folders)
    assert found is not None
    assert found.spool_depth == 3


def test_a_torn_tail_counts_no_record_and_an_open_segment_waits(folders: Folders) -> None:
    with Spool(folders.stream, LIMITS) as spool:
        spool.append("quote", b"a")
    with files_of(folders.stream)[-1].open("ab") as file:
        file.write(b"PSPL half a record")
    writer = SegmentWriter(folders.segments, "kalshi", SegmentLimits(fsync="never"))
    writer.append(b"frame", AT, 0.0)
    writer.flush()
    found = look(folders)
    writer.close()
    assert found is not None
    assert found.spool_depth == 1
    assert found.segments_bytes > 0


def test_a_folder_that_cannot_be_read_is_named(folders: Folders) -> None:
    folders.stream.mkdir()
    (folders.stream / f"{1:020d}.spool").mkdir()
    with pytest.raises(PrecogError, match="cannot be looked at") as raised:
        look(folders)
    assert raised.value.code == "system.spool"
