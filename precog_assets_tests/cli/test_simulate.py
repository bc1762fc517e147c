from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from precog_assets.cli.children import get
from precog_assets.cli.main import app
from precog_assets_tests.cli.homes import PRECOG, Home, fresh_home


def serve(home: Home, *options: str) -> subprocess.Popen[bytes]:
    """`precog simulate` in the foreground of a process, once it answers."""
    process = subprocess.Popen([*PRECOG, "simulate", *options], env=dict(home.variables), cwd=home.folder)
    deadline = time.monotonic() + 60
    while get("127.0.0.1", int(home.variables["SIM_PORT"]), "/simulator/health") is None:
        assert process.poll() is None
        assert time.monotonic() < deadline
    return process


def test_a_world_is_served_until_ctrl_c_and_other_commands_do_not_change_its_speed():
    with fresh_home() as home:
        process = serve(home, "--speed", "60", "--seed", "7")
        try:
            health = json.loads(get("127.0.0.1", int(home.variables["SIM_PORT"]), "/simulator/health") or b"")
            assert (health["mode"], health["seed"], health["speed"]) == ("world", 7, 60.0)
            world = (home.folder / "simulator" / "dev.json").read_bytes()
            doctor = home.precog("doctor", SIM_SPEED="1")
            assert "ok    simulated world: its clock shows" in doctor.stdout
            assert "ok    espn: sim" in doctor.stdout
            assert (home.folder / "simulator" / "dev.json").read_bytes() == world
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recorded", "no-such-folder"], "no-such-folder: no such folder"),
        (["--start", "tomorrow"], "--start: not an instant: 'tomorrow'"),
        (["--speed", "0"], "SIM_SPEED"),
    ],
    ids=["no folder", "no instant", "no speed"],
)
def test_options_that_cannot_be_are_refused(runner, options, said):
    result = runner.invoke(app, ["simulate", *options])
    assert result.exit_code == 2
    assert said in result.stderr


def test_nothing_is_simulated_where_every_venue_is_live(runner):
    modes = ["--market-mode", "espn=live", "--market-mode", "kalshi=live"]
    result = runner.invoke(app, [*modes, "simulate"])
    assert result.exit_code == 2
    assert "ESPN_MODE and KALSHI_MODE are live and live" in result.stderr
