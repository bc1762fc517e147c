"""`precog up` as people run it: a process, its children, its ports, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from precog_assets import embedded
from precog_assets.cli.children import can_bind, get
from precog_assets_tests.cli.homes import PRECOG, Home, fresh_home


def until(true: Callable[[], bool], *, timeout_s: float, what: str, process: subprocess.Popen[str]) -> None:
    """Poll until it holds; fails naming what did not come, with what `up` printed."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"{what} (exit code {process.poll()}):\n{process.communicate()[0]}")
        time.sleep(0.2)


@pytest.fixture
def home() -> Iterator[Home]:
    with fresh_home() as made:
        yield made


def start(home: Home, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PRECOG, "up", *options],
        env=dict(home.variables),
        cwd=home.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_up_answers_with_data_refuses_a_second_one_and_ctrl_c_leaves_nothing_behind(home):
    ports = {name: int(home.variables[name]) for name in ("PRECOG_UI_PORT", "PRECOG_CODE_SERVER_PORT", "SIM_PORT")}
    process = start(home, "--no-bootstrap")
    try:
        ui = ports["PRECOG_UI_PORT"]
        until(lambda: get("127.0.0.1", ui, "/server_info") is not None, timeout_s=90, what="no UI", process=process)
        told = home.folder / "logs" / "first_pass.log"
        until(
            lambda: told.exists() and b"games" in told.read_bytes(),
            timeout_s=60,
            what="no first pass",
            process=process,
        )
        said = home.folder / "logs" / "collector.log"
        until(
            lambda: said.exists() and b'"connected":true' in said.read_bytes(),
            timeout_s=60,
            what="no collector",
            process=process,
        )
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 5  # simulator, code server and its own, UI, daemon, collector

        second = home.precog("up", "--no-bootstrap")
        assert second.returncode == 2
        assert f"process {process.pid}" in second.stderr

        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert f"http://127.0.0.1:{ui}" in output
    assert "games in play" in output
    assert "Everything is stopped." in output
    assert "was killed" not in output
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert all(can_bind("127.0.0.1", port) for port in ports.values())
    assert not embedded.is_running(home.folder)
    assert not (home.folder / "up.json").exists()


def test_up_names_the_variable_of_a_port_that_is_taken(home):
    listener = subprocess.Popen(
        [sys.executable, "-m", "http.server", home.variables["SIM_PORT"], "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while get("127.0.0.1", int(home.variables["SIM_PORT"]), "/") is None:
            assert listener.poll() is None
        done = home.precog("up")
    finally:
        listener.kill()
        listener.wait()
    assert done.returncode == 2
    assert f"Port {home.variables['SIM_PORT']}" in done.stderr
    assert "SIM_PORT" in done.stderr


def test_an_up_that_was_killed_leaves_a_lock_nobody_holds_and_children_the_next_one_ends(home):
    from precog_assets.cli.homelock import end_left_behind, left_database, only_up, remember

    code = "import time; time.sleep(600)"
    orphan = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    stranger = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        with only_up(home.folder):
            remember(home.folder, [orphan.pid, stranger.pid], own_database=True)
            state = json.loads((home.folder / "up.json").read_text())
        # The stranger took the process id of a child that is long gone: it started at another moment.
        state["children"][1][1] -= 1000
        (home.folder / "up.json").write_text(json.dumps(state))
        with only_up(home.folder):
            assert left_database(home.folder)
            assert end_left_behind(home.folder) == [orphan.pid]
        assert not psutil.pid_exists(orphan.pid)
        assert stranger.poll() is None
    finally:
        for process in (orphan, stranger):
            process.kill()
            process.wait()
