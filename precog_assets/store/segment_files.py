"""The form of a raw segment's file: blocks of records, and reading them up to the last whole block.

Belongs here: bytes of a block, iteration from an offset, one record. Does not: writing, sealing, recovering
(`segments.py`).

A segment is a sequence of blocks; a block is a zstandard skippable frame that describes it and one zstandard frame, so
that `zstd -dc` reads the file too. Uncompressed, a block is records: length, instant and monotonic instant in
microseconds, bytes. A record's offset is its place in the uncompressed stream: it is known when the frame comes, and
stays. While it is written a segment is named `NAME.open.zst` and locked; sealed, it is `NAME.zst` and never changes.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import zstandard

OPEN, SEALED = ".open.zst", ".zst"

_BLOCK = struct.Struct("<IIIIQQQI")
"""Skippable magic, size of what follows, our tag, records, first offset, raw bytes, packed bytes, CRC-32."""
_RECORD = struct.Struct("<IqQ")
RECORD_HEAD = _RECORD.size
_SKIPPABLE, _TAG = 0x184D2A5A, 0x31474350
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One frame as it was received."""

    offset: int
    received_at: datetime
    monotonic_s: float
    data: bytes


def packed_record(data: bytes, received_at: datetime, monotonic_s: float) -> bytes:
    """A record's bytes; `received_at` is aware."""
    at_us = (received_at - _EPOCH) // _MICROSECOND
    return _RECORD.pack(len(data), at_us, max(0, int(monotonic_s * 1e6))) + data


def read_segment(path: Path, from_offset: int = 0) -> Iterator[SegmentRecord]:
    """The records of a segment from an offset on, in order, up to the last whole block; open ones can be read too."""
    with path.open("rb") as file:
        yield from records_in(file, from_offset)


def records_in(file: BinaryIO, from_offset: int = 0) -> Iterator[SegmentRecord]:
    """As `read_segment`, of bytes that are opened already."""
    for first, raw in whole_blocks(file, from_offset):
        yield from records_of(first, raw, from_offset)


def read_record(path: Path, offset: int) -> SegmentRecord:
    """The record at an offset. Raises ValueError when none begins there."""
    record = next(read_segment(path, offset), None)
    if record is None or record.offset != offset:
        raise ValueError(f"{path.name}: no record begins at offset {offset}")
    return record


def segment_path(folder: Path, name: str) -> Path:
    """The file of a segment, sealed or still open. Raises FileNotFoundError naming it."""
    for suffix in (SEALED, OPEN):
        path = folder / f"{name}{suffix}"
        if path.exists():
            return path
    raise FileNotFoundError(f"{folder} holds no segment {name}")


def packed_block(records: int, first: int, raw_bytes: int, packed: bytes) -> bytes:
    """A block's bytes: `packed` holds `records` records of `raw_bytes`, the first at offset `first`."""
    fields = (records, first, raw_bytes, len(packed))
    checksum = zlib.crc32(packed, zlib.crc32(struct.pack("<IQQQ", *fields)))
    return _BLOCK.pack(_SKIPPABLE, _BLOCK.size - 8, _TAG, *fields, checksum) + packed


def whole_blocks(file: BinaryIO, from_offset: int) -> Iterator[tuple[int, bytes]]:
    """First offset and uncompressed bytes of each whole block that reaches beyond an offset.

    The file stands behind the block that was given; it stands behind no half one.
    """
    unpacker = zstandard.ZstdDecompressor()
    while True:
        head = file.read(_BLOCK.size)
        if len(head) < _BLOCK.size:
            return
        magic, size, tag, records, first, raw_bytes, packed_bytes, checksum = _BLOCK.unpack(head)
        if (magic, size, tag) != (_SKIPPABLE, _BLOCK.size - 8, _TAG) or max(raw_bytes, packed_bytes) > _LARGEST:
            return
        if first + raw_bytes <= from_offset:
            file.seek(packed_bytes, os.SEEK_CUR)
            continue
        packed = file.read(packed_bytes)
        fields = struct.pack("<IQQQ", records, first, raw_bytes, packed_bytes)
        if len(packed) < packed_bytes or zlib.crc32(packed, zlib.crc32(fields)) != checksum:
            return
        yield first, unpacker.decompress(packed, max_output_size=raw_bytes)


def records_of(first: int, raw: bytes, from_offset: int) -> Iterator[SegmentRecord]:
    """The records of a block from an offset on."""
    at = 0
    while at < len(raw):
        length, at_us, monotonic_us = _RECORD.unpack_from(raw, at)
        begin = at + _RECORD.size
        if first + at >= from_offset:
            yield SegmentRecord(first + at, _instant(at_us), monotonic_us / 1e6, raw[begin : begin + length])
        at = begin + length


def _instant(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)
