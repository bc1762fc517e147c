"""The seed tables: complete for every league, and unique wherever something is looked up."""

from collections import Counter, defaultdict
from datetime import date

import pytest

from precog_assets.config import load_leagues
from precog_assets.seeds import kalshi_codes, kalshi_guests, team_seeds

SEEDED = sorted({team.league for team in team_seeds()})
DAYS = [date(2025, 10, 19), date(2026, 7, 31), date(2026, 8, 1), date(2026, 11, 22)]


@pytest.mark.parametrize(
    ("league", "clubs"),
    [
        ("nfl", 32),
        ("nba", 30),
        ("nhl", 32),
        ("mlb", 30),
        ("ncaab", 365),
        ("wncaab", 359),
        ("epl", 20),
        ("ligue1", 18),
        ("mls", 30),
        ("wnba", 15),
    ],
)
def test_every_club_of_the_current_season_is_there(league, clubs):
    assert sum(team.current for team in team_seeds() if team.league == league) == clubs


def test_every_league_of_teams_is_seeded_and_no_other():
    assert sorted(league.key for league in load_leagues().values() if not league.is_individual) == SEEDED


def test_team_ids_are_unique():
    assert [team for team, count in Counter(team.team_id for team in team_seeds()).items() if count > 1] == []


def test_team_ids_are_the_league_and_espns_number():
    for team in team_seeds():
        assert team.team_id == f"{team.league}:{team.espn_team_id}"
        assert team.espn_team_id.isdigit(), team


def test_every_team_has_a_name_and_every_current_one_an_abbreviation():
    for team in team_seeds():
        assert team.display_name.strip(), team
        assert team.display_name == team.display_name.strip(), team
        assert team.abbreviation or not team.current, team


@pytest.mark.parametrize("league", SEEDED)
def test_display_names_of_current_teams_are_unique(league):
    names = Counter(team.display_name for team in team_seeds() if team.league == league and team.current)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(("league", "divisions"), [("nfl", 8), ("nba", 6), ("nhl", 4), ("mlb", 6)])
def test_divisions_hold_every_team_of_the_big_leagues(league, divisions):
    sizes = Counter(team.division for team in team_seeds() if team.league == league)
    assert len(sizes) == divisions
    assert None not in sizes
    assert max(sizes.values()) - min(sizes.values()) <= 1


def test_every_code_belongs_to_a_team_of_its_league():
    teams = {team.team_id for team in team_seeds()}
    for code in kalshi_codes():
        assert code.team_id in teams, code
        assert code.team_id.startswith(f"{code.league}:"), code


@pytest.mark.parametrize("day", DAYS)
def test_a_code_of_current_teams_names_one_team_on_any_day(day):
    current = {team.team_id for team in team_seeds() if team.current}
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for code in kalshi_codes():
        if code.holds_on(day) and code.team_id in current:
            found[code.league, code.code].add(code.team_id)
    assert {key: teams for key, teams in found.items() if len(teams) > 1} == {}


@pytest.mark.parametrize("day", DAYS)
def test_every_current_team_has_a_code_on_any_day(day):
    coded = {code.team_id for code in kalshi_codes() if code.holds_on(day)}
    assert [team.team_id for team in team_seeds() if team.current and team.team_id not in coded] == []


def test_the_days_of_a_code_are_in_order():
    for code in kalshi_codes():
        assert code.valid_from is None or code.valid_to is None or code.valid_from <= code.valid_to, code


@pytest.mark.parametrize(
    ("league", "code", "team"),
    [
        ("nfl", "JAC", "Jacksonville Jaguars"),
        ("nfl", "WAS", "Washington Commanders"),
        ("nba", "GSW", "Golden State Warriors"),
        ("nba", "NOP", "New Orleans Pelicans"),
        ("nba", "NYK", "New York Knicks"),
        ("nba", "SAS", "San Antonio Spurs"),
        ("nba", "UTA", "Utah Jazz"),
        ("nba", "WAS", "Washington Wizards"),
        ("mlb", "AZ", "Arizona Diamondbacks"),
        ("mlb", "CWS", "Chicago White Sox"),
        ("nhl", "UTA", "Utah Mammoth"),
        ("wnba", "PDX", "Portland Fire"),
        ("mls", "LAG", "LA Galaxy"),
        ("epl", "CFC", "Chelsea"),
        ("epl", "MCI", "Manchester City"),
        ("ligue1", "OLM", "Marseille"),
        ("ligue1", "ASM", "AS Monaco"),
        ("ncaab", "TXAM", "Texas A&M Aggies"),
        ("ncaab", "NW", "Northwestern Wildcats"),
        ("ncaab", "CLT", "Charlotte 49ers"),
        ("wncaab", "OMA", "Omaha Mavericks"),
        ("ncaaf", "NW", "Northwestern Wildcats"),
    ],
)
def test_the_codes_seen_in_real_tickers_name_the_right_team(league, code, team):
    names = {seed.team_id: seed.display_name for seed in team_seeds()}
    ids = {each.team_id for each in kalshi_codes() if (each.league, each.code) == (league, code)}
    assert {names[each] for each in ids} == {team}


def test_guests_are_of_a_known_league_and_no_team_has_their_code():
    codes = {(code.league, code.code) for code in kalshi_codes()}
    assert kalshi_guests()
    for guest in kalshi_guests():
        assert guest.league in load_leagues()
        assert guest.name
        assert (guest.league, guest.code) not in codes
