"""Strengths: a walk from week to week, continued over seasons, felt in the odds of a game's own day."""

from __future__ import annotations

import math
from datetime import timedelta
from statistics import stdev

from precog_assets.simulator.world import World
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.strength import CARRY, DRIFT, SPREADS, Strengths, gap
from precog_assets_tests.simulator.world.conftest import ANCHOR
from precog_assets_tests.simulator.world.test_schedule import games_of


def league_of(world: World, seed: int = 1) -> tuple[Strengths, list[SeasonPlan], list[str]]:
    teams = world.teams("ncaab")
    first = ANCHOR.date() - timedelta(weeks=30)
    plans = [SeasonPlan(2026 + index, index, first + timedelta(weeks=30 * index), 18) for index in range(3)]
    group = dict.fromkeys((team.espn_id for team in teams), "one")
    return Strengths("ncaab", seed, teams, group, plans), plans, [team.espn_id for team in teams]


def test_a_week_moves_every_team_by_about_the_leagues_drift(world: World) -> None:
    strengths, plans, teams = league_of(world)
    steps = [
        strengths.at(team, plans[0], plans[0].day(week + 1, 0)) - strengths.at(team, plans[0], plans[0].day(week, 0))
        for team in teams
        for week in (0, 7, 15)
    ]
    expected = DRIFT * SPREADS["ncaab"].own
    assert 0.9 * expected < stdev(steps) < 1.1 * expected
    assert abs(sum(steps) / len(steps)) < 4 * expected / math.sqrt(len(steps))


def test_within_a_week_nothing_changes(world: World) -> None:
    strengths, plans, teams = league_of(world)
    assert {strengths.at(teams[0], plans[1], plans[1].day(3, weekday)) for weekday in range(7)} == {
        strengths.at(teams[0], plans[1], plans[1].day(3, 0))
    }


def test_part_of_a_season_lasts_into_the_next(world: World) -> None:
    strengths, plans, teams = league_of(world)
    level = sum(strengths.at(team, plans[0], plans[0].day(0, 0)) for team in teams) / len(teams)
    ends = [strengths.at(team, plans[0], plans[0].day(18, 0)) - level for team in teams]
    starts = [strengths.at(team, plans[1], plans[1].day(0, 0)) - level for team in teams]
    slope = sum(a * b for a, b in zip(ends, starts, strict=True)) / sum(a * a for a in ends)
    assert abs(slope - CARRY) < 0.12


def test_a_games_gap_is_of_the_strengths_of_its_day(world: World) -> None:
    games = [game for game in games_of(world, "nba", world.seasons("nba")[-1]) if not game.neutral]
    pairs: dict[tuple[str, str], set[float]] = {}
    for game in games:
        pairs.setdefault((game.home.espn_id, game.away.espn_id), set()).add(game.home_gap)
    assert any(len(gaps) > 1 for gaps in pairs.values())


def test_the_home_edge_counts_only_at_home() -> None:
    edge = SPREADS["nba"].home_edge
    assert gap(100.0, 100.0, "nba", neutral=True) == 0.0
    assert abs(gap(100.0, 100.0, "nba", neutral=False) - edge) <= 2.5
