from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from precog_assets.cli.children import Child, Program, log_tail
from precog_assets.cli.supervisor import GIVE_UP_AFTER, Chore, Kept, StopAsked, Supervisor
from precog_assets.domain.errors import PrecogError


def program(folder: Path, code: str, *, name: str = "child", ready: bool = True) -> Program:
    return Program(name, [sys.executable, "-c", code], folder / f"{name}.log", {}, lambda: ready)


def ended(child: Child | None) -> Child:
    assert child is not None
    child.process.wait(10)
    return child


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said):
    made = Supervisor(said.append, threading.Event())
    yield made
    made.end()


def test_a_child_that_dies_is_restarted_with_growing_waits_and_said(supervisor, said, tmp_path, monkeypatch):
    one = supervisor.start(program(tmp_path, "raise SystemExit(3)"))
    waits = []
    for _ in range(3):
        ended(one.child)
        supervisor.look()
        waits.append(round(one.restart_at - time.monotonic()))
        assert one.state == "waiting"
        one.restart_at = 0.0
        supervisor.look()
        assert one.child is not None
    assert waits == [1, 2, 4]
    assert len(said) == 3
    assert "exit code 3" in said[0]


def test_an_essential_child_that_keeps_dying_ends_it_with_the_end_of_its_log(supervisor, tmp_path):
    one = supervisor.start(program(tmp_path, "print('out of luck'); raise SystemExit(1)"), essential=True)

    def live_and_die() -> None:
        ended(one.child)
        supervisor.look()
        one.restart_at = 0.0
        supervisor.look()

    for _ in range(GIVE_UP_AFTER - 1):
        live_and_die()
    with pytest.raises(PrecogError, match="out of luck"):
        live_and_die()


def test_a_child_that_ends_before_it_answers_is_named_with_its_log(supervisor, tmp_path):
    one = supervisor.start(program(tmp_path, "raise SystemExit('no such table')", ready=False))
    ended(one.child)
    with pytest.raises(PrecogError, match=r"exit code 1.*\n.*no such table"):
        supervisor.wait_for([one], 5)


def test_a_stop_signal_ends_the_wait_for_a_child(supervisor, tmp_path):
    one = supervisor.start(program(tmp_path, "import time; time.sleep(60)", ready=False))
    supervisor.stop.set()
    with pytest.raises(StopAsked):
        supervisor.wait_for([one], 5)


def test_chores_run_one_after_the_other_and_a_failed_one_does_not_stop_the_next(supervisor, said, tmp_path):
    first = Chore(program(tmp_path, "raise SystemExit(1)", name="first"))
    second = Chore(program(tmp_path, "pass", name="second"))
    supervisor.chores += [first, second]
    supervisor.look()
    assert (first.state, second.state) == ("running", "waiting")
    ended(first.child)
    supervisor.look()
    assert (first.state, second.state) == ("failed", "running")
    ended(second.child)
    supervisor.look()
    assert supervisor.states() == {"first": "failed", "second": "done"}
    assert said == [f"first ended with exit code 1; see {tmp_path / 'first.log'}"]


def test_a_child_that_ignores_the_signal_is_killed_with_its_own_children(tmp_path):
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "own = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(own.pid, flush=True)\n"
        "time.sleep(600)"
    )
    child = Child(program(tmp_path, code))
    while not log_tail(child.program.log):
        assert child.exit_code is None
    grandchild = int(log_tail(child.program.log))
    assert child.stop(grace_s=0.2) is False
    assert child.exit_code == -signal.SIGKILL
    import psutil

    _, alive = psutil.wait_procs([psutil.Process(grandchild)] if psutil.pid_exists(grandchild) else [], timeout=5)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def test_children_are_stopped_last_started_first(said, tmp_path):
    order: list[str] = []
    made = Supervisor(said.append, threading.Event())
    for name in ("one", "two"):
        kept = made.start(program(tmp_path, "import time; time.sleep(60)", name=name))
        assert isinstance(kept, Kept)
        assert kept.child is not None
        stop = kept.child.stop
        kept.child.stop = lambda grace_s, name=name, stop=stop: (order.append(name), stop(grace_s))[1]  # type: ignore[method-assign]
    assert made.end() is True
    assert order == ["two", "one"]


def test_logs_of_the_last_runs_are_kept(tmp_path):
    for number in range(5):
        ended(Child(program(tmp_path, f"print({number})")))
    kept = {path.name: path.read_text().strip() for path in tmp_path.iterdir()}
    assert kept == {"child.log": "4", "child.log.1": "3", "child.log.2": "2", "child.log.3": "1"}
