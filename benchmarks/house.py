"""A house to measure in: a temporary PRECOG_HOME with the embedded PostgreSQL as people get it, fsync on.

Belongs here: homes, databases, services, and processes that serve. Does not: tests, which trade safety for speed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from precog_assets import embedded
from precog_assets.domain.leagues import League
from precog_assets.environment import Settings, resolve
from precog_assets.services import Services, build_services, open_database

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class House:
    """A running server and the folder around it."""

    home: Path
    server: embedded.EmbeddedServer

    def settings(self, database: str, venue_url: str | None) -> Settings:
        return Settings(
            _env_file=None,  # type: ignore[call-arg]
            precog_home=self.home,
            precog_leagues="",
            database_url=SecretStr(self.server.url(database)),
            raw_archive_url=str(self.home / "raw" / database),
            espn_base_url=venue_url,
            kalshi_base_url=f"{venue_url}/trade-api/v2" if venue_url else None,
        )

    def database(self, name: str) -> str:
        """The URL of a migrated and seeded database of this name, made where it is missing."""
        return open_database(resolve(self.settings(name, "http://127.0.0.1:9"))).url

    @contextlib.contextmanager
    def services(self, database: str, venue_url: str, leagues: Sequence[League] | None = None) -> Iterator[Services]:
        """The product's services over a database of this name and the venues at an address on loopback."""
        opened = build_services(resolve(self.settings(database, venue_url)), leagues=leagues)
        try:
            yield opened
        finally:
            opened.close()


@contextlib.contextmanager
def house() -> Iterator[House]:
    """A house for the length of a block, gone with it."""
    with tempfile.TemporaryDirectory(prefix="precog-bench-") as folder:
        home = Path(folder)
        server = embedded.start(home)
        try:
            yield House(home, server)
        finally:
            embedded.stop(home)


@contextlib.contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """The address that `python -m module` says it serves at (`... ready at ADDRESS`), in a process of its own.

    Raises RuntimeError with what it said instead.
    """
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if " ready at " not in line:
                raise RuntimeError(f"{module} did not say that it is ready; it said {line!r}")
            yield line.rpartition(" ")[2]
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def default_variables() -> None:
    """Drop every variable of the product from this process, so that defaults are measured."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)


def now() -> datetime:
    return datetime.now(UTC)
