"""Postseasons: who gets in, who goes on, series, neutral ground, slots whose sides are not known yet."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.roster import conferences
from precog_assets_tests.simulator.world.test_schedule import games_of

SIZES = {
    "nfl": (14, 14),
    "nba": (60, 105),
    "nhl": (60, 105),
    "mlb": (34, 53),
    "wnba": (17, 31),
    "ncaab": (67, 67),
    "wncaab": (67, 67),
    "ncaaf": (11, 11),
    "mls": (15, 15),
    "ligue1": (2, 2),
}


def after_season(world: World, league: str, season: int) -> list[SimGame]:
    return [game for game in games_of(world, league, season) if game.season_type == 3]


def through(world: World, game: SimGame) -> str:
    ending = world.ending(game)
    return (game.home if (ending.advanced or ending.winner) == "home" else game.away).espn_id


@pytest.mark.parametrize("league", SIZES)
def test_every_season_ends_with_its_leagues_postseason(world: World, league: str) -> None:
    fewest, most = SIZES[league]
    for season in world.seasons(league):
        after = after_season(world, league, season)
        assert fewest <= len(after) <= most
        regular = [game for game in games_of(world, league, season) if game.season_type == 2]
        assert min(game.start for game in after) > max(game.start for game in regular)


@pytest.mark.parametrize("league", ["nba", "nhl"])
def test_a_series_goes_to_whoever_wins_four_games_and_no_game_more_is_played(world: World, league: str) -> None:
    ties: dict[str, list[SimGame]] = {}
    for game in after_season(world, league, world.seasons(league)[0]):
        ties.setdefault(game.series or "", []).append(game)
    assert len(ties) == 15
    for games in ties.values():
        wins = Counter(through(world, game) for game in games)
        assert max(wins.values()) == 4
        assert through(world, games[-1]) == wins.most_common(1)[0][0]
        grounds = [game.home.espn_id == games[0].home.espn_id for game in games]
        assert grounds == [True, True, False, False, True, False, True][: len(games)]


def test_a_game_a_series_may_not_need_is_listed_once_it_is_needed(world: World) -> None:
    after = after_season(world, "nba", world.seasons("nba")[0])
    fifth = [game for game in after if game.note and game.note.endswith("Game 5")]
    assert fifth
    for game in fifth:
        fourth = next(other for other in after if other.series == game.series and (other.note or "").endswith("Game 4"))
        assert game.listed_from == world.ending(fourth).at
        assert all(game.listed_from is None for game in after if (game.note or "").endswith("Game 1"))


@pytest.mark.parametrize("league", ["nba", "nfl", "mlb", "ncaab", "mls"])
def test_sides_are_named_once_they_are_known_and_won_their_way_there(world: World, league: str) -> None:
    games = [
        game
        for game in games_of(world, league, world.seasons(league)[0])
        if (game.season_type == 3 or "Tournament" in (game.note or "")) and not game.exhibition
    ]
    last_round = games[-1]
    feeders = [
        other
        for other in games[:-1]
        if other.series != last_round.series and {other.home, other.away} & {last_round.home, last_round.away}
    ]
    latest = {
        side.espn_id: [g for g in feeders if side in (g.home, g.away)][-1]
        for side in (last_round.home, last_round.away)
    }
    known = max(world.ending(game).at for game in latest.values())
    first = next(game for game in games if game.series == last_round.series)
    assert all(through(world, game) == side for side, game in latest.items())
    assert first.known_from == known < first.start
    before, after = world.listing(first, known - timedelta(minutes=1)), world.listing(first, known)
    assert (before.decided, before.time_valid) == (False, False)
    assert (after.decided, after.time_valid) == (True, True)


def test_the_nfls_weeks_start_again_in_each_part_and_the_super_bowl_is_on_neutral_ground(world: World) -> None:
    games = games_of(world, "nfl", world.seasons("nfl")[0])
    weeks = {kind: {game.week for game in games if game.season_type == kind} for kind in (1, 2, 3)}
    assert weeks[1] == {1, 2, 3, 4}
    assert weeks[3] == {1, 2, 3, 4, 5}
    assert weeks[2] >= {1, 2, 3, 4, 5}
    final = games[-1]
    assert (final.neutral, final.week, final.note) == (True, 5, "Super Bowl")
    side = conferences("nfl")
    assert {side[final.home.espn_id], side[final.away.espn_id]} == {"AFC", "NFC"}
    all_stars = [game for game in games if game.season_type == 3 and game.week == 4]
    assert [game.exhibition for game in all_stars] == [True]


def test_the_best_records_of_each_conference_are_in(world: World) -> None:
    season = world.seasons("nfl")[0]
    games = games_of(world, "nfl", season)
    wins: Counter[str] = Counter()
    for game in games:
        if game.season_type == 2 and game.fate == "played":
            winner = world.ending(game).winner
            wins.update({game.home.espn_id: 2 * (winner == "home") + (winner == "draw")})
            wins.update({game.away.espn_id: 2 * (winner == "away") + (winner == "draw")})
    group = conferences("nfl")
    in_it = {
        s.espn_id for game in games if game.season_type == 3 and not game.exhibition for s in (game.home, game.away)
    }
    for name in ("AFC", "NFC"):
        inside = [wins[team] for team in group if group[team] == name and team in in_it]
        outside = [wins[team] for team in group if group[team] == name and team not in in_it]
        assert len(inside) == 7
        assert min(inside) >= max(outside)


@pytest.mark.parametrize("league", ["ncaab", "wncaab"])
def test_march_has_a_tournament_a_conference_and_68_teams_for_the_championship(world: World, league: str) -> None:
    games = games_of(world, league, world.seasons(league)[0])
    group = conferences(league)
    conference_games = [game for game in games if "Tournament -" in (game.note or "")]
    assert all(game.neutral and game.season_type == 2 for game in conference_games)
    finals = [game for game in conference_games if (game.note or "").endswith("Championship")]
    assert len(finals) == len({name for name in group.values() if name})
    champions = {through(world, game) for game in finals}
    national = [game for game in games if game.season_type == 3]
    field = {side.espn_id for game in national for side in (game.home, game.away)}
    assert len(field) == 68
    assert champions <= field
    first_four = [game for game in national if (game.note or "").endswith("First Four")]
    assert len(first_four) == 4
    assert national[-1].neutral
    lost = Counter((game.away if through(world, game) == game.home.espn_id else game.home).espn_id for game in national)
    assert set(lost.values()) == {1}


def test_the_better_seed_hosts_the_first_rounds_of_the_womens_championship_only(world: World) -> None:
    def first_round(league: str) -> list[SimGame]:
        games = after_season(world, league, world.seasons(league)[0])
        return [game for game in games if (game.note or "").endswith("1st Round")]

    assert not any(game.neutral for game in first_round("wncaab"))
    assert all(game.neutral for game in first_round("ncaab"))


def test_ligue_1_keeps_or_loses_its_last_but_two_in_two_legs_against_a_club_from_below(world: World) -> None:
    for season in world.seasons("ligue1"):
        first, second = after_season(world, "ligue1", season)
        members = {team.espn_id for team in world.teams("ligue1")}
        assert first.home.espn_id not in members
        assert second.home.espn_id in members
        assert (first.home, first.away) == (second.away, second.home)
        leg = world.ending(first)
        assert (first.knockout, second.knockout) == (False, True)
        assert second.first_leg_lead == leg.away_score - leg.home_score
        assert leg.advanced is None
        assert world.ending(second).advanced in ("home", "away")


@pytest.mark.parametrize("league", ["nba", "nhl", "mlb", "wnba"])
def test_the_all_star_game_counts_for_nothing_and_the_league_rests(world: World, league: str) -> None:
    for season in world.seasons(league):
        games = games_of(world, league, season)
        stars = [game for game in games if game.exhibition and game.season_type == 2]
        assert len(stars) == 1
        assert stars[0].neutral
        members = {team.espn_id for team in world.teams(league)}
        assert not {stars[0].home.espn_id, stars[0].away.espn_id} & members
        near = [game for game in games if abs(game.start - stars[0].start) < timedelta(hours=20)]
        assert near == stars
        assert world.ending(stars[0]).completed


def test_a_club_from_outside_plays_a_game_of_the_nbas_preseason(world: World) -> None:
    games = games_of(world, "nba", world.seasons("nba")[-1])
    guests = [game for game in games if game.exhibition and game.season_type == 1]
    assert [game.away.kalshi_code for game in guests] == ["GUA"]
    assert guests[0].home in world.teams("nba")
    assert guests[0].away not in world.teams("nba")
