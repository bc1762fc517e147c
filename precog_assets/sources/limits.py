"""Our own rate limits, one per source and mode, shared by all processes of one machine.

Belongs here: taking permits, waiting for them, counting the use. Does not: which rates are in force
(`watch.py`), sending, retrying, and what a source answers (`http.py`).

Each (source, mode) has a SQLite file with one row per permit, guarded by a file lock
(pyrate-limiter's file-backed bucket, a rolling window). A permit costs about 0.2 ms.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyrate_limiter as pyrate
from filelock import FileLock

from precog_assets.config import config_path
from precog_assets.config.sources import Mode, SourceConfig
from precog_assets.domain.errors import ConfigurationError
from precog_assets.sources.watch import SourcesFile, rates_of

log = logging.getLogger("precog.http")

Key = tuple[str, Mode]
_Bucket = pyrate.SQLiteBucket | pyrate.InMemoryBucket

DROP_OLD_EVERY_S = 5.0
REOPEN_AFTER_S = 30.0
LOCK_TIMEOUT_S = 1.0
LOCK_POLL_S = 0.002
_TABLE = "requests"


@dataclass(frozen=True, slots=True)
class WindowUse:
    """One rate and its use now, across processes; `used` is None where it could not be read."""

    limit: int
    period_s: float
    used: int | None


@dataclass(frozen=True, slots=True)
class RateUse:
    """The use of one source's limits in one mode; the totals are this process's own."""

    source: str
    mode: Mode
    windows: tuple[WindowUse, ...]
    sent: int
    waited: int
    """Permits that had to be waited for; part of `sent`."""
    refused: int
    shared: bool
    """False while the shared state cannot be used and the limits hold for this process alone."""


@dataclass(slots=True)
class _Meter:
    """The bucket of one (source, mode), and this process's totals."""

    path: Path
    rates: list[pyrate.Rate]
    version: int
    mutex: threading.Lock = field(default_factory=threading.Lock)
    bucket: _Bucket | None = None
    reopen_at: float = 0.0
    dropped_at: float = 0.0
    error: str | None = None
    sent: int = 0
    waited: int = 0
    refused: int = 0

    def take(self) -> float:
        """Take a permit: 0 when it was there, else seconds until there may be one."""
        with self.mutex:
            try:
                return self._take_from(self._shared_bucket())
            except (sqlite3.Error, OSError) as error:
                self._fall_back(error)
                return self._take_from(self._local_bucket())

    def apply(self, rates: list[pyrate.Rate], version: int) -> None:
        """Put new rates in force; permits already taken stay counted."""
        with self.mutex:
            self.rates, self.version = rates, version
            if self.bucket is not None:
                self.bucket.rates = rates

    def close(self) -> None:
        with self.mutex:
            if self.bucket is not None:
                _close(self.bucket)
                self.bucket = None

    def _take_from(self, bucket: _Bucket) -> float:
        now_ms = bucket.now()
        assert isinstance(now_ms, int)
        if time.monotonic() - self.dropped_at > DROP_OLD_EVERY_S:
            self.dropped_at = time.monotonic()
            bucket.leak(now_ms)
        decision = bucket.put_decision(pyrate.RateItem("", now_ms))
        assert isinstance(decision, pyrate.Decision)
        if decision.failing_rate is None:
            return 0.0
        wait_ms = decision.retry_after_ms or 1
        if wait_ms > decision.failing_rate.interval + 1000:
            # The machine's clock went back: permits "of the future" would block until it has caught up.
            bucket.flush()
            return 0.001
        return max(1, wait_ms) / 1000

    def _shared_bucket(self) -> _Bucket:
        if self.error is not None and time.monotonic() < self.reopen_at:
            return self._local_bucket()
        if self.bucket is None or self.error is not None:
            self.bucket = _open_bucket(self.path, self.rates)
            self.error = None
        return self.bucket

    def _local_bucket(self) -> _Bucket:
        if self.bucket is None:
            self.bucket = pyrate.InMemoryBucket(self.rates)
        return self.bucket

    def _fall_back(self, error: Exception) -> None:
        self.error = f"{self.path}: {error}; the limit holds for this process alone. Check space and rights there."
        self.reopen_at = time.monotonic() + REOPEN_AFTER_S
        log.error("%s", self.error)
        if isinstance(self.bucket, pyrate.SQLiteBucket):
            _close(self.bucket)
            self.bucket = None


def _open_bucket(path: Path, rates: list[pyrate.Rate]) -> pyrate.SQLiteBucket:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The bucket's own file lock waits for ever, in steps of 50 ms; a stopped process must not stop this one.
    lock = FileLock(f"{path}.lock", timeout=LOCK_TIMEOUT_S, poll_interval=LOCK_POLL_S, thread_local=False)
    with lock:
        made = pyrate.SQLiteBucket.init_from_file(rates, table=_TABLE, db_path=str(path))
        made.conn.execute("PRAGMA journal_mode=WAL").close()
        made.conn.execute("PRAGMA synchronous=NORMAL").close()
    return pyrate.SQLiteBucket(rates, made.conn, _TABLE, lock=lock)


def _close(bucket: _Bucket) -> None:
    # Not bucket.close(): it takes the file lock, which may be what failed; the caller holds the mutex.
    if isinstance(bucket, pyrate.SQLiteBucket):
        bucket.conn.close()


class RateLimiter:
    """Permits for requests, by source and mode. Safe for threads and shared by processes through `folder`.

    `sources_path` is the file whose rates are in force (default: the configured `sources.yaml`).
    `sleep` is how waiting is done, in seconds.
    """

    def __init__(
        self, folder: Path, *, sources_path: Path | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.folder = folder
        self._file = SourcesFile(sources_path or config_path("sources.yaml"))
        self._sleep = sleep
        self._lock = threading.Lock()
        self._meters: dict[Key, _Meter] = {}

    def config(self, source: str) -> SourceConfig:
        """The configuration of a source in force now. Raises ConfigurationError naming the known ones."""
        sources = self._file.sources()
        if source not in sources:
            raise ConfigurationError(f"{self._file.path}: no source `{source}`; known: {', '.join(sources)}.")
        return sources[source]

    def acquire(self, source: str, mode: Mode, *, max_wait_s: float = 1.0) -> bool:
        """Take a permit, waiting at most `max_wait_s`; False when there is none by then.

        Refuses at once where the wait would be longer. Raises ConfigurationError for an unknown source or mode.
        """
        meter = self._meter(source, mode)
        left_s, waited = max_wait_s, False
        while True:
            asked_at = time.monotonic()
            wait_s = meter.take()
            if wait_s == 0:
                with self._lock:
                    meter.sent += 1
                    meter.waited += waited
                return True
            if wait_s > left_s:
                with self._lock:
                    meter.refused += 1
                return False
            waited = True
            self._sleep(wait_s)
            left_s -= max(wait_s, time.monotonic() - asked_at)

    def usage(self) -> list[RateUse]:
        """Every limit that any process of this machine has used, with its use in the current window."""
        uses: list[RateUse] = []
        for name, source in self._file.sources().items():
            for mode in source.modes:
                meter = self._meters.get((name, mode))
                path = self._path(name, mode)
                if meter is None and not path.exists():
                    continue
                rates = rates_of(source, mode)
                windows = tuple(
                    WindowUse(rate.limit, rate.interval / 1000, used)
                    for rate, used in zip(rates, _used(path, rates), strict=True)
                )
                uses.append(
                    RateUse(
                        source=name,
                        mode=mode,
                        windows=windows,
                        sent=meter.sent if meter else 0,
                        waited=meter.waited if meter else 0,
                        refused=meter.refused if meter else 0,
                        shared=meter is None or meter.error is None,
                    )
                )
        return uses

    def errors(self) -> list[str]:
        """What is wrong with the configuration file or the shared state now; for people to see."""
        self._file.sources()
        found = [self._file.error, *(meter.error for meter in list(self._meters.values()))]
        return [error for error in found if error]

    def close(self) -> None:
        """Close the shared state; permits taken stay counted for others."""
        with self._lock:
            for meter in self._meters.values():
                meter.close()

    def _meter(self, source: str, mode: Mode) -> _Meter:
        config = self.config(source)
        with self._lock:
            version = self._file.version
            meter = self._meters.get((source, mode))
            if meter is None:
                meter = _Meter(self._path(source, mode), rates_of(config, mode), version)
                self._meters[(source, mode)] = meter
            elif meter.version != version:
                meter.apply(rates_of(config, mode), version)
            return meter

    def _path(self, source: str, mode: Mode) -> Path:
        return self.folder / f"{source}-{mode}.sqlite"


def _used(path: Path, rates: list[pyrate.Rate]) -> list[int | None]:
    """Permits taken within each rate's period until now, by every process."""
    if not path.exists():
        return [None] * len(rates)
    now_ms = time.time_ns() // 1_000_000
    query = f"SELECT count(*) FROM {_TABLE} WHERE item_timestamp >= ?"  # noqa: S608 - a constant
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=LOCK_TIMEOUT_S)) as connection:
            return [connection.execute(query, (now_ms - rate.interval,)).fetchone()[0] for rate in rates]
    except sqlite3.Error as error:
        log.warning("%s: its use cannot be read: %s", path, error)
        return [None] * len(rates)
