"""The scoring system against a slow reference, worked examples, and the promises every system keeps."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import groupby
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import ScoringParameters
from precog_assets.ratings.systems.scoring import Scoring
from precog_assets_tests.ratings.systems import filter_games as leagues
from precog_assets_tests.ratings.systems.filter_games import Row, rate, row_lists

PARAMETERS: dict[str, Any] = {
    "power": 0.5, "offset": 0.25, "noise": 0.5, "mean": 2.0, "mean_rate": 0.01, "variance": 0.05, "new_variance": 0.2,
    "drift_per_day": 0.001, "carry_attack": 0.8, "carry_defence": 0.6, "season_variance_attack": 0.02,
    "season_variance_defence": 0.04, "home_edge": 0.2, "home_edge_rate": 0.02,
}  # fmt: skip
SYSTEM = Scoring(ScoringParameters(**PARAMETERS))
POINTS = 400 / math.log(10) * 1.702
UNIT = math.sqrt(0.5)
unhurried = settings(deadline=None)
"""The first example compiles."""


def scoring(**changes: float) -> Scoring:
    return Scoring(ScoringParameters(**PARAMETERS | changes))


def teaches(row: Row) -> bool:
    return row.home_score is not None and row.margin_known and row.home != row.away


def slowly(rows: list[Row], p: ScoringParameters) -> list[dict[str, Any]]:
    """What the module's docstring says, in standard deviations of a score instead of transformed scores."""
    unit = math.sqrt(p.noise)
    carry = {"A": p.carry_attack, "D": p.carry_defence}
    added = {"A": p.season_variance_attack, "D": p.season_variance_defence}
    first = next((row.season for row in rows if teaches(row)), None)
    mean, edge, answers = p.mean / unit, p.home_edge, []
    past: dict[int, dict[str, Any]] = {}
    played: dict[int, int] = defaultdict(int)

    def today(team: int, row: Row) -> dict[str, Any]:
        if team not in past:
            var = p.variance if first is None or row.season <= first else p.new_variance
            return {"A": 0.0, "D": 0.0, "var A": var, "var D": var, "at": (row.season, row.day)}
        had = past[team]
        years, days = row.season - had["at"][0], row.day - had["at"][1]
        got: dict[str, Any] = {"at": (row.season, row.day)}
        for part in "AD":
            got[part], var = had[part] * carry[part] ** years, had["var " + part]
            for _ in range(years):
                var = var * carry[part] ** 2 + added[part]
            got["var " + part] = var if years else var + p.drift_per_day * days
        return got

    for _, group in groupby(rows, key=lambda row: row.day):
        batch = list(group)
        now = {team: today(team, row) for row in batch for team in (row.home, row.away)}
        before = {team: dict(one) for team, one in now.items()}
        count = dict(played)
        weights: dict[tuple[int, str], float] = defaultdict(float)
        moved_mean, moved_edge = mean, edge
        for row in batch:
            if not teaches(row):
                continue
            assert row.home_score is not None
            assert row.away_score is not None
            errors = []
            sides = ((row.home, row.away, row.home_score, 0.5), (row.away, row.home, row.away_score, -0.5))
            for attacker, defender, score, sign in sides:
                a, d = before[attacker], before[defender]
                error = (score + p.offset) ** p.power / unit - mean - a["A"] + d["D"] - sign * edge * row.factor
                total = 1 + a["var A"] + d["var D"]
                now[attacker]["A"] += a["var A"] / total * error
                now[defender]["D"] -= d["var D"] / total * error
                weights[attacker, "A"] += a["var A"] / total
                weights[defender, "D"] += d["var D"] / total
                played[attacker] += 1
                errors.append(error)
            moved_mean += p.mean_rate * sum(errors) / 2
            moved_edge += p.home_edge_rate * row.factor * (errors[0] - errors[1])
        for (team, part), weight in weights.items():
            now[team]["var " + part] *= max(1 - weight, 0.3)
            past[team] = now[team]
        for row in batch:
            h, a = before[row.home], before[row.away]
            attack, defence = h["A"] - a["A"], h["D"] - a["D"]
            deviation = math.sqrt(sum(one[name] for one in (h, a) for name in ("var A", "var D")))
            pair = (row.home, row.away)
            answers.append({
                "before": [1505 + POINTS * (before[t]["A"] + before[t]["D"]) / math.sqrt(2) for t in pair],
                "after": [1505 + POINTS * (now[t]["A"] + now[t]["D"]) / math.sqrt(2) for t in pair],
                "deviation_before": [POINTS * math.sqrt((before[t]["var A"] + before[t]["var D"]) / 2) for t in pair],
                "deviation_after": [POINTS * math.sqrt((now[t]["var A"] + now[t]["var D"]) / 2) for t in pair],
                "played": [count.get(t, 0) for t in pair],
                "terms": [0.0] * 4 if row.home == row.away else [attack + defence, attack, defence, deviation],
            })  # fmt: skip
        mean, edge = moved_mean, moved_edge
    return answers


@unhurried
@given(row_lists())
def test_it_equals_the_slow_reference(rows):
    rated, _ = rate(SYSTEM, rows)
    for i, answer in enumerate(slowly(rows, SYSTEM.parameters)):
        for name, value in answer.items():
            np.testing.assert_allclose(getattr(rated, name)[i], value, rtol=1e-9, atol=1e-9, err_msg=name)


@unhurried
@given(row_lists(), st.integers(0, 1000))
def test_the_order_of_games_of_one_day_means_nothing(rows, seed):
    leagues.assert_order_within_a_day_is_nothing(SYSTEM, rows, Random(seed).shuffle)


@unhurried
@given(row_lists(factors=(0.0,)))
def test_swapping_the_sides_on_neutral_ground_mirrors_everything(rows):
    leagues.assert_mirrors(SYSTEM, rows)


@unhurried
@given(row_lists())
def test_rating_in_parts_equals_rating_at_once_bit_for_bit(rows):
    leagues.assert_parts_equal_the_whole(SYSTEM, rows)


@unhurried
@given(row_lists())
def test_games_without_a_result_or_with_a_winner_only_leave_no_trace(rows):
    leagues.assert_unplayed_games_leave_no_trace(SYSTEM, rows, teaches)


@unhurried
@given(row_lists(), st.integers(0, 40))
def test_sides_added_later_equal_those_known_from_the_start(rows, split):
    leagues.assert_later_sides_equal_early_ones(SYSTEM, rows, split)


@unhurried
@given(row_lists(highest=10**12))
def test_absurd_scores_never_give_nan_or_infinity(rows):
    leagues.assert_finite(*rate(scoring(power=1.0), rows))


def test_a_side_playing_itself_is_shown_as_it_stands():
    leagues.assert_a_side_playing_itself_is_shown_as_it_stands(SYSTEM)


def test_deviations_shrink_by_playing_and_grow_by_resting():
    leagues.assert_deviations_shrink_by_playing_and_grow_by_resting(SYSTEM)


def test_a_first_game_by_hand():
    system = scoring(power=1.0, offset=0.0, noise=4.0, mean=3.0, home_edge=0.0)
    rated, state = rate(system, [Row(0, 0, 1, 5.0, 2.0)])
    gain = 0.2 / 4.4
    assert state.teams["attack"][:2].tolist() == pytest.approx([2 * gain, -1 * gain])
    assert state.teams["defence"][:2].tolist() == pytest.approx([1 * gain, -2 * gain])
    assert state.teams["attack_variance"][:2].tolist() == pytest.approx([0.2 * (1 - gain)] * 2)
    assert state.league["mean"][0] == pytest.approx(3 + 0.01 * 0.5)
    assert state.league["home_edge"][0] == pytest.approx(0.02 * 3)
    assert rated.terms[0].tolist() == pytest.approx([0.0, 0.0, 0.0, math.sqrt(0.8 / 4)])
    assert rated.before[0].tolist() == [1505.0, 1505.0]
    assert rated.after[0].tolist() == pytest.approx(
        [1505 + POINTS * 3 * gain / math.sqrt(8), 1505 - POINTS * 3 * gain / math.sqrt(8)]
    )


def test_a_home_edge_of_one_deviation_splits_over_both_scores():
    """At exactly the scores that the edge explains nothing is learnt."""
    system = scoring(power=1.0, offset=0.0, noise=4.0, mean=3.0, home_edge=1.0)
    _, state = rate(system, [Row(0, 0, 1, 4.0, 2.0)])
    assert state.teams["attack"][:2].tolist() == pytest.approx([0.0, 0.0])
    assert state.league["home_edge"][0] == pytest.approx(2.0)


def test_a_high_scoring_draw_shifts_attack_and_defence_and_no_gap():
    _, state = rate(scoring(home_edge=0.0), [Row(0, 0, 1, 9.0, 9.0)])
    attack, defence = state.teams["attack"], state.teams["defence"]
    assert attack[0] == attack[1] > 0 > defence[0] == defence[1]
    assert attack + defence == pytest.approx(np.zeros(leagues.TEAMS))


def test_the_terms_are_the_parts_of_the_gap():
    terms = rate(SYSTEM, [Row(0, 0, 1, 9.0, 1.0), Row(1, 0, 2, None)])[0].terms[1]
    assert terms[0] == pytest.approx(terms[1] + terms[2])
    assert min(terms) > 0


def test_a_team_first_met_in_a_later_season_is_less_certain_and_one_of_the_first_season_is_not():
    rated, _ = rate(SYSTEM, [Row(0, 0, 1, 9.0), Row(50, 2, 3, 9.0), Row(300, 4, 5, 9.0, 0.0, 2001)])
    assert rated.deviation_before[1].tolist() == pytest.approx([math.sqrt(0.05) * POINTS] * 2)
    assert rated.deviation_before[2].tolist() == pytest.approx([math.sqrt(0.2) * POINTS] * 2)
    assert rated.before[2].tolist() == [1505.0, 1505.0]


def test_a_team_that_missed_a_season_regresses_twice_and_once_a_season_only():
    rows = [
        Row(0, 0, 1, 9.0, 1.0),
        Row(700, 0, 2, None, season=2002),
        Row(701, 0, 2, 3.0, 0.0, 2002),
        Row(702, 0, 2, None, season=2002),
    ]
    rated, state = rate(SYSTEM, rows[:2])
    assert rated.terms[1, 1:3].tolist() == pytest.approx(
        [0.64 * state.teams["attack"][0] / UNIT, 0.36 * state.teams["defence"][0] / UNIT]
    )
    rated, _ = rate(SYSTEM, rows)
    assert rated.before[2].tolist() == rated.before[1].tolist()
    assert rated.before[3].tolist() == rated.after[2].tolist()


def test_the_home_edge_is_learnt_in_proportion_to_the_factor():
    def learnt(factor: float) -> float:
        return rate(scoring(home_edge=0.0), [Row(0, 0, 1, 9.0, factor=factor)])[1].league["home_edge"][0]

    assert learnt(0.0) == 0.0
    assert learnt(0.5) == pytest.approx(0.5 * learnt(1.0))
    assert learnt(1.0) > 0


def test_the_power_makes_the_tenth_run_count_less_than_the_first():
    def gained(score: float) -> float:
        return rate(scoring(home_edge=0.0), [Row(0, 0, 1, score, 4.0)])[1].teams["attack"][0]

    assert gained(1) - gained(0) > 3 * (gained(10) - gained(9)) > 0


def test_one_day_leaves_at_least_three_tenths_of_a_variance():
    _, state = rate(scoring(variance=9.0), [Row(0, 0, 1, 3.0, 1.0), Row(0, 0, 1, 2.0, 2.0)])
    assert state.teams["attack_variance"][:2].tolist() == pytest.approx([0.3 * 9.0 * 0.5] * 2)
    assert state.teams["defence_variance"][:2].tolist() == pytest.approx([0.3 * 9.0 * 0.5] * 2)
