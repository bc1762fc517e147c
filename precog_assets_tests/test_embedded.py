"""The PostgreSQL that comes with the package: started by whoever needs it first, and whatever happened before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from precog_assets import embedded
from precog_assets.domain.errors import PrecogError

pytestmark = pytest.mark.xdist_group("one embedded server")
STARTER = """
import json, sys
from pathlib import Path
from precog_assets import embedded
print("ready", flush=True)
sys.stdin.readline()
server = embedded.start(Path(sys.argv[1]))
print(json.dumps([server.started_now, server.url("postgres")]))
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="precog-tests-") as folder:
        yield Path(folder)
        embedded.stop(Path(folder))


@pytest.fixture(scope="module")
def made(home: Path) -> list[tuple[bool, str]]:
    """A cluster that two processes want at the same moment; what each says: (started now, address)."""
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for starter in starters:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("\n")
        starter.stdin.flush()
    said = [tuple(json.loads(starter.communicate(timeout=90)[0])) for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0]
    return said


def asked(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None


def postmaster(home: Path) -> int:
    return int((embedded.data_folder(home) / "postmaster.pid").read_text().splitlines()[0])


def test_two_processes_at_once_make_one_server_that_outlives_them(home: Path, made: list[tuple[bool, str]]) -> None:
    assert sorted(started for started, _ in made) == [False, True]
    assert made[0][1] == made[1][1]
    assert embedded.is_running(home)
    assert asked(made[0][1], "SELECT 1") == 1


def test_our_settings_are_in_force_once(home: Path, made: list[tuple[bool, str]]) -> None:
    url = made[0][1]
    assert asked(url, "SHOW max_connections") == "200"
    assert asked(url, "SHOW timezone") == "UTC"
    assert (embedded.data_folder(home) / "postgresql.conf").read_text().count(embedded.MARK) == 1


def test_it_listens_on_a_socket_and_never_on_the_network(made: list[tuple[bool, str]]) -> None:
    url = made[0][1]
    assert asked(url, "SHOW listen_addresses") == ""
    folder = str(asked(url, "SHOW unix_socket_directories"))
    assert len(f"{folder}/.s.PGSQL.5432") < 108
    assert "host=/" in url


def test_a_running_server_is_found_not_started_again(home: Path, made: list[tuple[bool, str]]) -> None:
    before = postmaster(home)
    server = embedded.start(home)
    assert (server.started_now, server.url("postgres"), postmaster(home)) == (False, made[0][1], before)


def test_it_comes_with_its_own_psql(home: Path, made: list[tuple[bool, str]]) -> None:
    program = embedded.binary("psql")
    answer = subprocess.run(
        [str(program), made[0][1], "-Atc", "SELECT 6 * 7"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "42\n"


def test_a_killed_server_starts_again_with_what_was_committed(home: Path, made: list[tuple[bool, str]]) -> None:
    url = made[0][1]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (5)")
    pid = postmaster(home)
    os.kill(pid, signal.SIGKILL)
    while embedded.is_running(home):
        pass
    again = embedded.start(home)
    assert again.started_now
    assert postmaster(home) != pid
    assert asked(again.url("postgres"), "SELECT x FROM kept") == 5


def test_a_stopped_server_is_not_running_and_can_be_started_again(home: Path, made: list[tuple[bool, str]]) -> None:
    embedded.start(home)
    assert embedded.stop(home)
    assert not embedded.is_running(home)
    assert not embedded.stop(home)
    again = embedded.start(home)
    assert asked(again.url("postgres"), "SHOW max_connections") == "200"


def test_nothing_runs_where_nothing_was_made(tmp_path: Path) -> None:
    assert not embedded.is_running(tmp_path)
    assert not embedded.stop(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", ["", "nonsense\n", "99999999\n"])
def test_a_pid_file_that_names_no_process_is_of_no_running_server(tmp_path: Path, written: str) -> None:
    embedded.data_folder(tmp_path).mkdir()
    (embedded.data_folder(tmp_path) / "postmaster.pid").write_text(written)
    assert not embedded.is_running(tmp_path)


def test_a_server_that_cannot_start_says_where_and_why(tmp_path: Path) -> None:
    """A file stands where the data folder should be."""
    embedded.data_folder(tmp_path).write_text("not a folder")
    with pytest.raises(PrecogError, match=r"Embedded PostgreSQL under .*postgresql did not start") as failed:
        embedded.start(tmp_path)
    assert failed.value.code == "system.database"
