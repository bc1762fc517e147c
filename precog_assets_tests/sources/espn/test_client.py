"""Requests as ESPN's API wants them, sent through the real HTTP layer to a server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from precog_assets.config import load_leagues, load_sources
from precog_assets.domain.errors import ErrorClass
from precog_assets.domain.times import SystemClock
from precog_assets.sources.espn.client import (
    EspnClient,
    board_request,
    requests_for,
    schedule_request,
    standings_request,
    summary_request,
    teams_request,
)
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.sources.http import HttpClient, UnrecordedResponses
from precog_assets.sources.limits import RateLimiter
from precog_assets_tests.sources.espn.build import board, event, league

DAY = date(2026, 11, 22)


def test_a_pro_league_takes_one_request_a_day() -> None:
    (request,) = requests_for(league("nba"), DAY)
    assert request == board_request(league("nba"), DAY)
    assert request.path == "/apis/site/v2/sports/basketball/nba/scoreboard"
    assert request.params == {"dates": "20261122", "limit": 500}
    assert request.feed == "espn:scoreboard:nba:20261122"


def test_a_college_league_takes_one_request_a_group() -> None:
    requests = requests_for(league("ncaab"), DAY)
    assert [request.feed for request in requests] == [
        "espn:scoreboard:ncaab:20261122:50",
        "espn:scoreboard:ncaab:20261122:100",
    ]
    assert [request.params["groups"] for request in requests] == ["50", "100"]


def test_every_configured_league_asks_for_single_days_with_its_own_feed() -> None:
    requests = [request for one in load_leagues().values() for request in requests_for(one, DAY)]
    assert {request.params["dates"] for request in requests} == {"20261122"}
    assert len({request.feed for request in requests}) == len(requests)
    assert len({(request.path, request.params.get("groups")) for request in requests}) == len(requests)


def test_lists_schedules_summaries_and_standings_have_their_own_paths_and_feeds() -> None:
    epl = league("epl")
    assert teams_request(epl).path == "/apis/site/v2/sports/soccer/eng.1/teams"
    schedule = schedule_request(league("nfl"), "12", 2026, 3)
    assert schedule.path == "/apis/site/v2/sports/football/nfl/teams/12/schedule"
    assert (schedule.params, schedule.feed) == ({"season": 2026, "seasontype": 3}, "espn:schedule:nfl:12:2026:3")
    assert summary_request(league("nfl"), "401").params == {"event": "401"}
    standings = standings_request(league("ncaab"), season=2027, level=3)
    assert standings.path == "/apis/v2/sports/basketball/mens-college-basketball/standings"
    assert (standings.params, standings.feed) == ({"season": 2027, "level": 3}, "espn:standings:ncaab:2027")


class _Espn(BaseHTTPRequestHandler):
    """Answers boards with one event, summaries with 404, and NHL boards with the edge's 403 page."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if "/hockey/" in url.path:
            self._answer(403, "text/html", b"<html><h1>Access Denied</h1></html>")
        elif url.path.endswith("/summary"):
            self._answer(404, "application/json", b'{"code":404,"message":"Error invoking GET"}')
        else:
            named = ".".join([*url.path.split("/")[-2:], *query.get("dates", []), *query.get("groups", [])])
            self._answer(200, "application/json;charset=UTF-8", board(event(event_id=named)))

    def _answer(self, code: int, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EspnClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Espn)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    http = HttpClient(
        load_sources()["espn"],
        mode="sim",
        base_url=f"http://127.0.0.1:{server.server_port}",
        user_agent=None,
        response_log=UnrecordedResponses(),
        clock=SystemClock(),
        limiter=RateLimiter(tmp_path),
    )
    yield EspnClient(http)
    http.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_board_is_fetched_and_read(client: EspnClient) -> None:
    fetch = client.scoreboard(league("ncaab"), DAY, "50", correlation_id="c")
    assert (fetch.ok, fetch.feed) == (True, "espn:scoreboard:ncaab:20261122:50")
    rows = parse_scoreboard(fetch.body, league("ncaab")).games.rows
    assert [row.espn_event_id for row in rows] == ["mens-college-basketball.scoreboard.20261122.50"]


def test_every_other_endpoint_is_asked_under_its_path(client: EspnClient) -> None:
    nfl = league("nfl")
    fetches = [
        client.teams(nfl, correlation_id="c"),
        client.team_schedule(nfl, "12", 2026, correlation_id="c"),
        client.standings(nfl, correlation_id="c"),
        client.fetch(client.requests_for(nfl, DAY)[0], correlation_id="c"),
    ]
    ids = [parse_scoreboard(fetch.body, nfl).games.rows[0].espn_event_id for fetch in fetches]
    assert ids == ["nfl.teams", "12.schedule", "nfl.standings", "nfl.scoreboard.20261122"]


def test_blocked_and_missing_are_outcomes_and_not_empty_boards(client: EspnClient) -> None:
    blocked = client.scoreboard(league("nhl"), DAY, correlation_id="c")
    missing = client.summary(league("mlb"), "401816055", correlation_id="c")
    assert (blocked.ok, blocked.error_class) == (False, ErrorClass.BLOCKED)
    assert (missing.ok, missing.code) == (False, "http.not_found")
