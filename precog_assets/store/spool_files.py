"""The form of the spool's files: checksummed records, found again behind a damaged stretch; the state file.

Belongs here: bytes. Does not: appending, draining, bounds (`spool.py`).
A record is magic, length, CRC-32 of what follows, its number, its kind and its body. Files are named by the number of
their first record.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".spool"
STATE = "state.json"
_HEAD = struct.Struct("<4sIIQ")
_MAGIC = b"PSPL"
_MOST_KIND = 255
_MOST_BODY = 1 << 28


@dataclass(frozen=True, slots=True)
class Spooled:
    """One fact that waits. Numbers ascend without end, and none is given twice in one spool."""

    number: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A whole record of a file, and where it lies."""

    record: Spooled
    begin: int
    end: int


def packed(record: Spooled) -> bytes:
    """A record's bytes. Raises ValueError for a kind or body that is too long."""
    kind = record.kind.encode()
    if not 0 < len(kind) <= _MOST_KIND or len(record.body) > _MOST_BODY:
        raise ValueError(f"a kind has 1 to {_MOST_KIND} bytes and a body up to {_MOST_BODY}; got {record.kind[:40]!r}")
    payload = bytes([len(kind)]) + kind + record.body
    return _HEAD.pack(_MAGIC, len(payload), _checksum(record.number, payload), record.number) + payload


def found_in(data: bytes, begin: int = 0) -> Iterator[Found]:
    """The whole records of a file's bytes, in order; what lies between two of them is damage."""
    at = begin
    while at < len(data):
        found = _at(data, at)
        if found is not None:
            yield found
            at = found.end
        else:
            at = data.find(_MAGIC, at + 1)
            if at < 0:
                return


def files_of(folder: Path) -> list[Path]:
    """The spool's files, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def file_of(folder: Path, first_number: int) -> Path:
    """The file that begins with a record."""
    return folder / f"{first_number:020d}{SUFFIX}"


def read_state(folder: Path) -> tuple[str, int] | None:
    """The spool's identity and the number drained up to; None where there is none, or none that can be read."""
    try:
        said = json.loads((folder / STATE).read_text(encoding="utf-8"))
        spool_id, drained = said["id"], said["drained"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return (spool_id, drained) if isinstance(spool_id, str) and isinstance(drained, int) else None


def write_state(folder: Path, spool_id: str, drained: int, *, fsync: bool) -> None:
    """Put the state in place as a whole."""
    aside = folder / f"{STATE}.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump({"id": spool_id, "drained": drained}, file)
        file.flush()
        if fsync:
            os.fsync(file.fileno())
    aside.replace(folder / STATE)


def _at(data: bytes, at: int) -> Found | None:
    begin = at + _HEAD.size
    if begin > len(data):
        return None
    magic, length, checksum, number = _HEAD.unpack_from(data, at)
    payload = data[begin : begin + length]
    if magic != _MAGIC or length > len(data) - begin or not payload or _checksum(number, payload) != checksum:
        return None
    body_at = 1 + payload[0]
    return Found(Spooled(number, payload[1:body_at].decode(), payload[body_at:]), at, begin + length)


def _checksum(number: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(number.to_bytes(8, "little")))
