"""The simulator's boards beside recorded ones: every key all recorded rows have, ours have too."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ALL, ANCHOR, Ask, board_path

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recorded" / "espn"
FOLDERS = {"nba": "nba", "nfl": "nfl", "mlb": "mlb", "nhl": "nhl", "epl": "eng.1", "ncaab": "ncaab", "mls": "mls"}
NOT_SHOWN = {
    # The recorded finals of the NHL are playoff games: series standing, and a rank that comes with it.
    ("nhl", "post", "competition"): {"series"},
    ("nhl", "post", "competitor"): {"curatedRank", "record"},
    # The recorded finals of college come from one conference's board; only conference games have a group.
    ("ncaab", "post", "competition"): {"groups"},
}
OLD_SHAPE = 2024
"""Seasons before it were recorded in an older shape."""

Key = tuple[str, str, str]
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded payloads at {RECORDED}")


def rows(league: str, board: dict[str, Any]) -> Iterator[tuple[Key, set[str]]]:
    """(league, state, part) and the keys of that part, for every event of a board."""
    head = board["leagues"][0]
    if "calendarType" in head:
        yield (league, "", "league"), set(head)
        yield (league, "", "league season"), set(head["season"]) - {"displayName"}
    for event in board["events"]:
        if not event or event["season"]["year"] < OLD_SHAPE:
            continue
        competition = event["competitions"][0]
        kind = event["status"]["type"]
        state = "postponed" if kind["name"] == "STATUS_POSTPONED" else kind["state"]
        parts = [
            ("event", event),
            ("event season", event["season"]),
            ("competition", competition),
            ("status", competition["status"]),
            ("status type", competition["status"]["type"]),
            ("venue", competition.get("venue")),
            ("situation", competition.get("situation")),
            ("last play", competition.get("situation", {}).get("lastPlay")),
        ]
        for side in competition["competitors"]:
            parts += [("competitor", side), ("team", side["team"])]
            parts += [("linescore", line) for line in side.get("linescores", [])]
            parts += [("record", record) for record in side.get("records", [])]
        for part, value in parts:
            if value:
                yield (league, state, part), set(value)


def recorded_boards(league: str) -> Iterator[dict[str, Any]]:
    for path in sorted((RECORDED / FOLDERS[league]).glob("*.json")):
        payload = json.loads(path.read_bytes())
        if isinstance(payload, dict) and "events" in payload and "leagues" in payload:
            yield payload


@pytest.mark.parametrize("league", FOLDERS)
def test_no_key_that_every_recorded_row_has_is_missing(ask: Ask, world: World, league: str) -> None:
    recorded: dict[Key, list[set[str]]] = defaultdict(list)
    for board in recorded_boards(league):
        for key, keys in rows(league, board):
            recorded[key].append(keys)
    ours: dict[Key, list[set[str]]] = defaultdict(list)
    group = {"groups": "50"} if "caab" in league else {}
    days = [world.settings.anchor_day, *world.game_days(league, world.seasons(league)[0])[::12]]
    days += world.game_days(league, world.seasons(league)[1])[::25]
    for day in days:
        page = ask(board_path(league), now=ANCHOR, dates=f"{day:%Y%m%d}", limit=500, **group).json()
        for key, keys in rows(league, page):
            ours[key].append(keys)
    compared = recorded.keys() & ours.keys()
    lacking = {
        key: missing
        for key in compared
        if (missing := set.intersection(*recorded[key]) - set.intersection(*ours[key]) - NOT_SHOWN.get(key, set()))
    }
    assert lacking == {}
    assert {part for _, _, part in compared} >= {"event", "competition", "status", "competitor", "team"}


def test_tennis_tournaments_and_matches_have_every_key_of_the_recorded_ones(ask: Ask) -> None:
    recorded = json.loads((RECORDED / "atp" / "final-1.json").read_bytes())["events"]
    ours = ask(board_path("atp")).json()["events"]

    def singles(events: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for event in events:
            for grouping in event["groupings"]:
                for match in grouping["competitions"]:
                    if grouping["grouping"]["slug"] == "mens-singles":
                        yield match["status"]["type"]["state"], match

    assert set.intersection(*(set(event) for event in recorded)) <= set.intersection(*(set(event) for event in ours))
    for wanted in ("pre", "post"):
        theirs = [match for state, match in singles(recorded) if state == wanted]
        mine = [match for state, match in singles(ours) if state == wanted]
        assert theirs
        assert mine
        assert set.intersection(*map(set, theirs)) <= set.intersection(*map(set, mine))
        sides = [[set(side) for match in matches for side in match["competitors"]] for matches in (theirs, mine)]
        assert set.intersection(*sides[0]) <= set.intersection(*sides[1])


def test_details_of_unfinished_games_never_read_like_a_final(ask: Ask) -> None:
    for league in ALL:
        for event in ask(board_path(league)).json()["events"]:
            kind = event["status"]["type"]
            if "groupings" not in event and not kind["completed"]:
                assert not kind["detail"].startswith(("Final", "FT"))
                assert kind["shortDetail"]
