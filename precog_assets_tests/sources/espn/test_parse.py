"""What one event becomes: state, score, winner, season, kind, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from precog_assets.sources.espn.parse import (
    contract_error,
    parse_event,
    parse_schedule,
    parse_scoreboard,
    parse_standings,
    parse_summary,
    parse_teams,
)
from precog_assets_tests.sources.espn.build import FIXTURES, event, league, one, read, reasons, side, status


def test_a_final_game_reads_with_score_winner_and_lines() -> None:
    board = parse_scoreboard((FIXTURES / "nfl_board.json").read_bytes(), league("nfl"))
    game = board.games.rows[0]
    assert (game.game_id, game.season, game.season_type, game.week) == ("nfl:9001", 2026, "regular", 11)
    assert (game.home_team_id, game.away_team_id) == ("nfl:9", "nfl:3")
    assert (game.home_score, game.away_score, game.winner, game.phase) == (24, 17, "home", "final")
    assert game.linescores == (("7", "17"), ("10", "7"))
    assert game.start_time == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    assert (game.venue, game.situation, game.headline) == ("Lambeau Field", None, None)


def test_a_live_football_game_carries_its_situation() -> None:
    game = parse_scoreboard((FIXTURES / "nfl_board.json").read_bytes(), league("nfl")).games.rows[1]
    assert (game.period, game.clock, game.display_clock) == (2, 754.0, "12:34")
    assert (game.home_score, game.away_score, game.winner) == (3, 10, None)
    assert game.situation == {
        "down": 3,
        "distance": 7,
        "yard_line": 42,
        "home_timeouts": 3,
        "away_timeouts": 2,
        "is_red_zone": False,
        "possession": "away",
        "home_win_probability": "0.31",
    }


def test_a_board_names_its_teams_once_each() -> None:
    board = parse_scoreboard((FIXTURES / "nfl_board.json").read_bytes(), league("nfl"))
    assert [team.team_id for team in board.teams] == ["nfl:9", "nfl:3", "nfl:7", "nfl:12"]
    assert (board.teams[0].abbreviation, board.teams[0].display_name) == ("GB", "Green Bay Packers")
    assert (board.teams[0].location, board.teams[0].name, board.teams[0].kind) == ("Green Bay", "Packers", "team")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"competitions": None}, "missing_key:competitions"),
        ({"competitions": []}, "no_competition"),
        ({"competitions": [{}]}, "no_competition"),
        ({"competitions": "x"}, "no_competition"),
        ({"competitions": [{"id": "8"}, {"id": "9"}]}, "many_competitions"),
        ({"id": None}, "missing_key:id"),
        ({"id": "a b"}, "bad_id"),
        ({"id": ""}, "bad_id"),
        ({"id": {"x": 1}}, "bad_id"),
        ({"competition": {"id": None}}, "missing_key:competition.id"),
        ({"competition": {"status": None}}, "missing_key:status"),
        ({"competition": {"status": {}}}, "missing_key:status.type"),
        ({"competition": {"status": {"type": {"name": "X", "state": "in"}}}}, "missing_key:status.type.completed"),
        ({"competition": {"status": {"type": {"name": "X", "state": "on", "completed": False}}}}, "bad_status"),
        ({"competition": {"status": {"type": {"name": "X", "state": "in", "completed": 1}}}}, "bad_status"),
        ({"competition": {"status": {"type": {"name": "X", "state": "in", "completed": True}}}}, "bad_status"),
        ({"competition": {"status": status("STATUS_POSTPONED") | {"type": {
            "name": "STATUS_POSTPONED", "state": "post", "completed": True}}}}, "bad_status"),
        ({"competition": {"competitors": None}}, "missing_key:competitors"),
        ({"competition": {"competitors": []}}, "bad_competitors"),
        ({"competition": {"competitors": [side("home", "1"), side("home", "2")]}}, "bad_competitors"),
        ({"competition": {"competitors": [side("home", "1"), side("away", "1")]}}, "bad_competitors"),
        ({"competition": {"competitors": [side("home", "1"), {"id": "2", "homeAway": "away"}]}}, "missing_key:team"),
        ({"competition": {"competitors": [side("home", "1"), side("away", "2") | {"team": {"abbreviation": "X"}}]}},
         "missing_key:id"),
    ],
)  # fmt: skip
def test_an_event_of_which_nothing_can_be_said_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    board = read("nfl", event(**changes), event(event_id="2"))
    assert reasons(board) == [reason]
    assert (len(board.games.rows), board.games.seen) == (1, 2)


def test_an_event_without_any_date_and_one_with_a_bad_date_are_refused() -> None:
    undated = event(competition={"date": None}, date=None)
    misdated = event(competition={"date": "tomorrow"}, event_id="2", date="0001-01-01T00:00+14:00")
    assert reasons(read("nfl", undated, misdated)) == ["missing_key:date", "bad_date"]


@pytest.mark.parametrize("junk", [None, 7, "x", [], [{}]])
def test_an_event_that_is_no_object_is_refused_by_its_place(junk: Any) -> None:
    board = read("nfl", event(), junk)
    assert [(r.key, r.reason) for r in board.games.rejections] == [("events[1]", "not_an_object")]


@pytest.mark.parametrize(
    ("body", "reason", "code"),
    [
        (b"", "not_json", "contract.not_json"),
        (b"<html>Access Denied</html>", "not_json", "contract.not_json"),
        (b'{"events": [', "not_json", "contract.not_json"),
        (b"\xff\xfe\x00", "not_json", "contract.not_json"),
        (b'"\\ud800"', "not_json", "contract.not_json"),
        (b"[" * 100_000, "not_json", "contract.not_json"),
        (b"[]", "not_a_board", "contract.vanished"),
        (b"null", "not_a_board", "contract.vanished"),
        (b'{"code": 400, "message": "Failed to get events endpoint."}', "not_a_board", "contract.vanished"),
        (b'{"events": null}', "not_a_board", "contract.vanished"),
        (b'{"events": {}}', "not_a_board", "contract.vanished"),
    ],
)
def test_a_body_that_is_no_board_is_never_an_empty_board(body: bytes, reason: str, code: str) -> None:
    board = parse_scoreboard(body, league("nfl"))
    assert reasons(board) == [reason]
    assert (board.games.rows, board.games.seen, board.teams) == ([], 1, [])
    assert contract_error(board.games) == code


def test_an_empty_board_is_read_without_error() -> None:
    board = read("nfl")
    assert (board.games.seen, board.games.rejections, contract_error(board.games)) == (0, [], None)


def test_a_literal_nan_costs_its_value_not_the_board() -> None:
    live = event(name="STATUS_IN_PROGRESS", home=side("home", "1", "@"), away=side("away", "2", "5"))
    body = orjson.dumps({"events": [live]}).replace(b'"@"', b"NaN")
    game = parse_scoreboard(body, league("nba")).games.rows[0]
    assert (game.home_score, game.away_score) == (None, 5)


def test_text_that_the_database_cannot_store_is_cleaned() -> None:
    odd = event(competition={"venue": {"fullName": "A\x00rena" + "x" * 5000}})
    venue = one("nfl", odd).venue
    assert venue is not None
    assert venue.startswith("Arena")
    assert len(venue) == 1000


def test_unknown_missing_and_null_keys_are_counted_by_payload_type() -> None:
    board = read("nfl", event(competition={"brandNew": 1, "venue": None}), event(event_id="2"))
    counts = {count.payload_type: count for count in board.games.contracts}
    assert counts["espn.competition"].rows == 2
    assert counts["espn.competition"].unknown == {"brandNew": 1}
    assert counts["espn.competition"].nulls == {"venue": 1}
    assert not any(count.broken for count in counts.values())


def test_a_vanished_required_key_breaks_the_contract_with_a_sample() -> None:
    renamed = event()
    renamed["competitions"][0]["teams"] = renamed["competitions"][0].pop("competitors")
    board = read("nfl", renamed)
    counts = {count.payload_type: count for count in board.games.contracts}
    assert counts["espn.competition"].missing_required == {"competitors": 1}
    assert '"teams"' in counts["espn.competition"].sample
    assert contract_error(board.games) == "contract.vanished"


def test_the_status_of_the_event_serves_where_the_competition_has_none() -> None:
    bare = event(status=status("STATUS_IN_PROGRESS"))
    del bare["competitions"][0]["status"]
    assert one("nba", bare).status == "STATUS_IN_PROGRESS"


def test_a_schedule_reads_season_type_and_object_scores() -> None:
    played = event(
        name="STATUS_FINAL",
        home=side("home", "1", {"value": 3.0, "displayValue": "3"}, winner=False),
        away=side("away", "2", {"value": 20.0, "displayValue": "20"}, winner=True),
        season={"year": 2025, "displayName": "2025"},
        seasonType={"id": "3", "type": 3, "name": "Postseason"},
        week={"number": 1},
    )
    body = orjson.dumps({"team": {}, "requestedSeason": {}, "events": [played]})
    game = parse_schedule(body, league("nfl")).games.rows[0]
    assert (game.season, game.season_type, game.week, game.winner) == (2025, "postseason", 1, "away")
    assert (game.home_score, game.away_score) == (3, 20)


def test_a_summary_reads_its_header() -> None:
    header = event(season={"year": 2025, "type": 3}, gameNote="East Finals - Game 6")
    for key in ("home", "away"):
        index = 0 if key == "home" else 1
        header["competitions"][0]["competitors"][index].pop("score")
    header["competitions"][0]["status"] = {"type": status("STATUS_SCHEDULED")["type"]}
    game = parse_summary(orjson.dumps({"header": header}), league("nba")).games.rows[0]
    assert (game.season_type, game.headline, game.home_score) == ("postseason", "East Finals - Game 6", None)


@pytest.mark.parametrize(
    ("parse", "reason"),
    [
        (lambda body: parse_schedule(body, league("nfl")).games, "not_a_schedule"),
        (lambda body: parse_summary(body, league("nfl")).games, "not_a_summary"),
        (lambda body: parse_event(body, league("nfl")).games, "not_an_event"),
        (lambda body: parse_teams(body, league("nfl")), "not_a_team_list"),
        (lambda body: parse_standings(body, league("nfl")), "not_standings"),
    ],
)
def test_every_parser_refuses_what_is_not_its_payload(parse: Any, reason: str) -> None:
    assert [r.reason for r in parse(b"[1]").rejections] == [reason]
    assert [r.reason for r in parse(b"{").rejections] == ["not_json"]


def test_standings_give_the_groups_a_team_stands_in() -> None:
    def group(name: str, teams: list[str], *, conference: bool, children: list[Any]) -> dict[str, Any]:
        entries = [{"team": {"id": team, "displayName": f"T{team}"}, "stats": []} for team in teams]
        return {
            "name": name,
            "isConference": conference,
            "children": children,
            "standings": {"entries": entries},
        }

    division = group("East Division", ["4"], conference=False, children=[])
    conference = group("East", ["5"], conference=True, children=[division])
    body = orjson.dumps({"id": "1", "children": [conference, group("Cup", ["6"], conference=False, children=[])]})
    rows = {row.team_id: row for row in parse_standings(body, league("nfl")).rows}
    assert (rows["nfl:4"].conference, rows["nfl:4"].groups) == ("East", ("East", "East Division"))
    assert (rows["nfl:5"].conference, rows["nfl:5"].groups) == ("East", ("East",))
    assert (rows["nfl:6"].conference, rows["nfl:6"].groups) == (None, ("Cup",))


def test_a_team_list_gives_teams_and_refuses_the_undecided() -> None:
    teams = [
        {"team": {"id": "3", "abbreviation": "CHI", "displayName": "Chicago Bears", "name": "Bears"}},
        {"team": {"id": "-1", "abbreviation": "TBD", "displayName": "TBD"}},
        {"team": {"displayName": "No Id"}},
        {"other": 1},
    ]
    parsed = parse_teams(orjson.dumps({"sports": [{"leagues": [{"teams": teams}]}]}), league("nfl"))
    assert [(team.team_id, team.display_name) for team in parsed.rows] == [("nfl:3", "Chicago Bears")]
    assert [r.reason for r in parsed.rejections] == ["undecided_team", "missing_key:id", "missing_key:team"]
    assert parsed.seen == 4
