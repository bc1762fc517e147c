"""Rate limits: shared by processes, waited for within bounds, following the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from precog_assets.domain.errors import ConfigurationError
from precog_assets.sources import limits, watch
from precog_assets.sources.limits import RateLimiter
from precog_assets.sources.watch import SourcesFile

TEMPLATE = """
sources:
  espn:
    title: t
    modes:
      live: {{base_url: "http://127.0.0.1:1", hosts: [], rates: {rates}}}
      sim: {{base_url: "http://127.0.0.1:1", hosts: [], rates: [{{requests: 500, per_s: 1}}]}}
    timeout_s: {{connect: 1.0, read: 1.0, total: 2.0}}
    retries: {{attempts: 2, wait_initial_s: 0.1, wait_max_s: 1.0}}
    breaker: {{failures: 3, recovery_s: 30}}
    poll: {{idle_s: 1, pregame_s: 1, live_s: 1, pregame_window_min: 1}}
"""

OTHER_PROCESS = """
import sys
from pathlib import Path
from precog_assets.sources.limits import RateLimiter
limiter = RateLimiter(Path(sys.argv[1]), sources_path=Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
print(sum(limiter.acquire("espn", "live", max_wait_s=0) for _ in range(int(sys.argv[3]))))
limiter.close()
"""


def write_rates(path: Path, *rates: tuple[int, float]) -> Path:
    text = "[" + ", ".join(f"{{requests: {requests}, per_s: {per_s}}}" for requests, per_s in rates) + "]"
    path.write_text(TEMPLATE.format(rates=text))
    return path


@pytest.fixture
def sources_path(tmp_path: Path) -> Path:
    return write_rates(tmp_path / "sources.yaml", (5, 3600))


@pytest.fixture
def limiter(tmp_path: Path, sources_path: Path) -> Iterator[RateLimiter]:
    limiter = RateLimiter(tmp_path / "limits", sources_path=sources_path)
    yield limiter
    limiter.close()


@pytest.fixture
def checks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CHECK_FILE_EVERY_S", 0.0)


def taken(limiter: RateLimiter, tries: int = 20, mode: str = "live") -> int:
    return sum(limiter.acquire("espn", mode, max_wait_s=0) for _ in range(tries))  # type: ignore[arg-type]


def other_process(folder: Path, sources_path: Path, tries: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(folder), str(sources_path), str(tries)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(limits.__file__).parents[2])},
    )


def test_two_processes_at_once_take_exactly_the_limit_together(tmp_path: Path) -> None:
    sources_path = write_rates(tmp_path / "sources.yaml", (100, 3600))
    processes = [other_process(tmp_path / "limits", sources_path, 90) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    counts = [int(process.communicate(timeout=20)[0]) for process in processes]
    assert sum(counts) == 100
    assert all(process.returncode == 0 for process in processes)


def test_use_is_counted_across_processes_and_totals_by_process(tmp_path: Path, limiter: RateLimiter) -> None:
    process = other_process(limiter.folder, tmp_path / "sources.yaml", 3)
    assert process.communicate("\n", timeout=20)[0].split() == ["ready", "3"]
    assert taken(limiter, 4) == 2
    (use,) = limiter.usage()
    assert (use.source, use.mode, use.shared) == ("espn", "live", True)
    assert [(w.limit, w.period_s, w.used) for w in use.windows] == [(5, 3600.0, 5)]
    assert (use.sent, use.waited, use.refused) == (2, 0, 2)


def test_threads_together_take_exactly_the_limit(limiter: RateLimiter) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: taken(limiter, 3), range(8))) == 5


@pytest.mark.parametrize(("rates", "count"), [(((3, 3600), (4, 7200)), 3), (((3, 0.05), (4, 3600)), 4)])
def test_every_rate_of_a_list_holds(tmp_path: Path, rates: tuple[tuple[int, float], ...], count: int) -> None:
    path = write_rates(tmp_path / "sources.yaml", *rates)
    limiter = RateLimiter(tmp_path / "limits", sources_path=path)
    assert sum(limiter.acquire("espn", "live", max_wait_s=0.5) for _ in range(6)) == count
    (use,) = limiter.usage()
    assert (use.windows[1].used, use.sent, use.refused) == (count, count, 6 - count)
    limiter.close()


def test_a_permit_is_waited_for_when_it_comes_in_time(tmp_path: Path) -> None:
    path = write_rates(tmp_path / "sources.yaml", (1, 0.05))
    limiter = RateLimiter(tmp_path / "limits", sources_path=path)
    started = time.monotonic()
    assert limiter.acquire("espn", "live")
    assert limiter.acquire("espn", "live")
    assert time.monotonic() - started >= 0.05
    assert limiter.usage()[0].waited == 1
    limiter.close()


def test_a_wait_longer_than_allowed_is_refused_at_once(tmp_path: Path, sources_path: Path) -> None:
    waits: list[float] = []
    limiter = RateLimiter(tmp_path / "limits", sources_path=sources_path, sleep=waits.append)
    assert taken(limiter, 5) == 5
    assert not limiter.acquire("espn", "live", max_wait_s=1.0)
    assert waits == []
    limiter.close()


def test_waiting_ends_when_others_take_the_permit_first(tmp_path: Path) -> None:
    path = write_rates(tmp_path / "sources.yaml", (1, 10))
    folder = tmp_path / "limits"
    waits: list[float] = []
    thief = RateLimiter(folder, sources_path=path)

    def robbed(wait_s: float) -> None:
        waits.append(wait_s)
        with closing(sqlite3.connect(folder / "espn-live.sqlite")) as connection, connection:
            connection.execute("UPDATE requests SET item_timestamp = item_timestamp - 20000")
        assert thief.acquire("espn", "live", max_wait_s=0)

    limiter = RateLimiter(folder, sources_path=path, sleep=robbed)
    assert limiter.acquire("espn", "live")
    assert not limiter.acquire("espn", "live", max_wait_s=15)
    assert len(waits) == 1
    limiter.close()
    thief.close()


def test_modes_do_not_share_their_permits(limiter: RateLimiter) -> None:
    assert taken(limiter, 6) == 5
    assert taken(limiter, 6, mode="sim") == 6


def test_a_changed_file_takes_effect_and_keeps_what_was_taken(
    limiter: RateLimiter, sources_path: Path, checks_at_once: None
) -> None:
    assert taken(limiter) == 5
    write_rates(sources_path, (8, 3600))
    assert taken(limiter) == 3
    write_rates(sources_path, (6, 3600))
    assert taken(limiter) == 0
    assert limiter.usage()[0].windows[0].limit == 6
    assert limiter.errors() == []


def test_the_file_is_not_looked_at_more_often_than_its_interval(
    limiter: RateLimiter, sources_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CHECK_FILE_EVERY_S", 3600.0)
    write_rates(sources_path, (8, 3600))
    assert taken(limiter) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {espn: [", "while parsing"),
        ("nothing: 1\n", "expected a mapping under `sources:`"),
        (TEMPLATE.format(rates="[]"), "espn"),
        (TEMPLATE.format(rates="[{requests: 5, per_s: 1}, {requests: 600, per_s: 60}]"), "contradict each other"),
        ("\xff".encode("latin-1"), "decode"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_keeps_the_old_rates_and_says_why(
    limiter: RateLimiter, sources_path: Path, checks_at_once: None, text: str | bytes | None, said: str
) -> None:
    assert taken(limiter, 1) == 1
    if text is None:
        sources_path.unlink()
    else:
        sources_path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert taken(limiter) == 4
    (error,) = limiter.errors()
    assert str(sources_path) in error
    assert said in error
    write_rates(sources_path, (9, 3600))
    assert taken(limiter) == 4
    assert limiter.errors() == []


def test_a_source_dropped_from_the_file_keeps_its_limits(
    limiter: RateLimiter, sources_path: Path, checks_at_once: None
) -> None:
    assert taken(limiter, 1) == 1
    sources_path.write_text(sources_path.read_text().replace("espn:", "other:"))
    assert taken(limiter, 2) == 2
    assert limiter.config("other").name == "other"


def test_a_mode_dropped_from_the_file_keeps_its_limits(
    limiter: RateLimiter, sources_path: Path, checks_at_once: None
) -> None:
    assert taken(limiter, 1) == 1
    sources_path.write_text(sources_path.read_text().replace("live: {base", "demo: {base"))
    assert taken(limiter) == 4
    assert taken(limiter, 1, mode="demo") == 1


def test_a_bad_file_at_the_start_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.yaml"):
        SourcesFile(tmp_path / "absent.yaml")


def test_an_unknown_source_or_mode_is_named(limiter: RateLimiter) -> None:
    with pytest.raises(ConfigurationError, match="no source `kalsi`; known: espn"):
        limiter.acquire("kalsi", "live")
    with pytest.raises(ConfigurationError, match="no mode `demo`; it has live, sim"):
        limiter.acquire("espn", "demo")


def test_a_damaged_state_file_leaves_a_limit_of_this_process_and_says_so(limiter: RateLimiter) -> None:
    limiter.folder.mkdir()
    (limiter.folder / "espn-live.sqlite").write_bytes(b"not a database, whatever its name says" * 50)
    assert taken(limiter) == 5
    assert "espn-live.sqlite: file is not a database; the limit holds for this process alone" in limiter.errors()[0]
    (use,) = limiter.usage()
    assert not use.shared
    assert use.windows[0].used is None


def test_shared_limits_return_when_the_state_file_can_be_used_again(
    limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REOPEN_AFTER_S", 0.0)
    limiter.folder.mkdir()
    state = limiter.folder / "espn-live.sqlite"
    state.write_bytes(b"not a database, whatever its name says" * 50)
    assert taken(limiter, 1) == 1
    state.unlink()
    assert taken(limiter) == 5
    assert limiter.errors() == []
    assert limiter.usage()[0].shared


@pytest.mark.parametrize("opened_before", [True, False])
def test_a_lock_that_is_held_for_ever_does_not_stop_others(
    limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch, opened_before: bool
) -> None:
    monkeypatch.setattr(limits, "LOCK_TIMEOUT_S", 0.05)
    limiter.folder.mkdir()
    assert taken(limiter, opened_before) == opened_before
    with FileLock(str(limiter.folder / "espn-live.sqlite.lock")):
        assert taken(limiter, 1) == 1
    assert "espn-live.sqlite" in limiter.errors()[0]


def test_permits_dated_in_the_future_by_a_clock_that_went_back_do_not_block(limiter: RateLimiter) -> None:
    assert taken(limiter) == 5
    with closing(sqlite3.connect(limiter.folder / "espn-live.sqlite")) as connection, connection:
        connection.execute("UPDATE requests SET item_timestamp = item_timestamp + 86400000")
    assert limiter.acquire("espn", "live", max_wait_s=0.1)


def test_old_permits_are_dropped_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DROP_OLD_EVERY_S", 0.0)
    path = write_rates(tmp_path / "sources.yaml", (1, 0.001))
    limiter = RateLimiter(tmp_path / "limits", sources_path=path)
    for _ in range(50):
        assert limiter.acquire("espn", "live")
    with closing(sqlite3.connect(limiter.folder / "espn-live.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone()[0] <= 3
    limiter.close()
