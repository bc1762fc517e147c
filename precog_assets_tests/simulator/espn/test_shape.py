"""The simulator's boards beside recorded ones: every key that all recorded rows have, ours have, of the same type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ALL, ANCHOR, Ask, board_path
from precog_assets_tests.simulator.espn.recordings import (
    CUPS,
    FOLDERS,
    RECORDED,
    SINCE,
    as_now,
    boards,
    events,
    load,
    sport_folders,
    state_of,
)
from precog_assets_tests.simulator.espn.shapes import Shape, lacking
from precog_assets_tests.simulator.espn.staging import STAGES, stage

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded payloads at {RECORDED}")

MAY_BE_EMPTY = {
    "competitions[].details",  # a match without goals or cards
    "competitions[].notes",  # the recorded finals were title games and playoffs; others have no headline
}
NOT_OF_ALL = {
    "ncaaf": {"competitions[].status.isTBDFlex"},
    "epl": {"competitions[].odds[]: null instead of object"},
    "ligue1": {"competitions[].odds[]: null instead of object"},
}
"""Keys of another league of the sport, where the league itself was not recorded in that state."""
ONLY_CONFERENCE = "ncaab"
"""Its recorded finals come from one conference's board; only conference games have `groups`."""


def wanted(league: str) -> dict[str, Shape]:
    """What all recordings have, by state: the league's, else its sport's, recent ones before old ones."""
    found: dict[str, list[dict[str, Any]]] = {}
    soccer = load_leagues()[league].sport is Sport.SOCCER
    own, sport = [FOLDERS[league]], [*sport_folders(league), *([CUPS] if soccer else [])]
    for folders, recent in ((own, True), (sport, True), (own, False), (sport, False)):
        rows = by_state(event for folder in folders for event in events(folder) if is_recent(event) == recent)
        known = {state.split()[0] for state in found}
        found |= {state: several for state, several in rows.items() if state.split()[0] not in known}
    return {state: Shape.of(map(as_now, rows)) for state, rows in found.items()}


def is_recent(event: dict[str, Any]) -> bool:
    return event["season"]["year"] >= SINCE


def by_state(rows: Iterator[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in rows:
        found[state_of(event)].append(event)
    return found


def shown(ask: Ask, world: World, league: str) -> Iterator[dict[str, Any]]:
    """Events of boards over two seasons; none at the very tip, where ESPN has an empty situation, or without sides."""
    group = {"ncaab": {"groups": "50"}, "wncaab": {"groups": "50"}, "ncaaf": {"groups": "80"}}.get(league, {})
    past, current = world.seasons(league)[:2]
    days = [world.settings.anchor_day, *world.game_days(league, past)[::12], *world.game_days(league, current)[::25]]
    days.append(world.season_days(league, past)[1])
    for day in days:
        page = ask(board_path(league), now=ANCHOR, dates=f"{day:%Y%m%d}", limit=500, **group).json()
        for event in page["events"]:
            competition = event["competitions"][0]
            apart = league == ONLY_CONFERENCE and not competition["conferenceCompetition"]
            undecided = any(int(side["id"]) < 0 for side in competition["competitors"])
            if competition.get("situation") != {} and not apart and not undecided:
                yield event


@pytest.mark.parametrize("league", FOLDERS)
def test_no_key_that_all_recorded_events_have_is_missing(ask: Ask, world: World, league: str) -> None:
    ours = by_state(shown(ask, world, league))
    theirs = wanted(league)
    compared = theirs.keys() & ours.keys()
    missing = {state: set(lacking(theirs[state], Shape.of(ours[state]), MAY_BE_EMPTY)) for state in compared}
    missing = {state: keys - NOT_OF_ALL.get(league, set()) for state, keys in missing.items()}
    assert {state: keys for state, keys in missing.items() if keys} == {}
    assert {state.split()[0] for state in compared} >= {"pre", "in", "post"}


@pytest.mark.parametrize("state", STAGES)
def test_no_key_of_a_rare_state_is_missing(world: World, state: str) -> None:
    league, event = stage(world, state)
    assert state_of(event) == state
    missing = lacking(wanted(league)[state], Shape.of([event]), MAY_BE_EMPTY)
    assert missing == []


@pytest.mark.parametrize("league", [league for league in FOLDERS if league not in ("wncaab", "ligue1", "wnba")])
@pytest.mark.parametrize("dated", [True, False])
def test_no_key_around_the_events_is_missing(ask: Ask, league: str, dated: bool) -> None:
    recorded = [
        {key: value for key, value in board.items() if key not in ("events", "groups", "eventsDate")}
        for board in boards(FOLDERS[league])
        if ("season" not in board) == dated and "slug" in board["leagues"][0]
    ]
    for board in recorded:
        for head in board["leagues"]:
            head.pop("calendar")
    if not recorded:
        pytest.skip(f"no recorded {league} board of that kind")
    page = ask(board_path(league), **({"dates": "20261121"} if dated else {})).json()
    assert lacking(Shape.of(recorded), Shape.of([page])) == []


def test_tournaments_and_matches_of_tennis_lack_no_key(ask: Ask) -> None:
    recorded = load(RECORDED / "atp" / "final-1.json")["events"]
    ours = ask(board_path("atp")).json()["events"]

    def without_draws(event: dict[str, Any]) -> dict[str, Any]:
        return event | {"groupings": [{"grouping": part["grouping"]} for part in event["groupings"]]}

    theirs = Shape.of(map(without_draws, recorded))
    assert lacking(theirs, Shape.of(map(without_draws, ours))) == []
    for draw in ("mens-singles", "mens-doubles"):
        for state in ("pre", "post"):
            assert lacking(Shape.of(matches(recorded, draw, state)), Shape.of(matches(ours, draw, state))) == []


def matches(page: list[dict[str, Any]], draw: str, state: str) -> list[dict[str, Any]]:
    found = [
        match
        for event in page
        for part in event["groupings"]
        if part["grouping"]["slug"] == draw
        for match in part["competitions"]
        if match["status"]["type"]["state"] == state
    ]
    assert found
    return found


def test_details_of_unfinished_games_never_read_like_a_final(ask: Ask) -> None:
    for league in ALL:
        for event in ask(board_path(league)).json()["events"]:
            kind = event["status"]["type"]
            if "groupings" not in event and not kind["completed"]:
                assert not kind["detail"].startswith(("Final", "FT"))
                assert kind["shortDetail"]
