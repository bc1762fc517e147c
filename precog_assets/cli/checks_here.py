"""Checks of `precog doctor` that need nothing but this machine: versions, configuration, ports, disk, archive."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from precog_assets.cli.finding import Finding
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.environment import Environment

PACKAGES = ("dagster", "dagster-webserver", "dagster-postgres", "sqlalchemy", "psycopg", "psycopg2-binary", "polars")
LOW_DISK_BYTES = 5 * 1000**3
NO_DISK_BYTES = 500 * 1000**2


def versions(_environment: Environment) -> Iterator[Finding]:
    """Python, the packages that matter, and the pairs of them that must agree."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    new_enough = sys.version_info >= (3, 11)
    yield Finding("ok" if new_enough else "fail", "Python", python, "" if new_enough else "Use Python 3.11 or newer.")
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            yield Finding("fail", name, "not installed", "Install precog-assets again; it requires this package.")
    yield Finding("ok", "packages", ", ".join(f"{name} {number}" for name, number in found.items()))
    ours, library = (found.get(name, "") for name in ("dagster", "dagster-postgres"))
    if ours and library and library.split(".")[2:3] != ours.split(".")[2:3]:
        yield Finding(
            "fail",
            "Dagster",
            f"dagster {ours} with dagster-postgres {library}",
            "Install versions of one release: dagster 1.X.N goes with dagster-postgres 0.Y.N.",
        )
    yield _storage_scheme(found.get("sqlalchemy", ""))


def _storage_scheme(sqlalchemy: str) -> Finding:
    """Under SQLAlchemy 2.1, `postgresql://` means psycopg 3, with which Dagster cannot write events."""
    from precog_assets.cli.instance import STORAGE_VARIABLE

    scheme = os.environ.get(STORAGE_VARIABLE, "").partition("://")[0]
    if not scheme or scheme == "postgresql+psycopg2":
        return Finding("ok", "Dagster's storage", f"postgresql+psycopg2 under SQLAlchemy {sqlalchemy}")
    return Finding(
        "fail",
        "Dagster's storage",
        f"{STORAGE_VARIABLE} begins with {scheme}://",
        "Use postgresql+psycopg2://; `precog env --export` writes it so.",
    )


def configuration(_environment: Environment) -> Iterator[Finding]:
    """The files in force, read anew."""
    from precog_assets.config import config_path, read_leagues, read_sources

    for name, read in (("leagues.yaml", read_leagues), ("sources.yaml", read_sources)):
        path = config_path(name)
        try:
            yield Finding("ok", name, f"{len(read(path))} entries in {path}")
        except ConfigurationError as error:
            yield Finding("fail", name, str(error), "Mend the file.")


def running(environment: Environment) -> Iterator[Finding]:
    """Ports, and whether `precog up` holds them."""
    from precog_assets.cli.children import can_bind
    from precog_assets.cli.homelock import holder

    settings = environment.settings
    pid = holder(environment.home)
    if pid is not None:
        yield Finding("ok", "precog up", f"runs as process {pid}")
    wanted = [
        ("UI", settings.precog_ui_host, settings.precog_ui_port, "PRECOG_UI_PORT"),
        ("code server", "127.0.0.1", settings.precog_code_server_port, "PRECOG_CODE_SERVER_PORT"),
    ]
    if environment.runs_simulator:
        wanted.append(("simulator", "127.0.0.1", settings.sim_port, "SIM_PORT"))
    for what, host, port, variable in wanted:
        if can_bind(host, port):
            yield Finding("ok", f"port of the {what}", f"{port} is free")
        elif pid is not None:
            yield Finding("ok", f"port of the {what}", f"{port} is in use, `precog up` runs")
        else:
            yield Finding(
                "warn",
                f"port of the {what}",
                f"{port} is taken by a program that is not `precog up` on this home",
                f"Stop that program, or set {variable}.",
            )


def disk(environment: Environment) -> Iterator[Finding]:
    """Space where PRECOG_HOME lies."""
    place = _nearest(environment.home)
    free = shutil.disk_usage(place).free
    said = f"{free / 1000**3:.1f} GB free at {place}"
    if free < NO_DISK_BYTES:
        yield Finding("fail", "disk", said, "Make room, or move PRECOG_HOME: PostgreSQL stops when the disk is full.")
    elif free < LOW_DISK_BYTES:
        yield Finding("warn", "disk", said, "Make room; a season of live prices takes gigabytes.")
    else:
        yield Finding("ok", "disk", said)


def archive(environment: Environment) -> Iterator[Finding]:
    """Whether the raw archive can be written, and its use against its budget."""
    from precog_assets.store.archive import Budget, open_archive

    url = environment.archive_url
    limit = int(environment.settings.raw_archive_budget_gb * 1024**3)
    try:
        opened = open_archive(url)
        if "://" not in url:
            with tempfile.TemporaryFile(dir=Path(url).expanduser()) as probe:
                probe.write(b"precog doctor")
        used = opened.size_bytes()
    except (PrecogError, OSError, ConfigurationError) as error:
        action = "Check the folder's rights, the bucket, and RAW_ARCHIVE_URL."
        yield Finding("fail", "raw archive", f"{url}: {error}", action)
        return
    budget = Budget(limit)
    status = budget.status(used)
    yield Finding(
        {"ok": "ok", "near": "warn", "over": "fail"}[status],  # type: ignore[arg-type]
        "raw archive",
        f"{opened.describe()}, {budget.text(used)}",
        "" if status == "ok" else "Raise RAW_ARCHIVE_BUDGET_GB, or shorten RAW_RETENTION_MONTHS.",
    )


def _nearest(path: Path) -> Path:
    """The folder itself, or the closest one above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


ALL: tuple[Callable[[Environment], Iterator[Finding]], ...] = (versions, configuration, running, disk, archive)
