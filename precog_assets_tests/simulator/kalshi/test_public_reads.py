"""The smaller public reads: exchange, fees, milestones and live data, targets, searches, incentives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.selection import Filters
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.conftest import Ask
from precog_assets_tests.simulator.kalshi.test_contract import validate
from precog_assets_tests.simulator.kalshi.test_pages import answer_of
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW, TinyWorld

__all__ = ["validate"]
GAME = "KXNFLGAME-26NOV22TBDAL"
MILESTONE = stable_uuid("milestone", "nfl", "1")
ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Validate = Callable[[str, Any], None]


def tiny(market: WorldMarket, path: str, now: datetime = NOW, **params: str) -> Any:
    return answer_of(market.reads(), now, path, params, {})


@pytest.fixture(scope="module")
def busy() -> WorldMarket:
    world = World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("nfl", "nba", "epl", "atp")))
    return WorldMarket(world, Habits(fee_override=0.2))


def test_status_says_when_trading_is_off_and_when_it_resumes() -> None:
    market = WorldMarket(TinyWorld())
    maintenance = datetime.fromisoformat("2026-11-19T04:00:00-05:00")
    body = tiny(market, "/exchange/status", maintenance)
    assert (body["exchange_active"], body["trading_active"]) == (True, False)
    assert body["exchange_estimated_resume_time"] == "2026-11-19T10:00:00Z"
    assert {shard["trading_active"] for shard in body["exchange_index_statuses"]} == {False}
    assert "exchange_estimated_resume_time" not in tiny(market, "/exchange/status")


def test_a_closure_shows_in_status_and_schedule_until_it_is_over(validate: Validate) -> None:
    market = WorldMarket(TinyWorld())
    market.hours.close(NOW, NOW + timedelta(minutes=30), exchange=True)
    body = tiny(market, "/exchange/status")
    validate("ExchangeStatus", body)
    assert (body["exchange_active"], body["trading_active"]) == (False, False)
    schedule = tiny(market, "/exchange/schedule")
    validate("GetExchangeScheduleResponse", schedule)
    (window,) = schedule["schedule"]["maintenance_windows"]
    assert parse_instant(window["end_datetime"]) == NOW + timedelta(minutes=30)
    later = NOW + timedelta(minutes=30)
    assert tiny(market, "/exchange/schedule", later)["schedule"]["maintenance_windows"] == []
    assert tiny(market, "/exchange/status", later)["exchange_active"] is True


def test_fee_overrides_are_announced_and_stand_on_the_event_from_their_time(
    busy: WorldMarket, validate: Validate
) -> None:
    changes = tiny(busy, "/events/fee_changes", ANCHOR, limit="1000")
    validate("GetEventFeeChangesResponse", changes)
    rows = changes["event_fee_changes"]
    assert len(rows) > 5
    times = [row["scheduled_ts"] for row in rows]
    assert times == sorted(times)
    given = next(row for row in rows if row["fee_type_override"] is not None)
    at = parse_instant(given["scheduled_ts"])
    path, named = "/events/{event_ticker}", {"event_ticker": given["event_ticker"]}
    before = answer_of(busy.reads(), at - timedelta(seconds=1), path, {}, named)["event"]
    after = answer_of(busy.reads(), at, path, {}, named)["event"]
    assert "fee_type_override" not in before
    assert after["fee_type_override"] == given["fee_type_override"]
    assert after["fee_multiplier_override"] == given["fee_multiplier_override"]
    (one, *_) = tiny(busy, "/events/fee_changes", ANCHOR, event_ticker=given["event_ticker"])["event_fee_changes"]
    assert one == given


def test_series_fees_change_when_they_were_announced_to(busy: WorldMarket) -> None:
    past = tiny(busy, "/series/fee_changes", ANCHOR, show_historical="true")["series_fee_change_arr"]
    assert past
    change = past[0]
    at = parse_instant(change["scheduled_ts"])
    path, named = "/series/{series_ticker}", {"series_ticker": change["series_ticker"]}
    before, after = (
        answer_of(busy.reads(), at + delta, path, {}, named)["series"]["fee_multiplier"]
        for delta in (-timedelta(seconds=1), timedelta(0))
    )
    assert before != after == change["fee_multiplier"]
    announced = at - timedelta(days=3)
    coming = tiny(busy, "/series/fee_changes", announced, series_ticker=change["series_ticker"])
    assert change in coming["series_fee_change_arr"]
    assert tiny(busy, "/series/fee_changes", at - timedelta(days=15), series_ticker=change["series_ticker"]) != coming


def test_live_data_tells_score_and_state_and_the_batch_agrees(get: Ask) -> None:
    one = get(f"/live_data/milestone/{MILESTONE}")["live_data"]
    assert get(f"/live_data/football_game/milestone/{MILESTONE}")["live_data"] == one
    assert get("/live_data/batch", milestone_ids=[MILESTONE, "nobody"])["live_datas"] == [one]
    assert (one["type"], one["details"]["status"], one["details"]["widget_status"]) == (
        "football_game",
        "inprogress",
        "live",
    )
    ended = get(f"/live_data/milestone/{MILESTONE}", LIVE.start + timedelta(hours=4))["live_data"]["details"]
    assert (ended["status"], ended["winner"]) == ("closed", "home")


def test_live_data_follows_the_truth_of_a_real_game(busy: WorldMarket) -> None:
    world = World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("nfl", "nba", "epl", "atp")))
    seen = 0
    for event in busy.selection.live(Filters(), ANCHOR):
        if event.game.start <= ANCHOR:
            named = {"milestone_id": event.milestone_id}
            row = answer_of(busy.reads(), ANCHOR, "/live_data/milestone/{milestone_id}", {}, named)["live_data"]
            truth = world.truth(event.game, ANCHOR)
            assert (row["details"]["home_points"], row["details"]["away_points"]) == (
                truth.home_score,
                truth.away_score,
            )
            assert row["details"]["period"] == truth.period
            seen += 1
    assert seen > 20


def test_game_stats_list_the_scores_by_period(busy: WorldMarket, validate: Validate) -> None:
    event = next(
        e for e in busy.selection.live(Filters(), ANCHOR) if e.series.league == "nba" and e.game.start < ANCHOR
    )
    named, later = {"milestone_id": event.milestone_id}, ANCHOR + timedelta(days=1)
    body = answer_of(busy.reads(), later, "/live_data/milestone/{milestone_id}/game_stats", {}, named)
    validate("GetGameStatsResponse", body)
    final = busy.lifecycle.truth(event, later)
    last = body["pbp"]["periods"][-1]["events"][-1]
    assert (last["home_points"], last["away_points"]) == (final.home_score, final.away_score)
    assert len(body["pbp"]["periods"]) >= 4


def test_tennis_has_no_game_stats(busy: WorldMarket, validate: Validate) -> None:
    event = next(e for e in busy.selection.live(Filters(), ANCHOR) if e.series.league == "atp")
    named = {"milestone_id": event.milestone_id}
    body = answer_of(busy.reads(), ANCHOR, "/live_data/milestone/{milestone_id}/game_stats", {}, named)
    validate("GetGameStatsResponse", body)
    assert body == {}


def test_milestone_starts_when_the_schedule_says(get: Ask) -> None:
    (milestone,) = get("/milestones", limit=5, related_event_ticker=GAME)["milestones"]
    assert parse_instant(milestone["start_date"]) == LIVE.start
    assert get("/milestones", limit=5, related_event_ticker=GAME, type="tennis_match")["milestones"] == []


def test_targets_are_those_of_strikes_and_milestones(get: Ask) -> None:
    market = get(f"/markets/{GAME}-DAL")["market"]
    target = market["custom_strike"]["football_team"]
    found = get(f"/structured_targets/{target}")["structured_target"]
    assert (found["id"], found["name"], found["type"]) == (target, "Dallas", "football_team")
    assert get("/structured_targets", ids=[target, "nobody"])["structured_targets"] == [found]
    assert {row["type"] for row in get("/structured_targets", type="soccer_team")["structured_targets"]} == {
        "soccer_team"
    }
    football = get("/structured_targets", competition="NFL")["structured_targets"]
    assert {row["details"]["league"] for row in football} == {"NFL"}


def test_all_stars_and_guests_have_events_and_targets_too() -> None:
    market = WorldMarket(World(WorldSettings(anchor=ANCHOR, seed=12, leagues=("nba",))))
    games = market.catalog.walk(market.catalog.series.values(), date(2026, 1, 1), date(2027, 1, 31))
    exhibitions = [event for event in games if event.game.exhibition]
    assert {event.game.season_type for event in exhibitions} == {1, 2}
    for event in exhibitions:
        assert event.series.ticker == "KXNBAGAME"
        for listed in event.markets:
            path, named = "/structured_targets/{structured_target_id}", {"structured_target_id": listed.target}
            found = answer_of(market.reads(), ANCHOR, path, {}, named)["structured_target"]
            assert found["id"] == listed.target
            assert found["name"] == listed.name


def test_targets_are_paged_without_loss_and_a_garbage_cursor_starts_again(get: Ask) -> None:
    whole = get("/structured_targets", page_size=2000)["structured_targets"]
    pages, cursor = [], ""
    while True:
        page = get("/structured_targets", page_size=3, cursor=cursor)
        pages += page["structured_targets"]
        cursor = page["cursor"]
        if not cursor:
            break
    assert pages == whole
    assert get("/structured_targets", page_size=3, cursor="%%") == get("/structured_targets", page_size=3)


def test_searches_name_the_sports_and_competitions_on_offer(get: Ask) -> None:
    body = get("/search/filters_by_sport")
    assert "Pro Football" in body["filters_by_sports"]["Football"]["competitions"]
    assert body["sport_ordering"][0] == "All sports"
    assert "Football" in get("/search/tags_by_categories")["tags_by_categories"]["Sports"]


def test_incentive_programs_are_paged_by_next_cursor_and_filtered(busy: WorldMarket, validate: Validate) -> None:
    whole = tiny(busy, "/incentive_programs", ANCHOR, limit="10000")
    validate("GetIncentiveProgramsResponse", whole)
    assert whole["next_cursor"] == ""
    rows, cursor = [], ""
    while True:
        page = tiny(busy, "/incentive_programs", ANCHOR, limit="4", cursor=cursor)
        rows += page["incentive_programs"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert rows == whole["incentive_programs"]
    assert len(rows) > 8
    statuses = ("upcoming", "active", "closed", "paid_out")
    by_status = [tiny(busy, "/incentive_programs", ANCHOR, limit="10000", status=name) for name in statuses]
    assert sum(len(page["incentive_programs"]) for page in by_status) == len(rows)
    assert tiny(busy, "/incentive_programs", ANCHOR, type="volume")["incentive_programs"] == []


def test_user_data_is_a_little_behind_the_clock(get: Ask) -> None:
    assert timedelta(0) < NOW - parse_instant(get("/exchange/user_data_timestamp")["as_of_time"]) < timedelta(seconds=1)


def test_event_candles_are_those_of_its_markets(get: Ask) -> None:
    span = {"start_ts": int(NOW.timestamp()) - 7_200, "end_ts": int(NOW.timestamp()), "period_interval": 60}
    body = get(f"/series/KXNFLGAME/events/{GAME}/candlesticks", **span)
    assert body["market_tickers"] == [f"{GAME}-DAL", f"{GAME}-TB"]
    assert body["adjusted_end_ts"] == span["end_ts"]
    for ticker, rows in zip(body["market_tickers"], body["market_candlesticks"], strict=True):
        assert rows == get(f"/series/KXNFLGAME/markets/{ticker}/candlesticks", **span)["candlesticks"]


@pytest.mark.parametrize(
    "path",
    ["/events/KXNFLGAME-26NOV99/metadata", "/live_data/milestone/nobody",
     f"/live_data/tennis_match/milestone/{MILESTONE}", f"/live_data/events/{GAME}",
     "/structured_targets/nobody", "/milestones/nobody",
     "/live_data/milestone/nobody/game_stats", "/series/KXMLBGAME/events/KXNFLGAME-26NOV22TBDAL/candlesticks?start_ts=1"
     "&end_ts=2&period_interval=1", "/nothing/here"],
)  # fmt: skip
def test_what_is_not_there_is_404_in_the_nested_shape(client: Client, path: str) -> None:
    answer = client.get("/trade-api/v2" + path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "params"),
    [("/live_data/batch", {}), ("/structured_targets", {"page_size": "2001"}), ("/incentive_programs", {"status": "x"}),
     ("/events/fee_changes", {"limit": "1001"}), ("/events/multivariate", {"limit": "201"}),
     ("/multivariate_event_collections", {"status": "settled"}), ("/events", {"status": "paused"}),
     ("/incentive_programs", {"limit": "10001"}), ("/markets", {"mve_filter": "include"})],
)  # fmt: skip
def test_bad_parameters_are_400_in_the_bare_shape(path: str, params: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        answer_of(WorldMarket(TinyWorld()).reads(), NOW, path, params, {})
    assert refused.value.status_code == 400
    assert set(refused.value.body) == {"msg"}


@pytest.mark.parametrize(
    "params",
    [{"min_updated_ts": "1", "series_ticker": "KXNFLGAME"}, {"min_updated_ts": "1", "tickers": "A"},
     {"max_updated_ts": "1", "status": "open"}, {"min_updated_ts": "1", "event_ticker": "A"},
     {"min_close_ts": "1", "status": "settled"}],
)  # fmt: skip
def test_filters_that_exclude_each_other_are_400_in_the_flat_shape(params: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        answer_of(WorldMarket(TinyWorld()).reads(), NOW, "/markets", params, {})
    assert (refused.value.status_code, set(refused.value.body)) == (400, {"code", "message", "details"})
    allowed = {"min_updated_ts": "1", "series_ticker": "KXNFLGAME", "mve_filter": "exclude"}
    assert answer_of(WorldMarket(TinyWorld()).reads(), NOW, "/markets", allowed, {})["markets"]
