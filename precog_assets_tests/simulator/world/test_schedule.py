"""Seasons and schedules: who plays whom, how often, on which days."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.times import EASTERN, eastern_day
from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.roster import conferences
from precog_assets_tests.simulator.world.conftest import ALL

TEAM_LEAGUES = tuple(league for league in ALL if league not in {"atp", "wta"})


def games_of(world: World, league: str, season: int) -> list[SimGame]:
    return [game for day in world.game_days(league, season) for game in world.games_on(league, day)]


def both_seasons(world: World, league: str) -> list[SimGame]:
    return [game for season in world.seasons(league) for game in games_of(world, league, season)]


@pytest.mark.parametrize("league", ALL)
def test_the_past_season_is_complete_and_the_current_one_began_weeks_ago_and_goes_on(world: World, league: str) -> None:
    past, current = world.seasons(league)
    today = world.settings.anchor_day
    first, last = world.season_days(league, past)
    assert 110 <= (last - first).days <= 205
    regular = [game for game in games_of(world, league, current) if game.season_type == 2]
    began, ends = eastern_day(regular[0].start), eastern_day(regular[-1].start)
    assert timedelta(weeks=3) < began - last
    assert 40 <= (today - began).days <= 60
    assert (ends - today).days >= 90
    assert past == current - 1


@pytest.mark.parametrize(
    ("league", "label"), [("nfl", 2026), ("nba", 2027), ("nhl", 2027), ("mlb", 2026), ("epl", 2026), ("ncaab", 2027)]
)
def test_the_current_season_is_labelled_as_the_provider_would(world: World, league: str, label: int) -> None:
    assert world.seasons(league)[-1] == label


def test_event_ids_are_numeric_and_unique_over_all_leagues_and_seasons(world: World) -> None:
    ids = Counter(game.event_id for league in ALL for game in both_seasons(world, league))
    assert len(ids) > 30_000
    assert max(ids.values()) == 1
    assert all(number.isdigit() and len(number) == 9 for number in ids)


@pytest.mark.parametrize("league", ALL)
def test_no_game_is_lost_between_the_days_of_a_season(world: World, league: str) -> None:
    for season in world.seasons(league):
        days = world.game_days(league, season)
        assert (days[0], days[-1]) == world.season_days(league, season)
        assert all(any(game.season == season for game in world.games_on(league, day)) for day in days)


@pytest.mark.parametrize("league", ALL)
def test_games_are_listed_on_the_eastern_day_they_start(world: World, league: str) -> None:
    for day in world.game_days(league, world.seasons(league)[-1]):
        games = world.games_on(league, day)
        assert {eastern_day(game.start) for game in games} == {day}
        assert games == sorted(games, key=lambda game: (game.start, game.event_id))


def test_an_evening_game_past_midnight_in_utc_stays_on_the_day_before(world: World) -> None:
    day = world.settings.anchor_day
    late = [game for game in world.games_on("nba", day) if game.start.date() > day]
    assert late


@pytest.mark.parametrize("league", TEAM_LEAGUES)
def test_nobody_plays_twice_a_day_but_in_a_doubleheader(world: World, league: str) -> None:
    for season in world.seasons(league):
        for day in world.game_days(league, season):
            played = Counter(
                side.espn_id
                for game in world.games_on(league, day)
                if game.fate == "played"
                for side in (game.home, game.away)
            )
            assert all(count == 1 for count in played.values()) or league == "mlb"


@pytest.mark.parametrize(
    ("league", "fewest", "most"),
    [
        ("nfl", 17, 17),
        ("nba", 55, 82),
        ("nhl", 48, 82),
        ("mlb", 105, 162),
        ("ncaab", 20, 40),
        ("wncaab", 20, 40),
        ("ncaaf", 7, 13),
        ("wnba", 40, 60),
        ("epl", 38, 38),
        ("ligue1", 34, 34),
        ("mls", 34, 34),
    ],
)
def test_every_team_plays_about_as_many_games_as_its_league_does(
    world: World, league: str, fewest: int, most: int
) -> None:
    for season in world.seasons(league):
        counts = Counter(
            side.espn_id
            for game in games_of(world, league, season)
            if game.season_type == 2 and game.fate == "played" and not game.exhibition
            for side in (game.home, game.away)
        )
        assert set(counts) == {team.espn_id for team in world.teams(league)}
        assert fewest <= min(counts.values()) <= max(counts.values()) <= most


def test_the_nfl_plays_once_a_week_from_thursday_to_monday(world: World) -> None:
    regular = [game for game in games_of(world, "nfl", world.seasons("nfl")[-1]) if game.season_type == 2]
    by_week = Counter((game.week, side.espn_id) for game in regular for side in (game.home, game.away))
    assert max(by_week.values()) == 1
    weekdays = {game.start.astimezone(EASTERN).weekday() for game in regular}
    assert weekdays == {0, 3, 5, 6}
    assert any(game.neutral for game in regular)


@pytest.mark.parametrize("league", ["nfl", "nba", "nhl", "mlb"])
def test_preseason_comes_before_the_regular_season(world: World, league: str) -> None:
    for season in world.seasons(league):
        games = games_of(world, league, season)
        before = [game.start for game in games if game.season_type == 1]
        assert before
        assert max(before) < min(game.start for game in games if game.season_type == 2)


@pytest.mark.parametrize("league", ["epl", "ligue1"])
def test_soccer_is_a_double_round_robin(world: World, league: str) -> None:
    for season in world.seasons(league):
        games = [game for game in games_of(world, league, season) if game.season_type == 2]
        pairs = Counter((game.home.espn_id, game.away.espn_id) for game in games)
        size = len(world.teams(league))
        assert len(pairs) == size * (size - 1)
        assert max(pairs.values()) == 1


def test_college_games_are_mostly_within_the_conference(world: World) -> None:
    for league in ("ncaab", "wncaab", "ncaaf"):
        known = conferences(league)
        games = games_of(world, league, world.seasons(league)[-1])
        inside = sum(known[game.home.espn_id] == known[game.away.espn_id] for game in games)
        assert 0.5 < inside / len(games) < 0.9


@pytest.mark.parametrize("league", ["atp", "wta"])
def test_a_tournament_is_a_week_of_31_matches_in_five_rounds_and_a_major_a_fortnight_of_127(
    world: World, league: str
) -> None:
    by_draw: dict[str, list[SimGame]] = {}
    for game in games_of(world, league, world.seasons(league)[-1]):
        by_draw.setdefault(game.tournament_id or "", []).append(game)
    majors = {number: games for number, games in by_draw.items() if games[0].tournament_name == "US Open"}
    assert len(by_draw) == 41
    assert len(majors) == 1
    for number, games in by_draw.items():
        major = number in majors
        assert number.endswith(f"-{world.seasons(league)[-1]}")
        rounds = Counter(game.round_name for game in games)
        later = {"Quarterfinal": 4, "Semifinal": 2, "Final": 1}
        if major:
            assert rounds == {"Round 1": 64, "Round 2": 32, "Round 3": 16, "Round 4": 8, **later}
        else:
            assert rounds == {"Round 1": 16, "Round 2": 8, **later}
        players = {side for game in games for side in (game.home, game.away)}
        assert len(players) == (128 if major else 32)
        assert len({player.kalshi_code for player in players}) == len(players)
        assert all(game.home.espn_id < game.away.espn_id for game in games)
        assert {game.best_of for game in games} == {5 if major and league == "atp" else 3}
        final = max(games, key=lambda game: game.start)
        last_day = {"atp": 13, "wta": 12}[league] if major else 6
        assert (eastern_day(final.start) - eastern_day(games[0].start)).days == last_day


def test_both_tours_play_a_major_under_one_id(world: World) -> None:
    ids = [
        {game.tournament_id for game in games_of(world, tour, world.seasons(tour)[-1]) if game.tournament_name == name}
        for tour, name in (("atp", "US Open"), ("wta", "US Open"))
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 1


@pytest.mark.parametrize("league", ["atp", "wta"])
def test_players_of_a_later_round_won_before_it_and_become_known_one_by_one(world: World, league: str) -> None:
    games = games_of(world, league, world.seasons(league)[-1])
    draw = [game for game in games if game.tournament_id == games[0].tournament_id]
    apart = 0
    for game in draw:
        for side, known_from in ((game.home, game.home_known_from), (game.away, game.away_known_from)):
            feeder = [other for other in draw if other.start < game.start and side in (other.home, other.away)]
            assert (known_from is None) == (not feeder)
            if feeder:
                ending = world.ending(feeder[-1])
                assert side == (feeder[-1].home if ending.winner == "home" else feeder[-1].away)
                assert known_from == ending.at < game.start
        if game.home_known_from and game.away_known_from and game.home_known_from != game.away_known_from:
            apart += 1
            first = min(game.home_known_from, game.away_known_from)
            listing = world.listing(game, first)
            assert (listing.home_known, listing.away_known) == (
                game.home_known_from == first,
                game.away_known_from == first,
            )
            assert not listing.time_valid
    assert apart


@pytest.mark.parametrize("league", TEAM_LEAGUES)
def test_teams_carry_names_and_codes_from_the_seeds(world: World, league: str) -> None:
    teams = world.teams(league)
    assert len({team.espn_id for team in teams}) == len(teams)
    assert all(team.display_name and team.abbreviation and team.kalshi_code for team in teams)
    if load_leagues()[league].kalshi.series:
        assert len({team.kalshi_code for team in teams}) >= 0.97 * len(teams)


def test_a_league_or_season_the_world_does_not_have_is_named(world: World) -> None:
    with pytest.raises(ValueError, match="nba has no season 1999"):
        world.season_days("nba", 1999)
    with pytest.raises(ValueError, match="'cricket' is not played"):
        world.teams("cricket")
