"""Real Kalshi markets of 2025 against the real schedules: the rate matched, and no wrong pairing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.matching.events import check_event
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.match import explain
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets.seeds import team_seeds
from precog_assets_tests.matching.builders import REGISTRY, TEAMS, fixture

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SCHEDULE_CODES = {"LA": "LAR", "WAS": "WSH"}
"""Where the NFL schedule's codes differ from ESPN's."""

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data at {DATA}")

Answer = tuple[dict, Match | Refusal]


def read(name: str) -> pl.DataFrame:
    return pl.read_parquet(DATA / f"{name}.parquet")


@cache
def nfl() -> tuple[dict[str, GameCandidate], list[Answer]]:
    games = [
        fixture(
            "nfl",
            SCHEDULE_CODES.get(row["away"], row["away"]),
            SCHEDULE_CODES.get(row["home"], row["home"]),
            f"{row['date']} {row['kickoff_eastern']}",
        )
        for row in read("schedules/nfl_2025").iter_rows(named=True)
    ]
    return answers(games, "kalshi/kalshi_nfl_game_markets_2025")


@cache
def nba() -> tuple[dict[str, GameCandidate], list[Answer]]:
    """Spring from the schedule, whose days are Eastern and carry no time; October from the sportsbooks' pairs."""
    abbreviation = {team.display_name: team.abbreviation for team in team_seeds() if team.league == "nba"}
    abbreviation["LA Clippers"] = abbreviation["Los Angeles Clippers"] = TEAMS["nba", "LAC"].abbreviation
    spring = [
        fixture("nba", row["away"].upper(), row["home"].upper(), f"{row['date']} 19:00")
        for row in read("schedules/nba_2025_spring").iter_rows(named=True)
    ]
    autumn = [
        fixture("nba", abbreviation[row["away_team"]], abbreviation[row["home_team"]], f"{row['game_date']} 19:00")
        for row in read("kalshi/kalshi_vs_sportsbook_nba_2025").iter_rows(named=True)
        if row["game_date"] >= "2025-10-01"
    ]
    return answers([*spring, *autumn], "kalshi/kalshi_nba_game_markets_2025")


def answers(games: list[GameCandidate], name: str) -> tuple[dict[str, GameCandidate], list[Answer]]:
    index = GameIndex(games)
    markets = read(name).iter_rows(named=True)
    found = [(row, explain(row["ticker"], index, REGISTRY, load_leagues()).result) for row in markets]
    return {game.game_id: game for game in games}, found


def rate(found: list[Answer]) -> float:
    return sum(isinstance(result, Match) for _, result in found) / len(found)


def side(name: str, team_id: str) -> bool:
    """Whether a title's short name (`New York J`, `Los Angeles C`) can be the team's; the codes are not asked."""
    seed = next(team for team in team_seeds() if team.team_id == team_id)
    city, _, initial = name.rpartition(" ")
    if len(initial) == 1:
        return seed.display_name.startswith(("LA", city)) and seed.name.startswith(initial)
    return seed.display_name.startswith(name) or seed.location == name or (seed.location, name) == ("LA", "Los Angeles")


def test_every_nfl_market_of_the_regular_season_is_matched():
    _, found = nfl()
    season = [answer for answer in found if answer[0]["ticker_date"] >= "2025-09-04"]
    assert len(season) == 128
    assert rate(season) == 1.0


def test_no_nfl_market_of_the_preseason_is_matched_to_a_game_of_the_season():
    _, found = nfl()
    preseason = [result for row, result in found if row["ticker_date"] < "2025-09-04"]
    assert len(preseason) == 98
    assert {result.reason for result in preseason if isinstance(result, Refusal)} == {Reason.NO_GAME}
    assert not any(isinstance(result, Match) for result in preseason)


def test_every_nba_market_of_spring_is_matched():
    _, found = nba()
    spring = [answer for answer in found if answer[0]["ticker_date"] < "2025-07-01"]
    assert len(spring) == 172
    assert rate(spring) == 1.0


def test_every_nba_event_that_the_sportsbooks_quoted_is_matched():
    _, found = nba()
    quoted = set(read("kalshi/kalshi_vs_sportsbook_nba_2025")["event_ticker"])
    wanted = [answer for answer in found if answer[0]["event_ticker"] in quoted]
    assert len(wanted) == 324
    assert rate(wanted) == 1.0


def test_every_real_market_is_matched_or_refused_with_one_of_the_right_reasons():
    said = [
        Counter("matched" if isinstance(result, Match) else result.reason.value for _, result in league()[1])
        for league in (nfl, nba)
    ]
    assert said == [{"matched": 128, "no_game": 98}, {"matched": 324, "no_game": 92, "exhibition": 2}]


@pytest.mark.parametrize(("name", "events"), [("nfl", 64), ("nba", 162)])
def test_every_matched_event_is_whole_when_its_markets_are_held_against_each_other(name, events):
    _, found = nfl() if name == "nfl" else nba()
    by_event: dict[str, dict[str, Match | Refusal]] = {}
    for row, result in found:
        by_event.setdefault(row["event_ticker"], {})[row["ticker"]] = result
    whole = 0
    for results in by_event.values():
        checked = check_event(load_leagues()[name], results)
        assert {type(one) for one in checked.values()} == {type(one) for one in results.values()}
        whole += all(isinstance(one, Match) and one.evidence["event_complete"] for one in checked.values())
    assert whole == events


@pytest.mark.parametrize("league", [nfl, nba])
def test_title_and_subtitle_name_the_teams_that_were_matched_by_code(league):
    games, found = league()
    checked = 0
    for row, result in found:
        if not isinstance(result, Match):
            continue
        game = games[result.game_id]
        yes = game.home_team_id if result.outcome is Outcome.HOME else game.away_team_id
        assert yes is not None
        assert side(row["yes_sub_title"], yes), (row["ticker"], row["yes_sub_title"], yes)
        checked += 1
    assert checked > 120


@pytest.mark.parametrize("league", [nfl, nba])
def test_the_two_markets_of_an_event_are_the_two_sides_of_one_game(league):
    _, found = league()
    events: dict[str, list[Match]] = {}
    for row, result in found:
        if isinstance(result, Match):
            events.setdefault(row["event_ticker"], []).append(result)
    pairs = [matches for matches in events.values() if len(matches) == 2]
    assert len(pairs) > 55
    for first, second in pairs:
        assert first.game_id == second.game_id
        assert {first.outcome, second.outcome} == {Outcome.HOME, Outcome.AWAY}


@pytest.mark.parametrize("name", ["nfl", "nba"])
def test_settled_results_agree_with_who_won(name):
    _, found = nfl() if name == "nfl" else nba()
    winners = read(f"kalshi/kalshi_vs_sportsbook_{name}_2025")
    home_won = dict(zip(winners["event_ticker"], winners["home_win"], strict=True))
    checked = 0
    for row, result in found:
        won = home_won.get(row["event_ticker"])
        if isinstance(result, Match) and row["result"] in ("yes", "no") and won is not None:
            assert (row["result"] == "yes") == ((result.outcome is Outcome.HOME) == bool(won)), row["ticker"]
            checked += 1
    assert checked == {"nfl": 52, "nba": 324}[name]


def test_a_ticker_day_is_the_eastern_day_of_the_kickoff():
    games, found = nfl()
    for row, result in found:
        if isinstance(result, Match):
            assert games[result.game_id].day == datetime.fromisoformat(row["ticker_date"]).date()
