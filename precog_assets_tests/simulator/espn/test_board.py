"""Scoreboards: which games a request gets, and what ESPN refuses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ALL, ANCHOR, Ask, board_path
from precog_assets_tests.simulator.espn.watching import events, sides


@pytest.mark.parametrize("league", ALL)
def test_the_default_board_of_every_league_has_events(ask: Ask, league: str) -> None:
    response = ask(board_path(league))
    assert events(response)
    assert response.headers["content-type"] == "application/json;charset=UTF-8"
    assert response.headers["cache-control"].startswith("max-age=")
    assert "etag" not in response.headers
    assert "last-modified" not in response.headers


def test_season_and_day_come_only_without_dates(ask: Ask) -> None:
    today = ask(board_path("nba")).json()
    assert today["day"] == {"date": "2026-11-21"}
    assert today["season"] == {"type": 2, "year": 2027}
    dated = ask(board_path("nba"), dates="20261121").json()
    assert set(dated) == {"leagues", "events", "provider"}
    assert dated["events"] == today["events"]


def test_football_without_dates_shows_the_week_from_tuesday_to_monday(ask: Ask) -> None:
    page = ask(board_path("nfl")).json()
    assert page["week"]["number"] == 8
    assert {event["week"]["number"] for event in page["events"]} == {8}
    days = {event["date"][:10] for event in page["events"]}
    assert len(days) > 2
    assert len(events(ask(board_path("nfl"), dates="20261121"))) == 3


@pytest.mark.parametrize("league", ["nba", "ncaab", "epl"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"dates": "20261121-20261122"},
        {"dates": "20261121-20261121"},
        {"dates": "2026-11-21"},
        {"dates": "20261341"},
        {"dates": "today"},
        {"dates": "00010101"},
        {"dates": "999912"},
        {"dates": "٢٠٢٦١١٢١"},
        {"limit": "many"},
    ],
)
def test_ranges_and_malformed_requests_are_refused(ask: Ask, league: str, parameters: dict[str, str]) -> None:
    response = ask(board_path(league), **parameters)
    assert response.status_code == 400
    assert response.json() == {"code": 400, "message": "Failed to get events endpoint."}


def test_an_unknown_league_is_refused(ask: Ask) -> None:
    assert ask("/apis/site/v2/sports/football/xfl/scoreboard").status_code == 400
    assert ask("/apis/site/v2/sports/hockey/nba/scoreboard").status_code == 400


@pytest.mark.parametrize(("limit", "count"), [(3, 3), (100, 100), (500, None), (599, None), (600, 25), (1000, 25)])
def test_a_limit_cuts_and_from_600_on_yields_25(ask: Ask, world: World, limit: int, count: int | None) -> None:
    everything = len(world.games_on("ncaab", world.settings.anchor_day))
    assert 100 < everything < 500
    shown = len(events(ask(board_path("ncaab"), groups="50", limit=limit)))
    assert shown == (everything if count is None else count)


def test_without_a_limit_100_events_come(ask: Ask) -> None:
    assert len(events(ask(board_path("ncaab"), groups="50"))) == 100


def test_college_boards_show_a_featured_few_without_a_group(ask: Ask) -> None:
    featured = events(ask(board_path("ncaab")))
    everything = {event["id"] for event in events(ask(board_path("ncaab"), groups="50", limit=500))}
    assert 0 < len(featured) <= 12
    assert {event["id"] for event in featured} < everything


def test_a_conference_is_a_group_too(ask: Ask) -> None:
    event = events(ask(board_path("ncaab")))[0]
    home, _ = sides(event)
    group = home["team"]["conferenceId"]
    page = ask(board_path("ncaab"), groups=group, limit=500).json()
    assert page["groups"] == [group]
    assert event["id"] in {one["id"] for one in page["events"]}
    for one in page["events"]:
        assert group in {side["team"]["conferenceId"] for side in sides(one)}


def test_the_championship_is_group_100_and_missing_from_50(ask: Ask, world: World) -> None:
    _, last = world.season_days("ncaab", world.seasons("ncaab")[0])
    day = f"{last:%Y%m%d}"
    final = events(ask(board_path("ncaab"), dates=day, groups="100"))
    assert len(final) == 1
    assert final[0]["season"] == {"year": 2026, "type": 3, "slug": "post-season"}
    assert "Championship" in final[0]["competitions"][0]["notes"][0]["headline"]
    assert events(ask(board_path("ncaab"), dates=day, groups="50")) == []
    assert events(ask(board_path("ncaab"), groups="100")) == []


def test_a_month_and_a_year_are_answered_up_to_the_limit(ask: Ask) -> None:
    month = events(ask(board_path("epl"), dates="202611", limit=500))
    assert len(month) > 40
    year = events(ask(board_path("epl"), dates="2026", limit=500))
    assert len(year) > len(month)
    assert len(events(ask(board_path("epl"), dates="2026"))) == 100


def test_a_year_of_football_is_a_season_and_can_be_narrowed(ask: Ask) -> None:
    playoffs = events(ask(board_path("nfl"), dates="2025", seasontype=3))
    assert {event["week"]["number"] for event in playoffs} == {1, 2, 3, 4, 5}
    assert {event["season"]["year"] for event in playoffs} == {2025}
    week = events(ask(board_path("nfl"), dates="2026", seasontype=2, week=3))
    assert week
    assert {event["week"]["number"] for event in week} == {3}


def test_a_late_game_is_on_the_eastern_day_it_starts(ask: Ask) -> None:
    late = [event for event in events(ask(board_path("nba"), dates="20261121")) if event["date"] >= "2026-11-22"]
    assert late
    next_day = {event["id"] for event in events(ask(board_path("nba"), dates="20261122"))}
    assert not next_day & {event["id"] for event in late}


def test_after_midnight_eastern_the_default_board_is_the_next_day(ask: Ask) -> None:
    midnight = datetime(2026, 11, 22, 5, 0, tzinfo=ANCHOR.tzinfo)
    assert ask(board_path("nhl"), now=midnight - timedelta(minutes=1)).json()["day"] == {"date": "2026-11-21"}
    assert ask(board_path("nhl"), now=midnight).json()["day"] == {"date": "2026-11-22"}


def test_a_day_without_games_is_an_empty_board_not_an_error(ask: Ask) -> None:
    page = ask(board_path("nba"), dates="20200101").json()
    assert page["events"] == []
    assert page["leagues"][0]["slug"] == "nba"


def test_the_same_world_and_instant_give_the_same_bytes(ask: Ask) -> None:
    for league in ALL:
        assert ask(board_path(league)).content == ask(board_path(league)).content


def test_a_game_goes_from_pre_over_in_to_post_under_one_id(ask: Ask, world: World) -> None:
    game = next(
        game for game in world.games_on("nba", world.settings.anchor_day) if world.truth(game, ANCHOR).state == "in"
    )
    seen = []
    for minutes in (-30, 60, 400):
        now = game.start + timedelta(minutes=minutes)
        event = next(
            one for one in events(ask(board_path("nba"), now=now, dates="20261121")) if one["id"] == game.event_id
        )
        truth = world.truth(game, now)
        home, away = sides(event)
        assert (home["score"], away["score"]) == (str(truth.home_score), str(truth.away_score))
        assert event["status"]["type"]["name"] == truth.status
        assert parse_instant(event["date"]) == game.start
        assert ("winner" in home) == (minutes == 400)
        assert ("situation" in event["competitions"][0]) == (minutes == 60)
        assert ("linescores" in home) == (minutes > 0)
        seen.append(event["status"]["type"]["state"])
    assert seen == ["pre", "in", "post"]


def test_a_neutral_site_changes_the_short_name_only(ask: Ask) -> None:
    month = events(ask(board_path("ncaab"), dates="202610", groups="50", limit=500))
    neutral = [event for event in month if event["competitions"][0]["neutralSite"]]
    assert neutral
    for event in neutral:
        assert " VS " in event["shortName"]
        assert " at " in event["name"]


def test_a_rained_out_game_is_post_without_a_result_and_its_make_up_says_so(ask: Ask, world: World) -> None:
    game = next(
        game
        for day in world.game_days("mlb", world.seasons("mlb")[0])
        for game in world.games_on("mlb", day)
        if game.postponed
    )
    board = events(ask(board_path("mlb"), dates=f"{eastern_day(game.start):%Y%m%d}"))
    event = next(one for one in board if one["id"] == game.event_id)
    assert event["status"]["type"] == {
        "id": "6",
        "name": "STATUS_POSTPONED",
        "state": "post",
        "completed": False,
        "description": "Postponed",
        "detail": "Postponed",
        "shortDetail": "Postponed",
    }
    assert "winner" not in sides(event)[0]
    assert [side["score"] for side in sides(event)] == ["0", "0"]
    assert event["competitions"][0]["notes"][0]["headline"].startswith("Inclement Weather - Makeup date ")


def test_soccer_says_winner_false_until_the_end_and_lists_goals(ask: Ask, world: World) -> None:
    board = events(ask(board_path("epl")))
    for event in board:
        competition = event["competitions"][0]
        assert "neutralSite" not in competition
        assert "situation" not in competition
        home, away = sides(event)
        if not event["status"]["type"]["completed"]:
            assert (home["winner"], away["winner"]) == (False, False)
        goals = [detail for detail in competition["details"] if detail["scoringPlay"]]
        for side in (home, away):
            assert sum(goal["team"]["id"] == side["id"] for goal in goals) == int(side["score"])
        assert ("period" in event["status"]) == (event["status"]["type"]["state"] != "pre")
        assert event["season"]["slug"] == "2026-27-english-premier-league"


def test_records_are_those_of_the_games_played_before(ask: Ask, world: World) -> None:
    event = next(event for event in events(ask(board_path("nba"))) if event["status"]["type"]["state"] == "pre")
    home, _ = sides(event)
    first, _ = world.season_days("nba", 2027)
    won = lost = 0
    for offset in range((world.settings.anchor_day - first).days):
        for game in world.games_on("nba", first + timedelta(days=offset)):
            if game.season_type == 2 and home["id"] in (game.home.espn_id, game.away.espn_id):
                at_home = game.home.espn_id == home["id"]
                if (world.ending(game).winner == "home") == at_home:
                    won += 1
                else:
                    lost += 1
    assert home["records"][0]["summary"] == f"{won}-{lost}"
    assert won + lost > 15


def test_a_round_whose_sides_are_not_decided_shows_tbd_with_negative_ids(ask: Ask, world: World) -> None:
    past = world.seasons("nba")[0]
    games = [game for day in world.game_days("nba", past) for game in world.games_on("nba", day)]
    final = next(game for game in reversed(games) if game.season == past and game.listed_from is None)
    home_from, away_from = final.home_known_from, final.away_known_from
    assert home_from is not None
    assert away_from is not None
    minute = timedelta(minutes=1)
    seen = []
    for now in (min(home_from, away_from) - minute, min(home_from, away_from), max(home_from, away_from)):
        board = events(ask(board_path("nba"), now=now, dates=f"{eastern_day(world.listing(final, now).start):%Y%m%d}"))
        event = next(one for one in board if one["id"] == final.event_id)
        ids = [side["id"] for side in sides(event)]
        assert ids[0] == (final.home.espn_id if now >= home_from else "-1")
        assert ids[1] == (final.away.espn_id if now >= away_from else "-2")
        assert event["shortName"].count("TBD") == sum(one.startswith("-") for one in ids)
        assert event["name"].count("TBD") == sum(one.startswith("-") for one in ids)
        if "-1" in ids:
            assert "color" not in sides(event)[0]["team"]
        seen.append(sum(one.startswith("-") for one in ids))
    assert seen[0] == 2
    assert seen[-1] == 0


def test_between_the_seasons_the_board_is_empty_and_says_off_season(ask: Ask, world: World) -> None:
    _, last = world.season_days("nhl", world.seasons("nhl")[0])
    now = datetime(last.year, last.month, last.day, 18, tzinfo=ANCHOR.tzinfo) + timedelta(days=5)
    page = ask(board_path("nhl"), now=now).json()
    assert page["events"] == []
    assert page["leagues"][0]["season"]["type"]["name"] == "Off Season"
    assert page["season"] == {"type": 4, "year": world.seasons("nhl")[0]}


@pytest.mark.parametrize("league", ALL)
@pytest.mark.parametrize("dates", ["19000101", "21001231", "2100", "190001"])
def test_days_no_season_has_are_empty_boards_in_every_league(ask: Ask, league: str, dates: str) -> None:
    assert events(ask(board_path(league), dates=dates)) == []


def test_tennis_takes_a_range_of_days(ask: Ask) -> None:
    week = events(ask(board_path("atp"), dates="20261109-20261121"))
    days = [events(ask(board_path("atp"), dates=day)) for day in ("20261110", "20261121")]
    assert {event["id"] for event in week} >= {event["id"] for day in days for event in day}
    for dates in ("20261121-20261109", "20261121-x", "20201121-20261121"):
        assert ask(board_path("atp"), dates=dates).status_code == 400


def test_a_week_without_a_date_is_of_the_season_that_runs(ask: Ask) -> None:
    page = ask(board_path("nfl"), seasontype=2, week=3).json()
    assert page["week"]["number"] == 3
    assert {(event["season"]["year"], event["week"]["number"]) for event in page["events"]} == {(2026, 3)}
    assert ask(board_path("nfl"), dates="2026", seasontype=2, week=3).json()["events"] == page["events"]


def test_teams_on_bye_are_those_without_a_game_in_the_week(ask: Ask, world: World) -> None:
    resting = 0
    for week in range(4, 12):
        page = ask(board_path("nfl"), seasontype=2, week=week).json()
        playing = {side["id"] for event in page["events"] for side in sides(event)}
        off = {team["id"] for team in page["week"]["teamsOnBye"]}
        assert playing | off == {team.espn_id for team in world.teams("nfl")}
        assert not playing & off
        resting += len(off)
    assert resting > 0
