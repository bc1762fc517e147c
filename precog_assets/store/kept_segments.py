"""Segments that are whole: whether their rows say so, what they hold, and reading one wherever it lies by now.

Belongs here: looking at sealed files, and records out of the folder or the raw archive. Does not: writing segments
(`segments.py`), their form (`segment_files.py`), when they are moved (`pipeline.live.kept`).

A segment goes into the archive under the hash of its file, which is what its row in `raw.responses` says, like the body
of any other answer: a fact's response and offset lead to its frame before and after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.ports import Archive
from precog_assets.store.segment_files import OPEN, RECORD_HEAD, SEALED, read_segment, records_in
from precog_assets.store.segments import SealedSegment
from precog_assets.store.stream_log import feed_of, segment_of, url_of

_HASHES = sa.text("SELECT url, sha256 FROM raw.responses WHERE feed = :feed AND url = ANY(:urls)")
_ANSWER = sa.text("SELECT url, sha256 FROM raw.responses WHERE response_id = :number")


def sealed_files(folder: Path) -> list[Path]:
    """The files of segments that are whole, the oldest first."""
    return sorted(path for path in folder.glob(f"*{SEALED}") if not path.name.endswith(OPEN))


def name_of(path: Path) -> str:
    """The name of a segment's file."""
    return path.name.removesuffix(OPEN).removesuffix(SEALED)


def folder_bytes(folder: Path) -> int:
    """Bytes of the segments in a folder; files that go meanwhile count nothing."""
    total = 0
    for path in folder.glob(f"*{SEALED}"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def sealed_hashes(connection: sa.Connection, source: str, names: Sequence[str]) -> dict[str, str]:
    """The hashes of segments whose rows say that they are whole, by name."""
    given = {"feed": feed_of(source), "urls": [url_of(name) for name in names]}
    rows = ((segment_of(row.url) or "", row.sha256) for row in connection.execute(_HASHES, given))
    return {name: sha256 for name, sha256 in rows if sha256 != hashlib.sha256(name.encode()).hexdigest()}


def described(path: Path, source: str) -> SealedSegment:
    """What a sealed file holds, read from it. Raises PrecogError(system.archive) when it cannot be read."""
    records, end, first, last = 0, 0, None, None
    try:
        data = path.read_bytes()
        for record in read_segment(path):
            first, last = first or record.received_at, record.received_at
            records, end = records + 1, record.offset + RECORD_HEAD + len(record.data)
    except OSError as error:
        raise PrecogError("system.archive", f"raw segment {path} cannot be read: {error}") from error
    if first is None or last is None:
        raise PrecogError("system.archive", f"raw segment {path} holds no whole record; restore it, or delete it.")
    digest = hashlib.sha256(data).hexdigest()
    return SealedSegment(name_of(path), source, path, digest, len(data), end, records, first, last)


def kept_bytes(
    connection: sa.Connection, archive: Archive, folder: Path, number: int, offset: int | None = None
) -> bytes:
    """What the response of a number said; of a segment, the frame at an offset.

    Raises ConfigurationError for a number nobody kept and an offset that is none, FileNotFoundError where the bytes are
    gone, PrecogError(system.archive) where they are damaged.
    """
    answer = connection.execute(_ANSWER, {"number": number}).first()
    if answer is None:
        raise ConfigurationError(f"no response {number} is kept; `precog explain decision` names those of a decision.")
    name = segment_of(answer.url)
    if name is None:
        return archive.get(answer.sha256)
    if offset is None:
        raise ConfigurationError(f"response {number} is a segment of a stream: say which frame, with --offset.")
    near = next((path for path in (folder / f"{name}{end}" for end in (SEALED, OPEN)) if path.exists()), None)
    data = archive.get(answer.sha256) if near is None else near.read_bytes()
    record = next(records_in(BytesIO(data), offset), None)
    if record is None or record.offset != offset:
        raise ConfigurationError(f"segment {name}: no frame begins at offset {offset}.")
    return record.data
