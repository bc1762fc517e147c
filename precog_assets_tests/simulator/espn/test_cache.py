"""Boards are joined from kept parts; what comes out is what a venue without any would have made."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta

import pytest

from precog_assets.domain.times import FixedClock, eastern_day
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.espn.catalog import face_of
from precog_assets.simulator.espn.fragments import Fragments
from precog_assets.simulator.espn.pieces import Pages, Piece, between
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.espn.records import Records
from precog_assets.simulator.espn.showing import Showings
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR

LEAGUES = ("nfl", "nba", "nhl", "mlb", "epl", "mls", "atp")


def fresh(world: World) -> EspnVenue:
    return EspnVenue(world, FixedClock(ANCHOR))


def instants(world: World, league: str, start: datetime) -> list[datetime]:
    """Around the edges of what may change: starts, states, a day after, the morning after; and back again."""
    day = eastern_day(start)
    games = world.games_on(league, day)[:4]
    found = [ANCHOR]
    for game in games:
        course = world.timeline(game)
        states = [state.at for state in course[:: max(1, len(course) // 6)]]
        for moment in (*states, game.start, course[-1].at, game.start + timedelta(days=1)):
            found += [moment - timedelta(microseconds=1), moment, moment + timedelta(seconds=30)]
        found.append(game.start + timedelta(hours=16))
    return [*found, *found[::-3]]


@pytest.mark.parametrize("league", LEAGUES)
def test_kept_events_read_like_new_ones_at_every_instant(world: World, league: str) -> None:
    query = BoardQuery(day=world.settings.anchor_day, limit=500)
    kept = fresh(world)
    for now in instants(world, league, ANCHOR):
        assert kept.board_bytes(league, query, now) == fresh(world).board_bytes(league, query, now), now


def test_games_with_a_fate_are_shown_as_it_unfolds(world: World) -> None:
    past = world.seasons("mlb")[0]
    games = [game for day in world.game_days("mlb", past) for game in world.games_on("mlb", day) if game.season == past]
    odd = [game for game in games if game.pauses or game.off_from or len(game.announced) > 1][::6]
    assert odd
    kept = fresh(world)
    for game in odd:
        for state in world.timeline(game)[-40::8]:
            for now in (state.at, state.at + timedelta(minutes=3)):
                query = BoardQuery(day=eastern_day(world.listing(game, now).start), limit=500)
                assert kept.board_bytes("mlb", query, now) == fresh(world).board_bytes("mlb", query, now)


def test_an_unchanged_board_is_the_same_object_and_a_changed_game_changes_only_its_own_part(world: World) -> None:
    fragments = Fragments(world, Showings(world, Records(world)))
    face = face_of("nba")
    games = world.games_on("nba", world.settings.anchor_day)
    live = next(game for game in games if world.truth(game, ANCHOR).state == "in")
    other = next(game for game in games if world.truth(game, ANCHOR).state == "post")
    course = world.timeline(live)
    following = next(state.at for state in course if state.at > ANCHOR)
    before = fragments.event(face, live, ANCHOR)
    assert fragments.event(face, live, following - timedelta(microseconds=1)) is before
    assert fragments.event(face, live, following).raw != before.raw
    final = fragments.event(face, other, ANCHOR)
    assert fragments.event(face, other, following) is final


def test_no_more_events_are_kept_than_allowed(world: World) -> None:
    fragments = Fragments(world, Showings(world, Records(world)), size=5)
    for game in world.games_on("ncaab", world.settings.anchor_day):
        fragments.event(face_of("ncaab"), game, ANCHOR)
    assert len(fragments._kept) == 5


def test_a_page_is_gzip_whatever_its_parts_and_pages_are_bounded_by_size() -> None:
    pages = Pages(size=1000)
    parts = between(b"{", [Piece(b"a" * 300), Piece(b"b" * 300)], b"}")
    page = pages.joined("one", parts)
    assert page.body == b"{" + b"a" * 300 + b"," + b"b" * 300 + b"}"
    assert gzip.decompress(page.gzipped()) == page.body
    assert pages.joined("one", between(b"{", [parts[1], parts[3]], b"}")) is page
    pages.joined("two", between(b"", [Piece(b"c" * 900)], b""))
    assert pages.joined("one", parts) is not page
