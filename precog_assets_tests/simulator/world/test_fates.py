"""What goes wrong with games, and what the schedule says: postponements, moves, suspensions, delays, walk-overs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from precog_assets.domain.times import EASTERN, eastern_day
from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets_tests.simulator.world.conftest import ALL
from precog_assets_tests.simulator.world.test_schedule import both_seasons

MINUTE = timedelta(minutes=1)


def chosen(world: World, league: str, which: Callable[[SimGame], bool]) -> list[SimGame]:
    """The games of both seasons that fulfil something; there must be some, or the test shows nothing."""
    found = [game for game in both_seasons(world, league) if which(game)]
    assert found
    return found


def odds(truth: Truth) -> tuple[float, float, float]:
    return truth.home_win, truth.draw, truth.away_win


def shown(world: World, game: SimGame, day: datetime, now: datetime) -> bool:
    return game in world.listed_on(game.league, eastern_day(day), now)


@pytest.mark.parametrize("league", ["mlb", "nba", "ncaab"])
def test_a_postponed_game_is_never_played_and_is_made_up_under_a_new_id_later(world: World, league: str) -> None:
    games = both_seasons(world, league)
    for game in [game for game in games if game.postponed]:
        before, after = world.timeline(game)[0], world.timeline(game)[-1]
        assert (before.state, after.state) == ("pre", "post")
        assert (after.status, after.completed, after.winner, after.void) == ("STATUS_POSTPONED", False, None, True)
        assert odds(after) == odds(before)
        assert game.off_from is not None
        assert world.truth(game, game.off_from - MINUTE).state == "pre"
        assert world.truth(game, game.off_from) == after == world.ending(game)
        assert world.truth(game, game.start + timedelta(days=3)) == after
        day = eastern_day(game.start)
        makeups = [
            other
            for other in games
            if (other.home, other.away) == (game.home, game.away)
            and (other.note or "").endswith(f"Makeup from {day:%B} {day.day}")
            and timedelta(0) < other.start - game.start < timedelta(days=80)
        ]
        assert len(makeups) == 1
        assert makeups[0].event_id != game.event_id
        assert makeups[0].listed_from is not None
        assert game.off_from < makeups[0].listed_from < makeups[0].start


def test_a_rain_out_and_its_make_up_show_only_once_it_has_rained(world: World) -> None:
    games = both_seasons(world, "mlb")
    doubles = 0
    for game in [game for game in games if game.postponed]:
        assert game.off_from is not None
        assert world.listing(game, game.off_from - MINUTE).note is None
        note = world.listing(game, game.off_from).note
        makeup = next(
            other
            for other in games
            if (other.home, other.away) == (game.home, game.away)
            and note
            == f"Inclement Weather - Makeup date {other.start.astimezone(EASTERN):%B} {eastern_day(other.start).day}"
            and other.listed_from is not None
            and game.off_from < other.listed_from < game.start
        )
        assert makeup.listed_from is not None
        assert not shown(world, makeup, makeup.start, makeup.listed_from - MINUTE)
        assert shown(world, makeup, makeup.start, makeup.listed_from)
        same_day = [other for other in world.games_on("mlb", eastern_day(makeup.start)) if other.home == makeup.home]
        if len(same_day) == 2:
            doubles += 1
            second = same_day[1]
            assert makeup.note is not None
            assert makeup.note.startswith("Doubleheader - Game 1")
            assert world.listing(second, makeup.listed_from - MINUTE).note is None
            assert world.listing(second, makeup.listed_from).note == "Doubleheader - Game 2"
    assert doubles


def test_rain_outs_wait_a_day_or_weeks(world: World) -> None:
    games = both_seasons(world, "mlb")
    waits = set()
    for game in [game for game in games if game.postponed]:
        day = eastern_day(game.start)
        makeup = next(
            other
            for other in games
            if (other.home, other.away) == (game.home, game.away)
            and other.start > game.start
            and (other.note or "").endswith(f"Makeup from {day:%B} {day.day}")
        )
        waits.add((eastern_day(makeup.start) - day).days)
    assert 1 in waits
    assert any(days >= 6 for days in waits)


@pytest.mark.parametrize("league", ["epl", "ligue1"])
def test_a_postponed_match_keeps_its_id_is_dated_anew_and_comes_back(world: World, league: str) -> None:
    for game in chosen(world, league, lambda game: game.off_until is not None):
        assert game.fate == "played"
        dated = game.announced[-1].since
        old = game.announced[-2].start
        assert game.off_from is not None
        assert game.off_until is not None
        assert dated is not None
        assert game.off_from < dated < game.off_until < game.start
        seen = [
            (world.truth(game, now).status, world.truth(game, now).state, world.listing(game, now).start)
            for now in (game.off_from - MINUTE, game.off_from, dated, game.off_until)
        ]
        assert seen == [
            ("STATUS_SCHEDULED", "pre", old),
            ("STATUS_POSTPONED", "post", old),
            ("STATUS_POSTPONED", "post", game.start),
            ("STATUS_SCHEDULED", "pre", game.start),
        ]
        off = world.truth(game, dated)
        assert (off.completed, off.void, off.home_score, off.away_score) == (False, False, 0, 0)
        assert shown(world, game, old, dated - MINUTE)
        assert not shown(world, game, old, dated)
        assert shown(world, game, game.start, dated)
        assert world.ending(game).completed


def test_a_suspended_game_keeps_its_score_and_goes_on_another_day(world: World) -> None:
    games = chosen(world, "mlb", lambda game: any(pause.status == "STATUS_SUSPENDED" for pause in game.pauses))
    for game in games:
        course = world.timeline(game)
        place = next(index for index, truth in enumerate(course) if truth.status == "STATUS_SUSPENDED")
        stopped, again = course[place], course[place + 1]
        assert (stopped.state, stopped.completed, stopped.winner, stopped.void) == ("post", False, None, False)
        assert (again.state, again.home_score, again.away_score) == ("in", stopped.home_score, stopped.away_score)
        assert odds(stopped) == odds(course[place - 1]) == odds(again)
        assert eastern_day(again.at) == eastern_day(stopped.at) + timedelta(days=1)
        assert course[-1].completed
        resumes = again.at.astimezone(EASTERN)
        note = f"Will resume at 2:10 p.m. ET on {resumes.month}/{resumes.day}."
        assert [world.listing(game, now).note for now in (stopped.at - MINUTE, stopped.at, again.at)] == [
            None,
            note,
            None,
        ]
        assert world.listing(game, again.at).start == game.start
        following = [
            other
            for other in world.games_on("mlb", eastern_day(again.at))
            if game.home in (other.home, other.away) and other.fate == "played"
        ]
        assert all(course[-1].at < other.start for other in following)


def test_rain_stops_play_and_it_goes_on_where_it_was(world: World) -> None:
    games = chosen(world, "mlb", lambda game: any(pause.status == "STATUS_RAIN_DELAY" for pause in game.pauses))
    for game in games[:20]:
        course = world.timeline(game)
        place = next(index for index, truth in enumerate(course) if truth.status == "STATUS_RAIN_DELAY")
        stopped, again = course[place], course[place + 1]
        assert (stopped.state, stopped.completed) == ("in", False)
        assert timedelta(minutes=19) < again.at - stopped.at < timedelta(minutes=101)
        assert (again.home_score, again.period, again.detail) == (
            course[place - 1].home_score,
            course[place - 1].period,
            course[place - 1].detail,
        )
        assert world.ending(game) == course[-1]


def test_a_late_start_is_not_announced(world: World) -> None:
    for league in ("mlb", "atp"):
        late = chosen(
            world,
            league,
            lambda game: game.fate == "played" and bool(game.announced) and game.announced[-1].start < game.start,
        )
        for game in late[:10]:
            announced = game.announced[-1].start
            assert world.listing(game, game.start).start == announced
            delayed = world.truth(game, announced)
            assert (delayed.state, delayed.status) == ("pre", "STATUS_DELAYED")
            assert world.truth(game, announced - MINUTE).status == "STATUS_SCHEDULED"
            assert world.truth(game, game.start).state == "in"


@pytest.mark.parametrize("league", ["mlb", "atp", "ncaab"])
def test_a_canceled_game_ends_without_a_winner(world: World, league: str) -> None:
    for game in chosen(world, league, lambda game: game.fate == "canceled"):
        last = world.ending(game)
        assert (last.status, last.state, last.completed, last.winner, last.void) == (
            "STATUS_CANCELED",
            "post",
            False,
            None,
            True,
        )


@pytest.mark.parametrize("league", ["atp", "wta"])
def test_a_walk_over_is_completed_with_a_winner_and_no_sets_and_void_for_markets(world: World, league: str) -> None:
    games = both_seasons(world, league)
    for game in chosen(world, league, lambda game: game.fate == "walkover"):
        last = world.ending(game)
        assert (last.status, last.completed, last.void, last.home_lines) == ("STATUS_WALKOVER", True, True, ())
        assert odds(last) == odds(world.timeline(game)[0])
        assert game.off_from is not None
        assert game.known_from is None or game.off_from > game.known_from
        through = game.home if last.winner == "home" else game.away
        following = [
            other
            for other in games
            if other.tournament_id == game.tournament_id
            and other.start > game.start
            and through in (other.home, other.away)
        ]
        assert following


@pytest.mark.parametrize("league", ["atp", "wta"])
def test_a_player_who_retires_loses_with_the_last_set_unfinished(world: World, league: str) -> None:
    retired = [
        world.ending(game)
        for game in both_seasons(world, league)
        if game.fate == "played" and world.ending(game).status == "STATUS_RETIRED"
    ]
    assert 0.01 < len(retired) / len(both_seasons(world, league)) < 0.06
    for last in retired:
        assert last.completed
        assert not last.void
        assert last.winner in ("home", "away")
        home, away = last.home_lines[-1], last.away_lines[-1]
        assert max(home, away) < 6 or (max(home, away) == 6 and abs(home - away) < 2)
        assert last.home_score + last.away_score == len(last.home_lines) - 1
    assert any(last.home_score > last.away_score and last.winner == "away" for last in retired)


def test_hours_of_the_nfls_last_week_are_placeholders_until_six_days_before(world: World) -> None:
    games = both_seasons(world, "nfl")
    last_week = max(game.week or 0 for game in games if game.season_type == 2)
    last = [game for game in games if game.season_type == 2 and game.week == last_week]
    assert last
    for game in last:
        early = world.listing(game, game.start - timedelta(days=13))
        assert (early.time_valid, early.start.astimezone(EASTERN).hour) == (False, 0)
        set_hour = world.listing(game, game.start - timedelta(days=6))
        assert (set_hour.time_valid, set_hour.start) == (True, game.start)


def test_flexible_games_of_the_nfl_change_their_hour_twelve_days_before(world: World) -> None:
    flexed = chosen(
        world, "nfl", lambda game: len(game.announced) == 2 and game.announced[0].time_valid and not game.off_from
    )
    same_day = [game for game in flexed if eastern_day(game.announced[0].start) == eastern_day(game.start)]
    assert same_day
    for game in same_day:
        change = game.start - timedelta(days=12)
        assert world.listing(game, change - MINUTE).start == game.announced[0].start != game.start
        assert world.listing(game, change).start == game.start


@pytest.mark.parametrize("league", ["epl", "ligue1"])
def test_television_moves_matches_weeks_before_they_are_played(world: World, league: str) -> None:
    moved = chosen(world, league, lambda game: len(game.announced) == 2 and game.off_from is None)
    assert any(eastern_day(game.first_start) != eastern_day(game.start) for game in moved)
    for game in moved:
        since = game.announced[1].since
        assert since is not None
        assert game.start - since >= timedelta(days=24)


def test_the_order_of_play_comes_out_on_the_evening_before(world: World) -> None:
    for game in world.games_on("atp", world.settings.anchor_day + timedelta(days=9)):
        known = game.known_from or game.start - timedelta(days=2)
        before = world.listing(game, game.start - timedelta(days=2))
        after = world.listing(game, max(known, game.start - timedelta(hours=2)))
        assert (before.time_valid, before.start.astimezone(EASTERN).hour) == (False, 0)
        assert eastern_day(before.start) == eastern_day(game.start)
        assert after.time_valid


@pytest.mark.parametrize("league", ALL)
def test_a_board_shows_every_game_on_the_day_the_schedule_has_it_then_and_on_no_other(
    world: World, league: str
) -> None:
    games = [game for game in both_seasons(world, league) if len(game.announced) > 1 or game.listed_from]
    assert games or league == "ncaaf"
    for game in games[:40]:
        for said in game.announced:
            now = said.since or game.first_start - timedelta(days=60)
            days = {eastern_day(one.start) for one in game.announced} | {eastern_day(game.start)}
            on = {day for day in days if game in world.listed_on(league, day, now)}
            assert on == {eastern_day(said.start)}


@pytest.mark.parametrize("league", ALL)
def test_announcements_come_in_order_and_before_the_start(world: World, league: str) -> None:
    for game in both_seasons(world, league):
        since = [said.since for said in game.announced if said.since is not None]
        assert since == sorted(since)
        assert all(instant < game.start for instant in since) or game.fate != "played"
        assert game.fate != "played" or game.known_from is None or game.known_from < game.start
