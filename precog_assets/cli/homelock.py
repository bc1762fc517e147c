"""One `precog up` a home: a lock that dies with its holder, and the children it may have left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from precog_assets.cli.children import end_group
from precog_assets.domain.errors import ConfigurationError

LEFT_BEHIND_GRACE_S = 10.0


def holder(home: Path) -> int | None:
    """The process id of the `precog up` that runs on this home, if one does."""
    if not _lock_path(home).exists():
        return None
    try:
        with FileLock(_lock_path(home), timeout=0):
            return None
    except Timeout:
        return _read(home).get("pid")


@contextmanager
def only_up(home: Path) -> Iterator[None]:
    """Hold the home. Raises ConfigurationError naming the process that holds it.

    The operating system frees the lock of a process that died, so a stale one never stands in the way.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(_lock_path(home), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConfigurationError(
            f"`precog up` already runs on PRECOG_HOME={home} (process {_read(home).get('pid', 'unknown')}). "
            "Stop it with Ctrl-C where it runs, or use another --home."
        ) from error
    try:
        yield
    finally:
        _state_path(home).unlink(missing_ok=True)
        lock.release()


def remember(home: Path, children: Iterable[int], *, own_database: bool) -> None:
    """Write down who runs, and whether the embedded server is this `up`'s, for the next one if this is killed."""
    alive = [[pid, started] for pid in children if (started := _started(pid))]
    state = {"pid": os.getpid(), "children": alive, "own_database": own_database}
    draft = _state_path(home).with_suffix(".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(_state_path(home))


def left_database(home: Path) -> bool:
    """Whether an `up` that was killed had started the embedded server: then it is the next one's to stop."""
    return bool(_read(home).get("own_database"))


def end_left_behind(home: Path) -> list[int]:
    """Stop children of an `up` that was killed; needs the lock. The process ids that were stopped."""
    left = [pid for pid, started in _read(home).get("children", []) if _started(pid) == started]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + LEFT_BEHIND_GRACE_S
    psutil.wait_procs(
        [psutil.Process(pid) for pid in left if psutil.pid_exists(pid)], timeout=deadline - time.monotonic()
    )
    for pid in left:
        end_group(pid)
    return left


def _started(pid: int) -> float | None:
    """When a living process began: the same id with another start is another process."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _read(home: Path) -> dict:
    try:
        return json.loads(_state_path(home).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _lock_path(home: Path) -> Path:
    return home / "up.lock"


def _state_path(home: Path) -> Path:
    return home / "up.json"
