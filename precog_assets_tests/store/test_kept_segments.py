"""Whole segments: what their files hold is what the writer said, and a frame is read from the folder or the archive."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.live import RawPlace
from precog_assets.store.archive import FolderArchive
from precog_assets.store.kept_segments import described, folder_bytes, kept_bytes, sealed_files, sealed_hashes
from precog_assets.store.segments import SealedSegment, SegmentLimits, SegmentWriter
from precog_assets.store.stream_log import seal_segments, segment_row
from precog_assets_tests.store.rows import at

LIMITS = SegmentLimits(block_bytes=200, fsync="never")


def written(folder: Path, frames: int = 40) -> tuple[SealedSegment, list[RawPlace]]:
    """A sealed segment of numbered frames."""
    writer = SegmentWriter(folder, "kalshi", LIMITS)
    places = [writer.append(b"frame %03d" % n, at(n), float(n)) for n in range(frames)]
    (sealed,) = writer.close()
    return sealed, places


def test_a_file_says_itself_what_its_writer_said_of_it(tmp_path: Path) -> None:
    sealed, _ = written(tmp_path)
    assert described(sealed.path, "kalshi") == sealed
    assert sealed_files(tmp_path) == [sealed.path]
    assert folder_bytes(tmp_path) == sealed.size_bytes


def test_a_file_without_a_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "20261122T000000000000Z-kalshi.zst"
    path.write_bytes(b"")
    with pytest.raises(PrecogError, match="holds no whole record") as refused:
        described(path, "kalshi")
    assert refused.value.code == "system.archive"


def test_a_frame_is_read_from_the_folder_and_from_the_archive_alike(store: sa.Engine, tmp_path: Path) -> None:
    folder, archive = tmp_path / "segments", FolderArchive(tmp_path / "raw", fsync=False)
    sealed, places = written(folder)
    with store.begin() as connection:
        number = segment_row(connection, "kalshi", sealed.name, at(0))
        assert sealed_hashes(connection, "kalshi", [sealed.name]) == {}, "it is not said to be whole yet"
        seal_segments(connection, [sealed])
        assert sealed_hashes(connection, "kalshi", [sealed.name, "another"]) == {sealed.name: sealed.sha256}
        before = [kept_bytes(connection, archive, folder, number, place.offset) for place in places]
        archive.put(sealed.sha256, sealed.path.read_bytes())
        sealed.path.unlink()
        after = [kept_bytes(connection, archive, folder, number, place.offset) for place in places]
        assert before == after == [b"frame %03d" % n for n in range(40)]
        for offset in (None, 3, 10**9):
            with pytest.raises(ConfigurationError, match=r"--offset|no frame begins"):
                kept_bytes(connection, archive, folder, number, offset)
        with pytest.raises(ConfigurationError, match="no response 999 is kept"):
            kept_bytes(connection, archive, folder, 999)
