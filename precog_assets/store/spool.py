"""Facts that wait on disk while the database is away: appended, and drained in order when it is back.

Belongs here: the bounded queue of one process. Does not: what the facts are, nor writing them to the database (the
`apply` that `drain` is given). `apply` may be given the same records again after a crash between its commit and our
note of it: it writes idempotently, or keeps the last number with the facts and hands it in as `applied`.

When the spool is fuller than `shed_above` of its bound, kinds named in `sheddable` are let go and counted; when it is
full, SpoolFull is raised for the rest. A process killed in the middle of a write leaves a torn tail, which is cut off;
a damaged stretch elsewhere is passed over and counted, and what lies behind it is drained.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from precog_assets.domain.errors import PrecogError
from precog_assets.store.files import lock_folder, sync_folder, write_whole
from precog_assets.store.spool_files import (
    Spooled,
    file_of,
    files_of,
    found_in,
    packed,
    read_state,
    write_state,
)
from precog_assets.store.spool_state import SPOOL_CODE, Kept, SpoolFull, SpoolLimits, SpoolState

READ_BYTES = 4 << 20


@dataclass(slots=True)
class _File:
    path: Path
    size: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    records: list[Spooled]
    end: int
    """Where the file goes on behind it."""


class Spool:
    """One folder, one process. Appending and draining may be in different threads."""

    def __init__(self, folder: Path, limits: SpoolLimits | None = None) -> None:
        """Open, or begin. Raises PrecogError when another process has it, or the folder cannot be used."""
        self._folder, self._limits = folder, limits or SpoolLimits()
        self._guard, self._draining = threading.Lock(), threading.Lock()
        self._file: BinaryIO | None = None
        self._shed: Counter[str] = Counter()
        self._torn = self._damaged = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = lock_folder(folder)
            if lock is None:
                raise PrecogError(SPOOL_CODE, f"spool {folder} is in use by another process; a spool has one.")
            self._lock = lock
            self._open()
        except OSError as error:
            raise PrecogError(SPOOL_CODE, f"spool {folder} cannot be opened: {error}") from error

    def append(self, kind: str, body: bytes) -> Kept:
        """As `append_many`, of one record."""
        return self.append_many([(kind, body)])

    def append_many(self, items: Iterable[tuple[str, bytes]]) -> Kept:
        """Keep records in order, all that are not shed or none. Raises SpoolFull."""
        with self._guard:
            return self._append(list(items))

    def drain(
        self,
        apply: Callable[[Sequence[Spooled]], object],
        *,
        applied: int = 0,
        batch: int = 500,
        most: int | None = None,
    ) -> int:
        """Give what waits to `apply`, in order, `batch` at a time; how many records were given.

        Records up to `applied` are done with already: they are passed over. What `apply` raises ends the drain; the
        batch it was given stays. `most` bounds one call. One drain runs at a time.
        """
        given = 0
        with self._draining:
            while most is None or given < most:
                found = self._next(batch if most is None else min(batch, most - given))
                if found is None:
                    return given
                records = [record for record in found.records if record.number > applied]
                if records:
                    apply(records)
                    given += len(records)
                self._pass(found)
        return given

    @property
    def spool_id(self) -> str:
        """What numbers are counted in; another one when the folder was begun anew."""
        return self._id

    @property
    def depth(self) -> int:
        """Records that wait."""
        with self._guard:
            return self._depth

    def state(self) -> SpoolState:
        """Everything that is to be seen of it."""
        with self._guard:
            return SpoolState(
                self._id,
                self._depth,
                self._size,
                self._drained,
                dict(self._shed),
                self._torn,
                self._damaged,
            )

    def close(self) -> None:
        """Let go of the folder; nothing is lost."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._lock.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _size(self) -> int:
        return sum(file.size for file in self._files)

    @property
    def _depth(self) -> int:
        return sum(file.waiting for file in self._files)

    def _open(self) -> None:
        said = read_state(self._folder)
        self._id, self._drained = said or (uuid.uuid4().hex, 0)
        self._files: deque[_File] = deque()
        self._cursor = 0
        """Where in the first file the oldest record that waits begins."""
        last = self._drained
        paths = files_of(self._folder)
        for path in paths:
            data, end, file = path.read_bytes(), 0, _File(path, 0)
            for found in found_in(data):
                self._damaged += found.begin - end
                end, last = found.end, found.record.number
                if last > self._drained:
                    file.waiting += 1
                elif not self._files:
                    self._cursor = end
            if path == paths[-1]:
                self._torn = len(data) - end
                os.truncate(path, end)
            else:
                self._damaged += len(data) - end
            file.size = end if path == paths[-1] else len(data)
            self._files.append(file)
            self._let_go()
        self._last = last
        if said is None:
            write_state(self._folder, self._id, self._drained, fsync=self._limits.fsync)

    def _append(self, items: Sequence[tuple[str, bytes]]) -> Kept:
        limits, shed, kept, number = self._limits, [], 0, self._last
        size, data = self._size, bytearray()
        for kind, body in items:
            number += 1
            record = packed(Spooled(number, kind, body))
            after = size + len(data) + len(record)
            if kind in limits.sheddable and after > limits.max_bytes * limits.shed_above:
                shed.append(kind)
                number -= 1
                continue
            if after > limits.max_bytes:
                raise SpoolFull(
                    f"spool {self._folder} holds {size} bytes in {self._depth} records and may hold "
                    f"{limits.max_bytes}: {kind} was not kept"
                )
            kept += 1
            data += record
        self._shed.update(shed)
        if not kept:
            return Kept(None, 0, len(shed))
        file = self._writable(self._last + 1)
        self._write(file, bytes(data), number)
        file.waiting += kept
        return Kept(number, kept, len(shed))

    def _writable(self, first_number: int) -> _File:
        """The file to append to, a new one when the last is big enough."""
        if self._file is not None and self._files and self._files[-1].size < self._limits.file_bytes:
            return self._files[-1]
        try:
            if self._file is not None:
                self._file.close()
                self._file = None
            if not self._files or self._files[-1].size >= self._limits.file_bytes:
                path = file_of(self._folder, first_number)
                path.touch()
                sync_folder(self._folder)
                self._files.append(_File(path, 0))
            self._file = self._files[-1].path.open("r+b", buffering=0)  # type: ignore[assignment]
        except OSError as error:
            raise SpoolFull(f"spool {self._folder} cannot be written: {error}") from error
        return self._files[-1]

    def _write(self, file: _File, data: bytes, last: int) -> None:
        assert self._file is not None
        try:
            self._file.seek(file.size)
            write_whole(self._file, data)
            if self._limits.fsync:
                os.fsync(self._file.fileno())
        except OSError as error:
            # Half a record would be damage behind which nothing is torn.
            with contextlib.suppress(OSError):
                os.truncate(file.path, file.size)
            raise SpoolFull(f"spool {self._folder} cannot be written: {error}") from error
        file.size += len(data)
        self._last = last

    def _next(self, most: int) -> _Batch | None:
        """The oldest records that wait, of one file."""
        with self._guard:
            if not self._depth:
                return None
            if not self._files[0].waiting:
                self._note()
            path, begin, left = self._files[0].path, self._cursor, self._files[0].size - self._cursor
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read(min(left, READ_BYTES))
            found = list(islice(found_in(data), most))
            if not found and left > len(data):
                data += file.read(left - len(data))
                found = list(islice(found_in(data), most))
        if not found:
            raise PrecogError(SPOOL_CODE, f"spool {path} was changed by someone else; its records are not as written")
        return _Batch([one.record for one in found], begin + found[-1].end)

    def _pass(self, batch: _Batch) -> None:
        """Be done with the oldest records."""
        with self._guard:
            self._drained = batch.records[-1].number
            self._cursor = batch.end
            self._files[0].waiting -= len(batch.records)
            self._note()

    def _note(self) -> None:
        """Write down how far the drain is, and let go what it is done with; tried again before the next batch."""
        try:
            write_state(self._folder, self._id, self._drained, fsync=self._limits.fsync)
            self._let_go()
        except OSError as error:
            raise PrecogError(SPOOL_CODE, f"spool {self._folder}: the drain cannot be noted: {error}") from error

    def _let_go(self) -> None:
        """Remove the files that are drained to their end; the state says where numbers go on."""
        while self._files and not self._files[0].waiting:
            if len(self._files) == 1 and self._file is not None:
                self._file.close()
                self._file = None
            self._files.popleft().path.unlink(missing_ok=True)
            self._cursor = 0
