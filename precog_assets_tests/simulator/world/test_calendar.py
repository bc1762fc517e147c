"""The calendar of real months: when seasons are, their shapes, and that any date near the anchor can be asked for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import EASTERN, eastern_day, season_of
from precog_assets.simulator.world import World, WorldSettings
from precog_assets.simulator.world.model import SimGame
from precog_assets_tests.simulator.world.conftest import ALL
from precog_assets_tests.simulator.world.test_schedule import games_of

ANCHOR = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""A Sunday, noon Eastern."""


@pytest.fixture(scope="module")
def real() -> World:
    return World(WorldSettings(anchor=ANCHOR, seed=1, leagues=ALL, calendar="real"))


SEASONS = {
    "nfl": (2026, date(2026, 8, 6), date(2027, 2, 14)),
    "nba": (2027, date(2026, 10, 1), date(2027, 6, 22)),
    "nhl": (2027, date(2026, 9, 18), date(2027, 6, 22)),
    "mlb": (2026, date(2026, 2, 20), date(2026, 11, 5)),
    "ncaab": (2027, date(2026, 11, 2), date(2027, 4, 5)),
    "wncaab": (2027, date(2026, 11, 2), date(2027, 4, 4)),
    "epl": (2026, date(2026, 8, 15), date(2027, 5, 30)),
    "ligue1": (2026, date(2026, 8, 15), date(2027, 5, 31)),
    "mls": (2026, date(2026, 2, 20), date(2026, 12, 12)),
    "wnba": (2026, date(2026, 5, 1), date(2026, 10, 20)),
    "ncaaf": (2026, date(2026, 8, 25), date(2027, 1, 20)),
    "atp": (2026, date(2026, 1, 1), date(2026, 11, 25)),
    "wta": (2026, date(2026, 1, 1), date(2026, 11, 20)),
}


@pytest.mark.parametrize("league", ALL)
def test_seasons_are_in_their_months_and_labelled_as_the_provider_would(real: World, league: str) -> None:
    label, earliest, latest = SEASONS[league]
    assert real.seasons(league) == (label - 1, label, label + 1)
    first, last = real.season_days(league, label)
    assert earliest <= first <= earliest + timedelta(days=12)
    assert latest - timedelta(days=20) <= last <= latest
    row = load_leagues()[league]
    regular = [game for game in games_of(real, league, label) if game.season_type != 1]
    assert {season_of(row, game.start) for game in regular} == {label}


def test_a_sunday_in_november_is_a_full_one_of_the_nfl(real: World) -> None:
    games = real.games_on("nfl", date(2026, 11, 22))
    hours = Counter(game.start.astimezone(EASTERN).hour for game in games)
    assert 10 <= len(games) <= 14
    assert hours[13] >= 5
    assert hours[16] >= 2
    assert hours[20] == 1
    assert not real.games_on("mlb", date(2026, 11, 22))


def test_the_nfl_plays_18_weeks_in_which_every_team_rests_once_in_the_middle(real: World) -> None:
    for season in real.seasons("nfl"):
        games = [game for game in games_of(real, "nfl", season) if game.season_type == 2]
        weeks: dict[str, set[int]] = {}
        for game in games:
            for side in (game.home, game.away):
                weeks.setdefault(side.espn_id, set()).add(game.week or 0)
        byes = [set(range(1, 19)) - played for played in weeks.values()]
        assert all(len(bye) == 1 and min(bye) in range(5, 15) for bye in byes)
        assert max(Counter(min(bye) for bye in byes).values()) <= 6
        assert len(games) == 272


def test_mid_march_has_conference_finals_selection_sunday_and_the_first_round(real: World) -> None:
    now = datetime(2027, 3, 14, 20, 0, tzinfo=UTC)
    sunday = real.games_on("ncaab", date(2027, 3, 14))
    assert sunday
    assert all("Tournament" in (game.note or "") for game in sunday)
    thursday = real.games_on("ncaab", date(2027, 3, 18))
    assert len(thursday) == 16
    assert not any(real.listing(game, now).decided for game in thursday)
    monday = now + timedelta(days=1)
    known = [game for game in thursday if real.listing(game, monday).decided]
    assert 12 <= len(known) < 16
    assert all(real.listing(game, game.start).decided for game in thursday)


def test_the_us_open_has_128_players_in_each_tour_over_two_weeks_around_labor_day(real: World) -> None:
    for tour, best_of in (("atp", 5), ("wta", 3)):
        games = [game for game in games_of(real, tour, 2026) if game.tournament_name == "US Open"]
        days = [eastern_day(game.start) for game in games]
        assert len(games) == 127
        assert {game.tournament_id for game in games} == {"189-2026"}
        assert {game.best_of for game in games} == {best_of}
        assert days[0] == date(2026, 8, 31)
        assert max(days) == date(2026, 9, 13) - timedelta(days=tour == "wta")


@pytest.mark.parametrize("tour", ["atp", "wta"])
def test_a_year_of_tennis_has_the_four_majors_in_their_months(real: World, tour: str) -> None:
    months: dict[str, set[int]] = {}
    for game in games_of(real, tour, 2026):
        months.setdefault(game.tournament_name or "", set()).add(eastern_day(game.start).month)
    assert months["Australian Open"] <= {1, 2}
    assert months["Roland Garros"] <= {5, 6}
    assert months["Wimbledon"] <= {6, 7}
    assert months["US Open"] <= {8, 9}


def test_nobody_in_soccer_plays_in_weeks_of_internationals(real: World) -> None:
    for league in ("epl", "ligue1"):
        for saturday in (date(2026, 9, 5), date(2026, 10, 10), date(2026, 11, 14), date(2027, 3, 27)):
            assert not [
                game for shift in (-1, 0, 1) for game in real.games_on(league, saturday + timedelta(days=shift))
            ]
        assert real.games_on(league, date(2026, 11, 21))


@pytest.mark.parametrize(
    ("league", "fewest", "most"),
    [("nba", 80, 82), ("nhl", 80, 82), ("mlb", 152, 162), ("ncaaf", 9, 13), ("ncaab", 20, 34), ("epl", 38, 38)],
)
def test_teams_play_as_many_games_as_in_life(real: World, league: str, fewest: int, most: int) -> None:
    for season in real.seasons(league):
        counts = Counter(
            side.espn_id
            for game in games_of(real, league, season)
            if game.season_type == 2 and game.fate == "played" and not game.exhibition
            for side in (game.home, game.away)
        )
        assert fewest <= min(counts.values())
        assert max(counts.values()) <= most


def test_nobody_but_in_baseball_and_tennis_plays_twice_a_day(real: World) -> None:
    for league in ALL:
        if league in {"mlb", "atp", "wta"}:
            continue
        for day in real.game_days(league, real.seasons(league)[1]):
            playing = [game for game in real.games_on(league, day) if game.fate == "played"]
            sides = Counter(side.espn_id for game in playing for side in (game.home, game.away))
            assert max(sides.values(), default=0) <= 1


@pytest.mark.parametrize("anchor", [datetime(2027, 7, 15, 12, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)])
def test_any_anchor_has_the_season_before_its_own_and_the_next(anchor: datetime) -> None:
    world = World(WorldSettings(anchor=anchor, seed=4, leagues=ALL, calendar="real"))
    for league in ALL:
        before, own, following = world.seasons(league)
        assert (own - before, following - own) == (1, 1)
        assert games_before(world, league, own, anchor)
        assert world.season_days(league, before)[1] < world.season_days(league, own)[0]
        assert world.season_days(league, following)[0] > anchor.date()


def games_before(world: World, league: str, season: int, anchor: datetime) -> list[SimGame]:
    """Games of the season's first six weeks, which had begun by the anchor."""
    first = world.season_days(league, season)[0]
    assert first <= anchor.date() + timedelta(days=7)
    return [game for shift in range(42) for game in world.games_on(league, first + timedelta(days=shift))]


def test_an_unknown_calendar_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'lunar': expected together or real"):
        WorldSettings(anchor=ANCHOR, calendar="lunar")  # pyright: ignore[reportArgumentType]


def test_the_two_calendars_are_different_worlds_with_different_ids(real: World) -> None:
    other = World(WorldSettings(anchor=ANCHOR, seed=1, leagues=ALL))
    day = date(2026, 11, 22)
    mine = {game.event_id for game in real.games_on("nba", day)}
    theirs = {game.event_id for game in other.games_on("nba", day)}
    assert mine
    assert theirs
    assert not mine & theirs
