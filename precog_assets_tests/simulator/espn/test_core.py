"""The core API: lists of links with pages, events and their parts, errors."""

from __future__ import annotations

import pytest

from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask
from precog_assets_tests.simulator.espn.recordings import RECORDED, load
from precog_assets_tests.simulator.espn.shapes import Shape, lacking
from precog_assets_tests.simulator.espn.watching import game_in

recorded_only = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded payloads at {RECORDED}")
NFL = "/v2/sports/football/leagues/nfl"
NBA = "/v2/sports/basketball/leagues/nba"
COLLEGE = "/v2/sports/basketball/leagues/mens-college-basketball"


def competition(root: str, number: str) -> str:
    return f"{root}/events/{number}/competitions/{number}"


@recorded_only
def test_no_key_of_recorded_core_objects_is_missing(ask: Ask, world: World) -> None:
    over, live = game_in(world, "nfl", "post").event_id, game_in(world, "nfl", "in").event_id
    priced = game_in(world, "nba", "post").event_id
    pages = {
        "competition-1": competition(NFL, over),
        "status-1": f"{competition(NFL, over)}/status",
        "situation-1": f"{competition(NFL, live)}/situation",
        "odds-nba-1": f"{competition(NBA, priced)}/odds",
        "weeks-1": f"{NFL}/seasons/2025/types/2/weeks",
        "calendar-1": f"{NFL}/calendar",
        "groups-mbb-1": f"{COLLEGE}/groups",
        "events-nfl-1": f"{NFL}/events",
        "events-mbb-range-1": f"{COLLEGE}/events",
    }
    for name, path in pages.items():
        ours = ask(path, **({"dates": "20261101-20261107"} if "range" in name else {})).json()
        assert lacking(Shape.of([load(RECORDED / "core" / f"{name}.json")]), Shape.of([ours])) == [], name


def test_lists_come_in_pages_of_25_unless_more_are_asked_for(ask: Ask) -> None:
    first = ask(f"{NFL}/events").json()
    assert (first["count"], first["pageIndex"], first["pageSize"], first["pageCount"]) == (272, 1, 25, 11)
    last = ask(f"{NFL}/events", page=11).json()
    assert len(last["items"]) == 272 - 250
    every = ask(f"{NFL}/events", limit=1000).json()
    assert (every["pageCount"], len(every["items"])) == (1, 272)
    assert every["items"][:25] == first["items"]
    assert ask(f"{NFL}/events", page=12).json()["items"] == []


def test_the_core_takes_ranges_of_days(ask: Ask, world: World) -> None:
    page = ask(f"{NBA}/events", dates="20261119-20261121", limit=500).json()
    days = [ask(f"{NBA}/events", dates=day, limit=500).json() for day in ("20261119", "20261120", "20261121")]
    assert page["items"] == [item for day in days for item in day["items"]]
    assert page["count"] == len(page["items"]) > 0
    assert page["$meta"]["parameters"]["dates"] == ["20261119"]


def test_links_lead_to_pages_and_some_to_a_host_that_only_espn_reaches(ask: Ask) -> None:
    items = ask(f"{NBA}/events", dates="20261121", limit=100).json()["items"]
    hosts = set()
    for item in items:
        host, path = item["$ref"].removeprefix("http://").split("/", 1)
        hosts.add(host)
        event = ask("/" + path.partition("?")[0]).json()
        assert event["id"] == path.partition("?")[0].rpartition("/")[2]
        assert event["competitions"][0]["competitors"][0]["homeAway"] == "home"
    month = ask(f"{NBA}/events", dates="202611", limit=1000).json()["items"]
    hosts |= {item["$ref"].split("/")[2] for item in month}
    assert hosts == {"sports.core.api.espn.com", "sports.core.api.espn.pvt"}


@pytest.mark.parametrize("state", ["pre", "in", "post"])
def test_parts_of_a_competition_tell_the_truth(ask: Ask, world: World, state: str) -> None:
    game = game_in(world, "nba", state)
    truth, root = world.truth(game, ANCHOR), competition(NBA, game.event_id)
    status = ask(f"{root}/status").json()
    assert (status["type"]["name"], status["period"]) == (truth.status, truth.period)
    score = ask(f"{root}/competitors/{game.home.espn_id}/score").json()
    assert score["value"] == truth.home_score
    assert (ask(f"{root}/situation").status_code == 200) == (state == "in")
    (line,) = ask(f"{root}/odds").json()["items"]
    assert line["homeTeamOdds"]["favorite"] != line["awayTeamOdds"]["favorite"]
    assert (line["spread"] < 0) == line["homeTeamOdds"]["favorite"]


def test_errors_are_worded_as_recorded(ask: Ask, world: World) -> None:
    missing = ask(f"{NFL}/events/401547675")
    assert missing.status_code == 404
    assert missing.json() == {"error": {"message": "No event found for eventId: 401547675", "code": 404}}
    broken = ask(f"{NFL}/standings/details")
    assert broken.status_code == 500
    assert broken.json() == {"error": {"message": "application error", "code": 500}}
    unknown = "/v2/sports/football/leagues/xfl/events"
    wrong: list[tuple[str, dict[str, str]]] = [
        (unknown, {}),
        (f"{NFL}/events", {"dates": "yesterday"}),
        (f"{NFL}/events", {"dates": "20261121-20251121"}),
        (f"{NFL}/events", {"limit": "x"}),
        (f"{NFL}/seasons/now/types/2/weeks", {}),
    ]
    for path, parameters in wrong:
        response = ask(path, **parameters)
        assert response.status_code == 400, path
        assert set(response.json()["error"]) == {"message", "code"}
    game = game_in(world, "nfl", "post")
    assert ask(f"{NFL}/events/{game.event_id}/competitions/1").status_code == 404
    assert ask(f"{competition(NFL, game.event_id)}/competitors/9999/score").status_code == 404


def test_core_answers_may_be_kept_for_a_quarter_of_an_hour(ask: Ask) -> None:
    headers = ask(f"{NFL}/calendar").headers
    assert headers["cache-control"] == "max-age=900, stale-while-revalidate=7200"
    assert "etag" not in headers
