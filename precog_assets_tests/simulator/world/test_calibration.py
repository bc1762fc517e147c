"""The world keeps its own odds: results come as often as the probabilities it states, before and during games."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth
from precog_assets.simulator.world.play.frame import Rules
from precog_assets.simulator.world.play.walk import elo_expectation
from precog_assets.simulator.world.randomness import digest
from precog_assets.simulator.world.rules import make_rules

ENDINGS = 2000
COURSES = 160
SIGMAS = 4.0
GAPS = (-250.0, -60.0, 0.0, 100.0, 300.0)
_SIDE = SimTeam("", "1", "AAA", "Place", "Name", "Place Name", "AAA")


def game_of(league: str, gap: float, season_type: int = 2, best_of: int | None = None) -> SimGame:
    start = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
    return SimGame("1", league, 2026, season_type, None, start, _SIDE, _SIDE, False, gap, best_of=best_of)


def share(truth: Truth) -> float:
    return {"home": 1.0, "draw": 0.5, "away": 0.0}[truth.winner or ""]


CASES = [
    ("nba", 2, None),
    ("wnba", 2, None),
    ("ncaab", 2, None),
    ("wncaab", 2, None),
    ("nfl", 1, None),
    ("nfl", 2, None),
    ("nfl", 3, None),
    ("ncaaf", 2, None),
    ("nhl", 2, None),
    ("nhl", 3, None),
    ("mlb", 2, None),
    ("mlb", 3, None),
    ("epl", 2, None),
    ("atp", 2, 3),
    ("atp", 2, 5),
    ("wta", 2, 3),
]


@pytest.fixture(scope="module")
def rules() -> dict[str, Rules]:
    return {league: make_rules(league) for league, _, _ in CASES}


@pytest.mark.parametrize(("league", "season_type", "best_of"), CASES)
@pytest.mark.parametrize("gap", GAPS)
def test_stated_odds_before_the_start_follow_from_the_elo_gap(
    rules: dict[str, Rules], league: str, season_type: int, best_of: int | None, gap: float
) -> None:
    home, draw, _ = rules[league].before(game_of(league, gap, season_type, best_of))
    tolerance = 0.002 if season_type == 2 else 0.01
    assert home + draw / 2 == pytest.approx(elo_expectation(gap), abs=tolerance)


@pytest.mark.parametrize(("league", "season_type", "best_of"), CASES)
def test_results_come_as_often_as_the_gap_says(
    rules: dict[str, Rules], league: str, season_type: int, best_of: int | None
) -> None:
    game = game_of(league, 80.0, season_type, best_of)
    home, draw, away = rules[league].before(game)
    seeds = [digest("results", league, number) for number in range(ENDINGS)]
    results = [rules[league].ending(game, seed).winner for seed in seeds]
    for outcome, chance in (("home", home), ("draw", draw), ("away", away)):
        error = math.sqrt(chance * (1 - chance) / ENDINGS)
        assert abs(results.count(outcome) / ENDINGS - chance) <= SIGMAS * error + 0.002, outcome


@pytest.mark.parametrize(("league", "season_type", "best_of"), CASES)
def test_odds_in_play_are_calibrated_at_every_quarter_of_the_game(
    rules: dict[str, Rules], league: str, season_type: int, best_of: int | None
) -> None:
    game = game_of(league, 40.0, season_type, best_of)
    courses = [rules[league].course(game, digest("play", league, number)) for number in range(COURSES)]
    for quarter in (1, 2, 3):
        truths = [course[len(course) * quarter // 4] for course in courses]
        stated = [truth.home_win + truth.draw / 2 for truth in truths]
        real = [share(course[-1]) for course in courses]
        variance = [
            truth.home_win + truth.draw / 4 - expected**2 for truth, expected in zip(truths, stated, strict=True)
        ]
        # Both the level and the slope: surprise must not depend on how sure the world was.
        for weights in ([1.0] * COURSES, [expected - 0.5 for expected in stated]):
            surprise = sum(w * (r - s) for w, r, s in zip(weights, real, stated, strict=True))
            deviation = math.sqrt(sum(w * w * max(0.0, v) for w, v in zip(weights, variance, strict=True)))
            assert abs(surprise) <= SIGMAS * deviation + 0.5, quarter


@pytest.mark.parametrize(
    ("league", "points"),
    [("nba", (106, 118)), ("ncaab", (68, 80)), ("wncaab", (62, 76)), ("nfl", (20, 27)), ("nhl", (2.7, 3.4))],
)
def test_scores_are_about_as_high_as_in_the_real_league(
    rules: dict[str, Rules], league: str, points: tuple[float, float]
) -> None:
    endings = [
        rules[league].ending(replace(game_of(league, 0.0), event_id=str(number)), digest("level", number))
        for number in range(600)
    ]
    mean = sum(truth.home_score + truth.away_score for truth in endings) / 1200
    assert points[0] <= mean <= points[1]


def test_soccer_and_the_nfl_know_draws(rules: dict[str, Rules]) -> None:
    drawn = [rules["epl"].ending(game_of("epl", 0.0), digest("draw", number)).winner for number in range(800)]
    assert 0.2 < drawn.count("draw") / 800 < 0.32
    ties = [rules["nfl"].ending(game_of("nfl", 0.0), digest("tie", number)).winner for number in range(ENDINGS)]
    assert 0 < ties.count("draw") / ENDINGS < 0.02
    decided = [rules["nfl"].ending(game_of("nfl", 0.0, 3), digest("tie", number)).winner for number in range(ENDINGS)]
    assert "draw" not in decided


def test_a_stronger_team_wins_more_over_a_season(world: World) -> None:
    games = [
        game
        for day in world.game_days("nba", world.seasons("nba")[0])
        for game in world.games_on("nba", day)
        if game.season_type == 2
    ]
    expected = sum(elo_expectation(game.home_gap) for game in games)
    variance = sum(elo_expectation(game.home_gap) * (1 - elo_expectation(game.home_gap)) for game in games)
    won = sum(world.ending(game).winner == "home" for game in games)
    assert abs(won - expected) <= SIGMAS * math.sqrt(variance)
    favorites = [game for game in games if abs(game.home_gap) >= 150]
    right = sum((world.ending(game).winner == "home") == (game.home_gap > 0) for game in favorites)
    assert right / len(favorites) > 0.68
