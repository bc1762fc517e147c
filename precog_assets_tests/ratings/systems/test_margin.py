"""The margin system against a slow reference, worked examples, and the promises every system keeps."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import groupby
from random import Random
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import MarginParameters
from precog_assets.ratings.systems.margin import Margin
from precog_assets_tests.ratings.systems import filter_games as leagues
from precog_assets_tests.ratings.systems.filter_games import Row, rate, row_lists

PARAMETERS: dict[str, Any] = {
    "scale": 12.0, "power": 0.9, "noise": 0.5, "variance": 0.45, "new_variance": 0.4, "new_mean": -0.75,
    "drift_per_day": 0.004, "drift_days": 7.0, "carry": 0.8, "season_variance": 0.1, "max_variance": 0.5,
    "home_edge": 0.25, "home_edge_rate": 0.02, "team_home_rate": 0.03, "team_home_carry": 0.9,
}  # fmt: skip
SYSTEM = Margin(MarginParameters(**PARAMETERS))
POINTS = 400 / math.log(10) * 1.702 / math.sqrt(0.5)
unhurried = settings(deadline=None)
"""The first example compiles."""


def margin(**changes: Any) -> Margin:
    return Margin(MarginParameters(**PARAMETERS | changes))


def slowly(rows: list[Row], p: MarginParameters) -> list[dict[str, Any]]:
    """What the module's docstring says, all teams brought to each day that has games learnt from."""
    first = next((row.season for row in rows if row.home_score is not None and row.home != row.away), None)
    edge, answers = p.home_edge, []
    past: dict[int, dict[str, Any]] = {}
    played: dict[int, int] = defaultdict(int)

    def today(team: int, row: Row) -> dict[str, Any]:
        if team not in past:
            old = first is None or row.season <= first
            start = {"mean": 0.0, "var": p.variance} if old else {"mean": p.new_mean, "var": p.new_variance}
            return {**start, "own": 0.0, "at": (row.season, row.day)}
        had = past[team]
        years, days = row.season - had["at"][0], row.day - had["at"][1]
        mean, var, own = had["mean"] * p.carry**years, had["var"], had["own"] * p.team_home_carry**years
        if years:
            for _ in range(years):
                var = min(var * p.carry**2 + p.season_variance, p.max_variance)
        else:
            var = max(var, min(var + p.drift_per_day * min(days, p.drift_days), p.max_variance))
        return {"mean": mean, "var": var, "own": own, "at": (row.season, row.day)}

    for _, group in groupby(rows, key=lambda row: row.day):
        batch = list(group)
        now = {team: today(team, row) for row in batch for team in (row.home, row.away)}
        before = {team: dict(one) for team, one in now.items()}
        count = dict(played)
        weights: dict[int, float] = defaultdict(float)
        moved_edge = edge
        for row in batch:
            h, a = before[row.home], before[row.away]
            if row.home == row.away or row.home_score is None:
                continue
            assert row.away_score is not None
            gap = h["mean"] - a["mean"] + row.factor * (edge + h["own"] + a["own"])
            total = h["var"] + a["var"] + p.noise
            points, share = row.home_score - row.away_score, 1.0
            if p.of_total:
                points *= p.of_total / max(row.home_score + row.away_score, 1)
            if points == 0:
                error = -gap
            elif row.margin_known:
                error = np.sign(points) * (abs(points) / p.scale) ** p.power - gap
            else:
                t = np.sign(points) * gap / math.sqrt(total)
                hazard = NormalDist().pdf(t) / (math.erfc(-t / math.sqrt(2)) / 2)
                error, share = np.sign(points) * hazard * math.sqrt(total), hazard * (hazard + t)
            moved_edge += p.home_edge_rate * error * row.factor
            for team, sign in ((row.home, 1), (row.away, -1)):
                now[team]["mean"] += sign * before[team]["var"] / total * error
                now[team]["own"] += p.team_home_rate * error * row.factor
                weights[team] += share * before[team]["var"] / total
                played[team] += 1
        for team, weight in weights.items():
            now[team]["var"] *= max(1 - weight, 0.2)
            past[team] = now[team]
        for row in batch:
            h, a = before[row.home], before[row.away]
            gap = h["mean"] - a["mean"] + row.factor * (edge + h["own"] + a["own"])
            x = gap / math.sqrt(p.noise + h["var"] + a["var"])
            terms = [x, x * abs(x), math.sqrt(h["var"] + a["var"])]
            pair = (row.home, row.away)
            answers.append({
                "before": [1505 + POINTS * before[t]["mean"] for t in pair],
                "after": [1505 + POINTS * now[t]["mean"] for t in pair],
                "deviation_before": [POINTS * math.sqrt(before[t]["var"]) for t in pair],
                "deviation_after": [POINTS * math.sqrt(now[t]["var"]) for t in pair],
                "played": [count.get(t, 0) for t in pair],
                "terms": [0.0] * 3 if row.home == row.away else terms,
            })  # fmt: skip
        edge = moved_edge
    return answers


@unhurried
@pytest.mark.parametrize("total", [None, 60.0])
@given(rows=row_lists())
def test_it_equals_the_slow_reference(rows, total):
    system = margin(of_total=total)
    rated, _ = rate(system, rows)
    for i, answer in enumerate(slowly(rows, system.parameters)):
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
def test_games_without_a_result_leave_no_trace(rows):
    leagues.assert_unplayed_games_leave_no_trace(
        SYSTEM, rows, lambda row: row.home_score is not None and row.home != row.away
    )


@unhurried
@given(row_lists(), st.integers(0, 40))
def test_sides_added_later_equal_those_known_from_the_start(rows, split):
    leagues.assert_later_sides_equal_early_ones(SYSTEM, rows, split)


@unhurried
@given(row_lists(highest=10**12))
def test_absurd_scores_never_give_nan_or_infinity(rows):
    leagues.assert_finite(*rate(SYSTEM, rows))


def test_a_side_playing_itself_is_shown_as_it_stands():
    leagues.assert_a_side_playing_itself_is_shown_as_it_stands(SYSTEM)


def test_deviations_shrink_by_playing_and_grow_by_resting():
    leagues.assert_deviations_shrink_by_playing_and_grow_by_resting(SYSTEM)


def test_a_first_game_by_hand():
    rated, state = rate(margin(power=1.0), [Row(0, 0, 1, 70.0, 58.0)])
    x = 0.25 / math.sqrt(0.5 + 0.9)
    assert rated.terms[0].tolist() == pytest.approx([x, x * x, math.sqrt(0.9)])
    gain = 0.45 / 1.4
    assert state.teams["mean"][:2].tolist() == pytest.approx([gain * 0.75, -gain * 0.75])
    assert state.teams["variance"][:2].tolist() == pytest.approx([0.45 * (1 - gain)] * 2)
    assert rated.before[0].tolist() == [1505.0, 1505.0]
    assert rated.after[0].tolist() == pytest.approx([1505 + POINTS * gain * 0.75, 1505 - POINTS * gain * 0.75])
    assert state.league["home_edge"][0] == pytest.approx(0.25 + 0.02 * 0.75)


def test_the_power_makes_a_blowout_count_less_than_its_points():
    def gained(points: float) -> float:
        return rate(margin(home_edge=0.0), [Row(0, 0, 1, points, 0.0)])[1].teams["mean"][0]

    assert gained(48) / gained(12) == pytest.approx(4**0.9)


@pytest.mark.parametrize("gap", [-3.0, -0.4, 0.0, 1.5])
@pytest.mark.parametrize("won", [True, False])
def test_a_win_of_unknown_margin_gives_the_moments_of_the_posterior(gap, won):
    """Bayes' rule by numerical integration: a normal prior of the winner's strength, times P(win | strength)."""
    system = margin(home_edge=gap, home_edge_rate=0.0, team_home_rate=0.0)
    _, state = rate(system, [Row(0, 0, 1, float(won), float(not won), margin_known=False)])
    sign = 1 if won else -1
    strength = np.linspace(-7.0, 7.0, 20_001)
    prior, noise = NormalDist(sigma=math.sqrt(0.45)), NormalDist(sigma=math.sqrt(0.45 + 0.5))
    density = np.array([prior.pdf(one) * noise.cdf(sign * (one + gap)) for one in strength])

    def moment(k: int) -> float:
        return float(np.trapezoid(strength**k * density, strength))

    mean = moment(1) / moment(0)
    assert state.teams["mean"][0] == pytest.approx(mean, abs=1e-7)
    assert state.teams["variance"][0] == pytest.approx(moment(2) / moment(0) - mean**2, abs=1e-7)


@pytest.mark.parametrize("edge", [10.0, 35.0, 36.0, 60.0, 1e6])
def test_the_less_expected_a_win_of_unknown_margin_the_more_it_teaches(edge):
    """A home side ahead by `edge` loses: the expected margin is then just under 0, so the error is about `edge`."""
    _, state = rate(margin(home_edge=edge), [Row(0, 0, 1, 0.0, 1.0, margin_known=False)])
    assert -state.teams["mean"][0] / (0.45 / 1.4) == pytest.approx(edge + 1.4 / edge, rel=2e-3)


def test_a_tie_is_a_margin_of_nothing_though_only_winners_are_known():
    known, _ = rate(SYSTEM, [Row(0, 0, 1, 3.0, 3.0)])
    unknown, _ = rate(SYSTEM, [Row(0, 0, 1, 0.0, 0.0, margin_known=False)])
    leagues.assert_close(known, unknown)
    assert known.after[0, 0] < 1505.0 < known.after[0, 1]


def test_a_team_first_met_in_a_later_season_starts_lower_and_one_of_the_first_season_does_not():
    rated, _ = rate(SYSTEM, [Row(0, 0, 1, 9.0), Row(50, 2, 3, 9.0), Row(300, 4, 5, 9.0, 0.0, 2001)])
    assert rated.before[1].tolist() == [1505.0, 1505.0]
    assert rated.before[2].tolist() == pytest.approx([1505 - 0.75 * POINTS] * 2)
    assert rated.deviation_before[2].tolist() == pytest.approx([math.sqrt(0.4) * POINTS] * 2)


def test_a_team_that_missed_a_season_regresses_twice_and_once_a_season_only():
    rows = [Row(0, 0, 1, 30.0), Row(700, 0, 2, None, season=2002), Row(701, 0, 2, 9.0, 0.0, 2002)]
    rated, _ = rate(SYSTEM, rows)
    assert rated.before[1, 0] - 1505 == pytest.approx(0.64 * (rated.after[0, 0] - 1505))
    assert rated.before[2, 0] == rated.before[1, 0]


def test_a_variance_never_grows_past_its_maximum():
    rows = [Row(0, 0, 1, 30.0), Row(5, 0, 1, 30.0), Row(9000, 0, 1, None, season=2020)]
    rated, _ = rate(margin(carry=1.0, drift_per_day=1.0), rows)
    assert rated.deviation_before[1:] == pytest.approx(POINTS * math.sqrt(0.5))


def test_rest_does_not_make_a_team_surer_that_starts_beyond_the_maximum():
    rated, _ = rate(margin(variance=9.0), [Row(0, 0, 1, 9.0), Row(5, 0, 1, None)])
    assert (rated.deviation_after[0] > POINTS * math.sqrt(0.5)).all()
    assert rated.deviation_before[1].tolist() == rated.deviation_after[0].tolist()


def test_rest_beyond_drift_days_adds_nothing():
    week, month = (rate(SYSTEM, [Row(0, 0, 1, 9.0), Row(days, 0, 1, None)])[0] for days in (7, 30))
    leagues.assert_close(week, month)


def test_home_edges_are_learnt_in_proportion_to_the_factor():
    def learnt(factor: float) -> tuple[float, float]:
        system = margin(home_edge=0.0)
        _, state = rate(system, [Row(0, 0, 1, 24.0, factor=factor)])
        return state.league["home_edge"][0], state.teams["team_home"][1]

    assert learnt(0.0) == (0.0, 0.0)
    assert learnt(0.5) == pytest.approx([0.5 * one for one in learnt(1.0)])
    assert min(learnt(1.0)) > 0


def test_a_teams_own_home_part_counts_only_where_there_is_a_home_edge():
    system = margin(home_edge=0.0, home_edge_rate=0.0)
    rows = [Row(0, 0, 1, 24.0), *(Row(9, 0, k, None, factor=f) for k, f in ((2, 0.0), (3, 1.0)))]
    rated = rate(system, rows)[0]
    assert rated.terms[2, 0] > rated.terms[1, 0]


def test_a_margin_counts_as_a_share_of_the_points_where_a_total_is_given():
    fast, slow = (Row(0, 0, 1, 130.0, away_score=120.0), Row(0, 0, 1, 80.0, away_score=70.0))
    plain, shared = margin(), margin(of_total=200.0)
    gained = [[rate(system, [row])[0].after[0, 0] for row in (fast, slow)] for system in (plain, shared)]
    assert gained[0][0] == gained[0][1]
    assert gained[1][0] < gained[1][1]
