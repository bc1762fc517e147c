from __future__ import annotations

import json
import signal
import stat
import subprocess
import time
from typing import IO

import pytest

from precog_assets.cli.children import get
from precog_assets.cli.main import app
from precog_assets.cli.simulate import SCENARIOS
from precog_assets_tests.cli.homes import PRECOG, Home, fresh_home


def serve(home: Home, *options: str, stdout: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """`precog simulate` in the foreground of a process, once it answers."""
    command = [*PRECOG, "simulate", *options]
    process = subprocess.Popen(command, env=dict(home.variables), cwd=home.folder, stdout=stdout)
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


def test_a_scenario_is_served_with_its_faults_and_says_where_everything_is():
    with fresh_home() as home:
        faults = home.folder / "faults.yaml"
        faults.write_text("- {kind: gone, path: '*/exchange/schedule'}\n")
        output = home.folder / "said"
        port = int(home.variables["SIM_PORT"])
        with output.open("wb") as said:
            process = serve(home, "--scenario", "storm", "--speed", "2", "--faults", str(faults), stdout=said)
        try:
            health = json.loads(get("127.0.0.1", port, "/simulator/health") or b"")
            assert (health["scenario"], health["speed"], health["seed"]) == ("storm", 2.0, 13)
            listed = json.loads(get("127.0.0.1", port, "/simulator/faults") or b"")["faults"]
            assert len(listed) == 32
            assert get("127.0.0.1", port, "/trade-api/v2/exchange/schedule") is None
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        folder = home.folder / "simulator"
        text = output.read_text()
        assert f"Simulator ready at http://127.0.0.1:{port}; Ctrl-C stops it." in text
        assert "UTC, 2 times real time, scenario storm, 32 faults" in text
        for member in ("default", "desk"):
            key = folder / f"scenario-storm.{member}.key.pem"
            assert f"KALSHI_PRIVATE_KEY_PATH={key}" in text
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert (folder / "scenario-storm.ledger.jsonl").is_file()
        assert not (folder / "dev.json").exists()


def test_the_help_lists_every_scenario_with_a_line(runner):
    result = runner.invoke(app, ["simulate", "--help"])
    for name, about in SCENARIOS.items():
        assert f"{name}: {about.split(',')[0]}" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recorded", "no-such-folder"], "no-such-folder: no such folder"),
        (["--start", "tomorrow"], "--start: not an instant: 'tomorrow'"),
        (["--speed", "0"], "SIM_SPEED"),
        (["--scenario", "monday"], "Scenario 'monday': expected one of grand-slam, march, storm, sunday, or a file"),
        (["--scenario", "./mine.yaml"], "./mine.yaml: cannot be read"),
        (["--scenario", "sunday", "--seed", "3"], "--scenario and --seed: one of them, not both"),
        (["--recorded", ".", "--faults", "x.yaml"], "--recorded and --faults: one of them, not both"),
        (["--resume"], "--resume: goes on with a scenario's world"),
    ],
    ids=[
        *("no folder", "no instant", "no speed", "no scenario", "no file", "scenario and seed"),
        *("recorded faults", "nothing to resume"),
    ],
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
