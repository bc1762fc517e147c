"""States and games that are rare, as boards show them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import Ask, board_path
from precog_assets_tests.simulator.espn.staging import stage
from precog_assets_tests.simulator.espn.watching import (
    MINUTE,
    events,
    season_games,
    shown,
    sides,
    status_of,
)


@pytest.mark.parametrize("state", ["overtime", "final_aet"])
def test_extra_time_is_shown_with_its_own_statuses(world: World, state: str) -> None:
    _, event = stage(world, state)
    assert event["status"]["period"] == 4
    home, away = sides(event)
    assert home["winner"] is (state == "final_aet")
    assert away["winner"] is False


def test_an_all_star_game_is_of_its_own_type(ask: Ask, world: World) -> None:
    game = next(game for game in season_games(world, "nba") if game.exhibition and game.season_type != 1)
    event = shown(ask, world, game, game.start - MINUTE)
    assert event["competitions"][0]["type"] == {"id": "4", "abbreviation": "ALLSTAR"}
    assert all(side["team"]["isAllStar"] for side in sides(event))


def test_playoffs_tell_how_their_series_stands(ask: Ask, world: World) -> None:
    games = [game for game in season_games(world, "nhl") if game.series is not None]
    series = [game for game in games if game.series == games[0].series]
    wins = Counter()
    for number, game in enumerate(series, start=1):
        event = shown(ask, world, game, game.start + timedelta(hours=6))
        ending = world.ending(game)
        wins[game.home.espn_id if ending.winner == "home" else game.away.espn_id] += 1
        block = event["competitions"][0]["series"]
        assert {side["id"]: side["wins"] for side in block["competitors"]} == {
            side.espn_id: wins[side.espn_id] for side in (game.home, game.away)
        }
        assert block["totalCompetitions"] == 7
        assert block["completed"] == (max(wins.values()) == 4)
        assert event["competitions"][0]["notes"][0]["headline"].endswith(f"Game {number}")
    assert max(wins.values()) == 4


def test_walkovers_have_no_sets_and_at_a_retirement_the_last_set_is_nobodys(ask: Ask, world: World) -> None:
    seen = set()
    for game in season_games(world, "wta"):
        status = world.ending(game).status.removeprefix("STATUS_")
        if status not in ("WALKOVER", "RETIRED") or status in seen:
            continue
        day = f"{eastern_day(game.start):%Y%m%d}"
        board = events(ask(board_path("wta"), now=game.start + timedelta(days=30), dates=day))
        matches = [match for event in board for part in event["groupings"] for match in part["competitions"]]
        match = next(one for one in matches if one["id"] == game.event_id)
        assert match["status"]["type"]["completed"] is True
        assert sorted(side["winner"] for side in match["competitors"]) == [False, True]
        if status == "WALKOVER":
            assert all("linescores" not in side for side in match["competitors"])
            assert match["notes"][0]["text"].endswith(" w/o")
        else:
            assert all(side["linescores"][-1]["winner"] is False for side in match["competitors"])
            assert match["notes"][0]["text"].endswith(" ret")
        seen.add(status)
    assert seen == {"WALKOVER", "RETIRED"}


def test_a_rain_delay_is_in_play_without_a_clock(ask: Ask, world: World) -> None:
    game, state = next(
        (game, state)
        for game in season_games(world, "mlb")
        if game.pauses
        for state in world.timeline(game)
        if state.status == "STATUS_RAIN_DELAY"
    )
    event = shown(ask, world, game, state.at)
    assert status_of(event) == ("RAIN_DELAY", "in", False)
    assert event["status"]["type"]["detail"].startswith("Rain Delay, ")
    assert "situation" in event["competitions"][0]
