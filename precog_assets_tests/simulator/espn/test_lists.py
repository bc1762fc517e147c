"""Team lists and standings."""

from __future__ import annotations

from typing import Any

import pytest

from precog_assets.config import load_leagues
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import Ask


def teams_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["team"] for entry in page["sports"][0]["leagues"][0]["teams"]]


@pytest.mark.parametrize(("league", "count"), [("nfl", 32), ("nba", 30), ("epl", 20), ("ncaab", 50)])
def test_a_team_list_is_whole_but_for_college_which_stops_at_50(ask: Ask, league: str, count: int) -> None:
    path = f"/apis/site/v2/sports/{load_leagues()[league].espn.path}/teams"
    assert len(teams_of(ask(path).json())) == count


def test_a_limit_brings_all_college_teams(ask: Ask, world: World) -> None:
    page = ask("/apis/site/v2/sports/basketball/mens-college-basketball/teams", limit=1000).json()
    assert {team["id"] for team in teams_of(page)} == {team.espn_id for team in world.teams("ncaab")}


def test_standings_count_every_game_of_the_past_season_once(ask: Ask, world: World) -> None:
    page = ask("/apis/v2/sports/soccer/eng.1/standings", season=2025).json()
    (table,) = page["children"]
    entries = table["standings"]["entries"]
    stats = [{stat["name"]: stat.get("value") for stat in entry["stats"]} for entry in entries]
    assert len(entries) == 20
    assert {row["gamesPlayed"] for row in stats} == {38.0}
    assert sum(row["wins"] for row in stats) == sum(row["losses"] for row in stats)
    assert sum(row["pointDifferential"] for row in stats) == 0
    points = [row["points"] for row in stats]
    assert points == sorted(points, reverse=True)


def test_standings_are_by_conference_where_there_are_conferences(ask: Ask) -> None:
    page = ask("/apis/v2/sports/basketball/nba/standings").json()
    assert [child["name"] for child in page["children"]] == ["Eastern", "Western"]
    assert all(child["isConference"] and len(child["standings"]["entries"]) == 15 for child in page["children"])


def test_standings_of_an_unknown_season_or_league_are_refused_by_name(ask: Ask) -> None:
    wrong = ask("/apis/v2/sports/soccer/zzz.9/standings")
    assert wrong.status_code == 400
    assert wrong.json()["message"] == "Unable to retrieve any standings information for zzz.9"
    assert ask("/apis/v2/sports/soccer/eng.1/standings", season=1999).status_code == 400


def test_tennis_has_no_teams(ask: Ask) -> None:
    response = ask("/apis/site/v2/sports/tennis/atp/teams")
    assert response.status_code == 400
    assert response.json()["message"] == "Failed to get league teams summary"
