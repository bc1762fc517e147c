"""What each fault does to requests, over real sockets; and that the ledger has every one of them."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from precog_assets.domain.times import parse_instant
from precog_assets_tests.simulator.serving import ANCHOR, Running, running

STATUS = "/trade-api/v2/exchange/status"
MARKETS = "/trade-api/v2/markets"
NBA = "/apis/site/v2/sports/basketball/nba/scoreboard"
NFL = "/apis/site/v2/sports/football/nfl/scoreboard"


@pytest.fixture(scope="module")
def shared_one() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture
def one(shared_one: Running) -> Iterator[Running]:
    """A simulator without faults at first."""
    yield shared_one
    shared_one.control("/faults", method="DELETE")


def add(one: Running, kind: str, **terms: Any) -> str:
    return one.control("/faults", {"kind": kind, **terms})["id"]


def told(one: Running, rule: str) -> list[dict[str, Any]]:
    """What the ledger has of a fault."""
    page = one.get("/simulator/ledger", kinds="fault", limit=1000).json()
    return [row for row in page["happenings"] if row["rule_id"] == rule]


@pytest.mark.parametrize(
    ("kind", "path", "status", "said"),
    [
        ("rate_limit", STATUS, 429, {"error": "too many requests"}),
        ("server_error", NBA, 500, {"error": {"message": "application error", "code": 500}}),
        ("gone", STATUS, 404, {"error": {"code": "not_found", "message": "not found", "service": "exchange"}}),
        ("unavailable", NFL, 503, {"code": 503, "message": "Service Unavailable"}),
    ],
)
def test_an_error_is_worded_as_the_venue_words_it_and_told(
    one: Running, kind: str, path: str, status: int, said: Any
) -> None:
    rule = add(one, kind)
    answer = one.get(path)
    assert (answer.status_code, answer.json()) == (status, said)
    assert "retry-after" not in answer.headers
    (row,) = told(one, rule)
    assert (row["effect"], row["facts"]["path"]) == (f"answered {status}", path)
    assert parse_instant(row["world_time"]) >= ANCHOR
    assert abs(parse_instant(row["wall_time"]) - datetime.now(ANCHOR.tzinfo)) < timedelta(minutes=1)


def test_a_blocked_client_gets_akamais_page(one: Running) -> None:
    add(one, "blocked", venue="espn")
    answer = one.get(NBA)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (403, "text/html")
    assert answer.headers["server"] == "AkamaiGHost"
    assert "<TITLE>Access Denied</TITLE>" in answer.text
    assert one.get(STATUS).status_code == 200, "the other venue is not struck"


def test_an_answer_comes_late_by_what_is_told(one: Running) -> None:
    rule = add(one, "latency", delay_ms=120, jitter_ms=80)
    took_s = one.get(STATUS).elapsed.total_seconds()
    (row,) = told(one, rule)
    delay_ms = int(row["effect"].split()[0])
    assert 120 <= delay_ms <= 200
    assert took_s >= delay_ms / 1000


def test_a_timeout_never_answers(one: Running) -> None:
    rule = add(one, "timeout", venue="kalshi")
    with pytest.raises(httpx.ReadTimeout):
        one.client.get(STATUS, timeout=0.3)
    assert [row["effect"] for row in told(one, rule)] == ["never answered"]


def test_a_truncated_body_is_a_whole_answer_of_half_its_json(one: Running) -> None:
    whole = one.get(STATUS).content
    add(one, "truncated", keep=0.5)
    answer = one.get(STATUS)
    assert answer.status_code == 200
    assert answer.content == whole[: len(whole) // 2]


def test_a_reset_connection_ends_within_the_body(one: Running) -> None:
    add(one, "reset", keep=0.5)
    port = int(one.address.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", STATUS)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        connection.getresponse().read()
    connection.close()
    one.control("/faults", method="DELETE")
    assert one.get(STATUS).status_code == 200


def test_a_half_open_answer_stops_and_the_connection_stays_open(one: Running) -> None:
    add(one, "half_open_answer", keep=0.3)
    port = int(one.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET {STATUS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n{" not in head:
            piece = connection.recv(4096)
            assert piece
            head += piece
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            read_all(connection)


def read_all(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def test_broken_json_does_not_parse(one: Running) -> None:
    add(one, "broken_json")
    for path in (STATUS, NBA, NFL, MARKETS):
        answer = one.get(path)
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()


def test_events_are_empty_objects_in_a_good_answer(one: Running) -> None:
    games = one.get(NBA).json()["events"]
    add(one, "empty_events", league="nba")
    answer = one.get(NBA).json()
    assert answer["events"] == [{}] * len(games)
    assert answer["leagues"]
    assert all(one.get(NFL).json()["events"]), "the other league is not struck"


def test_a_game_that_vanished_is_missing_until_the_fault_ends(one: Running) -> None:
    games = [event["id"] for event in one.get(NBA).json()["events"]]
    rule = add(one, "vanished", names=[games[0]], path="*/nba/*")
    assert [event["id"] for event in one.get(NBA).json()["events"]] == games[1:]
    one.control(f"/faults/{rule}", method="DELETE")
    assert [event["id"] for event in one.get(NBA).json()["events"]] == games


def test_a_share_that_vanished_stays_the_same(one: Running) -> None:
    add(one, "vanished", share=0.4, venue="kalshi")
    first, second = (one.get(MARKETS, limit=1000, mve_filter="exclude").json()["markets"] for _ in range(2))
    one.control("/faults", method="DELETE")
    everything = one.get(MARKETS, limit=1000, mve_filter="exclude").json()["markets"]
    assert [market["ticker"] for market in first] == [market["ticker"] for market in second]
    assert 0.4 < len(first) / len(everything) < 0.8


def test_a_status_is_stuck_while_the_world_goes_on() -> None:
    with running() as one:
        one.control("/clock", {"now": "2026-11-22T17:59:00Z"})
        before = {event["id"]: event["status"] for event in one.get(NFL, dates="20261122").json()["events"]}
        assert any(status["type"]["name"] == "STATUS_SCHEDULED" for status in before.values())
        rule = add(one, "stuck_status", venue="espn")
        one.get(NFL, dates="20261122")
        one.control("/clock", {"jump_s": 3600})
        events = one.get(NFL, dates="20261122").json()["events"]
        assert {event["id"]: event["status"] for event in events} == before
        one.control(f"/faults/{rule}", method="DELETE")
        after = {event["id"]: event["status"] for event in one.get(NFL, dates="20261122").json()["events"]}
        assert after != before


@pytest.mark.parametrize(
    ("kind", "terms", "check"),
    [
        ("missing_field", {}, lambda row: "yes_bid_dollars" not in row),
        ("null_field", {}, lambda row: row["yes_bid_dollars"] is None),
        ("changed_field", {"value": "NaN"}, lambda row: row["yes_bid_dollars"] == "NaN"),
        ("renamed_field", {"to_name": "bid"}, lambda row: "bid" in row and "yes_bid_dollars" not in row),
    ],
)
def test_a_field_is_changed_wherever_its_path_leads(one: Running, kind: str, terms: Any, check: Any) -> None:
    rule = add(one, kind, field="markets[*].yes_bid_dollars", **terms)
    rows = one.get(MARKETS, limit=30).json()["markets"]
    assert len(rows) == 30
    assert all(map(check, rows))
    assert told(one, rule)[-1]["effect"] == f"{kind} in 30 places"


def test_an_extra_field_may_come_in_some_places_only(one: Running) -> None:
    add(one, "extra_field", field="markets[*].surprise", value={"deep": [1]}, share=0.5)
    rows = one.get(MARKETS, limit=200).json()["markets"]
    struck = [row for row in rows if "surprise" in row]
    assert 60 < len(struck) < 140
    assert struck[0]["surprise"] == {"deep": [1]}


def test_a_stale_read_shows_the_world_of_a_while_ago() -> None:
    with running(speed=0.001) as one:
        board = one.get(NBA, dates="20261121").json()["events"]
        one.control("/clock", {"jump_s": 900})
        later = one.get(NBA, dates="20261121").json()["events"]
        assert later != board
        add(one, "stale_read", age_s=900, venue="espn")
        assert one.get(NBA, dates="20261121").json()["events"] == board


def test_a_skewed_clock_shows_in_the_date_and_refuses_good_signatures() -> None:
    from email.utils import parsedate_to_datetime

    with running() as one:
        add(one, "clock_skew", skew_s=3600, venue="kalshi")
        date = parsedate_to_datetime(one.get(STATUS).headers["date"])
        assert abs(date - datetime.now(ANCHOR.tzinfo) - timedelta(hours=1)) < timedelta(seconds=30)
        opened = one.control("/accounts", {"balance_dollars": "10.00", "key_kind": "ed25519"})
        answer = one.client.get("/trade-api/v2/portfolio/balance", headers=signed(opened))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "header_timestamp_expired")
        one.control("/faults", method="DELETE")
        assert one.client.get("/trade-api/v2/portfolio/balance", headers=signed(opened)).status_code == 200


def signed(opened: dict[str, str]) -> dict[str, str]:
    """The headers of a signed read of the balance, now."""
    import base64

    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: Any = load_pem_private_key(opened["private_key_pem"].encode(), None)
    stamp = str(int(datetime.now().timestamp() * 1000))
    signature = base64.b64encode(key.sign(f"{stamp}GET/trade-api/v2/portfolio/balance".encode())).decode()
    return {
        "KALSHI-ACCESS-KEY": opened["key_id"],
        "KALSHI-ACCESS-TIMESTAMP": stamp,
        "KALSHI-ACCESS-SIGNATURE": signature,
    }


def test_a_maintenance_window_closes_the_exchange_for_its_time() -> None:
    with running() as one:
        begin, end = ANCHOR + timedelta(hours=1), ANCHOR + timedelta(hours=2)
        rule = add(one, "maintenance", **{"from": begin.isoformat(), "to": end.isoformat()})
        assert one.get(STATUS).json()["exchange_active"] is True
        one.control("/clock", {"now": (begin + timedelta(minutes=1)).isoformat()})
        assert one.get(STATUS).json()["exchange_active"] is False
        one.control(f"/faults/{rule}", method="DELETE")
        assert one.get(STATUS).json()["exchange_active"] is True


def test_windows_that_meet_are_refused_and_leave_no_fault_behind(one: Running) -> None:
    begin, end = ANCHOR + timedelta(hours=5), ANCHOR + timedelta(hours=6)
    window = {"kind": "maintenance", "from": begin.isoformat(), "to": end.isoformat()}
    one.control("/faults", window)
    assert "meets the one from" in one.refused("/faults", window)
    assert len(one.control("/faults")["faults"]) == 1


def test_a_fault_strikes_as_often_as_it_says_and_only_in_its_time(one: Running) -> None:
    now = one.simulation.clock.now()
    add(one, "rate_limit", count=2)
    assert [one.get(STATUS).status_code for _ in range(4)] == [429, 429, 200, 200]
    add(one, "rate_limit", **{"from": (now + timedelta(hours=1)).isoformat()})
    assert one.get(STATUS).status_code == 200
    real = datetime.now(ANCHOR.tzinfo)
    add(
        one,
        "gone",
        clock="real",
        **{"from": (real - timedelta(1)).isoformat(), "to": (real + timedelta(1)).isoformat()},
    )
    assert one.get(STATUS).status_code == 404


def test_the_same_seed_strikes_the_same_requests() -> None:
    def struck() -> list[int]:
        with running(seed=9, leagues=("nfl",)) as one:
            add(one, "rate_limit", id="lot", probability=0.4)
            return [one.get(STATUS).status_code for _ in range(40)]

    first = struck()
    assert first == struck()
    assert 6 < first.count(429) < 26


@pytest.mark.parametrize(
    ("where", "struck", "spared"),
    [
        ({"venue": "espn"}, NBA, STATUS),
        ({"league": "nba"}, NBA, NFL),
        ({"league": "nba"}, f"{MARKETS}?series_ticker=KXNBAGAME", f"{MARKETS}?series_ticker=KXNFLGAME"),
        ({"path": "*/markets"}, MARKETS, STATUS),
        ({"query": {"dates": "2026*"}}, f"{NBA}?dates=20261121", NBA),
        ({"ticker": "KXNBA*"}, f"{MARKETS}?event_ticker=KXNBAGAME-X", f"{MARKETS}?event_ticker=KXNFLGAME-X"),
        ({"methods": ["GET"]}, STATUS, None),
    ],
)
def test_a_fault_strikes_where_it_says(one: Running, where: Any, struck: str, spared: str | None) -> None:
    add(one, "rate_limit", **where)
    assert one.get(struck).status_code == 429
    if spared is not None:
        assert one.get(spared).status_code == 200


def test_control_is_never_struck(one: Running) -> None:
    add(one, "gone")
    assert one.get("/simulator/health").status_code == 200
    assert one.get("/").status_code == 200


def test_the_stream_is_refused_at_its_handshake_like_a_request(one: Running) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    add(one, "unavailable", venue="stream")
    address = one.address.replace("http", "ws") + "/trade-api/ws/v2"
    with pytest.raises(InvalidStatus) as refusal, connect(address):
        raise AssertionError("the handshake was accepted")
    assert refusal.value.response.status_code == 503


def test_requests_are_served_while_others_wait_for_an_answer_that_never_comes(one: Running) -> None:
    rule = add(one, "timeout", path="*/schedule")
    port = int(one.address.rpartition(":")[2])
    with ExitStack() as waiting:
        for _ in range(50):
            connection = waiting.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            connection.sendall(b"GET /trade-api/v2/exchange/schedule HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while one.control("/faults")["faults"][0]["struck"] < 50:
            assert one.get(STATUS).status_code == 200
    assert len(told(one, rule)) == 50
