"""Tennis boards: whole draws, sets, undecided players."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask, board_path


def draws(ask: Ask, league: str, **parameters: Any) -> list[dict[str, Any]]:
    return ask(board_path(league), **parameters).json()["events"]


@pytest.mark.parametrize("league", ["atp", "wta"])
def test_every_board_has_the_whole_draw_of_each_running_tournament(ask: Ask, league: str) -> None:
    for day in ("20261116", "20261121"):
        page = draws(ask, league, dates=day)
        assert len(page) == 2
        for event in page:
            assert "competitions" not in event
            assert event["id"].endswith("-2026")
            singles, doubles = event["groupings"]
            assert singles["grouping"]["slug"] == ("mens-singles" if league == "atp" else "womens-singles")
            assert len(singles["competitions"]) == 31
            assert doubles["grouping"]["slug"] == ("mens-doubles" if league == "atp" else "womens-doubles")
            assert len(doubles["competitions"]) == 7
            assert event["date"][:10] == "2026-11-16"


def test_matches_have_sets_and_no_score_and_no_clock(ask: Ask, world: World) -> None:
    states = set()
    for event in draws(ask, "atp"):
        for match in event["groupings"][0]["competitions"]:
            state = match["status"]["type"]["state"]
            states.add(state)
            assert "clock" not in match["status"]
            for side in match["competitors"]:
                assert "score" not in side
                assert ("linescores" in side) == (state != "pre" and match["status"]["type"]["id"] not in ("5", "40"))
                assert ("winner" in side) == (state == "post")
                assert ("possession" in side) == (state == "in")
            if match["status"]["type"]["name"] == "STATUS_FINAL":
                _check_final(match)
            if state == "in":
                assert sum(side["possession"] for side in match["competitors"]) == 1
                assert all("winner" not in side["linescores"][-1] for side in match["competitors"])
    assert states == {"pre", "in", "post"}


def _check_final(match: dict[str, Any]) -> None:
    winner = next(side for side in match["competitors"] if side["winner"])
    loser = next(side for side in match["competitors"] if not side["winner"])
    assert sum(line["winner"] for line in winner["linescores"]) == 2
    assert sum(line["winner"] for line in loser["linescores"]) in (0, 1)
    for mine, theirs in zip(winner["linescores"], loser["linescores"], strict=True):
        assert ("tiebreak" in mine) == ({mine["value"], theirs["value"]} == {6.0, 7.0})
    assert winner["athlete"]["displayName"] in match["notes"][0]["text"]


def test_a_final_without_finalists_shows_tbd_until_both_semifinals_are_over(ask: Ask, world: World) -> None:
    final = next(
        game
        for game in world.games_on("atp", world.settings.anchor_day + timedelta(days=1))
        if game.known_from is not None and game.known_from > ANCHOR
    )

    def show(minutes: int) -> dict[str, Any]:
        assert final.known_from is not None
        now = final.known_from + timedelta(minutes=minutes)
        board = ask(board_path("atp"), now=now, dates="20261121").json()["events"]
        matches = [match for event in board for match in event["groupings"][0]["competitions"]]
        return next(match for match in matches if match["id"] == final.event_id)

    before, after = show(-1), show(1)
    assert {"-3", "-4"} & {side["id"] for side in before["competitors"]}
    assert before["timeValid"] is False
    assert before["status"]["type"]["shortDetail"] == "TBD"
    assert before["status"]["type"]["detail"].endswith(" - 'TBD'")
    assert before["date"].endswith(("T04:00Z", "T05:00Z"))
    assert {side["id"] for side in after["competitors"]} == {final.home.espn_id, final.away.espn_id}
    assert after["timeValid"] is True
