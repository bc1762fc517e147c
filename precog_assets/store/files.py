"""Files that must survive a crash: bytes written whole, names on the disk, a folder that one process has.

Belongs here: what the segments and the spool both need of the system. Does not: what is in the files.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

LOCK = "lock"


def write_whole(file: BinaryIO, data: bytes) -> None:
    """All of it: an unbuffered file may take a part at a time. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def sync_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock_folder(folder: Path) -> BinaryIO | None:
    """The folder's lock, held until it is closed or the process dies; None while another has it. Raises OSError."""
    file = (folder / LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
