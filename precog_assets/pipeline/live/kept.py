"""Segments that are whole: facts of those a killed collector left are made again, and all go into the raw archive.

Belongs here: the folder's files that nobody writes any more. Does not: writing segments (`store.segments`), making
facts (`rebuild`), what was before them (`earlier`). The folder holds what is being written and what the archive has not
taken yet; a segment is removed from it once the archive has its bytes and the database its hash.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Rejection
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.earlier import Before
from precog_assets.pipeline.live.facts import FactBatch
from precog_assets.pipeline.live.rebuild import Look, facts_of, look_at, segment_in
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.store import ops
from precog_assets.store.files import sync_folder
from precog_assets.store.kept_segments import described, folder_bytes, name_of, sealed_files, sealed_hashes
from precog_assets.store.segments import SealedSegment, recover

if TYPE_CHECKING:
    from precog_assets.services import Services

log = logging.getLogger("precog.live")
ARCHIVE_EACH_S = 60.0


class KeptSegments:
    """The whole segments of one source's folder. Made before anyone writes there."""

    def __init__(self, services: Services, source: str, folder: Path, rows: SegmentRows) -> None:
        """Seals what a killed process left open. Raises PrecogError(system.archive)."""
        self._services, self._source, self._folder, self._rows = services, source, folder, rows
        recovered = recover(folder) if folder.is_dir() else []
        self._left = sealed_files(folder)
        """Of processes before this one, until it is known that their facts are written."""
        self._torn = {one.name: one.torn_bytes for one in recovered if one.torn_bytes}
        self._moving = threading.Lock()

    @property
    def left(self) -> bool:
        """Whether there are segments of which facts may have to be made again."""
        return bool(self._left)

    def rebuild(self, apply: Callable[[FactBatch], object]) -> int:
        """Write the facts of segments whose rows do not say that they are whole; of how many.

        What is written already is the same rows. Their rows say so only after that: a process killed here begins again.
        A file that is gone is left out; one that cannot be read stays where it is, and is named in the rejections.
        Raises PrecogError(system.*).
        """
        with in_database(self._services.engine) as connection:
            known = sealed_hashes(connection, self._source, [name_of(path) for path in self._left])
        again = self._readable([path for path in self._left if name_of(path) not in known])
        before = Before(self._services, self._source, self._folder)
        for run in before.runs([(sealed.path, look) for sealed, look in again]):
            if run.missing:
                log.warning(
                    "segment %s: only trades are made again until a connection begins; the beginning of its own cannot "
                    "be had: %s",
                    name_of(run.paths[0]),
                    run.missing,
                )
            for batch in facts_of(run.paths, run.earlier):
                apply(batch)
        self._rows.seal([sealed for sealed, _ in again])
        self._left = []
        if again:
            torn = sum(self._torn.values())
            log.warning("facts of %d segments left by a collector were made again, %d bytes torn", len(again), torn)
        return len(again)

    def archive(self) -> int:
        """Move into the raw archive what is whole and said to be in the database; how many segments.

        Raises PrecogError: system.archive when the archive takes none, and they stay; system.database.
        """
        with self._moving:
            return self._archive()

    def size_bytes(self) -> int:
        """Bytes of the folder, the segment that is being written included."""
        return folder_bytes(self._folder)

    def _readable(self, paths: Sequence[Path]) -> list[tuple[SealedSegment, Look]]:
        """What the files hold that are there and can be read; the others are named."""
        found: list[tuple[SealedSegment, Look]] = []
        for path in paths:
            try:
                sealed, look = described(path, self._source), look_at(segment_in(path))
            except PrecogError as error:
                if path.exists():
                    self._reject(path, "unreadable", str(error))
                else:
                    log.warning("raw segment %s is gone: no fact of it is made again", path)
                continue
            if look is not None:
                found.append((sealed, look))
                if not look.whole:
                    self._reject(path, "damaged", f"raw segment {path} is damaged: a part of it can be read.")
        return found

    def _reject(self, path: Path, reason: str, detail: str) -> None:
        log.error("facts of a segment are missing: %s", detail)
        named = Rejection(f"{self._source}.stream.segment", name_of(path), reason, detail)
        with in_database(self._services.engine) as connection:
            ops.record_rejections(connection, [(named, None)], self._services.clock.now())

    def _archive(self) -> int:
        if self._left:
            return 0
        files = sealed_files(self._folder)
        with in_database(self._services.engine) as connection:
            known = sealed_hashes(connection, self._source, [name_of(path) for path in files])
        moved = 0
        for path in files:
            sha256 = known.get(name_of(path))
            if sha256 is None:
                continue
            try:
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise PrecogError("system.archive", f"raw segment {path} is not what its row says; restore it.")
                self._services.archive.put(sha256, data)
                path.unlink()
            except OSError as error:
                raise PrecogError("system.archive", f"raw segment {path} cannot be moved: {error}") from error
            moved += 1
        if moved:
            sync_folder(self._folder)
        return moved
