"""A home of a test's own: a short path, since socket paths are bound, free ports, and no server left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from precog_assets import embedded
from precog_assets.environment import Settings

PRECOG = [sys.executable, "-m", "precog_assets.cli.main"]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a test's commands work, and the variables they are given."""

    folder: Path
    variables: Mapping[str, str]

    def precog(self, *arguments: str, timeout_s: float = 120.0, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the real command in a process of its own."""
        return subprocess.run(
            [*PRECOG, *arguments],
            env={**self.variables, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


@contextmanager
def fresh_home(**more: str) -> Iterator[Home]:
    """A new home; its PostgreSQL is stopped and its folder gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pc-"))
    ours = {field.upper() for field in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in ours | {"DAGSTER_HOME"}}
    # The simulator plays its whole slate; two leagues are polled.
    given = {
        "PRECOG_HOME": str(folder),
        "PRECOG_LEAGUES": "nfl,nba",
        "SIM_PORT": str(free_port()),
        "PRECOG_UI_PORT": str(free_port()),
        "PRECOG_CODE_SERVER_PORT": str(free_port()),
    }
    try:
        yield Home(folder, {**inherited, **given, **more})
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
