"""Processes that die, a database that goes away, two of us at once: the same facts, no duplicates."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets import embedded
from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.environment import resolve
from precog_assets.pipeline.feeds import only_one
from precog_assets.pipeline.games import poll_games
from precog_assets.services import Services, build_services
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock, settings_for
from precog_assets_tests.venues import Venue, board, board_event

DAY = date(2026, 11, 22)
POLLER = """
import sys
from datetime import date
from precog_assets.config import load_leagues
from precog_assets.environment import resolve
from precog_assets.pipeline.games import poll_games
from precog_assets.services import opened
with opened(resolve()) as services:
    print("ready", flush=True)
    for _ in range(int(sys.argv[1])):
        poll_games(services, [(load_leagues()["nfl"], date(2026, 11, 22))], correlation_id="child")
        print("polled", flush=True)
"""


def start_poller(venue: Venue, database_url: str, home: Path, polls: int) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PRECOG_ENV": "test",
        "PRECOG_HOME": str(home),
        "PRECOG_LEAGUES": "nfl",
        "ESPN_BASE_URL": venue.url,
        "KALSHI_BASE_URL": f"{venue.url}/trade-api/v2",
        "DATABASE_URL": database_url,
    }
    return subprocess.Popen(
        [sys.executable, "-c", POLLER, str(polls)], stdout=subprocess.PIPE, text=True, env=environment, cwd=home
    )


def scores(engine: sa.Engine) -> list[tuple[str, int]]:
    table = tables.game_states
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.c.game_id, table.c.home_score).order_by(table.c.game_id, table.c.observed_at)
        )
        return [(row.game_id, row.home_score) for row in rows]


def test_a_poller_killed_at_any_moment_leaves_whole_facts(
    venue: Venue, database_url: str, engine: sa.Engine, tmp_path: Path
) -> None:
    """Three pollers are killed while the score moves; a fourth finishes: each game's scores, once, in order."""
    games = [str(400 + index) for index in range(30)]
    moments = random.Random(7)
    for score in (0, 3, 6, 9):
        venue.put(NFL_BOARD, board(*(board_event(game, score=(score, 0)) for game in games)))
        last = score == 9
        with start_poller(venue, database_url, tmp_path, 1 if last else 10_000) as poller:
            assert poller.stdout is not None
            assert poller.stdout.readline() == "ready\n"
            if last:
                poller.wait(timeout=60)
                assert poller.returncode == 0
                continue
            timer = threading.Timer(moments.uniform(0.02, 0.3), poller.kill)
            timer.start()
            poller.wait(timeout=60)
            timer.join()
            assert poller.returncode == -signal.SIGKILL
    stored = scores(engine)
    for game in games:
        seen = [score for game_id, score in stored if game_id == f"nfl:{game}"]
        assert seen == sorted(set(seen)), f"{game}: {seen}"
        assert seen[-1] == 9
    with engine.connect() as connection:
        half = connection.execute(
            sa.text(
                "SELECT count(*) FROM core.games g WHERE g.home_score IS DISTINCT FROM (SELECT s.home_score "
                "FROM core.game_states s WHERE s.game_id = g.game_id ORDER BY s.observed_at DESC LIMIT 1)"
            )
        ).scalar_one()
    assert half == 0


def test_two_pollers_of_the_same_boards_write_no_row_twice(
    venue: Venue, database_url: str, engine: sa.Engine, tmp_path: Path
) -> None:
    venue.put(NFL_BOARD, board(*(board_event(str(400 + index)) for index in range(20))))
    pollers = [start_poller(venue, database_url, tmp_path, 5) for _ in range(2)]
    for poller in pollers:
        poller.communicate(timeout=90)
        assert poller.returncode == 0
    assert len(scores(engine)) == 20


def test_the_second_process_in_a_step_yields_and_a_dead_one_holds_nothing(engine: sa.Engine) -> None:
    with only_one(engine, "games") as first, only_one(engine, "games") as second, only_one(engine, "markets") as other:
        assert (first, second, other) == (True, False, True)
    with only_one(engine, "games") as again:
        assert again
    gone = engine.connect()
    gone.execute(sa.text("SELECT pg_advisory_lock(hashtextextended('precog step games', 0))"))
    gone.invalidate()
    with only_one(engine, "games") as after:
        assert after


def test_a_database_that_stops_is_said_loudly_and_caught_up_with(
    venue: Venue, clock: TestClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("db")
    settings = settings_for(venue, "", home).model_copy(update={"database_url": None})
    services = build_services(resolve(settings), leagues=[load_leagues()["nfl"]])
    try:
        venue.put(NFL_BOARD, board(board_event("401", score=(0, 0))))
        assert poll(services).inserted == 1
        embedded.stop(home)
        venue.put(NFL_BOARD, board(board_event("401", score=(7, 0))))
        with pytest.raises(PrecogError) as away:
            poll(services)
        assert away.value.code == "system.database"
        embedded.start(home)
        clock.forward(30)
        assert poll(services).changed == 1
        assert scores(services.engine) == [("nfl:401", 0), ("nfl:401", 7)]
    finally:
        services.close()
        embedded.stop(home)


def poll(services: Services):
    return poll_games(services, [(load_leagues()["nfl"], DAY)], correlation_id="test")


def test_a_state_delivered_late_takes_its_place_in_time(services: Services, venue: Venue, clock: TestClock) -> None:
    """A second process read 7-0 before us and writes it after us."""
    start = clock.now()
    venue.put(NFL_BOARD, board(board_event("401", score=(0, 0))))
    poll(services)
    clock.forward(20)
    venue.put(NFL_BOARD, board(board_event("401", score=(14, 0))))
    poll(services)
    clock.instant = start.replace(second=10)
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 0))))
    poll(services)
    assert [score for _, score in scores(services.engine)] == [0, 7, 14]
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(tables.games.c.home_score)).scalar_one() == 14
    clock.instant = datetime(2026, 11, 22, 18, 31, tzinfo=UTC)
    venue.put(NFL_BOARD, board(board_event("401", score=(14, 0))))
    assert poll(services).written == 0
    assert [score for _, score in scores(services.engine)] == [0, 7, 14]
