"""The simulator as a process: it listens on loopback, keeps its world over restarts, and stops when told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import parse_instant
from precog_assets.simulator.server import build_app, listening_socket, main, serve
from precog_assets.simulator.world_file import SimulatorSettings, load_or_create_world, new_settings, read_world
from precog_assets_tests.simulator.kalshi.asking import Client

REAL = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the server's command line on a free port; the process and its address once it says it is ready."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "precog_assets.simulator.server", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("simulator ready at http://127.0.0.1:"), (line, process.communicate()[1])
        return process, line.rpartition(" ")[2].strip()

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(how)
    output, errors = process.communicate(timeout=20)
    return process.returncode, output, errors


def test_a_restarted_server_continues_the_same_world(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "world.json"
    process, address = start(
        "--world", str(file), "--seed", "7", "--leagues", "nfl,epl", "--anchor", ANCHOR.isoformat()
    )
    with httpx.Client(base_url=address) as client:
        health = client.get("/simulator/health").json()
        clock = client.get("/simulator/clock").json()
        events = client.get("/trade-api/v2/events").json()["events"]
        boards = client.get("/apis/site/v2/sports/football/nfl/scoreboard").json()["events"]
    assert (health["status"], health["mode"], health["seed"], health["speed"]) == ("ok", "world", 7, 1.0)
    assert clock["world_anchor"] == ANCHOR.isoformat()
    assert stop(process) == (0, "", "")

    again, address = start("--world", str(file))
    with httpx.Client(base_url=address) as client:
        later = client.get("/simulator/health").json()
        assert client.get("/simulator/clock").json() | {"now": clock["now"]} == clock
        assert client.get("/trade-api/v2/events").json()["events"] == events
        assert [e["id"] for e in client.get("/apis/site/v2/sports/football/nfl/scoreboard").json()["events"]] == [
            e["id"] for e in boards
        ]
    assert later["seed"] == 7
    assert parse_instant(later["now"]) > parse_instant(health["now"])
    assert stop(again, signal.SIGINT) == (0, "", "")


def test_recorded_folder_is_served_by_the_same_command(start: Start, tmp_path: Path) -> None:
    (tmp_path / "espn" / "nfl").mkdir(parents=True)
    (tmp_path / "espn" / "nfl" / "board.json").write_text(json.dumps({"leagues": [], "events": [{"id": "5"}]}))
    process, address = start("--recorded", str(tmp_path))
    with httpx.Client(base_url=address) as client:
        assert client.get("/apis/site/v2/sports/football/nfl/scoreboard").json()["events"] == [{"id": "5"}]
        health = client.get("/simulator/health").json()
        assert (health["mode"], health["seed"]) == ("recorded", None)
        unknown = client.get("/nowhere")
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
        assert client.post("/simulator/health").status_code == 405
    assert stop(process)[0] == 0


def test_an_open_connection_does_not_hold_up_the_end(start: Start) -> None:
    process, address = start("--leagues", "epl")
    with httpx.Client(base_url=address) as client:
        assert client.get("/simulator/health").status_code == 200
        assert stop(process)[0] == 0


def test_a_served_world_makes_its_first_pages_by_itself_and_says_when_they_are_made(start: Start) -> None:
    process, address = start("--leagues", "epl")
    deadline = datetime.now(UTC) + timedelta(minutes=1)
    with httpx.Client(base_url=address) as client:
        while not client.get("/simulator/health").json()["warm"]:
            assert datetime.now(UTC) < deadline
        asked = client.get("/simulator/requests").json()
    assert asked["requests"] == []
    assert stop(process) == (0, "", "")


def test_what_runs_beside_the_server_does_not_fail_unseen() -> None:
    async def failing() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        serve(build_app(world(leagues=("epl",))), port=0, beside=failing)


def test_wrong_settings_end_the_command_with_their_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments, message in (
        (["--leagues", "cricket"], "cricket"),
        (["--anchor", "yesterday"], "--anchor: not an instant: 'yesterday'"),
        (["--speed", "0"], "expected a number from"),
        (["--speed", "inf"], "expected a number from"),
        (["--leagues", "epl", "--port", "70000"], "Simulator port 70000"),
        (["--world", str(tmp_path / "w.json"), "--leagues", "cricket"], "cricket"),
        (["--recorded", str(tmp_path)], "neither is there"),
        (["--leagues", "epl", "--host", "0.0.0.0"], "not a loopback address"),
    ):
        assert main(arguments) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "w.json").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::"])
def test_hosts_beyond_loopback_are_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="not a loopback address"):
        listening_socket(host, 0)
    with pytest.raises(ConfigurationError, match="not a loopback address"):
        serve(build_app(world(leagues=("epl",))), host, 0)


def test_a_remote_host_is_accepted_when_allowed() -> None:
    with listening_socket("0.0.0.0", 0, allow_remote=True) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_taken_port_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as holder:
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            listening_socket("127.0.0.1", port)


def world(**changes: Any) -> SimulatorSettings:
    return new_settings(**{"real_now": REAL, "anchor": ANCHOR, **changes})


def test_world_time_goes_on_while_nobody_runs_it(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    first = load_or_create_world(file, real_now=REAL, seed=3, speed=60.0, anchor=ANCHOR)
    later = load_or_create_world(file, real_now=REAL + timedelta(hours=1), seed=3, speed=60.0)
    assert later == first
    assert later.clock.at(REAL + timedelta(hours=1)) == ANCHOR + timedelta(hours=60)


@pytest.mark.parametrize(
    ("asked", "stored", "shown"),
    [
        ({"seed": 4}, "seed 3", "4 was asked for"),
        ({"speed": 2.0}, "speed 1.0", "2.0 was asked for"),
        ({"anchor": ANCHOR + timedelta(days=1)}, ANCHOR.isoformat(), "2026-11-23T01:00:00"),
        ({"leagues": ("epl",)}, "leagues ('nfl', 'nba'", "('epl',) was asked for"),
    ],
)
def test_another_world_than_the_stored_one_is_refused_naming_both(
    tmp_path: Path, asked: dict[str, Any], stored: str, shown: str
) -> None:
    file = tmp_path / "world.json"
    load_or_create_world(file, real_now=REAL, seed=3, anchor=ANCHOR)
    with pytest.raises(ConfigurationError) as refusal:
        load_or_create_world(file, real_now=REAL, **asked)
    assert stored in str(refusal.value)
    assert shown in str(refusal.value)
    assert read_world(file).seed == 3


def test_processes_that_begin_at_once_agree_on_one_world(tmp_path: Path) -> None:
    file, together = tmp_path / "world.json", Barrier(6)

    def begin(number: int) -> SimulatorSettings:
        together.wait()
        return load_or_create_world(file, real_now=REAL + timedelta(seconds=number))

    with ThreadPoolExecutor(6) as pool:
        worlds = set(pool.map(begin, range(6)))
    assert worlds == {read_world(file)}
    assert [path.name for path in tmp_path.iterdir()] == ["world.json"]


def test_reset_begins_another_world(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    load_or_create_world(file, real_now=REAL, seed=3, anchor=ANCHOR)
    fresh = load_or_create_world(file, real_now=REAL + timedelta(days=30), seed=4, reset=True)
    assert (fresh.seed, fresh.real_anchor) == (4, REAL + timedelta(days=30))
    assert read_world(file) == fresh


def test_changing_speed_keeps_world_time_continuous_and_the_world_the_same(tmp_path: Path) -> None:
    file, moment = tmp_path / "world.json", REAL + timedelta(minutes=30)
    slow = load_or_create_world(file, real_now=REAL, anchor=ANCHOR, speed=2.0)
    fast = load_or_create_world(file, real_now=moment, speed=100.0, change_speed=True)
    assert fast.clock.at(moment) == slow.clock.at(moment) == ANCHOR + timedelta(hours=1)
    assert fast.clock.at(moment + timedelta(minutes=1)) == ANCHOR + timedelta(hours=1, minutes=100)
    assert fast.world == slow.world
    assert read_world(file) == fast


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "seed": "x"}'])
def test_a_broken_world_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "world.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"world\.json: "):
        load_or_create_world(file, real_now=REAL)
    assert file.read_text() == text


def test_both_venues_show_the_same_games_over_one_world() -> None:
    settings = world(leagues=("nfl", "epl", "mlb", "atp"), real_now=datetime.now(UTC) - timedelta(minutes=30))
    with Client(build_app(settings)) as client:
        board = client.get("/apis/site/v2/sports/football/nfl/scoreboard", {"dates": "20261122"}).json()["events"]
        page = client.get("/trade-api/v2/events", {"series_ticker": "KXNFLGAME", "with_milestones": "true"}).json()
    listed = {
        (parse_instant(milestone["start_date"]), event["title"].split()[-1])
        for event, milestone in zip(page["events"], page["milestones"], strict=True)
    }
    shown = {(parse_instant(event["date"]), event["name"].split()[-1]) for event in board}
    assert len(shown) == len(board) > 4
    assert shown <= listed


def test_real_worlds_markets_are_coherent_with_their_games() -> None:
    seen, cursor = [], ""
    with Client(build_app(world(real_now=datetime.now(UTC) - timedelta(hours=1)))) as client:
        while True:
            asked = {"limit": 1000, "cursor": cursor, "mve_filter": "exclude"}
            page = client.get("/trade-api/v2/markets", asked).json()
            seen += page["markets"]
            cursor = page["cursor"]
            if not cursor:
                break
    tickers = [market["ticker"] for market in seen]
    assert len(tickers) == len(set(tickers)) > 1000
    assert {m["status"] for m in seen} >= {"active", "finalized"}
    for market in seen:
        opened, expected = parse_instant(market["open_time"]), parse_instant(market["occurrence_datetime"])
        assert parse_instant(market["created_time"]) < opened < expected - timedelta(hours=3)
        if market["status"] == "active":
            assert 0.01 <= float(market["yes_bid_dollars"]) < float(market["yes_ask_dollars"]) <= 0.99
        if market["status"] == "finalized":
            assert market["result"] in ("yes", "no", "scalar")
