"""`sources.yaml` while the platform runs: read again when it changes, and its rates as the limiter needs them.

Belongs here: noticing a change, taking it over, and refusing a file that makes no sense. Does not:
the file's shape (`config.sources`), and what the rates are used for (`limits.py`).
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pyrate_limiter as pyrate
import yaml

from precog_assets.config import read_sources
from precog_assets.config.sources import Mode, SourceConfig
from precog_assets.domain.errors import ConfigurationError

log = logging.getLogger("precog.http")

CHECK_FILE_EVERY_S = 1.0


class SourcesFile:
    """`sources.yaml`, read again when it changes; a file that cannot be read leaves what was read before.

    Raises ConfigurationError on construction when there is no earlier reading to fall back on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: str | None = None
        """Why the newest file is not in force; None when it is."""
        self.version = 0
        """Counts the readings that were taken over."""
        self._lock = threading.Lock()
        self._stamp = self._stat()
        self._checked_at = time.monotonic()
        try:
            self._sources = self._read()
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def sources(self) -> dict[str, SourceConfig]:
        """The configuration in force; looks at the file at most once a second."""
        with self._lock:
            now = time.monotonic()
            if now - self._checked_at >= CHECK_FILE_EVERY_S:
                self._checked_at = now
                stamp = self._stat()
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._take_over()
            return self._sources

    def _take_over(self) -> None:
        try:
            sources = self._read()
        except (OSError, ValueError, yaml.YAMLError, ConfigurationError) as error:
            self.error = f"{self.path} was changed and cannot be used, what was read before holds: {error}"
            log.error("%s", self.error)
            return
        self.error = None
        # A source or mode that the file no longer names keeps what it had: running clients still use it.
        for name, before in self._sources.items():
            now = sources.get(name, before)
            sources[name] = now.model_copy(update={"modes": {**before.modes, **now.modes}})
        if sources != self._sources:
            self._sources = sources
            self.version += 1
            log.info("%s was changed and is in force", self.path)

    def _read(self) -> dict[str, SourceConfig]:
        sources = read_sources(self.path)
        for source in sources.values():
            for mode in source.modes:
                rates_of(source, mode)
        return sources

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def rates_of(source: SourceConfig, mode: Mode) -> list[pyrate.Rate]:
    """The rates of a source in a mode, shortest period first. Raises ConfigurationError when they make no sense."""
    config = source.modes.get(mode)
    if config is None:
        raise ConfigurationError(f"source `{source.name}` has no mode `{mode}`; it has {', '.join(source.modes)}.")
    rates = [pyrate.Rate(rate.requests, max(1, round(rate.per_s * 1000))) for rate in config.rates]
    rates.sort(key=lambda rate: rate.interval)
    if not pyrate.validate_rate_list(rates):
        text = ", ".join(f"{rate.requests} per {rate.per_s:g} s" for rate in config.rates)
        raise ConfigurationError(
            f"source `{source.name}`, mode `{mode}`: rates {text} contradict each other; a longer period must "
            "allow more requests, but no more per second, than a shorter one."
        )
    return rates
