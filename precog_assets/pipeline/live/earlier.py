"""What segments go on from: those before them, back to the beginning of the connection whose frames they hold.

Belongs here: which those are, and that none between is missing or damaged. Does not: what is made of them (`rebuild`),
the folder's files (`kept`). A connection lasts for hours, a segment for minutes: its beginning, and the snapshots of
its books, are mostly in the archive already, under the hash that the segment's row says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.rebuild import Look, Segment, look_at, segment_in
from precog_assets.store.kept_segments import name_of, sealed_files, sealed_hashes
from precog_assets.store.segment_files import SEALED
from precog_assets.store.stream_log import feed_of, segment_of, url_of

if TYPE_CHECKING:
    from precog_assets.services import Services

MOST = 96
"""So many segments are gone back at most: a day of them."""
_BEFORE = sa.text(
    """
    SELECT url FROM raw.responses WHERE feed = :feed AND url COLLATE "C" < :url
    ORDER BY url COLLATE "C" DESC LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Run:
    """Segments that follow on each other, and what they go on from."""

    paths: tuple[Path, ...]
    earlier: tuple[Segment, ...]
    """From the beginning of their connection on."""
    missing: str = ""
    """Why that cannot be had; empty where it can be, or the connection begins with them."""


class _Back(NamedTuple):
    earlier: tuple[Segment, ...] = ()
    missing: str = ""


class Before:
    """Looks for what the segments of one source's folder go on from."""

    def __init__(self, services: Services, source: str, folder: Path) -> None:
        self._services, self._source, self._folder = services, source, folder

    def runs(self, segments: Sequence[tuple[Path, Look]]) -> Iterator[Run]:
        """The segments of files, given in the order they were written, run by run. Raises PrecogError(system.*)."""
        run: list[Path] = []
        back, seen = _Back(), None
        for path, look in segments:
            before = self._before(name_of(path))
            if seen is None or before[:1] != [name_of(run[-1])] or not look.goes_on(seen):
                if run:
                    yield Run(tuple(run), *back)
                run, back = [], self._back(before, look)
            run.append(path)
            seen = look
        if run:
            yield Run(tuple(run), *back)

    def _before(self, name: str) -> list[str]:
        """The names of the segments before one, the last of them first."""
        given = {"feed": feed_of(self._source), "url": url_of(name), "most": MOST}
        with in_database(self._services.engine) as connection:
            names = {segment_of(url) or "" for url in connection.scalars(_BEFORE, given)}
        names |= {before for path in sealed_files(self._folder) if (before := name_of(path)) < name}
        return sorted(names, reverse=True)[:MOST]

    def _back(self, before: Sequence[str], after: Look) -> _Back:
        """Back from a segment to where its connection began."""
        if after.begins_at_once:
            return _Back()
        with in_database(self._services.engine) as connection:
            hashes = sealed_hashes(connection, self._source, before)
        earlier: list[Segment] = []
        for name in before:
            try:
                segment = self._segment(name, hashes.get(name))
                look = look_at(segment)
            except PrecogError as error:
                return _Back(missing=str(error))
            if look is None or not after.goes_on(look):
                return _Back(missing=f"segment {name} is damaged, or of another time")
            earlier.insert(0, segment)
            if look.begins:
                return _Back(tuple(earlier))
            after = look
        return _Back(missing=f"it is in none of the {len(before)} segments before")

    def _segment(self, name: str, sha256: str | None) -> Segment:
        """A segment by name, out of the folder or else the archive. Raises PrecogError when neither can have it."""
        path = self._folder / f"{name}{SEALED}"
        if path.exists():
            return segment_in(path)
        if sha256 is None:
            raise PrecogError("system.archive", f"raw segment {path} is gone.")
        return Segment(name, partial(self._archived, name, sha256))

    def _archived(self, name: str, sha256: str) -> bytes:
        try:
            return self._services.archive.get(sha256)
        except FileNotFoundError as error:
            raise PrecogError("system.archive", f"raw segment {name} is gone: {error}") from error
