"""The quirks Q1 to Q24 of ESPN's boards: what this layer does about each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from precog_assets.domain.facts import GameKind
from precog_assets.domain.times import board_days, eastern_day
from precog_assets.sources.espn.client import board_request, requests_for, teams_request
from precog_assets.sources.espn.parse import contract_error, parse_scoreboard, parse_summary, parse_teams
from precog_assets_tests.sources.espn.build import (
    board,
    event,
    league,
    match,
    one,
    player,
    read,
    reasons,
    side,
    status,
    tournament,
)


def at(text: str) -> dict[str, Any]:
    return {"date": text}


def test_q01_a_game_after_midnight_utc_is_on_the_eastern_board_of_the_day_before() -> None:
    game = one("wncaab", event(competition=at("2024-12-02T00:30Z")))
    day = eastern_day(game.start_time)
    assert day == date(2024, 12, 1)
    assert requests_for(league("wncaab"), day)[0].params["dates"] == "20241201"


def test_q01_both_days_boards_are_asked_for_around_midnight() -> None:
    past_midnight = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    feeds = [request.feed for day in board_days(past_midnight) for request in requests_for(league("nba"), day)]
    assert feeds == ["espn:scoreboard:nba:20261122", "espn:scoreboard:nba:20261123"]


def test_q02_a_board_of_empty_events_is_all_named_rejections_and_no_broken_contract() -> None:
    parsed = read("mlb", {}, {}, {})
    assert reasons(parsed) == ["empty_event"] * 3
    assert (parsed.games.rows, parsed.games.seen, contract_error(parsed.games)) == ([], 3, None)


def test_q03_undecided_teams_leave_the_sides_open_and_are_no_teams() -> None:
    tbd = {"location": "TBD", "abbreviation": "TBD", "displayName": "TBD"}
    undecided = event(
        event_id="401872910",
        home={"id": "-1", "homeAway": "home", "team": {"id": "-1", **tbd}},
        away={"id": "-2", "homeAway": "away", "team": {"id": "-2", **tbd}},
        competition={"timeValid": False},
    )
    later = event(event_id="401872910", home=side("home", "12"), away=side("away", "7"))
    first, second = read("nfl", undecided), read("nfl", later)
    assert (first.games.rows[0].home_team_id, first.games.rows[0].away_team_id, first.teams) == (None, None, [])
    assert first.games.rows[0].start_time_valid is False
    assert first.games.rows[0].game_id == second.games.rows[0].game_id
    assert second.games.rows[0].home_team_id == "nfl:12"


@pytest.mark.parametrize(
    ("name", "phase", "score"),
    [
        ("STATUS_POSTPONED", "postponed", None),
        ("STATUS_CANCELED", "canceled", None),
        ("STATUS_SUSPENDED", "suspended", 3),
    ],
)
def test_q04_over_but_not_completed_is_no_result(name: str, phase: str, score: int | None) -> None:
    game = one("mlb", event(name=name, home=side("home", "1", "3"), away=side("away", "2", "3")))
    assert (game.state, game.completed, game.phase) == ("post", False, phase)
    assert (game.home_score, game.away_score, game.winner) == (score, score, None)


def test_q05_a_primed_board_before_the_start_has_no_period_clock_score_or_lines() -> None:
    primed = status("STATUS_SCHEDULED", period=1, clock=900.0, displayClock="15:00")
    home = side("home", "1", "0", linescores=[{"value": 0}])
    game = one("nfl", event(home=home, competition={"status": primed}))
    assert (game.state, game.period, game.clock, game.display_clock) == ("pre", None, None, None)
    assert (game.home_score, game.linescores) == (None, None)


def test_q06_a_score_is_text_object_or_absent() -> None:
    live = event(
        name="STATUS_IN_PROGRESS", home=side("home", "1", {"value": 2.0, "displayValue": "2"}), away=side("away", "2")
    )
    game = one("mlb", live)
    assert (game.home_score, game.away_score) == (2, None)


def test_q07_nulls_and_empty_blocks_are_read_over() -> None:
    inner = {"odds": [None], "situation": {}, "notes": None, "venue": None, "neutralSite": None}
    game = one("epl", event(name="STATUS_IN_PROGRESS", home=side("home", "1", "1", linescores=[]), competition=inner))
    assert (game.home_score, game.situation, game.linescores, game.neutral_site) == (1, None, None, None)


def test_q07_the_season_comes_from_the_board_or_the_calendar_where_the_event_has_none() -> None:
    by_board = event(season=None, competition=at("2027-01-10T18:00Z"))
    assert one("nfl", by_board, season={"year": 2026, "type": 3}).season == 2026
    assert one("nfl", by_board).season == 2026
    assert one("nba", by_board).season == 2027
    assert one("mlb", by_board).season == 2027


def test_q08_sides_come_from_home_away_and_not_from_the_order() -> None:
    swapped = event(name="STATUS_FINAL", home=side("away", "20", "1"), away=side("home", "10", "4"))
    game = one("wnba", swapped)
    assert (game.home_team_id, game.home_score, game.winner) == ("wnba:10", 4, "home")


def test_q09_a_make_up_is_a_new_game_that_names_the_day_it_makes_up() -> None:
    postponed = event(
        event_id="401695827",
        name="STATUS_POSTPONED",
        competition={**at("2025-06-05T00:15Z"), "notes": [{"headline": "Inclement Weather - Makeup date June 5"}]},
    )
    makeup = event(
        event_id="401778098",
        competition={
            **at("2025-06-05T18:15Z"),
            "notes": [{"headline": "Doubleheader - Game 1 - Makeup from June 4"}],
        },
    )
    old, new = read("mlb", postponed, makeup).games.rows
    assert (old.makeup_of_date, new.makeup_of_date) == (None, "06-04")
    assert eastern_day(old.start_time).strftime("%m-%d") == new.makeup_of_date


def test_q09_the_same_id_with_a_new_date_stays_the_same_game() -> None:
    moved = event(event_id="740902", name="STATUS_POSTPONED", competition=at("2026-05-22T14:00Z"))
    game = one("epl", moved)
    assert (game.game_id, game.phase, game.start_time.month) == ("epl:740902", "postponed", 5)


def test_q10_two_games_of_a_pair_on_one_day_are_two_games() -> None:
    rows = read("mlb", event(event_id="1"), event(event_id="2", competition=at("2026-11-22T23:00Z"))).games.rows
    assert [row.game_id for row in rows] == ["mlb:1", "mlb:2"]
    assert len({(row.home_team_id, row.away_team_id) for row in rows}) == 1


def test_q10_the_same_event_twice_on_one_board_is_one_game() -> None:
    parsed = read("mlb", event(), event())
    assert (len(parsed.games.rows), reasons(parsed)) == (1, ["duplicate"])


def test_q11_week_one_of_the_season_and_of_the_playoffs_differ_by_season_type() -> None:
    regular = one("nfl", event(week={"number": 1}))
    wild_card = one("nfl", event(week={"number": 1}, season={"year": 2026, "type": 3}))
    keys = {(game.season, game.season_type, game.week) for game in (regular, wild_card)}
    assert keys == {(2026, "regular", 1), (2026, "postseason", 1)}


def test_q11_the_fourth_playoff_week_of_the_nfl_is_the_pro_bowl() -> None:
    pro_bowl = event(week={"number": 4}, season={"year": 2026, "type": 3})
    assert one("nfl", pro_bowl).game_kind is GameKind.ALL_STAR
    assert one("ncaaf", pro_bowl).game_kind is GameKind.POSTSEASON
    super_bowl = event(week={"number": 5}, season={"year": 2026, "type": 3})
    assert one("nfl", super_bowl).game_kind is GameKind.POSTSEASON


@pytest.mark.parametrize(("season_type", "kind"), [(1, GameKind.PRESEASON), (2, GameKind.REGULAR)])
def test_q12_a_tie_with_both_flags_false_is_a_draw(season_type: int, kind: GameKind) -> None:
    tie = event(
        name="STATUS_FINAL",
        home=side("home", "1", "17", winner=False),
        away=side("away", "2", "17", winner=False),
        season={"year": 2025, "type": season_type},
    )
    game = one("nfl", tie)
    assert (game.winner, game.game_kind) == ("draw", kind)


def test_q13_a_neutral_site_is_told_by_its_flag_and_home_stays_nominal() -> None:
    neutral = event(competition={"neutralSite": True}, name="STATUS_SCHEDULED", shortName="KC VS LAC")
    game = one("nfl", neutral)
    assert (game.neutral_site, game.home_team_id) == (True, "nfl:10")


def test_q14_college_boards_are_asked_for_by_group_and_under_the_limit_that_is_whole() -> None:
    requests = requests_for(league("ncaab"), date(2027, 3, 18))
    assert [request.params["groups"] for request in requests] == ["50", "100"]
    assert {request.params["limit"] for request in requests} == {500}
    assert teams_request(league("ncaab")).params["limit"] == 1000


def test_q15_a_vanished_event_leaves_no_trace_and_an_empty_board_says_nothing_is_gone() -> None:
    before, after = read("nba", event(event_id="1"), event(event_id="2")), read("nba", event(event_id="2"))
    assert {game.game_id for game in before.games.rows} - {game.game_id for game in after.games.rows} == {"nba:1"}
    assert reasons(after) == []
    assert (read("nba").games.rows, read("nba").games.rejections) == ([], [])


def test_q16_a_match_in_two_tours_feeds_is_one_game() -> None:
    slam = tournament(womens_singles=[match("9", "STATUS_SCHEDULED", player("1"), player("2"))])
    assert read("atp", slam).games.rows[0].game_id == read("wta", slam).games.rows[0].game_id == "wta:9"


@pytest.mark.parametrize("period", [5, 8, 12])
def test_q17_overtime_has_as_many_periods_as_it_takes(period: int) -> None:
    lines = [{"displayValue": "1", "period": n + 1} for n in range(period)]
    final = event(
        name="STATUS_FINAL",
        home=side("home", "1", "9", linescores=lines),
        away=side("away", "2", "8", linescores=lines),
        competition={"status": status("STATUS_FINAL", period=period)},
    )
    game = one("ncaab", final)
    assert game.period == period
    assert game.linescores is not None
    assert len(game.linescores[0]) == period


def test_q18_a_stuck_status_is_kept_as_sent() -> None:
    started_long_ago = event(competition=at("2020-01-01T00:00Z"))
    assert one("nba", started_long_ago).phase == "scheduled"
    stale = status("STATUS_FINAL", clock=720.0, displayClock="12:00", period=4)
    final = event(
        name="STATUS_FINAL", home=side("home", "1", "9"), away=side("away", "2", "8"), competition={"status": stale}
    )
    assert (one("nba", final).phase, one("nba", final).winner) == ("final", "home")


def test_q19_transposed_weather_changes_nothing() -> None:
    transposed = event(weather={"displayValue": "6", "conditionId": "Mostly cloudy"})
    assert one("mlb", transposed) == one("mlb", event(weather={"displayValue": "Mostly cloudy", "conditionId": "6"}))


def test_q20_team_and_game_ids_are_keyed_by_league() -> None:
    keys = [read(key, event(home=side("home", "1"))).teams[0].team_id for key in ("nfl", "nba", "mlb", "nhl")]
    assert keys == ["nfl:1", "nba:1", "mlb:1", "nhl:1"]


def test_q21_text_in_another_language_or_zone_changes_nothing_but_the_detail() -> None:
    spanish = status("STATUS_SCHEDULED")
    spanish["type"] |= {"description": "Programado", "detail": "jue. 5 de junio, 19:30 EDT"}
    game, english = one("mlb", event(competition={"status": spanish})), one("mlb", event())
    assert (game.phase, game.start_time, game.detail) == (
        english.phase,
        english.start_time,
        "jue. 5 de junio, 19:30 EDT",
    )


def test_q22_a_canceled_season_is_kept_without_scores() -> None:
    canceled = event(name="STATUS_CANCELED", season={"year": 2020, "type": 1}, competition=at("2020-08-14T00:00Z"))
    game = one("nfl", canceled)
    assert (game.phase, game.game_kind, game.home_score, game.winner) == ("canceled", GameKind.PRESEASON, None, None)


def test_q23_the_404_body_of_a_missing_summary_is_no_summary() -> None:
    body = b'{"code":404,"message":"Error invoking GET: http://x/pvt/v2/sports"}'
    assert reasons(parse_summary(body, league("mlb"))) == ["not_a_summary"]


def test_q24_the_providers_season_wins_over_the_calendar() -> None:
    early = event(season={"year": 2026, "type": 1}, competition=at("2026-07-30T00:00Z"))
    assert (one("nfl", early).season, one("nfl", {**early, "season": None}).season) == (2026, 2025)


def test_single_days_only_are_asked_for() -> None:
    request = board_request(league("nfl"), date(2026, 11, 22))
    assert request.params == {"dates": "20261122", "limit": 500}


def test_team_lists_of_another_shape_are_not_an_empty_league() -> None:
    stub = orjson.dumps({"fullViewLink": {"text": "Full"}})
    assert [r.reason for r in parse_teams(stub, league("nba")).rejections] == ["not_a_team_list"]


@pytest.mark.parametrize(
    ("sent", "eastern"),
    [
        ("2026-03-08T04:59Z", date(2026, 3, 7)),
        ("2026-03-08T05:00Z", date(2026, 3, 8)),
        ("2026-03-09T03:59Z", date(2026, 3, 8)),
        ("2026-03-09T04:00Z", date(2026, 3, 9)),
        ("2026-11-01T03:59Z", date(2026, 10, 31)),
        ("2026-11-01T04:00Z", date(2026, 11, 1)),
        ("2026-11-02T04:59Z", date(2026, 11, 1)),
        ("2026-11-02T05:00:00Z", date(2026, 11, 2)),
        ("2026-12-31T23:30:00-05:00", date(2026, 12, 31)),
        ("2027-01-01T04:59:59.999Z", date(2026, 12, 31)),
    ],
)
def test_eastern_days_turn_at_eastern_midnight_also_when_clocks_change(sent: str, eastern: date) -> None:
    game = one("nba", event(competition=at(sent)))
    assert game.start_time.utcoffset() == timedelta(0)
    assert eastern_day(game.start_time) == eastern


@pytest.mark.parametrize(
    ("key", "sent", "season"),
    [
        ("nfl", "2026-08-01T03:59Z", 2025),
        ("nfl", "2026-08-01T04:00Z", 2026),
        ("nba", "2026-09-15T03:59Z", 2026),
        ("nba", "2026-09-15T04:00Z", 2027),
        ("mlb", "2027-01-01T04:59Z", 2026),
        ("mlb", "2027-01-01T05:00Z", 2027),
        ("epl", "2026-07-15T03:59Z", 2025),
        ("epl", "2026-07-15T04:00Z", 2026),
    ],
)
def test_seasons_turn_by_the_leagues_calendar_only_where_none_was_sent(key: str, sent: str, season: int) -> None:
    unlabelled = event(season=None, competition=at(sent))
    assert one(key, unlabelled).season == season
    assert parse_scoreboard(board(unlabelled, season={"year": 1999}), league(key)).games.rows[0].season == 1999
