"""What the venue lists, filters, refuses and calls things."""

from __future__ import annotations

from datetime import timedelta

import pytest

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.kalshi.sports import TIE_UUID
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.conftest import Ask
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, SOON

LIVE = "KXNFLGAME-26NOV22TBDAL"


def tickers(page: dict) -> list[str]:
    return [market["ticker"] for market in page["markets"]]


def test_us_league_ticker_names_eastern_day_then_away_then_home(get: Ask) -> None:
    assert tickers(get("/markets", event_ticker=LIVE)) == [f"{LIVE}-DAL", f"{LIVE}-TB"]


def test_ticker_day_is_the_eastern_one_of_a_game_after_midnight_utc(get: Ask) -> None:
    assert get("/events/KXNFLGAME-26NOV26NYGDAL")["event"]["sub_title"] == "NYG vs DAL (Nov 26)"


def test_baseball_ticker_carries_the_eastern_start_and_the_number_in_a_doubleheader(get: Ask) -> None:
    events = [event["event_ticker"] for event in get("/events", series_ticker="KXMLBGAME")["events"]]
    assert events == ["KXMLBGAME-26NOV221235SEALADG1", "KXMLBGAME-26NOV222110SEALADG2"]


def test_soccer_has_three_markets_with_home_first_and_the_tie_target(get: Ask) -> None:
    markets = get("/events/KXEPLGAME-26NOV22CRYMCI")["markets"]
    assert [m["ticker"].rpartition("-")[2] for m in markets] == ["CRY", "MCI", "TIE"]
    assert markets[2]["custom_strike"] == {"soccer_team": TIE_UUID}
    assert markets[2]["title"] == "Tie is the result"


def test_two_players_of_one_code_get_different_markets(get: Ask) -> None:
    codes = {ticker.rpartition("-")[2] for ticker in tickers(get("/markets", series_ticker="KXWTAMATCH"))}
    assert codes == {"ZHA1", "ZHA2"}


def test_two_teams_of_one_city_are_named_in_full(get: Ask) -> None:
    names = {m["yes_sub_title"] for m in get("/events/KXNFLGAME-26NOV21NYJNYG")["markets"]}
    assert names == {"New York Giants", "New York Jets"}


def test_a_team_keeps_its_target_from_game_to_game(get: Ask) -> None:
    live = get(f"/markets/{LIVE}-DAL")["market"]["custom_strike"]
    assert live == get("/markets/KXNFLGAME-26NOV26NYGDAL-DAL")["market"]["custom_strike"]


def test_milestone_says_who_is_at_home_by_the_strikes_target_and_when_it_starts(get: Ask) -> None:
    page = get("/events", tickers=LIVE, with_milestones="true", with_nested_markets="true")
    (milestone,), (event,) = page["milestones"], page["events"]
    home = next(m for m in event["markets"] if m["ticker"].endswith("-DAL"))
    assert milestone["details"]["home_team_id"] == home["custom_strike"]["football_team"]
    assert milestone["start_date"] == "2026-11-22T18:00:00Z"
    assert home["occurrence_datetime"] == "2026-11-22T21:00:00Z"
    assert get(f"/milestones/{milestone['id']}")["milestone"] == milestone
    assert get("/milestones", limit=5, related_event_ticker=LIVE)["milestones"] == [milestone]


@pytest.mark.parametrize(
    ("status", "found"),
    [("unopened", {"initialized"}), ("open", {"active"}), ("paused", set()), ("settled", {"finalized"})],
)
def test_status_filter_gives_only_markets_of_that_status(get: Ask, status: str, found: set[str]) -> None:
    listed = SOON.start - timedelta(days=7)
    moments = [listed - timedelta(minutes=4 * i) for i in range(91)] if status == "unopened" else [NOW]
    seen = {m["status"] for moment in moments for m in get("/markets", moment, status=status, limit=1000)["markets"]}
    assert seen == found


def test_closed_filter_gives_markets_between_close_and_settlement(get: Ask) -> None:
    close = get("/markets/KXEPLGAME-26NOV22CRYMCI-TIE")["market"]["close_time"]
    when = parse_instant(close) + timedelta(seconds=1)
    page = get("/markets", when, status="closed", series_ticker="KXEPLGAME")
    assert [(m["status"], m["result"]) for m in page["markets"]] == [("closed", "")] * 3


def test_pages_hold_every_market_once_and_the_last_has_an_empty_cursor(get: Ask) -> None:
    whole, cursor, pages = tickers(get("/markets", limit=1000)), "", []
    while True:
        page = get("/markets", limit=3, cursor=cursor)
        pages += tickers(page)
        cursor = page["cursor"]
        if not cursor:
            break
    assert pages == whole
    assert len(set(whole)) == len(whole) > 10


@pytest.mark.parametrize("cursor", ["%%%", "AAAA", "eyJ4Ijoxf", "ünïcode"])
def test_garbage_cursor_gives_the_first_page(get: Ask, cursor: str) -> None:
    assert get("/markets", limit=2, cursor=cursor) == get("/markets", limit=2)


def test_unknown_market_is_404_in_the_nested_shape(client: Client) -> None:
    for path in ("markets/KXNFLGAME-26NOV22TBDAL-XX", "markets/nonsense", "events/KXNFLGAME-26NOV99", "series/KXNO"):
        answer = client.get(f"/trade-api/v2/{path}")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    ["markets?limit=1001", "events?limit=201", "events?limit=0", "markets?status=live", "markets/trades?limit=1001",
     f"markets/{LIVE}-DAL/orderbook?depth=101", "markets/orderbooks", "milestones",
     f"series/KXNFLGAME/markets/{LIVE}-DAL/candlesticks?start_ts=1&end_ts=2&period_interval=5"],
)  # fmt: skip
def test_bad_parameter_is_400_in_the_bare_shape(client: Client, path: str) -> None:
    answer = client.get(f"/trade-api/v2/{path}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"msg"}
    assert "Parameter validation failed for" in answer.json()["msg"]


@pytest.mark.parametrize(
    "path",
    ["markets?limit=ten", "markets?min_close_ts=1&min_settled_ts=1", "markets?status=open&min_settled_ts=1",
     f"series/KXNFLGAME/markets/{LIVE}-DAL/candlesticks?start_ts=0&end_ts=1795372807&period_interval=1"],
)  # fmt: skip
def test_undecodable_or_excluded_request_is_400_in_the_flat_shape(client: Client, path: str) -> None:
    answer = client.get(f"/trade-api/v2/{path}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "details"}


def test_events_combine_status_and_close_time(get: Ask) -> None:
    later = int(SOON.start.timestamp())
    page = get("/events", status="open", min_close_ts=later)["events"]
    assert [event["event_ticker"] for event in page] == ["KXNFLGAME-26NOV26NYGDAL"]


@pytest.mark.parametrize("name", ["min_close_ts", "max_close_ts", "min_settled_ts", "max_created_ts", "min_updated_ts"])
@pytest.mark.parametrize("value", [-(10**20), 0, 10**20])
def test_absurd_times_are_answered(get: Ask, name: str, value: int) -> None:
    assert isinstance(get("/markets", **{name: value})["markets"], list)


@pytest.mark.parametrize("period", [1, 60, 1440])
@pytest.mark.parametrize("start", [-5, 10**15])
def test_candles_of_an_absurd_time_are_refused(client: Client, period: int, start: int) -> None:
    span = {"start_ts": start, "end_ts": start + 60, "period_interval": period, "include_latest_before_start": "true"}
    answer = client.get(f"/trade-api/v2/series/KXNFLGAME/markets/{LIVE}-DAL/candlesticks", span)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"


@pytest.mark.parametrize("value", [-(10**20), 0, 10**20])
def test_trades_of_an_absurd_time_are_answered(get: Ask, value: int) -> None:
    for name in ("min_ts", "max_ts"):
        page = get("/markets/trades", ticker=f"{LIVE}-DAL", limit=5, **{name: value})
        assert len(page["trades"]) == (5 if (name == "min_ts") == (value <= 0) else 0)


def test_what_settled_long_ago_is_only_in_the_archive(get: Ask, client: Client) -> None:
    ancient = "KXNFLGAME-25DEC14NYGTB-TB"
    assert ancient in tickers(get("/historical/markets", series_ticker="KXNFLGAME"))
    assert get(f"/historical/markets/{ancient}")["market"]["result"] == "yes"
    assert client.get(f"/trade-api/v2/markets/{ancient}").status_code == 404
    assert ancient not in tickers(get("/markets", limit=1000))


def test_what_settled_two_weeks_ago_is_listed_in_the_archive_and_answers_by_ticker(get: Ask) -> None:
    old = "KXNFLGAME-26NOV08TBNYG-NYG"
    assert old in tickers(get("/historical/markets"))
    assert old not in tickers(get("/markets", limit=1000))
    assert get(f"/markets/{old}")["market"]["status"] == "finalized"
    since = int((NOW - timedelta(days=20)).timestamp())
    assert old in tickers(get("/markets", limit=1000, min_settled_ts=since))
    assert old in tickers(get("/markets", tickers=f"{old},KXNO-1"))


def test_live_market_is_not_in_the_archive(get: Ask, client: Client) -> None:
    assert get("/historical/markets", tickers=f"{LIVE}-DAL")["markets"] == []
    assert client.get(f"/trade-api/v2/historical/markets/{LIVE}-DAL").status_code == 404


def test_event_carries_its_markets_inside_only_when_asked(get: Ask) -> None:
    assert "markets" not in get(f"/events/{LIVE}")["event"]
    nested = get(f"/events/{LIVE}", with_nested_markets="true")
    assert nested["event"]["markets"] == nested["markets"]
