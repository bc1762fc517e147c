"""Summaries, schedules, team pages and standings beside recorded ones, and what they say of the world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from precog_assets.config import load_leagues
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask
from precog_assets_tests.simulator.espn.recordings import FOLDERS, RECORDED, payloads
from precog_assets_tests.simulator.espn.shapes import Shape, lacking
from precog_assets_tests.simulator.espn.watching import game_in, site

recorded_only = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded payloads at {RECORDED}")
NOT_OF_EVERY_GAME = {
    "gameNote",  # playoffs and title games
    "standings",  # the header of one playoff game repeats a table
    "competitions[].competitors[].rank",  # ranked teams
    "competitions[].notes[]: sometimes empty",
}


def recorded(prefix: str) -> Iterator[tuple[str, str]]:
    """(league, file) of recorded payloads of a kind."""
    if RECORDED.is_dir():
        for league, folder in FOLDERS.items():
            for name, _ in payloads(folder):
                if name.startswith(prefix):
                    yield league, name


SUMMARIES = sorted({(league, "pre" if "scheduled" in name else "post") for league, name in recorded("summary-")})


def document(league: str, name: str) -> dict[str, Any]:
    return next(found for file, found in payloads(FOLDERS[league]) if file == name)


@recorded_only
@pytest.mark.parametrize(
    ("league", "state"), sorted({(a, "pre" if "sch" in b else "post") for a, b in recorded("summary-")})
)
def test_no_key_of_recorded_summaries_is_missing(ask: Ask, world: World, league: str, state: str) -> None:
    word = "summary-scheduled" if state == "pre" else "summary-final"
    theirs = [found for name, found in payloads(FOLDERS[league]) if name.startswith(word)]
    game = game_in(world, league, state)
    ours = ask(site(league, "summary"), event=game.event_id).json()
    assert lacking(Shape.of(dict.fromkeys(one) for one in theirs), Shape.of([dict.fromkeys(ours)])) == []
    series = {"competitions[].series"} if state == "post" and not ours.get("seasonseries") else set()
    missing = lacking(Shape.of(one["header"] for one in theirs), Shape.of([ours["header"]]))
    assert set(missing) - NOT_OF_EVERY_GAME - series == set()


@recorded_only
@pytest.mark.parametrize(("league", "name"), [*recorded("schedule-")])
@pytest.mark.parametrize("state", ["pre", "post"])
def test_no_key_of_recorded_schedules_is_missing(ask: Ask, world: World, league: str, name: str, state: str) -> None:
    page = document(league, name)
    theirs = [event for event in page["events"] if event["competitions"][0]["status"]["type"]["state"] == state]
    if not theirs:
        pytest.skip(f"{league} {name} has no {state} games")
    ours, tops = [], []
    for team in world.teams(league)[:5]:
        for season in world.seasons(league)[:2]:
            found = ask(site(league, f"teams/{team.espn_id}/schedule"), season=season, seasontype=2).json()
            ours += [one for one in found["events"] if shown_state(one) == state]
            tops.append({key: value for key, value in found.items() if key not in ("events", "byeWeek")})
    assert set(lacking(Shape.of(theirs), Shape.of(ours))) - NOT_OF_EVERY_GAME == set()
    top = {key: value for key, value in page.items() if key not in ("events", "byeWeek")}
    assert lacking(Shape.of([top]), Shape.of(tops)) == []


def shown_state(event: dict[str, Any]) -> str:
    kind = event["competitions"][0]["status"]["type"]
    ordinary = kind["completed"] == (kind["state"] == "post") and kind["shortDetail"] != "TBD"
    return kind["state"] if ordinary else "odd"


@recorded_only
@pytest.mark.parametrize(("league", "name"), [*recorded("teams-"), *recorded("standings-")])
def test_no_key_of_recorded_lists_is_missing(ask: Ask, league: str, name: str) -> None:
    table = f"/apis/v2/sports/{load_leagues()[league].espn.path}/standings"
    path = site(league, "teams") if name.startswith("teams") else table
    assert lacking(Shape.of([document(league, name)]), Shape.of([ask(path).json()])) == []


@recorded_only
def test_no_key_of_a_recorded_team_page_is_missing(ask: Ask, world: World) -> None:
    pages = [ask(site("mls", f"teams/{team.espn_id}")).json() for team in world.teams("mls")]
    waiting = [page for page in pages if [shown_state(event) for event in page["team"]["nextEvent"]] == ["pre"]]
    assert waiting
    assert lacking(Shape.of([document("mls", "team-1.json")]), Shape.of(waiting)) == []


@pytest.mark.parametrize("league", ["nfl", "nba", "nhl", "mlb", "epl", "ncaab"])
@pytest.mark.parametrize("state", ["pre", "in", "post"])
def test_a_summary_tells_the_game_as_the_board_does(ask: Ask, world: World, league: str, state: str) -> None:
    game = game_in(world, league, state)
    page = ask(site(league, "summary"), event=game.event_id).json()
    (competition,) = page["header"]["competitions"]
    truth = world.truth(game, ANCHOR)
    home, away = competition["competitors"]
    assert (home["id"], away["id"]) == (game.home.espn_id, game.away.espn_id)
    assert ("score" in home) == (state != "pre")
    if state != "pre":
        assert (home["score"], away["score"]) == (str(truth.home_score), str(truth.away_score))
    assert set(competition["status"]) <= {"type", "isTBDFlex", "featuredAthletes", "periodPrefix"}
    assert competition["status"]["type"]["name"] == truth.status
    if league not in ("nfl", "epl") and state != "pre":
        assert page["plays"][-1]["homeScore"] == truth.home_score
        assert sum(play["scoreValue"] for play in page["plays"]) == truth.home_score + truth.away_score


def test_a_summary_of_a_game_that_is_not_there_is_404(ask: Ask, world: World) -> None:
    for number in ("1", "", "abc", game_in(world, "nhl", "pre").event_id):
        response = ask(site("nba", "summary"), event=number)
        assert response.status_code == 404
        assert response.json()["code"] == 404
        assert response.json()["message"].startswith("Error invoking GET: http://sports.core.api.espn.pvt/v2/")


def test_schedule_scores_are_objects_and_absent_before_the_game(ask: Ask, world: World) -> None:
    team = world.teams("nba")[3]
    page = ask(site("nba", f"teams/{team.espn_id}/schedule"), season=2027).json()
    seen = set()
    for event in page["events"]:
        assert "status" not in event
        (competition,) = event["competitions"]
        state = shown_state(event)
        seen.add(state)
        for side in competition["competitors"]:
            assert ("score" in side) == (state == "post")
            if state == "post":
                assert side["score"]["displayValue"] == str(int(side["score"]["value"]))
    assert seen >= {"pre", "post"}
    assert page["team"]["abbreviation"] == team.abbreviation
    assert page["requestedSeason"] == {"year": 2027, "type": 2, "name": "Regular Season", "displayName": "2026-27"}
    dates = [event["date"] for event in page["events"]]
    assert dates == sorted(dates)


def test_soccer_schedules_have_no_future_games_and_mls_begins_with_the_last(ask: Ask, world: World) -> None:
    for league, newest_first in (("epl", False), ("mls", True)):
        season = world.seasons(league)[1]
        team = world.teams(league)[2]
        page = ask(site(league, f"teams/{team.espn_id}/schedule"), season=season).json()
        assert page["events"]
        assert {shown_state(event) for event in page["events"]} == {"post"}
        dates = [event["date"] for event in page["events"]]
        assert dates == sorted(dates, reverse=newest_first)
        assert all(
            side["score"]["$ref"] for event in page["events"] for side in event["competitions"][0]["competitors"]
        )


def test_a_football_schedule_names_the_bye_week(ask: Ask, world: World) -> None:
    for team in world.teams("nfl")[:4]:
        page = ask(site("nfl", f"teams/{team.abbreviation.lower()}/schedule"), season=2025, seasontype=2).json()
        weeks = [event["week"]["number"] for event in page["events"]]
        assert page["byeWeek"] not in weeks
        assert sorted([*weeks, page["byeWeek"]]) == list(range(1, 19))


def test_a_team_page_is_found_by_id_and_by_abbreviation_and_has_one_next_game(ask: Ask, world: World) -> None:
    team = world.teams("nba")[5]
    page = ask(site("nba", f"teams/{team.espn_id}")).json()["team"]
    assert ask(site("nba", f"teams/{team.abbreviation}")).json()["team"] == page
    (following,) = page["nextEvent"]
    game = next(
        game
        for offset in range(10)
        for game in world.games_on("nba", world.settings.anchor_day + timedelta(days=offset))
        if team.espn_id in (game.home.espn_id, game.away.espn_id) and world.truth(game, ANCHOR).state != "post"
    )
    assert following["id"] == game.event_id
    assert page["record"]["items"][0]["summary"].count("-") >= 1
    assert " in " in page["standingSummary"]


def test_no_team_has_a_next_game_after_its_last(ask: Ask, world: World) -> None:
    _, last = world.season_days("nhl", world.seasons("nhl")[0])
    now = ANCHOR.replace(year=last.year, month=last.month, day=last.day) + timedelta(days=3)
    page = ask(site("nhl", f"teams/{world.teams('nhl')[0].espn_id}"), now=now).json()
    assert page["team"]["nextEvent"] == []


def test_the_sites_own_standings_are_a_link(ask: Ask) -> None:
    page = ask(site("nba", "standings")).json()
    assert set(page) == {"fullViewLink"}


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
    [
        ("football/nfl/teams/999999", {}, "Failed to get league teams summary"),
        ("football/nfl/teams/xyz/schedule", {}, "Failed to get league teams summary"),
        ("football/nfl/teams", {"limit": "all"}, "Failed to get events endpoint."),
        ("football/xfl/teams", {}, "Failed to get league teams summary"),
        ("football/nfl/teams/kc/schedule", {"season": "1999"}, "Failed to get schedule for season 1999"),
        ("football/nfl/teams/kc/schedule", {"seasontype": "9"}, "Failed to get schedule for season 2026"),
        ("curling/x/summary", {"event": "1"}, "Failed to get event summary"),
    ],
)
def test_what_the_site_does_not_know_is_400(ask: Ask, path: str, parameters: dict[str, str], message: str) -> None:
    response = ask(f"/apis/site/v2/sports/{path}", **parameters)
    assert response.status_code == 400
    assert response.json() == {"code": 400, "message": message}
