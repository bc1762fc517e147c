"""Tennis: matches out of tournaments, tours, sides, sets, and what is out of scope."""

from __future__ import annotations

from typing import Any

import pytest

from precog_assets.sources.espn.parse import ScoreboardParsed, parse_scoreboard
from precog_assets_tests.sources.espn.build import FIXTURES, league, match, player, read, reasons, tournament


def slam(feed: str) -> ScoreboardParsed:
    return parse_scoreboard((FIXTURES / "tennis_slam.json").read_bytes(), league(feed))


def test_each_singles_match_is_a_game_and_doubles_are_counted() -> None:
    board = slam("atp")
    assert [game.game_id for game in board.games.rows] == ["atp:501", "atp:502", "wta:601"]
    assert [(r.key, r.reason) for r in board.games.rejections] == [("701", "doubles")]
    assert board.games.seen == 4


def test_the_same_match_is_the_same_game_in_both_feeds() -> None:
    assert slam("atp").games.rows == slam("wta").games.rows
    assert slam("atp").teams == slam("wta").teams


def test_home_is_the_smaller_id_as_text_whatever_home_away_says() -> None:
    game = slam("atp").games.rows[0]
    assert (game.home_team_id, game.away_team_id) == ("atp:1011", "atp:96")
    assert (game.home_score, game.away_score, game.winner) == (1, 2, "away")
    assert game.linescores == (("2", "7", "5"), ("6", "6", "7"))
    assert game.headline == "Test Open, Quarterfinal"


def test_both_sides_are_open_while_one_player_is_undecided() -> None:
    board = slam("atp")
    game = board.games.rows[1]
    assert (game.home_team_id, game.away_team_id, game.start_time_valid) == (None, None, False)
    assert [team.team_id for team in board.teams] == ["atp:1011", "atp:96", "wta:200", "wta:300"]
    assert (board.teams[1].kind, board.teams[1].location) == ("player", "Spain")


def test_a_live_match_counts_finished_sets_and_names_the_server() -> None:
    game = slam("wta").games.rows[2]
    assert (game.home_team_id, game.home_score, game.away_score) == ("wta:200", 0, 1)
    assert (game.situation, game.clock, game.period) == ({"server": "away"}, None, 2)


def test_the_tournaments_own_status_says_nothing_about_its_matches() -> None:
    assert [game.phase for game in slam("atp").games.rows] == ["final", "scheduled", "in_play"]


def test_a_retirement_is_won_by_the_flag_though_the_sets_are_level() -> None:
    left = player("1", 6, 1, won=(True, False), winner=False)
    right = player("2", 4, 4, won=(False, False), winner=True)
    game = read("atp", tournament(mens_singles=[match("9", "STATUS_RETIRED", left, right)])).games.rows[0]
    assert (game.completed, game.home_score, game.away_score, game.winner) == (True, 1, 0, "away")


def test_a_walk_over_has_a_winner_and_no_sets() -> None:
    players = player("1", winner=True), player("2", winner=False)
    game = read("atp", tournament(mens_singles=[match("9", "STATUS_WALKOVER", *players)])).games.rows[0]
    assert (game.phase, game.home_score, game.away_score, game.winner) == ("final", 0, 0, "home")
    assert game.linescores is None


def test_a_final_with_both_flags_false_is_decided_by_its_sets() -> None:
    left = player("1", 6, 6, won=(True, True), winner=False)
    right = player("2", 4, 4, won=(False, False), winner=False)
    game = read("atp", tournament(mens_singles=[match("9", "STATUS_FINAL", left, right)])).games.rows[0]
    assert game.winner == "home"


@pytest.mark.parametrize(
    "players",
    [
        (player("1", winner=True), player("2", winner=False)),
        (player("1", 6, won=(True,), winner=True), {"id": "2", "winner": False}),
        (player("1", 6, 4, won=(True, False)), player("2", 4, 6, won=(False, True))),
    ],
)
def test_a_final_without_a_readable_result_is_refused(players: Any) -> None:
    assert reasons(read("atp", tournament(mens_singles=[match("9", "STATUS_FINAL", *players)]))) == ["no_score"]


@pytest.mark.parametrize(
    ("games", "sets"),
    [
        (((6, 7), (4, 6)), (2, 0)),
        (((6, 3), (4, 6)), (1, 1)),
        (((6, 5), (4, 6)), (1, 0)),
        (((10,), (8,)), (1, 0)),
        (((6,), (5,)), (0, 0)),
    ],
)
def test_sets_without_flags_are_counted_when_finished(games: Any, sets: tuple[int, int]) -> None:
    live = match("9", "STATUS_IN_PROGRESS", player("1", *games[0]), player("2", *games[1]))
    game = read("wta", tournament(womens_singles=[live])).games.rows[0]
    assert (game.home_score, game.away_score) == sets


@pytest.mark.parametrize(
    ("more", "game_id"),
    [
        ({"type": {"id": "2"}}, "wta:9"),
        ({"type": {"id": "1"}}, "atp:9"),
        ({"type": {"slug": "mens-singles"}}, "atp:9"),
        ({"uid": "s:850~l:900~e:5-2022~c:9"}, "wta:9"),
        ({"uid": "s:850~l:851~e:5-2022~c:9"}, "atp:9"),
        ({}, "wta:9"),
    ],
)
def test_the_old_shape_without_groupings_finds_its_tour(more: dict[str, Any], game_id: str) -> None:
    old = {"id": "5-2022", "season": {"year": 2022, "type": 2}}
    old["competitions"] = [match("9", "STATUS_SCHEDULED", player("1"), player("2"), **more)]
    assert [game.game_id for game in read("wta", old).games.rows] == [game_id]


def test_doubles_of_the_old_shape_are_known_by_their_pairs() -> None:
    pair = match("9", "STATUS_SCHEDULED", {"id": "1-2", "type": "team"}, {"id": "3-4", "type": "team"})
    assert reasons(read("wta", {"id": "5-2022", "competitions": [pair]})) == ["doubles"]


def test_other_draws_are_named_and_not_taken_for_a_tour() -> None:
    junior = match("9", "STATUS_SCHEDULED", player("1"), player("2"))
    assert reasons(read("atp", tournament(boys_singles=[junior]))) == ["other_draw"]


def test_a_match_listed_twice_is_one_game() -> None:
    twice = match("9", "STATUS_SCHEDULED", player("1"), player("2"))
    board = read("atp", tournament(mens_singles=[twice, twice]))
    assert ([game.game_id for game in board.games.rows], reasons(board)) == (["atp:9"], ["duplicate"])


@pytest.mark.parametrize("more", [{}, {"groupings": []}, {"groupings": [{}, 7]}, {"competitions": "x"}])
def test_a_tournament_without_matches_is_named(more: dict[str, Any]) -> None:
    assert reasons(read("atp", {"id": "5-2026", **more})) == ["no_competition"]


def test_an_undecided_player_of_2022_is_undecided() -> None:
    tbd = {"id": "2147483647", "athlete": {"displayName": "TBD"}}
    board = read("wta", tournament(womens_singles=[match("9", "STATUS_SCHEDULED", tbd, dict(tbd))]))
    assert (board.games.rows[0].home_team_id, board.teams) == (None, [])


@pytest.mark.parametrize("undecided", ["-3", "2147483647"])
def test_a_known_player_has_no_side_before_the_opponent_is_known(undecided: str) -> None:
    open_match = match("9", "STATUS_SCHEDULED", player("1371"), {"id": undecided})
    board = read("wta", tournament(womens_singles=[open_match]))
    assert (board.games.rows[0].home_team_id, board.games.rows[0].away_team_id) == (None, None)
    assert [team.team_id for team in board.teams] == ["wta:1371"]


def test_a_player_against_himself_is_refused() -> None:
    same = match("9", "STATUS_SCHEDULED", player("1"), player("1"))
    assert reasons(read("atp", tournament(mens_singles=[same]))) == ["bad_competitors"]


def test_broken_matches_are_refused_one_by_one() -> None:
    good = match("1", "STATUS_SCHEDULED", player("1"), player("2"))
    broken = [7, {}, {"id": "2"}, match("3", "STATUS_SCHEDULED", player("1")), {**good, "id": "4", "status": None}]
    board = read("atp", tournament(mens_singles=[good, *broken]), {}, None)
    assert reasons(board) == [
        "not_an_object",
        "empty_event",
        "missing_key:date",
        "bad_competitors",
        "missing_key:status",
        "empty_event",
        "not_an_object",
    ]
    assert board.games.seen == 8
