"""Raw streams on disk: append-only segments of compressed frames, readable to the last whole block after any crash.

Belongs here: writing, sealing, recovering and reading segments. Does not: what the frames mean, the row in
`raw.responses` that names a sealed segment, the archive of single answers (`archive.py`), the form
of the file (`segment_files.py`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

import zstandard

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import RawPlace
from precog_assets.store.files import sync_folder, write_whole
from precog_assets.store.segment_files import (
    OPEN,
    SEALED,
    packed_block,
    packed_record,
    records_of,
    whole_blocks,
)

LEVEL = 3
_CHUNK = 1 << 20
Fsync = Literal["block", "seal", "never"]


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """When a block is written and a segment sealed. `fsync`: bytes reach the disk with each block, with the seal, or
    when the system likes."""

    block_bytes: int = 256 * 1024
    block_s: float = 1.0
    segment_bytes: int = 64 * 1024 * 1024
    segment_s: float = 900.0
    fsync: Fsync = "block"


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A segment that will not change any more."""

    name: str
    source: str
    path: Path
    sha256: str
    """Of the file's bytes."""
    size_bytes: int
    raw_bytes: int
    """Uncompressed, record headers included: the offset behind the last record."""
    records: int
    first_received_at: datetime
    last_received_at: datetime
    torn_bytes: int = 0
    """Cut off behind the last whole block when it was recovered."""


class SegmentWriter:
    """Appends a source's frames to its segments. One writer a source; all but `flush` belong to one thread.

    What is appended is on disk after `flush`, or a block's worth or `block_s` later; facts that point at a record are
    to be committed after a flush. Every method raises PrecogError(system.archive) when the disk refuses; what was not
    written then is kept and tried again with the next flush.
    """

    def __init__(self, folder: Path, source: str, limits: SegmentLimits | None = None) -> None:
        self._folder, self._source, self._limits = folder, source, limits or SegmentLimits()
        self._packer = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True)
        self._file: BinaryIO | None = None
        self._sealed: list[SealedSegment] = []
        self._writing, self._guard = threading.Lock(), threading.Lock()
        """Of the file, and of the buffer; the second is held for a moment only, so that appending never waits long."""
        self._reset()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _failed(folder, "made", error) from error

    def append(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace:
        """Take a frame in; where it lies. `received_at` is aware."""
        full = self._size >= self._limits.segment_bytes or monotonic_s - self._opened_s >= self._limits.segment_s
        if self._file is None or (full and self._offset):
            with self._writing:
                self._seal()
                self._open(received_at, monotonic_s)
        record = packed_record(data, received_at, monotonic_s)
        with self._guard:
            place = RawPlace(self._name, self._offset)
            if not self._records:
                self._block_s = monotonic_s
            self._first_at = self._first_at or received_at
            self._last_at = received_at
            self._buffer += record
            self._offset += len(record)
            self._records += 1
        if len(self._buffer) >= self._limits.block_bytes:
            self.flush()
        return place

    def tick(self, monotonic_s: float) -> list[SealedSegment]:
        """Write and seal what is due by time; the segments sealed since the last call. Call it about once a second."""
        if self._file is not None:
            if self._records and monotonic_s - self._block_s >= self._limits.block_s:
                self.flush()
            if self._total and monotonic_s - self._opened_s >= self._limits.segment_s:
                with self._writing:
                    self._seal()
        sealed, self._sealed = self._sealed, []
        return sealed

    def flush(self) -> int:
        """Write what was appended; the offset below which everything is on disk (by the fsync policy)."""
        with self._writing:
            return self._flush()

    def close(self) -> list[SealedSegment]:
        """Seal what is open; the segments sealed since the last `tick`."""
        with self._writing:
            self._seal()
        sealed, self._sealed = self._sealed, []
        return sealed

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reset(self) -> None:
        self._name, self._path = "", self._folder
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._size = self._offset = self._records = self._total = 0
        self._opened_s = self._block_s = 0.0
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None

    def _open(self, at: datetime, monotonic_s: float) -> None:
        self._reset()
        stem = f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{self._source}"
        number = 0
        try:
            while self._file is None:
                self._name = stem if not number else f"{stem}~{number}"
                self._path = self._folder / f"{self._name}{OPEN}"
                number += 1
                if not (self._folder / f"{self._name}{SEALED}").exists():
                    self._file = _created(self._path)
        except OSError as error:
            raise _failed(self._path, "made", error) from error
        self._opened_s = monotonic_s

    def _flush(self) -> int:
        with self._guard:
            raw, records, end = bytes(self._buffer), self._records, self._offset
            self._buffer.clear()
            self._records = 0
        if self._file is None or not records:
            return end
        whole = packed_block(records, end - len(raw), len(raw), self._packer.compress(raw))
        try:
            write_whole(self._file, whole)
            if self._limits.fsync == "block":
                os.fsync(self._file.fileno())
        except OSError as error:
            self._undo()
            with self._guard:
                self._buffer[:0] = raw
                self._records += records
            raise _failed(self._path, "written", error) from error
        self._hash.update(whole)
        self._size += len(whole)
        self._total += records
        return end

    def _undo(self) -> None:
        """Half a block would hide those behind it."""
        if self._file is not None:
            self._file.seek(self._size)
            self._file.truncate(self._size)

    def _seal(self) -> None:
        self._flush()
        if self._file is None:
            return
        done = self._folder / f"{self._name}{SEALED}"
        try:
            if self._limits.fsync != "never":
                os.fsync(self._file.fileno())
            if self._total:
                self._path.rename(done)
            else:
                self._path.unlink()
            sync_folder(self._folder)
            self._file.close()
        except OSError as error:
            raise _failed(self._path, "sealed", error) from error
        self._file = None
        if self._total and self._first_at is not None and self._last_at is not None:
            times = self._first_at.astimezone(UTC), self._last_at.astimezone(UTC)
            digest = self._hash.hexdigest()
            self._sealed.append(
                SealedSegment(self._name, self._source, done, digest, self._size, self._offset, self._total, *times)
            )


def recover(folder: Path) -> list[SealedSegment]:
    """Seal what a killed process left open: cut off behind the last whole block. What is being written is let be.

    Raises PrecogError(system.archive).
    """
    found = []
    for path in sorted(folder.glob(f"*{OPEN}")):
        try:
            with path.open("r+b") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                if not _is_named(file, path):
                    continue
                sealed = _recovered(path, file)
        except OSError as error:
            raise _failed(path, "recovered", error) from error
        if sealed is not None:
            found.append(sealed)
    return found


def _recovered(path: Path, file: BinaryIO) -> SealedSegment | None:
    name = path.name.removesuffix(OPEN)
    end, first, last, records, raw_bytes = 0, None, None, 0, 0
    for start, raw in whole_blocks(file, 0):
        end = file.tell()
        for record in records_of(start, raw, 0):
            first, last = first or record.received_at, record.received_at
            records += 1
        raw_bytes = start + len(raw)
    torn = path.stat().st_size - end
    if first is None or last is None:
        path.unlink()
        return None
    file.truncate(end)
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    done = path.with_name(f"{name}{SEALED}")
    path.rename(done)
    sync_folder(path.parent)
    source = name.partition("-")[2].partition("~")[0]
    return SealedSegment(name, source, done, digest.hexdigest(), end, raw_bytes, records, first, last, torn)


def _created(path: Path) -> BinaryIO | None:
    """A new locked file; None when there is one of that name, or someone recovered it before it was locked."""
    try:
        file = path.open("x+b", buffering=0)
    except FileExistsError:
        return None
    fcntl.flock(file, fcntl.LOCK_EX)
    if not _is_named(file, path):
        file.close()
        return None
    return file  # type: ignore[return-value]


def _is_named(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _failed(path: Path, what: str, error: OSError) -> PrecogError:
    return PrecogError("system.archive", f"raw segment {path} cannot be {what}: {error}")
