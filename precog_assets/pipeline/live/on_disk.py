"""What a collector has on disk: where it lies, and how much of it waits, seen by whoever has not got it open.

Belongs here: the folders of an environment, and looking into them beside the process that holds them, or after it.
Does not: the spool itself (`store.spool`), moving segments (`kept`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from precog_assets.domain.errors import PrecogError
from precog_assets.store.kept_segments import folder_bytes
from precog_assets.store.spool_files import files_of, found_in, read_state
from precog_assets.store.spool_state import SPOOL_CODE

if TYPE_CHECKING:
    from precog_assets.environment import Environment


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a collector keeps raw segments, and the spools of the stream's facts and of boards."""

    segments: Path
    stream: Path
    boards: Path


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What waits in the folders of a home."""

    spool_depth: int
    """Facts of the stream and boards that the database has not taken."""
    segments_bytes: int
    """Of raw segments that the archive has not taken, the one that is being written included."""


def folders_of(environment: Environment, home: Path | None = None) -> Folders:
    """The folders of an environment's collector, under its home or another one."""
    home = home or environment.home
    spools = home / "spool" / environment.name
    return Folders(home / "segments" / environment.name, spools / "stream", spools / "boards")


def look(folders: Folders) -> OnDisk | None:
    """What waits there; None where no collector has been. Raises PrecogError(system.spool) for what cannot be read."""
    spools = folders.stream, folders.boards
    if not any(folder.is_dir() for folder in (folders.segments, *spools)):
        return None
    try:
        return OnDisk(sum(map(records_waiting, spools)), folder_bytes(folders.segments))
    except OSError as error:
        raise PrecogError(SPOOL_CODE, f"what waits on disk cannot be looked at: {error}") from error


def records_waiting(spool: Path) -> int:
    """How many records wait in a spool's folder, damaged ones included: numbers ascend by one."""
    said = read_state(spool)
    last = next(_last_numbers(spool), 0)
    return max(0, last - (said[1] if said is not None else 0))


def _last_numbers(spool: Path) -> Iterator[int]:
    """The number of each file's last whole record, the newest file first; files that are drained meanwhile are gone."""
    for path in reversed(files_of(spool)):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        last = 0
        for found in found_in(data):
            last = found.record.number
        if last:
            yield last
