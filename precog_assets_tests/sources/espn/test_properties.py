"""Whatever is done to a valid payload, reading it never raises and accounts for every element."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.facts import Parsed
from precog_assets.domain.leagues import League
from precog_assets.sources.espn.fields import MAX_INT
from precog_assets.sources.espn.parse import (
    parse_any,
    parse_event,
    parse_schedule,
    parse_scoreboard,
    parse_standings,
    parse_summary,
    parse_teams,
)
from precog_assets_tests.sources.espn.build import FIXTURES, event, league, side

NFL_BOARD: Any = orjson.loads((FIXTURES / "nfl_board.json").read_bytes())
SLAM: Any = orjson.loads((FIXTURES / "tennis_slam.json").read_bytes())

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.sampled_from([2**31, -1, 10**18, 1e300, -0.0, 0.5]),
    st.text(max_size=30),
    st.sampled_from(["", "NaN", "-1", "TBD", "\x00", "9" * 400, "é💥", "post", "2026-13-45T99:99Z", "home", "²"]),
)
JUNK = st.one_of(
    SCALARS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([[], {}, [{}], [[]], {"id": {}}, {"value": {"value": "1"}}]),
)
REMOVED = object()


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values in a document."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = [path] if path else []
    for key, child in children:
        found.extend(places(child, (*path, key)))
    return found


def mutated(document: Any, changes: list[tuple[int, Any]]) -> Any:
    """A copy with values replaced or removed at the numbered places, as far as they still exist."""
    changed = copy.deepcopy(document)
    for index, value in changes:
        paths = places(changed)
        if not paths:
            break
        path = paths[index % len(paths)]
        node = changed
        for key in path[:-1]:
            node = node[key]
        if value is REMOVED:
            del node[path[-1]]
        else:
            node[path[-1]] = copy.deepcopy(value)
    return changed


CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.one_of(st.just(REMOVED), JUNK)), min_size=1, max_size=6)


def accounted(parsed: Parsed[Any]) -> None:
    assert len(parsed.rows) + len(parsed.rejections) == parsed.seen
    for rejection in parsed.rejections:
        assert rejection.reason
        assert rejection.key


def check_board(document: Any, chosen: League) -> None:
    body = orjson.dumps(document)
    board = parse_scoreboard(body, chosen)
    accounted(board.games)
    ids = [game.game_id for game in board.games.rows]
    assert len(ids) == len(set(ids))
    known = {team.team_id for team in board.teams}
    for game in board.games.rows:
        assert {game.home_team_id, game.away_team_id} - {None} <= known
        assert game.state != "pre" or game.home_score is None
        assert game.winner is None or game.completed
        for value in (game.home_score, game.away_score, game.period, game.season, game.week):
            assert value is None or 0 <= value <= MAX_INT
        assert "\x00" not in f"{game.venue}{game.headline}{game.detail}{game.status}"
    accounted(parse_any(body, chosen).parsed)


SPOILT: list[Any] = [
    REMOVED, None, True, False, 0, 7, -1, 2**63, 1e300, 0.5, "", "x", "7", "-1", "\x00", "9" * 400, "post",
    "2026-01-01T00:00Z", "0001-01-01T00:00+14:00", [], {}, [None], [7], [{}], [[]],
    [{}, {}], {"id": {}}, {"value": {}}, {"type": []},
]  # fmt: skip


@pytest.mark.parametrize(("document", "key"), [(NFL_BOARD, "nfl"), (NFL_BOARD, "epl"), (SLAM, "atp")])
def test_no_single_value_spoilt_in_any_place_makes_a_board_unreadable(document: Any, key: str) -> None:
    for index in range(len(places(document))):
        for value in SPOILT:
            check_board(mutated(document, [(index, value)]), league(key))


TEAM: Any = {"id": "3", "abbreviation": "CHI", "displayName": "Chicago Bears"}
GROUP: Any = {"name": "East", "isConference": True, "standings": {"entries": [{"team": TEAM, "stats": []}]}}
OTHERS: list[tuple[Any, Callable[[bytes, League], Parsed[Any]]]] = [
    ({"team": {}, "requestedSeason": {}, "events": [event()]}, lambda body, of: parse_schedule(body, of).games),
    ({"header": event(week=3, gameNote="x")}, lambda body, of: parse_summary(body, of).games),
    ({"sports": [{"leagues": [{"teams": [{"team": TEAM}]}]}]}, parse_teams),
    ({"team": TEAM}, parse_teams),
    ({"id": "9", "children": [{**GROUP, "children": [GROUP]}]}, parse_standings),
]


@pytest.mark.parametrize(("document", "parse"), OTHERS)
def test_no_single_value_spoilt_makes_another_payload_unreadable(
    document: Any, parse: Callable[[bytes, League], Parsed[Any]]
) -> None:
    for index in range(len(places(document))):
        for value in SPOILT:
            body = orjson.dumps(mutated(document, [(index, value)]))
            accounted(parse(body, league("nfl")))
            accounted(parse_any(body, league("nfl")).parsed)


@settings(max_examples=250, deadline=None)
@given(changes=CHANGES)
def test_any_change_to_a_board_leaves_rows_or_named_rejections(changes: list[tuple[int, Any]]) -> None:
    check_board(mutated(NFL_BOARD, changes), league("nfl"))


@settings(max_examples=250, deadline=None)
@given(changes=CHANGES)
def test_any_change_to_a_tournament_leaves_rows_or_named_rejections(changes: list[tuple[int, Any]]) -> None:
    check_board(mutated(SLAM, changes), league("atp"))


@settings(max_examples=150, deadline=None)
@given(changes=CHANGES, key=st.sampled_from(["epl", "mlb", "nba", "nhl", "ncaab"]))
def test_any_change_to_one_event_leaves_it_whole_or_names_what_is_wrong(
    changes: list[tuple[int, Any]], key: str
) -> None:
    live = event(name="STATUS_IN_PROGRESS", home=side("home", "1", "2"), competition={"situation": {"balls": 1}})
    for body in (orjson.dumps(mutated(live, changes)), orjson.dumps({"events": [mutated(live, changes), event()]})):
        accounted(parse_event(body, league(key)).games)
        accounted(parse_schedule(body, league(key)).games)
        accounted(parse_scoreboard(body, league(key)).games)


@settings(max_examples=150, deadline=None)
@given(document=JUNK)
def test_no_json_whatever_makes_a_parser_raise(document: Any) -> None:
    wrapped = [document, {"events": document}, {"events": [document]}, {"header": document}, {"sports": [document]}]
    wrapped += [{"children": [document]}, {"team": document}, {"groupings": [document]}, {"competitions": [document]}]
    for candidate in wrapped:
        body = orjson.dumps(candidate, option=orjson.OPT_NON_STR_KEYS)
        for key in ("nfl", "wta"):
            accounted(parse_any(body, league(key)).parsed)
            accounted(parse_summary(body, league(key)).games)
        accounted(parse_teams(body, league("nfl")))
        accounted(parse_standings(body, league("nfl")))


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=200))
def test_no_bytes_whatever_make_a_parser_raise(body: bytes) -> None:
    accounted(parse_any(body, league("nba")).parsed)
    accounted(parse_scoreboard(body, league("nba")).games)


def test_nesting_beyond_what_can_be_walked_is_one_rejection() -> None:
    for depth in (200, 900, 1020, 5000, 200_000):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        for body in (deep, b'{"events":[%s]}' % deep, b'{"events":[{"id":%s}]}' % deep, b'{"children":[%s]}' % deep):
            accounted(parse_any(body, league("nfl")).parsed)
            accounted(parse_scoreboard(body, league("atp")).games)
