"""Recorded mode: what is in the folder is served, whole and unchanged, at the venues' paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.server import recorded_application
from precog_assets_tests.simulator.kalshi.asking import Client

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded"
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded payloads are not beside this checkout"
)
SITE = "/apis/site/v2/sports"
TRADE = "/trade-api/v2"


def event(event_id: str, date: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "date": date,
        "competitions": [{"date": date}],
        "status": {"type": {"state": state}},
        **more,
    }


def market(ticker: str, status: str, **more: Any) -> dict[str, Any]:
    row = {"ticker": ticker, "event_ticker": ticker.rpartition("-")[0], "status": status, "yes_bid_dollars": "0.4000"}
    return {**row, "yes_bid_size_fp": "1.00", "close_time": "2026-10-11T00:15:00Z", **more}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A folder written by hand, with the shapes recorders leave."""
    folder = tmp_path_factory.mktemp("recorded")

    def write(path: str, payload: Any) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(payload))

    late = event("1", "2026-11-22T01:30Z", "post", score=1.10)
    write("espn/nfl/a.json", {"leagues": [{"slug": "nfl"}], "events": [event("1", "2026-11-22T01:30Z", "in"), {}]})
    write("espn/nfl/b.json", late)
    write("espn/nfl/c.json", event("1", "2026-11-22T01:30Z", "pre"))
    write("espn/nfl/d.json", event("2", "2026-11-23T18:00Z", "in", take=1))
    write("espn/nfl/e.json", event("2", "2026-11-23T18:00Z", "in", take=2))
    write("espn/nfl/schedule.json", {"team": {"id": "9"}, "events": [event("3", "2026-11-22T18:00Z", "pre")]})
    write("espn/nfl/standings.json", {"children": [1]})
    write("espn/mls/teams.json", {"sports": []})
    write("espn/core/status.json", {"$ref": "x", "competitions": [], "date": "?"})
    write("kalshi/old-2025-12/m.json", {"market": market("KXNFLGAME-1-A", "active", yes_bid=40)})
    write("kalshi/one-2026-09/m.json", {"markets": [market("KXNFLGAME-1-A", "active"), {"ticker": "KXNFLGAME-1-B"}]})
    write("kalshi/two-2026-10-06/m.json", {"_capture": {}, "markets": [market("KXNFLGAME-1-A", "finalized")]})
    write("kalshi/two-2026-10-06/book.json", {"orderbook_fp": {"yes_dollars": [["0.4000", "1.00"]], "no_dollars": []}})
    wrapped = {"event_ticker": "KXNFLGAME-1", "series_ticker": "KXNFLGAME", "settlement_sources": [], "markets": [{}]}
    write("kalshi/two-2026-10-06/e.json", {"fixture_id": "x", "payload": wrapped})
    change = {"id": "f1", "series_ticker": "KXNFLGAME", "fee_multiplier": 2}
    write("kalshi/two-2026-10-06/f.json", {"series_fee_change_arr": [change]})
    write("kalshi/two-2026-10-06/x.DERIVED.json", {"market": market("KXNFLGAME-9-A", "active")})
    with Client(recorded_application(folder)) as client:
        yield client


@pytest.fixture(scope="module")
def real() -> Iterator[Client]:
    with Client(recorded_application(RECORDED)) as client:
        yield client


def board(client: Client, path: str, **params: str) -> list[dict[str, Any]]:
    answer = client.get(f"{SITE}/{path}/scoreboard", params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def test_an_event_recorded_often_is_served_as_it_was_furthest_on(small: Client) -> None:
    by_id = {e.get("id"): e for e in board(small, "football/nfl")}
    assert by_id["1"]["score"] == 1.1
    assert by_id["2"]["take"] == 2


def test_an_empty_event_of_a_board_is_served_too(small: Client) -> None:
    assert {} in board(small, "football/nfl")


def test_schedules_and_core_files_stay_out_of_boards(small: Client) -> None:
    assert {e.get("id") for e in board(small, "football/nfl")} == {"1", "2", None}
    assert small.get(f"{SITE}/football/nfl/teams/9/schedule").json()["events"][0]["id"] == "3"
    assert small.get("/apis/v2/sports/football/nfl/standings").json() == {"children": [1]}
    assert small.get(f"{SITE}/core/core/scoreboard").status_code == 400


def test_a_day_is_the_eastern_one_and_an_empty_day_gives_all(small: Client) -> None:
    assert [e["id"] for e in board(small, "football/nfl", dates="20261121")] == ["1"]
    assert [e["id"] for e in board(small, "football/nfl", dates="20261123")] == ["2"]
    assert len(board(small, "football/nfl", dates="20260101")) == 3
    assert len(board(small, "football/nfl", dates="202611")) == 2


@pytest.mark.parametrize("dates", ["20261121-20261123", "today", "2026112"])
def test_a_range_of_days_is_refused_as_espn_does(small: Client, dates: str) -> None:
    answer = small.get(f"{SITE}/football/nfl/scoreboard", {"dates": dates})
    assert (answer.status_code, answer.json()) == (400, {"code": 400, "message": "Failed to get events endpoint."})


def test_what_was_not_recorded_is_an_error_not_an_empty_answer(small: Client) -> None:
    for path in ("football/nfl/teams", "football/nfl/summary?event=1", "football/nfl/teams/1", "soccer/fra.1/teams"):
        assert small.get(f"{SITE}/{path}").status_code == 404
    for path in ("exchange/status", "series/KXNFLGAME", "markets/KXNFLGAME-1-B", "historical/cutoff"):
        assert small.get(f"{TRADE}/{path}").json()["error"]["code"] == "not_found"


def test_league_folders_differ_from_the_slugs_where_the_map_says(small: Client) -> None:
    assert small.get(f"{SITE}/soccer/usa.1/teams").json() == {"sports": []}
    assert board(small, "soccer/usa.1") == []


def test_newest_capture_wins_and_old_trimmed_and_derived_rows_are_left_out(small: Client) -> None:
    rows = small.get(f"{TRADE}/markets").json()["markets"]
    assert rows == [market("KXNFLGAME-1-A", "finalized")]
    assert small.get(f"{TRADE}/historical/markets").json()["markets"] == rows
    assert small.get(f"{TRADE}/markets", {"status": "open"}).json() == {"cursor": "", "markets": []}


def test_a_book_belongs_to_the_market_with_its_best_bid(small: Client) -> None:
    book = small.get(f"{TRADE}/markets/KXNFLGAME-1-A/orderbook").json()
    assert book == {"orderbook_fp": {"yes_dollars": [["0.4000", "1.00"]], "no_dollars": []}}


def test_a_wrapped_event_is_unwrapped_and_nests_markets_with_prices_only(small: Client) -> None:
    answer = small.get(f"{TRADE}/events", {"with_nested_markets": "true"}).json()["events"]
    assert [m["ticker"] for m in answer[0]["markets"]] == ["KXNFLGAME-1-A"]
    assert "markets" not in small.get(f"{TRADE}/events").json()["events"][0]


def test_recorded_fee_changes_are_served_by_series(small: Client) -> None:
    for series, ids in (("KXNFLGAME", ["f1"]), ("KXNBAGAME", [])):
        answer = small.get(f"{TRADE}/series/fee_changes", {"series_ticker": series}).json()
        assert [change["id"] for change in answer["series_fee_change_arr"]] == ids
    assert small.get(f"{TRADE}/events/fee_changes").json() == {"cursor": "", "event_fee_changes": []}


def test_a_folder_without_recordings_or_with_broken_ones_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected recorded payloads under espn/ or kalshi/"):
        recorded_application(tmp_path)
    broken = tmp_path / "espn" / "nfl" / "cut.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"events": [')
    with pytest.raises(ConfigurationError, match=r"cut\.json: not JSON"):
        recorded_application(tmp_path)


LEAGUES = [
    ("football/nfl", 43, "401772714"),
    ("basketball/nba", 18, "401811026"),
    ("hockey/nhl", 13, "401459106"),
    ("baseball/mlb", 91, "401816055"),
    ("basketball/mens-college-basketball", 19, "401708368"),
    ("soccer/eng.1", 59, "740898"),
    ("soccer/fra.1", 2, "746654"),
    ("tennis/atp", 1, "172-2025"),
    ("tennis/wta", 1, "504-2022"),
    ("football/college-football", 47, "401403884"),
    ("basketball/wnba", 2, "401736159"),
    ("soccer/usa.1", 16, "727049"),
    ("soccer/fifa.world", 5, "760508"),
    ("soccer/all", 50, "740898"),
]


@needs_recordings
@pytest.mark.parametrize(("path", "count", "known"), LEAGUES)
def test_every_recorded_league_is_on_its_board(real: Client, path: str, count: int, known: str) -> None:
    events = board(real, path, dates="20261122")
    ids = [e["id"] for e in events]
    assert len(ids) == len(set(ids)) == count
    assert known in ids


@needs_recordings
def test_a_recorded_event_is_served_in_its_furthest_state_and_unchanged(real: Client) -> None:
    recorded = json.loads((RECORDED / "espn/nfl/in_progress-2.json").read_bytes())["events"]
    served = {e["id"]: e for e in board(real, "football/nfl")}
    assert all(served[e["id"]] == e for e in recorded)


@needs_recordings
def test_recorded_summary_is_the_one_after_the_game(real: Client) -> None:
    answer = real.get(f"{SITE}/basketball/nba/summary", {"event": "401772994"}).json()
    assert answer["header"]["competitions"][0]["status"]["type"]["state"] == "post"


@needs_recordings
def test_recorded_markets_are_served_page_by_page_unchanged(real: Client) -> None:
    rows, cursor = [], ""
    while True:
        page = real.get(f"{TRADE}/markets", {"limit": 100, "cursor": cursor}).json()
        rows += page["markets"]
        cursor = page["cursor"]
        if not cursor:
            break
    assert len(rows) == len({row["ticker"] for row in rows}) > 200
    assert all("yes_bid" not in row for row in rows)
    captured = json.loads((RECORDED / "kalshi/sportsdataverse-prod-2026-10-06/markets.json").read_bytes())["markets"]
    assert all(row in rows for row in captured)


@needs_recordings
@pytest.mark.parametrize(
    ("series", "count"), [("KXNFLGAME", 4), ("KXNHLGAME", 2), ("KXNCAAFGAME", 4), ("KXATPCHALLENGERMATCH", 14)]
)
def test_recorded_markets_filter_by_series(real: Client, series: str, count: int) -> None:
    assert len(real.get(f"{TRADE}/markets", {"series_ticker": series}).json()["markets"]) == count


@needs_recordings
def test_recorded_reads_of_one_market_are_at_their_paths(real: Client) -> None:
    tb, buf = "KXNFLGAME-26OCT08TBDAL-DAL", "KXNFLGAME-26SEP17DETBUF-BUF"
    book = real.get(f"{TRADE}/markets/{tb}/orderbook").json()["orderbook_fp"]
    assert book["yes_dollars"][-1] == ["0.8000", "16529.55"]
    trades = real.get(f"{TRADE}/markets/trades", {"ticker": tb}).json()["trades"]
    assert [t["count_fp"] for t in trades] == ["1.00", "14.18", "24.36"]
    span = {"start_ts": 1789690500, "end_ts": 1789690680, "period_interval": 1}
    candles = real.get(f"{TRADE}/series/KXNFLGAME/markets/{buf}/candlesticks", span).json()["candlesticks"]
    assert [c["end_period_ts"] for c in candles] == [1789690500, 1789690560, 1789690620, 1789690680]
    assert real.get(f"{TRADE}/exchange/status").json()["exchange_index_statuses"][2]["exchange_index"] == 2
    assert real.get(f"{TRADE}/series/KXNFLGAME").json()["series"]["fee_type"] == "quadratic_with_maker_fees"
    settled = real.get(f"{TRADE}/historical/markets", {"series_ticker": "KXNHLGAME"}).json()["markets"]
    assert {m["result"] for m in settled} == {"yes", "no"}
