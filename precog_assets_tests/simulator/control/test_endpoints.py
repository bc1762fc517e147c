"""What control answers, does, and refuses, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.control.requestlog import REQUESTS_KEPT
from precog_assets.simulator.world_file import read_world
from precog_assets_tests.simulator.serving import ANCHOR, Running, running


@pytest.fixture(scope="module")
def one() -> Iterator[Running]:
    """A simulator that tests only ask, or are refused by."""
    with running(speed=2.0, seed=3) as simulator:
        yield simulator


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A remembered simulator of the test's own."""
    with running(tmp_path / "world.json", speed=2.0) as simulator:
        yield simulator


def test_every_endpoint_is_listed_with_a_line_and_answers(one: Running) -> None:
    listed = one.get("/simulator/").json()["endpoints"]
    assert one.get("/simulator").json()["endpoints"] == listed
    assert all(row["about"].endswith(".") for row in listed)
    paths = {row["path"].removeprefix("/simulator/") for row in listed if row["method"] == "GET"}
    assert paths >= {
        *("health", "clock", "faults", "scenario", "ledger", "accounts", "requests", "games", "books", "state")
    }
    for path in sorted(paths):
        assert one.get(f"/simulator/{path}").status_code == 200


def test_paths_and_methods_nobody_knows_are_named(one: Running) -> None:
    unknown = one.get("/simulator/nonsense")
    assert unknown.status_code == 404
    assert "/simulator/nonsense is not a control path; GET /simulator/ lists" in unknown.json()["error"]["message"]
    for method, path in (("PUT", "clock"), ("POST", "health"), ("DELETE", "ledger")):
        answer = one.client.request(method, f"/simulator/{path}")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]
        assert f"{method} is not offered here" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/clock", b"", "body: '' is not JSON"),
        ("/clock", b"{speed: 3}", "body: '{speed: 3}' is not JSON"),
        ("/clock", [1], "body: [1]; expected an object"),
        ("/clock", {}, "expected some of speed, now, jump_s"),
        ("/clock", {"sped": 3}, "unknown field 'sped'; known: speed, now, jump_s"),
        ("/clock", {"speed": "fast"}, "speed: 'fast'; expected a number"),
        ("/clock", {"speed": True}, "speed: True; expected a number"),
        ("/clock", {"speed": None}, "speed: None; expected a number"),
        ("/clock", {"speed": 0}, "Simulator speed 0.0: expected a number from 1e-09 to 100000"),
        ("/clock", {"now": "noon"}, "now: not an instant: 'noon'"),
        ("/clock", {"now": 5}, "now: 5; expected a text"),
        ("/clock", {"now": "1970-01-01T00:00Z"}, "expected an instant from 2000 to 2100"),
        ("/clock", {"jump_s": 1e12}, "jump_s: 1e+12; expected seconds between"),
        ("/clock", {"jump_s": 5, "now": "2026-11-22T01:00Z"}, "now and jump_s: expected one of them, not both"),
        ("/faults", {"kind": "gremlins"}, "fault.kind: 'gremlins'; expected one of latency"),
        ("/faults", {"faults": [{"kind": "latency"}]}, "faults[0].delay_ms: missing"),
        ("/faults", {"faults": "all"}, "faults: 'all'; expected a list of faults"),
        ("/scenario", b"", 'body: empty; expected {"name": "storm"}, or a scenario in YAML'),
        ("/scenario", {"name": "monday"}, "name: 'monday'; expected one of grand-slam, march, storm, sunday"),
        ("/scenario", b"name: x\nspeed: fast\n", "scenario.speed: 'fast'; input should be a valid number"),
        ("/scenario", b"\xff\xfe", "body: not UTF-8"),
        ("/accounts", {"balance_dollars": "lots"}, "balance_dollars: 'lots'; expected an amount"),
        ("/accounts", {"balance_dollars": -5}, "balance_dollars: -5; expected an amount"),
        ("/accounts", {"balance_dollars": "0.00001"}, "expected 0 or more, in steps of 0.0001"),
        ("/accounts", {"tier": "gold"}, "usage tier 'gold': expected one of basic"),
        ("/accounts", {"scopes": "read"}, "scopes: 'read'; expected a list"),
        ("/accounts", {"key_kind": "dsa"}, "key kind 'dsa': expected rsa or ed25519"),
        ("/accounts", {"public_key_pem": "x"}, "public key: not a PEM"),
    ],
)
def test_orders_that_make_no_sense_are_refused_naming_what_was_read(
    one: Running, path: str, body: Any, said: str
) -> None:
    assert said in one.refused(path, body)


def test_an_oversize_body_is_refused(one: Running) -> None:
    assert "body of more than 1048576 bytes" in one.refused("/clock", b" " * (1 << 20) + b"{}")


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/ledger", {"kinds": "score,gossip"}, "kinds: 'gossip'; expected some of score, quote"),
        ("/ledger", {"limit": "0"}, "limit: '0'; expected a whole number from 1 to 1000"),
        ("/ledger", {"limit": "5000"}, "limit: '5000'; expected a whole number from 1 to 1000"),
        ("/ledger", {"cursor": "???"}, "cursor: '???' is not one this ledger gave out"),
        ("/ledger", {"from": "yesterday"}, "from: not an instant: 'yesterday'"),
        ("/ledger", {"from": "2026-11-22T02:00Z", "to": "2026-11-22T01:00Z"}, "is not before to"),
        ("/ledger", {"from": "2020-01-01T00:00Z"}, "days; ask for at most 400"),
        ("/ledger", {"from": "2026-10-22T00:00Z", "kinds": "quote"}, "market hours: a league, a ticker, or a shorter"),
        ("/ledger", {"league": "cricket"}, "league 'cricket' is not played in this world; it has nfl, nba"),
        ("/ledger", {"sport": "nba"}, "unknown parameter 'sport'; known: kinds, from, to"),
        ("/ledger", {"format": "csv"}, "format: 'csv'; expected json or parquet"),
        ("/ledger", {"format": "parquet", "limit": "5"}, "limit and cursor: a Parquet file has the whole span"),
        ("/requests", {"limit": "many"}, "limit: 'many'; expected a whole number from 1 to 1000"),
        ("/books", {"ticker": "KXNOPE"}, "ticker: 'KXNOPE' is no market of this world"),
        ("/clock", {"zone": "UTC"}, "unknown parameter 'zone'; there are none here"),
    ],
)
def test_questions_that_make_no_sense_are_refused(one: Running, path: str, query: dict[str, str], said: str) -> None:
    assert said in one.refused(path, method="GET", **query)


def test_the_clock_is_told_and_its_speed_goes_on_from_now(own: Running) -> None:
    before = own.control("/clock")
    assert (before["speed"], before["anchor"]) == (2.0, ANCHOR.isoformat())
    after = own.control("/clock", {"speed": 50})
    assert after["speed"] == 50.0
    assert parse_instant(before["now"]) <= parse_instant(after["world_anchor"]) < ANCHOR + timedelta(minutes=5)
    assert own.control("/health")["speed"] == 50.0


def test_a_jump_is_seen_by_both_venues_and_written_to_file_and_ledger(own: Running) -> None:
    own.control("/clock", {"now": "2026-12-24T18:00:00Z"})
    assert own.control("/health")["now"].startswith("2026-12-24T18:00")
    board = own.get("/apis/site/v2/sports/basketball/nba/scoreboard").json()
    assert board["day"]["date"] == "2026-12-24"
    opened = own.get("/trade-api/v2/markets", limit=1, status="unopened").json()["markets"]
    assert all(market["open_time"] > "2026-12-24T18:00" for market in opened)
    assert own.simulation.path is not None
    stored = read_world(own.simulation.path)
    assert stored.world_anchor == datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert len(stored.earlier) == 1
    (row,) = own.get("/simulator/ledger", kinds="clock").json()["happenings"]
    assert (row["effect"], row["facts"]["to"]) == ("jumped", "2026-12-24T18:00:00+00:00")


def test_set_back_the_exchange_goes_back_too(own: Running) -> None:
    exchange = own.simulation.kalshi.exchange
    own.control("/clock", {"jump_s": 3600})
    account = own.control("/accounts", {"balance_dollars": "77.00"})["account_id"]
    own.control("/clock", {"jump_s": -3000})
    assert own.simulation.clock.now() < ANCHOR + timedelta(minutes=11)
    assert account in exchange.accounts, "accounts stay"
    rows = own.get("/simulator/ledger", kinds="clock", to="2026-11-22T03:00Z").json()["happenings"]
    assert "set back" in [row["effect"] for row in rows]


def test_an_account_opens_with_its_key_told_once(own: Running) -> None:
    opened = own.control("/accounts", {"balance_dollars": "250.50", "tier": "premier", "key_kind": "ed25519"})
    assert opened["private_key_pem"].startswith("-----BEGIN PRIVATE KEY-----")
    listed = own.control("/accounts")["accounts"]
    (row,) = [row for row in listed if row["account_id"] == opened["account_id"]]
    assert (row["key_ids"], row["tier"], row["cash_dollars"]) == ([opened["key_id"]], "premier", "250.500000")
    assert "PRIVATE" not in own.get("/simulator/accounts").text
    assert own.simulation.path is not None
    for file in own.simulation.path.parent.glob("*.jsonl"):
        assert "PRIVATE" not in file.read_text()


def test_a_key_of_ones_own_is_taken_and_no_private_one_made(own: Running) -> None:
    from precog_assets.simulator.kalshi.exchange.keys import generate_keys

    _, public = generate_keys("ed25519")
    opened = own.control("/accounts", {"public_key_pem": public, "key_id": "mine"})
    assert opened["key_id"] == "mine"
    assert "private_key_pem" not in opened
    assert "key id 'mine'" in own.refused("/accounts", {"public_key_pem": public, "key_id": "mine"})


def test_faults_come_and_go_all_or_none(own: Running) -> None:
    first = own.control("/faults", {"kind": "blocked", "venue": "espn"})
    several = {"faults": [{"kind": "gone", "id": "a"}, {"kind": "gone", "id": "a"}]}
    assert "fault.id: 'a' is in use" in own.refused("/faults", several)
    (row,) = own.control("/faults")["faults"]
    assert row == {**first, "struck": 0, "on": True}
    missing = own.client.delete("/simulator/faults/b")
    assert (missing.status_code, missing.json()["error"]["message"]) == (
        404,
        f"fault 'b': no such fault; {first['id']}",
    )
    assert own.control(f"/faults/{first['id']}", method="DELETE") == {"removed": 1}
    assert own.control("/faults")["faults"] == []


def test_requests_are_logged_newest_first_and_control_is_not_among_them(own: Running) -> None:
    own.get("/trade-api/v2/exchange/status")
    own.get("/apis/site/v2/sports/football/nfl/scoreboard", limit="7")
    own.control("/faults", {"kind": "gone", "id": "nothing-there"})
    own.get("/trade-api/v2/markets")
    newest, board, status = own.control("/requests")["requests"]
    assert (newest["path"], newest["status"], newest["faults"]) == ("/trade-api/v2/markets", 404, ["nothing-there"])
    assert (board["path"], board["method"]) == ("/apis/site/v2/sports/football/nfl/scoreboard?limit=7", "GET")
    assert status["number"] == 1
    assert status["ms"] > 0
    assert status["bytes"] > 50


def test_the_request_log_keeps_a_bounded_number(own: Running) -> None:
    for _ in range(REQUESTS_KEPT + 5):
        own.get("/nowhere")
    said = own.control(f"/requests?limit={REQUESTS_KEPT}")
    assert (len(said["requests"]), said["count"]) == (REQUESTS_KEPT, REQUESTS_KEPT + 5)


def test_games_in_play_are_the_ones_boards_show(one: Running) -> None:
    games = {game["event_id"]: game for game in one.control("/games")["games"]}
    shown: dict[str, tuple[str, str]] = {}
    for path in ("basketball/nba", "football/nfl"):
        board = one.get(f"/apis/site/v2/sports/{path}/scoreboard", dates="20261121").json()
        for event in board["events"]:
            if event["status"]["type"]["state"] == "in":
                shown[event["id"]] = tuple(
                    side["team"]["abbreviation"] for side in event["competitions"][0]["competitors"]
                )
    assert len(shown) > 2
    assert {key: (game["home"], game["away"]) for key, game in games.items()} == shown


def test_a_book_is_the_one_the_venue_serves() -> None:
    with running(speed=0.001) as one:
        ticker = one.control("/games")["games"][0]["tickers"][0]
        (book,) = one.control(f"/books?ticker={ticker}")["books"]
        served = one.get(f"/trade-api/v2/markets/{ticker}/orderbook").json()["orderbook_fp"]
    assert [[price, count] for price, count in reversed(book["yes"])] == served["yes_dollars"]
    assert [[price, count] for price, count in reversed(book["no"])] == served["no_dollars"]


def test_the_busiest_books_come_first(one: Running) -> None:
    books = one.control("/books?limit=5")["books"]
    volumes = [float(book["volume"]) for book in books]
    assert len(books) == 5
    assert volumes == sorted(volumes, reverse=True)
    assert all(len(book["yes"]) <= 1 for book in books)


def test_the_state_has_all_the_page_shows(one: Running) -> None:
    ticker = one.control("/games")["games"][-1]["tickers"][-1]
    state = one.control(f"/state?ticker={ticker}")
    assert state["book"]["ticker"] == ticker
    assert len(state["trades"]) > 0
    assert [trade["time"] for trade in state["trades"]] == sorted((t["time"] for t in state["trades"]), reverse=True)
    assert {"clock", "games", "faults", "requests", "next"} <= state.keys()
    assert one.control("/state?ticker=KXGONE-1")["book"] is not None, "a market that is gone gives way to another"


def test_the_page_is_one_file_that_asks_nobody_else(one: Running) -> None:
    page = one.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<title>Simulated world</title>" in page.text


def test_a_scenario_takes_the_place_of_the_world_and_its_file(own: Running) -> None:
    path = own.simulation.path
    assert path is not None
    own.control("/faults", {"kind": "gone", "venue": "espn"})
    said = own.control("/scenario", {"name": "storm"})
    assert (said["scenario"], said["faults"]) == ("storm", 31)
    assert own.control("/health")["scenario"] == "storm"
    assert read_world(path).seed == 13
    assert set(said["keys"]) == {"default", "desk"}
    assert all(Path(key["file"]).is_file() for key in said["keys"].values())
    assert len(own.control("/games")["games"]) > 20
    assert own.get("/apis/site/v2/sports/basketball/nba/scoreboard").status_code == 200, "old faults are gone"


def test_a_scenario_of_ones_own_is_begun_from_yaml(one: Running) -> None:
    with running() as simulator:
        body = b"""
name: mine
description: Two faults, a minute apart.
anchor: 2026-11-22T18:05:00Z
leagues: [nfl]
speed: 3
faults:
  - {at: 1m, for: 30s, kind: blocked}
  - {at: 2m, kind: gone, path: "*/markets"}
"""
        assert simulator.client.post("/simulator/scenario", content=body).status_code == 201
        rules = simulator.control("/faults")["faults"]
        assert [rule["kind"] for rule in rules] == ["blocked", "gone"]
        assert rules[0]["from"] == "2026-11-22T18:06:00Z"
        assert rules[0]["to"] == "2026-11-22T18:06:30Z"
        assert simulator.control("/clock")["speed"] == 3.0
