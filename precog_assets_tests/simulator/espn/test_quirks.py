"""The quirks of the reference, Q1 to Q12: the world shows them, a request brings them, or a fault does."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.simulator.espn.quirks import quirks
from precog_assets.simulator.faults.rules import read_rules
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask, board_path
from precog_assets_tests.simulator.espn.watching import (
    LONG_AFTER,
    MINUTE,
    events,
    game_in,
    season_games,
    shown,
    sides,
    site,
    status_of,
    struck,
)


def test_every_quirk_is_described_and_says_how_it_is_shown() -> None:
    assert list(quirks()) == [f"Q{number}" for number in range(1, 25)]
    for quirk in quirks().values():
        assert (quirk.shown == "fault") <= bool(quirk.faults)
        read_rules([dict(fault) for fault in quirk.faults])


def test_q1_evening_games_are_on_the_eastern_day_before(ask: Ask) -> None:
    board = events(ask(board_path("nhl"), dates="20261120"))
    assert {event["date"][:10] for event in board} >= {"2026-11-21"}
    assert {eastern_day(parse_instant(event["date"])).isoformat() for event in board} == {"2026-11-20"}


def test_q2_every_event_is_an_empty_object_while_the_fault_stands(world: World) -> None:
    response = struck(world, "Q2", board_path("mlb"))
    assert response.status_code == 200
    assert response.json()["events"]
    assert all(event == {} for event in response.json()["events"])


def test_q3_undecided_sides_have_negative_ids_and_no_name(ask: Ask, world: World) -> None:
    game = next(game for game in season_games(world, "nfl") if game.known_from is not None)
    assert game.home_known_from is not None
    assert game.away_known_from is not None
    event = shown(ask, world, game, min(game.home_known_from, game.away_known_from) - MINUTE)
    home, away = sides(event)
    assert (home["id"], away["id"]) == ("-1", "-2")
    assert event["shortName"] in ("TBD @ TBD", "TBD VS TBD")
    assert home["team"]["abbreviation"] == "TBD"
    assert not {"name", "color", "logo"} & set(home["team"])
    assert event["competitions"][0]["timeValid"] is False
    later = shown(ask, world, game, max(game.home_known_from, game.away_known_from))
    assert [side["id"] for side in sides(later)] == [game.home.espn_id, game.away.espn_id]


def test_q4_games_that_are_over_without_a_result(ask: Ask, world: World) -> None:
    seen = set()
    for game in season_games(world, "mlb"):
        broken_off = any(pause.status == "STATUS_SUSPENDED" for pause in game.pauses)
        if game.fate not in ("postponed", "canceled") and not broken_off:
            continue
        states = [state for state in world.timeline(game) if state.state == "post" and not state.completed]
        for state in states[:1]:
            event = shown(ask, world, game, state.at)
            name, _, completed = status_of(event)
            assert not completed
            assert all("winner" not in side for side in sides(event))
            score = [side["score"] for side in sides(event)]
            assert score == [str(state.home_score), str(state.away_score)]
            assert event["competitions"][0]["wasSuspended"] == (name == "SUSPENDED")
            if name == "SUSPENDED":
                assert event["competitions"][0]["notes"][0]["headline"].startswith("Will resume at ")
            else:
                assert score == ["0", "0"]
            seen.add(name)
        if seen == {"POSTPONED", "CANCELED", "SUSPENDED"}:
            break
    assert seen == {"POSTPONED", "CANCELED", "SUSPENDED"}


def test_q4_a_suspended_game_goes_on_under_its_id_and_ends(ask: Ask, world: World) -> None:
    game, pause = next(
        (game, pause)
        for game in season_games(world, "mlb")
        for pause in game.pauses
        if pause.status == "STATUS_SUSPENDED" and any(s.status == pause.status for s in world.timeline(game))
    )
    course = world.timeline(game)
    broken = next(place for place, state in enumerate(course) if state.status == pause.status)
    names = [status_of(shown(ask, world, game, course[place].at)) for place in (broken - 1, broken, broken + 1, -1)]
    assert [name for name, _, _ in names] == ["IN_PROGRESS", "SUSPENDED", "IN_PROGRESS", "FINAL"]
    assert [state for _, state, _ in names] == ["in", "post", "in", "post"]
    assert shown(ask, world, game, course[-1].at)["competitions"][0]["wasSuspended"] is True


def test_q5_some_games_show_a_first_period_before_they_begin(ask: Ask, world: World) -> None:
    forms = Counter()
    for league in ("nfl", "mlb"):
        for game in list(season_games(world, league))[60:120]:
            event = shown(ask, world, game, game.start - MINUTE)
            if status_of(event) != ("SCHEDULED", "pre", False):
                continue
            lines = [side.get("linescores") for side in sides(event)]
            if lines == [None, None]:
                forms[league, "plain"] += 1
                assert league == "mlb" or event["status"]["period"] == 0
                continue
            forms[league, "primed"] += 1
            assert event["status"]["period"] == 1
            if league == "nfl":
                assert (event["status"]["clock"], event["status"]["displayClock"]) == (900.0, "15:00")
                assert lines == 2 * [[{"value": 0.0, "displayValue": "0", "period": 1}]]
            else:
                assert lines == [[{"value": 0.0, "displayValue": "0", "period": 1}], []]
    assert min(forms.values()) > 5
    assert len(forms) == 4


def test_q6_a_score_is_a_text_an_object_or_absent(ask: Ask, world: World) -> None:
    game = game_in(world, "nba", "pre")
    assert [side["score"] for side in sides(shown(ask, world, game, ANCHOR))] == ["0", "0"]
    header = ask(site("nba", "summary"), event=game.event_id).json()["header"]
    assert all("score" not in side for side in header["competitions"][0]["competitors"])
    match = ask(board_path("atp")).json()["events"][0]["groupings"][0]["competitions"][0]
    assert all("score" not in side for side in match["competitors"])


def test_q7_odds_hold_null_for_matches_without_a_price(ask: Ask) -> None:
    month = events(ask(board_path("epl"), dates="202611", limit=500))
    waiting = [event["competitions"][0]["odds"] for event in month if event["status"]["type"]["state"] == "pre"]
    assert [None] in waiting
    assert any(line[0] is not None for line in waiting)
    dated = ask(board_path("nba"), dates="20261121").json()
    assert not {"season", "day"} & set(dated)


def test_q7_any_odds_are_null_while_the_fault_stands(world: World) -> None:
    board = struck(world, "Q7", board_path("nba"), dates="20261125").json()["events"]
    assert {event["competitions"][0]["odds"] is None for event in board} == {True, False}


def test_q8_both_players_may_be_away_and_a_draw_has_no_winner(ask: Ask, world: World) -> None:
    pairs = Counter(
        tuple(side["homeAway"] for side in match["competitors"])
        for league in ("atp", "wta")
        for event in ask(board_path(league)).json()["events"]
        for match in event["groupings"][0]["competitions"]
    )
    assert set(pairs) == {("away", "home"), ("away", "away")}
    assert pairs["away", "home"] > 3 * pairs["away", "away"]
    level = next(game for game in season_games(world, "epl") if world.ending(game).winner == "draw")
    event = shown(ask, world, level, level.start + timedelta(days=2))
    assert [side["winner"] for side in sides(event)] == [False, False]
    assert status_of(event) == ("FULL_TIME", "post", True)


def test_q9_baseball_makes_up_under_a_new_id_once_the_old_one_is_off(ask: Ask, world: World) -> None:
    games = list(season_games(world, "mlb"))
    off = next(game for game in games if game.fate == "postponed" and game.listed_from is None)
    assert off.off_from is not None
    pair = {off.home.espn_id, off.away.espn_id}
    again = next(
        game
        for game in games
        if game.listed_from is not None and game.start > off.start and {game.home.espn_id, game.away.espn_id} == pair
    )
    assert again.event_id != off.event_id
    assert again.listed_from is not None
    note = shown(ask, world, again, again.start - MINUTE)["competitions"][0]["notes"][0]["headline"]
    assert "Makeup from" in note
    assert status_of(shown(ask, world, off, again.start + LONG_AFTER))[0] == "POSTPONED"
    day = f"{eastern_day(again.start):%Y%m%d}"
    before = events(ask(board_path("mlb"), now=again.listed_from - MINUTE, dates=day))
    assert again.event_id not in {event["id"] for event in before}


def test_q9_a_soccer_match_is_moved_under_its_id(ask: Ask, world: World) -> None:
    games = [game for league in ("epl", "ligue1") for game in season_games(world, league)]
    moved = next(game for game in games if game.off_from is not None and game.off_until is not None)
    assert moved.off_from is not None
    assert moved.off_until is not None
    old = shown(ask, world, moved, moved.off_from)
    assert status_of(old) == ("POSTPONED", "post", False)
    assert [side["score"] for side in sides(old)] == ["0", "0"]
    back = shown(ask, world, moved, moved.off_until)
    assert status_of(back) == ("SCHEDULED", "pre", False)
    assert back["id"] == old["id"]
    assert back["date"] > old["date"]
    dates = {
        shown(ask, world, moved, moved.off_from + (moved.off_until - moved.off_from) * part / 20)["date"]
        for part in range(20)
    }
    assert dates == {old["date"], back["date"]}


def test_q9_a_flexed_game_shows_a_placeholder_until_its_hour_is_set(ask: Ask, world: World) -> None:
    game = next(game for game in season_games(world, "nfl") if game.announced and not game.announced[0].time_valid)
    since = game.announced[1].since
    assert since is not None
    event = shown(ask, world, game, since - MINUTE)
    assert event["competitions"][0]["timeValid"] is False
    assert event["competitions"][0]["status"]["isTBDFlex"] is True
    assert event["status"]["type"]["shortDetail"] == "TBD"
    assert event["status"]["type"]["detail"].endswith(" - TBD")
    later = shown(ask, world, game, since)
    assert later["competitions"][0]["timeValid"] is True
    assert parse_instant(later["date"]) == world.listing(game, since).start


def test_q10_the_same_pair_plays_twice_on_a_day(ask: Ask, world: World) -> None:
    for game in season_games(world, "mlb"):
        if not (game.note or "").startswith("Doubleheader - Game 1"):
            continue
        now = game.start - timedelta(hours=1)
        board = events(ask(board_path("mlb"), now=now, dates=f"{eastern_day(game.start):%Y%m%d}"))
        pair = [one for one in board if {s["id"] for s in sides(one)} == {game.home.espn_id, game.away.espn_id}]
        if len(pair) == 2:
            assert len({one["id"] for one in pair}) == len({one["date"] for one in pair}) == 2
            headlines = [one["competitions"][0]["notes"][0]["headline"] for one in pair]
            assert [headline[:21] for headline in headlines] == ["Doubleheader - Game 1", "Doubleheader - Game 2"]
            return
    pytest.fail("no doubleheader in a season of baseball")


def test_q11_week_numbers_collide_and_preseason_weeks_are_named_one_lower(ask: Ask) -> None:
    page = ask(board_path("nfl"), dates="2025", limit=500).json()
    weeks = {(event["season"]["type"], event["week"]["number"]) for event in page["events"]}
    assert {(1, 2), (2, 2), (3, 2)} <= weeks
    kinds = {entry["value"]: entry for entry in page["leagues"][0]["calendar"]}
    assert set(kinds) == {"1", "2", "3", "4"}
    labels = {week["value"]: week["label"] for week in kinds["1"]["entries"]}
    assert labels["2"] == "Preseason Week 1"
    assert kinds["3"]["entries"][0]["label"] == "Wild Card"
    first = events(ask(board_path("nfl"), dates="2025", seasontype=3, week=1))
    assert {(event["season"]["type"], event["week"]["number"]) for event in first} == {(3, 1)}


def test_q12_the_preseason_has_ties_after_four_periods(ask: Ask, world: World) -> None:
    games = [game for place in (0, 1) for game in season_games(world, "nfl", place) if game.season_type == 1]
    tie = next(game for game in games if world.ending(game).winner == "draw")
    event = shown(ask, world, tie, tie.start + timedelta(days=1))
    assert [side["winner"] for side in sides(event)] == [False, False]
    assert event["status"]["period"] == 4
    assert len({side["score"] for side in sides(event)}) == 1
